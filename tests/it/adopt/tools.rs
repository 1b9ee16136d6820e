//! Every tool whose files are SQL: its files and its table, as it makes them.

use super::{Step, adopt_and_undo, apply, bare, database, large, shop, years::years};
use crate::{
    sample,
    support::{Database, Project, number},
};

/// Writes the files of a tool, and what its table says of them.
type Write = fn(&Project, &Database, &[Step]);

const TOOLS: [(&str, Write); 6] = [
    ("sqlx", sqlx),
    ("golang-migrate", golang_migrate),
    ("dbmate", dbmate),
    ("flyway", flyway),
    ("refinery", refinery),
    ("prisma", prisma),
];

fn text(sql: &str) -> String {
    format!("'{}'", sql.replace('\'', "''"))
}

fn sqlx(project: &Project, database: &Database, steps: &[Step]) {
    database.execute("CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL)");
    let reversible = steps.iter().all(|it| it.down.is_some());
    for (at, step) in steps.iter().enumerate() {
        // plain numbers: 10 comes after 9
        let (number, name) = (at + 1, step.name.replace(' ', "_"));
        let head = if step.alone { "-- no-transaction\n" } else { "" };
        match &step.down {
            Some(down) => {
                project.write(
                    &format!("migrations/{number}_{name}.up.sql"),
                    &format!("{head}{}", step.up),
                );
                project.write(&format!("migrations/{number}_{name}.down.sql"), down);
            }
            None => {
                project.write(&format!("migrations/{number}_{name}.sql"), &step.up);
            }
        }
        let up = text(&format!("{head}{}", step.up));
        database.execute(&format!(
            "INSERT INTO _sqlx_migrations VALUES ({number}, {}, '2024-01-01 10:00Z'::timestamptz + '{at} hours', true, sha384(convert_to({up}, 'UTF8')), 1)",
            text(&step.name)
        ));
    }
    assert!(!reversible);
}

fn golang_migrate(project: &Project, database: &Database, steps: &[Step]) {
    project.write("go.mod", "module shop\n");
    for (at, step) in steps.iter().enumerate() {
        let name = format!("db/{:06}_{}", at + 1, step.name);
        project.write(&format!("{name}.up.sql"), &step.up);
        if let Some(down) = &step.down {
            project.write(&format!("{name}.down.sql"), down);
        }
    }
    database.execute(&format!(
        "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES ({}, false)",
        steps.len()
    ));
}

fn dbmate(project: &Project, database: &Database, steps: &[Step]) {
    database.execute("CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)");
    for (at, step) in steps.iter().enumerate() {
        let version = format!("202401{:02}{:06}", 1 + at / 100, at);
        let alone = if step.alone { " transaction:false" } else { "" };
        let down = step.down.as_deref().unwrap_or_default();
        project.write(
            &format!("db/migrations/{version}_{}.sql", step.name),
            &format!("-- migrate:up{alone}\n{}\n-- migrate:down{alone}\n{down}", step.up),
        );
        database.execute(&format!("INSERT INTO schema_migrations VALUES ('{version}')"));
    }
}

fn flyway(project: &Project, database: &Database, steps: &[Step]) {
    project.write("flyway.conf", "flyway.locations=filesystem:sql\n");
    database.execute("CREATE TABLE flyway_schema_history (installed_rank integer PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum integer, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(), execution_time integer NOT NULL, success boolean NOT NULL); CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success)");
    let row = |rank: usize, version: &str, description: &str| {
        database.execute(&format!(
            "INSERT INTO flyway_schema_history VALUES ({rank}, {version}, {}, 'SQL', 'x.sql', 1, 'x', '2024-01-01', 1, true)",
            text(description)
        ));
    };
    for (at, step) in steps.iter().enumerate() {
        let version = format!("{}.{}", 1 + at / 10, at % 10);
        let up = step.up.replace("'admin'", "'${admin}'");
        project.write(&format!("sql/{}/V{version}__{}.sql", at / 10, step.name), &up);
        if let Some(down) = &step.down {
            project.write(&format!("sql/U{}__{}.sql", version.replace('.', "_"), step.name), down);
        }
        row(at + 1, &text(&version), &step.name.replace('_', " "));
    }
    // it ran twice, and only the newest state is known
    project.write(
        "sql/R__active_users.sql",
        "CREATE OR REPLACE VIEW active_users AS SELECT id, mail FROM users;\n",
    );
    database.execute("CREATE VIEW active_users AS SELECT id, mail FROM users");
    row(1001, "NULL", "active users");
    row(1002, "NULL", "active users");
}

