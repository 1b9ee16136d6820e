//! From what the system, rustls and tokio-postgres report to a [`ConnectError`]; and which of these
//! pass by waiting.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::auth::{AuthRefused, Method};
use super::error::{AuthProblem, ConnectError, Fault, Refusal, Server, TlsProblem};

/// The socket could not be opened.
pub(super) fn of_socket(server: &Server, error: io::Error) -> ConnectError {
    let fault = match error.kind() {
        ErrorKind::ConnectionRefused => Fault::NothingListens,
        ErrorKind::NotFound => Fault::NoSocketFile,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Fault::NoRoute(error),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Fault::HungUp,
        _ => Fault::Io(error),
    };
    ConnectError::Unreachable { server: server.clone(), fault }
}

/// The handshake failed.
pub(super) fn of_handshake(server: &Server, error: &io::Error) -> ConnectError {
    let problem = match tls_error(error) {
        Some(error) => of_rustls(error),
        None if error.kind() == ErrorKind::UnexpectedEof => {
            TlsProblem::Handshake("the server hung up during the handshake".to_owned())
        }
        None => TlsProblem::Handshake(error.to_string()),
    };
    ConnectError::Tls { server: server.clone(), problem }
}

fn of_rustls(error: &rustls::Error) -> TlsProblem {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(cause)) => {
            match cause.0.downcast_ref::<TlsProblem>() {
                Some(problem) => problem.clone(),
                None => TlsProblem::BadCertificate(cause.to_string()),
            }
        }
        rustls::Error::InvalidCertificate(error) => TlsProblem::BadCertificate(error.to_string()),
        rustls::Error::AlertReceived(alert) => TlsProblem::Alert(format!("{alert:?}")),
        rustls::Error::InvalidMessage(_) => {
            TlsProblem::Handshake("what it sends is not TLS".to_owned())
        }
        rustls::Error::PeerIncompatible(why) => {
            TlsProblem::Handshake(format!("no version or cipher in common ({why:?})"))
        }
        other => TlsProblem::Handshake(other.to_string()),
    }
}

/// What was asked of the server when it failed.
pub(super) struct Asked<'a> {
    pub(super) server: &'a Server,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
    pub(super) encrypted: bool,
    pub(super) password_file: Option<&'a Path>,
    /// Why the password file was not used, if it was not.
    pub(super) passfile_ignored: Option<&'a str>,
    pub(super) method: Option<Method>,
}

