//! The daily workflow, as a person types it.

use std::{fs, process::Command};

use serde_json::Value;
use snapbox::{IntoData as _, assert_data_eq, data::Inline, str};

use crate::support::{Database, GLOWPLUG, Project, Ran, eventually, peer};

const TABLE: (&str, &str) = ("CREATE TABLE a (id int);", "DROP TABLE a;");

/// Five migrations whose versions have different widths: in the order of strings, as Diesel sorts them.
const NAMES: [&str; 5] =
    ["1_a", "2026-01-02-030405_b", "2026-01-02-030405-0001_c c", "21_d", "3_e"];

fn five(database: &Database) -> Project {
    let project = Project::at(database);
    for name in NAMES {
        let table = &name[name.find('_').unwrap() + 1..];
        project.migration(
            name,
            &format!("CREATE TABLE \"{table}\" (id int);"),
            &format!("DROP TABLE \"{table}\";"),
        );
    }
    project
}

/// The catalog as it matters here: relations with their columns, and the tracking table.
fn catalog(database: &Database) -> String {
    database.query(
        "SELECT c.relname, a.attname, a.atttypid::regtype, a.attnotnull FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_|information_schema' \
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum",
    )
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:#?}"))
}

#[track_caller]
fn check(ran: &Ran, database: &Database, expected: Inline) {
    assert_data_eq!(ran.told(database), expected.raw());
}

#[test]
fn a_migration_goes_up_and_down_and_up_again() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", TABLE.0, TABLE.1);

    let up = project.run("upgrade").ok();
    assert_eq!(up.stdout, "Applied 1 migration: base -> 1 (head).\n");
    assert_eq!(up.stderr, "up    1_a  ([TIME])\n");
    let again = project.run("upgrade").ok();
    assert_eq!(again.stdout, format!("Nothing to do: {} is at 1 (head).\n", database.name));
    assert_eq!(again.stderr, "");
    let down = project.run("downgrade -1").ok();
    assert_eq!(down.stdout, "Reverted 1 migration: 1 (head) -> base.\n");
    project.run("upgrade").ok();
    project.run("redo").ok();

    assert_eq!(database.query("SELECT to_regclass('a') IS NOT NULL"), "t");
    let kinds = database.query("SELECT kind, actor FROM __glowplug_journal ORDER BY id");
    assert_eq!(kinds, "up|tester\ndown|tester\nup|tester\ndown|tester\nup|tester");
}

/// What `--dry-run` makes of a target, with so many of the five applied: `from -> to`, or what is wrong.
#[test]
fn every_target_of_the_grammar_is_understood_or_refused_by_name() {
    let database = Database::new();
    let project = five(&database);
    let cases = [
        (0, "upgrade head", "base -> 3 (head)"),
        (0, "upgrade heads", "base -> 3 (head)"),
        (0, "upgrade +2", "base -> 20260102030405"),
        (0, "upgrade +0", "nothing"),
        (0, "upgrade base", "nothing"),
        (0, "upgrade current", "nothing"),
        (0, "upgrade head-1", "base -> 21"),
        (0, "upgrade base+1", "base -> 1"),
        (0, "upgrade 21", "base -> 21"),
        (0, "upgrade 202601020304050001", "base -> 202601020304050001"),
        (0, "upgrade 20260102030405", "base -> 20260102030405"),
        (0, "upgrade 2026-01-02-030405-0001", "base -> 202601020304050001"),
        (0, "upgrade 2026-01-02-030405_b", "base -> 20260102030405"),
        (0, "upgrade 1+2", "base -> 202601020304050001"),
        (0, "upgrade 3_e", "base -> 3 (head)"),
        (0, "upgrade 2026", "`2026` is ambiguous: 20260102030405, 202601020304050001"),
        (0, "upgrade 2", "`2` is ambiguous: 20260102030405, 202601020304050001, 21"),
        (0, "upgrade 9", "no migration matches `9`"),
        (0, "upgrade junk", "no migration matches `junk`"),
        (0, "upgrade HEAD", "no migration matches `HEAD`"),
        (0, "upgrade +1junk", "no migration matches `+1junk`"),
        (0, "upgrade 1:3", "no migration matches `1:3`"),
        (0, "upgrade +9", "`+9` is out of range: only 5 migrations are pending"),
        (0, "upgrade head-9", "`head-9` is out of range: only 5 steps down to base"),
        (0, "upgrade head+1", "`head+1` is out of range: only 0 steps up to the newest migration"),
        (0, "upgrade -1", "-1 is older than the current revision"),
        (0, "downgrade base", "nothing"),
        (0, "downgrade -1", "`-1` is out of range: only 0 migrations are applied"),
        (0, "downgrade 1", "1 is not applied: the database is at base"),
        (0, "redo", "nothing"),
        (3, "upgrade 1", "nothing"),
        (3, "upgrade +1", "202601020304050001 -> 21"),
        (3, "upgrade current+2", "202601020304050001 -> 3 (head)"),
        (3, "downgrade -1", "202601020304050001 -> 20260102030405"),
        (3, "downgrade -3", "202601020304050001 -> base"),
        (3, "downgrade base", "202601020304050001 -> base"),
        (3, "downgrade 1", "202601020304050001 -> 1"),
        (3, "downgrade current", "nothing"),
        (3, "downgrade current-1", "202601020304050001 -> 20260102030405"),
        (3, "downgrade head-3", "202601020304050001 -> 20260102030405"),
        (3, "downgrade -4", "`-4` is out of range: only 3 migrations are applied"),
        (3, "downgrade +1", "+1 is newer than the current revision"),
        (3, "downgrade 3", "3 is not applied: the database is at 202601020304050001"),
        (3, "downgrade head", "3 is not applied: the database is at 202601020304050001"),
        (3, "redo", "202601020304050001 -> 202601020304050001"),
        (3, "redo --all", "202601020304050001 -> 202601020304050001"),
    ];
    let mut at = None;
    for (applied, command, expected) in cases {
        if at != Some(applied) {
            let target = if applied == 0 { "base".into() } else { format!("+{applied}") };
            project.run("stamp base").ok();
            project.run(&format!("stamp {target}")).ok();
            at = Some(applied);
        }
        let ran = project.run(&format!("{command} --dry-run --format json"));
        let json = json(&ran);
        let found = if json["ok"] == true {
            let text = project.run(&format!("{command} --dry-run")).ok().stdout;
            let last = text.lines().last().unwrap();
            let way = last.split_once(": ").unwrap().1;
            if last.starts_with("Nothing to do") {
                "nothing".to_owned()
            } else {
                way.strip_suffix(". Nothing was changed.").unwrap().to_owned()
            }
        } else {
            assert_eq!(ran.code, Some(1), "{command}");
            assert!(json["error"]["help"].is_string(), "{command}: {json}");
            json["error"]["message"].as_str().unwrap().to_owned()
        };
        assert_eq!(found, expected, "{command} with {applied} applied");
    }
    assert_eq!(project.run_with(&["upgrade", ""]).code(1).stdout, "");
}

