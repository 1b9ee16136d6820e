//! What neither the server nor the guard can prevent is found by the next run: rows, protection and journal that are not what the
//! last run left.

use std::process::Command;

use glowplug::internal::cluster::Binaries;

use crate::support::{Database, INSTALLED, Project, server, text};

const UP: &str = "CREATE TABLE bookings (id bigserial PRIMARY KEY, cents bigint NOT NULL, note text);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append-only'; END $$;
    CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON bookings FOR EACH ROW EXECUTE FUNCTION refuse();";
const MINIMAL: &str = "[[ledger]]\ntable = \"public.bookings\"\nlevel = \"minimal\"\n";
const APPEND: &str = "INSERT INTO bookings (cents) SELECT n * 100 FROM generate_series(1, 10) n";
const PAST: &str = "SET session_replication_role = replica;";

/// A project with ten attested rows, and ten that came later.
fn prepared() -> (Database, Project) {
    of(UP, MINIMAL)
}

fn of(up: &str, toml: &str) -> (Database, Project) {
    on(Database::new(), up, toml)
}

fn on(database: Database, up: &str, toml: &str) -> (Database, Project) {
    let project = Project::at(&database);
    project.write("glowplug.toml", toml);
    project.migration("1_bookings", up, "DROP TABLE bookings; DROP FUNCTION refuse();");
    project.run("upgrade").ok();
    database.execute(APPEND);
    next(&project, 2);
    project.run("upgrade").ok();
    database.execute(APPEND);
    (database, project)
}

/// A command finds something.
#[track_caller]
fn finds(project: &Project, command: &str, what: &str) {
    let found = project.run(command).code(3);
    assert!(found.stdout.contains(what), "{found:?}");
}

/// A migration that has nothing to do with the ledger.
fn next(project: &Project, number: u32) {
    let (up, down) =
        (format!("CREATE TABLE t{number} (id int);"), format!("DROP TABLE t{number};"));
    project.migration(&format!("{number}_beside"), &up, &down);
}

#[test]
fn rows_that_were_changed_between_two_runs_are_found_however_it_was_done() {
    let (database, project) = prepared();
    next(&project, 3);
    let ways = [
        // the triggers are as they were in the end
        "ALTER TABLE bookings DISABLE TRIGGER keep; {}; ALTER TABLE bookings ENABLE TRIGGER keep",
        // the server counts, and no trigger was touched
        "SET session_replication_role = replica; {}",
        // the server counts nothing
        "SET session_replication_role = replica; SET track_counts = off; {}",
        // the server has forgotten what it counted
        "SET session_replication_role = replica; {}; SELECT pg_stat_reset()",
    ];
    let changes = [
        (
            "UPDATE bookings SET cents = 1 WHERE id = 3",
            "UPDATE bookings SET cents = 300 WHERE id = 3",
        ),
        ("DELETE FROM bookings WHERE id = 4", "INSERT INTO bookings (id, cents) VALUES (4, 400)"),
    ];
    for way in ways {
        for (change, back) in changes {
            database.query(&way.replace("{}", change));
            project.run("upgrade").code(3).says(&[
                "public.bookings: the rows up to 10 do not match what was attested",
                "Nothing was run.",
            ]);
            finds(&project, "ledger verify", "the rows up to 10 do not match");
            project
                .run_with(&["ledger", "verify", "--accept", "no matter"])
                .code(3)
                .says(&["the rows up to 10 do not match"]);
            database.query(&format!("{PAST} {back}"));
            project.run("ledger verify").ok();
        }
    }
    project.run("upgrade").ok();
    database.query(&format!("{PAST} UPDATE bookings SET cents = 1 WHERE id = 15"));
    next(&project, 4);
    project.run("upgrade").code(3).says(&["the rows up to 20 do not match"]);
    let accept = ["ledger", "verify", "--accept", "a court said so", "--changed-history"];
    project.run_with(&accept).ok();
    project.run("upgrade").ok();
    project.run("ledger verify").ok();
}