/// The session could not be started.
pub(super) fn of_startup(asked: &Asked<'_>, error: &tokio_postgres::Error) -> ConnectError {
    let server = asked.server.clone();
    if let Some(said) = error.as_db_error() {
        // the one piece of that message that no translation changes
        let by_hba = said.message().contains("pg_hba.conf");
        let more = [said.detail(), said.hint()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let refusal = Refusal {
            sqlstate: said.code().code().to_owned(),
            message: said.message().to_owned(),
            more: Some(more).filter(|more| !more.is_empty()),
            encrypted: asked.encrypted,
            database: asked.database.to_owned(),
            user: asked.user.to_owned(),
            password_file: asked.password_file.map(Path::to_path_buf),
            by_hba,
        };
        return ConnectError::Refused { server, refusal: Box::new(refusal) };
    }
    if let Some(cause) = find::<AuthRefused>(error) {
        let problem = AuthProblem::Forbidden(cause.to_string());
        return ConnectError::Authentication { server, problem };
    }
    if let Some(cause) = find::<rustls::Error>(error) {
        return ConnectError::Tls { server, problem: of_rustls(cause) };
    }
    if let Some(cause) = find::<io::Error>(error) {
        let fault = match cause.kind() {
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::Other => {
                Fault::NotPostgres(cause.to_string())
            }
            _ => return of_socket(asked.server, io::Error::from(cause.kind())),
        };
        return ConnectError::Unreachable { server, fault };
    }
    if error.is_closed() {
        return ConnectError::Unreachable { server, fault: Fault::HungUp };
    }
    // tokio-postgres gives no types for the rest, only these sentences
    let reason = error.source().map(ToString::to_string).unwrap_or_else(|| error.to_string());
    let problem = match reason.as_str() {
        "password missing" => AuthProblem::NoPassword {
            user: asked.user.to_owned(),
            ignored: asked.passfile_ignored.map(str::to_owned),
        },
        "server did not use channel binding" => AuthProblem::ChannelBinding(no_binding(asked)),
        "unsupported authentication method" | "unsupported SASL mechanism" => {
            let method = asked.method.map(|method| format!("`{method}` authentication"));
            AuthProblem::Unsupported(method.unwrap_or_else(|| "another authentication".to_owned()))
        }
        _ if error.to_string() == "authentication error" => AuthProblem::Exchange(reason),
        _ => {
            let fault = Fault::NotPostgres(reason);
            return ConnectError::Unreachable { server, fault };
        }
    };
    ConnectError::Authentication { server, problem }
}

fn no_binding(asked: &Asked<'_>) -> &'static str {
    match (asked.encrypted, asked.method) {
        (false, _) => "the connection is not encrypted",
        (true, Some(Method::ScramSha256)) => {
            "the server's certificate or its SCRAM mechanisms offer none (Ed25519 certificates \
             have none)"
        }
        (true, None) => "the server let everyone in without a password",
        (true, Some(_)) => "the server did not ask for a SCRAM password",
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>())
}

/// Looks for a cause of a type, also inside `io::Error`s, which hide theirs.
fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<T>() {
            return Some(found);
        }
        let inner = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    None
}

/// What is worth another try, elsewhere or later.
impl ConnectError {
    /// Whether the same may succeed in a moment, because the server is about to wake up or to
    /// start.
    #[must_use]
    pub(super) fn passes_by_waiting(&self) -> bool {
        match self {
            ConnectError::Lookup { temporary, .. } => *temporary,
            ConnectError::Unreachable { server, fault } => {
                match fault {
                    // a server on this machine that is dead stays so; one that hangs up may be recovering from a crash
                    Fault::HungUp => true,
                    Fault::NothingListens | Fault::TimedOut(_) => !server.is_local(),
                    Fault::Io(error) => error.kind() == ErrorKind::TimedOut && !server.is_local(),
                    Fault::NoSocketFile | Fault::NoRoute(_) | Fault::NotPostgres(_) => false,
                }
            }
            ConnectError::Refused { refusal, .. } => is_waking(refusal),
            ConnectError::Several { tries } => {
                tries.iter().any(ConnectError::passes_by_waiting)
                    && !tries.iter().any(|one| one.ends_the_round() && !one.passes_by_waiting())
            }
            _ => false,
        }
    }

    /// Whether there is no server where one was looked for.
    #[must_use]
    pub(super) fn is_absence(&self) -> bool {
        match self {
            ConnectError::Lookup { .. } => true,
            ConnectError::Unreachable { fault, .. } => !matches!(fault, Fault::NotPostgres(_)),
            ConnectError::Several { tries } => {
                tries.iter().all(|one| one.is_absence() || one.passes_by_waiting())
            }
            _ => false,
        }
    }

    /// Whether no other host is to be tried, as in libpq: a server that answered has answered for
    /// all.
    #[must_use]
    pub(super) fn ends_the_round(&self) -> bool {
        match self {
            ConnectError::Refused { refusal, .. } => refusal.sqlstate != "57P03",
            ConnectError::Lookup { .. }
            | ConnectError::Unreachable { .. }
            | ConnectError::Unsuitable { .. } => false,
            ConnectError::Several { tries } => tries.iter().any(ConnectError::ends_the_round),
            _ => true,
        }
    }
}

fn is_waking(refusal: &Refusal) -> bool {
    if matches!(refusal.sqlstate.as_str(), "57P03" | "57P02" | "57P01" | "08006" | "08001") {
        return true;
    }
    // a sleeping Neon compute, in the words of its proxy
    let waking = ["being activated", "control plane", "compute node", "console request"];
    let message = refusal.message.to_lowercase();
    !refusal.sqlstate.starts_with("28") && waking.iter().any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(ip: [u8; 4]) -> Server {
        Server::Tcp { name: None, ip: ip.into(), port: 5432 }
    }

    fn refused(sqlstate: &str, message: &str) -> ConnectError {
        let refusal = Refusal {
            sqlstate: sqlstate.to_owned(),
            message: message.to_owned(),
            more: None,
            encrypted: true,
            database: "d".to_owned(),
            user: "u".to_owned(),
            password_file: None,
            by_hba: false,
        };
        ConnectError::Refused { server: server([127, 0, 0, 1]), refusal: Box::new(refusal) }
    }

    #[track_caller]
    fn check(error: &ConnectError, waits: bool, ends: bool) {
        assert_eq!((error.passes_by_waiting(), error.ends_the_round()), (waits, ends), "{error}");
    }

    #[test]
    fn a_dead_server_is_dead_here_and_maybe_asleep_elsewhere() {
        let dead = |ip| of_socket(&server(ip), ErrorKind::ConnectionRefused.into());
        check(&dead([127, 0, 0, 1]), false, false);
        check(&dead([10, 0, 0, 1]), true, false);
    }

    #[test]
    fn only_a_server_that_starts_is_asked_again() {
        check(&refused("57P03", "the database system is starting up"), true, false);
        check(&refused("28P01", "password authentication failed"), false, true);
        check(&refused("3D000", "database \"x\" does not exist"), false, true);
        check(&refused("XX000", "The endpoint is being activated"), true, true);
        check(&refused("28000", "control plane says no"), false, true);
    }

    #[test]
    fn a_final_answer_among_several_is_final() {
        let starting = refused("57P03", "starting");
        let several = ConnectError::of_tries(vec![starting, refused("28P01", "no")]);
        check(&several, false, true);
    }
}
