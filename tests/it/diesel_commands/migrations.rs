//! The cases of `migration`.

use super::{A, B, BOTH_APPLIED, BOTH_RUN, C, Case, PRINTS, case, two};

const TABLE_A: &str = "CREATE TABLE a (id int PRIMARY KEY);";
const TABLE_C: &str = "CREATE TABLE c (id int PRIMARY KEY);";

pub(super) fn run() -> Vec<Case> {
    let piecewise = "without a transaction, every statement is sent by itself";
    let pasted = "COPY FROM STDIN and psql's commands are refused before anything is sent";
    vec![
        two("migration run").run("migration run"),
        two("migration run twice").run("migration run").run("migration run"),
        two("migration run goes on")
            .run("migration run")
            .then_write(
                "migrations/2001-01-03-000000-0000_c/up.sql",
                "CREATE TABLE c (id int PRIMARY KEY);",
            )
            .run("migration run"),
        two("migration run below the project").within("src/bin").run("migration run"),
        case("migration run with nothing on disk")
            .diesel_toml("")
            .empty_migrations()
            .run("migration run"),
        case("migration run without a migrations directory").diesel_toml("").run("migration run"),
        case("migration run without a project").tables(&[A]).run("migration run"),
        two("migration run with a directory")
            .file("other/1_o/up.sql", "CREATE TABLE o (id int PRIMARY KEY);")
            .run("migration --migration-dir other run")
            .run("migration run --migration-dir migrations"),
        two("migration run with a directory that is not there")
            .run("migration run --migration-dir nowhere"),
        two("migration run with a directory from the environment")
            .file("other/1_o/up.sql", "CREATE TABLE o (id int PRIMARY KEY);")
            .env("MIGRATION_DIRECTORY", "other")
            .run("migration run"),
        two("the default migration is silent")
            .migration("00000000000000_diesel_initial_setup", "SELECT 1;", "SELECT 1;")
            .run("migration run")
            .run("migration list")
            .run("migration revert --all"),
        two("the default migration may come late")
            .run("migration run")
            .run("database setup")
            .run("migration run"),
        two("a failing migration keeps the ones before it")
            .migration(C, "CREATE TABLE c (id int); SELECT 1/0;", "")
            .migration("2001-01-04-000000-0000_d", "CREATE TABLE d (id int PRIMARY KEY);", "")
            .diesel_toml(PRINTS)
            .run("migration run"),
        two("a syntax error")
            .file(&format!("migrations/{B}/up.sql"), "CREATE TABLE b (id int;")
            .run("migration run"),
        two("a migration without a transaction")
            .outside(C, "CREATE INDEX CONCURRENTLY i ON a (id);", "DROP INDEX i;")
            .run("migration run")
            .run("migration revert"),
        two("several statements that cannot be in a transaction")
            .outside(
                C,
                "CREATE INDEX CONCURRENTLY i ON a (id);\n\
                 CREATE INDEX CONCURRENTLY j ON b (id);\n",
                "",
            )
            .run("migration run")
            .differs(piecewise)
            .exit(0)
            .databases(
                "[DB]\n  index i\n  index j\n  table a (id)\n  table b (id)\n  \
                 applied 20010101000000\n  \
                 applied 200101020000000000\n  applied 200101030000000000\n",
            ),
        two("a failing migration without a transaction")
            .outside(C, "CREATE TABLE c (id int PRIMARY KEY); SELECT 1/0;", "")
            .run("migration run")
            .differs(piecewise)
            .databases(
                "[DB]\n  table a (id)\n  table b (id)\n  table c (id)\n  applied 20010101000000\n  \
                 applied 200101020000000000\n",
            ),
        two("CONCURRENTLY in a transaction")
            .migration(C, "CREATE INDEX CONCURRENTLY i ON a (id);", "")
            .run("migration run")
            .refused("what cannot run in a transaction is refused before anything is sent"),
        two("a migration that came late")
            .then_remove("migrations/2001-01-01-000000_a")
            .run("migration run")
            .then_write("migrations/2001-01-01-000000_a/up.sql", TABLE_A)
            .run("migration run"),
        two("a migration that was edited")
            .run("migration run")
            .then_write(
                "migrations/2001-01-02-000000-0000_b/up.sql",
                "CREATE TABLE other (id int);",
            )
            .run("migration run")
            .refused("an applied migration that was edited stops the run"),
        two("an applied migration that is not on disk")
            .run("migration run")
            .then_remove("migrations/2001-01-02-000000-0000_b")
            .then_write("migrations/2001-01-03-000000-0000_c/up.sql", TABLE_C)
            .run("migration run"),
        two("the search_path of a migration")
            .file(
                &format!("migrations/{A}/up.sql"),
                "SET search_path = ''; CREATE TABLE public.a (id int PRIMARY KEY);",
            )
            .run("migration run")
            .differs("what a script sets ends with it")
            .exit(0)
            .stdout(BOTH_RUN)
            .databases(BOTH_APPLIED),
        two("transaction commands in a transaction")
            .file(
                &format!("migrations/{B}/up.sql"),
                "BEGIN; CREATE TABLE b (id int PRIMARY KEY); COMMIT;",
            )
            .run("migration run")
            .refused("BEGIN and COMMIT in a transaction are refused before anything is sent"),
        two("COPY from standard input")
            .file(&format!("migrations/{B}/up.sql"), "COPY a FROM STDIN;\n1\n\\.\n")
            .run("migration run")
            .refused(pasted),
        two("psql's commands")
            .file(&format!("migrations/{B}/up.sql"), "\\set x 1\nSELECT 1;\n")
            .run("migration run")
            .refused(pasted),
        two("another schema beside public")
            .sql("CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY)")
            .run("migration run"),
    ]
}

