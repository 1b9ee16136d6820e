//! The `url` command: every driver's spelling in, every driver's spelling out.

use crate::{network::at_home, support::Ran};

/// What is understood, as psql, and what is said about it.
#[track_caller]
fn check(from: &str, to: &str, notes: &[&str]) {
    let ran = at_home().run_with(&["url", from]).ok();
    assert_eq!(ran.stdout.trim_end(), to, "{from}");
    let said: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(said, notes, "{from}");
}

#[test]
fn every_spelling_of_a_scheme_is_read() {
    let plain = "postgresql://u:***@h:5432/d";
    check("postgres://u:p@h:5432/d", plain, &[]);
    check("postgresql://u:p@h:5432/d", plain, &[]);
    check("PostgreSQL://u:p@h:5432/d", plain, &[]);
    for driver in ["psycopg2", "psycopg", "psycopg_async", "asyncpg", "pg8000", "psycopg2cffi"] {
        for base in ["postgres", "postgresql"] {
            let note = format!(
                "dropped `+{driver}`: the name of a SQLAlchemy driver, which is not used here"
            );
            check(&format!("{base}+{driver}://u:p@h:5432/d"), plain, &[&note]);
        }
    }
    check("jdbc:postgresql://h:5432/d?user=u&password=p", plain, &[]);
    check("host=h port=5432 user=u password=p dbname=d", plain, &[]);
    check("  host = h port=5432 user='u' password='p' dbname=d ", plain, &[]);
}

#[test]
fn hosts_are_read_however_they_are_written() {
    for (from, to) in [
        ("postgres://h1:1,h2:2/d", "postgresql://h1:1,h2:2/d"),
        ("postgres:///d?host=h1:1&host=h2:2", "postgresql://h1:1,h2:2/d"),
        ("postgres:///d?host=h1,h2&port=1,2", "postgresql://h1:1,h2:2/d"),
        ("host=h1,h2 port=1,2 dbname=d", "postgresql://h1:1,h2:2/d"),
        ("postgres://[::1]:5432/d", "postgresql://[::1]:5432/d"),
        ("postgres:///d", "postgresql:///d"),
        ("postgres://", "postgresql://"),
        ("postgres:///d?host=/var/run/postgresql", "postgresql:///d?host=/var/run/postgresql"),
        ("postgres://%2Fvar%2Frun%2Fpostgresql/d", "postgresql:///d?host=/var/run/postgresql"),
        ("host=/tmp port=6000 dbname=d", "postgresql:///d?host=/tmp&port=6000"),
        ("jdbc:postgresql:d", "postgresql:///d"),
        ("host=h hostaddr=10.0.0.1 dbname=d", "postgresql://h/d?hostaddr=10.0.0.1"),
        ("postgres://u%40x@h/d%2Fe", "postgresql://u%40x@h/d%2Fe"),
    ] {
        check(from, to, &[]);
    }
    check(
        "postgresql+pg8000://u@/d?unix_sock=/run/pg/.s.PGSQL.5433",
        "postgresql://u@/d?host=/run/pg&port=5433",
        &[
            "dropped `+pg8000`: the name of a SQLAlchemy driver, which is not used here",
            "translated `unix_sock` to `host`",
        ],
    );
}

