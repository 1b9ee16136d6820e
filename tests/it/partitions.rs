//! Partitions that a live database has, and partitions that schema.rs lists.

use std::fs;

use crate::support::{Database, Project, Ran, psql_at};

const METRICS: &str = "CREATE TABLE metrics (id int NOT NULL, day date NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE metrics_rest PARTITION OF metrics DEFAULT;";

/// A partition with everything that an application gives it, and one with partitions of its own.
const MADE: &str = "CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX own ON metrics_2024 (day);
ALTER TABLE metrics_2024 ADD CONSTRAINT positive CHECK (id > 0);
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER seen BEFORE INSERT ON metrics_2024 FOR EACH ROW EXECUTE FUNCTION seen();
GRANT SELECT ON metrics_2024 TO PUBLIC;
CREATE TABLE metrics_2025 PARTITION OF metrics FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (id);
CREATE TABLE metrics_2025_rest PARTITION OF metrics_2025 DEFAULT;
INSERT INTO metrics VALUES (1, '2024-05-05'), (2, '2025-05-05');";

const LEFT: &str = "3 partitions that only the database has are left alone: public.metrics_2024, public.metrics_2025, public.metrics_2025_rest";

fn scripts(project: &Project, word: &str) -> String {
    let dirs = fs::read_dir(project.path().join("migrations")).unwrap();
    let mut dirs: Vec<_> = dirs.map(|it| it.unwrap().path()).collect();
    dirs.sort();
    let wanted = dirs.iter().filter(|it| it.to_string_lossy().contains(word));
    wanted.map(|it| fs::read_to_string(it.join("up.sql")).unwrap()).collect()
}

fn generate(project: &Project, more: &[&str]) -> Ran {
    let mut arguments = vec!["revision", "--autogenerate", "-m", "change"];
    arguments.extend(more);
    project.run_with(&arguments)
}

/// The table changes in the database with its partitions, and nothing happens to these.
#[test]
fn partitions_that_only_a_database_has_are_left_alone() {
    let database = Database::new();
    let project = Project::new().env("DATABASE_URL", &database.url());
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    project.migration("1_metrics", METRICS, "DROP TABLE metrics;");
    project.write(
        "schema.sql",
        &format!(
            "{METRICS}
ALTER TABLE metrics ADD COLUMN value int DEFAULT 0;
CREATE INDEX metrics_value ON metrics (value);
ALTER TABLE metrics ADD CONSTRAINT metrics_days UNIQUE (day, id);"
        ),
    );
    project.run("upgrade").ok();
    psql_at(database.owner(), MADE);
    let drifted = project.run("drift").ok();
    assert!(drifted.stdout.contains(LEFT), "{drifted:#?}");
    let checked = project.run("check --from database").code(3);
    assert!(!checked.stdout.contains("- "), "{checked:#?}");
    let written = generate(&project, &["--from", "database"]).ok();
    assert!(written.stdout.contains(LEFT), "{written:#?}");
    let up = scripts(&project, "change");
    assert!(!up.contains("metrics_2024") && !up.contains("DROP"), "{up}");
    project.run("upgrade").ok();
    let invalid = database.query("SELECT count(*) FROM pg_index WHERE NOT indisvalid");
    assert_eq!(invalid.trim(), "0", "what the whole has, each partition has");
    assert_eq!(database.query("SELECT count(*) FROM metrics").trim(), "2");
    project.run("check --from database").ok();
    let named = project.run("check --from database --drop-partition public.metrics_2024").code(3);
    assert!(
        named.stdout.contains("metrics_2024") && named.stdout.contains("2 partitions"),
        "{named:#?}"
    );
    project.run("check --from database --drop-partition metrics_rest").code(1);
}

/// One that is partitioned itself fixes the type of the column that it is so by.
#[test]
fn a_column_that_a_partition_of_the_database_is_partitioned_by_keeps_its_type() {
    let database = Database::new();
    let project = Project::new().env("DATABASE_URL", &database.url());
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    project.migration("1_metrics", METRICS, "DROP TABLE metrics;");
    project.write("schema.sql", &METRICS.replace("id int", "id bigint"));
    project.run("upgrade").ok();
    psql_at(database.owner(), MADE);
    let refused = generate(&project, &["--from", "database"]).code(1);
    let why =
        "\"public\".\"metrics\".\"id\" is in the partition key of \"public\".\"metrics_2025\"";
    assert!(refused.stderr.contains(why), "{refused:#?}");
}

/// What is printed of a partition follows from the table that it is a partition of.
#[test]
fn schema_rs_changes_partitions_with_their_table() {
    let project = Project::new();
    project.write("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
    let old = "CREATE TABLE people (id int PRIMARY KEY);
CREATE TABLE metrics (id int NOT NULL, day date NOT NULL, old int, wide int NOT NULL, person int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (id);
CREATE TABLE metrics_2024_rest PARTITION OF metrics_2024 DEFAULT;
CREATE INDEX wide ON metrics (wide);";
    project.migration("1_old", old, "DROP TABLE metrics, people;");
    project.run("schema --from migrations").ok();
    project.run("check").ok();
    let printed = fs::read_to_string(project.path().join("src/schema.rs")).unwrap();
    let edited = printed
        .replace("        old -> Nullable<Int4>,\n", "")
        .replace("wide -> Int4", "wide -> Nullable<Int8>")
        .replace("(id, day) {", "(day, id) {")
        .replace(
            "        person -> Nullable<Int4>,\n",
            "        person -> Nullable<Int4>,\n        new -> Nullable<Text>,\n",
        )
        + "\ndiesel::joinable!(metrics -> people (person));\n";
    project.write("src/schema.rs", &edited);
    generate(&project, &[]).ok();
    project.run("check").ok();
    let up = scripts(&project, "change");
    for once in [
        "ADD COLUMN \"new\"",
        "DROP COLUMN \"old\"",
        "TYPE bigint",
        "DROP NOT NULL",
        "PRIMARY KEY (day, id)",
        "FOREIGN KEY",
    ] {
        assert_eq!(up.matches(once).count(), 1, "{once}\n{up}");
    }
    // of a partition alone it means nothing, and that is said
    let alone = edited.replacen("        new -> Nullable<Text>,\n", "", 2);
    project.write("src/schema.rs", &alone);
    project.run("check").code(3);
    let alone = edited.replacen(
        "        day -> Date,\n",
        "        day -> Date,\n        more -> Text,\n",
        3,
    );
    let alone = alone.replacen("        more -> Text,\n", "", 2);
    project.write("src/schema.rs", &alone);
    let checked = project.run("check").ok();
    let said = "the schema file shows metrics_2024_rest differently from";
    assert!(checked.stdout.contains(said), "{checked:#?}");
}