pub(super) fn revert() -> Vec<Case> {
    let three = |name| two(name).tables(&[C]).run("migration run");
    vec![
        three("migration revert").run("migration revert"),
        three("migration revert -n").run("migration revert -n 2"),
        three("migration revert --number").run("migration revert --number=2"),
        three("migration revert -n beyond").run("migration revert -n 9"),
        three("migration revert -n 0").run("migration revert -n 0"),
        three("migration revert --all").run("migration revert --all"),
        three("migration revert -a").run("migration revert -a").run("migration revert -a"),
        three("migration revert -n and --all").run("migration revert -n 1 --all"),
        three("migration revert -n of no number").run("migration revert -n x"),
        three("migration revert -n below zero").run("migration revert -n -1"),
        two("migration revert with nothing applied").run("migration revert"),
        two("migration revert --all with nothing applied").run("migration revert --all"),
        three("migration revert of one without down.sql")
            .then_remove("migrations/2001-01-03-000000-0000_c/down.sql")
            .run("migration revert")
            .refused("a revert that cannot be finished is not begun"),
        three("migration revert of several, one without down.sql")
            .then_remove("migrations/2001-01-02-000000-0000_b/down.sql")
            .run("migration revert -n 2")
            .refused("a revert that cannot be finished is not begun"),
        three("migration revert of one that is not on disk")
            .then_remove("migrations/2001-01-03-000000-0000_c")
            .run("migration revert"),
        three("migration revert --all with one that is not on disk")
            .then_remove("migrations/2001-01-02-000000-0000_b")
            .run("migration revert --all")
            .refused("a revert that cannot be finished is not begun"),
        three("migration revert that fails")
            .then_write("migrations/2001-01-02-000000-0000_b/down.sql", "DROP TABLE b; SELECT 1/0;")
            .run("migration revert -n 2"),
        three("migration revert with an empty down.sql")
            .then_write("migrations/2001-01-03-000000-0000_c/down.sql", "")
            .run("migration revert")
            .differs("a down.sql without a statement is a revert that does nothing")
            .exit(0)
            .stdout("Rolling back migration 2001-01-03-000000-0000_c\n")
            .databases(
                "[DB]\n  table a (id)\n  table b (id)\n  table c (id)\n  applied 20010101000000\n  \
                 applied 200101020000000000\n",
            ),
        three("migration revert with a comment as down.sql")
            .then_write("migrations/2001-01-03-000000-0000_c/down.sql", "-- nothing\n")
            .run("migration revert")
            .differs("a down.sql without a statement is a revert that does nothing")
            .exit(0)
            .stdout("Rolling back migration 2001-01-03-000000-0000_c\n")
            .databases(
                "[DB]\n  table a (id)\n  table b (id)\n  table c (id)\n  applied 20010101000000\n  \
                 applied 200101020000000000\n",
            ),
        three("migration revert with a schema file")
            .then_write("diesel.toml", PRINTS)
            .run("migration revert"),
        three("migration revert of nothing, with a schema file")
            .then_write("diesel.toml", PRINTS)
            .run("migration revert -n 0"),
    ]
}

