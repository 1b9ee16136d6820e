//! URLs in every spelling, and back.

use super::*;

#[test]
fn each_driver_gets_its_own_spelling() {
    #[track_caller]
    fn check(text: &str, to: Spelling, expected: Result<&str, &str>) {
        let url: Url = text.parse().unwrap();
        let outcome = url.print(to, Secrets::Revealed).map(|(text, _)| text);
        let outcome = outcome.map_err(|error| error.to_string());
        assert_eq!(outcome.as_deref().map_err(String::as_str), expected);
    }
    use Spelling::{Asyncpg, Diesel, Jdbc, Psycopg, Sqlx};
    let tls = "postgresql://u:p%40@h:1/db?sslmode=verify-full&connect_timeout=5";
    check(tls, Diesel, Ok(tls));
    check(
        tls,
        Psycopg,
        Ok("postgresql+psycopg://u:p%40@h:1/db?sslmode=verify-full&connect_timeout=5"),
    );
    check(tls, Asyncpg, Ok("postgresql+asyncpg://u:p%40@h:1/db?ssl=verify-full&timeout=5"));
    check(
        tls,
        Jdbc,
        Ok("jdbc:postgresql://h:1/db?user=u&password=p%40&sslmode=verify-full&connectTimeout=5"),
    );
    check(tls, Sqlx, Ok("postgres://u:p%40@h:1/db?sslmode=verify-full"));

    let two = "postgresql://u@h1:1,h2/db";
    check(two, Diesel, Ok(two));
    check(two, Psycopg, Ok("postgresql+psycopg://u@/db?host=h1,h2&port=1,5432"));
    check(two, Asyncpg, Ok("postgresql+asyncpg://u@/db?host=h1,h2&port=1,5432"));
    check(two, Jdbc, Ok("jdbc:postgresql://h1:1,h2/db?user=u"));
    check(two, Sqlx, Err("a URL for sqlx cannot express `host`"));

    let socket = "host=/run/pg port=5433 dbname=db";
    check(socket, Diesel, Ok("postgresql:///db?host=/run/pg&port=5433"));
    check(socket, Asyncpg, Ok("postgresql+asyncpg:///db?host=/run/pg&port=5433"));
    check(socket, Sqlx, Ok("postgres:///db?host=/run/pg&port=5433"));
    check(socket, Jdbc, Err("a URL for jdbc cannot express `host`"));
    check("host=@abs", Asyncpg, Err("a URL for asyncpg cannot express `host`"));

    check("dbname=db user=u", Jdbc, Ok("jdbc:postgresql:db?user=u"));
    check("user=u", Jdbc, Ok("jdbc:postgresql:/?user=u"));
    check("port=1", Jdbc, Ok("jdbc:postgresql://localhost:1/"));
    check("hostaddr=::1 port=1", Jdbc, Ok("jdbc:postgresql://[::1]:1/"));
    check("hostaddr=::1", Sqlx, Ok("postgres:///?hostaddr=::1"));
    check("host=h hostaddr=::1", Asyncpg, Err("a URL for asyncpg cannot express `hostaddr`"));
    check("host=fe80::1%eth0", Psycopg, Ok("postgresql+psycopg:///?host=fe80::1%25eth0"));

    let binding = "host=h channel_binding=require";
    check(binding, Jdbc, Ok("jdbc:postgresql://h/?channelBinding=require"));
    check(binding, Asyncpg, Err("a URL for asyncpg cannot express `channel_binding`"));
    check("host=h options=-cjit=off", Asyncpg, Err("a URL for asyncpg cannot express `options`"));
    check("host=h application_name=x", Asyncpg, Ok("postgresql+asyncpg://h"));
    check(
        "host=h sslrootcert=ca.pem",
        Asyncpg,
        Err("a URL for asyncpg cannot express `sslrootcert`"),
    );
    check("host=h sslrootcert=system", Sqlx, Err("a URL for sqlx cannot express `sslrootcert`"));
    check("host=h sslcrl=x", Jdbc, Err("a URL for jdbc cannot express `sslcrl`"));
    check(
        "host=h command_timeout=1.25",
        Asyncpg,
        Ok("postgresql+asyncpg://h/?command_timeout=1.25"),
    );
    check("host=h command_timeout=60", Asyncpg, Ok("postgresql+asyncpg://h/?command_timeout=60"));
}

