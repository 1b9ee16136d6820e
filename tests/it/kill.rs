//! Harm at every message of a run: whatever is killed or cut, a plain second run finishes, with every effect once.
//!
//! The migrations write into `log`, which shows what ran twice or not at all; the journal has to agree with it. By default a
//! dozen messages are hit, some of each job on each side, chosen by a seed that a failure prints; `GLOWPLUG_TEST_CASES` sets how
//! many, `GLOWPLUG_TEST_SEED` repeats a choice.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use glowplug::internal::cluster::Scratch;

use crate::{
    proxy::{Harm, Place, Proxy, Side, Then},
    sample,
    support::{Database, GLOWPLUG, INSTALLED, Project, Ran, number, psql_at, scratch, signal},
};

/// What is harmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    /// The program, by SIGKILL.
    Program,
    /// The connection.
    Connection,
    /// The backend, as an administrator ends it.
    Session,
    /// The server: a backend that is killed takes all others along, and the server recovers from its log.
    Server,
}

/// What runs when the harm is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Upgrade,
    Downgrade,
    Redo,
    SingleTransaction,
    Stamp,
}

const JOBS: [Job; 5] =
    [Job::Upgrade, Job::Downgrade, Job::Redo, Job::SingleTransaction, Job::Stamp];

impl Job {
    fn arguments(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade base",
            Self::Redo => "redo --all",
            Self::SingleTransaction => "upgrade --single-transaction",
            Self::Stamp => "stamp head",
        }
    }

    /// Whether everything is applied before it.
    fn starts_at_head(self) -> bool {
        matches!(self, Self::Downgrade | Self::Redo)
    }

    /// Whether everything is applied after it.
    fn ends_at_head(self) -> bool {
        self != Self::Downgrade
    }
}

/// What the migrations find.
const BEFORE: &str = "
    CREATE TABLE log (what text NOT NULL);
    CREATE TABLE t (x int, y int, z int);
    INSERT INTO t SELECT i, i, i FROM generate_series(1, 10) i;
    CREATE INDEX old ON t (x, y);
    CREATE TABLE p (id int) PARTITION BY RANGE (id);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
    CREATE TYPE mood AS ENUM ('glum');
";

const INDEXES_UP: &str = "
    INSERT INTO log VALUES ('2 up a');
    CREATE INDEX CONCURRENTLY named ON t (x);
    SET work_mem = '5MB';
    CREATE INDEX CONCURRENTLY ON t (y);
    INSERT INTO log SELECT '2 up b' WHERE current_setting('work_mem') = '5MB';
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uniq ON t (z);
    BEGIN;
    INSERT INTO log VALUES ('2 up c');
    INSERT INTO log VALUES ('2 up d');
    COMMIT;
    DROP INDEX CONCURRENTLY old;
    REINDEX INDEX CONCURRENTLY named;
    VACUUM t;
    INSERT INTO log VALUES ('2 up e');
";

const INDEXES_DOWN: &str = "
    CREATE INDEX CONCURRENTLY old ON t (x, y);
    INSERT INTO log VALUES ('2 down a');
    DROP INDEX CONCURRENTLY uniq;
    DROP INDEX CONCURRENTLY t_y_idx;
    BEGIN;
    INSERT INTO log VALUES ('2 down b');
    COMMIT;
    DROP INDEX CONCURRENTLY named;
";

const DETACH_UP: &str = "
    ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;
    INSERT INTO log VALUES ('3 up a');
    ALTER TYPE mood ADD VALUE 'calm';
    INSERT INTO log SELECT '3 up b' WHERE 'calm'::mood IS NOT NULL;
";

const DETACH_DOWN: &str = "
    ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (10);
    INSERT INTO log VALUES ('3 down a');
    ALTER TYPE mood RENAME VALUE 'calm' TO 'was calm';
";

/// Everything that one whole run of a version and a way writes into `log`.
const EFFECTS: [(&str, &[&str]); 8] = [
    ("1 up", &["a", "b"]),
    ("1 down", &["a", "b"]),
    ("2 up", &["a", "b", "c", "d", "e"]),
    ("2 down", &["a", "b"]),
    ("3 up", &["a", "b"]),
    ("3 down", &["a"]),
    ("4 up", &["a"]),
    ("4 down", &["a"]),
];

