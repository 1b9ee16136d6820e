//! What other drivers' parameters mean in libpq's words, where the values differ and not only the name.

use crate::words::url::{error::UrlError, pair::Flavour, params::SslMode};

/// What a foreign parameter does to a URL.
pub(super) enum Effect {
    /// Sets a libpq parameter.
    Native(&'static str, String),
    /// Sets a server setting, through `options`.
    Setting(String, String),
    /// Limits each statement, in milliseconds.
    StatementTimeout(Option<u64>),
    /// Says whether a pooler stands before the server.
    Pooled(bool),
}

use Effect::{Native, Pooled, Setting, StatementTimeout};

/// Translates the parameter `key`, one of those that the table calls translated.
pub(super) fn effects(
    key: &'static str,
    value: &str,
    flavour: Flavour,
) -> Result<Vec<Effect>, UrlError> {
    let one = match key {
        "ssl" => Native("sslmode", ssl(key, value, flavour)?.to_string()),
        "ssl_context" if boolean(key, value)? => {
            // Python's default context: the system's authorities, and the name verified.
            return Ok(vec![
                Native("sslmode", SslMode::VerifyFull.to_string()),
                Native("sslrootcert", "system".into()),
            ]);
        }
        "ssl_context" => Native("sslmode", SslMode::Disable.to_string()),
        "requiressl" => {
            let mode = if boolean(key, value)? { SslMode::Require } else { SslMode::Prefer };
            Native("sslmode", mode.to_string())
        }
        "direct_tls" => {
            let how = if boolean(key, value)? { "direct" } else { "postgres" };
            Native("sslnegotiation", how.into())
        }
        "timeout" | "loginTimeout" => {
            Native("connect_timeout", milliseconds(key, value)?.div_ceil(1000).to_string())
        }
        "command_timeout" | "socketTimeout" | "socket_timeout" => {
            StatementTimeout(Some(milliseconds(key, value)?).filter(|limit| *limit > 0))
        }
        "tcp_keepalive" | "tcpKeepAlive" => {
            Native("keepalives", if boolean(key, value)? { "1" } else { "0" }.into())
        }
        "loadBalanceHosts" => {
            let how = if boolean(key, value)? { "random" } else { "disable" };
            Native("load_balance_hosts", how.into())
        }
        "targetServerType" => Native("target_session_attrs", server_type(key, value)?.into()),
        "pgbouncer" => Pooled(boolean(key, value)?),
        "schema" => Setting("search_path".into(), identifier(value)),
        "currentSchema" => Setting("search_path".into(), value.into()),
        "unix_sock" => return unix_socket(key, value),
        "server_settings" => return server_settings(key, value),
        _ => Setting(key.to_ascii_lowercase(), value.into()),
    };
    Ok(vec![one])
}

/// A boolean, or one of libpq's modes.
fn ssl(key: &'static str, value: &str, flavour: Flavour) -> Result<SslMode, UrlError> {
    let lower = value.to_ascii_lowercase();
    if let Ok(mode) = lower.parse() {
        return Ok(mode);
    }
    if lower == "no-verify" {
        return Ok(SslMode::Require);
    }
    let on = match flavour {
        Flavour::Jdbc { .. } if value.is_empty() => true,
        _ => boolean(key, value).map_err(|_| {
            UrlError::invalid(
                key,
                "true, false, disable, allow, prefer, require, verify-ca, verify-full",
            )
        })?,
    };
    Ok(match flavour {
        _ if !on => SslMode::Disable,
        Flavour::Jdbc { verifies: true } => SslMode::VerifyFull,
        _ => SslMode::Require,
    })
}

fn boolean(key: &'static str, value: &str) -> Result<bool, UrlError> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => Err(UrlError::invalid(key, "true, false")),
    }
}

/// Seconds, maybe with decimals, as milliseconds that fit a server setting; never 0 unless exactly that.
fn milliseconds(key: &'static str, value: &str) -> Result<u64, UrlError> {
    let seconds = value.trim().parse::<f64>().ok();
    let millis = seconds.map(|seconds| (seconds * 1000.0).ceil());
    match millis.filter(|millis| (0.0..=f64::from(i32::MAX)).contains(millis)) {
        // In range and whole, as just checked.
        Some(millis) => Ok(millis as u64),
        None => Err(UrlError::invalid(key, "seconds from 0 to 2147483, decimals allowed")),
    }
}

