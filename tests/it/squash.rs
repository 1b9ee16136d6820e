//! `glowplug squash`: one migration of several, and databases that have run all, some or none of the old ones.

mod histories;

use diesel::{migration::MigrationSource, pg::Pg};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use diesel_migrations::FileBasedMigrations;
use glowplug::UpgradeOptions;

use crate::{
    sample,
    support::{Database, Project},
};

use histories::{History, state};

const SHOP: [(&str, &str, &str); 4] = [
    (
        "20240101_currencies",
        "CREATE TABLE currencies (code char(3) PRIMARY KEY, name text NOT NULL);\nINSERT INTO currencies VALUES ('EUR', 'Euro'), ('CHF', 'it''s \\ Swiss');",
        "DROP TABLE currencies;",
    ),
    (
        "20240201_orders",
        "CREATE TABLE orders (id bigserial PRIMARY KEY, currency char(3) REFERENCES currencies, total numeric(12,2) NOT NULL DEFAULT 0);",
        "DROP TABLE orders;",
    ),
    (
        "20240301_index",
        "CREATE INDEX CONCURRENTLY orders_total ON orders (total) WHERE total > 0;",
        "DROP INDEX orders_total;",
    ),
    (
        "20240401_names",
        "ALTER TABLE currencies ADD COLUMN symbol text;\nUPDATE currencies SET symbol = '€' WHERE code = 'EUR';\nCOMMENT ON TABLE currencies IS 'money';",
        "ALTER TABLE currencies DROP COLUMN symbol;\nCOMMENT ON TABLE currencies IS NULL;",
    ),
];

fn shop(project: &Project) {
    for (name, up, down) in SHOP {
        project.migration(name, up, down);
    }
    let metadata = "migrations/20240301_index/metadata.toml";
    project.write(metadata, "run_in_transaction = false\n");
}

fn versions(database: &Database) -> String {
    database
        .query("SELECT string_agg(version, ' ' ORDER BY version) FROM __diesel_schema_migrations")
}

#[test]
fn a_squash_asks_what_becomes_of_rows_and_writes_nothing_until_it_knows() {
    let project = Project::new();
    shop(&project);
    project.run("squash").code(1).says(&[
        "migrations fill tables, and their rows would be lost: public.currencies (2 rows)",
        "--keep-data TABLE",
    ]);
    project.run("squash --keep-data currencies nothing").code(1).says(&["public.nothing"]);
    assert!(project.path().join("migrations/20240101_currencies/up.sql").is_file());
    assert!(!project.path().join("migrations/.squashed").exists());
    let said = project.run("squash --keep-data currencies --dry-run").ok();
    assert!(said.stdout.contains("not written"), "{}", said.stdout);
    assert!(!project.path().join("migrations/.squashed").exists());
}

#[test]
fn databases_that_have_run_all_some_or_none_of_the_old_ones_end_equal() {
    let all: Vec<Database> = (0..=SHOP.len()).map(|_| Database::new()).collect();
    let project = Project::new();
    shop(&project);
    for (count, database) in all.iter().enumerate() {
        let to = format!("upgrade base+{count} --database-url {}", database.url());
        project.run(&to).ok();
    }
    let said = project.run("squash --keep-data currencies -m start").ok();
    assert!(said.stdout.contains("Replaces 4 migrations."), "{}", said.stdout);
    assert!(project.path().join("migrations/20240401_start/up.sql").is_file());
    assert!(project.path().join("migrations/.squashed/20240101_currencies/up.sql").is_file());
    project.migration(
        "20240501_more",
        "ALTER TABLE orders ADD COLUMN note text;",
        "ALTER TABLE orders DROP COLUMN note;",
    );
    let (fresh, old) = ("20240401 20240501", "20240101 20240201 20240301 20240401 20240501");
    for (count, database) in all.iter().enumerate() {
        let at = format!("--database-url {}", database.url());
        let history = project.run(&format!("history {at}")).ok().stdout;
        let expands = count > 0 && count < SHOP.len();
        assert_eq!(history.contains("20240101"), expands, "{count}: {history}");
        project.run(&format!("upgrade --dry-run {at}")).ok();
        let said = project.run(&format!("upgrade {at}")).ok();
        assert_eq!(
            said.stderr.contains("recorded that 20240401_start is applied"),
            count > 0,
            "{said:?}"
        );
        // a build from before the squash may still start, and finds what it knows
        assert_eq!(versions(database), if count > 0 { old } else { fresh }, "{count}");
        assert!(project.run(&format!("upgrade {at}")).ok().stdout.contains("Nothing to do"));
        project.run(&format!("current --check-heads {at}")).ok();
        project.run(&format!("drift {at}")).ok();
        assert_eq!(state(database), state(&all[0]), "{count}");
        let notes = database.query("SELECT count(*) FROM __glowplug_journal WHERE note LIKE 'squashed into % made from 20240101, %, all of them applied'");
        assert_eq!(notes, if count > 0 { "1" } else { "0" });
        // and back
        project.run(&format!("downgrade base {at}")).ok();
        project.run(&format!("upgrade {at}")).ok();
        assert_eq!(state(database), state(&all[0]), "{count}");
        assert_eq!(versions(database), fresh, "{count}");
    }
    project.run("verify").ok();
}

