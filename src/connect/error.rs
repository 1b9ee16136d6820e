//! Why there is no connection: the fact in `Display`, what to do about it in `help`.
//!
//! Nothing here holds a password or a whole URL. The advice for each error is in
//! [`advice`](super::advice), the translation from what tokio-postgres, rustls and the system
//! report is in [`failure`](super::failure).

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::words::url::TargetSessionAttrs;

/// Why a server cannot be connected to.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ConnectError {
    /// A setting from the URL, the environment or a file cannot be used; nothing was sent to a
    /// server.
    #[error("{problem}")]
    #[diagnostic(code(connect::setting), help("{advice}"))]
    Setting {
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        advice: String,
    },

    /// A host name has no address.
    #[error("the host name `{host}` cannot be resolved: {reason}")]
    #[diagnostic(code(connect::lookup), help("{}", self.advice()))]
    Lookup {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
        /// Whether asking again may help.
        temporary: bool,
    },

    /// No socket could be opened, or it went dead before the server answered.
    #[error("{}", fault.sentence(server))]
    #[diagnostic(code(connect::unreachable), help("{}", self.advice()))]
    Unreachable {
        /// Where.
        server: Server,
        /// How it failed.
        fault: Fault,
    },

    /// The server does not encrypt, and plain text is not acceptable.
    #[error("{server} does not offer encrypted connections, but {demand}")]
    #[diagnostic(code(connect::no_encryption), help("{}", self.advice()))]
    NotEncrypted {
        /// Where.
        server: Server,
        /// The setting that asks for encryption.
        demand: String,
    },

    /// TLS could not be agreed on, or the certificate is not good enough.
    #[error("no trusted TLS connection to {server}: {problem}")]
    #[diagnostic(code(connect::tls), help("{}", self.advice()))]
    Tls {
        /// Where.
        server: Server,
        /// What is wrong.
        problem: TlsProblem,
    },

    /// The server answered with an error.
    #[error("{server} refused the connection: {} ({})", refusal.message, refusal.sqlstate)]
    #[diagnostic(code(connect::refused), help("{}", self.advice()))]
    Refused {
        /// Where.
        server: Server,
        /// What it said, and what it was asked.
        refusal: Box<Refusal>,
    },

    /// Client and server have no way of authentication in common.
    #[error("cannot authenticate to {server}: {problem}")]
    #[diagnostic(code(connect::authentication), help("{}", self.advice()))]
    Authentication {
        /// Where.
        server: Server,
        /// What is in the way.
        problem: AuthProblem,
    },

    /// The session is not what `target_session_attrs` wants.
    #[error("{server} is {found}, which target_session_attrs={wanted} does not accept")]
    #[diagnostic(code(connect::unsuitable), help("{}", self.advice()))]
    Unsuitable {
        /// Where.
        server: Server,
        /// What the URL asks for.
        wanted: TargetSessionAttrs,
        /// What the session is.
        found: &'static str,
    },

    /// More than one server, address or way was tried; in the order tried.
    #[error("could not connect in {} attempts: {}", tries.len(), list(tries))]
    #[diagnostic(code(connect::several), help("{}", self.advice()))]
    Several {
        /// The failures; never empty, none of them is `Several`.
        tries: Vec<ConnectError>,
    },

    /// Waiting for a server to wake up took too long.
    #[error("no connection within {} and {rounds} attempts: {last}", seconds(*waited))]
    #[diagnostic(code(connect::gave_up), help("{}", self.advice()))]
    GaveUp {
        /// How long it was tried.
        waited: Duration,
        /// How often.
        rounds: u32,
        /// The failure of the last round.
        last: Box<ConnectError>,
    },
}

impl ConnectError {
    /// Whether a server answered that it has no such database.
    #[must_use]
    pub fn is_missing_database(&self) -> bool {
        match self {
            ConnectError::Refused { refusal, .. } => refusal.sqlstate == "3D000",
            ConnectError::Several { tries } => tries.iter().any(Self::is_missing_database),
            ConnectError::GaveUp { last, .. } => last.is_missing_database(),
            _ => false,
        }
    }

