//! What each parameter takes.

use super::*;

#[track_caller]
fn check(key: &'static str, value: &str, expected: Option<&str>) {
    let mut params = Params::default();
    let outcome = params.set(key, value);
    let pairs = params.pairs(Secrets::Revealed);
    match expected {
        Some("") => assert!(outcome.is_ok() && pairs.is_empty(), "{key}={value}: {pairs:?}"),
        Some(printed) => assert_eq!(pairs, [(key, printed.to_owned())]),
        None => assert!(
            matches!(outcome, Err(UrlError::InvalidValue { parameter, .. }) if parameter == key),
            "{key}={value}: {outcome:?}",
        ),
    }
}

#[test]
fn values_are_checked_and_kept_under_their_keyword() {
    for mode in ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] {
        check("sslmode", mode, Some(mode));
    }
    check("sslmode", "VERIFY-FULL", Some("verify-full"));
    check("sslmode", "required", None);
    check("sslmode", "", None);
    check("sslrootcert", "system", Some("system"));
    check("sslrootcert", "", Some(""));
    check("sslpassword", "x", Some("x"));
    check("sslsni", "0", Some("0"));
    check("sslsni", "no", None);
    check("sslnegotiation", "direct", Some("direct"));
    check("sslnegotiation", "later", None);
    check("ssl_min_protocol_version", "tlsv1.2", Some("TLSv1.2"));
    check("ssl_max_protocol_version", "", Some(""));
    check("ssl_max_protocol_version", "SSLv3", None);
    check("channel_binding", "require", Some("require"));
    check("channel_binding", "on", None);
    check("connect_timeout", " 10 ", Some("10"));
    check("connect_timeout", "-1", Some("0"));
    check("connect_timeout", "1.5", None);
    check("connect_timeout", "99999999999", None);
    check("load_balance_hosts", "random", Some("random"));
    check("load_balance_hosts", "1", None);
    check("target_session_attrs", "prefer-standby", Some("prefer-standby"));
    check("target_session_attrs", "master", None);
    check("keepalives", "1", Some("1"));
    check("keepalives_idle", "30", Some("30"));
    check("keepalives_idle", "-30", None);
    check("tcp_user_timeout", "4294967295", None);
    check("require_auth", "scram-sha-256,md5", Some("scram-sha-256,md5"));
    check("require_auth", "!password,!md5", Some("!password,!md5"));
    check("require_auth", "!password,md5", None);
    check("require_auth", "trust", None);
}

#[test]
fn settings_are_escaped_and_added_to_the_options() {
    let mut params = Params { options: Some("-cgeqo=off".into()), ..Params::default() };
    params.add_setting("search_path", r"a, b\c");
    assert_eq!(params.options.as_deref(), Some(r"-cgeqo=off -csearch_path=a,\ b\\c"));
}

#[test]
fn modes_are_ordered_by_strength() {
    assert!(SslMode::Disable < SslMode::Prefer && SslMode::Require < SslMode::VerifyCa);
}
