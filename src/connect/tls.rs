//! From libpq's TLS parameters to a rustls client.
//!
//! The certificate files are [`files`](super::files)' matter and what is trusted is the
//! [verifier](super::verifier)'s; whether to encrypt at all is decided in
//! [`attempt`](super::attempt).

use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, SupportedProtocolVersion};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::words::url::{Params, SslMode, SslNegotiation};

use super::certificate::Facts;
use super::environment::Environment;
use super::error::{ConnectError, Server};
use super::files::{Files, Wanted};
use super::socket::Socket;
use super::verifier::Verifier;

/// A socket with TLS on it.
pub(super) type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// When a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    Never,
    /// Plain first.
    IfDemanded,
    /// TLS first.
    IfPossible,
    Always,
}

/// How a TLS session is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Negotiation {
    /// With an SSLRequest, as always.
    Request,
    /// At once; PostgreSQL 17 and later.
    Direct,
}

/// A TLS client, ready for any number of connections.
#[derive(Clone)]
pub(super) struct Tls {
    client: MakeRustlsConnect,
    pub(super) negotiation: Negotiation,
    names_matter: bool,
}

impl Tls {
    /// Reads parameters and files; `None` when the mode never encrypts.
    pub(super) fn of(
        params: &Params,
        environment: &Environment,
    ) -> Result<(Encryption, Option<Tls>), ConnectError> {
        let files = Files::of(params, environment);
        let (encryption, trust) = intent(params, &files)?;
        let negotiation = match params.ssl_negotiation {
            Some(SslNegotiation::Direct) => Negotiation::Direct,
            _ => Negotiation::Request,
        };
        if negotiation == Negotiation::Direct && encryption != Encryption::Always {
            return Err(ConnectError::setting(
                "sslnegotiation=direct needs an sslmode that always encrypts",
                "Use it with sslmode=require, verify-ca or verify-full.",
            ));
        }
        if encryption == Encryption::Never {
            return Ok((encryption, None));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = versions(params)?;
        let names_matter = trust == Wanted::ChainAndName;
        let verifier = Verifier {
            algorithms: provider.signature_verification_algorithms,
            trust: files.trust(trust, &provider)?,
        };
        let keys = Arc::clone(&provider);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .expect("ring has cipher suites for both versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match files.client_certificate(params)? {
            Some((chain, key, path)) => {
                let identity = identity(&keys, chain, key).map_err(|error| {
                    ConnectError::setting(
                        format!("client certificate {} cannot be used: {error}", path.display()),
                        "Check that sslcert and sslkey belong together.",
                    )
                })?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity)))
            }
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        config.enable_sni = params.ssl_sni != Some(false);
        if negotiation == Negotiation::Direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        let client = MakeRustlsConnect::new(config);
        Ok((encryption, Some(Tls { client, negotiation, names_matter })))
    }

    /// Makes the handshake. What the user calls the host goes into SNI, unless that is an address.
    pub(super) async fn encrypt(&self, socket: Socket, server: &Server) -> io::Result<Encrypted> {
        let mut client = self.client.clone();
        let mut name = server.name();
        // what is no DNS name (`my host`) matters only where the certificate must carry it
        if !self.names_matter && ServerName::try_from(name.as_str()).is_err() {
            name = server.ip().to_string();
        }
        let Ok(connector) = MakeTlsConnect::<Socket>::make_tls_connect(&mut client, &name);
        connector.connect(socket).await
    }
}

/// A certificate to show, with its key. It is the server's business to judge it: also one of X.509 version 1 may be what it wants.
fn identity(
    provider: &CryptoProvider,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, rustls::Error> {
    let key = provider.key_provider.load_private_key(key)?;
    let shown = chain.first().and_then(Facts::of);
    let shown =
        shown.ok_or(rustls::Error::InvalidCertificate(rustls::CertificateError::BadEncoding))?;
    match key.public_key() {
        Some(of_key) if of_key != shown.key() => {
            Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch))
        }
        _ => Ok(CertifiedKey::new(chain, key)),
    }
}

fn intent(params: &Params, files: &Files) -> Result<(Encryption, Wanted), ConnectError> {
    let system = files.are_system();
    let mode = params.ssl_mode.unwrap_or(SslMode::Prefer);
    if mode == SslMode::Disable && system && params.ssl_mode.is_some() {
        return Err(ConnectError::setting(
            "sslmode=disable and sslrootcert=system contradict each other",
            "Use sslmode=verify-full, or remove sslrootcert (PGSSLROOTCERT).",
        ));
    }
    Ok(match mode {
        // public authorities sign for everyone: without the name there would be no check at all
        _ if system => (Encryption::Always, Wanted::ChainAndName),
        SslMode::Disable => (Encryption::Never, Wanted::Nothing),
        SslMode::Allow => (Encryption::IfDemanded, Wanted::Nothing),
        SslMode::Prefer => (Encryption::IfPossible, Wanted::Nothing),
        SslMode::Require if files.roots_exist() => (Encryption::Always, Wanted::Chain),
        SslMode::Require => (Encryption::Always, Wanted::Nothing),
        SslMode::VerifyCa => (Encryption::Always, Wanted::Chain),
        SslMode::VerifyFull => (Encryption::Always, Wanted::ChainAndName),
    })
}

fn versions(params: &Params) -> Result<Vec<&'static SupportedProtocolVersion>, ConnectError> {
    const KNOWN: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    let place = |key: &str, text: Option<&str>, default: usize| match text {
        None | Some("") => Ok(default),
        Some(text) => {
            KNOWN.iter().position(|known| known.eq_ignore_ascii_case(text)).ok_or_else(|| {
                ConnectError::setting(
                    format!("{key} is `{text}`, which is not a TLS version"),
                    "Use TLSv1.2 or TLSv1.3.",
                )
            })
        }
    };
    let least = place("ssl_min_protocol_version", params.ssl_min_protocol.as_deref(), 2)?;
    let most = place("ssl_max_protocol_version", params.ssl_max_protocol.as_deref(), 3)?;
    let mut versions = Vec::new();
    if least <= 3 && most >= 3 {
        versions.push(&rustls::version::TLS13);
    }
    if least <= 2 && most >= 2 {
        versions.push(&rustls::version::TLS12);
    }
    if versions.is_empty() {
        return Err(ConnectError::setting(
            format!("no TLS version lies between {} and {}", KNOWN[least], KNOWN[most]),
            "glowplug speaks TLSv1.2 and TLSv1.3.",
        ));
    }
    Ok(versions)
}
