//! How often the program waits for the server: over a long line that is all that counts.
//!
//! Counted by the proxy of the benches, after authentication.

#[path = "../../benches/proxy.rs"]
mod proxy;

use std::time::Duration;

use glowplug::internal::words::url::{HostName, Url};

use crate::support::{Database, INSTALLED, Project, scratch, text};

use self::proxy::{Proxy, Seen};

/// A line so slow that all that is sent at once is on its way before the first answer comes.
const LATENCY: Duration = Duration::from_millis(20);

/// A project whose database is behind a proxy.
struct Counted {
    project: Project,
    proxy: Proxy,
    database: Database,
}

impl Counted {
    /// With so many migrations of one statement each.
    fn with(migrations: usize) -> Self {
        Self::behind(Duration::ZERO, migrations)
    }

    /// The same over a slow line.
    fn far(migrations: usize) -> Self {
        Self::behind(LATENCY, migrations)
    }

    fn behind(latency: Duration, migrations: usize) -> Self {
        Self::of(Database::new(), latency, migrations)
    }

    fn of(database: Database, latency: Duration, migrations: usize) -> Self {
        let mut url: Url = database.url().parse().unwrap();
        let HostName::Socket(server) = &url.hosts[0].name else {
            panic!("the tests' servers listen on sockets")
        };
        let proxy = Proxy::before(server.as_ref(), latency);
        let directory = proxy.directory();
        url.set("host", directory.to_str().unwrap()).unwrap();
        let project = Project::new().env("DATABASE_URL", &text(&url));
        for n in 0..migrations {
            let up = format!("CREATE TABLE t{n} (id int);");
            project.migration(&format!("{n:04}_t"), &up, &format!("DROP TABLE t{n};"));
        }
        Self { project, proxy, database }
    }

    #[track_caller]
    fn run(&self, arguments: &str) -> Seen {
        self.project.run(arguments).ok();
        self.proxy.take()
    }
}

#[track_caller]
fn check(arguments: &str, seen: Seen, most: u64) {
    let counted = seen.round_trips;
    assert!(
        (1..=most).contains(&counted),
        "`glowplug {arguments}` took {counted} round trips, not {most}"
    );
}

#[test]
fn a_run_with_nothing_to_do_takes_three_round_trips() {
    let counted = Counted::with(3);
    counted.run("upgrade");
    check("upgrade", counted.run("upgrade"), 3);
}

#[test]
fn looking_takes_two_round_trips() {
    let counted = Counted::with(3);
    check("current", counted.run("current"), 2);
    counted.run("upgrade");
    check("current", counted.run("current"), 2);
    check("history", counted.run("history"), 2);
    check("upgrade --dry-run", counted.run("upgrade --dry-run"), 2);
}

#[test]
fn a_run_takes_five_round_trips_and_one_for_each_hundred_migrations() {
    for pending in [1, 10, 100, 250] {
        let counted = Counted::far(pending);
        let most = 5 + pending.div_ceil(100) as u64;
        check("upgrade", counted.run("upgrade"), most);
        check("downgrade base", counted.run("downgrade base"), most);
    }
}

#[test]
fn without_trains_each_migration_waits_for_the_one_before_it() {
    let counted = Counted::far(20);
    let seen = counted.run("upgrade --no-train");
    assert!((20..=25).contains(&seen.round_trips), "{seen:?}");
}

#[test]
fn the_statements_of_a_long_script_do_not_wait_for_each_other() {
    let script: String = (0..1_000).map(|n| format!("INSERT INTO t VALUES ({n});\n")).collect();
    let script = format!("CREATE TABLE t (x int);\n{script}");
    for (is_in_transaction, most_trips, most_bytes) in [(true, 10, 40_000), (false, 20, 200_000)] {
        let counted = Counted::far(0);
        counted.project.migration("1_a", &script, "DROP TABLE t;");
        if !is_in_transaction {
            counted.project.piecewise("1_a", &script, "DROP TABLE t;");
        }
        let seen = counted.run("upgrade");
        check("upgrade", seen, most_trips);
        // an entry of ours is longer than a statement of this script
        assert!(seen.bytes < most_bytes, "{seen:?}");
    }
}