    /// A setting that cannot be used.
    pub(super) fn setting(problem: impl Into<String>, advice: impl Into<String>) -> ConnectError {
        ConnectError::Setting { problem: problem.into(), advice: advice.into() }
    }

    /// One failure as itself, more of them as [`ConnectError::Several`].
    pub(super) fn of_tries(tries: Vec<ConnectError>) -> ConnectError {
        let mut flat = Vec::new();
        for failure in tries {
            match failure {
                ConnectError::Several { tries } => flat.extend(tries),
                other => flat.push(other),
            }
        }
        if flat.len() == 1
            && let Some(only) = flat.pop()
        {
            return only;
        }
        ConnectError::Several { tries: flat }
    }

    /// The SQLSTATE of the server's answer, where there was one; of several the last.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            ConnectError::Refused { refusal, .. } => Some(&refusal.sqlstate),
            ConnectError::Several { tries } => tries.iter().rev().find_map(ConnectError::sqlstate),
            ConnectError::GaveUp { last, .. } => last.sqlstate(),
            _ => None,
        }
    }
}

/// One place where a server may answer, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Server {
    /// A TCP address.
    Tcp {
        /// The name that the user gave, when it gave one that is not the address.
        name: Option<String>,
        /// The address.
        ip: IpAddr,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Socket {
        /// The socket's file.
        path: PathBuf,
    },
}

impl Refusal {
    /// Whether what refuses is about encryption: `pg_hba.conf`, or a provider that says it in its
    /// own words.
    #[must_use]
    pub(super) fn is_about_encryption(&self) -> bool {
        let words = ["ssl", "tls", "encrypt", "insecure"];
        let message = self.message.to_lowercase();
        self.by_hba || words.iter().any(|word| message.contains(word))
    }
}

impl Server {
    /// Whether the server runs on this machine, so that what it refuses now it will refuse for
    /// good.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Server::Tcp { ip, .. } => ip.to_canonical().is_loopback(),
            Server::Socket { .. } => true,
        }
    }

    /// The address; for a socket this machine's.
    #[must_use]
    pub(super) fn ip(&self) -> IpAddr {
        match self {
            Server::Tcp { ip, .. } => *ip,
            Server::Socket { .. } => IpAddr::from([127, 0, 0, 1]),
        }
    }

    /// The host as the user named it, without address or port.
    #[must_use]
    pub(super) fn name(&self) -> String {
        match self {
            Server::Tcp { name: Some(name), .. } => name.clone(),
            Server::Tcp { ip, .. } => ip.to_string(),
            Server::Socket { path } => path.display().to_string(),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Server::Tcp { name: Some(name), ip, port } => write!(f, "{name}:{port} ({ip})"),
            Server::Tcp { name: None, ip: IpAddr::V6(ip), port } => write!(f, "[{ip}]:{port}"),
            Server::Tcp { name: None, ip, port } => write!(f, "{ip}:{port}"),
            Server::Socket { path } => write!(f, "{}", path.display()),
        }
    }
}

/// How a socket failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing listens there.
    NothingListens,
    /// The socket's file or its directory does not exist.
    NoSocketFile,
    /// No answer in time.
    TimedOut(Duration),
    /// The server, or something between, hung up before the session began.
    HungUp,
    /// There is no way to that address.
    NoRoute(io::Error),
    /// Anything else that the system reports.
    Io(io::Error),
    /// What answered does not speak PostgreSQL's protocol.
    NotPostgres(String),
}

