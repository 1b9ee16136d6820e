//! The judge of a server's certificate, with libpq's ideas of what is good enough.
//!
//! Chains, names and revocation lists are webpki's work. What is added here is what libpq accepts
//! and webpki does not: a self-signed certificate that is itself the configured root, and version 1
//! certificates where nothing is to be verified. Whatever is accepted, the handshake's signature is
//! always checked.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::certificate::{Facts, date};
use super::error::TlsProblem;

/// Whether the certificate has to carry the host's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameCheck {
    Skip,
    Verify,
}

/// Whom to trust.
#[derive(Debug)]
pub(super) enum Trust {
    /// Encrypts, but trusts whoever is there.
    Anyone,
    /// Trusts what these authorities issued.
    Authorities {
        chain: Arc<WebPkiServerVerifier>,
        roots: Vec<CertificateDer<'static>>,
        name: NameCheck,
    },
}

/// The verifier that rustls asks.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    pub(super) trust: Trust,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Trust::Authorities { chain, roots, name } = &self.trust else {
            return Ok(ServerCertVerified::assertion());
        };
        let judged = if roots.iter().any(|root| root.as_ref() == end_entity.as_ref()) {
            verify_own_root(end_entity, server_name, *name, now)
        } else {
            match chain.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ) {
                Err(error) if *name == NameCheck::Skip && is_about_names(&error) => Ok(()),
                Err(error) => Err(problem(&error, end_entity, server_name)),
                Ok(_) => Ok(()),
            }
        };
        judged.map(|()| ServerCertVerified::assertion()).map_err(|problem| {
            Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(problem))))
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match version_one(cert) {
            Some(facts) => self.verify_tls12_with_key(message, &facts, dss),
            None => verify_tls12_signature(message, cert, dss, &self.algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match version_one(cert) {
            Some(facts) => {
                verify_tls13_signature_with_raw_key(message, &facts.key(), dss, &self.algorithms)
            }
            None => verify_tls13_signature(message, cert, dss, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl Verifier {
    /// What rustls does for TLS 1.2, for a certificate that webpki cannot read.
    fn verify_tls12_with_key(
        &self,
        message: &[u8],
        facts: &Facts,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let bad = || Error::InvalidCertificate(CertificateError::BadSignature);
        let (algorithm, key) = facts.key_parts().ok_or_else(bad)?;
        let candidates = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == dss.scheme);
        let valid = candidates.is_some_and(|(_, candidates)| {
            candidates
                .iter()
                .filter(|candidate| candidate.public_key_alg_id().as_ref() == algorithm)
                .any(|candidate| candidate.verify_signature(key, message, dss.signature()).is_ok())
        });
        if valid { Ok(HandshakeSignatureValid::assertion()) } else { Err(bad()) }
    }
}

/// The certificate's facts, if it is one of those that webpki does not read.
fn version_one(certificate: &CertificateDer<'_>) -> Option<Facts> {
    Facts::of(certificate).filter(|facts| !facts.has_extensions)
}

/// A certificate that the user gave as root needs no chain: only its time and its name can be
/// wrong.
fn verify_own_root(
    certificate: &CertificateDer<'_>,
    server_name: &ServerName<'_>,
    name: NameCheck,
    now: UnixTime,
) -> Result<(), TlsProblem> {
    let Some(facts) = Facts::of(certificate) else {
        return Err(TlsProblem::BadCertificate("it is not well formed".to_owned()));
    };
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now > facts.not_after {
        return Err(TlsProblem::Expired { on: date(facts.not_after) });
    }
    if now < facts.not_before {
        return Err(TlsProblem::NotYetValid { on: date(facts.not_before) });
    }
    if name == NameCheck::Skip {
        return Ok(());
    }
    ParsedCertificate::try_from(certificate)
        .and_then(|parsed| rustls::client::verify_server_name(&parsed, server_name))
        .map_err(|error| problem(&error, certificate, server_name))
}

fn is_about_names(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}

fn problem(error: &Error, certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> TlsProblem {
    let facts = Facts::of(certificate);
    if facts.as_ref().is_some_and(|facts| !facts.has_extensions) {
        return TlsProblem::VersionOne;
    }
    let Error::InvalidCertificate(error) = error else {
        return TlsProblem::BadCertificate(error.to_string());
    };
    match error {
        CertificateError::UnknownIssuer => TlsProblem::UnknownIssuer,
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            TlsProblem::WrongName {
                wanted: name.to_str().into_owned(),
                names: presented.iter().map(|name| bare(name)).collect(),
            }
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsProblem::NoAlternativeName { common_name: facts.and_then(|facts| facts.common_name) }
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            let on = i64::try_from(not_after.as_secs()).map(date).unwrap_or_default();
            TlsProblem::Expired { on }
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            let on = i64::try_from(not_before.as_secs()).map(date).unwrap_or_default();
            TlsProblem::NotYetValid { on }
        }
        CertificateError::Revoked => TlsProblem::Revoked,
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => TlsProblem::RevocationUnknown,
        CertificateError::Other(OtherError(cause))
            if cause.to_string().contains("CaUsedAsEndEntity") =>
        {
            if facts.is_some_and(|facts| facts.self_issued) {
                return TlsProblem::UnknownIssuer;
            }
            let reason = "it is marked as an authority (CA:TRUE), not as a server";
            TlsProblem::BadCertificate(reason.to_owned())
        }
        other => TlsProblem::BadCertificate(other.to_string()),
    }
}

/// `DnsName("db.example.org")` and `IpAddress(10.0.0.1)` without their wrapping.
fn bare(presented: &str) -> String {
    let inner = presented.split_once('(').map_or(presented, |(_, rest)| rest);
    inner.trim_end_matches(')').trim_matches('"').to_owned()
}
