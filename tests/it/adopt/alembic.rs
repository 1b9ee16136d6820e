//! Alembic's own migrations, printed by Alembic itself.

use std::path::PathBuf;

use super::{adopt_and_undo, bare, database, picture};
use crate::support::{Database, Project, peer};

/// The program, if it is installed together with a driver.
fn alembic() -> Option<PathBuf> {
    let program = match std::env::var_os("GLOWPLUG_TEST_ALEMBIC") {
        Some(path) => PathBuf::from(path),
        None => peer("alembic")?,
    };
    Some(program)
}

/// A revision file, as Alembic writes it.
fn revision(
    project: &Project,
    id: &str,
    parents: &[&str],
    day: usize,
    name: &str,
    up: &str,
    down: &str,
) {
    let quoted: Vec<String> = parents.iter().map(|it| format!("'{it}'")).collect();
    let parents = match &quoted[..] {
        [] => "None".to_owned(),
        [one] => one.clone(),
        many => format!("({})", many.join(", ")),
    };
    let body = |sql: &str| match sql {
        "" => "    pass".to_owned(),
        sql if sql.starts_with("    ") => sql.to_owned(),
        sql => format!("    op.execute({})", serde_json::Value::String(sql.to_owned())),
    };
    project.write(
        &format!("alembic/versions/{id}_{name}.py"),
        &format!(
            "\"\"\"{name}\n\nRevision ID: {id}\nRevises: {parents}\nCreate Date: 2024-01-{day:02} 10:11:12.131415\n\n\"\"\"\nfrom typing import Sequence, Union\n\nfrom alembic import op\nimport sqlalchemy as sa\n\n\nrevision: str = '{id}'\ndown_revision: Union[str, Sequence[str], None] = {parents}\nbranch_labels: Union[str, Sequence[str], None] = None\ndepends_on: Union[str, Sequence[str], None] = None\n\n\ndef upgrade() -> None:\n{}\n\n\ndef downgrade() -> None:\n{}\n",
            body(up),
            body(down)
        ),
    );
}

/// What `alembic init` leaves, with the URL of a database.
fn begin(project: &Project, database: &Database) {
    let url = database.url().replace("postgresql://", "postgresql+psycopg://");
    let url = url.replace("postgres://", "postgresql+psycopg://").replace('%', "%%");
    project.write(
        "alembic.ini",
        &format!("[alembic]\nscript_location = %(here)s/alembic\nsqlalchemy.url = {url}\n"),
    );
    project.write("alembic/script.py.mako", "\n");
    project.write("alembic/env.py", "from alembic import context\nfrom sqlalchemy import create_engine\n\nurl = context.config.get_main_option('sqlalchemy.url')\nif context.is_offline_mode():\n    context.configure(url=url, literal_binds=True)\n    with context.begin_transaction():\n        context.run_migrations()\nelse:\n    with create_engine(url).connect() as connection:\n        context.configure(connection=connection)\n        with context.begin_transaction():\n            context.run_migrations()\n");
}

/// A project of ten revisions: two branches with a merge, rows, an index without a lock, one without a way back.
fn shop(project: &Project) {
    let add = |id: &str, parents: &[&str], day, name: &str, up: &str, down: &str| {
        revision(project, id, parents, day, name, up, down);
    };
    add(
        "a1b2c3",
        &[],
        1,
        "users",
        "    op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.Text, nullable=False))",
        "    op.drop_table('users')",
    );
    add(
        "b2c3d4",
        &["a1b2c3"],
        3,
        "roles",
        "    t = op.create_table('roles', sa.Column('id', sa.Integer, primary_key=True, autoincrement=False), sa.Column('name', sa.Text))\n    op.bulk_insert(t, [{'id': 1, 'name': \"it's\"}])",
        "    op.drop_table('roles')",
    );
    // older than its parent's other child, and later in Alembic's order
    add("c3d4e5", &["a1b2c3"], 2, "mood", "CREATE TYPE mood AS ENUM ('a', 'b')", "DROP TYPE mood");
    add(
        "d4e5f6",
        &["c3d4e5"],
        4,
        "mood_column",
        "ALTER TABLE users ADD COLUMN mood mood",
        "    raise NotImplementedError('nobody goes back')",
    );
    add("e5f6a7", &["b2c3d4", "d4e5f6"], 5, "merge", "", "");
    add(
        "f6a7b8",
        &["e5f6a7"],
        6,
        "index",
        "    with op.get_context().autocommit_block():\n        op.create_index('users_name', 'users', ['name'], postgresql_concurrently=True)",
        "    with op.get_context().autocommit_block():\n        op.drop_index('users_name', postgresql_concurrently=True)",
    );
    add(
        "a7b8c9",
        &["f6a7b8"],
        6,
        "fill",
        "INSERT INTO roles VALUES (2, 'more')",
        "DELETE FROM roles WHERE id = 2",
    );
    add(
        "b8c9d0",
        &["a7b8c9"],
        8,
        "function",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$",
        "    pass",
    );
    add(
        "c9d0e1",
        &["b8c9d0"],
        9,
        "view",
        "CREATE VIEW v AS SELECT id, f() AS one FROM users",
        "DROP VIEW v",
    );
    add("d0e1f2", &["c9d0e1"], 10, "nothing", "", "");
}

