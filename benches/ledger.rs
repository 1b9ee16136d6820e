//! Ledgers: what the guard costs per migration however many events there are, how fast rows are fingerprinted, appends through
//! the typed API against bare INSERTs, and `verify` against one plain replay.
//!
//! `cargo bench --bench ledger` runs it all; `-- guard short appends verify` only these parts, `-- guard 10000000` up to so many events.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers: it stops at the first surprise, and its result is a table"
)]

#[allow(dead_code, reason = "shared with the other bench")]
mod peers;
#[allow(dead_code, reason = "shared with the other bench")]
mod server;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use glowplug::{
    events::{EventLog, NewEvent},
    internal::words::url::{Spelling, Url},
};

use crate::{
    peers::{GLOWPLUG, print},
    server::Server,
};

const UP: &str = include_str!("../migrations/2026-11-23-090000-0000_create_events/up.sql");
const DECLARED: &str = "[[ledger]]\ntable = \"public.events\"\n";
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let most = arguments.iter().find_map(|it| it.parse().ok()).unwrap_or(1_000_000);
    let wanted: Vec<&String> = arguments.iter().filter(|it| it.parse::<u64>().is_err()).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|it| *it == part);
    println!("{}", Server::version());
    if wants("guard") {
        guard(most);
    }
    if wants("short") {
        short();
    }
    if wants("appends") {
        appends();
    }
    if wants("verify") {
        verify();
    }
}

/// A project with one migration that has nothing to do with the ledger.
struct Project {
    dir: tempfile::TempDir,
    url: Url,
}

