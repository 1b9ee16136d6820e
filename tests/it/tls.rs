//! Every `sslmode` against every kind of certificate, through the real program.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use glowplug::events::EventLog;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ED25519,
    RevokedCertParams, SerialNumber, date_time_ymd,
};

use crate::{
    network::{Tcp, at_home, current, free_port, refusal, signal},
    support::{GLOWPLUG, INSTALLED, Project, Ran, eventually, peer},
};

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// A certificate and its key, as PEM.
struct Pair {
    certificate: String,
    key: String,
}

/// Who signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

fn params(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = params(&[], name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Authority {
    fn new(name: &str) -> Self {
        Self::of(name, KeyPair::generate().unwrap())
    }

    fn of(name: &str, key: KeyPair) -> Self {
        Self(CertifiedIssuer::self_signed(authority_params(name), key).unwrap())
    }

    fn below(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::signed_by(authority_params(name), key, &self.0).unwrap())
    }

    fn issue(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Pair {
        self.issue_for(&KeyPair::generate().unwrap(), names, change)
    }

    fn issue_for(
        &self,
        key: &KeyPair,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Pair {
        let mut params = params(names, "db.test");
        change(&mut params);
        Pair {
            certificate: params.signed_by(key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

/// Signed by its own key, and no authority.
fn self_signed(names: &[&str], is_ca: IsCa) -> Pair {
    let key = KeyPair::generate().unwrap();
    let mut params = params(names, "db.test");
    params.is_ca = is_ca;
    Pair { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

const SSL_ONLY: &str =
    "hostssl all by_cert 127.0.0.1/32 cert\nhostssl all all 127.0.0.1/32 scram-sha-256";

/// A server that encrypts, with a role `app` whose password is `right`.
fn encrypting(pair: &Pair, client_authority: &Authority) -> Tcp {
    let tcp = Tcp::start(&[], SSL_ONLY);
    tcp.file("ca.pem", &client_authority.0.pem());
    show(&tcp, pair);
    tcp.admin("ALTER SYSTEM SET ssl_cert_file = 'server.pem'");
    tcp.admin("ALTER SYSTEM SET ssl_key_file = 'server.key'");
    tcp.admin("ALTER SYSTEM SET ssl_ca_file = 'ca.pem'");
    tcp.admin("ALTER SYSTEM SET ssl = on");
    tcp.reload();
    assert_eq!(tcp.admin("SHOW ssl"), "on");
    tcp.admin("CREATE ROLE app LOGIN PASSWORD 'right'");
    tcp.admin("CREATE ROLE by_cert LOGIN");
    tcp
}

/// Changes the server's certificate.
fn show(tcp: &Tcp, pair: &Pair) {
    tcp.file("server.pem", &pair.certificate);
    tcp.file("server.key", &pair.key);
    tcp.reload();
}

fn write(project: &Project, name: &str, text: &str) -> String {
    project.write(name, text);
    let path = project.path().join(name);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

fn dsn(tcp: &Tcp, more: &str) -> String {
    format!(
        "host=db.test hostaddr=127.0.0.1 port={} dbname=template1 user=app password=right {more}",
        tcp.port
    )
}

/// One word for how it went.
fn outcome(ran: &Ran) -> &'static str {
    let said =
        ran.stderr.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!said.contains("right"), "no password: {said}");
    let words = [
        ("issued by an authority that is not trusted here", "issuer"),
        ("its certificate is for", "name"),
        ("has no subjectAltName", "no-san"),
        ("is X.509 version 1", "version-1"),
        ("its certificate expired on 2020-01-01", "expired"),
        ("is not valid before 2120-01-01", "early"),
        ("its certificate has been revoked", "revoked"),
        ("no root certificate is known", "no-root"),
        ("does not offer encrypted connections", "plain-only"),
        ("no pg_hba.conf entry", "hba"),
        ("pg_hba.conf rejects", "hba"),
    ];
    match ran.code {
        Some(0) => "ok",
        _ => words
            .iter()
            .find(|(text, _)| said.contains(text))
            .map(|(_, word)| *word)
            .unwrap_or_else(|| panic!("unexpected: {ran:#?}")),
    }
}

fn row(name: &str, modes: &[&str], of: impl Fn(&str) -> Ran) -> String {
    let words: Vec<&str> = modes.iter().map(|mode| outcome(&of(mode))).collect();
    format!("{name}: {}", words.join(" "))
}

#[test]
fn the_events_ledger_takes_every_sslmode() {
    let authority = Authority::new("right");
    let tcp = encrypting(&authority.issue(&["db.test"], |_| {}), &authority);
    let project = at_home();
    let file = write(&project, "right.pem", &authority.0.pem());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for mode in MODES {
        let url = dsn(&tcp, &format!("sslmode={mode} sslrootcert={file}"));
        let opened = runtime.block_on(EventLog::connect(&url, 2));
        // the server lets nobody in without TLS
        assert_eq!(opened.is_ok(), mode != "disable", "{mode}: {opened:?}");
    }
}

#[test]
fn each_sslmode_accepts_the_certificates_that_libpq_would_accept() {
    let (right, wrong) = (Authority::new("right"), Authority::new("wrong"));
    let between = right.below("between");
    let good = right.issue(&["db.test"], |_| {});
    let tcp = encrypting(&good, &right);
    // passwords take their time, and other tests are about them
    tcp.rules("hostssl all all 127.0.0.1/32 trust");
    let project = at_home();
    let right_file = write(&project, "right.pem", &right.0.pem());
    let wrong_file = write(&project, "wrong.pem", &wrong.0.pem());
    let run = |mode: &str, more: &str| {
        let url = dsn(&tcp, &format!("sslmode={mode} {more}"));
        current(&project, &url)
    };
    let trusting = |file: &str| format!("sslrootcert={file}");
    let by_address = |file: &str| format!("host=127.0.0.1 sslrootcert={file}");
    let mut table = vec![
        row("good, right CA", &MODES, |mode| run(mode, &trusting(&right_file))),
        row("good, wrong CA", &MODES, |mode| run(mode, &trusting(&wrong_file))),
        row("good, no CA", &MODES, |mode| run(mode, "")),
        row("good, by address", &MODES, |mode| run(mode, &by_address(&right_file))),
    ];
    let mut check = |name: &str, pair: &Pair, more: &str| {
        show(&tcp, pair);
        table.push(row(name, &MODES[2..], |mode| run(mode, more)));
    };
    let with_address = right.issue(&["db.test", "127.0.0.1"], |_| {});
    check("address in SAN", &with_address, &by_address(&right_file));
    let other = right.issue(&["other.test"], |_| {});
    check("other name", &other, &trusting(&right_file));
    let wild = right.issue(&["*.db.test"], |_| {});
    let below = format!("host=a.db.test {}", trusting(&right_file));
    check("wildcard", &wild, &below);
    let nameless = right.issue(&[], |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    check("only a common name", &nameless, &trusting(&right_file));
    let bare = right.issue(&[], |_| {});
    check("no extensions", &bare, &trusting(&right_file));
    let old = right.issue(&["db.test"], |params| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    });
    check("expired", &old, &trusting(&right_file));
    let early = right.issue(&["db.test"], |params| {
        params.not_before = date_time_ymd(2120, 1, 1);
        params.not_after = date_time_ymd(2121, 1, 1);
    });
    check("not yet valid", &early, &trusting(&right_file));
    let alone = self_signed(&["db.test"], IsCa::NoCa);
    check("self-signed, another CA", &alone, &trusting(&right_file));
    let own = write(&project, "own.pem", &alone.certificate);
    check("self-signed, itself", &alone, &trusting(&own));
    let root = self_signed(&["db.test"], IsCa::Ca(BasicConstraints::Unconstrained));
    let own = write(&project, "root.pem", &root.certificate);
    check("self-signed CA, itself", &root, &trusting(&own));
    let mut chained = between.issue(&["db.test"], |_| {});
    check("chain without its middle", &chained, &trusting(&right_file));
    chained.certificate += &between.0.pem();
    check("chain with its middle", &chained, &trusting(&right_file));
    let ed25519 = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let ed25519 = right.issue_for(&ed25519, &["db.test"], |_| {});
    check("Ed25519", &ed25519, &trusting(&right_file));

    let expected = "\
good, right CA: hba ok ok ok ok ok
good, wrong CA: hba ok ok issuer issuer issuer
good, no CA: hba ok ok ok no-root no-root
good, by address: hba ok ok ok ok name
address in SAN: ok ok ok ok
other name: ok ok ok name
wildcard: ok ok ok ok
only a common name: ok ok ok no-san
no extensions: ok ok ok version-1
expired: ok expired expired expired
not yet valid: ok early early early
self-signed, another CA: ok issuer issuer issuer
self-signed, itself: ok ok ok ok
self-signed CA, itself: ok ok ok ok
chain without its middle: ok issuer issuer issuer
chain with its middle: ok ok ok ok
Ed25519: ok ok ok ok";
    // in the order of the modes; of the later rows the first two are left out, which never look at a certificate
    assert_eq!(table.join("\n"), expected);
}

#[test]
fn a_server_without_tls_is_reached_only_by_the_modes_that_allow_it() {
    let tcp = Tcp::start(&[], "host all all 127.0.0.1/32 scram-sha-256");
    tcp.admin("CREATE ROLE app LOGIN PASSWORD 'right'");
    let project = at_home();
    let authority = Authority::new("any");
    let root = write(&project, "root.pem", &authority.0.pem());
    let table = row("plain", &MODES, |mode| {
        current(&project, &dsn(&tcp, &format!("sslmode={mode} sslrootcert={root}")))
    });
    assert_eq!(table, "plain: ok ok ok plain-only plain-only plain-only");
    current(&project, &dsn(&tcp, "")).ok();
    current(&project, &dsn(&tcp, "sslmode=require")).code(1).says(&[
        "db.test:",
        "does not offer encrypted connections, but sslmode=require asks for one",
        "Turn ssl on in the server's postgresql.conf, or allow plain text with sslmode=prefer",
    ]);
    current(&project, &dsn(&tcp, "channel_binding=require"))
        .code(1)
        .says(&["channel_binding=require, but the connection is not encrypted"]);
}

#[test]
fn plain_and_encrypted_fall_back_on_each_other_as_pg_hba_conf_wants() {
    let authority = Authority::new("any");
    let tcp = encrypting(&authority.issue(&["db.test"], |_| {}), &authority);
    let project = at_home();
    let run = |mode: &str| current(&project, &dsn(&tcp, &format!("sslmode={mode}")));
    tcp.rules("hostnossl all all 127.0.0.1/32 scram-sha-256");
    let words: Vec<&str> = MODES[..4].iter().map(|mode| outcome(&run(mode))).collect();
    assert_eq!(words, ["ok", "ok", "ok", "hba"]);
    run("require").code(1).says(&[
        "Add a `hostssl` line for database `template1` and role `app`",
        "The connection was encrypted",
    ]);
    tcp.rules(SSL_ONLY);
    run("disable").code(1).says(&["try sslmode=require"]);
}

#[test]
fn the_systems_authorities_count_for_public_servers_and_always_verify_the_name() {
    let (right, wrong) = (Authority::new("right"), Authority::new("wrong"));
    let tcp = encrypting(&right.issue(&["db.test"], |_| {}), &right);
    let trusting = |authority: &Authority| {
        let project = at_home();
        let file = write(&project, "system.pem", &authority.0.pem());
        project.env("SSL_CERT_FILE", &file)
    };
    let (good, bad) = (trusting(&right), trusting(&wrong));
    let system = dsn(&tcp, "sslrootcert=system");
    current(&good, &system).ok();
    assert_eq!(outcome(&current(&bad, &system)), "issuer");
    let by_address = dsn(&tcp, "host=127.0.0.1 sslrootcert=system");
    assert_eq!(outcome(&current(&good, &by_address)), "name");
    // a root in the home counts without being named
    let project = at_home();
    project.write(".postgresql/root.crt", &wrong.0.pem());
    assert_eq!(outcome(&current(&project, &dsn(&tcp, "sslmode=require"))), "issuer");
    assert_eq!(outcome(&current(&project, &dsn(&tcp, ""))), "ok");
    current(&project, &dsn(&tcp, "sslmode=disable sslrootcert=system"))
        .code(1)
        .says(&["sslmode=disable and sslrootcert=system contradict each other"]);
    let nothing = at_home();
    let none = nothing.path().join("none.pem").display().to_string();
    fs::write(&none, "").unwrap();
    let nothing = nothing.env("SSL_CERT_FILE", &none).env("SSL_CERT_DIR", &none);
    current(&nothing, &system)
        .code(1)
        .says(&["this system has no trusted certificates", "ca-certificates"]);
}

#[test]
fn passwords_are_bound_to_the_channel_and_a_wrong_one_is_never_repeated() {
    let authority = Authority::new("any");
    let tcp = encrypting(&authority.issue(&["db.test"], |_| {}), &authority);
    let project = at_home();
    let run = |more: &str| current(&project, &dsn(&tcp, more));
    run("sslmode=require channel_binding=require").ok();
    run("sslmode=require channel_binding=disable").ok();
    run("sslmode=require channel_binding=require ssl_max_protocol_version=TLSv1.2").ok();
    run("sslmode=require require_auth=scram-sha-256").ok();
    run("sslmode=require require_auth=md5").code(1).says(&[
        "the server asks for authentication method `scram-sha-256`, which require_auth forbids",
    ]);
    let refused = run("sslmode=require password=hunter2").code(1).says(&[
        "password authentication failed for user \"app\" (28P01)",
        "Check the password of role `app` in the URL or PGPASSWORD.",
    ]);
    assert!(!refused.stderr.contains("hunter2"), "{refused:?}");
    let unbound = Authority::of("Ed25519", KeyPair::generate_for(&PKCS_ED25519).unwrap());
    show(&tcp, &unbound.issue(&["db.test"], |_| {}));
    run("sslmode=require").ok();
    run("sslmode=require channel_binding=require")
        .code(1)
        .says(&["channel_binding=require, but", "Ed25519"]);
    tcp.rules("hostssl all all 127.0.0.1/32 trust");
    run("sslmode=require channel_binding=require")
        .code(1)
        .says(&["channel_binding=require, but the server let everyone in without a password"]);
}

#[test]
fn a_client_certificate_is_sent_and_what_is_wrong_with_it_is_said() {
    let (right, wrong) = (Authority::new("right"), Authority::new("wrong"));
    let tcp = encrypting(&right.issue(&["db.test"], |_| {}), &right);
    let project = at_home();
    let client = |authority: &Authority, name: &str| {
        authority.issue(&[], |params| {
            params.distinguished_name.push(DnType::CommonName, name);
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        })
    };
    let written = |name: &str, pair: &Pair| {
        let certificate = write(&project, &format!("{name}.crt"), &pair.certificate);
        let key = write(&project, &format!("{name}.key"), &pair.key);
        format!("sslmode=require user=by_cert sslcert={certificate} sslkey={key}")
    };
    let run = |more: &str| current(&project, &dsn(&tcp, more));
    let good = written("good", &client(&right, "by_cert"));
    run(&good).ok();
    run("sslmode=require user=by_cert sslcert='' sslkey=''")
        .code(1)
        .says(&["connection requires a valid client certificate", "check sslcert and sslkey"]);
    run(&written("wrong", &client(&wrong, "by_cert"))).code(1).says(&[
        "the server sent the TLS alert `UnknownCA`",
        "check sslcert and sslkey, and the server's ssl_ca_file",
    ]);
    run(&written("other", &client(&right, "other")))
        .code(1)
        .says(&["certificate authentication failed for user \"by_cert\""]);
    let key = project.path().join("good.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    run(&good).code(1).says(&["good.key can be read by group or others", "chmod 0600"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let mixed = good.replace("good.key", "other.key");
    run(&mixed).code(1).says(&["client certificate", "sslcert and sslkey belong together"]);
    run(&good.replace("good.key", "none.key")).code(1).says(&[
        "private key",
        "none.key cannot be used",
        "Correct sslkey",
    ]);
    let encrypted = write(&project, "locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n");
    run(&format!("{good} sslkey={encrypted}"))
        .code(1)
        .says(&["locked.key is encrypted", "openssl pkey"]);
    // the default places
    let pair = client(&right, "by_cert");
    write(&project, ".postgresql/postgresql.crt", &pair.certificate);
    write(&project, ".postgresql/postgresql.key", &pair.key);
    run("sslmode=require user=by_cert").ok();
}

/// As PostgreSQL's manual makes them: `openssl x509 -req` without extensions.
#[test]
fn a_client_certificate_of_version_1_is_sent_as_any_other() {
    let Some(openssl) = peer("openssl") else { return };
    let authority = Authority::new("right");
    let tcp = encrypting(&authority.issue(&["db.test"], |_| {}), &authority);
    let project = at_home();
    let ca = write(&project, "ca.crt", &authority.0.pem());
    let ca_key = write(&project, "ca.key", &authority.0.key().serialize_pem());
    let run = |arguments: &[&str]| {
        let ran = project.command(&openssl).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    run(&[
        "req",
        "-new",
        "-nodes",
        "-subj",
        "/CN=by_cert",
        "-newkey",
        "rsa:2048",
        "-keyout",
        "old.key",
        "-out",
        "old.csr",
    ]);
    run(&[
        "x509",
        "-req",
        "-in",
        "old.csr",
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-CAcreateserial",
        "-days",
        "2",
        "-out",
        "old.crt",
    ]);
    if !run(&["x509", "-in", "old.crt", "-noout", "-text"]).contains("Version: 1") {
        eprintln!("skipped: this openssl makes version 3");
        return;
    }
    let path = |name: &str| project.path().join(name).display().to_string();
    fs::set_permissions(path("old.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let (certificate, key) = (path("old.crt"), path("old.key"));
    let more = format!("sslmode=require user=by_cert sslcert={certificate} sslkey={key}");
    current(&project, &dsn(&tcp, &more)).ok();
}

#[test]
fn a_revoked_certificate_is_refused_where_a_revocation_list_is_given() {
    let authority = Authority::new("any");
    let bad = authority.issue(&["db.test"], |params| {
        params.serial_number = Some(SerialNumber::from_slice(&[66]));
    });
    let good = authority.issue(&["db.test"], |_| {});
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(2120, 1, 1),
        crl_number: SerialNumber::from_slice(&[1]),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from_slice(&[66]),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&authority.0).unwrap().pem().unwrap();
    let tcp = encrypting(&bad, &authority);
    let project = at_home();
    let root = write(&project, "root.pem", &authority.0.pem());
    let list = write(&project, "list.pem", &list);
    let run = |more: &str| {
        let url = dsn(&tcp, &format!("sslmode=verify-full sslrootcert={root} {more}"));
        current(&project, &url)
    };
    run("").ok();
    assert_eq!(outcome(&run(&format!("sslcrl={list}"))), "revoked");
    show(&tcp, &good);
    run(&format!("sslcrl={list}")).ok();
    run(&format!("sslcrl={root}")).code(1).says(&["revocation list", "Correct sslcrl"]);
}

#[test]
fn tls_at_once_works_from_version_17_on_and_versions_in_between_are_agreed_on() {
    let authority = Authority::new("any");
    let tcp = encrypting(&authority.issue(&["db.test"], |_| {}), &authority);
    let project = at_home();
    let run = |more: &str| current(&project, &dsn(&tcp, more));
    let direct = run("sslmode=require sslnegotiation=direct");
    if INSTALLED[0].major() >= 17 {
        direct.ok();
    } else {
        direct.code(1).says(&["sslnegotiation=direct needs PostgreSQL 17"]);
    }
    run("sslmode=prefer sslnegotiation=direct")
        .code(1)
        .says(&["needs an sslmode that always encrypts"]);
    tcp.admin("ALTER SYSTEM SET ssl_max_protocol_version = 'TLSv1.2'");
    tcp.reload();
    run("sslmode=require channel_binding=require").ok();
    run("sslmode=require ssl_min_protocol_version=TLSv1.3")
        .code(1)
        .says(&["TLS", "ssl_min_protocol_version"]);
    run("sslmode=require ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2")
        .code(1)
        .says(&["no TLS version lies between TLSv1.3 and TLSv1.2"]);
}

#[test]
fn files_that_are_not_there_or_not_certificates_are_named() {
    let project = at_home();
    let port = free_port();
    let url = |more: &str| format!("host=127.0.0.1 port={port} sslmode=verify-full {more}");
    let missing = project.path().join("missing.pem");
    current(&project, &url(&format!("sslrootcert={}", missing.display()))).code(1).says(&[
        "root certificate",
        "missing.pem cannot be used",
        "Correct sslrootcert",
    ]);
    let text = write(&project, "text.pem", "hello\n");
    current(&project, &url(&format!("sslrootcert={text}")))
        .code(1)
        .says(&["text.pem cannot be used: it contains none in PEM format"]);
    current(&project, &url(""))
        .code(1)
        .says(&["no root certificate is known", "~/.postgresql/root.crt"]);
}

#[test]
fn an_error_in_answer_to_the_question_for_tls_is_not_believed() {
    let project = at_home();
    let lie = refusal("28P01", "send your password to evil.test");
    let port = crate::network::doorman(vec![lie], free_port());
    let url = format!("host=127.0.0.1 port={port} user=u password=p sslmode=require");
    let ran = current(&project, &url).code(1);
    assert!(!ran.stderr.contains("evil.test"), "{}", ran.stderr);
}

#[test]
fn ctrl_c_cancels_the_statement_on_the_server_over_tls_as_well() {
    let authority = Authority::new("any");
    let tcp = encrypting(&authority.issue(&["db.test"], |_| {}), &authority);
    tcp.admin("CREATE DATABASE app OWNER app");
    let project = at_home();
    let root = write(&project, "root.pem", &authority.0.pem());
    project.migration("1_slow", "SELECT pg_sleep(60);", "");
    let url = dsn(&tcp, &format!("dbname=app sslmode=verify-full sslrootcert={root}"));
    let program = project
        .command(GLOWPLUG)
        .args(["upgrade", "--database-url", &url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let sleeping = "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) \
                    WHERE usename = 'app' AND ssl AND state = 'active' AND query LIKE '%pg_sleep%'";
    eventually("the statement runs", || tcp.admin(sleeping) == "1");
    signal(program.id(), "INT");
    let ran = Ran::of(program.wait_with_output().unwrap(), project.path()).code(130);
    assert!(ran.stderr.contains("1_slow"), "{}", ran.stderr);
    eventually("no session is left", || {
        tcp.admin("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'") == "0"
    });
    let log = log(&tcp.server.log());
    assert!(log.contains("canceling statement due to user request"), "{log}");
}

fn log(path: &Path) -> String {
    fs::read_to_string(PathBuf::from(path)).unwrap()
}
