//! Connection strings as each driver spells them.
//!
//! What a driver cannot express is an error where leaving it out would weaken the connection or change what a query
//! sees, and a note where it would not.

use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::words::url::{
    error::UrlError,
    hosts::{Host, HostName},
    note::Note,
    params::Params,
    secret::{Secret, Secrets},
    spelling::Spelling,
};

/// The parts of a URL, borrowed.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) hosts: &'a [Host],
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a Secret>,
    pub(super) database: Option<&'a str>,
    pub(super) params: &'a Params,
}

/// Outside a query everything but RFC 3986's unreserved characters is encoded; the star stays for masks.
const NAME: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');

/// In a query, paths and lists stay readable. A space is %20 and a plus %2B, which no driver misreads.
const QUERY: &AsciiSet = &NAME.remove(b'/').remove(b':').remove(b',');

/// Prints a URL.
///
/// # Errors
/// [`UrlError::NotExpressible`]; never for the spellings of libpq.
pub(super) fn print(
    source: Source<'_>,
    to: Spelling,
    secrets: Secrets,
) -> Result<(String, Vec<Note>), UrlError> {
    let mut notes = Vec::new();
    let hosts = reachable(source.hosts, to, &mut notes)?;
    let mut query = Vec::new();
    let mut text = String::from(scheme(to));
    let in_authority = fits_authority(&hosts, to);
    let password = source.password.map(|password| password.shown(secrets));
    match to {
        Spelling::Jdbc => {
            if hosts.is_empty() {
                text.truncate(text.len() - "//".len());
            }
            query.extend(source.user.map(|user| ("user", user.to_owned())));
            query.extend(password.map(|password| ("password", password.to_owned())));
        }
        _ => text.push_str(&credentials(source.user, password)),
    }
    if in_authority {
        text.push_str(&hosts.iter().map(authority).collect::<Vec<_>>().join(","));
    } else {
        query.extend(host_lists(&hosts, to));
    }
    let addresses = list(&hosts, |host| host.hostaddr.clone());
    query.extend(addresses.map(|addresses| ("hostaddr", addresses)));
    query.extend(parameters(source.params, to, secrets, &mut notes)?);

    // pgjdbc without hosts is `jdbc:postgresql:database`, or a lone slash.
    let slash = match to {
        Spelling::Jdbc => !hosts.is_empty() || source.database.is_none(),
        _ => source.database.is_some() || !query.is_empty(),
    };
    text.push_str(if slash { "/" } else { "" });
    text.push_str(&source.database.map(|name| encode(name, NAME)).unwrap_or_default());
    let mut separator = '?';
    for (key, value) in query {
        text.push(separator);
        text.push_str(key);
        text.push('=');
        text.push_str(&encode(&value, QUERY));
        separator = '&';
    }
    Ok((text, notes))
}

impl FromStr for Spelling {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let found = Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UrlError::invalid("spelling", Self::ALL.map(Self::name).join(", ")))
    }
}

fn scheme(to: Spelling) -> &'static str {
    match to {
        Spelling::Diesel | Spelling::Psql => "postgresql://",
        Spelling::Asyncpg => "postgresql+asyncpg://",
        Spelling::Psycopg => "postgresql+psycopg://",
        Spelling::Jdbc => "jdbc:postgresql://",
        Spelling::Sqlx => "postgres://",
    }
}

fn is_libpq(to: Spelling) -> bool {
    matches!(to, Spelling::Diesel | Spelling::Psql | Spelling::Psycopg)
}

