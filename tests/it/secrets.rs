//! A password that is known to these tests shows nowhere.

use std::{
    fs,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use glowplug::internal::{
    connect::{ConnectOptions, Environment, complete, connect},
    words::url::{Secrets, Spelling, Url},
};

use crate::{
    network::{Killed, Tcp, at_home, black_hole, free_port},
    support::{Database, GLOWPLUG, Project, eventually},
};

/// A piece of every password here.
const PIECE: &str = "ter2";

/// As people choose them, and as they come from generators.
const PASSWORDS: [&str; 12] = [
    "hunter2",
    "hun/ter2",
    "hun@ter2",
    "hun:ter2",
    "hun?ter2=x",
    "hun#ter2",
    "hun%ter2",
    "hun ter2",
    "hun'ter2",
    "hun\"ter2",
    "hun\\ter2&",
    "$hun+ter2é",
];

fn encoded(password: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    password.bytes().map(encode).collect()
}

/// A connection string of each kind: well-formed, and with the mistakes that people make.
fn spellings(password: &str, port: u16) -> Vec<String> {
    let good = encoded(password);
    let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
    let at = format!("127.0.0.1:{port}");
    let mut all = vec![
        format!("postgres://u:{good}@{at}/d"),
        format!("postgresql+asyncpg://u:{good}@{at}/d?ssl=prefer&nonsense_cache_size=1"),
        format!("postgresql+asyncpg://u:{good}@{at}/d?ssl=prefer&statement_cache_size=1"),
        format!("jdbc:postgresql://{at}/d?user=u&password={good}"),
        format!("postgres://{at}/d?user=u&password={good}&sslmode=verify-full"),
        format!("host=127.0.0.1 port={port} user=u dbname=d password='{quoted}'"),
        format!("postgres://u:{good}@127.0.0.1:{port},127.0.0.1:1/d"),
        format!("postgres://u:{good}@{at}/d?sslpassword={good}&sslcert=/nowhere&sslmode=require"),
    ];
    for host in [at.as_str(), "127.0.0.1:0", "[::1", "127.0.0.1:port"] {
        all.push(format!("postgres://u:{password}@{host}/d"));
    }
    if !password.contains('@') {
        // with one, what follows it is the host, and a host is shown
        all.push(format!("postgres://u:{password}"));
    }
    all.extend([
        format!("postgres:/u:{password}@{at}/d"),
        format!("postgers://u:{password}@{at}/d"),
        format!("mysql://u:{password}@{at}/d"),
        format!("\"postgres://u:{password}@{at}/d\""),
        format!("u:{password}@{at}/d"),
        format!("postgres://u:{password}@{at}/d?sslmode={password}"),
        format!("postgres://u:{password}@{at}/d?connect_timeout={password}&port={password}"),
        format!("host=127.0.0.1 port={port} user=u password={password} dbname=d"),
        format!("host=127.0.0.1 port={port} user=u pasword={password}"),
        format!("host=127.0.0.1 port={port} user=u password = {password}"),
        format!("host=127.0.0.1 port={port} user=u password='{password}"),
        format!("DATABASE_URL=postgres://u:{password}@{at}/d"),
        format!("psql postgres://u:{password}@{at}/d"),
    ]);
    all
}

#[track_caller]
fn check(what: &str, command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(PIECE), "{stream} of {what}:\n{text}");
        // in case that a line was broken in the middle of it
        let flat: String = text.split_whitespace().filter(|it| *it != "│").collect();
        assert!(!flat.contains(PIECE), "{stream} of {what}:\n{text}");
    }
    assert_ne!(output.status.code(), Some(101), "{what} panics");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Calls `work` with each number below `count`, on two threads.
fn in_parallel(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    work(number);
                }
            });
        }
    });
}