#[test]
fn a_migration_of_one_statement_is_three_commands() {
    let commands = |pending| Counted::with(pending).run("upgrade").commands;
    assert_eq!(commands(30) - commands(20), 30);
}

/// The ledgers of such a project: with a refusing function, triggers and so many partitions each.
fn ledgers(counted: &Counted, ledgers: usize, partitions: usize) {
    let mut declared = String::new();
    let mut sql = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;".to_owned();
    for ledger in 0..ledgers {
        declared += &format!("[[ledger]]\ntable = \"public.events{ledger}\"\n");
        let by = if partitions == 0 { "" } else { " PARTITION BY RANGE (id)" };
        sql += &format!(
            "CREATE TABLE events{ledger} (id bigint PRIMARY KEY, kind text, payload jsonb){by};"
        );
        sql += &format!(
            "CREATE TRIGGER rows BEFORE UPDATE OR DELETE ON events{ledger} FOR EACH ROW EXECUTE FUNCTION refuse(); ALTER TABLE events{ledger} ENABLE ALWAYS TRIGGER rows;"
        );
        for part in 0..partitions {
            let (from, to) = (part * 1000, (part + 1) * 1000);
            sql += &format!(
                "CREATE TABLE events{ledger}_{part} PARTITION OF events{ledger} FOR VALUES FROM ({from}) TO ({to}); \
                CREATE TRIGGER whole BEFORE TRUNCATE ON events{ledger}_{part} EXECUTE FUNCTION refuse();"
            );
        }
        sql += &format!(
            "CREATE TRIGGER whole BEFORE TRUNCATE ON events{ledger} EXECUTE FUNCTION refuse();"
        );
        sql += &format!(
            "INSERT INTO events{ledger} SELECT n, 'happened', '{{}}' FROM generate_series(1, 900) n;"
        );
    }
    counted.database.execute(&sql);
    counted.project.write("glowplug.toml", &declared);
}

#[test]
fn a_guarded_migration_that_touches_no_ledger_is_three_commands_and_no_round_trip() {
    // roles that other tests make on a shared server send a migration the long way
    let server = scratch(&INSTALLED[0], &[]);
    for count in [1, 50] {
        let seen = |pending| {
            let counted = Counted::of(Database::on(&server), Duration::ZERO, pending);
            ledgers(&counted, count, 0);
            counted.run("upgrade")
        };
        let (few, many) = (seen(10), seen(30));
        // what is asked of ledgers may wait once more for somebody who appends
        assert!(many.round_trips < few.round_trips + 5, "{count} ledgers: {few:?}, {many:?}");
        assert_eq!(many.commands, few.commands + 20 * 3, "{count} ledgers: {few:?}, {many:?}");
    }
}

#[test]
fn a_guarded_migration_that_touches_no_ledger_leaves_no_more_in_the_journal_than_its_entry() {
    // where roles come between that other tests make on a shared server, a run attests anew
    let server = scratch(&INSTALLED[0], &[]);
    for (count, partitions) in [(50, 0), (1, 500)] {
        let counted = Counted::of(Database::on(&server), Duration::ZERO, 0);
        ledgers(&counted, count, partitions);
        counted.project.migration("0_first", "SELECT 1;", "");
        counted.run("upgrade");
        let before = counted.database.query("SELECT max(id) FROM __glowplug_journal");
        counted.project.migration("1_small", "CREATE TABLE small (id int);", "");
        counted.run("upgrade");
        let bytes = |kind: &str| -> u64 {
            let sql = "SELECT COALESCE(sum(octet_length(j::text)), 0) FROM __glowplug_journal j WHERE id >";
            counted.database.query(&format!("{sql} {before} AND kind {kind}")).parse().unwrap()
        };
        let (entry, attested) = (bytes("<> 'attest'"), bytes("= 'attest'"));
        assert!(entry < 500, "{count} ledgers, {partitions} partitions: {entry} bytes");
        let most = 1_000 * count as u64 + 10_000;
        assert!(attested < most, "{count} ledgers, {partitions} partitions: {attested} bytes");
    }
}
