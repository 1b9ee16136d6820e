//! The parameters of a connection string before anyone has asked what they mean.

use crate::words::url::error::UrlError;

/// One `key=value`, decoded.
pub(super) struct Pair {
    pub(super) key: String,
    pub(super) value: String,
    /// What to report if nobody knows the key, because it may be a piece of a password that was cut.
    pub(super) doubt: Option<UrlError>,
}

/// Whose rules a connection string follows where drivers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// libpq, and everything that does not say otherwise.
    Libpq,
    /// SQLAlchemy: in a query, `+` is a space.
    SqlAlchemy,
    /// pgjdbc: the same, and `ssl=true` verifies, unless `sslfactory` names the class that does not.
    Jdbc {
        /// Whether certificates are verified.
        verifies: bool,
    },
}

/// Whether a text looks like a parameter's name at all, so that an error may show it.
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
    !text.is_empty() && text.chars().all(allowed)
}

/// Whether what follows a parameter may be the rest of a password.
pub(super) fn is_secret(key: &str) -> bool {
    matches!(
        key,
        "password"
            | "sslpassword"
            | "oauth_client_secret"
            | "scram_client_key"
            | "scram_server_key"
    )
}

/// Puts parameters in the order in which they can be applied: of a repeated one only the last, general before
/// specific (`ssl` before `sslmode`), hosts before what is counted against them.
pub(super) fn in_order(pairs: Vec<Pair>) -> Vec<Pair> {
    let mut kept: Vec<Pair> = Vec::new();
    for mut pair in pairs {
        if let Some(earlier) = kept.iter().position(|earlier| earlier.key == pair.key) {
            let earlier = kept.remove(earlier);
            pair.doubt = earlier.doubt.or(pair.doubt);
        }
        kept.push(pair);
    }
    kept.sort_by_key(|pair| match pair.key.as_str() {
        "options" | "host" | "PGHOST" | "ssl" | "ssl_context" | "requiressl" | "timeout"
        | "loginTimeout" => 0,
        "hostaddr" => 1,
        _ => 2,
    });
    kept
}