/// The ledger of the guarded half, with five events.
const LEDGER: &str = include_str!("../../migrations/2026-11-23-090000-0000_create_events/up.sql");
const EVENTS: &str = "INSERT INTO events (stream, kind, payload, occurred_at)
    SELECT 's', 'happened', to_jsonb(n), '2026-01-01' FROM generate_series(1, 5) n";

fn project(job: Job, guarded: bool) -> Project {
    let project = Project::new();
    let (up, down) = match guarded {
        true => {
            ("ALTER TABLE events ADD COLUMN trace int;", "ALTER TABLE events DROP COLUMN trace;")
        }
        false => ("", ""),
    };
    if guarded {
        project.write("glowplug.toml", "[[ledger]]\ntable = \"public.events\"\n");
    }
    project.migration(
        "1_start",
        "INSERT INTO log VALUES ('1 up a'); CREATE TABLE a (id int); INSERT INTO log VALUES ('1 up b');",
        "INSERT INTO log VALUES ('1 down a'); DROP TABLE a; INSERT INTO log VALUES ('1 down b');",
    );
    if job != Job::SingleTransaction {
        project.piecewise("2_indexes", INDEXES_UP, INDEXES_DOWN);
        project.piecewise("3_detach", DETACH_UP, DETACH_DOWN);
    }
    project.migration(
        "4_end",
        &format!("INSERT INTO log VALUES ('4 up a'); {up}"),
        &format!("{down} INSERT INTO log VALUES ('4 down a');"),
    );
    project
}

/// A server with two databases to copy: one before the migrations, one after.
struct Stage {
    server: Scratch,
    fresh: Database,
    applied: Database,
    guarded: bool,
}

impl Stage {
    fn new(guarded: bool) -> Self {
        let server = scratch(&INSTALLED[0], &[("synchronous_commit", "on")]);
        let prepared = || {
            let database = Database::on(&server);
            database.execute(BEFORE);
            if guarded {
                database.execute(LEDGER);
                database.execute(EVENTS);
            }
            database
        };
        let (fresh, applied) = (prepared(), prepared());
        let ran = project(Job::Upgrade, guarded).env("DATABASE_URL", &applied.url());
        ran.run("upgrade").ok();
        Self { server, fresh, applied, guarded }
    }

    /// A copy, owned by the owner of what was copied.
    fn database(&self, job: Job) -> Database {
        let template = if job.starts_at_head() { &self.applied } else { &self.fresh };
        template.copy(&self.server)
    }
}

struct Case {
    job: Job,
    victim: Victim,
    place: Place,
}

