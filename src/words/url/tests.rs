//! What the parts of this module do together: strings in, strings out, and no password in between.

use super::*;

mod noise;
mod printing;

/// Reads a string, and prints it for people to compare: the libpq URL with its passwords.
#[track_caller]
fn check(text: &str, expected: &str) -> Vec<Note> {
    match Url::parse(text) {
        Ok(Parsed { url, notes }) => {
            assert_eq!(printed(&url, Spelling::Psql), expected, "{text}");
            notes
        }
        Err(error) => panic!("{text} is refused: {error}"),
    }
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    match Url::parse(text) {
        Ok(parsed) => panic!("{text} is read as {parsed:?}"),
        Err(error) => assert_eq!(error.to_string(), expected, "{text}"),
    }
}

/// What the notes name, in order.
fn names(notes: &[Note], what: NoteKind) -> Vec<&str> {
    notes.iter().filter(|note| note.what == what).map(|note| note.parameter.as_str()).collect()
}

fn printed(url: &Url, to: Spelling) -> String {
    url.print(to, Secrets::Revealed).unwrap().0
}

#[test]
fn schemes_are_those_of_postgresql_in_any_case() {
    assert_eq!(check("postgres://u:p@h:5432/db", "postgresql://u:p@h:5432/db"), []);
    assert_eq!(check("PostgreSQL://h", "postgresql://h"), []);
    assert_eq!(check("  postgresql://h/db\n", "postgresql://h/db"), []);
    for driver in ["psycopg2", "psycopg", "psycopg_async", "psycopg2cffi", "asyncpg", "pg8000"] {
        let notes = check(&format!("postgresql+{driver}://u@h/db"), "postgresql://u@h/db");
        assert_eq!(names(&notes, NoteKind::Dropped), ["scheme"]);
        assert!(notes[0].text.contains(&format!("`+{driver}`")), "{}", notes[0].text);
    }
    check("postgres+ASYNCPG://h", "postgresql://h");
    check_error("mysql://u:p@h/db", "`mysql` is not a PostgreSQL scheme");
    check_error("asyncpg://h", "`asyncpg` is not a PostgreSQL scheme");
    check_error("hunter2://h", "`…` is not a PostgreSQL scheme");
    check_error("postgresql+hunter2://h", "`postgresql+…` is not a PostgreSQL scheme");
    check_error("jdbc:mysql://h", "`mysql` is not a PostgreSQL scheme");
    let what = "neither a URL nor `key=value` pairs, at character 1 of the connection string";
    check_error("mydb", what);
    check_error("postgresql:mydb", what);
    check_error(" ", "the connection string is empty, at character 2 of the connection string");
}

#[test]
fn parts_of_a_url_may_be_empty() {
    check("postgresql://", "postgresql://");
    check("postgresql:///", "postgresql://");
    check("postgresql:///db", "postgresql:///db");
    check("postgresql://@/db?", "postgresql:///db");
    check("postgresql://u@/db", "postgresql://u@/db");
    check("postgresql://:p@h", "postgresql://:p@h");
    check("postgresql://u:@h", "postgresql://u@h");
    check("postgresql://:5433", "postgresql://:5433");
    check("postgresql://h?&user=u&", "postgresql://u@h");
    check("postgresql://?service=prod", "postgresql:///?service=prod");
}

#[test]
fn hosts_may_be_several_sockets_or_addresses() {
    check("postgresql://h1:1,h2:2/db", "postgresql://h1:1,h2:2/db");
    check("postgresql:///db?host=h1:1&host=h2:2", "postgresql://h1:1,h2:2/db");
    check("postgresql:///db?port=1,2&host=h1,h2", "postgresql://h1:1,h2:2/db");
    check("postgresql://:5433/db?host=/run/pg", "postgresql:///db?host=/run/pg&port=5433");
    check("postgresql://u@%2Frun%2Fpg:1/db", "postgresql://u@/db?host=/run/pg&port=1");
    check("postgresql:///db?host=%40abstract", "postgresql:///db?host=%40abstract");
    check("postgresql:///db?host=@abstract", "postgresql:///db?host=%40abstract");
    check("postgresql:///db?host=/a,h:2", "postgresql:///db?host=/a,h&port=,2");
    check("postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db");
    check("postgresql://[fe80::1%25eth0]", "postgresql://[fe80::1%25eth0]");
    check("postgresql://h/db?hostaddr=10.0.0.1", "postgresql://h/db?hostaddr=10.0.0.1");
    check("postgresql://?hostaddr=10.0.0.1,::1", "postgresql://,/?hostaddr=10.0.0.1,::1");
    check("postgresql://x/db?host=h", "postgresql://h/db");
    check_error(
        "postgresql://[fe80::1%eth0]",
        "the `%` at character 22 of the connection string does not start an escape",
    );
    check_error("postgresql://::1/db", "invalid value for `host`");
    check_error("postgresql://h:99999/db", "invalid value for `port`");
    check_error("postgresql://h1,h2/db?port=1,2,3", "invalid value for `port`");
    check_error("postgresql://h1,h2/db?hostaddr=10.0.0.1", "invalid value for `hostaddr`");
}

