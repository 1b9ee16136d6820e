//! What to do about each [`ConnectError`]; one sentence or two, naming the flag, the file or the
//! command.

use super::error::{AuthProblem, ConnectError, Fault, Refusal, Server, TlsProblem};

impl ConnectError {
    pub(super) fn advice(&self) -> String {
        match self {
            ConnectError::Setting { advice, .. } => advice.clone(),
            ConnectError::Lookup { temporary: true, .. } => {
                "The resolver did not answer; check the network and the DNS server.".to_owned()
            }
            ConnectError::Lookup { host, .. } => {
                format!("Check the spelling of `{host}`; DNS does not know it.")
            }
            ConnectError::Unreachable { server, fault } => unreachable(server, fault),
            ConnectError::NotEncrypted { .. } => {
                "Turn ssl on in the server's postgresql.conf, or allow plain text with \
                 sslmode=prefer or sslmode=disable."
                    .to_owned()
            }
            ConnectError::Tls { problem, .. } => tls(problem),
            ConnectError::Refused { server, refusal } => refused(server, refusal),
            ConnectError::Authentication { problem, .. } => authentication(problem),
            ConnectError::Unsuitable { .. } => {
                "Name the right server in the URL, add it to the list of hosts, or change \
                 target_session_attrs."
                    .to_owned()
            }
            ConnectError::Several { tries } => {
                let mut advice: Vec<String> = Vec::new();
                for one in tries.iter().map(ConnectError::advice) {
                    if !advice.contains(&one) {
                        advice.push(one);
                    }
                }
                advice.join("\n")
            }
            ConnectError::GaveUp { last, .. } => last.advice(),
        }
    }
}

fn unreachable(server: &Server, fault: &Fault) -> String {
    match (fault, server) {
        (Fault::NothingListens | Fault::NoSocketFile, Server::Socket { .. }) => {
            "Is the server running, and is its socket there (unix_socket_directories)? \
             Name another host with the URL or PGHOST."
                .to_owned()
        }
        (Fault::NothingListens | Fault::NoSocketFile, Server::Tcp { .. }) => {
            "Is the server running? Check the port, and listen_addresses in its postgresql.conf."
                .to_owned()
        }
        (Fault::TimedOut(_), _) => {
            "Check the address, the firewall between and whether the server is up; \
             connect_timeout in the URL sets how long one try may take."
                .to_owned()
        }
        (Fault::HungUp, _) => {
            "The server, a pooler or a proxy hung up; its log says why.".to_owned()
        }
        (Fault::NoRoute(_), _) => {
            "This machine has no route to that address: check VPN, network and IPv6.".to_owned()
        }
        (Fault::Io(error), Server::Socket { .. })
            if error.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            "The socket's directory must be open to your user (unix_socket_permissions).".to_owned()
        }
        (Fault::Io(_), _) => "Check the address and the network.".to_owned(),
        (Fault::NotPostgres(_), _) => "Check host and port in the URL.".to_owned(),
    }
}

fn tls(problem: &TlsProblem) -> String {
    let text = match problem {
        TlsProblem::UnknownIssuer => {
            "Give the certificate of the authority with sslrootcert=<file>, or \
             sslrootcert=system for a public one."
        }
        TlsProblem::WrongName { .. } => {
            "Use a name that the certificate has as host (hostaddr may hold the address), or \
             sslmode=verify-ca to verify all but the name."
        }
        TlsProblem::NoAlternativeName { .. } => {
            "Reissue the certificate with subjectAltName=DNS:<host>, or use sslmode=verify-ca to \
             verify all but the name."
        }
        TlsProblem::Expired { .. } => {
            "Renew the server's certificate, and check this machine's clock."
        }
        TlsProblem::NotYetValid { .. } => "Check this machine's clock and the server's.",
        TlsProblem::Revoked => "Do not connect; ask whoever runs the server for a new certificate.",
        TlsProblem::RevocationUnknown => {
            "Fetch the authority's current revocation list for sslcrl, or remove sslcrl."
        }
        TlsProblem::VersionOne => {
            "Reissue it with `openssl x509 -req -extfile` and a subjectAltName, or use \
             sslmode=require to encrypt without verifying."
        }
        TlsProblem::BadCertificate(_) => "Reissue the server's certificate.",
        TlsProblem::Alert(alert) if alert.contains("Certificate") || alert == "UnknownCA" => {
            "The server judges the client's certificate: check sslcert and sslkey, and the \
             server's ssl_ca_file."
        }
        TlsProblem::Alert(alert) if alert == "ProtocolVersion" => {
            "The server speaks no TLS version between ssl_min_protocol_version and \
             ssl_max_protocol_version; glowplug knows TLSv1.2 and TLSv1.3."
        }
        TlsProblem::Alert(_) | TlsProblem::Handshake(_) => {
            "The server's log says more; sslnegotiation=direct needs PostgreSQL 17."
        }
    };
    text.to_owned()
}