#[test]
fn without_the_old_directories_a_database_in_the_middle_is_refused_by_name() {
    let (all, some) = (Database::new(), Database::new());
    let project = Project::new();
    shop(&project);
    project.run(&format!("upgrade --database-url {}", all.url())).ok();
    project.run(&format!("upgrade base+2 --database-url {}", some.url())).ok();
    project.run("squash --keep-data * --delete").ok();
    assert!(!project.path().join("migrations/.squashed").exists());
    project.run(&format!("upgrade --database-url {}", all.url())).ok();
    let before = state(&some);
    project.run(&format!("upgrade --database-url {}", some.url())).code(1).says(&[
        "the database has run only some of the migrations that were squashed into `20240401_squashed`",
        "upgrade the database to 20240401 with the revision before the squash",
    ]);
    assert_eq!(state(&some), before);
}

#[test]
fn an_edited_old_one_is_not_taken_for_the_one_that_was_squashed() {
    let database = Database::new();
    let project = Project::at(&database);
    shop(&project);
    project.run("upgrade").ok();
    project.write("migrations/20240401_names/up.sql", &format!("{}\n-- later", SHOP[3].1));
    project.run("squash --keep-data *").ok();
    project.run("upgrade").code(1).says(&["a migration was edited", "--accept-edited 20240401"]);
    project.run("upgrade --accept-edited 20240401").ok();
    assert!(project.run("upgrade").ok().stdout.contains("Nothing to do"));
    project.run("stamp current --purge").ok();
    assert_eq!(versions(&database), "20240401");
    project.run("current --check-heads").ok();
}

#[test]
fn a_build_from_before_the_squash_starts_after_it_was_recorded() {
    let database = Database::new();
    let (old, new) = (Project::at(&database), Project::at(&database));
    shop(&old);
    shop(&new);
    old.run("upgrade").ok();
    new.run("squash --keep-data *").ok();
    new.run("upgrade").ok();
    assert!(old.run("upgrade").ok().stdout.contains("Nothing to do"));
    old.run("current --check-heads").ok();
    new.run("current --check-heads").ok();
}

#[test]
fn a_squash_of_a_squash_knows_databases_of_every_age() {
    let all: Vec<Database> = (0..6).map(|_| Database::new()).collect();
    let at = |database: &Database| format!("--database-url {}", database.url());
    let project = Project::new();
    shop(&project);
    project.run(&format!("upgrade base+1 {}", at(&all[1]))).ok();
    project.run(&format!("upgrade base+3 {}", at(&all[2]))).ok();
    project.run(&format!("upgrade {}", at(&all[5]))).ok();
    project.run("squash 20240301 --keep-data * -m first").ok();
    // one that has run the first squash, and one that has run it and more
    project.run(&format!("upgrade base+1 {}", at(&all[3]))).ok();
    project.run(&format!("upgrade {}", at(&all[4]))).ok();
    project.run("squash --keep-data * -m second").ok();
    for (number, database) in all.iter().enumerate() {
        project.run(&format!("upgrade {}", at(database))).ok();
        assert_eq!(state(database), state(&all[0]), "{number}");
        project.run(&format!("stamp current --purge {}", at(database))).ok();
        assert_eq!(versions(database), "20240401", "{number}");
        project.run(&format!("current --check-heads {}", at(database))).ok();
    }
}