pub(super) fn redo() -> Vec<Case> {
    let three = |name| two(name).tables(&[C]).run("migration run");
    vec![
        three("migration redo").run("migration redo"),
        three("migration redo -n").run("migration redo -n 2"),
        three("migration redo --number").run("migration redo --number 2"),
        three("migration redo -n beyond").run("migration redo -n 9"),
        three("migration redo -n 0").run("migration redo -n 0"),
        three("migration redo --all").run("migration redo --all"),
        three("migration redo -a").run("migration redo -a"),
        three("migration redo -n and --all").run("migration redo --number 1 -a"),
        two("migration redo with nothing applied").run("migration redo"),
        two("migration redo --all with nothing applied").run("migration redo --all"),
        three("migration redo leaves what is pending")
            .then_write(
                "migrations/2001-01-04-000000-0000_d/up.sql",
                "CREATE TABLE d (id int PRIMARY KEY);",
            )
            .run("migration redo --all"),
        three("migration redo that fails on its way up")
            .then_write("migrations/2001-01-02-000000-0000_b/up.sql", "SELECT 1/0;")
            .run("migration redo -n 2"),
        three("migration redo that fails on its way down")
            .then_write("migrations/2001-01-02-000000-0000_b/down.sql", "SELECT 1/0;")
            .run("migration redo -n 2"),
        three("migration redo of what was edited")
            .then_write(
                "migrations/2001-01-03-000000-0000_c/up.sql",
                "CREATE TABLE c (id int PRIMARY KEY, x int);",
            )
            .run("migration redo"),
        three("migration redo without down.sql")
            .then_remove("migrations/2001-01-03-000000-0000_c/down.sql")
            .run("migration redo")
            .refused("a revert that cannot be finished is not begun"),
        three("migration redo --all with one that is not on disk")
            .then_remove("migrations/2001-01-02-000000-0000_b")
            .run("migration redo --all")
            .refused("a revert that cannot be finished is not begun"),
        two("migration redo without a transaction")
            .outside(C, "CREATE INDEX CONCURRENTLY i ON a (id);", "DROP INDEX CONCURRENTLY i;")
            .run("migration run")
            .run("migration redo -n 2"),
        three("migration redo with the default migration")
            .migration("00000000000000_diesel_initial_setup", "SELECT 1;", "SELECT 1;")
            .run("migration redo --all"),
        three("migration redo with a schema file")
            .then_write("diesel.toml", PRINTS)
            .run("migration redo"),
    ]
}