#[test]
fn rows_without_an_order_are_compared_too() {
    let up =
        UP.replace("id bigserial PRIMARY KEY", "id uuid PRIMARY KEY DEFAULT gen_random_uuid()");
    let (database, project) = of(&up, MINIMAL);
    next(&project, 3);
    database.query(&format!("{PAST} SET track_counts = off; UPDATE bookings SET cents = cents + 1 WHERE ctid IN (SELECT ctid FROM bookings LIMIT 1)"));
    project.run("upgrade").code(3).says(&["its rows do not match what was attested"]);
    database.query(&format!("{PAST} UPDATE bookings SET cents = cents - 1 WHERE cents % 100 <> 0"));
    project.run("upgrade").code(3);
}

#[test]
fn who_is_still_appending_is_no_reason_for_a_finding() {
    let (database, project) = prepared();
    for number in 3..6 {
        next(&project, number);
        // a lower number is on its way while this runs
        database.while_held(&format!("{APPEND}; "), || {
            project.run("upgrade").ok();
        });
        database.execute(APPEND);
        project.run("ledger verify").ok();
    }
    // numbers that were taken long before they are used
    database.query("ALTER SEQUENCE bookings_id_seq INCREMENT 50");
    project.run_with(&["ledger", "verify", "--accept", "blocks of numbers"]).ok();
    database.execute(APPEND);
    next(&project, 7);
    project.run("upgrade").ok();
    database.execute("INSERT INTO bookings (id, cents) SELECT max(id) - 7, 5 FROM bookings");
    next(&project, 8);
    project.run("upgrade").ok();
    project.run("ledger verify").ok();
}

#[test]
fn columns_may_come_and_empty_ones_go_and_the_rows_are_the_same() {
    let (database, project) = prepared();
    project.run("ledger seal -o seals").ok();
    let steps = [
        "ALTER TABLE bookings ADD COLUMN source text NOT NULL DEFAULT 'api';",
        "ALTER TABLE bookings ADD COLUMN euros numeric GENERATED ALWAYS AS (cents / 100.0) STORED;",
        "ALTER TABLE bookings ADD COLUMN at timestamptz DEFAULT now();",
        "ALTER TABLE bookings DROP COLUMN note;",
        "ALTER TABLE bookings ADD COLUMN note text DEFAULT 'another';",
    ];
    for (number, up) in (3..).zip(steps) {
        project.migration(&format!("{number}_column"), up, "SELECT 1;");
        project.run("upgrade").ok();
        database.execute(APPEND);
        // what was there before is told from what came then
        database.query(&format!("{PAST} UPDATE bookings SET cents = cents WHERE id = 1"));
    }
    project.migration(
        "8_renamed",
        "ALTER TABLE bookings RENAME COLUMN cents TO amount;",
        "SELECT 1;",
    );
    project.run("upgrade").code(3);
    project.run_with(&["upgrade", "--allow-ledger-change", "a better name"]).ok();
    let verified = project.run("ledger verify --against seals").ok();
    assert!(
        verified.stdout.contains("20 rows up to 20 are unchanged since they were sealed"),
        "{verified:?}"
    );
    database.query(&format!("{PAST} UPDATE bookings SET amount = 1 WHERE id = 2"));
    let seals = "ledger verify --against seals";
    finds(&project, seals, "the rows up to 20 do not match those sealed");
    finds(&project, seals, "do not match what was attested");
}