#[test]
fn a_range_in_the_middle_keeps_statements_of_named_tables() {
    let (old, new) = (Database::new(), Database::new());
    let project = Project::new();
    shop(&project);
    project.run(&format!("upgrade --database-url {}", old.url())).ok();
    project.run("squash 20240201:head").code(1).says(&[
        "statements may change rows of tables that exist before the range",
        "migrations/20240401_names/up.sql:2 UPDATE public.currencies",
    ]);
    project.run("squash 20240201:head --keep-data currencies -m rest").ok();
    project.run(&format!("upgrade --database-url {}", new.url())).ok();
    project.run(&format!("upgrade --database-url {}", old.url())).ok();
    project.run(&format!("stamp current --purge --database-url {}", old.url())).ok();
    assert_eq!(versions(&old), versions(&new));
    assert_eq!(state(&old), state(&new));
    project.run("squash 20240401:head").code(1).says(&["there is nothing to squash"]);
}

/// The migrations that Diesel itself finds in a directory.
fn of_diesel(project: &Project) -> FileBasedMigrations {
    FileBasedMigrations::from_path(project.path().join("migrations")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn diesel_and_an_application_run_a_squashed_directory_and_leave_the_old_ones_alone() {
    tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Handle::current();
        let (old, some, new) = (Database::new(), Database::new(), Database::new());
        let project = Project::new();
        shop(&project);
        project.run(&format!("upgrade --database-url {}", old.url())).ok();
        project.run(&format!("upgrade +2 --database-url {}", some.url())).ok();
        project.run("squash --keep-data *").ok();
        let names: Vec<String> = MigrationSource::<Pg>::migrations(&of_diesel(&project))
            .unwrap()
            .iter()
            .map(|it| it.name().to_string())
            .collect();
        assert_eq!(names, ["20240401_squashed"]);
        // as Diesel runs it: the whole file is one message, and the version is recorded
        let up = std::fs::read_to_string(project.path().join("migrations/20240401_squashed/up.sql"));
        new.execute("CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)");
        new.execute(&format!(
            "BEGIN; {} INSERT INTO __diesel_schema_migrations VALUES ('20240401'); COMMIT",
            up.unwrap()
        ));
        for database in [&old, &new] {
            project.run(&format!("upgrade --database-url {}", database.url())).ok();
            let clean = format!("current --check-heads --database-url {}", database.url());
            project.run(&clean).ok();
        }
        assert_eq!(state(&old), state(&new));
        // what is embedded into an application says what it replaces
        let embedded = glowplug::from_source(&of_diesel(&project)).unwrap();
        let upgrade = |database: &Database| {
            let url = database.url();
            runtime.block_on(async {
                let mut connection = AsyncPgConnection::establish(&url).await.unwrap();
                glowplug::upgrade(&mut connection, &embedded, &UpgradeOptions::default()).await
            })
        };
        assert!(upgrade(&old).unwrap().steps.is_empty());
        let error = upgrade(&some).unwrap_err().to_string();
        assert!(error.contains("only some of the migrations"), "{error}");
    })
    .await
    .unwrap();
}

#[test]
fn random_histories_and_databases_at_random_positions_end_equal() {
    for case in 0..sample::count(2, 12) {
        let mut history = History::new(case);
        let project = Project::new();
        let length = history.range(4, 9);
        for migration in history.migrations(length) {
            project.migration(&migration.name, &migration.up, &migration.down);
        }
        let whole = Database::new();
        project.run(&format!("upgrade --database-url {}", whole.url())).ok();
        let databases: Vec<(usize, Database)> =
            (0..3).map(|_| (history.range(0, length), Database::new())).collect();
        for (at, database) in &databases {
            project.run(&format!("upgrade base+{at} --database-url {}", database.url())).ok();
        }
        let upto = history.range(2, length);
        project.run(&format!("squash base+{upto} --keep-data *")).ok();
        let left = length - upto + 1;
        for (at, database) in &databases {
            project.run(&format!("upgrade --database-url {}", database.url())).ok();
            project.run(&format!("stamp current --purge --database-url {}", database.url())).ok();
            assert_eq!(
                state(database),
                state(&whole),
                "{} at {at} of {length}, squashed {upto}",
                history.seed
            );
            assert_eq!(versions(database).split(' ').count(), left, "{}", history.seed);
        }
        project.run(&format!("upgrade --database-url {}", whole.url())).ok();
        project.run(&format!("stamp current --purge --database-url {}", whole.url())).ok();
        assert_eq!(versions(&whole).split(' ').count(), left, "{}", history.seed);
    }
}