pub(super) fn list() -> Vec<Case> {
    let reads = "reading the state creates nothing";
    vec![
        two("migration list with nothing applied")
            .exact_tracking()
            .run("migration list")
            .differs(reads)
            .databases("[DB]\n  no tracking table\n"),
        two("migration pending with nothing applied")
            .exact_tracking()
            .run("migration pending")
            .differs(reads)
            .databases("[DB]\n  no tracking table\n"),
        two("migration list with all applied").run("migration run").run("migration list"),
        two("migration list with some applied")
            .run("migration run")
            .run("migration revert")
            .run("migration list"),
        two("migration list sorts by version")
            .tables(&["9_z", "1_y", "2001-01-02-000000_x", "noversion"])
            .run("migration list"),
        two("migration list shows nothing that is not on disk")
            .run("migration run")
            .then_remove("migrations/2001-01-02-000000-0000_b")
            .run("migration list"),
        two("migration list of what came late")
            .then_remove("migrations/2001-01-01-000000_a")
            .run("migration run")
            .then_write("migrations/2001-01-01-000000_a/up.sql", "SELECT 1;")
            .run("migration list")
            .run("migration pending"),
        two("migration list of what was edited")
            .run("migration run")
            .then_write("migrations/2001-01-01-000000_a/up.sql", "SELECT 1;")
            .run("migration list")
            .run("migration pending"),
        case("migration list with nothing on disk")
            .diesel_toml("")
            .empty_migrations()
            .run("migration list")
            .run("migration pending"),
        two("migration list with a directory")
            .file("other/1_o/up.sql", "SELECT 1;")
            .run("migration list --migration-dir other")
            .run("migration --migration-dir other list")
            .run("migration --migration-dir=other pending"),
        case("migration list without a migrations directory").diesel_toml("").run("migration list"),
        two("migration pending with all applied").run("migration run").run("migration pending"),
        two("migration pending with an unknown one applied")
            .run("migration run")
            .then_remove("migrations/2001-01-02-000000-0000_b")
            .run("migration pending"),
        case("migration pending without a migrations directory")
            .diesel_toml("")
            .run("migration pending"),
        two("a directory before the command")
            .run("--migration-dir migrations migration list")
            .differs("--migration-dir may stand anywhere")
            .exit(0)
            .stdout("Migrations:\n  [ ] 2001-01-01-000000_a\n  [ ] 2001-01-02-000000-0000_b\n"),
    ]
}

pub(super) fn generate() -> Vec<Case> {
    let new = |name| case(name).diesel_toml("").empty_migrations();
    vec![
        new("migration generate").run("migration generate create_users"),
        new("migration generate twice in a second")
            .run("migration generate one")
            .run("migration generate two"),
        new("migration generate --version").run("migration generate users --version 42"),
        new("migration generate --version with dashes")
            .run("migration generate users --version=2001-02-03-040506"),
        new("migration generate with a version that is there")
            .tables(&["12_a"])
            .run("migration generate users --version 12"),
        new("migration generate with a version that another begins with")
            .tables(&["12_a"])
            .run("migration generate users --version 1"),
        new("migration generate with a version that begins with another")
            .tables(&["12_a"])
            .run("migration generate users --version 123"),
        new("migration generate beside two of one version")
            .tables(&["3_x", "3_y"])
            .run("migration generate users --version 4"),
        new("migration generate --no-down").run("migration generate users --no-down --version 1"),
        new("migration generate -u").run("migration generate -u users --version 1"),
        new("migration generate --format sql")
            .run("migration generate users --format sql --version 1"),
        new("migration generate --format of another kind")
            .run("migration generate users --format=barrel"),
        new("migration generate without a name").run("migration generate"),
        new("migration generate with a directory's separator in the name")
            .run("migration generate a/b --version 1"),
        new("migration generate with odd characters in the name")
            .run("migration generate Add-Users.v2 --version 1"),
        new("migration generate with a directory")
            .file("other/.keep", "")
            .run("migration generate users --version 1 --migration-dir other"),
        new("migration generate with an absolute directory")
            .file("other/.keep", "")
            .run("migration generate users --version 1 --migration-dir {dir}/other"),
        new("migration generate with a directory that is not there")
            .run("migration generate users --migration-dir nowhere"),
        new("migration generate below the project")
            .within("src/bin")
            .run("migration generate users --version 1"),
        case("migration generate without a migrations directory")
            .diesel_toml("")
            .run("migration generate users"),
        new("migration generate needs no database")
            .env("DATABASE_URL", "postgres://u:hunter2@%2Fnowhere/d")
            .run("migration generate users --version 1"),
        new("migration generate with the directory of diesel.toml")
            .diesel_toml("[migrations_directory]\ndir = \"db/changes\"\n")
            .file("db/changes/.keep", "")
            .run("migration generate users --version 1"),
        new("migration generate with tables and no schema to compare")
            .run("migration generate users --version 1 -o users"),
    ]
}