#[test]
fn escapes_are_read_wherever_they_are_legal() {
    let all = "postgresql://u%40x:p%3A%2F%3F%23%25@h%2De/d%2Fb?application%5Fname=a%20%26b";
    check(all, "postgresql://u%40x:p%3A%2F%3F%23%25@h-e/d%2Fb?application_name=a%20%26b");
    check("postgresql://%D0%BA@h/%d0%ba", "postgresql://%D0%BA@h/%D0%BA");
    // libpq takes a plus for itself, SQLAlchemy and pgjdbc for a space.
    check(
        "postgresql://a+b@h/?application_name=a+b",
        "postgresql://a%2Bb@h/?application_name=a%2Bb",
    );
    check(
        "postgresql+psycopg://a+b@h/?application_name=a+b",
        "postgresql://a%2Bb@h/?application_name=a%20b",
    );
    check("jdbc:postgresql://h/a+b?user=a+b", "postgresql://a%20b@h/a%20b");
    check_error(
        "postgresql://u:p%ss@h",
        "the `%` at character 17 of the connection string does not start an escape",
    );
    check_error(
        "postgresql://ключ:p%@h",
        "the `%` at character 20 of the connection string does not start an escape",
    );
    check_error(
        "postgresql://h/d%00b",
        "the `%` at character 17 of the connection string does not start an escape",
    );
    check_error(
        "postgresql://h/%ff",
        "the `%` at character 16 of the connection string does not start an escape",
    );
}

#[test]
fn a_password_with_a_delimiter_is_read_or_refused_but_never_cut() {
    let notes = check("postgresql://u:p@ss@h/db", "postgresql://u:p%40ss@h/db");
    assert_eq!(names(&notes, NoteKind::Translated), ["password"]);
    assert!(notes[0].text.contains("%40") && !notes[0].text.contains("p@ss"));
    check("postgresql://u:a:b@h/db", "postgresql://u:a%3Ab@h/db");
    let unencoded =
        |c: char, at: usize| format!("unencoded `{c}` at character {at} of the connection string");
    check_error("postgresql://u:pa/ss@h/db", &unencoded('/', 18));
    check_error("postgresql://u:12/ss@h/db", &unencoded('/', 18));
    check_error("postgresql://u:pa?ss@h/db", &unencoded('?', 18));
    check_error("postgresql://u:12?a=b@h/db", &unencoded('?', 18));
    check_error("postgresql://u:12?a=1&b=c@h/db", &unencoded('?', 18));
    check_error("postgresql://u:pa#ss@h/db", &unencoded('#', 18));
    check_error("postgresql://u:12#ss@h/db", &unencoded('#', 18));
    check_error("postgresql://u:p@a/b@h/db", &unencoded('/', 19));
    check_error("postgresql://h/db/more", &unencoded('/', 18));
    check_error("postgresql://h/db#part", &unencoded('#', 18));
    let behind = |at: usize| {
        let what = "an unknown parameter after a password, at character";
        format!("{what} {at} of the connection string")
    };
    check_error("jdbc:postgresql://h/db?password=a&hunter2&user=u", &behind(35));
    check_error("postgresql://h/db?password=a&hunter2=x", &behind(30));
    check_error("postgresql://h/db?password=a&b=1&hunter2=x&b=2", &behind(34));
    check_error("password=a hunter2=x", &behind(12));
}