fn authentication(problem: &AuthProblem) -> String {
    match problem {
        AuthProblem::NoPassword { .. } => {
            "Put the password in ~/.pgpass (mode 0600), PGPASSWORD or the URL."
        }
        AuthProblem::ChannelBinding(_) => {
            "Use channel_binding=prefer, or give the server TLS, SCRAM passwords and a \
             certificate signed with RSA or ECDSA."
        }
        AuthProblem::Forbidden(_) => {
            "Change require_auth (PGREQUIREAUTH), or the method in the server's pg_hba.conf."
        }
        AuthProblem::Unsupported(_) => {
            "Use scram-sha-256, a client certificate or peer in the server's pg_hba.conf."
        }
        AuthProblem::Exchange(_) => {
            "The server did not prove that it knows the password: do not trust it before you know \
             why."
        }
    }
    .to_owned()
}

fn refused(server: &Server, refusal: &Refusal) -> String {
    let Refusal { message, database, user, .. } = refusal;
    let lower = message.to_lowercase();
    if lower.contains("endpoint id is not specified") {
        return "Neon did not see the host name: take ssl_sni=0 out of the URL, or add \
                options=endpoint%3D<endpoint-id> to it (the first part of the host name)."
            .to_owned();
    }
    if refusal.by_hba {
        return hba(refusal);
    }
    if !refusal.encrypted && refusal.is_about_encryption() {
        return "The connection was not encrypted; use sslmode=require, or better verify-full."
            .to_owned();
    }
    if refusal.sqlstate == "28000" && lower.contains("certificate") {
        return tls(&TlsProblem::Alert("CertificateRequired".to_owned()));
    }
    let advice = match refusal.sqlstate.as_str() {
        "28P01" => match &refusal.password_file {
            Some(file) => format!(
                "The password for role `{user}` came from {}; correct it there.",
                file.display()
            ),
            None => format!("Check the password of role `{user}` in the URL or PGPASSWORD."),
        },
        "28000" => format!(
            "Check that role `{user}` exists and may log in, and which authentication method the server's pg_hba.conf requires; PGUSER or the URL names another."
        ),
        "3D000" => format!("Create it with `createdb {database}`, or name another in the URL."),
        "42501" => format!("Ask for GRANT CONNECT ON DATABASE for role `{user}`."),
        "53300" => "Close idle sessions, or raise max_connections (or the role's or the \
                    database's CONNECTION LIMIT)."
            .to_owned(),
        "57P03" => "The server is starting, stopping or recovering; its log says more.".to_owned(),
        "57P01" | "57P02" => "The server is being stopped.".to_owned(),
        "08P01" if lower.contains("startup parameter") => {
            "The pooler does not pass that parameter on: take it (often options=) out of the URL, \
             or use the server's own address instead of the pooler's."
                .to_owned()
        }
        "42704" | "22023" => "Check options in the URL, or PGOPTIONS.".to_owned(),
        "55000" => format!("Database `{database}` does not accept connections at present."),
        _ => format!("The log of {} says more.", server.name()),
    };
    match &refusal.more {
        Some(more) => format!("{advice} ({more})"),
        None => advice,
    }
}

fn hba(refusal: &Refusal) -> String {
    let Refusal { database, user, .. } = refusal;
    let (line, other) = if refusal.encrypted {
        ("hostssl", "The connection was encrypted; a `hostnossl` line does not match it.")
    } else {
        ("host", "The connection was not encrypted; try sslmode=require.")
    };
    format!(
        "Add a `{line}` line for database `{database}` and role `{user}` to the server's \
         pg_hba.conf and reload it. {other}"
    )
}