impl Project {
    fn new(url: &Url, declares: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("diesel.toml"), "").unwrap();
        if declares {
            fs::write(dir.path().join("glowplug.toml"), DECLARED).unwrap();
        }
        fs::create_dir(dir.path().join("migrations")).unwrap();
        Self { dir, url: url.clone() }
    }

    fn migration(&self, name: &str, up: &str, down: &str) {
        let place = self.dir.path().join("migrations").join(name);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("up.sql"), up).unwrap();
        fs::write(place.join("down.sql"), down).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Duration {
        self.run_for(arguments, 0)
    }

    /// The same where it has to end with a code.
    fn run_for(&self, arguments: &[&str], code: i32) -> Duration {
        let start = Instant::now();
        let output = Command::new(&*GLOWPLUG)
            .args(arguments)
            .current_dir(self.dir.path())
            .env("DATABASE_URL", print(&self.url, Spelling::Psql))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let took = start.elapsed();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        took
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn owned(server: &Server, count: u64) -> (Url, Url) {
    let admin = server.database();
    let name = admin.database.clone().unwrap();
    let mut owner = admin.clone();
    owner.user = Some(format!("{name}_owner"));
    Server::load(
        &admin,
        &format!("CREATE ROLE {name}_owner LOGIN; ALTER DATABASE {name} OWNER TO {name}_owner; ALTER SCHEMA public OWNER TO {name}_owner; SET ROLE {name}_owner; {UP};
            INSERT INTO events (stream, kind, payload, occurred_at)
            SELECT 'stream' || n % 1000, 'happened', jsonb_build_object('n', n, 'note', repeat(md5(n::text), 2)), now() FROM generate_series(1, {count}) n;"),
    );
    Server::load(&admin, "VACUUM ANALYZE events");
    (admin, owner)
}

/// A small migration with the guard and without; and migrations that have all rows compared.
fn guard(most: u64) {
    println!(
        "\n| events | size | migration without guard | with guard | guard adds | quick fingerprint (superuser) | exact fingerprint |"
    );
    println!("|---|---|---|---|---|---|---|");
    let server = Server::usual();
    for count in [1_000, 100_000, 1_000_000, 10_000_000] {
        if count > most {
            break;
        }
        let (admin, owner) = owned(&server, count);
        let size: f64 = {
            let output = Command::new("psql")
                .args([
                    "-XAt",
                    "-d",
                    &print(&admin, Spelling::Psql),
                    "-c",
                    "SELECT pg_table_size('events')",
                ])
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
        };
        let (with, without) = (Project::new(&owner, true), Project::new(&owner, false));
        for project in [&with, &without] {
            for n in 10..50 {
                project.migration(
                    &format!("{n}_small"),
                    &format!("CREATE TABLE small{n} (id int);"),
                    &format!("DROP TABLE small{n};"),
                );
            }
        }
        // what thirty migrations more cost, so that what comes once in a run does not count
        let each = |project: &Project| {
            let few = project.run(&["upgrade", "+10"]);
            project.run(&["downgrade", "base"]);
            let many = project.run(&["upgrade", "+40"]);
            project.run(&["downgrade", "base"]);
            many.saturating_sub(few) / 30
        };
        let (mut guarded, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            plain.push(each(&without));
            guarded.push(each(&with));
        }
        let (plain, guarded) = (median(plain), median(guarded));
        // a superuser's migration has all rows hashed twice; one that takes back a DELETE has them compared exactly
        let superuser = Project::new(&admin, true);
        superuser.migration("1_small", "CREATE TABLE one (id int);", "DROP TABLE one;");
        let compared = Project::new(&owner, true);
        compared.migration(
            "1_taken_back",
            "SAVEPOINT a; ALTER TABLE events DISABLE TRIGGER events_append_only; DELETE FROM events WHERE id = 1; ROLLBACK TO a;",
            "",
        );
        let quick = superuser.run(&["upgrade"]);
        superuser.run(&["downgrade", "base"]);
        let exact = compared.run(&["upgrade"]);
        let rate = |time: Duration| 2.0 * size / 1e6 / time.as_secs_f64();
        println!(
            "| {count} | {:.0} MB | {:.1} ms | {:.1} ms | {:.1} ms | {:.2} s, {:.0} MB/s | {:.2} s, {:.0} MB/s |",
            size / 1e6,
            plain.as_secs_f64() * 1000.0,
            guarded.as_secs_f64() * 1000.0,
            (guarded.as_secs_f64() - plain.as_secs_f64()) * 1000.0,
            quick.as_secs_f64(),
            rate(quick),
            exact.as_secs_f64(),
            rate(exact),
        );
        server.drop(&admin);
    }
}

/// Migrations that touch no ledger, with the guard and without: a whole run of 301, and what each adds beside many ledgers and partitions.
fn short() {
    println!(
        "\n| ledgers | partitions of each | 301 migrations, × unguarded | unguarded | guarded | guard adds to each |"
    );
    println!("|---|---|---|---|---|---|");
    let server = Server::fast();
    for (ledgers, partitions) in [(1, 0), (50, 0), (1, 500)] {
        let (admin, owner) = owned(&server, 1_000);
        let mut declared = DECLARED.to_owned();
        let mut sql = format!("SET ROLE {};", owner.user.as_deref().unwrap());
        for ledger in 1..=ledgers {
            if ledger == 1 && partitions == 0 {
                continue;
            }
            let by = if partitions == 0 { "" } else { " PARTITION BY RANGE (id)" };
            sql += &format!(
                "CREATE TABLE e{ledger} (id bigint PRIMARY KEY, kind text){by};
                CREATE TRIGGER row BEFORE UPDATE OR DELETE ON e{ledger} FOR EACH ROW EXECUTE FUNCTION events_refuse();
                CREATE TRIGGER whole BEFORE TRUNCATE ON e{ledger} EXECUTE FUNCTION events_refuse();"
            );
            for part in 0..partitions {
                let (from, to) = (part * 1000, (part + 1) * 1000);
                sql += &format!(
                    "CREATE TABLE e{ledger}_{part} PARTITION OF e{ledger} FOR VALUES FROM ({from}) TO ({to});
                    CREATE TRIGGER whole BEFORE TRUNCATE ON e{ledger}_{part} EXECUTE FUNCTION events_refuse();"
                );
            }
            declared += &format!("[[ledger]]\ntable = \"public.e{ledger}\"\n");
        }
        Server::load(&admin, &sql);
        let (with, without) = (Project::new(&owner, true), Project::new(&owner, false));
        fs::write(with.dir.path().join("glowplug.toml"), &declared).unwrap();
        for project in [&with, &without] {
            for n in 100..401 {
                let (up, down) = match n % 3 {
                    0 => (
                        format!("CREATE TABLE t{n} (id bigint PRIMARY KEY, a text);"),
                        format!("DROP TABLE t{n};"),
                    ),
                    1 => (format!("CREATE TABLE t{n} (id int);"), format!("DROP TABLE t{n};")),
                    _ => (
                        format!("CREATE INDEX i{n} ON t{} (id);", n - 1),
                        format!("DROP INDEX i{n};"),
                    ),
                };
                project.migration(&format!("{n}_small"), &up, &down);
            }
        }
        let (mut guarded, mut plain, mut each) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let run = |project: &Project, target: &str| {
                let time = project.run(&["upgrade", target]);
                project.run(&["downgrade", "base"]);
                time
            };
            let adds = |many: Duration, few: Duration| many.saturating_sub(few) / 300;
            let (few, plain_few) = (run(&with, "+1"), run(&without, "+1"));
            let (many, plain_many) = (run(&with, "head"), run(&without, "head"));
            each.push(adds(many, few).saturating_sub(adds(plain_many, plain_few)));
            guarded.push(many);
            plain.push(plain_many);
        }
        let (plain, guarded, each) = (median(plain), median(guarded), median(each));
        println!(
            "| {ledgers} | {partitions} | {:.2} | {:.2} s | {:.2} s | {:.2} ms |",
            guarded.as_secs_f64() / plain.as_secs_f64(),
            plain.as_secs_f64(),
            guarded.as_secs_f64(),
            each.as_secs_f64() * 1000.0,
        );
        server.drop(&admin);
    }
}

/// Appends one by one, through the typed API and as bare INSERTs of tokio-postgres.
fn appends() {
    println!("\n| clients | tokio-postgres INSERT | EventLog::append | ratio |");
    println!("|---|---|---|---|");
    let server = Server::durable();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for clients in [1_usize, 8] {
        let (mut bare, mut typed) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let (admin, _) = owned(&server, 0);
            let url = print(&admin, Spelling::Psql);
            bare.push(runtime.block_on(per_second(clients, |_| bare_client(url.clone()))));
            let connections = u32::try_from(clients).unwrap();
            let log = runtime.block_on(EventLog::connect(&url, connections)).unwrap();
            let log = Arc::new(log);
            typed.push(runtime.block_on(per_second(clients, |_| {
                let log = log.clone();
                async move {
                    move || {
                        let log = log.clone();
                        async move {
                            let event = NewEvent::new(
                                "account-7",
                                "deposited",
                                serde_json::json!({ "amount": 100 }),
                            );
                            log.append(&event).await.unwrap();
                        }
                    }
                }
            })));
            drop(log);
            server.drop(&admin);
        }
        let middle = |mut rates: Vec<f64>| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        };
        let (bare, typed) = (middle(bare), middle(typed));
        println!("| {clients} | {bare:.0}/s | {typed:.0}/s | {:.2} |", typed / bare);
    }
}