/// pgjdbc's words, old and new.
fn server_type(key: &'static str, value: &str) -> Result<&'static str, UrlError> {
    match value.to_ascii_lowercase().as_str() {
        "any" => Ok("any"),
        "primary" | "master" => Ok("primary"),
        "secondary" | "slave" => Ok("standby"),
        "prefersecondary" | "preferslave" => Ok("prefer-standby"),
        _ => Err(UrlError::invalid(key, "any, primary, secondary, preferSecondary")),
    }
}

/// A schema's name as `search_path` wants it.
fn identifier(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// pg8000 names the socket file; libpq its directory and, apart, the port in its name.
fn unix_socket(key: &'static str, value: &str) -> Result<Vec<Effect>, UrlError> {
    if !value.starts_with('/') {
        return Err(UrlError::invalid(
            key,
            "the path of a socket file, such as /run/.s.PGSQL.5432",
        ));
    }
    match value.rsplit_once("/.s.PGSQL.") {
        Some((directory, port)) => {
            let directory = if directory.is_empty() { "/" } else { directory };
            Ok(vec![Native("host", directory.into()), Native("port", port.into())])
        }
        None => Ok(vec![Native("host", value.into())]),
    }
}

/// Reads a flat dictionary as Python or JSON write it, or `name:value,name=value`.
fn server_settings(key: &'static str, value: &str) -> Result<Vec<Effect>, UrlError> {
    let invalid =
        || UrlError::invalid(key, "a flat dictionary, such as {\"search_path\": \"app\"}");
    let value = value.trim();
    let inside = match value.strip_prefix('{') {
        Some(open) => open.strip_suffix('}').ok_or_else(invalid)?,
        None => value,
    };
    let mut rest = inside.trim();
    let mut effects = Vec::new();
    while !rest.is_empty() {
        let (name, after) = word(rest, &[':', '=']).ok_or_else(invalid)?;
        let after = after.strip_prefix([':', '=']).ok_or_else(invalid)?;
        let (setting, after) = word(after.trim_start(), &[',']).ok_or_else(invalid)?;
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        if name.is_empty() || !name.chars().all(named) {
            return Err(invalid());
        }
        effects.push(match name {
            "application_name" => Native("application_name", setting.into()),
            _ => Setting(name.into(), setting.into()),
        });
        rest = match after.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if after.is_empty() => after,
            None => return Err(invalid()),
        };
    }
    Ok(effects)
}

/// A word in quotes of either kind, or bare up to a delimiter; and what follows it.
fn word<'a>(text: &'a str, delimiters: &[char]) -> Option<(&'a str, &'a str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (word, rest) = match quote {
        Some(quote) => text[1..].split_once(quote)?,
        None => {
            let (word, rest) = text.split_at(text.find(delimiters).unwrap_or(text.len()));
            (word.trim_end(), rest)
        }
    };
    (!word.contains('\\')).then_some((word, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JDBC: Flavour = Flavour::Jdbc { verifies: true };

    #[track_caller]
    fn check_for(flavour: Flavour, key: &'static str, value: &str, expected: Option<&str>) {
        let line = effects(key, value, flavour).map(|effects| {
            let one = |effect: &Effect| match effect {
                Native(name, value) => format!("{name}={value}"),
                Setting(name, value) => format!("-c{name}={value}"),
                StatementTimeout(limit) => format!("{limit:?}"),
                Pooled(on) => format!("pooled {on}"),
            };
            effects.iter().map(one).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(line.as_deref().ok(), expected, "{key}={value}: {line:?}");
    }

    #[track_caller]
    fn check(key: &'static str, value: &str, expected: Option<&str>) {
        check_for(Flavour::Libpq, key, value, expected);
    }

    #[test]
    fn ssl_is_a_switch_or_a_mode() {
        check("ssl", "true", Some("sslmode=require"));
        check("ssl", "require", Some("sslmode=require"));
        check("ssl", "prefer", Some("sslmode=prefer"));
        check("ssl", "verify-full", Some("sslmode=verify-full"));
        check("ssl", "False", Some("sslmode=disable"));
        check("ssl", "", None);
        check("ssl", "no-verify", Some("sslmode=require"));
        check_for(JDBC, "ssl", "true", Some("sslmode=verify-full"));
        check_for(JDBC, "ssl", "", Some("sslmode=verify-full"));
        check_for(Flavour::Jdbc { verifies: false }, "ssl", "true", Some("sslmode=require"));
        check("ssl_context", "True", Some("sslmode=verify-full sslrootcert=system"));
        check("ssl_context", "false", Some("sslmode=disable"));
        check("ssl_context", "<ssl.SSLContext>", None);
        check("requiressl", "1", Some("sslmode=require"));
        check("direct_tls", "true", Some("sslnegotiation=direct"));
    }

    #[test]
    fn timeouts_are_in_seconds_and_never_rounded_to_none() {
        check("timeout", "10", Some("connect_timeout=10"));
        check("timeout", "0.5", Some("connect_timeout=1"));
        check("timeout", "-1", None);
        check("timeout", "nan", None);
        check("timeout", "inf", None);
        check("timeout", "ten", None);
        check("command_timeout", "60", Some("Some(60000)"));
        check("command_timeout", "0.0001", Some("Some(1)"));
        check("command_timeout", "0", Some("None"));
        check("command_timeout", "1e99", None);
        check("socketTimeout", "30", Some("Some(30000)"));
    }

    #[test]
    fn schemas_and_settings_become_options() {
        check("schema", "app", Some("-csearch_path=app"));
        check("schema", "My App", Some("-csearch_path=\"My App\""));
        check("currentSchema", "a,public", Some("-csearch_path=a,public"));
        check("TimeZone", "UTC", Some("-ctimezone=UTC"));
        check("lock_timeout", "5s", Some("-clock_timeout=5s"));
        check(
            "server_settings",
            r#"{"application_name": "app", 'search_path': 'a, b'}"#,
            Some("application_name=app -csearch_path=a, b"),
        );
        check("server_settings", "jit:off, work_mem=1MB", Some("-cjit=off -cwork_mem=1MB"));
        check("server_settings", "", Some(""));
        check("server_settings", "jit", None);
        check("server_settings", "{jit:off", None);
        check("server_settings", "a b:off", None);
        check("server_settings", "'a':'b", None);
    }

    #[test]
    fn other_words_find_their_match() {
        check("unix_sock", "/run/pg/.s.PGSQL.5433", Some("host=/run/pg port=5433"));
        check("unix_sock", "/.s.PGSQL.1", Some("host=/ port=1"));
        check("unix_sock", "/run/pg", Some("host=/run/pg"));
        check("unix_sock", "run", None);
        check("tcp_keepalive", "true", Some("keepalives=1"));
        check("loadBalanceHosts", "true", Some("load_balance_hosts=random"));
        check("targetServerType", "preferSlave", Some("target_session_attrs=prefer-standby"));
        check("targetServerType", "best", None);
        check("pgbouncer", "true", Some("pooled true"));
        check("pgbouncer", "maybe", None);
    }
}