#[test]
fn no_spelling_of_a_url_shows_its_password_whatever_fails() {
    let tcp = Tcp::start(&[], "host all u 127.0.0.1/32 scram-sha-256");
    tcp.admin("CREATE ROLE u LOGIN PASSWORD 'another'");
    let dead = free_port();
    let project = at_home();
    project.migration("1_a", "SELECT 1;", "");
    let mut cases = Vec::new();
    for (index, password) in PASSWORDS.iter().enumerate() {
        let alive = spellings(password, tcp.port).into_iter().take(8);
        let all = spellings(password, dead);
        // of the ways to give them, a different one each time
        let urls = all.into_iter().chain(alive.skip(index % 4).step_by(2));
        cases.extend(urls.enumerate().map(|(which, url)| (index + which, url)));
    }
    in_parallel(cases.len(), |number| {
        let (way, url) = &cases[number];
        let mut command = project.command(GLOWPLUG);
        match way % 7 {
            0 => command.args(["current", "--database-url", url]),
            1 => command.args(["upgrade", "-v", "--database-url", url]),
            2 => command.args(["current", "--format", "json"]).env("DATABASE_URL", url),
            3 => command
                .args(["upgrade", "-v", "--format", "json", "--direct-url", url])
                .env("DATABASE_URL", url),
            4 => command.args(["url", url, "-v"]),
            5 => command.args(["url", "--for", "jdbc", "--format", "json", "--"]).arg(url),
            _ => command.args(["url", "--for", "asyncpg"]).env("DATABASE_URL", url),
        };
        check(&format!("{way}: {url}"), &mut command);
    });
    assert!(cases.len() > 300, "{}", cases.len());
}

#[test]
fn a_url_in_the_wrong_place_does_not_show_its_password() {
    let project = at_home();
    project.migration("1_a", "SELECT 1;", "");
    for password in ["hunter2", "hun/ter2", "hun@ter2", "hun ter2"] {
        let url = format!("postgres://u:{password}@127.0.0.1:1/d");
        for arguments in [
            vec![&*url],
            vec!["current", &url],
            vec!["upgrade", &url],
            vec!["downgrade", &url],
            vec!["stamp", &url],
            vec!["show", &url],
            vec!["history", "-r", &url],
            vec!["edit", &url],
            vec!["current", "--databse-url", &url],
            vec!["current", "--config", &url],
            vec!["upgrade", "--dry-run", "--migration-dir", &url],
            vec!["db", "start", "--postgres-bin", &url],
            vec!["current", "--format", &url],
            vec!["current", "--color", &url],
            vec!["upgrade", "--wait", &url],
            vec!["upgrade", "--lock-timeout", &url],
            vec!["upgrade", "--accept-edited", &url],
            vec!["url", "--for", &url],
            vec!["url", &url, &url],
            vec!["db", "install", "--major", &url],
            vec!["completions", &url],
            vec!["-v", &url],
            vec!["--database-url"],
            vec!["--database-url", &url],
        ] {
            let mut command = project.command(GLOWPLUG);
            command.args(&arguments).env("DATABASE_URL", "postgres://u@127.0.0.1:1/d");
            check(&format!("{arguments:?}"), &mut command);
        }
        let joined = [
            format!("--databse-url={url}"),
            format!("--format={url}"),
            format!("-r{url}"),
            format!("--config={url}"),
        ];
        for argument in joined {
            let mut command = project.command(GLOWPLUG);
            command.args(["history", &argument]);
            command.env("DATABASE_URL", "postgres://u@127.0.0.1:1/d");
            check(&argument, &mut command);
        }
    }
}