async fn bare_client(
    url: String,
) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "INSERT INTO events (stream, kind, payload, occurred_at) VALUES ($1, $2, $3::text::jsonb, now())
        RETURNING id, stream, kind, payload::text, recorded_at::text, corrects";
    let statement = client.prepare(sql).await.unwrap();
    let client = Arc::new((client, statement));
    move || {
        let client = client.clone();
        Box::pin(async move {
            client
                .0
                .query(&client.1, &[&"account-7", &"deposited", &"{\"amount\": 100}"])
                .await
                .unwrap();
        })
    }
}

/// How often clients do something in a second, each one after the other.
async fn per_second<C, D, W, F>(clients: usize, client: C) -> f64
where
    C: Fn(usize) -> D,
    D: Future<Output = W>,
    W: Fn() -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    const TIME: Duration = Duration::from_secs(2);
    let mut tasks = Vec::new();
    for index in 0..clients {
        let work = client(index).await;
        tasks.push(async move {
            let (start, mut done) = (Instant::now(), 0_u32);
            while start.elapsed() < TIME {
                work().await;
                done += 1;
            }
            f64::from(done) / start.elapsed().as_secs_f64()
        });
    }
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut rate = 0.0;
    for task in tasks {
        rate += task.await.unwrap();
    }
    rate
}

/// 300 migrations verified, against one replay of them: with all as it should be, and with thirty that do not come back.
fn verify() {
    let server = Server::fast();
    println!(
        "\n| 300 migrations, a ledger declared | plain replay | verify | × replay | one more, known before |\n|---|---|---|---|---|"
    );
    for (title, left) in [
        ("all come back", None),
        ("30 leave something that is passed over", Some("CREATE SEQUENCE IF NOT EXISTS")),
        ("30 leave something that is in the way", Some("CREATE SEQUENCE")),
    ] {
        let admin = server.database();
        let project = many(&admin, left);
        let replay = project.run(&["schema", "--stdout", "--from", "migrations"]);
        let verify = |arguments: &[&str]| match left {
            None => project.run(arguments),
            Some(_) => project.run_for(arguments, 3),
        };
        let whole = verify(&["verify", "--no-cache"]);
        let again = left.is_none().then(|| {
            verify(&["verify"]);
            project.migration("300_new", "CREATE TABLE new (id int);", "DROP TABLE new;");
            verify(&["verify"])
        });
        println!(
            "| {title} | {:.2} s | {:.2} s | {:.1} | {} |",
            replay.as_secs_f64(),
            whole.as_secs_f64(),
            whole.as_secs_f64() / replay.as_secs_f64(),
            again.map(|it| format!("{:.2} s", it.as_secs_f64())).unwrap_or_default(),
        );
        server.drop(&admin);
    }
    assert!(Path::new(&*GLOWPLUG).exists());
}

/// 300 migrations, of which one in ten has to do with the ledger, and one in ten leaves a sequence, if that is wanted.
fn many(admin: &Url, left: Option<&str>) -> Project {
    let project = Project::new(admin, true);
    project.migration("000_events", UP, "DROP TABLE events; DROP FUNCTION events_refuse();");
    for n in 1..300 {
        let (mut up, down) = match n % 20 {
            2..=19 => (
                format!(
                    "CREATE TABLE t{n} (id bigint PRIMARY KEY, a int NOT NULL DEFAULT 1, b text);"
                ),
                format!("DROP TABLE t{n};"),
            ),
            0 => (
                format!("ALTER TABLE events ADD COLUMN c{n} int;"),
                format!("ALTER TABLE events DROP COLUMN c{n};"),
            ),
            _ => (
                format!("CREATE INDEX i{n} ON events (stream, kind) WHERE id > {n};"),
                format!("DROP INDEX i{n};"),
            ),
        };
        if let Some(create) = left.filter(|_| n % 10 == 6) {
            up += &format!("\n{create} left_{n};");
        }
        project.migration(&format!("{n:03}_m"), &up, &down);
    }
    project
}
