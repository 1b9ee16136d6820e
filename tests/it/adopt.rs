//! `glowplug adopt`: databases and migrations of other tools, real-shaped, taken over and given back.

mod alembic;
mod baseline;
mod refused;
mod tools;
mod years;

use std::fmt::Write as _;

use glowplug::internal::cluster::Binaries;

use crate::support::{Database, INSTALLED, Project, Ran, server};

/// A migration of a project, whatever tool it belongs to.
pub struct Step {
    pub name: String,
    pub up: String,
    pub down: Option<String>,
    /// Whether it runs without a transaction.
    pub alone: bool,
}

/// What a shop has migrated over the years: types, rows, functions, indexes without a lock, odd names, an extension of the server.
pub fn shop() -> Vec<Step> {
    let step = |name: &str, up: &str, down: Option<&str>| Step {
        name: name.to_owned(),
        up: up.to_owned(),
        down: down.map(str::to_owned),
        alone: false,
    };
    vec![
        step(
            "init",
            "CREATE TYPE mood AS ENUM ('sad', 'ok');\nCREATE TABLE users (\n    id bigserial PRIMARY KEY,\n    email text NOT NULL UNIQUE,\n    mood mood NOT NULL DEFAULT 'ok',\n    created_at timestamptz NOT NULL DEFAULT now()\n);\n",
            Some("DROP TABLE users;\nDROP TYPE mood;\n"),
        ),
        step(
            "roles",
            "CREATE TABLE roles (id integer PRIMARY KEY, name text NOT NULL, rights jsonb);\nINSERT INTO roles VALUES (1, 'admin', '{\"all\": true}'), (2, 'it''s; me', NULL);\n",
            Some("DROP TABLE roles;\n"),
        ),
        step(
            "orders",
            "CREATE TABLE \"Order\" (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    \"userId\" bigint NOT NULL REFERENCES users ON DELETE CASCADE,\n    total numeric(12, 2) NOT NULL CHECK (total >= 0),\n    tags text[] NOT NULL DEFAULT '{}'\n);\n",
            None,
        ),
        Step {
            alone: true,
            ..step(
                "order_index",
                "CREATE INDEX CONCURRENTLY order_user ON \"Order\" (\"userId\");\n",
                Some("DROP INDEX CONCURRENTLY order_user;\n"),
            )
        },
        step(
            "touch",
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n    -- a comment; with a semicolon\n    NEW.created_at := now();\n    RETURN NEW;\nEND;\n$$;\nCREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();\n",
            None,
        ),
        step(
            "wrapped",
            "BEGIN;\nALTER TABLE users ADD COLUMN role_id integer REFERENCES roles;\nCREATE INDEX users_role ON users (role_id) WHERE role_id IS NOT NULL;\nCOMMIT;\n",
            None,
        ),
        step("rename", "ALTER TABLE users RENAME COLUMN email TO mail;\n", None),
        step(
            "widen",
            "ALTER TABLE \"Order\" ALTER COLUMN total TYPE numeric(14, 2);\nALTER TABLE \"Order\" ADD CONSTRAINT small CHECK (total < 1000000);\n",
            None,
        ),
        step(
            "view",
            "CREATE VIEW spent AS SELECT u.id, sum(o.total) AS total FROM users u JOIN \"Order\" o ON o.\"userId\" = u.id GROUP BY u.id;\nCOMMENT ON VIEW spent IS 'what each has spent';\n",
            Some("DROP VIEW spent;\n"),
        ),
    ]
}