fn encode(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

fn credentials(user: Option<&str>, password: Option<&str>) -> String {
    let user = user.map(|user| encode(user, NAME)).unwrap_or_default();
    match password {
        Some(password) => format!("{user}:{}@", encode(password, NAME)),
        None if user.is_empty() => String::new(),
        None => format!("{user}@"),
    }
}

/// The hosts in a form that the driver has: without separate addresses, without several hosts, as it may be.
fn reachable(hosts: &[Host], to: Spelling, notes: &mut Vec<Note>) -> Result<Vec<Host>, UrlError> {
    let refused = |parameter| Err(UrlError::NotExpressible { parameter, spelling: to });
    if is_libpq(to) {
        return Ok(hosts.to_vec());
    }
    if to == Spelling::Sqlx && hosts.len() > 1 {
        return refused("host");
    }
    let mut reachable = Vec::new();
    for host in hosts {
        let mut host = host.clone();
        match (&host.name, host.hostaddr.take()) {
            (HostName::Socket(_), None) if to == Spelling::Jdbc => return refused("host"),
            (HostName::Socket(name), None) if name.starts_with('@') => return refused("host"),
            (HostName::Tcp(name), None) if to == Spelling::Jdbc && !is_plain(name) => {
                return refused("host");
            }
            (HostName::Unnamed, None) if hosts.len() > 1 || to == Spelling::Jdbc => {
                notes.push(Note::translated("host", "`localhost`, the default of this driver"));
                host.name = HostName::Tcp("localhost".into());
            }
            (_, None) => {}
            (HostName::Unnamed, Some(address)) if to == Spelling::Sqlx => {
                host.hostaddr = Some(address);
            }
            (HostName::Unnamed, Some(address)) => host.name = HostName::Tcp(address),
            (_, Some(_)) => return refused("hostaddr"),
        }
        reachable.push(host);
    }
    Ok(reachable)
}

/// Whether the hosts can stand before the path. SQLAlchemy allows one there and does not decode it.
fn fits_authority(hosts: &[Host], to: Spelling) -> bool {
    let sqlalchemy = matches!(to, Spelling::Asyncpg | Spelling::Psycopg);
    let decodes = matches!(to, Spelling::Diesel | Spelling::Psql);
    let fits = |host: &Host| match &host.name {
        HostName::Tcp(name) => decodes || is_plain(name),
        HostName::Socket(_) => false,
        HostName::Unnamed => true,
    };
    hosts.iter().all(fits) && !(sqlalchemy && hosts.len() > 1)
}

fn is_plain(name: &str) -> bool {
    name.is_ascii() && !name.contains('%')
}

fn authority(host: &Host) -> String {
    let name = match &host.name {
        HostName::Tcp(name) if name.contains(':') => format!("[{}]", name.replace('%', "%25")),
        name => encode(name.as_str(), NAME),
    };
    match host.port {
        Some(port) => format!("{name}:{port}"),
        None => name,
    }
}

/// `host` and `port` as lists.
fn host_lists(hosts: &[Host], to: Spelling) -> Vec<(&'static str, String)> {
    let name = |host: &Host| Some(host.name.as_str().to_owned()).filter(|name| !name.is_empty());
    let mut lists: Vec<_> = list(hosts, name).map(|names| ("host", names)).into_iter().collect();
    let several = hosts.len() > 1;
    let ported = hosts.iter().any(|host| host.port.is_some());
    // SQLAlchemy wants a port for each of several hosts if for any, and asyncpg always.
    let fill = match to {
        Spelling::Psycopg => several && ported,
        Spelling::Asyncpg => several,
        _ => false,
    };
    let port = |host: &Host| host.port.or(fill.then_some(5432)).map(|port| port.to_string());
    lists.extend(list(hosts, port).map(|ports| ("port", ports)));
    lists
}

/// A comma list with an element for each host; none if every element is empty.
fn list(hosts: &[Host], element: impl Fn(&Host) -> Option<String>) -> Option<String> {
    let elements: Vec<_> = hosts.iter().map(element).collect();
    let given = elements.iter().any(Option::is_some);
    let texts = elements.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>();
    given.then(|| texts.join(","))
}

/// The parameters under the driver's names.
fn parameters(
    params: &Params,
    to: Spelling,
    secrets: Secrets,
    notes: &mut Vec<Note>,
) -> Result<Vec<(&'static str, String)>, UrlError> {
    let mut params = params.clone();
    let mut printed = Vec::new();
    if let Some(limit) = params.statement_timeout_ms {
        if to == Spelling::Asyncpg {
            printed.push(("command_timeout", seconds(limit)));
        } else {
            params.add_setting("statement_timeout", &limit.to_string());
            notes.push(Note::translated("command_timeout", "`statement_timeout` in `options`"));
        }
    }
    for (key, value) in params.pairs(secrets) {
        match fate(key, value, to) {
            Fate::As(name, value) => printed.push((name, value)),
            Fate::Dropped => notes.push(Note::dropped(key, &format!("{to} has no such parameter"))),
            Fate::Impossible => {
                return Err(UrlError::NotExpressible { parameter: key, spelling: to });
            }
        }
    }
    if params.pooled {
        notes.push(Note::dropped("pgbouncer", "only Prisma has this parameter"));
    }
    Ok(printed)
}

/// Milliseconds as seconds with as many decimals as it takes.
fn seconds(millis: u64) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What becomes of one of libpq's parameters in another driver.
enum Fate {
    As(&'static str, String),
    Dropped,
    Impossible,
}

fn fate(key: &'static str, value: String, to: Spelling) -> Fate {
    match to {
        Spelling::Diesel | Spelling::Psql | Spelling::Psycopg => Fate::As(key, value),
        Spelling::Asyncpg => in_asyncpg(key, value),
        Spelling::Jdbc => in_jdbc(key, value),
        Spelling::Sqlx => in_sqlx(key, value),
    }
}

fn in_asyncpg(key: &'static str, value: String) -> Fate {
    match (key, value.as_str()) {
        ("sslmode", _) => Fate::As("ssl", value),
        ("sslnegotiation", "direct") => Fate::As("direct_tls", "true".into()),
        // Without end in libpq, at once in asyncpg.
        ("connect_timeout", "0") => Fate::Dropped,
        ("connect_timeout", _) => Fate::As("timeout", value),
        ("target_session_attrs" | "passfile" | "service", _) => Fate::As(key, value),
        _ => unexpressed(key, &value),
    }
}

fn in_jdbc(key: &'static str, value: String) -> Fate {
    let truth = |on: bool| if on { "true" } else { "false" }.to_owned();
    match (key, value.as_str()) {
        ("sslrootcert", "system") => Fate::Impossible,
        ("sslmode" | "sslrootcert" | "sslcert" | "sslkey" | "sslpassword", _)
        | ("options" | "service", _) => Fate::As(key, value),
        ("sslnegotiation", _) => Fate::As("sslNegotiation", value),
        ("channel_binding", _) => Fate::As("channelBinding", value),
        ("application_name", _) => Fate::As("ApplicationName", value),
        ("connect_timeout", _) => Fate::As("connectTimeout", value),
        ("keepalives", on) => Fate::As("tcpKeepAlive", truth(on == "1")),
        ("load_balance_hosts", how) => Fate::As("loadBalanceHosts", truth(how == "random")),
        ("target_session_attrs", which) => {
            let which = match which {
                "any" => "any",
                "read-write" | "primary" => "primary",
                "prefer-standby" => "preferSecondary",
                _ => "secondary",
            };
            Fate::As("targetServerType", which.into())
        }
        _ => unexpressed(key, &value),
    }
}

fn in_sqlx(key: &'static str, value: String) -> Fate {
    match (key, value.as_str()) {
        ("sslrootcert", "system") => Fate::Impossible,
        ("sslmode" | "sslrootcert" | "sslcert" | "sslkey", _)
        | ("application_name" | "options", _) => Fate::As(key, value),
        _ => unexpressed(key, &value),
    }
}

/// Whether a connection without the parameter is as good as with it.
fn unexpressed(key: &str, value: &str) -> Fate {
    match (key, value) {
        ("channel_binding", "disable" | "prefer")
        | ("sslnegotiation", "postgres")
        | ("target_session_attrs", "any") => Fate::Dropped,
        ("sslsni" | "application_name" | "fallback_application_name" | "connect_timeout", _)
        | ("load_balance_hosts" | "tcp_user_timeout" | "passfile" | "keepalives", _)
        | ("keepalives_idle" | "keepalives_interval" | "keepalives_count", _) => Fate::Dropped,
        _ => Fate::Impossible,
    }
}
