//! Migrations directories: what is refused, and the untidy that works.

use std::fs;

use snapbox::{IntoData as _, assert_data_eq, data::Inline, str};

use crate::support::{Database, Project, Ran};

#[track_caller]
fn check(ran: &Ran, database: &Database, expected: Inline) {
    assert_data_eq!(ran.told(database), expected.raw());
}

/// A project with one good migration, and what `spoil` adds; nothing may be changed by a refusal.
#[track_caller]
fn refused(spoil: &dyn Fn(&Project), expected: Inline) {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_good", "CREATE TABLE good (id int);", "");
    spoil(&project);
    check(&project.run("upgrade"), &database, expected);
    for command in ["upgrade --dry-run", "upgrade --sql", "upgrade --sql base:"] {
        project.run(command).code(1);
    }
    assert_eq!(database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

/// As [`refused`], for a second migration with this `up.sql`.
#[track_caller]
fn script_refused(up: &str, expected: Inline) {
    refused(
        &|project| {
            project.migration("2_bad", up, "");
        },
        expected,
    );
}

#[track_caller]
fn piecewise_refused(up: &str, expected: Inline) {
    refused(
        &|project| {
            project.piecewise("2_bad", up, "");
        },
        expected,
    );
}

#[test]
fn two_directories_with_one_version_are_refused() {
    refused(
        &|it| {
            it.migration("1_other", "SELECT 1;", "");
        },
        str![[r#"
exit 1
-- stderr
migrations::duplicate_version

  × `1_good` and `1_other` both have version 1
  help: Rename `1_other` to a later version: only one of the two could ever be recorded.

"#]],
    );
    refused(
        &|it| {
            it.migration("2026-01-02_a", "SELECT 1;", "");
            it.migration("20260102_b", "SELECT 1;", "");
        },
        str![[r#"
exit 1
-- stderr
migrations::duplicate_version

  × `2026-01-02_a` and `20260102_b` both have version 20260102
  help: Rename `20260102_b` to a later version: only one of the two could ever be recorded.

"#]],
    );
}

#[test]
fn a_directory_that_is_no_migration_is_refused() {
    refused(
        &|it| fs::create_dir(it.path().join("migrations/2_empty")).unwrap(),
        str![[r#"
exit 1
-- stderr
migrations::not_a_migration

  × migrations/2_empty is not a migration: it has no up.sql
  help: Write it, or move the directory away: everything here that is not hidden is a migration.

"#]],
    );
    refused(
        &|it| {
            it.write("migrations/_x/up.sql", "SELECT 1;");
        },
        str![[r#"
exit 1
-- stderr
migrations::not_a_migration

  × migrations/_x is not a migration: its name has no version
  help: Name it <version>_<what it does>, as `glowplug revision` does.

"#]],
    );
    refused(
        &|it| {
            it.migration(&format!("{}_x", "2".repeat(51)), "", "");
        },
        str![[r#"
exit 1
-- stderr
migrations::version_too_long

  × the version of migrations/222222222222222222222222222222222222222222222222222_x has 51 characters
  help: Diesel's tracking table takes 50. The version is the part before the first `_`: is there one?

"#]],
    );
    refused(
        &|it| {
            fs::create_dir_all(it.path().join("migrations/2_x/up.sql")).unwrap();
        },
        str![[r#"
exit 1
-- stderr
project::io

  × cannot read migrations/2_x/up.sql
  ╰─▶ Is a directory (os error 21)
  help: A file belongs here: move the directory away.

"#]],
    );
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_in_circles_are_refused() {
    let link = |target: &str| {
        let target = target.to_owned();
        move |it: &Project| {
            std::os::unix::fs::symlink(&target, it.path().join("migrations/2_link")).unwrap();
        }
    };
    refused(
        &link("nowhere"),
        str![[r#"
exit 1
-- stderr
project::io

  × cannot read migrations/2_link
  ╰─▶ No such file or directory (os error 2)
  help: Is it a dangling symbolic link? Correct or remove it.

"#]],
    );
    refused(
        &link("."),
        str![[r#"
exit 1
-- stderr
project::io

  × cannot read migrations/2_link
  ╰─▶ the link leads to a directory above it
  help: Fix it, and run again.

"#]],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let name = std::ffi::OsStr::from_bytes(b"2_\xff");
    refused(
        &|it| fs::create_dir(it.path().join("migrations").join(name)).unwrap(),
        str![[r#"
exit 1
-- stderr
migrations::not_a_migration

  × migrations/2_� is not a migration: its name is not UTF-8
  help: Rename the directory.

"#]],
    );
}

#[test]
fn metadata_must_be_well_formed_and_hold_the_key() {
    let metadata = |text: &str| {
        let text = text.to_owned();
        move |it: &Project| {
            it.migration("2_bad", "SELECT 1;", "");
            it.write("migrations/2_bad/metadata.toml", &text);
        }
    };
    refused(
        &metadata(""),
        str![[r#"
exit 1
-- stderr
project::toml

  × migrations/2_bad/metadata.toml cannot be used: missing field `run_in_transaction`
   ╭─[migrations/2_bad/metadata.toml:1:1]
   ╰────
  help: Write `run_in_transaction = true` or `= false` in it. Diesel reads a file without the key as false, and a malformed one as true.

"#]],
    );
    refused(
        &metadata("run_in_transactions = true\n"),
        str![[r#"
exit 1
-- stderr
project::toml

  × migrations/2_bad/metadata.toml cannot be used: missing field `run_in_transaction`
   ╭─[migrations/2_bad/metadata.toml:1:1]
 1 │ run_in_transactions = true
   · ▲
   · ╰── here
   ╰────
  help: Write `run_in_transaction = true` or `= false` in it. Diesel reads a file without the key as false, and a malformed one as true.

"#]],
    );
    refused(
        &metadata("# it's\nrun_in_transaction = \"false\n"),
        str![[r#"
exit 1
-- stderr
project::toml

  × migrations/2_bad/metadata.toml cannot be used: invalid basic string, expected `"`
   ╭─[migrations/2_bad/metadata.toml:2:28]
 1 │ # it's
 2 │ run_in_transaction = "false
   ·                            ▲
   ·                            ╰── here
   ╰────
  help: Write `run_in_transaction = true` or `= false` in it. Diesel reads a file without the key as false, and a malformed one as true.

"#]],
    );
    refused(
        &metadata("run_in_transaction = 'no'\n"),
        str![[r#"
exit 1
-- stderr
project::toml

  × migrations/2_bad/metadata.toml cannot be used: invalid type: string "no", expected a boolean
   ╭─[migrations/2_bad/metadata.toml:1:22]
 1 │ run_in_transaction = 'no'
   ·                      ──┬─
   ·                        ╰── here
   ╰────
  help: Write `run_in_transaction = true` or `= false` in it. Diesel reads a file without the key as false, and a malformed one as true.

"#]],
    );
}

#[test]
fn what_is_not_utf_8_text_is_refused_with_its_line() {
    refused(
        &|it| {
            it.migration("2_bad", "", "");
            let path = it.path().join("migrations/2_bad/up.sql");
            fs::write(path, b"SELECT 1;\nSELECT 'gr\xfc\xdfe';").unwrap();
        },
        str![[r#"
exit 1
-- stderr
migrations::not_utf8

  × migrations/2_bad/up.sql is not UTF-8: byte 20 on line 2
  help: Save it as UTF-8; for example `iconv -f latin1 -t utf8`.

"#]],
    );
    refused(
        &|it| {
            it.migration("2_bad", "SELECT 1;", "");
            let path = it.path().join("migrations/2_bad/down.sql");
            fs::write(path, b"\xff\xfeS\0").unwrap();
        },
        str![[r#"
exit 1
-- stderr
migrations::not_utf8

  × migrations/2_bad/down.sql is not UTF-8: byte 0 on line 1
  help: Save it as UTF-8; for example `iconv -f latin1 -t utf8`.

"#]],
    );
    script_refused(
        "SELECT 1;\nSELECT '\0';",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:2: the script contains a NUL byte
   ╭─[migrations/2_bad/up.sql:2:9]
 1 │ SELECT 1;
 2 │ SELECT ' ';
   ·         ┬
   ·         ╰── here
   ╰────
  help: PostgreSQL text cannot contain it. Is the file UTF-8?

"#]],
    );
}

#[test]
fn psql_commands_are_refused_wherever_they_stand() {
    script_refused(
        "SELECT 1;\n\n  \\i other.sql\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:3: `\i` is a psql command, not SQL
   ╭─[migrations/2_bad/up.sql:3:3]
 1 │ SELECT 1;
 2 │
 3 │   \i other.sql
   ·   ┬
   ·   ╰── here
   ╰────
  help: A backslash outside of quotes is a command for psql. Write the SQL that it stands for.

"#]],
    );
    script_refused(
        "SELECT 'é' \\gexec\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: `\gexec` is a psql command, not SQL
   ╭─[migrations/2_bad/up.sql:1:12]
 1 │ SELECT 'é' \gexec
   ·            ┬
   ·            ╰── here
   ╰────
  help: A backslash outside of quotes is a command for psql. Write the SQL that it stands for.

"#]],
    );
    script_refused(
        "\\connect app password=secret\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: `\connect` is a psql command, not SQL
   ╭─[migrations/2_bad/up.sql:1:1]
 1 │ \connect app password=******
   · ┬
   · ╰── here
   ╰────
  help: A backslash outside of quotes is a command for psql. Write the SQL that it stands for.

"#]],
    );
}

#[test]
fn what_never_ends_is_refused_where_it_begins() {
    script_refused(
        "SELECT 1;\nSELECT 'it's';\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:2: unterminated string
   ╭─[migrations/2_bad/up.sql:2:13]
 1 │ SELECT 1;
 2 │ SELECT 'it's';
   ·             ┬
   ·             ╰── here
   ╰────
  help: Close it: everything after it is part of it.

"#]],
    );
    script_refused(
        "SELECT 1;\n/* a /* b */\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:2: unterminated comment
   ╭─[migrations/2_bad/up.sql:2:1]
 1 │ SELECT 1;
 2 │ /* a /* b */
   · ┬
   · ╰── here
   ╰────
  help: Close it: everything after it is part of it.

"#]],
    );
    script_refused(
        "DO $body$ BEGIN NULL; END $$;\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: unterminated dollar-quoted string
   ╭─[migrations/2_bad/up.sql:1:4]
 1 │ DO $body$ BEGIN NULL; END $$;
   ·    ┬
   ·    ╰── here
   ╰────
  help: Close it: everything after it is part of it.

"#]],
    );
    script_refused(
        "SELECT \"a;\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: unterminated quoted identifier
   ╭─[migrations/2_bad/up.sql:1:8]
 1 │ SELECT "a;
   ·        ┬
   ·        ╰── here
   ╰────
  help: Close it: everything after it is part of it.

"#]],
    );
}

#[test]
fn transaction_commands_are_refused_in_a_transactional_migration() {
    script_refused(
        "SELECT 1;\nBEGIN;\nSELECT 2;\nCOMMIT;\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:2: `BEGIN` in a migration that runs in a transaction
   ╭─[migrations/2_bad/up.sql:2:1]
 1 │ SELECT 1;
 2 │ BEGIN;
   · ──┬──
   ·   ╰── here
 3 │ SELECT 2;
 4 │ COMMIT;
   ╰────
  help: The migration is one transaction already, together with its journal entry. Remove the command, or write `run_in_transaction = false` into metadata.toml.

"#]],
    );
    script_refused(
        "SELECT 1; COMMIT AND CHAIN;",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: `COMMIT` in a migration that runs in a transaction
   ╭─[migrations/2_bad/up.sql:1:11]
 1 │ SELECT 1; COMMIT AND CHAIN;
   ·           ────────┬───────
   ·                   ╰── here
   ╰────
  help: The migration is one transaction already, together with its journal entry. Remove the command, or write `run_in_transaction = false` into metadata.toml.

"#]],
    );
    script_refused(
        "START TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: `START TRANSACTION` in a migration that runs in a transaction
   ╭─[migrations/2_bad/up.sql:1:1]
 1 │ START TRANSACTION ISOLATION LEVEL SERIALIZABLE;
   · ───────────────────────┬──────────────────────
   ·                        ╰── here
   ╰────
  help: The migration is one transaction already, together with its journal entry. Remove the command, or write `run_in_transaction = false` into metadata.toml.

"#]],
    );
    script_refused(
        "SELECT 1;\n-- x\nrollback;",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:3: `ROLLBACK` in a migration that runs in a transaction
   ╭─[migrations/2_bad/up.sql:3:1]
 1 │ SELECT 1;
 2 │ -- x
 3 │ rollback;
   · ────┬───
   ·     ╰── here
   ╰────
  help: The migration is one transaction already, together with its journal entry. Remove the command, or write `run_in_transaction = false` into metadata.toml.

"#]],
    );
    script_refused(
        "END;",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: `END` in a migration that runs in a transaction
   ╭─[migrations/2_bad/up.sql:1:1]
 1 │ END;
   · ─┬─
   ·  ╰── here
   ╰────
  help: The migration is one transaction already, together with its journal entry. Remove the command, or write `run_in_transaction = false` into metadata.toml.

"#]],
    );
    script_refused(
        "PREPARE TRANSACTION 'x';",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: `PREPARE TRANSACTION` in a migration that runs in a transaction
   ╭─[migrations/2_bad/up.sql:1:1]
 1 │ PREPARE TRANSACTION 'x';
   · ───────────┬───────────
   ·            ╰── here
   ╰────
  help: The migration is one transaction already, together with its journal entry. Remove the command, or write `run_in_transaction = false` into metadata.toml.

"#]],
    );
}

#[test]
fn a_migration_without_a_transaction_may_open_and_commit_its_own_and_nothing_else() {
    piecewise_refused(
        "SELECT 1;\nBEGIN;\nSELECT 2;\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:2: a transaction is opened and not committed
   ╭─[migrations/2_bad/up.sql:2:1]
 1 │ SELECT 1;
 2 │ BEGIN;
   · ──┬──
   ·   ╰── here
 3 │ SELECT 2;
   ╰────
  help: Write `COMMIT;` at the end of the block.

"#]],
    );
    piecewise_refused(
        "SELECT 1;\nROLLBACK;\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:2: `ROLLBACK` in a migration
   ╭─[migrations/2_bad/up.sql:2:1]
 1 │ SELECT 1;
 2 │ ROLLBACK;
   · ────┬───
   ·     ╰── here
   ╰────
  help: A script may only open transactions with BEGIN and end them with COMMIT: glowplug writes its journal in the same transaction.

"#]],
    );
    piecewise_refused(
        "BEGIN;\nBEGIN;\nCOMMIT;",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:2: `BEGIN` in a migration
   ╭─[migrations/2_bad/up.sql:2:1]
 1 │ BEGIN;
 2 │ BEGIN;
   · ──┬──
   ·   ╰── here
 3 │ COMMIT;
   ╰────
  help: A script may only open transactions with BEGIN and end them with COMMIT: glowplug writes its journal in the same transaction.

"#]],
    );
    piecewise_refused(
        "BEGIN;\nCREATE INDEX CONCURRENTLY i ON good (id);\nCOMMIT;",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:2: CREATE INDEX CONCURRENTLY cannot run in a transaction
   ╭─[migrations/2_bad/up.sql:2:1]
 1 │ BEGIN;
 2 │ CREATE INDEX CONCURRENTLY i ON good (id);
   · ────────────────────┬───────────────────
   ·                     ╰── here
 3 │ COMMIT;
   ╰────
  help: Move it out of the block that BEGIN opens.

"#]],
    );
    piecewise_refused(
        "DISCARD ALL;",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: `DISCARD ALL` in a migration
   ╭─[migrations/2_bad/up.sql:1:1]
 1 │ DISCARD ALL;
   · ─────┬─────
   ·      ╰── here
   ╰────
  help: It would release the migration lock. Every migration starts with a clean session; RESET ALL and DISCARD TEMP reset parts of it.

"#]],
    );
}

#[test]
fn copy_from_the_client_is_refused_with_its_data() {
    script_refused(
        "CREATE TABLE t (a int, b text);\nCOPY t (a, b) FROM stdin;\n1\tit's; \\N\n2\t\\.x\n\\.\nSELECT 1;\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:2: `COPY … FROM STDIN` in a migration
   ╭─[migrations/2_bad/up.sql:2:1]
 1 │ CREATE TABLE t (a int, b text);
 2 │ COPY t (a, b) FROM stdin;
   · ────────────┬───────────
   ·             ╰── here
 3 │ 1   it's; \N
 4 │ 2   \.x
   ╰────
  help: A migration has no standard input. Write INSERT statements (pg_dump --inserts), or load the data from the application.

"#]],
    );
    script_refused(
        "COPY good TO STDOUT;",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: `COPY … TO STDOUT` in a migration
   ╭─[migrations/2_bad/up.sql:1:1]
 1 │ COPY good TO STDOUT;
   · ─────────┬─────────
   ·          ╰── here
   ╰────
  help: A migration has no standard output. Use psql for exports.

"#]],
    );
}

#[test]
fn a_migration_without_a_statement_is_refused() {
    script_refused(
        "",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: it has no statement
   ╭─[migrations/2_bad/up.sql:1:1]
   ╰────
  help: Write the migration, or delete its directory. To leave it out on purpose, write `SELECT 1;`.

"#]],
    );
    script_refused(
        "-- Your SQL goes here\n",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: it has no statement
   ╭─[migrations/2_bad/up.sql:1:1]
 1 │ -- Your SQL goes here
   · ▲
   · ╰── here
   ╰────
  help: Write the migration, or delete its directory. To leave it out on purpose, write `SELECT 1;`.

"#]],
    );
    script_refused(
        " ;\n;; /* x */",
        str![[r#"
exit 1
-- stderr
migrations::script

  × migrations/2_bad/up.sql:1: it has no statement
   ╭─[migrations/2_bad/up.sql:1:1]
 1 │  ;
   · ▲
   · ╰── here
 2 │ ;; /* x */
   ╰────
  help: Write the migration, or delete its directory. To leave it out on purpose, write `SELECT 1;`.

"#]],
    );
}

#[test]
fn a_migration_without_a_way_back_goes_up_and_refuses_to_go_down() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    project.write("migrations/2_b/up.sql", "CREATE TABLE b (id int);");
    project.migration("3_c", "CREATE TABLE c (id int);", "DROP TABLE c;");
    project.run("upgrade").ok();
    for command in
        ["downgrade 1", "downgrade base --sql", "downgrade head:base --sql", "redo --all"]
    {
        check(
            &project.run(command),
            &database,
            str![[r#"
exit 1
-- stderr
downgrade::no_way_back

  × `2_b` has no down.sql
  help: Write migrations/2_b/down.sql, or choose a target above it. A down.sql with only a comment is a revert that does nothing.

"#]],
        );
    }
    assert_eq!(database.query("SELECT count(*) FROM __diesel_schema_migrations"), "3");
    project.run("downgrade -1").ok();
}

#[test]
fn an_empty_way_back_does_nothing_and_says_so() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE IF NOT EXISTS a (id int);", "");
    project.migration("2_b", "INSERT INTO a VALUES (1);", "-- irreversible; data stays\n\n");
    project.migration("3_c", "INSERT INTO a VALUES (2);", "\u{feff} ;\r\n/* nothing */");
    project.piecewise("4_d", "VACUUM a;", "-- nothing\n");
    project.run("upgrade").ok();
    check(
        &project.run("downgrade base"),
        &database,
        str![[r#"
exit 0
-- stdout
Reverted 4 migrations: 4 (head) -> base.
-- stderr
down  4_d  (the script does nothing)
down  3_c  (the script does nothing)
down  2_b  (the script does nothing)
down  1_a  (the script does nothing)

"#]],
    );
    check(
        &project.run("redo"),
        &database,
        str![[r#"
exit 0
-- stdout
Nothing to do: [DB] is at base.

"#]],
    );
    assert_eq!(database.query("SELECT count(*) FROM a"), "2");
    let kinds =
        "SELECT string_agg(kind, ' ' ORDER BY id) FROM __glowplug_journal WHERE version <> '4'";
    assert_eq!(database.query(kinds), "up up up down down down");
}

#[test]
fn names_versions_and_company_may_be_untidy() {
    let database = Database::new();
    let project = Project::at(&database);
    let names = [
        "00000000000000_diesel_initial_setup",
        "1_one",
        "20190101000000_old style",
        "2026-01-02-030405_übergröße naïve 日本",
        "2026-01-02-030405-0001_with 'quotes' and \"more\" $1 %s \\n",
        "7",
        "ABC_letters",
        "v2.1_dots",
    ];
    for (index, name) in names.iter().enumerate().rev() {
        let up = format!("CREATE TABLE t{index} (id int);");
        project.migration(name, &up, &format!("DROP TABLE t{index};"));
    }
    project.write("migrations/README.md", "read me");
    project.write("migrations/.keep", "");
    project.write("migrations/.diesel_lock", "");
    project.write("migrations/.git/config", "x");
    project.write("migrations/.DS_Store/x", "x");
    project.write("migrations/1_one/notes.txt", "x");
    project.write("migrations/1_one/data/rows.csv", "x");
    project.write("migrations/mod.rs", "x");
    check(
        &project.run("upgrade"),
        &database,
        str![[r#"
exit 0
-- stdout
Applied 8 migrations: base -> v2.1 (head).
-- stderr
up    00000000000000_diesel_initial_setup  ([TIME])
up    1_one  ([TIME])
up    20190101000000_old style  ([TIME])
up    2026-01-02-030405_übergröße naïve 日本  ([TIME])
up    2026-01-02-030405-0001_with 'quotes' and "more" $1 %s \n  ([TIME])
up    7  ([TIME])
up    ABC_letters  ([TIME])
up    v2.1_dots  ([TIME])

"#]],
    );
    check(
        &project.run("history -r :7"),
        &database,
        str![[r#"
exit 0
-- stdout
7                                                         applied
2026-01-02-030405-0001_with 'quotes' and "more" $1 %s \n  applied
2026-01-02-030405_übergröße naïve 日本                      applied
20190101000000_old style                                  applied
1_one                                                     applied
00000000000000_diesel_initial_setup                       applied

"#]],
    );
    project.run("redo --all").ok();
    project.run("downgrade base").ok();
    let tables =
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^t\\d'";
    assert_eq!(database.query(tables), "0");
}

#[cfg(unix)]
#[test]
fn linked_directories_are_followed() {
    use std::os::unix::fs::symlink;
    let database = Database::new();
    let shared = Project::new();
    shared.migration("1_shared", "CREATE TABLE a (id int);", "DROP TABLE a;");
    let project = Project::at(&database);
    let dir = project.path().join("migrations");
    symlink(shared.path().join("migrations/1_shared"), dir.join("1_shared")).unwrap();
    project.run("upgrade").ok();

    fs::remove_file(dir.join("1_shared")).unwrap();
    fs::remove_dir(&dir).unwrap();
    symlink(shared.path().join("migrations"), &dir).unwrap();
    project.run("current --check-heads").ok();
    project.run("downgrade base").ok();
}

#[test]
fn the_directory_is_found_by_flag_environment_diesel_toml_and_from_below() {
    let database = Database::new();
    let project = Project::at(&database);
    fs::remove_dir(project.path().join("migrations")).unwrap();
    project.write("db/steps/1_a/up.sql", "SELECT 1;");
    project.write("other/2_b/up.sql", "SELECT 1;");
    project.write("diesel.toml", "[migrations_directory]\ndir = \"db/steps\"\n");
    let heads = |project: &Project, flags: &str| project.run(&format!("heads {flags}")).ok().stdout;
    assert_eq!(heads(&project, ""), "1  1_a\n");
    assert_eq!(heads(&project, "--migration-dir other"), "2  2_b\n");
    let below = project
        .command(crate::support::GLOWPLUG)
        .arg("heads")
        .current_dir(project.path().join("db"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&below.stdout), "1  1_a\n");
    let project = project.env("MIGRATION_DIRECTORY", "other");
    assert_eq!(heads(&project, ""), "2  2_b\n");
    assert_eq!(heads(&project, "--migration-dir db/steps"), "1  1_a\n");
    check(
        &project.run("heads --migration-dir nowhere"),
        &database,
        str![[r#"
exit 1
-- stderr
project::no_migrations

  × there is no migrations directory nowhere
  help: Create one with `glowplug init`, or name it with --migration-dir.

"#]],
    );
}

/// What PostgreSQL's scripts look like after ten years.
const RICH: [(&str, &str, &str); 10] = [
    (
        "types",
        "CREATE TYPE mood_{n} AS ENUM ('sad', 'it''s; ok');\r\nCREATE DOMAIN positive_{n} AS int CHECK (VALUE > 0);\r\n\
         CREATE TYPE pair_{n} AS (a int, b text);\r\n",
        "DROP TYPE pair_{n};\r\nDROP DOMAIN positive_{n};\r\nDROP TYPE mood_{n};\r\n",
    ),
    (
        "table",
        "\u{feff}CREATE TABLE item_{n} (\n  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  name text NOT NULL DEFAULT 'a;b', -- ; '\n\
           at timestamptz DEFAULT now(), tags text[] DEFAULT '{}', doc jsonb DEFAULT '{\"k\": \"$$;\"}'\n);\n\
         COMMENT ON TABLE item_{n} IS $c$it's; a $$ comment$c$;\nCREATE INDEX ON item_{n} USING gin (tags);\n",
        "DROP TABLE item_{n};",
    ),
    (
        "function",
        "CREATE OR REPLACE FUNCTION touch_{n}() RETURNS trigger LANGUAGE plpgsql AS $fn$\nDECLARE x text := $$a;b$$;\nBEGIN\n\
           -- a comment; with 'quotes\n  IF NEW.name IS NULL THEN NEW.name := 'x;y'; END IF;\n  RETURN NEW;\nEND;\n$fn$;\n\
         CREATE FUNCTION sum_{n}(a int, b int) RETURNS int LANGUAGE sql RETURN a + b;\n",
        "DROP FUNCTION sum_{n};\nDROP FUNCTION touch_{n};",
    ),
    (
        "trigger",
        "CREATE TABLE logged_{n} (name text);\nCREATE FUNCTION log_{n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END;';\n\
         CREATE TRIGGER log BEFORE INSERT ON logged_{n} FOR EACH ROW WHEN (NEW.name <> ';') EXECUTE FUNCTION log_{n}();\n\
         INSERT INTO logged_{n} VALUES ('a;b'), (E'it\\'s'), ($$x$$);\n",
        "DROP TABLE logged_{n};\nDROP FUNCTION log_{n};",
    ),
    (
        "atomic",
        "CREATE TABLE target_{n} (id int);\nCREATE PROCEDURE put_{n}(x int) LANGUAGE sql BEGIN ATOMIC\n  INSERT INTO target_{n} VALUES (x);\n\
           INSERT INTO target_{n} VALUES (CASE WHEN x > 1 THEN 2 ELSE 3 END);\nEND;\nCALL put_{n}(1);\n",
        "DROP PROCEDURE put_{n};\nDROP TABLE target_{n};",
    ),
    (
        "do block",
        "DO $$\nBEGIN\n  FOR i IN 1..3 LOOP\n    EXECUTE format('CREATE TABLE gen_{n}_%s (id int)', i);\n  END LOOP;\nEND\n$$ LANGUAGE plpgsql;\n",
        "DO $$ BEGIN FOR i IN 1..3 LOOP EXECUTE format('DROP TABLE gen_{n}_%s', i); END LOOP; END $$;",
    ),
    (
        "partitions",
        "CREATE TABLE part_{n} (id int, at date NOT NULL) PARTITION BY RANGE (at);\n\
         CREATE TABLE part_{n}_a PARTITION OF part_{n} FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');\n\
         CREATE TABLE part_{n}_rest PARTITION OF part_{n} DEFAULT;\nINSERT INTO part_{n} SELECT g, DATE '2026-06-01' + g FROM generate_series(1, 500) g;\n",
        "DROP TABLE part_{n};",
    ),
    (
        "rule and view",
        "CREATE TABLE base_{n} (id int);\nCREATE VIEW view_{n} AS SELECT id FROM base_{n};\n\
         CREATE RULE r AS ON INSERT TO view_{n} DO INSTEAD (INSERT INTO base_{n} VALUES (NEW.id); INSERT INTO base_{n} VALUES (NEW.id + 1));\n\
         INSERT INTO view_{n} VALUES (1);\nCREATE MATERIALIZED VIEW mat_{n} AS TABLE base_{n};\n",
        "DROP MATERIALIZED VIEW mat_{n};\nDROP VIEW view_{n};\nDROP TABLE base_{n};",
    ),
    (
        "savepoints",
        "CREATE TABLE saved_{n} (id int UNIQUE);\nSAVEPOINT a;\nINSERT INTO saved_{n} VALUES (1);\nROLLBACK TO SAVEPOINT a;\n\
         INSERT INTO saved_{n} VALUES (2);\nRELEASE a;\nPREPARE q AS SELECT 1;\nEXECUTE q;\n",
        "DROP TABLE saved_{n};",
    ),
    (
        "schema",
        "CREATE SCHEMA \"odd; {n}\"\n  CREATE TABLE inner_t (id int)\n  CREATE VIEW inner_v AS SELECT * FROM inner_t;\nSET search_path = \"odd; {n}\", public;\n\
         CREATE TABLE deeper (id int REFERENCES item_{t} ON DELETE CASCADE);\nALTER TABLE deeper ENABLE ROW LEVEL SECURITY;\n\
         CREATE POLICY p ON deeper USING (id > 0);\n",
        "DROP SCHEMA \"odd; {n}\" CASCADE;",
    ),
];

#[test]
fn hundreds_of_migrations_of_every_kind_go_up_and_down_and_up() {
    let database = Database::new();
    let project = Project::at(&database);
    for number in 0..300_usize {
        let (what, up, down) = RICH[number % RICH.len()];
        // the table that the schema of this round refers to
        let table = (number / RICH.len() * RICH.len() + 1).to_string();
        let fill = |text: &str| text.replace("{n}", &number.to_string()).replace("{t}", &table);
        let day =
            format!("2016{:02}{:02}1200{:02}", 1 + number / 28 % 12, 1 + number % 28, number % 60);
        let name = match number / 100 {
            0 => format!("{day}_{what}"),
            1 => format!("2020-01-01-{number:06}_{what}"),
            _ => format!("2026-01-01-{number:06}-0000_{what}"),
        };
        project.migration(&name, &fill(up), &fill(down));
    }
    let objects = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace \
         WHERE nspname !~ '^pg_|^information' AND relname !~ '^__'";

    let up = project.run("upgrade -q").ok();
    let made = database.query(objects);
    let down = project.run("downgrade base -q").ok();

    assert!(up.stdout.starts_with("Applied 300 migrations: base -> "), "{up:?}");
    assert!(down.stdout.starts_with("Reverted 300 migrations: "), "{down:?}");
    assert!(made.parse::<usize>().unwrap() > 400, "{made}");
    assert_eq!(database.query(objects), "0");
    let routines = "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace \
         WHERE nspname !~ '^pg_|^information' AND proname !~ '^__'";
    assert_eq!(database.query(routines), "0");
    project.run("upgrade -q").ok();
    assert_eq!(database.query(objects), made);
}

#[test]
fn extensions_of_the_server_are_used() {
    let database = Database::new();
    let available = database.query(
        "SELECT name FROM pg_available_extensions WHERE name IN ('citext', 'pg_trgm', 'pgcrypto') ORDER BY 1",
    );
    let project = Project::at(&database);
    let project = project.env("DATABASE_URL", &database.admin_url());
    for (version, extension) in available.lines().enumerate() {
        let used = match extension {
            "citext" => "CREATE TABLE c (mail citext UNIQUE); INSERT INTO c VALUES ('A@b');",
            "pg_trgm" => "CREATE TABLE g (t text); CREATE INDEX ON g USING gin (t gin_trgm_ops);",
            _ => "SELECT gen_random_bytes(3);",
        };
        project.migration(
            &format!("{version}_{extension}"),
            &format!("CREATE EXTENSION IF NOT EXISTS {extension};\n{used}"),
            &format!("DROP TABLE IF EXISTS c, g; DROP EXTENSION {extension} CASCADE;"),
        );
    }
    project.run("upgrade").ok();
    project.run("redo --all").ok();
    project.run("downgrade base").ok();
}