/// More migrations after those of the shop: every seventh has no way down, every fifth fills rows.
pub fn large(count: usize) -> Vec<Step> {
    let mut steps = shop();
    for at in steps.len().next_multiple_of(5)..count {
        let up = match at % 5 {
            0 => format!(
                "CREATE TABLE t{at} (id integer PRIMARY KEY, label varchar(40) NOT NULL DEFAULT 'x');\n"
            ),
            1 => format!("INSERT INTO t{} VALUES (1, 'a'), (2, 'b');\n", at - 1),
            2 => format!("ALTER TABLE t{} ADD COLUMN n integer, ADD CHECK (n > 0);\n", at - 2),
            3 => format!("CREATE INDEX t{0}_n ON t{0} (n, lower(label));\n", at - 3),
            _ => format!(
                "CREATE VIEW v{at} AS SELECT id, label FROM t{0} WHERE n IS NULL;\n",
                at - 4
            ),
        };
        let base = at - at % 5;
        let down = match at % 5 {
            0 => format!("DROP TABLE t{at};\n"),
            1 => format!("DELETE FROM t{base};\n"),
            2 => format!("ALTER TABLE t{base} DROP COLUMN n;\n"),
            3 => format!("DROP INDEX t{base}_n;\n"),
            _ => format!("DROP VIEW v{at};\n"),
        };
        let down = (at % 7 != 0).then_some(down);
        steps.push(Step { name: format!("step {at}"), up, down, alone: false });
    }
    steps
}

/// Runs all of them on a database, as its tool would.
pub fn apply(database: &Database, steps: &[Step]) {
    for step in steps {
        database.execute(&step.up);
    }
}

/// The structure and the rows of a database, for a comparison.
pub fn picture(database: &Database) -> String {
    let tables = database.query(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
    );
    let mut text = String::new();
    for table in tables.lines() {
        let rows = database.query(&format!("SELECT t::text FROM {table} t ORDER BY 1"));
        writeln!(text, "{table}\n{rows}").unwrap();
    }
    text + &database.query(
        "SELECT c.oid::regclass::text || ' ' || c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
    )
}

/// The files of a directory with their texts.
pub fn files(project: &Project) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![project.path().to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(project.path()).unwrap().display().to_string();
                // what a server or a program keeps for itself is no file of the project
                if !name.starts_with(".glowplug/") && !name.contains("__pycache__") {
                    found.push((name, std::fs::read_to_string(&path).unwrap_or_default()));
                }
            }
        }
    }
    found.sort();
    found
}

/// A database on a server that comes with `pg_dump`, where there is one.
pub fn database() -> Database {
    let has_dump = |it: &&Binaries| it.dir().join("pg_dump").is_file();
    let binaries = INSTALLED.iter().find(has_dump).unwrap_or(&INSTALLED[0]);
    Database::on(server(binaries.major()))
}

/// Whether `pg_dump` was asked, where it could be.
pub fn is_judged(adopted: &str) -> bool {
    let has_dump = INSTALLED.iter().any(|it| it.dir().join("pg_dump").is_file());
    adopted.contains(if has_dump { "(catalog and pg_dump" } else { "(catalog" })
}

/// A project without Diesel's files.
pub fn bare(database: &Database) -> Project {
    let project = Project::at(database);
    std::fs::remove_file(project.path().join("diesel.toml")).unwrap();
    std::fs::remove_dir(project.path().join("migrations")).unwrap();
    project.write("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n");
    project
}

/// Adopts, sees that nothing is left to do, and takes it back without a trace. Gives what adopting said.
#[track_caller]
pub fn adopt_and_undo(database: &Database, project: &Project, arguments: &str) -> Ran {
    let before = (picture(database), files(project));
    let dry = project.run(&format!("adopt --dry-run {arguments}")).ok();
    assert!(dry.stdout.contains("Nothing was written"), "{}", dry.stdout);
    assert!(before == (picture(database), files(project)), "a dry run writes nothing");
    let adopted = project.run(&format!("adopt --yes {arguments}")).ok();
    assert!(is_judged(&adopted.stdout), "{}", adopted.stdout);
    let upgraded = project.run("upgrade").ok();
    assert!(upgraded.stdout.starts_with("Nothing to do"), "{}", upgraded.stdout);
    project.run("check").ok();
    project.run("drift").ok();
    let printed = files(project).into_iter().find(|it| it.0 == "src/schema.rs").unwrap().1;
    assert!(printed.contains("diesel::table!"), "{printed}");
    project.run("schema --check").ok();
    let again = project.run("adopt --yes").code(1);
    again.says(&["already records"]);
    let undone = project.run("adopt --undo --yes").ok();
    assert!(undone.stdout.starts_with("Removed"), "{}", undone.stdout);
    let after = (picture(database), files(project));
    assert_eq!(before.0, after.0);
    assert_eq!(before.1, after.1);
    adopted
}