impl Fault {
    fn sentence(&self, server: &Server) -> String {
        match self {
            Fault::NothingListens => format!("nothing is listening at {server}"),
            Fault::NoSocketFile => format!("there is no socket {server}"),
            Fault::TimedOut(after) => format!("{server} did not answer within {}", seconds(*after)),
            Fault::HungUp => format!("{server} closed the connection before the session began"),
            Fault::NoRoute(error) => format!("{server} cannot be reached: {error}"),
            Fault::Io(error) => format!("the connection to {server} failed: {error}"),
            Fault::NotPostgres(what) => {
                format!("what answers at {server} does not speak PostgreSQL's protocol: {what}")
            }
        }
    }
}

/// What is wrong with the TLS of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsProblem {
    /// No trusted root leads to the certificate.
    #[error("its certificate was issued by an authority that is not trusted here")]
    UnknownIssuer,
    /// The certificate is for other names.
    #[error("its certificate is for {}, not for `{wanted}`", quoted(names))]
    WrongName {
        /// The name that was asked for.
        wanted: String,
        /// The names that the certificate has.
        names: Vec<String>,
    },
    /// The certificate names its host only in the way that went out of use in 2000.
    #[error("its certificate has no subjectAltName{}", only_name(common_name.as_deref()))]
    NoAlternativeName {
        /// The subject's common name.
        common_name: Option<String>,
    },
    /// The certificate's time is over.
    #[error("its certificate expired on {on}")]
    Expired {
        /// The last day.
        on: String,
    },
    /// The certificate's time has not come.
    #[error("its certificate is not valid before {on}")]
    NotYetValid {
        /// The first day.
        on: String,
    },
    /// A revocation list names the certificate.
    #[error("its certificate has been revoked")]
    Revoked,
    /// The revocation lists do not say anything about the certificate, or are too old.
    #[error("the revocation list says nothing valid about its certificate")]
    RevocationUnknown,
    /// The certificate has no version 3 extensions, so that nothing can be verified.
    #[error("its certificate is X.509 version 1, which cannot be verified")]
    VersionOne,
    /// The certificate is broken or its signatures are.
    #[error("its certificate cannot be used: {0}")]
    BadCertificate(String),
    /// The server did not like the client's certificate, or wants one.
    #[error("the server sent the TLS alert `{0}`")]
    Alert(String),
    /// The handshake went wrong in another way.
    #[error("{0}")]
    Handshake(String),
}

/// What a server said instead of starting a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Five characters.
    pub sqlstate: String,
    /// The server's sentence, in the server's language.
    pub message: String,
    /// The server's detail and hint.
    pub more: Option<String>,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    /// The database that was asked for.
    pub database: String,
    /// The role that was asked for.
    pub user: String,
    /// Where the password came from, when it was not in the URL.
    pub password_file: Option<PathBuf>,
    /// Whether `pg_hba.conf` is what refuses.
    pub by_hba: bool,
}

/// What is in the way of authentication.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthProblem {
    /// The server asks for a password.
    #[error(
        "the server asks for a password and none is known for role `{user}`{}",
        in_brackets(ignored.as_deref())
    )]
    NoPassword {
        /// The role.
        user: String,
        /// What the password file was ignored for.
        ignored: Option<String>,
    },
    /// `channel_binding=require`, on a connection that cannot do it.
    #[error("channel_binding=require, but {0}")]
    ChannelBinding(&'static str),
    /// `require_auth` forbids what the server wants.
    #[error("{0}")]
    Forbidden(String),
    /// GSSAPI, SSPI and the like.
    #[error("the server wants {0}, which glowplug does not know")]
    Unsupported(String),
    /// The server could not show that it knows the password.
    #[error("the exchange was interrupted: {0}")]
    Exchange(String),
}

fn list(tries: &[ConnectError]) -> String {
    let texts: Vec<String> = tries.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn only_name(name: Option<&str>) -> String {
    name.map(|name| format!(", only the common name `{name}`")).unwrap_or_default()
}

fn in_brackets(text: Option<&str>) -> String {
    text.map(|text| format!(" ({text})")).unwrap_or_default()
}

fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    format!("{} s", (duration.as_secs_f64() * 10.0).round() / 10.0)
}