#[test]
fn every_driver_has_its_parameters_understood() {
    let url = "postgresql+asyncpg://u@h/db?ssl=require&timeout=10&command_timeout=1.5\
               &prepared_statement_cache_size=0&statement_cache_size=0&async_fallback=true";
    let notes = check(
        url,
        "postgresql://u@h/db?sslmode=require&options=-cstatement_timeout%3D1500&connect_timeout=10",
    );
    assert_eq!(names(&notes, NoteKind::Translated), ["ssl", "timeout", "command_timeout"]);
    assert_eq!(
        names(&notes, NoteKind::Dropped),
        ["scheme", "prepared_statement_cache_size", "statement_cache_size", "async_fallback"]
    );
    let expected =
        "dropped `prepared_statement_cache_size`: an asyncpg setting with no effect here";
    assert!(notes.iter().any(|note| note.text == expected));

    let neon = "postgresql://u:p@ep-x-pooler.neon.tech/db?sslmode=require&channel_binding=require";
    assert_eq!(check(neon, neon), []);

    let prisma =
        "postgresql://u@h/db?schema=App&pgbouncer=true&connection_limit=5&sslaccept=strict";
    let notes = check(prisma, "postgresql://u@h/db?options=-csearch_path%3D%22App%22");
    assert_eq!(names(&notes, NoteKind::Translated), ["schema", "pgbouncer"]);
    assert!(Url::parse(prisma).unwrap().url.params.pooled);

    check(
        "jdbc:postgresql://h1:1,h2:2/db?user=u&password=p&currentSchema=a,b&ApplicationName=x\
         &targetServerType=primary&loginTimeout=3&ssl=true&prepareThreshold=0",
        "postgresql://u:p@h1:1,h2:2/db?sslmode=verify-full&options=-csearch_path%3Da,b\
         &application_name=x&connect_timeout=3&target_session_attrs=primary",
    );
    let lax = "jdbc:postgresql://h/db?ssl&sslfactory=org.postgresql.ssl.NonValidatingFactory";
    check(lax, "postgresql://h/db?sslmode=require");
    check("jdbc:postgresql:db?user=u", "postgresql://u@/db");
    check("JDBC:PostgreSQL:/", "postgresql://");
    check("postgresql://h/?unix_sock=/run/.s.PGSQL.1", "postgresql:///?host=/run&port=1");
    check(
        "postgres://h/?ssl-mode=PREFER&options[jit]=off",
        "postgresql://h/?sslmode=prefer&options=-cjit%3Doff",
    );
}

#[test]
fn of_a_repeated_parameter_the_last_counts_and_the_specific_beats_the_general() {
    check("postgresql://h/?sslmode=disable&sslmode=require", "postgresql://h/?sslmode=require");
    check("postgresql://h/?sslmode=verify-ca&ssl=true", "postgresql://h/?sslmode=verify-ca");
    check("postgresql://h/?connect_timeout=5&timeout=1", "postgresql://h/?connect_timeout=5");
    check(
        "postgresql://h/?schema=a&options=-cjit%3Doff",
        "postgresql://h/?options=-cjit%3Doff%20-csearch_path%3Da",
    );
    check("host=a host=b port=1", "postgresql://b:1");
    check("postgresql://u:p@h/db?user=x&dbname=y&password=z", "postgresql://x:z@h/y");
}

#[test]
fn a_dsn_means_what_it_means_to_libpq() {
    check(
        r"host=h1,h2 port=1 user='a b' password='it\'s' dbname=db sslmode=verify-full",
        "postgresql://a%20b:it%27s@h1:1,h2:1/db?sslmode=verify-full",
    );
    check("host=/run/pg user=u", "postgresql://u@/?host=/run/pg");
    check("dbname=''", "postgresql://");
    check_error("dbname=postgres://u:pw@h/db", "invalid value for `dbname`");
    check_error(
        "host=h oops",
        "no `=` after a parameter's name, at character 8 of the connection string",
    );
}

#[test]
fn spellings_of_other_tools_are_read_with_a_note() {
    for (text, expected, dropped, translated) in [
        (
            "pgx5://u:p@h/d?x-migrations-table=m",
            "postgresql://u:p@h/d",
            vec!["x-migrations-table"],
            vec!["scheme"],
        ),
        (
            "pgsql://h/d?serverVersion=16&charset=utf8",
            "postgresql://h/d",
            vec!["serverVersion", "charset"],
            vec!["scheme"],
        ),
        ("postgis://h/d", "postgresql://h/d", vec![], vec!["scheme"]),
        (
            "r2dbc:postgresql://h/d?sslMode=require",
            "postgresql://h/d?sslmode=require",
            vec![],
            vec!["sslMode"],
        ),
        ("r2dbc:pool:postgres://h/d?maxSize=5", "postgresql://h/d", vec!["maxSize"], vec![]),
        (
            "postgres://h/d?sslmode=no-verify",
            "postgresql://h/d?sslmode=require",
            vec![],
            vec!["sslmode"],
        ),
        (" \"postgres://h/d\"\r\n", "postgresql://h/d", vec![], vec!["quotes"]),
        (
            "Host=h;Username=u;Password=a;Database=d;Pooling=true",
            "postgresql://u:a@h/d",
            vec!["Pooling"],
            vec![],
        ),
    ] {
        let notes = check(text, expected);
        assert_eq!(names(&notes, NoteKind::Dropped), dropped, "{text}");
        assert_eq!(names(&notes, NoteKind::Translated), translated, "{text}");
    }
    check_error("r2dbc:mysql://h/d", "`mysql` is not a PostgreSQL scheme");
    check_error("postgres://h/d?charset=latin1", "invalid value for `charset`");
}