#[test]
fn a_project_of_alembic_with_branches_is_adopted_and_given_back() {
    let Some(program) = alembic() else { return };
    let database = database();
    let project = bare(&database);
    begin(&project, &database);
    shop(&project);
    let ran = project.command(&program).args(["upgrade", "heads"]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    project.run("init").code(1).says(&["alembic_version of Alembic", "glowplug adopt"]);
    let flag = format!("--alembic {}", program.display());
    let adopted = adopt_and_undo(&database, &project, &flag).stdout;
    // the merge is no migration, and what raises or passes has no way back but the planner's
    assert!(adopted.contains("9 migrations converted, all applied"), "{adopted}");
    assert!(adopted.contains("7 original, 2 generated and proved"), "{adopted}");
    assert!(adopted.contains("2024-01-04-101112-0000_d4e5f6_mood_column"), "{adopted}");
    // its date lies before that of what comes first
    assert!(adopted.contains("2024-01-04-101112-0001_b2c3d4_roles"), "{adopted}");
    assert!(adopted.contains("public.roles: 2 inserted by migrations, equal"), "{adopted}");
}

#[test]
fn revisions_that_the_database_has_not_run_are_pending() {
    let Some(program) = alembic() else { return };
    let database = database();
    let project = bare(&database);
    begin(&project, &database);
    shop(&project);
    // one branch only
    let ran = project.command(&program).args(["upgrade", "d4e5f6"]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let adopted = project.run(&format!("adopt --yes --alembic {}", program.display())).ok().stdout;
    assert!(adopted.contains("9 migrations converted, 3 applied, 6 pending"), "{adopted}");
    // the other branch comes after this one in Alembic's order
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT count(*) FROM v"), "0");
    project.run("drift").ok();
}

#[test]
fn what_alembic_cannot_print_is_named_and_nothing_is_written() {
    let Some(program) = alembic() else { return };
    let database = database();
    let project = bare(&database);
    begin(&project, &database);
    revision(
        &project,
        "a1b2c3",
        &[],
        1,
        "first",
        "CREATE TABLE a (id int PRIMARY KEY)",
        "DROP TABLE a",
    );
    revision(
        &project,
        "b2c3d4",
        &["a1b2c3"],
        2,
        "reads",
        "    for row in op.get_bind().execute(sa.text('SELECT id FROM a')).fetchall():\n        op.execute('DELETE FROM a')",
        "",
    );
    let ran = project.command(&program).args(["upgrade", "heads"]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let before = (picture(&database), super::files(&project));
    let flag = format!("--alembic {}", program.display());
    let failed = project.run(&format!("adopt --yes {flag}")).code(1);
    failed.says(&["Alembic cannot print revision b2c3d4 as SQL", "--baseline"]);
    assert!(before == (picture(&database), super::files(&project)));
    project.run(&format!("adopt --yes --baseline {flag}")).ok();
    project.run("drift").ok();
}

#[test]
fn without_the_program_the_way_is_told() {
    let database = database();
    let project = bare(&database);
    begin(&project, &database);
    shop(&project);
    database.execute("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('a1b2c3')");
    let failed = project.run("adopt --yes --alembic ./no-such-program").code(1);
    failed.says(&["the program `alembic` was not found", "--baseline"]);
}