#[test]
fn what_a_spelling_leaves_out_is_noted() {
    let url: Url = "host=h application_name=x keepalives=1 pgbouncer=true".parse().unwrap();
    let (_, notes) = url.print(Spelling::Asyncpg, Secrets::Revealed).unwrap();
    let dropped = names(&notes, NoteKind::Dropped);
    assert_eq!(dropped, ["application_name", "keepalives", "pgbouncer"]);
    assert_eq!(notes[0].text, "dropped `application_name`: asyncpg has no such parameter");
}

#[test]
fn what_is_printed_reads_back_as_the_same_url() {
    let everywhere = [
        "postgresql://",
        "postgresql:///db",
        "postgresql://h",
        "postgresql://u@h/db",
        "postgresql://u%3A%2F%40:p%20%25%2B%26%3D%23@h:6432/d%2F%3F%20b%2B?sslmode=require",
        "postgresql://[2001:db8::1]:5432/db?sslmode=verify-ca",
        "postgresql://u:ключ@h/база",
        "postgresql://u:***@h/db",
    ];
    let not_sqlx = ["postgresql://h1:1,h2:2/db", "postgresql://[::1]:1,h2:2/db?connect_timeout=3"];
    let not_jdbc = ["host=/run/pg port=5433 user=u password=p", "host=/run/a%b dbname=db"];
    let libpq_only = [
        "postgresql://,h2:5433/db",
        "host=@abs user=u",
        "host=/a,h,::1 port=1,,3 hostaddr=,10.0.0.1,",
        "host=h hostaddr=fe80::1%eth0",
        "host=fe80::1%eth0 port=1",
        "host=h sslmode=verify-full sslrootcert=system sslcert=/a%b sslkey='k e+y' sslpassword=&=? sslcrl=c \
         sslsni=0 sslnegotiation=direct ssl_min_protocol_version=TLSv1.2 ssl_max_protocol_version=TLSv1.3 \
         channel_binding=prefer options='-csearch_path=a,b -cx=\"y\"' application_name='a b' \
         fallback_application_name=f connect_timeout=7 target_session_attrs=prefer-standby \
         load_balance_hosts=random keepalives=0 keepalives_idle=1 keepalives_interval=2 keepalives_count=3 \
         tcp_user_timeout=4 passfile=/p service=s require_auth=!md5,!password",
    ];
    let psql = [Spelling::Diesel, Spelling::Psql].as_slice();
    let (sqlx, jdbc) = (Spelling::Sqlx, Spelling::Jdbc);
    let (asyncpg, psycopg) = (Spelling::Asyncpg, Spelling::Psycopg);
    for (urls, targets) in [
        (everywhere.as_slice(), Spelling::ALL.as_slice()),
        (&not_sqlx, &[asyncpg, psycopg, jdbc]),
        (&not_jdbc, &[asyncpg, psycopg, sqlx]),
        (&not_sqlx, psql),
        (&not_jdbc, psql),
        (&libpq_only, psql),
        (&libpq_only[1..2], &[psycopg]),
        (&libpq_only[3..], &[psycopg]),
    ] {
        for (text, to) in urls.iter().flat_map(|url| targets.iter().map(move |to| (*url, *to))) {
            let url: Url = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            let there = match url.print(to, Secrets::Revealed) {
                // asyncpg has no connect_timeout of 0 and the like; those are not in these lists.
                Ok((there, _)) => there,
                Err(error) => panic!("{text} for {to}: {error}"),
            };
            let back = Url::parse(&there).unwrap_or_else(|error| panic!("{there}: {error}"));
            assert!(back.url == url, "{text} for {to} is {there}, read as {back:?}");
        }
    }
}

#[test]
fn spellings_are_found_by_name() {
    for spelling in Spelling::ALL {
        assert_eq!(spelling.name().to_uppercase().parse(), Ok(spelling));
        assert_eq!(spelling.to_string(), spelling.name());
    }
    assert!("odbc".parse::<Spelling>().is_err());
}