#[test]
fn a_wrong_target_says_what_to_do() {
    let database = Database::new();
    let project = five(&database);
    check(
        &project.run("upgrade 1:3"),
        &database,
        str![[r#"
exit 1
-- stderr
target::unknown

  × no migration matches `1:3`
  help: Only --sql and `history --range` take a range A:B; elsewhere a target is one point.

"#]],
    );
    check(
        &project.run("upgrade -2"),
        &database,
        str![[r#"
exit 1
-- stderr
target::wrong_way

  × -2 is older than the current revision
  help: `glowplug upgrade` goes forward; `glowplug downgrade` takes -N.

"#]],
    );
    check(
        &project.run("downgrade +2"),
        &database,
        str![[r#"
exit 1
-- stderr
target::wrong_way

  × +2 is newer than the current revision
  help: `glowplug downgrade` goes back; `glowplug upgrade` takes +N.

"#]],
    );
    check(
        &project.run("upgrade Base"),
        &database,
        str![[r#"
exit 1
-- stderr
target::unknown

  × no migration matches `Base`
  help: Write it in lower case: `base`.

"#]],
    );
    check(
        &project.run("upgrade c"),
        &database,
        str![[r#"
exit 1
-- stderr
target::unknown

  × no migration matches `c`
  help: `glowplug history` lists the versions; `head`, `base`, `+N`, `-N` and `VERSION+N` are targets too.

"#]],
    );
    check(
        &project.run("upgrade 2026"),
        &database,
        str![[r#"
exit 1
-- stderr
target::ambiguous

  × `2026` is ambiguous: 20260102030405, 202601020304050001
  help: Write enough of the version to name one of them.

"#]],
    );
    check(
        &project.run("downgrade 3"),
        &database,
        str![[r#"
exit 1
-- stderr
downgrade::not_applied

  × 3 is not applied: the database is at base
  help: `glowplug downgrade` goes back to an applied version; `glowplug upgrade` goes forward.

"#]],
    );
    check(
        &project.run("upgrade --accept-edited 7"),
        &database,
        str![[r#"
exit 1
-- stderr
target::unknown

  × no migration matches `7`
  help: --accept-edited takes a whole version; `glowplug current` names what was edited.

"#]],
    );
    check(
        &project.run("downgrade"),
        &database,
        str![[r#"
exit 2
-- stderr
error: the following required arguments were not provided:
  <TARGET>

Usage: glowplug downgrade <TARGET>

For more information, try '--help'.

"#]],
    );
}

#[test]
fn a_dry_run_says_what_would_run_and_writes_nothing() {
    let database = Database::new();
    let project = five(&database);
    let before = catalog(&database);
    check(
        &project.run("upgrade +2 --dry-run"),
        &database,
        str![[r#"
exit 0
-- stdout
up    1_a
up    2026-01-02-030405_b
Would run 2 migrations: base -> 20260102030405. Nothing was changed.

"#]],
    );
    assert_eq!(catalog(&database), before, "no tracking tables either");

    project.run("upgrade +2").ok();
    let before = catalog(&database);
    let entries = database.query("SELECT count(*) FROM __glowplug_journal");
    check(
        &project.run("downgrade base --dry-run"),
        &database,
        str![[r#"
exit 0
-- stdout
down  2026-01-02-030405_b
down  1_a
Would run 2 migrations: 20260102030405 -> base. Nothing was changed.

"#]],
    );
    check(
        &project.run("redo -n 2 --dry-run"),
        &database,
        str![[r#"
exit 0
-- stdout
down  2026-01-02-030405_b
down  1_a
up    1_a
up    2026-01-02-030405_b
Would run 4 migrations: 20260102030405 -> 20260102030405. Nothing was changed.

"#]],
    );
    assert_eq!(catalog(&database), before);
    assert_eq!(database.query("SELECT count(*) FROM __glowplug_journal"), entries);
}

#[test]
fn redo_takes_one_or_some_or_all_and_leaves_the_pending_alone() {
    let database = Database::new();
    let project = five(&database);
    project.run("upgrade +3").ok();
    check(
        &project.run("redo"),
        &database,
        str![[r#"
exit 0
-- stdout
Reverted and applied 1 migration again: [DB] is at 202601020304050001.
-- stderr
down  2026-01-02-030405-0001_c c  ([TIME])
up    2026-01-02-030405-0001_c c  ([TIME])

"#]],
    );
    check(
        &project.run("redo -n 2"),
        &database,
        str![[r#"
exit 0
-- stdout
Reverted and applied 2 migrations again: [DB] is at 202601020304050001.
-- stderr
down  2026-01-02-030405-0001_c c  ([TIME])
down  2026-01-02-030405_b  ([TIME])
up    2026-01-02-030405_b  ([TIME])
up    2026-01-02-030405-0001_c c  ([TIME])

"#]],
    );
    check(
        &project.run("redo --all"),
        &database,
        str![[r#"
exit 0
-- stdout
Reverted and applied 3 migrations again: [DB] is at 202601020304050001.
-- stderr
down  2026-01-02-030405-0001_c c  ([TIME])
down  2026-01-02-030405_b  ([TIME])
down  1_a  ([TIME])
up    1_a  ([TIME])
up    2026-01-02-030405_b  ([TIME])
up    2026-01-02-030405-0001_c c  ([TIME])

"#]],
    );
    check(
        &project.run("redo --number 99 -q"),
        &database,
        str![[r#"
exit 0
-- stdout
Reverted and applied 3 migrations again: [DB] is at 202601020304050001.

"#]],
    );
    check(
        &project.run("redo -n 0"),
        &database,
        str![[r#"
exit 2
-- stderr
error: invalid value '0' for '--number <N>': 0 is not in 1..=4294967295

For more information, try '--help'.

"#]],
    );
    check(
        &project.run("redo --all -n 1"),
        &database,
        str![[r#"
exit 2
-- stderr
error: the argument '--all' cannot be used with '--number <N>'

Usage: glowplug redo --all

For more information, try '--help'.

"#]],
    );
    let applied = "SELECT count(*) FROM __diesel_schema_migrations";
    assert_eq!(database.query(applied), "3");

    // the down.sql forgets its table
    project.write("migrations/2026-01-02-030405_b/down.sql", "-- forgotten\n");
    check(
        &project.run("redo -n 2"),
        &database,
        str![[r#"
exit 1
-- stderr
migration::failed

  × 2026-01-02-030405_b failed in up.sql: relation "b" already exists (SQLSTATE 42P07)
   ╭─[migrations/2026-01-02-030405_b/up.sql:1:15]
 1 │ CREATE TABLE "b" (id int);
   ·               ┬
   ·               ╰── here
   ╰────
  help: The down.sql of 2026-01-02-030405_b leaves behind what its up.sql creates. Complete it. The whole run was one transaction and was rolled back.

"#]],
    );
    assert_eq!(database.query(applied), "3");
}

#[test]
fn one_transaction_for_all_keeps_all_or_nothing() {
    let database = Database::new();
    let project = five(&database);
    project.migration("4_broken", "CREATE TABLE f (id int);\nSELECT nope;", "");
    check(
        &project.run("upgrade --single-transaction"),
        &database,
        str![[r#"
exit 1
-- stderr
migration::failed

  × 4_broken failed in up.sql: column "nope" does not exist (SQLSTATE 42703)
   ╭─[migrations/4_broken/up.sql:2:8]
 1 │ CREATE TABLE f (id int);
 2 │ SELECT nope;
   ·        ──┬─
   ·          ╰── here
   ╰────
  help: The column has another name, or is created by a later migration. The whole run was one transaction and was rolled back.

"#]],
    );
    assert_eq!(database.query("SELECT count(*) FROM __diesel_schema_migrations"), "0");

    fs::remove_dir_all(project.path().join("migrations/4_broken")).unwrap();
    check(
        &project.run("upgrade --single-transaction"),
        &database,
        str![[r#"
exit 0
-- stdout
Applied 5 migrations: base -> 3 (head).
-- stderr
up    1_a  ([TIME])
up    2026-01-02-030405_b  ([TIME])
up    2026-01-02-030405-0001_c c  ([TIME])
up    21_d  ([TIME])
up    3_e  ([TIME])

"#]],
    );
    let transactions = "SELECT count(DISTINCT xmin::text) FROM __glowplug_journal";
    assert_eq!(database.query(transactions), "1");
    project.run("downgrade base --single-transaction").ok();
    assert_eq!(database.query(transactions), "2");
}

#[test]
fn one_transaction_is_refused_for_what_runs_without_one_before_anything_is_written() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", TABLE.0, TABLE.1);
    project.piecewise("2_b", "CREATE INDEX CONCURRENTLY i ON a (id);", "DROP INDEX i;");
    let before = catalog(&database);
    check(
        &project.run("upgrade --single-transaction"),
        &database,
        str![[r#"
exit 1
-- stderr
upgrade::not_transactional

  × `2_b` runs without a transaction, and cannot be part of one
  help: Remove --single-transaction, or choose a target before `2_b`.

"#]],
    );
    for more in ["--dry-run", "--sql"] {
        let ran = project.run(&format!("upgrade --single-transaction {more}"));
        ran.code(1).says(&["`2_b` runs without a transaction"]);
    }
    assert_eq!(catalog(&database), before);
    project.run("upgrade 1 --single-transaction").ok();
}

#[test]
fn stamp_writes_the_journal_and_runs_nothing() {
    let database = Database::new();
    let project = five(&database);
    check(
        &project.run("stamp 21"),
        &database,
        str![[r#"
exit 0
-- stdout
marked as applied      1
marked as applied      20260102030405
marked as applied      202601020304050001
marked as applied      21
[DB] is now at 21. No migration was run.

"#]],
    );
    check(
        &project.run("stamp -2"),
        &database,
        str![[r#"
exit 0
-- stdout
marked as pending      202601020304050001
marked as pending      21
[DB] is now at 20260102030405. No migration was run.

"#]],
    );
    check(
        &project.run("stamp current"),
        &database,
        str![[r#"
exit 0
-- stdout
Nothing to do: [DB] is already at 20260102030405.

"#]],
    );
    check(
        &project.run("stamp head"),
        &database,
        str![[r#"
exit 0
-- stdout
marked as applied      202601020304050001
marked as applied      21
marked as applied      3
[DB] is now at 3. No migration was run.

"#]],
    );
    check(
        &project.run("stamp base"),
        &database,
        str![[r#"
exit 0
-- stdout
marked as pending      1
marked as pending      20260102030405
marked as pending      202601020304050001
marked as pending      21
marked as pending      3
[DB] is now at base. No migration was run.

"#]],
    );
    check(
        &project.run("stamp 7"),
        &database,
        str![[r#"
exit 1
-- stderr
target::unknown

  × no migration matches `7`
  help: `glowplug history` lists the versions; `head`, `base`, `+N`, `-N` and `VERSION+N` are targets too.

"#]],
    );
    check(
        &project.run("stamp"),
        &database,
        str![[r#"
exit 2
-- stderr
error: the following required arguments were not provided:
  <TARGET>

Usage: glowplug stamp <TARGET>

For more information, try '--help'.

"#]],
    );
    assert_eq!(database.query("SELECT to_regclass('a'), to_regclass('d')"), "NULL|NULL");
    assert_eq!(
        database.query("SELECT kind, count(*) FROM __glowplug_journal GROUP BY 1 ORDER BY 1"),
        "stamp|7\nunstamp|7"
    );
}

#[test]
fn the_state_is_read_by_current_history_heads_and_show() {
    let database = Database::new();
    let project = five(&database);
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
base  (5 pending)

"#]],
    );
    check(
        &project.run("history"),
        &database,
        str![[r#"
exit 0
-- stdout
3_e                         pending       (head)
21_d                        pending
2026-01-02-030405-0001_c c  pending
2026-01-02-030405_b         pending
1_a                         pending

"#]],
    );
    project.run("upgrade +2").ok();
    project.piecewise("3_e", "VACUUM;", "");
    fs::remove_file(project.path().join("migrations/3_e/down.sql")).unwrap();
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
20260102030405  2026-01-02-030405_b  (3 pending)

"#]],
    );
    check(
        &project.run("current -v"),
        &database,
        str![[r#"
exit 0
-- stdout
20260102030405  2026-01-02-030405_b  (3 pending)
database    [DB]
applied     [WHEN]
by          tester, role [DB]
with        [TOOL] (up)
took        [TIME]

"#]],
    );
    check(
        &project.run("current --check-heads"),
        &database,
        str![[r#"
exit 3
-- stdout
20260102030405  2026-01-02-030405_b  (3 pending)

"#]],
    );
    check(
        &project.run("heads"),
        &database,
        str![[r#"
exit 0
-- stdout
3  3_e

"#]],
    );
    check(
        &project.run("history"),
        &database,
        str![[r#"
exit 0
-- stdout
3_e                         pending       (head, no down.sql, without a transaction)
21_d                        pending
2026-01-02-030405-0001_c c  pending
2026-01-02-030405_b         applied       (current)
1_a                         applied

"#]],
    );
    check(
        &project.run("history -v -r 1:21"),
        &database,
        str![[r#"
exit 0
-- stdout
21_d                        pending
2026-01-02-030405-0001_c c  pending
2026-01-02-030405_b         applied       (current)
    applied     [WHEN]
    by          tester, role [DB]
    with        [TOOL] (up)
    took        [TIME]
1_a                         applied
    applied     [WHEN]
    by          tester, role [DB]
    with        [TOOL] (up)
    took        [TIME]

"#]],
    );
    check(
        &project.run("history -r current:"),
        &database,
        str![[r#"
exit 0
-- stdout
3_e                         pending       (head, no down.sql, without a transaction)
21_d                        pending
2026-01-02-030405-0001_c c  pending
2026-01-02-030405_b         applied       (current)

"#]],
    );
    check(
        &project.run("history -r :-1"),
        &database,
        str![[r#"
exit 0
-- stdout
1_a  applied

"#]],
    );
    check(
        &project.run("history -r 1"),
        &database,
        str![[r#"
exit 1
-- stderr
target::unknown

  × no migration matches `1`
  help: A range is A:B, `A:` or `:B`.

"#]],
    );
    check(
        &project.run("history --offline"),
        &database,
        str![[r#"
exit 0
-- stdout
3_e                                       (head, no down.sql, without a transaction)
21_d
2026-01-02-030405-0001_c c
2026-01-02-030405_b
1_a

"#]],
    );
    check(
        &project.run("show current"),
        &database,
        str![[r#"
exit 0
-- stdout
2026-01-02-030405_b  applied       (current)
    applied     [WHEN]
    by          tester, role [DB]
    with        [TOOL] (up)
    took        [TIME]

-- migrations/2026-01-02-030405_b/up.sql
CREATE TABLE "b" (id int);

-- migrations/2026-01-02-030405_b/down.sql
DROP TABLE "b";

"#]],
    );
    check(
        &project.run("show head"),
        &database,
        str![[r#"
exit 0
-- stdout
3_e  pending       (head, no down.sql, without a transaction)

-- migrations/3_e/up.sql
VACUUM;

-- there is no down.sql

"#]],
    );
    check(
        &project.run("show base"),
        &database,
        str![[r#"
exit 1
-- stderr
target::unknown

  × no migration matches `base`
  help: Base is before the first migration; there is nothing to show.

"#]],
    );
    check(
        &project.run("show 7"),
        &database,
        str![[r#"
exit 1
-- stderr
target::unknown

  × no migration matches `7`
  help: `glowplug history` lists the versions; `head`, `base`, `+N`, `-N` and `VERSION+N` are targets too.

"#]],
    );
}

#[test]
fn without_migrations_everything_has_an_answer() {
    let database = Database::new();
    let project = Project::at(&database);
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 0
-- stdout
Nothing to do: [DB] is at base.

"#]],
    );
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 0
-- stdout
base  (no migrations)

"#]],
    );
    check(
        &project.run("history"),
        &database,
        str![[r#"
exit 0
-- stdout
There are no migrations.

"#]],
    );
    check(
        &project.run("heads"),
        &database,
        str![[r#"
exit 0
-- stdout
base  (no migrations)

"#]],
    );
    check(
        &project.run("downgrade base"),
        &database,
        str![[r#"
exit 0
-- stdout
Nothing to do: [DB] is at base.

"#]],
    );
    fs::remove_dir(project.path().join("migrations")).unwrap();
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 1
-- stderr
project::no_migrations

  × there is no migrations directory [DIR]/migrations
  help: Create one with `glowplug init`, or name it with --migration-dir.

"#]],
    );
}

#[test]
fn history_without_its_database_still_lists_and_says_why() {
    let database = Database::new();
    let project = five(&database).env("DATABASE_URL", "postgres://app:secret@127.0.0.1:1/app");
    check(
        &project.run("history"),
        &database,
        str![[r#"
exit 0
-- stdout
3_e                                       (head)
21_d
2026-01-02-030405-0001_c c
2026-01-02-030405_b
1_a
-- stderr
The states are unknown: nothing is listening at 127.0.0.1:1

"#]],
    );
    check(
        &project.run("current"),
        &database,
        str![[r#"
exit 1
-- stderr
connect::unreachable

  × nothing is listening at 127.0.0.1:1
  help: Is the server running? Check the port, and listen_addresses in its postgresql.conf.

"#]],
    );
}

#[test]
fn revision_writes_a_pair_and_refuses_what_cannot_be_one() {
    let database = Database::new();
    let project = Project::at(&database);
    check(
        &project.run_with(&["revision", "-m", "Add users", "--rev-id", "1"]),
        &database,
        str![[r#"
exit 0
-- stdout
migrations/1_add_users/up.sql
migrations/1_add_users/down.sql

"#]],
    );
    check(
        &project.run("revision -m Index --rev-id 2 --no-transaction"),
        &database,
        str![[r#"
exit 0
-- stdout
migrations/2_index/up.sql
migrations/2_index/down.sql

"#]],
    );
    let read =
        |file: &str| fs::read_to_string(project.path().join("migrations").join(file)).unwrap();
    assert_eq!(read("1_add_users/metadata.toml"), "run_in_transaction = true\n");
    assert_eq!(read("2_index/metadata.toml"), "run_in_transaction = false\n");
    assert_data_eq!(
        read("1_add_users/up.sql") + &read("1_add_users/down.sql") + &read("2_index/up.sql"),
        str![[r#"
-- Write the migration here. It runs in one transaction, together with its journal entry.
-- Write the SQL that undoes up.sql here.
-- Write the migration here. Each statement commits by itself; an interrupted run continues where it stopped.

"#]].raw()
    );
    check(
        &project.run("revision -m x --rev-id 2"),
        &database,
        str![[r#"
exit 1
-- stderr
project::exists

  × [DIR]/migrations/2_index already exists
  help: Its version is also 2. Choose another with --rev-id.

"#]],
    );
    check(
        &project.run("revision -m x --rev-id 0"),
        &database,
        str![[r#"
exit 1
-- stderr
project::not_newest

  × version `0` sorts before the newest migration, 2
  help: Where 2 is applied, it would be out of order. Choose a later version with --rev-id, or omit it to use the present time.

"#]],
    );
    check(
        &project.run("revision -m x --rev-id a_b"),
        &database,
        str![[r#"
exit 1
-- stderr
project::not_a_version

  × `a_b` cannot be a version
  help: A version has 1 to 50 characters (dashes do not count), none of `_`, `/`, `+` and `:`, begins with neither `.` nor `-`, and is not a word that names a target.

"#]],
    );
    for wrong in ["head", "../x", "a:b", "1+1", ".x", "-", &"1".repeat(51)] {
        let flag = format!("--rev-id={wrong}");
        let ran = project.run_with(&["revision", "-m", "x", &flag]).code(1);
        ran.says(&[&format!("`{wrong}` cannot be a version")]);
    }
    check(
        &project.run("revision"),
        &database,
        str![[r#"
exit 2
-- stderr
error: the following required arguments were not provided:
  --message <TEXT>

Usage: glowplug revision --message <TEXT>

For more information, try '--help'.

"#]],
    );
    // an unwritten migration is not applied by mistake
    check(
        &project.run("upgrade 1"),
        &database,
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/1_add_users/up.sql:1: it has no statement
   ╭─[migrations/1_add_users/up.sql:1:1]
 1 │ -- Write the migration here. It runs in one transaction, together with its journal entry.
   · ▲
   · ╰── here
   ╰────
  help: Write the migration, or delete its directory. To leave it out on purpose, write `SELECT 1;`.

"#]],
    );

    let fresh = Project::new();
    fresh.run("revision -m now").ok();
    fresh.run("revision -m now").ok();
    let names: Vec<_> = fs::read_dir(fresh.path().join("migrations")).unwrap().collect();
    assert_eq!(names.len(), 2, "two within one second");
}

#[test]
fn edit_opens_both_files_in_the_editor_with_its_arguments() {
    let database = Database::new();
    let project = five(&database);
    project.run("upgrade 1").ok();
    check(
        &project.run("edit"),
        &database,
        str![[r#"
exit 1
-- stderr
cli::cannot

  × neither VISUAL nor EDITOR is set
  help: Set one, or open migrations/3_e/up.sql yourself.

"#]],
    );
    let project = project.env("EDITOR", "printf '%s|'");
    let dir = project.path().join("migrations/1_a").display().to_string();
    let ran = project.run("edit 1").ok();
    assert_eq!(
        ran.stdout.replace(&dir, "[DIR]/migrations/1_a"),
        "[DIR]/migrations/1_a/up.sql|[DIR]/migrations/1_a/down.sql|"
    );
    assert_data_eq!(
        ran.stderr,
        str![[r#"
1_a is applied: editing its up.sql stops the next upgrade. Put the change in a new migration.

"#]]
        .raw()
    );
    let project = project.env("VISUAL", "false");
    check(
        &project.run("edit"),
        &database,
        str![[r#"
exit 1
-- stderr
cli::cannot

  × `false` failed with exit status: 1
  help: Is it the right program? VISUAL takes precedence over EDITOR.

"#]],
    );
}

#[test]
fn init_writes_what_is_missing_and_overwrites_nothing() {
    let database = Database::new();
    let project = Project::at(&database);
    fs::remove_dir(project.path().join("migrations")).unwrap();
    check(
        &project.run("init --no-default-migration"),
        &database,
        str![[r#"
exit 0
-- stdout
wrote  glowplug.toml
wrote  migrations/.keep
kept   diesel.toml
Next: `glowplug upgrade`.

"#]],
    );
    check(
        &project.run("init"),
        &database,
        str![[r#"
exit 0
-- stdout
wrote  migrations/2026-11-23-090000-0000_create_events
kept   diesel.toml
kept   glowplug.toml
Next: `glowplug upgrade`.

"#]],
    );
    check(
        &project.run("init"),
        &database,
        str![[r#"
exit 0
-- stdout
kept   diesel.toml
kept   glowplug.toml
Nothing to do.

"#]],
    );
    project.run("upgrade").ok();
    project.write("glowplug.toml", "# mine\n").run("init").ok();
    let text = fs::read_to_string(project.path().join("glowplug.toml")).unwrap();
    assert_eq!(text, "# mine\n");
}

/// Runs a script as the person does whom `--sql` is for.
fn psql(database: &Database, script: &str) -> std::process::Output {
    let mut child = Command::new("psql")
        .args(["-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-f", "-", &database.url()])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), script.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

const JOURNAL: &str = "SELECT version, name, kind, run_on IS NOT NULL, up_sha256, down_sha256, actor, tool, took_ms IS NOT NULL \
     FROM __glowplug_journal WHERE kind NOT LIKE '%-%' ORDER BY id";
const TRACKING: &str = "SELECT version FROM __diesel_schema_migrations ORDER BY 1";

#[test]
fn the_script_of_a_run_does_in_psql_what_the_run_does() {
    if peer("psql").is_none() {
        return;
    }
    for single in ["", " --single-transaction"] {
        let (real, by_hand, offline) = (Database::new(), Database::new(), Database::new());
        let project = five(&real);
        project.migration(
            "3_f $1 'x'",
            "SET search_path = ''; SET work_mem = '7MB'; SET TIME ZONE 'Asia/Tokyo'; CREATE TEMP TABLE tt (x int);\r\n\
             CREATE FUNCTION public.f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'a;b'; END $$;\r\n",
            "DROP FUNCTION f();",
        );
        project.migration(
            "4_g",
            "CREATE TABLE g AS SELECT current_setting('work_mem') AS w, current_schema() AS s, \
             current_setting('TimeZone') AS z, to_regclass('tt') AS t;\nINSERT INTO g VALUES (f()) -- no semicolon",
            "DROP TABLE g;",
        );
        if single.is_empty() {
            project.piecewise(
                "5_h",
                "CREATE INDEX CONCURRENTLY i ON a (id);\nBEGIN;\nCREATE TABLE h (id int);\nCOMMIT;",
                "DROP INDEX i; DROP TABLE h;",
            );
        }
        fs::remove_dir_all(project.path().join("migrations/3_e")).unwrap();
        let project = project.env("GLOWPLUG_ACTOR", "$1 it's me $2");

        let hand = by_hand.url();
        let scripts = [
            (project.run(&format!("upgrade --sql{single}")).ok().stdout, &by_hand),
            (
                project
                    .run(&format!(
                        "upgrade --sql base:head{single} --database-url postgres://127.0.0.1:1/x"
                    ))
                    .ok()
                    .stdout,
                &offline,
            ),
        ];
        project.run(&format!("upgrade{single}")).ok();
        for (script, database) in scripts {
            let out = psql(database, &script);
            assert!(
                out.status.success() && out.stderr.is_empty(),
                "{}\n{script}",
                String::from_utf8_lossy(&out.stderr)
            );
            assert_eq!(catalog(database), catalog(&real));
            for query in [TRACKING, JOURNAL, "SELECT * FROM g"] {
                assert_eq!(database.query(query), real.query(query));
            }
            let again = psql(database, &script);
            assert!(!again.status.success(), "it runs once");
            assert_eq!(database.query(JOURNAL), real.query(JOURNAL));
        }
        // and all the way back
        let down = project.run(&format!("downgrade base --sql{single} --database-url {hand}"));
        let out = psql(&by_hand, &down.ok().stdout);
        assert!(out.status.success(), "{out:?}");
        project.run(&format!("downgrade base{single}")).ok();
        assert_eq!(catalog(&by_hand), catalog(&real));
        for query in [TRACKING, JOURNAL] {
            assert_eq!(by_hand.query(query), real.query(query));
        }
    }
}

#[test]
fn a_script_respects_the_lock_of_a_run() {
    if peer("psql").is_none() {
        return;
    }
    let database = Database::new();
    let project = five(&database);
    let script = project.run("upgrade --sql").ok().stdout;
    let key = i64::from_be_bytes(*b"glowplug");
    let out = database
        .while_held(&format!("SELECT pg_advisory_xact_lock({key})"), || psql(&database, &script));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("another run holds the migration lock"), "{said}");
    assert_eq!(catalog(&database), "");
    assert!(psql(&database, &script).status.success());
}

#[test]
fn a_script_of_a_range_is_made_without_a_database_and_reads_like_sql() {
    let database = Database::new();
    let project = five(&database).env("DATABASE_URL", "postgres://127.0.0.1:1/nowhere");
    let mut ran = project.run("upgrade --sql 21:");
    let (before, rest) = ran.stdout.split_once("CREATE TABLE IF NOT EXISTS").unwrap();
    let (_, after) = rest.split_once("\nCOMMIT;").unwrap();
    ran.stdout = format!("{before}…\nCOMMIT;{after}");
    check(
        &ran,
        &database,
        str![[r#"
exit 0
-- stdout
-- Written by glowplug. Run it with: psql -X -v ON_ERROR_STOP=1 -f FILE

-- no other run at the same time
SELECT (CASE WHEN pg_catalog.pg_try_advisory_lock('7452454042169275751') THEN '1'
    ELSE 'another run holds the migration lock' END)::integer AS locked;

-- the tracking tables, in schema public
BEGIN;
SET LOCAL client_min_messages = warning;
…
COMMIT;

-- migrations/3_e/up.sql
BEGIN;
SET TIME ZONE 'UTC';
CREATE TABLE "e" (id int);
SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE; SET CONSTRAINTS ALL IMMEDIATE; CLOSE ALL; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL statement_timeout = 0; SET LOCAL client_encoding = 'UTF8';
WITH tracked AS (
    INSERT INTO "public"."__diesel_schema_migrations" (version, run_on) VALUES ('3'::text, pg_catalog.timezone('UTC', pg_catalog.now()))
    RETURNING run_on
)
INSERT INTO "public"."__glowplug_journal"
    (version, name, kind, run_on, up_sha256, down_sha256, actor, took_ms, tool, statement, statements, note)
SELECT '3'::text, '3_e'::text, 'up'::text, run_on, 'b9a419ef96097cedfeeeb56020635ff97d9bee04766ef43f95cfeb8085717131'::text, '58c5c3d1d68025916c317b5a3593a656eb34617f7f8fc77d213f3fbe411bcb92'::text, 'tester'::text,
    COALESCE(NULL::text::bigint, ((EXTRACT(epoch FROM pg_catalog.clock_timestamp())
        - COALESCE(NULLIF(pg_catalog.current_setting('glowplug.started', true), '')::numeric,
            EXTRACT(epoch FROM pg_catalog.now()))) * 1000)::bigint),
    '[TOOL]'::text, NULL::text::integer, NULL::text::integer, 'run from a script'::text
FROM tracked
RETURNING ARRAY[took_ms::text] AS "row";
COMMIT;
RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DEALLOCATE ALL; DISCARD SEQUENCES; DISCARD TEMP;

"#]],
    );
    check(
        &project.run("upgrade --sql head:head"),
        &database,
        str![[r#"
exit 0
-- stdout
-- Nothing to do.

"#]],
    );
    check(
        &project.run("upgrade --sql 3:1"),
        &database,
        str![[r#"
exit 1
-- stderr
target::wrong_way

  × 1 is older than 3
  help: `upgrade --sql A:B` goes from an older A to a newer B; `downgrade --sql A:B` from a newer A to an older B.

"#]],
    );
    check(
        &project.run("downgrade --sql 1:3"),
        &database,
        str![[r#"
exit 1
-- stderr
target::wrong_way

  × 3 is newer than 1
  help: `upgrade --sql A:B` goes from an older A to a newer B; `downgrade --sql A:B` from a newer A to an older B.

"#]],
    );
    check(
        &project.run("upgrade --sql 1:2:3"),
        &database,
        str![[r#"
exit 1
-- stderr
target::unknown

  × no migration matches `2:3`
  help: Only --sql and `history --range` take a range A:B; elsewhere a target is one point.

"#]],
    );
    check(
        &project.run("upgrade --sql --dry-run"),
        &database,
        str![[r#"
exit 2
-- stderr
error: the argument '--sql' cannot be used with '--dry-run'

Usage: glowplug upgrade --sql [TARGET]

For more information, try '--help'.

"#]],
    );
    let down = project.run("downgrade --sql 21:20260102030405").ok().stdout;
    let order: Vec<_> = down.lines().filter(|it| it.starts_with("DROP")).collect();
    assert_eq!(order, ["DROP TABLE \"d\";", "DROP TABLE \"c c\";"]);
}

#[test]
fn json_is_one_document_on_success_and_on_failure() {
    let database = Database::new();
    let project = five(&database).env("EDITOR", "true");
    let cases = [
        ("current", 0, "/report/current", "null"),
        ("upgrade --dry-run", 0, "/report/dry_run", "true"),
        ("upgrade --sql +1", 0, "/report/sql", "…"),
        ("upgrade --sql base:1", 0, "/report/sql", "…"),
        ("upgrade +2", 0, "/report/after", "\"20260102030405\""),
        ("redo", 0, "/report/steps/1/direction", "\"up\""),
        ("downgrade -1", 0, "/report/after", "\"1\""),
        ("stamp 21", 0, "/report/stamped/0", "\"20260102030405\""),
        ("history", 0, "/report/migrations/4/state", "\"pending\""),
        ("history --offline", 0, "/report/migrations/4/state", "null"),
        ("heads", 0, "/report/head", "\"3\""),
        ("show 21", 0, "/report/migration/name", "\"21_d\""),
        ("current --check-heads", 3, "/report/pending", "1"),
        ("revision -m x --rev-id 4", 0, "/report/path", "\"migrations/4_x\""),
        ("init", 0, "/report/kept/0", "\"diesel.toml\""),
        ("url", 0, "/report/spelling", "\"psql\""),
        ("upgrade 7", 1, "/error/code", "\"target::unknown\""),
        ("downgrade 7", 1, "/error/code", "\"target::unknown\""),
        ("stamp 7", 1, "/report", "null"),
        ("show 7", 1, "/error/code", "\"target::unknown\""),
        ("history -r 7", 1, "/error/code", "\"target::unknown\""),
        ("revision -m x --rev-id 1", 1, "/error/code", "\"project::exists\""),
        ("upgrade --sql 9:", 1, "/error/code", "\"target::unknown\""),
        ("upgrade 4", 1, "/error/line", "1"),
        ("current --database-url postgres://127.0.0.1:1/x", 1, "/report", "null"),
        ("upgrade --database-url postgres://127.0.0.1:1/x", 1, "/report", "null"),
        ("current --config nope.toml", 1, "/error/code", "\"cli::cannot\""),
        ("upgrade --nope", 2, "/error/code", "\"cli::usage\""),
        ("nope", 2, "/error/message", "\"unrecognized subcommand 'nope'\""),
    ];
    for (command, code, pointer, expected) in cases {
        let ran = project.run(&format!("{command} --format json"));
        assert_eq!(ran.code, Some(code), "{command}: {ran:#?}");
        let json = json(&ran);
        assert_eq!(json["glowplug"], 1, "{command}");
        assert_eq!(json["ok"], code == 0 || code == 3, "{command}");
        let found = json.pointer(pointer).unwrap_or(&Value::Null);
        if expected == "…" {
            assert!(found.is_string(), "{command}: {json}");
        } else {
            assert_eq!(found.to_string(), expected, "{command}: {json:#}");
        }
        if code != 2 {
            assert_eq!(json["command"], command.split(' ').next().unwrap());
        }
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_rolls_back_reports_and_ends_with_130() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", TABLE.0, TABLE.1);
    project.migration("2_b", "CREATE TABLE b (id int);\nSELECT pg_sleep(60);\n", "");
    project.migration("3_c", "CREATE TABLE c (id int);", "");
    let mut command = project.command(GLOWPLUG);
    command.args(["upgrade", "--format", "json"]);
    command.stdout(std::process::Stdio::piped());
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)%' \
         AND pid <> pg_backend_pid() AND datname = current_database()";
    eventually("it sleeps", || database.query(sleeping) == "1");
    let pid = child.id().to_string();
    Command::new("kill").args(["-INT", &pid]).status().unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap(), project.path());

    assert_eq!(ran.code, Some(130), "{ran:#?}");
    let json = json(&ran);
    assert_eq!(json["error"]["interrupted"], true);
    assert_eq!(json["error"]["migration"], "2_b");
    assert_eq!(json["report"]["after"], "1");
    assert_data_eq!(
        ran.stderr,
        str![[r#"
up    1_a  ([TIME])
Stopping: uncommitted work is rolled back. Interrupt again to exit at once.
migration::failed

  × 2_b was interrupted in up.sql
   ╭─[migrations/2_b/up.sql:2:1]
 1 │ CREATE TABLE b (id int);
 2 │ SELECT pg_sleep(60);
   · ─────────┬─────────
   ·          ╰── this statement
   ╰────
  help: It was rolled back and is not in the journal. Run again to continue.

"#]]
        .raw()
    );
    assert_eq!(database.query(sleeping), "0");
    assert_eq!(database.query("SELECT to_regclass('b'), to_regclass('c')"), "NULL|NULL");
}

#[test]
fn quiet_silences_talk_and_never_the_answer() {
    let database = Database::new();
    let project = five(&database);
    for (command, answer) in [
        ("upgrade", "Applied 5 migrations: base -> 3 (head).\n"),
        ("current", "3  3_e  (head)\n"),
        ("downgrade -1", "Reverted 1 migration: 3 (head) -> 21.\n"),
        ("heads", "3  3_e\n"),
    ] {
        let ran = project.run(&format!("{command} -q")).ok();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (answer, ""));
    }
    check(
        &project.run("upgrade -q -v"),
        &database,
        str![[r#"
exit 2
-- stderr
error: the argument '--quiet' cannot be used with '--verbose'

Usage: glowplug upgrade --quiet [TARGET]

For more information, try '--help'.

"#]],
    );
    check(
        &project.run("upgrade -v"),
        &database,
        str![[r#"
exit 0
-- stdout
Applied 1 migration: 21 -> 3 (head).
-- stderr
      3_e ...
up    3_e  ([TIME])

"#]],
    );
}

#[test]
fn colour_is_a_matter_of_the_flag_and_of_no_color() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "SELECT nope;", "");
    let coloured = |ran: &Ran| ran.stderr.contains('\u{1b}');
    assert!(!coloured(&project.run("upgrade")), "piped");
    assert!(coloured(&project.run("upgrade --color always")));
    assert!(!coloured(&project.run("upgrade --color never")));
    let project = project.env("NO_COLOR", "1");
    assert!(!coloured(&project.run("upgrade")));
    assert!(coloured(&project.run("upgrade --color always")), "the flag is stronger");
    let plain = project.run("upgrade --color never").told(&database);
    let stripped = project.run("upgrade --color always").told(&database);
    let stripped = anstream::adapter::strip_str(&stripped).to_string();
    assert_eq!(stripped, plain, "the same words");
}

#[test]
fn help_is_on_stdout_and_wrong_usage_ends_with_two() {
    let database = Database::new();
    let project = Project::at(&database);
    let help = project.run("upgrade --help").ok();
    assert!(help.stdout.contains("Usage: glowplug upgrade [OPTIONS] [TARGET]"));
    assert_eq!(help.stderr, "");
    check(
        &project.run("upgrade a b"),
        &database,
        str![[r#"
exit 2
-- stderr
error: unexpected argument 'b' found

Usage: glowplug upgrade [OPTIONS] [TARGET]

For more information, try '--help'.

"#]],
    );
    assert_eq!(project.run("").code, Some(2));
    let ran = Ran::of(project.command(GLOWPLUG).arg("--version").output().unwrap(), project.path());
    assert_eq!(ran.stdout, concat!("glowplug ", env!("CARGO_PKG_VERSION"), "\n"));
}