#[test]
fn each_parameter_is_kept_translated_or_dropped_by_name() {
    let base = "postgresql://h/d?";
    for (from, to, note) in [
        ("ssl=require", "sslmode=require", "translated `ssl` to `sslmode`"),
        ("ssl=true", "sslmode=require", "translated `ssl` to `sslmode`"),
        ("ssl=prefer", "sslmode=prefer", "translated `ssl` to `sslmode`"),
        ("ssl=verify-full", "sslmode=verify-full", "translated `ssl` to `sslmode`"),
        (
            "direct_tls=true&sslmode=require",
            "sslmode=require&sslnegotiation=direct",
            "translated `direct_tls` to `sslnegotiation`",
        ),
        ("timeout=10", "connect_timeout=10", "translated `timeout` to `connect_timeout`"),
        (
            "command_timeout=60",
            "options=-cstatement_timeout%3D60000",
            "translated `command_timeout` to a statement timeout",
        ),
        (
            "server_settings=%7B%22jit%22:%22off%22%7D",
            "options=-cjit%3Doff",
            "translated `server_settings` to `options`",
        ),
        ("schema=app", "options=-csearch_path%3Dapp", "translated `schema` to `options`"),
        (
            "currentSchema=app",
            "options=-csearch_path%3Dapp",
            "translated `currentSchema` to `options`",
        ),
        (
            "targetServerType=primary",
            "target_session_attrs=primary",
            "translated `targetServerType` to `target_session_attrs`",
        ),
    ] {
        let ran = at_home().run_with(&["url", &format!("{base}{from}")]).ok();
        assert_eq!(ran.stdout.trim_end(), format!("{base}{to}"), "{from}");
        assert!(ran.stderr.lines().any(|line| line == note), "{from}: {ran:?}");
    }
    for kept in [
        "sslmode=verify-full&sslrootcert=/a.pem&sslcert=/b.pem&sslkey=/c.pem",
        "sslmode=require&channel_binding=require",
        "options=-csearch_path%3Da",
        "application_name=me",
        "connect_timeout=5",
        "target_session_attrs=read-write",
    ] {
        let ran = at_home().run_with(&["url", &format!("{base}{kept}")]).ok();
        assert_eq!(ran.stderr, "", "{kept}");
        for pair in kept.split('&') {
            let (name, _) = pair.split_once('=').unwrap();
            assert!(ran.stdout.contains(name), "{kept}: {ran:?}");
        }
    }
    for dropped in [
        "prepared_statement_cache_size",
        "statement_cache_size",
        "max_cached_statement_lifetime",
        "max_cacheable_statement_size",
        "prepared_statement_name_func",
        "prepare_threshold",
        "async_fallback",
        "autocommit",
        "krbsrvname",
        "gsslib",
        "connection_limit",
        "pool_timeout",
        "prepareThreshold",
        "reWriteBatchedInserts",
        "statement-cache-capacity",
        "pool_max_conns",
    ] {
        let ran = at_home().run_with(&["url", &format!("{base}{dropped}=0")]).ok();
        assert_eq!(ran.stdout, "postgresql://h/d\n");
        assert!(ran.stderr.starts_with(&format!("dropped `{dropped}`: ")), "{ran:?}");
    }
    // other commands say it only to those who ask
    let project = at_home();
    let url = "postgres://u@127.0.0.1:1/d?pool_timeout=0";
    let silent = project.run_with(&["current", "--database-url", url]).code(1);
    assert!(!silent.stderr.contains("pool_timeout"), "{silent:?}");
    project
        .run_with(&["current", "-v", "--database-url", url])
        .code(1)
        .says(&["dropped `pool_timeout`: a Prisma setting with no effect here"]);
}

#[test]
fn one_url_is_spelled_for_every_driver() {
    let url = "postgres://u:p%40ss@h:6000/d?sslmode=require&application_name=me";
    for (driver, spelled, notes) in [
        ("psql", "postgresql://u:p%40ss@h:6000/d?sslmode=require&application_name=me", ""),
        ("diesel", "postgresql://u:p%40ss@h:6000/d?sslmode=require&application_name=me", ""),
        (
            "psycopg",
            "postgresql+psycopg://u:p%40ss@h:6000/d?sslmode=require&application_name=me",
            "",
        ),
        (
            "asyncpg",
            "postgresql+asyncpg://u:p%40ss@h:6000/d?ssl=require",
            "dropped `application_name`: asyncpg has no such parameter\n",
        ),
        (
            "jdbc",
            "jdbc:postgresql://h:6000/d?user=u&password=p%40ss&sslmode=require&ApplicationName=me",
            "",
        ),
        ("sqlx", "postgres://u:p%40ss@h:6000/d?sslmode=require&application_name=me", ""),
        (
            "JDBC",
            "jdbc:postgresql://h:6000/d?user=u&password=p%40ss&sslmode=require&ApplicationName=me",
            "",
        ),
    ] {
        let ran = at_home().run_with(&["url", url, "--for", driver, "--reveal"]).ok();
        assert_eq!((ran.stdout.trim_end(), &*ran.stderr), (spelled, notes), "{driver}");
    }
    let json = at_home().run_with(&["url", url, "--for", "asyncpg", "--format", "json"]).ok();
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["report"]["notes"][0]["parameter"], "application_name");
    assert_eq!(document["report"]["notes"][0]["what"], "dropped");
    assert_eq!(json.stderr, "");
}