#[test]
fn what_nobody_knows_is_rejected_by_name() {
    check_error("postgresql://h/?sslmod=require", "`sslmod` is not a connection parameter");
    let what = "no parameter's name before `=`, at character 17 of the connection string";
    check_error("postgresql://h/?%0a=x", what);
    let quoted = "a quotation mark, at character 1 of the connection string";
    check_error("'postgresql://u:hunter2@h/db?sslmode=require", quoted);
    check_error("\"'postgresql://u:hunter2@h/db'\"", quoted);
    check_error("''", quoted);
    let piece = "an unknown parameter after a password, at character 31 of the connection string";
    check_error("postgresql://h/?password=hunt&x-er2=1", piece);
    check_error("host=h sslmode=on", "invalid value for `sslmode`");
    check_error("postgresql://h/?connectTimeout=x", "invalid value for `connectTimeout`");
    check_error("postgresql://h/?timeout=99999999", "invalid value for `timeout`");
    check_error("postgresql://h/?replication=database", "invalid value for `replication`");
    check_error("postgresql://h/?client_encoding=latin1", "invalid value for `client_encoding`");
    check_error("postgresql://h/?gssencmode=require", "invalid value for `gssencmode`");
    check_error(
        "postgresql://h/?min_protocol_version=3.2",
        "invalid value for `min_protocol_version`",
    );
    check_error("postgresql://h/?sslcrldir=/crl", "`sslcrldir` cannot be honored");
    check_error("postgresql://h/?unix_sock=/a/.s.PGSQL.x", "invalid value for `unix_sock`");
    check("postgresql://h/?client_encoding=UTF8&replication=false", "postgresql://h");

    let help = |text: &str| {
        let error = Url::parse(text).unwrap_err();
        miette::Diagnostic::help(&error).map(|help| help.to_string()).unwrap_or_default()
    };
    assert!(help("postgresql://h/?sslmod=x").contains("Did you mean `sslmode`?"));
    assert!(help("postgresql://h/?zzz=x").contains("Remove the parameter"));
    assert_eq!(
        help("postgresql://h/?sslmode=x"),
        "Allowed: disable, allow, prefer, require, verify-ca, verify-full."
    );
}

#[test]
fn every_keyword_of_the_table_is_handled() {
    for keyword in keywords::KEYWORDS {
        for value in ["1", "true", "require", "x", "", "/x"] {
            let outcome = Url::default().set(keyword.name, value);
            let unknown = matches!(outcome, Err(UrlError::UnknownParameter { .. }));
            assert!(!unknown, "{}", keyword.name);
        }
        let nul = Url::default().set(keyword.name, "a\0b");
        assert!(
            matches!(nul, Err(UrlError::InvalidValue { parameter, .. }) if parameter == keyword.name)
        );
    }
}

#[test]
fn defaults_fill_only_what_is_unset() {
    let mut environment = Url::default();
    for (key, value) in
        [("port", "6000"), ("user", "env"), ("sslmode", "require"), ("host", "envhost")]
    {
        environment.set(key, value).unwrap();
    }
    let filled =
        |text: &str| printed(&text.parse::<Url>().unwrap().overlay(&environment), Spelling::Psql);
    assert_eq!(filled("dbname=db"), "postgresql://env@envhost:6000/db?sslmode=require");
    assert_eq!(
        filled("postgresql://me@h/?sslmode=disable"),
        "postgresql://me@h:6000/?sslmode=disable"
    );
    assert_eq!(filled("postgresql://h:1"), "postgresql://env@h:1/?sslmode=require");
}

#[test]
fn passwords_are_masked_wherever_a_url_is_shown() {
    let url: Url = "host=h user=u password=hunter2 sslkey=k sslpassword=hunter3".parse().unwrap();
    let masked = "postgresql://u:***@h/?sslkey=k&sslpassword=***";
    assert_eq!(url.masked(), masked);
    assert_eq!(url.to_string(), masked);
    assert_eq!(format!("{url:?}"), format!("Url({masked:?})"));
    assert_eq!(format!("{:?}", url.params.ssl_password), "Some(***)");
    assert!(!format!("{:?}", url.params).contains("hunter"));
    assert_eq!(url.password.as_ref().map(Secret::reveal), Some("hunter2"));
    let jdbc: Url = "host=h user=u password=hunter2".parse().unwrap();
    let (text, _) = jdbc.print(Spelling::Jdbc, Secrets::Masked).unwrap();
    assert_eq!(text, "jdbc:postgresql://h/?user=u&password=***");
}

#[test]
fn only_here_is_local() {
    let local = |text: &str| text.parse::<Url>().unwrap().is_local();
    assert!(local("postgresql:///db") && local("postgresql://localhost,[::1]/db"));
    assert!(local("host=/run/pg") && local("port=5433"));
    assert!(!local("postgresql://localhost,db.example/") && !local("hostaddr=10.0.0.1"));
}