fn refinery(project: &Project, database: &Database, steps: &[Step]) {
    database.execute("CREATE TABLE refinery_schema_history (version integer PRIMARY KEY, name varchar(255), applied_on varchar(255), checksum varchar(255))");
    for (at, step) in steps.iter().enumerate() {
        let (number, name) = (at + 1, step.name.replace(' ', "_"));
        let letter = if at == 1 { "U" } else { "V" };
        project.write(&format!("migrations/{letter}{number}__{name}.sql"), &step.up);
        database.execute(&format!(
            "INSERT INTO refinery_schema_history VALUES ({number}, {}, '2024-01-01T10:00:00Z', '1')",
            text(&name)
        ));
    }
}

fn prisma(project: &Project, database: &Database, steps: &[Step]) {
    project.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    database.execute("CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)");
    for (at, step) in steps.iter().enumerate() {
        let name = format!("202401{:02}{:06}_{}", 1 + at / 100, at, step.name.replace(' ', "_"));
        project.write(&format!("prisma/migrations/{name}/migration.sql"), &step.up);
        // the third failed first, and was resolved
        if at == 2 {
            database.execute(&format!("INSERT INTO _prisma_migrations VALUES ('x', '1', NULL, {}, 'error', '2024-01-01', '2023-12-31', 0)", text(&name)));
        }
        database.execute(&format!("INSERT INTO _prisma_migrations VALUES ('{at}', '1', '2024-01-02', {}, NULL, NULL, '2024-01-02', 1)", text(&name)));
    }
}

/// Takes over the migrations of one tool.
fn walk(tool: &str, write: Write, steps: &[Step]) {
    let database = database();
    let project = bare(&database);
    apply(&database, steps);
    write(&project, &database, steps);
    project.run("init").code(1).says(&["glowplug adopt"]);
    let flags = if tool == "flyway" { "--placeholder admin=admin" } else { "" };
    let started = std::time::Instant::now();
    let adopted = adopt_and_undo(&database, &project, flags).stdout;
    eprintln!("{tool}: {} migrations, all steps {:?}\n{adopted}", steps.len(), started.elapsed());
    let count = steps.len() + usize::from(tool == "flyway");
    assert!(adopted.contains(&format!("{count} migrations converted, all applied")), "{adopted}");
    assert!(adopted.contains("public.roles: 2 inserted by migrations, equal"), "{adopted}");
    let count = |of: &str| -> usize {
        let line = adopted.lines().find(|it| it.starts_with("down.sql:")).unwrap();
        let part = line.trim_start_matches("down.sql:").split(',').find(|it| it.contains(of));
        part.map_or(0, |it| it.trim().split(' ').next().unwrap().parse().unwrap())
    };
    let (generated, none) = (count("generated"), count("irreversible"));
    // at least 95 of 100
    assert!(none * 19 <= generated, "{adopted}");
    if number("GLOWPLUG_TEST_ADOPT").is_none() {
        let mut said = adopted.lines().filter(|it| it.contains("review"));
        assert!(said.all(|it| it.contains("own_transaction") && it.contains("stay as they are")));
    }
}

fn of(name: &str) {
    let (tool, write) = TOOLS.into_iter().find(|it| it.0 == name).unwrap();
    let all = ["flyway", "prisma", "sqlx"].contains(&name);
    let is_whole = sample::count(u64::from(name == "flyway"), u64::from(all)) > 0;
    let steps = match number("GLOWPLUG_TEST_ADOPT") {
        Some(count) => large(usize::try_from(count).unwrap()),
        None if is_whole => years(),
        None => shop(),
    };
    walk(tool, write, &steps);
}

#[test]
fn a_project_of_sqlx_is_adopted_and_given_back() {
    of("sqlx");
}

#[test]
fn a_project_of_golang_migrate_is_adopted_and_given_back() {
    of("golang-migrate");
}

#[test]
fn a_project_of_dbmate_is_adopted_and_given_back() {
    of("dbmate");
}

#[test]
fn a_project_of_flyway_is_adopted_and_given_back() {
    of("flyway");
}

#[test]
fn a_project_of_refinery_is_adopted_and_given_back() {
    of("refinery");
}

#[test]
fn a_project_of_prisma_is_adopted_and_given_back() {
    of("prisma");
}