#[test]
fn files_with_passwords_are_not_quoted_in_errors() {
    let dead = free_port();
    let project = at_home();
    project.write("migrations/1_a/up.sql", "SELECT 1;");
    let run = |what: &str| {
        for arguments in ["current", "upgrade -v", "current --format json", "url"] {
            let mut command = project.command(GLOWPLUG);
            command.args(arguments.split(' '));
            check(&format!("{arguments} with {what}"), &mut command);
        }
    };
    for line in [
        format!("DATABASE_URL=postgres://u:hunter2@127.0.0.1:{dead}/d"),
        format!("DATABASE_URL=postgres://u:hun/ter2@127.0.0.1:{dead}/d"),
        format!("DATABASE_URL=\"postgres://u:hunter2@127.0.0.1:{dead}/d"),
        format!("DATABASE_URL='postgres://u:hun'ter2@127.0.0.1:{dead}/d'"),
        format!("DATABASE_URL: postgres://u:hunter2@127.0.0.1:{dead}/d"),
        format!("DATABASE_URL=postgres://u:hun ter2@127.0.0.1:{dead}/d"),
        format!("export DATABASE URL=postgres://u:hunter2@127.0.0.1:{dead}/d"),
        format!("hunter2\nDATABASE_URL=postgres://u:hunter2@127.0.0.1:{dead}/d"),
        format!("PGPASSWORD=hunter2\nDATABASE_URL=postgres://u@127.0.0.1:{dead}/d"),
        format!(
            "PGPASSWORD=hunter2\nPGSSLMODE=hunter2\nDATABASE_URL=postgres://u@127.0.0.1:{dead}/d"
        ),
        format!("PGPORT=hunter2\nDATABASE_URL=postgres://u@127.0.0.1:{dead}/d"),
    ] {
        project.write(".env", &line);
        run(&line);
    }
    project.write(".env", &format!("DATABASE_URL=postgres://u@127.0.0.1:{dead}/d"));
    for text in [
        format!("[database]\nurl = \"postgres://u:hunter2@127.0.0.1:{dead}/d\"\n"),
        "[database]\nurl = \"postgres://u:hunter2@127.0.0.1/d\n".to_owned(),
        "[database]\nurl = postgres://u:hunter2@127.0.0.1/d\n".to_owned(),
        "[database]\nurl = \"postgres://u:hun/ter2@127.0.0.1/d\nurl = 1\n".to_owned(),
        "[database]\nulr = \"postgres://u:hunter2@127.0.0.1/d\"\n".to_owned(),
        "[database]\npassword = \"hunter2\"\n".to_owned(),
        "[database]\nurl = [\"postgres://u:hunter2@127.0.0.1/d\"]\n".to_owned(),
        "database = \"postgres://u:hunter2@127.0.0.1/d\"\n".to_owned(),
        "[run]\nwait = \"postgres://u:hunter2@127.0.0.1/d\"\n".to_owned(),
    ] {
        project.write("glowplug.toml", &text);
        run(&text);
    }
    project.write("glowplug.toml", "");
    project.write(".env", "DATABASE_URL=service=app");
    for text in [
        "[app]\nhost=127.0.0.1\npasword=hunter2\n",
        "[app]\nhunter2\n",
        "[app]\npassword=hunter2\nport=hunter2\n",
        "[app]\nldap://u:hunter2@h\n",
        "[app]\nhost=127.0.0.1\nport=1\npassword=hunter2\n",
    ] {
        project.write(".pg_service.conf", text);
        run(text);
    }
}

#[test]
fn scripts_are_quoted_without_the_passwords_in_them() {
    let database = Database::new();
    let project = Project::at(&database);
    let scripts = [
        "CREATE ROLE x PASSWORD 'hunter2' NONSENSE;",
        "CREATE ROLE x\n  PASSWORD\n  'hunter2'\n  NONSENSE;",
        "CREATE ROLE x PASSWORD 'it''s hunter2' NONSENSE;",
        "CREATE ROLE x PASSWORD /* of hers */ 'hunter2' NONSENSE;",
        "CREATE ROLE x PASSWORD -- of hers\n'hunter2' NONSENSE;",
        "CREATE ROLE x ENCRYPTED PASSWORD E'a\\'hunter2' NONSENSE;",
        "CREATE ROLE x PASSWORD U&'hun!0074er2 hunter2' UESCAPE '!' NONSENSE;",
        "CREATE ROLE x PASSWORD $$hunter2$$ NONSENSE;",
        "CREATE ROLE x PASSWORD $a$hun$ter2$a$ NONSENSE;",
        "CREATE ROLE x PASSWORD hunter2;",
        "CREATE USER x WITH PASSWORD \"hunter2\";",
        "ALTER ROLE x SET app.password = 'hunter2' NONSENSE;",
        "SELECT set_config('app.password', 'hunter2', nonsense);",
        "SELECT nonsense, '{\"password\": \"hunter2\"}'::jsonb;",
        "SELECT nonsense, jsonb_build_object('password', 'hunter2');",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=hunter2 dbname=d' PUBLICATION p NONSENSE;",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=''hunter2'' dbname=d' PUBLICATION p NONSENSE;",
        "CREATE SUBSCRIPTION s CONNECTION 'postgres://u:hun/ter2@h/d' PUBLICATION p NONSENSE;",
        "CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'u', password 'hunter2') NONSENSE;",
        "SELECT nonsense, dblink('postgresql://u:hunter2@h/d?x=1', 'SELECT 1');",
        "SELECT nonsense, 'postgresql://h/d?user=u&password=hunter2';",
        "DO $$ BEGIN EXECUTE 'CREATE ROLE x PASSWORD ''hunter2'' NONSENSE'; END $$;",
        "DO $$ BEGIN EXECUTE format('CREATE ROLE x PASSWORD %L NONSENSE', 'a'); END $$; -- password='hunter2'",
        "DO $$ BEGIN RAISE EXCEPTION 'no: postgres://u:hunter2@h/d'; END $$;",
        "DO $$ BEGIN RAISE NOTICE 'ALTER ROLE x PASSWORD ''hunter2'''; END $$; SELECT nonsense;",
        "\\connect postgres://u:hunter2@h/d\nSELECT 1;",
        "BEGIN; CREATE ROLE x PASSWORD 'hunter2'; COMMIT;",
        "CREATE ROLE x PASSWORD 'hunter2",
    ];
    for script in scripts {
        project.migration("1_a", script, "");
        for arguments in ["upgrade -v", "upgrade --format json"] {
            let mut command = project.command(GLOWPLUG);
            command.args(arguments.split(' '));
            let said = check(&format!("{arguments} of {script}"), &mut command);
            assert!(said.contains("1_a"), "{script}: {said}");
        }
    }
}