#[test]
fn a_journal_that_somebody_wrote_to_is_not_believed() {
    let open = "ALTER TABLE __glowplug_journal DISABLE TRIGGER USER;";
    let shut = "ALTER TABLE __glowplug_journal ENABLE ALWAYS TRIGGER __glowplug_journal_row; ALTER TABLE __glowplug_journal ENABLE ALWAYS TRIGGER __glowplug_journal_truncate;";
    let forged = "INSERT INTO __glowplug_journal (id, version, name, kind, run_on, actor, tool, note) OVERRIDING SYSTEM VALUE VALUES ({}, '2', '2_beside', 'up', (SELECT run_on FROM __diesel_schema_migrations WHERE version = '2'), 'x', 'x', '[]')";
    let attest = "INSERT INTO __glowplug_journal (id, version, name, kind, actor, tool, note) OVERRIDING SYSTEM VALUE VALUES ({}, '2', '2_beside', 'attest', 'x', 'x', '{\"digest\":\"\",\"ledgers\":[]}')";
    let ways = [
        (forged.replace("{}", "9000000000000000"), "was not written by glowplug"),
        (forged.replace("{}", "900"), "was not written by glowplug"),
        (attest.replace("{}", "901"), "was not written by glowplug"),
        (
            format!(
                "{open} UPDATE __glowplug_journal SET note = '[]' WHERE kind = 'up' AND version = '1'; {shut}"
            ),
            "entries were ",
        ),
        (
            format!("{open} UPDATE __glowplug_journal SET actor = 'me' WHERE id = 1; {shut}"),
            "entries were ",
        ),
        (format!("{open} DELETE FROM __glowplug_journal WHERE id = 1; {shut}"), "entries were "),
        (format!("{open} DELETE FROM __glowplug_journal WHERE id = 2; {shut}"), "entries were "),
    ];
    for (sql, said) in ways {
        let (database, project) = prepared();
        next(&project, 3);
        database.query(&sql);
        project.run("upgrade").code(3).says(&[said]);
        project.run_with(&["upgrade", "--allow-ledger-change", "x"]).code(3).says(&[said]);
        project.run_with(&["ledger", "verify", "--accept", "x"]).code(3).says(&[said]);
        project.run_with(&["ledger", "verify", "--accept", "x", "--changed-history"]).ok();
        project.run("upgrade").ok();
        project.run("ledger verify").ok();
    }
}

#[test]
fn a_chain_that_was_written_anew_does_not_lead_to_the_head_that_is_kept_elsewhere() {
    let toml = format!("[ledger_admin]\npin_head = true\n{MINIMAL}");
    let (database, project) = of(UP, &toml);
    let lock = std::fs::read_to_string(project.path().join("glowplug.lock")).unwrap();
    let head = database.query(
        "SELECT up_sha256 FROM __glowplug_journal WHERE kind = 'attest' ORDER BY id DESC LIMIT 1",
    );
    assert!(lock.contains("[heads]") && lock.contains(&head), "{lock}");
    next(&project, 3);
    let run = project.run_with(&["--format", "json", "upgrade"]).ok();
    let newer = database.query(
        "SELECT up_sha256 FROM __glowplug_journal WHERE kind = 'attest' ORDER BY id DESC LIMIT 1",
    );
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["report"]["ledgers"]["head"], newer);
    // an older head is on the way to the newest one
    project.write("glowplug.lock", &lock);
    next(&project, 4);
    assert!(project.run("upgrade").ok().stdout.contains("Ledgers attested ("));
    // as if the last runs had not been: nothing in the database tells
    database.query(
        "ALTER TABLE __glowplug_journal DISABLE TRIGGER USER;
        DELETE FROM __glowplug_journal WHERE id > (SELECT id FROM __glowplug_journal WHERE kind = 'attest' ORDER BY id LIMIT 1 OFFSET 1);
        DELETE FROM __diesel_schema_migrations WHERE version IN ('3', '4'); DROP TABLE t3, t4;
        ALTER TABLE __glowplug_journal ENABLE ALWAYS TRIGGER __glowplug_journal_row; ALTER TABLE __glowplug_journal ENABLE ALWAYS TRIGGER __glowplug_journal_truncate",
    );
    project.run("upgrade").code(3).says(&["does not lead to the head that glowplug.lock keeps"]);
    project.run("ledger verify").code(3);
    project.run_with(&["ledger", "verify", "--accept", "x", "--changed-history"]).ok();
    project.run("upgrade").ok();
}