#[test]
fn a_ledger_that_is_new_in_the_range_is_squashed_and_written_like_any_table() {
    let events = "CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL);";
    let ledger = "[[ledger]]\ntable = \"public.events\"\n";
    let project = Project::new();
    project.write("glowplug.toml", ledger);
    project.migration("1_events", events, "DROP TABLE events;");
    project.migration("2_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("squash").ok();
    project.run("verify").ok();

    let project = Project::new();
    project.write("glowplug.toml", &format!("[schema]\nsource = \"schema.sql\"\n{ledger}"));
    project.write("schema.sql", events);
    project.run("revision --autogenerate -m events").ok();
    // a column that past events cannot have stays refused
    let more = events.replace("kind text", "actor text NOT NULL, kind text");
    project.write("schema.sql", &more);
    let ran = project.run("revision --autogenerate -m actor").code(1);
    ran.says(&["autogenerate::ledger", "existing events would have to be updated"]);
}

/// The files below a directory of a project.
fn files(project: &Project, dir: &str) -> Vec<String> {
    let mut all: Vec<String> = std::fs::read_dir(project.path().join(dir))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    all.sort();
    all
}

#[test]
fn a_squash_that_was_killed_is_finished_by_the_next_one() {
    let database = Database::new();
    let project = Project::at(&database);
    shop(&project);
    let copy = |from: String, to: String| {
        let (from, to) = (project.path().join(from), project.path().join(to));
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    };
    // killed while it copied: one directory is aside already, and one is half there
    let name = SHOP[1].0;
    copy(format!("migrations/{name}"), format!("migrations/.squashed/{name}"));
    project.write("migrations/.squashed/.glowplug-x/whole/up.sql", "SELECT");
    project.run("upgrade").ok();
    project.run("squash --keep-data *").ok();
    let old: Vec<&str> = SHOP.iter().map(|it| it.0).collect();
    assert_eq!(files(&project, "migrations/.squashed"), old);
    // killed while it removed the old ones
    for name in &old[1..] {
        copy(format!("migrations/.squashed/{name}"), format!("migrations/{name}"));
    }
    std::fs::remove_dir_all(project.path().join("migrations/.squashed").join(name)).unwrap();
    for command in ["upgrade", "verify", "history --offline"] {
        project
            .run(command)
            .code(1)
            .says(&["20240401_names` is still there", "`glowplug squash` finishes it"]);
    }
    let said = project.run("squash").ok().stdout;
    assert!(said.contains("Finished a squash that was interrupted"), "{said}");
    assert_eq!(files(&project, "migrations/.squashed"), old);
    assert_eq!(files(&project, "migrations"), [".squashed", "20240401_squashed"]);
    project.run("upgrade").ok();
    project.run("current --check-heads").ok();
    // one that was squashed with other contents is not overwritten
    project.migration(old[0], "SELECT 1;", "SELECT 1;");
    project.migration("20250101_x", "SELECT 1;", "SELECT 1;");
    let kept = project.path().join("migrations/.squashed").join(old[0]).join("up.sql");
    let before = std::fs::read(&kept).unwrap();
    project.run("squash --keep-data *").code(1).says(&["was squashed before"]);
    assert_eq!(std::fs::read(&kept).unwrap(), before);
}

#[test]
fn of_two_squashes_at_once_one_wins_and_no_file_is_lost() {
    let project = Project::new();
    shop(&project);
    let run = || {
        let mut command = project.command(crate::support::GLOWPLUG);
        command.args(["squash", "--keep-data", "*"]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        command.spawn().unwrap()
    };
    let won = [run(), run()].map(|mut it| it.wait().unwrap().success());
    assert_eq!(won.iter().filter(|it| **it).count(), 1);
    let old: Vec<&str> = SHOP.iter().map(|it| it.0).collect();
    assert_eq!(files(&project, "migrations/.squashed"), old);
    assert_eq!(files(&project, "migrations"), [".squashed", "20240401_squashed"]);
}