#[test]
fn other_processes_do_not_see_the_password_while_the_program_waits() {
    let own = format!("/proc/{}/cmdline", std::process::id());
    if !fs::exists(&own).unwrap() {
        eprintln!("skipped: this system has no /proc");
        return;
    }
    let project = at_home();
    let urls = |password: &str, port: u16| {
        let good = encoded(password);
        let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
        [
            format!("postgres://u:{good}@127.0.0.1:{port}/d"),
            format!("postgres://127.0.0.1:{port}/d?user=u&password={good}"),
            format!("host=127.0.0.1 port={port} user=u dbname=d password='{quoted}'"),
            format!("host=127.0.0.1 port={port} password = '{quoted}' user=u"),
        ]
    };
    let count = PASSWORDS.len() * 4;
    in_parallel(count, |number| {
        let (_held, port) = black_hole();
        let password = PASSWORDS[number / 4];
        let url = &urls(password, port)[number % 4];
        let mut command = project.command(GLOWPLUG);
        match number % 3 {
            0 => command.args(["current", "--database-url", url]),
            1 => command.arg("current").arg(format!("--database-url={url}")),
            _ => command.args(["--direct-url", url, "current", "--database-url", url]),
        };
        let program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let program = Killed(program.unwrap());
        let table = format!("/proc/{}/net/tcp", program.0.id());
        let waiting = format!("0100007F:{port:04X} 01");
        eventually("it waits for an answer", || {
            fs::read_to_string(&table).is_ok_and(|table| table.contains(&waiting))
        });
        let title = fs::read(format!("/proc/{}/cmdline", program.0.id())).unwrap();
        let title = String::from_utf8_lossy(&title).replace('\0', " ");
        assert!(!title.contains(PIECE), "{title}");
        assert!(title.contains("current"), "{title}");
    });
}

#[test]
fn values_of_the_library_show_no_password_when_they_are_debugged() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let port = free_port();
    let options = ConnectOptions {
        application_name: "test".into(),
        deadline: std::time::Duration::ZERO,
        patience: glowplug::internal::connect::Patience::Waking,
    };
    for password in PASSWORDS {
        for text in spellings(password, port) {
            let mut shown = String::new();
            match Url::parse(&text) {
                Err(error) => shown += &format!("{error:?} {error}"),
                Ok(parsed) => {
                    shown += &format!("{parsed:?} {:#?} {}", parsed.url, parsed.url);
                    for spelling in Spelling::ALL {
                        shown += &format!("{:?}", parsed.url.print(spelling, Secrets::Masked));
                    }
                    let environment = Environment::default();
                    let mut url = parsed.url;
                    url.user.get_or_insert("u".into());
                    let url = complete(url, &environment);
                    shown += &format!("{url:?}");
                    let url = url.unwrap();
                    let mut quiet = |_| {};
                    let wire = connect(&url, &environment, &options, &mut quiet);
                    shown += &format!("{:?}", runtime.block_on(wire));
                }
            }
            assert!(!shown.contains(PIECE), "{text}: {shown}");
        }
    }
}

#[test]
fn only_reveal_shows_a_password() {
    let project = at_home();
    let url = "postgres://u:hun%2Fter2@h/d";
    for spelling in Spelling::ALL.map(Spelling::name) {
        let masked = project.run_with(&["url", url, "--for", spelling]).ok();
        assert!(masked.stdout.contains("***"), "{masked:?}");
        let shown = project.run_with(&["url", url, "--for", spelling, "--reveal"]).ok();
        assert!(
            shown.stdout.contains("hun%2Fter2") || shown.stdout.contains("hun/ter2"),
            "{shown:?}"
        );
    }
}
