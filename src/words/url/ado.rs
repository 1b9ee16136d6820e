//! Connection strings of .NET's drivers: `Host=db;Username=app;Password="a;b";SSL Mode=Require`.
//!
//! Names have no case and any number of blanks; a value with a semicolon stands in quotes, and a quote in it is doubled.
//! Source: <https://www.npgsql.org/doc/connection-string-parameters.html>

use crate::words::url::{
    error::UrlError,
    note::Note,
    pair::{Pair, is_name},
};

/// What a string says.
pub(super) struct Said {
    pub(super) pairs: Vec<Pair>,
    pub(super) notes: Vec<Note>,
}

/// Names without blanks in lower case, and libpq's.
const NAMES: &[(&str, &str)] = &[
    ("host", "host"),
    ("server", "host"),
    ("datasource", "host"),
    ("port", "port"),
    ("database", "dbname"),
    ("initialcatalog", "dbname"),
    ("db", "dbname"),
    ("username", "user"),
    ("userid", "user"),
    ("user", "user"),
    ("uid", "user"),
    ("password", "password"),
    ("pwd", "password"),
    ("psw", "password"),
    ("passfile", "passfile"),
    ("sslmode", "sslmode"),
    ("sslnegotiation", "sslnegotiation"),
    ("rootcertificate", "sslrootcert"),
    ("sslcertificate", "sslcert"),
    ("sslkey", "sslkey"),
    ("sslpassword", "sslpassword"),
    ("channelbinding", "channel_binding"),
    ("requireauth", "require_auth"),
    ("searchpath", "search_path"),
    ("timezone", "timezone"),
    ("options", "options"),
    ("clientencoding", "client_encoding"),
    ("encoding", "client_encoding"),
    ("applicationname", "application_name"),
    ("timeout", "connect_timeout"),
    ("commandtimeout", "command_timeout"),
    ("targetsessionattributes", "target_session_attrs"),
    ("keepalive", "keepalives_idle"),
    ("tcpkeepalive", "tcp_keepalive"),
];

/// Names without a meaning here.
const DROPPED: &[&str] = &[
    "pooling",
    "minpoolsize",
    "minimumpoolsize",
    "maxpoolsize",
    "maximumpoolsize",
    "connectionidlelifetime",
    "connectionpruninginterval",
    "connectionlifetime",
    "includeerrordetail",
    "includerealm",
    "includefailedbatchedcommand",
    "loadbalancehosts",
    "hostrecheckseconds",
    "multiplexing",
    "noresetonclose",
    "enlist",
    "persistsecurityinfo",
    "maxautoprepare",
    "autoprepareminusages",
    "readbuffersize",
    "writebuffersize",
    "socketreceivebuffersize",
    "socketsendbuffersize",
    "servercompatibilitymode",
    "logparameters",
    "cancellationtimeout",
    "internalcommandtimeout",
    "kerberosservicename",
    "integratedsecurity",
    "checkcertificaterevocation",
    "arraynullabilitymode",
    "loadtablecomposites",
    "trustservercertificate",
    "usesslstream",
    "preloadreader",
];

/// Whether a text is one of these: libpq's have no semicolon between their pairs, and no capitals in their names.
pub(super) fn is_one(text: &str) -> bool {
    let Some((first, _)) = text.split_once('=') else {
        return false;
    };
    if text.contains("://") || !is_known(first) {
        return false;
    }
    let has_capitals = first.trim().contains(|c: char| c.is_ascii_uppercase() || c == ' ');
    let pieces = pieces(text);
    has_capitals
        || (pieces.len() > 1
            && pieces.iter().all(|(_, piece)| {
                let name = piece.split_once('=').map(|(name, _)| name);
                name.is_some_and(is_known)
            }))
}

/// Reads one.
pub(super) fn parse(text: &str) -> Result<Said, UrlError> {
    let mut said = Said { pairs: Vec::new(), notes: Vec::new() };
    for (at, piece) in pieces(text) {
        let Some((written, value)) = piece.split_once('=') else {
            return Err(not_a_pair("no `=` after a parameter's name", at));
        };
        let (name, value) = (folded(written), unquoted(value.trim(), at)?);
        let written: String = written.split_whitespace().collect();
        if DROPPED.contains(&name.as_str()) {
            let why = "a setting of .NET's drivers with no effect here";
            said.notes.push(Note::dropped(&written, why));
            continue;
        }
        let Some((_, native)) = NAMES.iter().find(|(known, _)| *known == name) else {
            return Err(match is_name(&written) {
                true => UrlError::UnknownParameter { name: written, nearest: None },
                false => not_a_pair("no parameter's name before `=`", at),
            });
        };
        let value = match *native {
            // VerifyFull, Verify-Full
            "sslmode" => match folded(&value).replace(['-', '_'], "").as_str() {
                "verifyca" => "verify-ca".into(),
                "verifyfull" => "verify-full".into(),
                other => other.to_owned(),
            },
            "target_session_attrs" => value.to_ascii_lowercase(),
            "host" => {
                said.hosts(&value);
                continue;
            }
            _ => value,
        };
        said.push(native, value);
    }
    Ok(said)
}