fn check(stage: &Stage, case: &Case) {
    let Case { job, victim, place } = *case;
    let database = stage.database(job);
    let admin = stage.server.url("template1");
    let crashes = crashes(&stage.server);
    if victim == Victim::Server {
        psql_at(&admin, "CHECKPOINT");
    }
    let program = Arc::new(AtomicU32::new(0));
    let proxy = Proxy::harming(&stage.server, place, harm(victim, Arc::clone(&program)));
    let project = project(job, stage.guarded);
    let child = project
        .command(GLOWPLUG)
        .args(job.arguments().split(' '))
        .env("DATABASE_URL", proxy.url(&database.name, &database.role))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    program.store(child.id(), Ordering::SeqCst);
    let first = Ran::of(child.wait_with_output().unwrap(), project.path());
    assert!(
        matches!(first.code, Some(0 | 1) | None) && !first.stderr.contains("panicked"),
        "{first:#?}"
    );
    if victim == Victim::Server && proxy.has_killed() {
        // a backend that had just ended by itself crashes nothing
        let start = std::time::Instant::now();
        while self::crashes(&stage.server) == crashes && start.elapsed().as_secs() < 10 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    let project = project.env("DATABASE_URL", &database.url());
    let mut said = finish(&project, job);
    if first.code == Some(0) && victim != Victim::Program {
        assert!(
            said.stdout.starts_with("Nothing to do") || job == Job::Redo,
            "it had said that it was done: {first:#?} {said:#?}"
        );
    }
    if job == Job::Redo {
        said = project.run("upgrade").ok();
        assert!(said.stdout.starts_with("Nothing to do"), "{said:#?}");
    }
    check_state(&database, job);
    if stage.guarded {
        check_ledger(&database, &project);
    }
    database.remove(&stage.server);
}

/// Every event is there, and nothing can change one.
fn check_ledger(database: &Database, project: &Project) {
    let events =
        "SELECT string_agg(id || kind || payload || occurred_at, ',' ORDER BY id) FROM events";
    assert_eq!(
        database.query(events),
        "1happened12026-01-01 00:00:00+00,2happened22026-01-01 00:00:00+00,3happened32026-01-01 00:00:00+00,4happened42026-01-01 00:00:00+00,5happened52026-01-01 00:00:00+00"
    );
    for sql in ["UPDATE events SET kind = 'x'", "DELETE FROM events", "TRUNCATE events"] {
        let tried = crate::support::try_psql_at(database.owner(), sql);
        assert!(tried.unwrap_err().contains("append-only"), "{sql}");
    }
    project.run("ledger verify").ok();
}

/// How often the server has fallen over, by its log.
fn crashes(server: &Scratch) -> usize {
    let log = fs::read_to_string(server.log()).unwrap();
    log.matches("all server processes terminated").count()
}

fn harm(victim: Victim, program: Arc<AtomicU32>) -> Harm {
    Box::new(move |backend| match victim {
        Victim::Program => {
            while program.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            signal("KILL", program.load(Ordering::SeqCst));
            Then::Cut
        }
        Victim::Connection => Then::Cut,
        // before there is a backend there is none to end
        _ if backend == 0 => Then::Cut,
        Victim::Session => {
            signal("TERM", backend);
            Then::GoOn
        }
        Victim::Server => {
            signal("KILL", backend);
            Then::GoOn
        }
    })
}

/// The second run, as a person types it, with what the first one advises.
fn finish(project: &Project, job: Job) -> Ran {
    match job {
        Job::Upgrade | Job::SingleTransaction => project.run("upgrade").ok(),
        Job::Downgrade | Job::Stamp => project.run(job.arguments()).ok(),
        Job::Redo => {
            let ran = project.run("upgrade");
            if ran.code == Some(0) {
                return ran;
            }
            ran.says(&["was interrupted in down.sql", "glowplug downgrade -1"]);
            project.run("downgrade -1").ok();
            project.run("upgrade").ok()
        }
    }
}

/// The log, the journal, Diesel's table and the catalog have to tell the same.
fn check_state(database: &Database, job: Job) {
    let counts = |sql: &str| -> BTreeMap<String, usize> {
        let rows = database.query(sql);
        let row = |line: &str| {
            let (key, count) = line.rsplit_once('|')?;
            Some((key.to_owned(), count.parse().ok()?))
        };
        rows.lines().filter_map(row).collect()
    };
    let logged = counts("SELECT what, count(*) FROM log GROUP BY what");
    let entries = counts(
        "SELECT version || ' ' || kind, count(*) FROM __glowplug_journal
         WHERE kind IN ('up', 'down') GROUP BY 1",
    );
    let mut wrong = String::new();
    for (run, effects) in EFFECTS {
        let times = entries.get(run).copied().unwrap_or_default();
        for effect in effects {
            let effect = format!("{run} {effect}");
            let found = logged.get(&effect).copied().unwrap_or_default();
            if found != times {
                writeln!(wrong, "{effect}: {found} times, in the journal {times} times").unwrap();
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong}{}",
        database
            .query("SELECT id, version, kind, statement, note FROM __glowplug_journal ORDER BY id")
    );

    let finished = database.query(
        "SELECT string_agg(version || kind, ' ' ORDER BY id) FROM __glowplug_journal
         WHERE kind !~ '-' AND kind NOT IN ('attest', 'refused')",
    );
    let expected = match job {
        Job::Upgrade => "1up 2up 3up 4up",
        Job::Downgrade => "1up 2up 3up 4up 4down 3down 2down 1down",
        Job::SingleTransaction => "1up 4up",
        Job::Stamp => "1stamp 2stamp 3stamp 4stamp",
        // as far as it had come back, it goes up again
        Job::Redo => {
            let back = finished.matches("down").count();
            [
                "1up 2up 3up 4up",
                "1up 2up 3up 4up 4down 4up",
                "1up 2up 3up 4up 4down 3down 3up 4up",
                "1up 2up 3up 4up 4down 3down 2down 2up 3up 4up",
                "1up 2up 3up 4up 4down 3down 2down 1down 1up 2up 3up 4up",
            ][back]
        }
    };
    assert_eq!(finished, expected);
    let tracked =
        "SELECT string_agg(version, ' ' ORDER BY version) FROM __diesel_schema_migrations";
    let expected = match job {
        Job::Downgrade => "NULL",
        Job::SingleTransaction => "1 4",
        _ => "1 2 3 4",
    };
    assert_eq!(database.query(tracked), expected);
    assert_eq!(
        database.query(
            "SELECT count(*) FROM __diesel_schema_migrations d WHERE run_on IS DISTINCT FROM
             (SELECT run_on FROM __glowplug_journal j WHERE j.version = d.version AND kind NOT IN ('attest', 'refused') ORDER BY id DESC LIMIT 1)"
        ),
        "0"
    );

    let indexes =
        "SELECT string_agg(indexrelid::regclass || CASE WHEN indisvalid THEN '' ELSE '!' END, ' '
         ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = 't'::regclass";
    let ran = job.ends_at_head() && !matches!(job, Job::SingleTransaction | Job::Stamp);
    let expected = if ran { "named t_y_idx uniq" } else { "old" };
    assert_eq!(database.query(indexes), expected);
    let partitions = database.query("SELECT count(*) FROM pg_inherits");
    assert_eq!(partitions, if ran { "0" } else { "1" });
}

/// Hits messages of all jobs.
fn hit(victim: Victim, guarded: bool, few: u64, more: u64) {
    let seed = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    let wanted = usize::try_from(sample::count(few, more)).unwrap();
    let stage = Stage::new(guarded);
    let mut cases = Vec::new();
    for job in JOBS {
        let (client, server) = count(&stage, job);
        let places = (1..=client)
            .map(|number| (Side::Client, number))
            .chain((1..=server).map(|number| (Side::Server, number)));
        cases.extend(places.map(|(side, number)| Case {
            job,
            victim,
            place: Place { side, number },
        }));
    }
    let all = cases.len();
    if wanted < all {
        fastrand::Rng::with_seed(seed).shuffle(&mut cases);
        // the first of each job on each side, then the second ones
        let mut seen = BTreeMap::new();
        cases.sort_by_cached_key(|case| {
            let count = seen.entry((case.job.arguments(), case.place.side as u8)).or_insert(0);
            *count += 1;
            *count
        });
        cases.truncate(wanted);
    }
    eprintln!("{victim:?}: {} of {all} cases, GLOWPLUG_TEST_SEED={seed}", cases.len());
    for Case { job, victim, place } in &cases {
        let case = Case { job: *job, victim: *victim, place: *place };
        let result =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&stage, &case)));
        if let Err(panic) = result {
            eprintln!("with harm to the {victim:?} at {place:?} of `{}`", job.arguments());
            std::panic::resume_unwind(panic);
        }
    }
}