pub(super) fn odd() -> Vec<Case> {
    let never = "a migration without a statement is refused before anything is sent";
    let duplicates = "two directories with one version are refused by name";
    let metadata = "metadata.toml without the key, or malformed, is refused by name";
    vec![
        case("a new migration, unedited")
            .diesel_toml("")
            .empty_migrations()
            .run("migration generate users")
            .run("migration run")
            .differs(never)
            .stdout(""),
        two("an unedited migration behind others")
            .migration(C, "-- Your SQL goes here\n", "")
            .run("migration run")
            .refused(never),
        two("an empty up.sql").migration(C, "", "").run("migration run").refused(never),
        two("a directory that is no migration")
            .file("migrations/2001-01-03-000000-0000_c/note.txt", "")
            .run("migration run"),
        two("an empty directory among the migrations")
            .file("migrations/empty/x", "")
            .then_remove("migrations/empty/x")
            .run("migration run"),
        two("a directory that is no migration, listed")
            .file("migrations/2001-01-03-000000-0000_c/down.sql", "")
            .run("migration list"),
        two("files and hidden directories among the migrations")
            .file("migrations/README.md", "")
            .file("migrations/.hidden/x", "")
            .run("migration run")
            .run("migration list"),
        two("directories without an underscore, or with many")
            .tables(&["noversion", "1__double", "2_"])
            .file("migrations/2_/up.sql", "SELECT 1;")
            .run("migration run"),
        two("two of one version").tables(&["3_x", "3_y"]).run("migration run").refused(duplicates),
        two("two of one version, written otherwise")
            .tables(&["2001-01-02_x", "20010102_y"])
            .run("migration run")
            .refused(duplicates),
        two("two of one version, listed")
            .tables(&["3_x", "3_y"])
            .run("migration list")
            .differs(duplicates)
            .exit(1)
            .stdout(""),
        two("two of one version, pending")
            .tables(&["3_x", "3_y"])
            .run("migration pending")
            .differs(duplicates)
            .exit(1)
            .stdout(""),
        two("two of one version, reverted")
            .run("migration run")
            .then_write("migrations/20010102000000_0/up.sql", "SELECT 1;")
            .then_write("migrations/20010102000000_1/up.sql", "SELECT 1;")
            .run("migration revert")
            .refused(duplicates),
        two("metadata.toml that says true")
            .file(&format!("migrations/{B}/metadata.toml"), "run_in_transaction = true\n")
            .run("migration run"),
        two("metadata.toml with a key more")
            .file(
                &format!("migrations/{B}/metadata.toml"),
                "run_in_transaction = true\nauthor = \"x\"\n",
            )
            .run("migration run"),
        two("metadata.toml without the key")
            .file(&format!("migrations/{B}/metadata.toml"), "")
            .run("migration run")
            .refused(metadata),
        two("metadata.toml that is malformed")
            .file(&format!("migrations/{B}/metadata.toml"), "run_in_transaction = yes\n")
            .run("migration run")
            .refused(metadata),
        two("metadata.toml that is malformed, listed")
            .file(&format!("migrations/{B}/metadata.toml"), "run_in_transaction = yes\n")
            .run("migration list")
            .differs(metadata)
            .exit(1)
            .stdout(""),
        two("a version of more than 50 characters")
            .tables(&["1234567890123456789012345678901234567890123456789012345_long"])
            .run("migration run")
            .refused(
                "a version that does not fit into the table is refused before anything is sent",
            ),
        two("letters beyond ASCII")
            .migration(C, "CREATE TABLE c (id int PRIMARY KEY, \"größe\" text);", "DROP TABLE c;")
            .run("migration run"),
    ]
}