impl Said {
    fn push(&mut self, key: &str, value: String) {
        self.pairs.push(Pair { key: key.to_owned(), value, doubt: None });
    }

    /// `one:5433,two`: ports stand with the hosts here, and apart in libpq.
    fn hosts(&mut self, value: &str) {
        let split = |host: &str| {
            let port = host.rsplit_once(':').filter(|(name, port)| {
                !name.contains(':') && !port.is_empty() && port.chars().all(|c| c.is_ascii_digit())
            });
            port.map_or((host.to_owned(), String::new()), |(name, port)| {
                (name.to_owned(), port.to_owned())
            })
        };
        let (hosts, ports): (Vec<_>, Vec<_>) = value.split(',').map(str::trim).map(split).unzip();
        self.push("host", hosts.join(","));
        if ports.iter().any(|port| !port.is_empty()) {
            self.push("port", ports.join(","));
        }
    }
}

fn is_known(name: &str) -> bool {
    let name = folded(name);
    NAMES.iter().any(|(known, _)| *known == name) || DROPPED.contains(&name.as_str())
}

fn folded(name: &str) -> String {
    let name = name.chars().filter(|c| !c.is_whitespace());
    name.collect::<String>().to_ascii_lowercase()
}

/// What stands between semicolons that are not in quotes, with its place in bytes.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let mut pieces = Vec::new();
    let (mut start, mut quote, mut is_value) = (0, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            // a quote opens only where a value begins, or is doubled behind its end
            (None, '"' | '\'') if is_value && opens(&text[start..at]) => quote = Some(c),
            (None, '=') => is_value = true,
            (None, ';') => {
                pieces.push((start, &text[start..at]));
                (start, is_value) = (at + 1, false);
            }
            (None, _) => {}
        }
    }
    pieces.push((start, &text[start..]));
    pieces.retain(|(_, piece)| !piece.trim().is_empty());
    pieces
}

fn opens(before: &str) -> bool {
    before.trim_end().ends_with(['=', '"', '\''])
}

fn unquoted(value: &str, at: usize) -> Result<String, UrlError> {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return Ok(value.to_owned());
    };
    match value[1..].strip_suffix(quote) {
        Some(inside) => Ok(inside.replace(&quote.to_string().repeat(2), &quote.to_string())),
        None => Err(not_a_pair("a quoted value without its closing quote", at)),
    }
}

fn not_a_pair(what: &'static str, at: usize) -> UrlError {
    let help = "Write `Name=value;Name=value`; a value with a semicolon goes into \"…\".";
    UrlError::Syntax { what, at, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        assert!(is_one(text), "{text}");
        let said = parse(text).expect("it can be read");
        let pairs = said.pairs.iter();
        let pairs: Vec<_> = pairs.map(|it| (it.key.as_str(), it.value.as_str())).collect();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn names_of_npgsql_are_libpqs() {
        check(
            "Host=db;Port=5433;Username=u;Password=p;Database=app;SSL Mode=VerifyFull;Pooling=true;",
            &[
                ("host", "db"),
                ("port", "5433"),
                ("user", "u"),
                ("password", "p"),
                ("dbname", "app"),
                ("sslmode", "verify-full"),
            ],
        );
        check(
            "Server=one:5433,two;User Id=u;Pwd=\"a;\"\"b\"",
            &[("host", "one,two"), ("port", "5433,"), ("user", "u"), ("password", "a;\"b")],
        );
        check("host=h;password='a=b;c'", &[("host", "h"), ("password", "a=b;c")]);
    }

    #[test]
    fn what_libpq_reads_is_libpqs() {
        for text in [
            "host=h port=1",
            " host = h port=5432 user='u' ",
            "host=h password=a;b",
            "password=a;b=c",
            "postgres://h/d?a=b;c=d",
            "nothing",
        ] {
            assert!(!is_one(text), "{text}");
        }
        assert!(parse("Host=h;Nonsense=1").is_err());
        assert!(parse("Host=h;Password=\"a").is_err());
    }
}