/// How many messages a job without harm takes.
fn count(stage: &Stage, job: Job) -> (usize, usize) {
    let database = stage.database(job);
    let proxy = Proxy::counting(&stage.server);
    let url = proxy.url(&database.name, &database.role);
    let project = project(job, stage.guarded).env("DATABASE_URL", &url);
    project.run(job.arguments()).ok();
    check_state(&database, job);
    database.remove(&stage.server);
    proxy.counts()
}

#[test]
fn after_the_program_was_killed_at_any_message_a_second_run_finishes() {
    hit(Victim::Program, false, 8, 24);
}

#[test]
fn after_the_connection_was_cut_at_any_message_a_second_run_finishes() {
    hit(Victim::Connection, false, 8, 24);
}

#[test]
fn after_the_session_was_ended_at_any_message_a_second_run_finishes() {
    hit(Victim::Session, false, 8, 18);
}

#[test]
fn after_the_server_crashed_at_any_message_a_second_run_finishes() {
    hit(Victim::Server, false, 3, 8);
}

#[test]
fn after_the_program_was_killed_at_any_message_the_ledger_is_whole() {
    hit(Victim::Program, true, 5, 16);
}

#[test]
fn after_the_connection_was_cut_at_any_message_the_ledger_is_whole() {
    hit(Victim::Connection, true, 5, 16);
}

#[test]
fn after_the_session_was_ended_at_any_message_the_ledger_is_whole() {
    hit(Victim::Session, true, 5, 12);
}

#[test]
fn after_the_server_crashed_at_any_message_the_ledger_is_whole() {
    hit(Victim::Server, true, 3, 5);
}
