//! The certificate, key and revocation files of libpq's TLS parameters, with their default places.
//!
//! Read once, before anything is sent. A file that the user named has to be there; one at a default
//! place may be missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use crate::words::url::Params;

use super::environment::Environment;
use super::error::ConnectError;
use super::verifier::{NameCheck, Trust};

/// How much of a certificate is to be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    Chain,
    ChainAndName,
}

/// Where a file name came from decides whether it may be missing.
#[derive(Debug)]
enum Named {
    ByUser(PathBuf),
    ByDefault(PathBuf),
    Nowhere,
}

impl Named {
    fn of(given: Option<&str>, default: Option<PathBuf>) -> Named {
        match (given.filter(|path| !path.is_empty()), default) {
            (Some(path), _) => Named::ByUser(PathBuf::from(path)),
            (None, Some(path)) => Named::ByDefault(path),
            (None, None) => Named::Nowhere,
        }
    }

    /// The path if there is a file, or if there should be one.
    fn path(&self) -> Option<&Path> {
        match self {
            Named::ByUser(path) => Some(path),
            Named::ByDefault(path) => path.exists().then_some(path),
            Named::Nowhere => None,
        }
    }
}

#[derive(Debug)]
enum Roots {
    System,
    File(Named),
}

#[derive(Debug)]
pub(super) struct Files {
    roots: Roots,
    revoked: Named,
    certificate: Named,
    key: Named,
}

impl Files {
    pub(super) fn of(params: &Params, environment: &Environment) -> Files {
        let named = |given: &Option<String>, default| {
            Named::of(given.as_deref(), environment.dot_postgresql(default))
        };
        Files {
            roots: match params.ssl_root_cert.as_deref() {
                Some("system") => Roots::System,
                _ => Roots::File(named(&params.ssl_root_cert, "root.crt")),
            },
            revoked: named(&params.ssl_crl, "root.crl"),
            certificate: named(&params.ssl_cert, "postgresql.crt"),
            key: named(&params.ssl_key, "postgresql.key"),
        }
    }

    /// Whether the system's authorities are to be trusted.
    pub(super) fn are_system(&self) -> bool {
        matches!(self.roots, Roots::System)
    }

    pub(super) fn roots_exist(&self) -> bool {
        matches!(&self.roots, Roots::File(named) if named.path().is_some())
    }

    pub(super) fn trust(
        &self,
        wanted: Wanted,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Trust, ConnectError> {
        let name = match wanted {
            Wanted::Nothing => return Ok(Trust::Anyone),
            Wanted::Chain => NameCheck::Skip,
            Wanted::ChainAndName => NameCheck::Verify,
        };
        let (roots, store) = self.roots()?;
        let mut builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
        if let Some(path) = self.revoked.path() {
            let lists = pem::<CertificateRevocationListDer<'static>>("revocation list", path)?;
            builder = builder.with_crls(lists).enforce_revocation_expiration();
        }
        let chain = builder.build().map_err(|error| {
            ConnectError::setting(
                format!("the revocation list cannot be used: {error}"),
                "Check sslcrl (PGSSLCRL).",
            )
        })?;
        Ok(Trust::Authorities { chain, roots, name })
    }

    fn roots(&self) -> Result<(Vec<CertificateDer<'static>>, RootCertStore), ConnectError> {
        let mut store = RootCertStore::empty();
        let roots = match &self.roots {
            Roots::System => {
                let roots = rustls_native_certs::load_native_certs().certs;
                // a system's store may hold oddities; the rest of it is good
                store.add_parsable_certificates(roots.iter().cloned());
                if store.is_empty() {
                    return Err(ConnectError::setting(
                        "sslrootcert=system, but this system has no trusted certificates",
                        "Install the package ca-certificates, or name a file with sslrootcert.",
                    ));
                }
                // a public root is no server: only a chain counts
                Vec::new()
            }
            Roots::File(named) => {
                let Some(path) = named.path() else {
                    return Err(ConnectError::setting(
                        "sslmode asks to verify the server, but no root certificate is known",
                        "Name the authority's certificate with sslrootcert (PGSSLROOTCERT), put \
                         it at ~/.postgresql/root.crt, or use sslrootcert=system.",
                    ));
                };
                let roots = pem::<CertificateDer<'static>>("root certificate", path)?;
                for root in &roots {
                    store
                        .add(root.clone())
                        .map_err(|error| unusable("root certificate", path, &error.to_string()))?;
                }
                roots
            }
        };
        Ok((roots, store))
    }

    #[expect(clippy::type_complexity, reason = "the two halves that rustls takes, and a path")]
    pub(super) fn client_certificate(
        &self,
        params: &Params,
    ) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, &Path)>, ConnectError>
    {
        let Some(path) = self.certificate.path() else {
            return Ok(None);
        };
        let chain = pem::<CertificateDer<'static>>("client certificate", path)?;
        let key_name = params.ssl_key.as_deref().unwrap_or_default();
        let Some(key_path) = self.key.path() else {
            return Err(ConnectError::setting(
                format!("client certificate {} has no private key", path.display()),
                "Name the key with sslkey (PGSSLKEY), or put it at ~/.postgresql/postgresql.key.",
            ));
        };
        if key_name.contains(':') && !key_path.exists() {
            return Err(ConnectError::setting(
                format!("sslkey={key_name} names a key of an OpenSSL engine"),
                "Only key files can be used.",
            ));
        }
        Ok(Some((chain, private_key(key_path)?, path)))
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ConnectError> {
    let bytes = read("private key", path)?;
    check_permissions(path)?;
    let text = String::from_utf8_lossy(&bytes);
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(ConnectError::setting(
            format!("private key {} is encrypted, which glowplug cannot read", path.display()),
            format!(
                "Write a copy without passphrase: openssl pkey -in {} -out <file>; chmod 0600.",
                path.display()
            ),
        ));
    }
    PrivateKeyDer::from_pem_slice(&bytes)
        .ok()
        .or_else(|| PrivateKeyDer::try_from(bytes.clone()).ok())
        .ok_or_else(|| unusable("private key", path, "it contains no key in PEM or DER"))
}

/// libpq's rule: yours alone, or root's and readable for a group.
#[cfg(unix)]
fn check_permissions(path: &Path) -> Result<(), ConnectError> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path).map_err(|e| unusable("private key", path, &e.to_string()))?;
    if !metadata.is_file() {
        return Err(unusable("private key", path, "it is not a plain file"));
    }
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.mode() & forbidden != 0 {
        return Err(ConnectError::setting(
            format!("private key {} can be read by group or others", path.display()),
            format!("chmod 0600 {} (0640 if it belongs to root).", path.display()),
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_permissions(_: &Path) -> Result<(), ConnectError> {
    Ok(())
}

fn pem<T: PemObject>(what: &str, path: &Path) -> Result<Vec<T>, ConnectError> {
    let bytes = read(what, path)?;
    let found: Result<Vec<T>, _> = T::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err(unusable(what, path, "it contains none in PEM format"))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(unusable(what, path, &error.to_string())),
    }
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>, ConnectError> {
    fs::read(path).map_err(|error| unusable(what, path, &error.to_string()))
}

fn unusable(what: &str, path: &Path, reason: &str) -> ConnectError {
    let key = match what {
        "root certificate" => "sslrootcert",
        "client certificate" => "sslcert",
        "private key" => "sslkey",
        _ => "sslcrl",
    };
    ConnectError::setting(
        format!("{what} {} cannot be used: {reason}", path.display()),
        format!("Correct {key} in the URL or the environment."),
    )
}