#[test]
fn what_a_driver_cannot_express_is_refused_by_name() {
    for (url, driver, parameter) in [
        ("postgres://h1,h2/d", "sqlx", "host"),
        ("postgres:///d?host=/tmp", "jdbc", "host"),
        ("host=h hostaddr=10.0.0.1", "asyncpg", "hostaddr"),
        ("postgres://h/d?channel_binding=require&sslmode=require", "asyncpg", "channel_binding"),
        ("postgres://h/d?sslrootcert=system", "sqlx", "sslrootcert"),
        ("postgres://h/d?options=-cjit%3Doff", "asyncpg", "options"),
    ] {
        at_home()
            .run_with(&["url", url, "--for", driver])
            .code(1)
            .says(&[&format!("a URL for {driver} cannot express `{parameter}`"), "Remove"]);
    }
    at_home()
        .run_with(&["url", "postgres://h/d", "--for", "pgx"])
        .code(1)
        .says(&["--for: invalid value", "diesel, psql, asyncpg, psycopg, jdbc, sqlx"]);
}

#[test]
fn what_is_wrong_with_a_url_is_named_with_its_place() {
    let failure = |url: &str| -> Ran { at_home().run_with(&["url", url]).code(1) };
    for (url, says) in [
        ("mysql://u:p@h/d", "`mysql` is not a PostgreSQL scheme"),
        ("postgresql+aiopg://u:p@h/d", "is not a PostgreSQL scheme"),
        ("postgres://h/d?sslmod=require", "Did you mean `sslmode`?"),
        ("postgres://h/d?sslmode=always", "invalid value for `sslmode`"),
        ("postgres://h:port/d", "invalid value for `port`"),
        ("postgres://h:70000/d", "Allowed: 1 to 65535."),
        ("postgres://u:p/w@h/d", "unencoded `/` at character 15"),
        ("postgres://u:p%zz@h/d", "the `%` at character 15"),
        ("postgres://h/d?ssl=maybe", "invalid value for `ssl`"),
        ("postgres://h/d?sslcrldir=/x", "`sslcrldir` cannot be honored"),
        ("postgres://h/d?gssencmode=require", "invalid value for `gssencmode`"),
        ("host=h port", "the connection string"),
        ("", "the connection string is empty"),
        ("just words", "neither a URL nor `key=value` pairs"),
        ("postgres://h/d?connect_timeout=soon", "invalid value for `connect_timeout`"),
    ] {
        let ran = failure(url);
        assert_eq!(ran.stdout, "");
        ran.says(&[says, "help:"]);
    }
    // where it came from
    let project = at_home().env("DATABASE_URL", "mysql://h/d");
    project.run("current").code(1).says(&["DATABASE_URL: `mysql` is not a PostgreSQL scheme"]);
    project.write(".env", "GLOWPLUG_DIRECT_URL=nonsense\n");
    let project = project.env("DATABASE_URL", "postgres://u@127.0.0.1:1/d");
    project.run("current").code(1).says(&["GLOWPLUG_DIRECT_URL: neither a URL nor"]);
    project.write("glowplug.toml", "[database]\nurl = \"nonsense\"\n");
    let project = project.env("DATABASE_URL", "").env("GLOWPLUG_DIRECT_URL", "postgres://h");
    project.run("current").code(1).says(&["DATABASE_URL is set but empty", "--local"]);
}

#[test]
fn what_is_printed_is_read_again_as_the_same() {
    let urls = [
        "postgres://u:p%40%2F%3F%23%25@h1:1,h2:2/d?sslmode=verify-full&sslrootcert=/a b",
        "host=/tmp user='o''brien' dbname='a b' password='x y'",
        "postgres://[fe80::1%25eth0]:5432/d",
        "jdbc:postgresql://h/d?user=u&password=p&currentSchema=a,b",
        "postgresql+asyncpg://u:p@h/d?command_timeout=1.5&ssl=true",
    ];
    for url in urls {
        let url = url.replace("o''brien", "o\\'brien");
        for driver in ["psql", "diesel", "psycopg", "asyncpg", "jdbc", "sqlx"] {
            let print = |text: &str, driver: &str| {
                at_home().run_with(&["url", text, "--for", driver, "--reveal"])
            };
            let once = print(&url, driver);
            if once.code != Some(0) {
                assert!(once.stderr.contains("cannot express"), "{once:?}");
                continue;
            }
            let again = print(once.stdout.trim_end(), driver).ok();
            assert_eq!(again.stdout, once.stdout, "{url} for {driver}");
        }
    }
}
