//! Authentication methods by name, and `require_auth`.
//!
//! Only the names and the rule; that a forbidden method is never answered is the
//! [tap](super::tap)'s doing.

use std::collections::BTreeSet;
use std::fmt;

/// A way in which a server can want to know who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    None,
    Password,
    Md5,
    Gss,
    Sspi,
    ScramSha256,
    /// Known by name only: whoever requires it will be refused.
    Oauth,
}

impl Method {
    const NAMES: [(&'static str, Method); 7] = [
        ("none", Method::None),
        ("password", Method::Password),
        ("md5", Method::Md5),
        ("gss", Method::Gss),
        ("sspi", Method::Sspi),
        ("scram-sha-256", Method::ScramSha256),
        ("oauth", Method::Oauth),
    ];

    /// The method that an authentication request's code starts; later steps of one are `None`.
    pub(super) fn of_wire(code: i32) -> Option<Method> {
        match code {
            3 => Some(Method::Password),
            5 => Some(Method::Md5),
            7 => Some(Method::Gss),
            9 => Some(Method::Sspi),
            10 => Some(Method::ScramSha256),
            _ => None,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Method::NAMES.iter().find(|(_, method)| method == self);
        f.write_str(name.map_or("unknown", |(name, _)| name))
    }
}

/// The methods that the user accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequireAuth {
    allowed: BTreeSet<Method>,
}

impl RequireAuth {
    /// Reads libpq's `require_auth`: names with commas between, either all of them or none with a
    /// `!` in front.
    pub(super) fn parse(text: Option<&str>) -> Result<RequireAuth, String> {
        let every: BTreeSet<Method> = Method::NAMES.iter().map(|(_, method)| *method).collect();
        let names: Vec<&str> =
            text.unwrap_or_default().split(',').map(str::trim).filter(|n| !n.is_empty()).collect();
        let negated = names.iter().filter(|name| name.starts_with('!')).count();
        if negated != 0 && negated != names.len() {
            return Err("mixes methods with and without `!`".to_owned());
        }
        let mut listed = BTreeSet::new();
        for name in &names {
            let bare = name.trim_start_matches('!');
            let Some((_, method)) = Method::NAMES.iter().find(|(known, _)| *known == bare) else {
                return Err(format!("has the unknown method `{bare}`"));
            };
            listed.insert(*method);
        }
        let allowed = match (names.is_empty(), negated) {
            (true, _) => every,
            (false, 0) => listed,
            (false, _) => every.difference(&listed).copied().collect(),
        };
        Ok(RequireAuth { allowed })
    }

    pub(super) fn check(&self, method: Method) -> Result<(), AuthRefused> {
        if self.allowed.contains(&method) { Ok(()) } else { Err(AuthRefused { method }) }
    }
}

/// The server wants a method that `require_auth` does not allow.
#[derive(Debug, thiserror::Error)]
#[error("{}, which require_auth forbids", asks(*method))]
pub(super) struct AuthRefused {
    pub(super) method: Method,
}

fn asks(method: Method) -> String {
    match method {
        Method::None => "the server lets everyone in without a password".to_owned(),
        method => format!("the server asks for authentication method `{method}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn require_auth_is_a_list_or_a_negated_list() {
        let allows = |text, method| {
            RequireAuth::parse(Some(text)).expect("it is well formed").check(method).is_ok()
        };
        assert!(allows("md5, scram-sha-256", Method::Md5));
        assert!(!allows("md5, scram-sha-256", Method::Password));
        assert!(allows("!password,!none", Method::Md5));
        assert!(!allows("!password,!none", Method::None));
        assert!(RequireAuth::parse(Some("md5,!none")).is_err());
        assert!(RequireAuth::parse(Some("kerberos")).is_err());
    }
}