/// A server whose clients are here, too.
fn with_clients() -> Option<&'static Binaries> {
    INSTALLED.iter().find(|it| it.has_pg_dump() && it.has_psql())
}

/// A copy of a database, as pg_dump and psql make it.
fn restored(database: &Database, flags: &[&str], binaries: &Binaries) -> Database {
    let copy = Database::on(server(binaries.major()));
    let programs = binaries.dir();
    let dump = Command::new(programs.join("pg_dump"))
        .args(flags)
        .arg(database.admin_url())
        .output()
        .unwrap();
    assert!(dump.status.success(), "{dump:?}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), dump.stdout).unwrap();
    let psql = Command::new(programs.join("psql"))
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d"])
        .arg(copy.admin_url())
        .arg("-f")
        .arg(file.path())
        .output()
        .unwrap();
    assert!(psql.status.success(), "{psql:?}");
    copy
}

#[test]
fn a_restored_copy_is_told_from_tampering() {
    let Some(binaries) = with_clients() else {
        return;
    };
    let (database, project) = on(Database::on(server(binaries.major())), UP, MINIMAL);
    // numbers of columns that a dump does not keep
    project.migration("3_columns", "ALTER TABLE bookings DROP COLUMN note; ALTER TABLE bookings ADD COLUMN more text DEFAULT 'x';", "");
    project.run("upgrade").ok();
    database.execute(APPEND);
    let copy = restored(&database, &[], binaries);
    copy.query(&format!(
        "GRANT ALL ON SCHEMA public TO {0}; GRANT CREATE ON DATABASE {1} TO {0}",
        database.owner().user.clone().unwrap(),
        copy.name
    ));
    let mut url = copy.owner().clone();
    url.user = database.owner().user.clone();
    let project = project.env("DATABASE_URL", &text(&url));
    project.run("ledger verify").ok();
    next(&project, 4);
    project.run("upgrade").ok();
    project.run("ledger verify").ok();

    let tampered = restored(&database, &[], binaries);
    tampered.query(&format!("{PAST} UPDATE bookings SET cents = 1 WHERE id = 1"));
    let project = project.env("DATABASE_URL", &tampered.admin_url());
    project.run("upgrade").code(3).says(&["the rows up to 20 do not match what was attested"]);

    let others = restored(&database, &["--no-owner", "--no-privileges"], binaries);
    let project = project.env("DATABASE_URL", &others.admin_url());
    project
        .run("upgrade")
        .code(3)
        .says(&["This is a copy of the attested database", "ledger verify --accept \"restored\""]);
    project.run_with(&["ledger", "verify", "--accept", "restored"]).ok();
    project.run("upgrade").ok();
}

#[test]
fn what_others_do_to_a_ledger_while_a_migration_runs_is_reported_as_harm() {
    let (database, project) = prepared();
    project.migration("3_slow", "SELECT pg_sleep(2); CREATE TABLE t3 (id int);", "DROP TABLE t3;");
    let harm = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(1200));
            database.query(&format!("{PAST} UPDATE bookings SET cents = 1 WHERE id = 3"));
        });
        project.run("upgrade").code(3)
    });
    harm.says(&[
        "a ledger was harmed during this run, up to 3_slow",
        "the rows up to 20 do not match what was attested",
    ]);
    next(&project, 4);
    project.run("upgrade").code(3).says(&["the rows up to"]);
}

#[test]
fn a_file_of_seals_that_says_nothing_or_was_cut_is_an_error() {
    let (_database, project) = prepared();
    project.run("ledger seal -o seals").ok();
    let whole = std::fs::read_to_string(project.path().join("seals")).unwrap();
    for (file, said) in [
        ("", "there is no seal in the file"),
        ("\n\n", "there is no seal in the file"),
        (&whole[..whole.len() / 2], "line 1 is not a seal"),
    ] {
        project.write("cut", file);
        project.run("ledger verify --against cut").code(1).says(&[said]);
    }
    let verified = project.run("ledger verify --against seals").ok();
    assert!(!verified.stdout.contains("no seal covers"), "{verified:?}");
}
