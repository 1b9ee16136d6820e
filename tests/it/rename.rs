//! `--rename`: what is asked for goes together, in any order, and is refused where it cannot be had whole.

use std::fs;

use crate::support::{Database, Project, Ran};

/// A project whose migrations make one thing, and whose source of truth wants another.
fn of(old: &str, new: &str) -> Project {
    let project = Project::new();
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    project.migration("1_old", old, "SELECT 1;");
    project.write("schema.sql", new);
    project
}

fn generate(project: &Project, renames: &[&str]) -> Ran {
    let mut arguments = vec!["revision", "--autogenerate", "-m", "change"];
    for rename in renames {
        arguments.extend(["--rename", rename]);
    }
    project.run_with(&arguments)
}

fn scripts(project: &Project, file: &str) -> String {
    let dirs = fs::read_dir(project.path().join("migrations")).unwrap();
    let mut dirs: Vec<_> = dirs.map(|it| it.unwrap().path()).collect();
    dirs.sort();
    let wanted = dirs.iter().filter(|it| it.to_string_lossy().contains("change"));
    wanted.map(|it| fs::read_to_string(it.join(file)).unwrap()).collect()
}

/// Nothing is dropped or made anew but schemas, and a second run has nothing to say.
#[track_caller]
fn check(old: &str, new: &str, renames: &[&str]) -> String {
    let project = of(old, new);
    generate(&project, renames).ok();
    let up = scripts(&project, "up.sql");
    let lines = up.lines().filter(|it| !it.contains(" SCHEMA "));
    let anew: Vec<&str> =
        lines.filter(|it| it.starts_with("DROP") || it.starts_with("CREATE")).collect();
    assert!(anew.is_empty(), "{up}");
    project.run("check").ok();
    up
}

#[track_caller]
fn refused(old: &str, new: &str, renames: &[&str], why: &str) {
    let project = of(old, new);
    let ran = generate(&project, renames).code(1);
    let said = ran.stderr.split_whitespace().filter(|it| *it != "│");
    let said = said.collect::<Vec<_>>().join(" ");
    assert!(said.contains("autogenerate::rename × "), "{ran:#?}");
    assert!(said.contains(why), "{ran:#?}");
    assert_eq!(scripts(&project, "up.sql"), "", "nothing was written");
}

const USERS: &str =
    "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL UNIQUE, born date);
    CREATE INDEX ON users (born);";
const PEOPLE: &str =
    "CREATE TABLE people (id serial PRIMARY KEY, full_name text NOT NULL UNIQUE, born date);
    CREATE INDEX ON people (born);";

#[test]
fn a_table_and_its_column_are_renamed_in_any_order_by_either_name() {
    for flags in [
        ["users=people", "people.name=full_name"],
        ["users=people", "users.name=full_name"],
        ["users.name=full_name", "users=people"],
        ["public.people.name=public.people.full_name", "public.users=public.people"],
    ] {
        check(USERS, PEOPLE, &flags);
    }
}

#[test]
fn what_is_moved_to_another_schema_keeps_its_rows_and_counters_on_the_way_there_and_back() {
    let database = Database::new();
    let links = "CREATE TABLE links (user_id int REFERENCES users);";
    let moved = PEOPLE.replace("people", "\"App\".people");
    let project = of(
        &format!("{USERS} {links}"),
        &format!(
            "CREATE SCHEMA \"App\"; {moved} CREATE INDEX ON \"App\".people (full_name, born); {}",
            links.replace("users", "\"App\".people")
        ),
    )
    .env("DATABASE_URL", &database.url());
    project.run("upgrade").ok();
    database
        .execute("INSERT INTO users (name) VALUES ('Ada'), ('Bo'); INSERT INTO links VALUES (2)");
    generate(&project, &["users.name=full_name", "users=App.people"]).ok();
    project.run("upgrade").ok();
    project.run("check").ok();
    database.execute("INSERT INTO \"App\".people (full_name) VALUES ('Cy')");
    let rows = "SELECT string_agg(id || full_name, ',' ORDER BY id) FROM \"App\".people";
    assert_eq!(database.execute(rows), "1Ada,2Bo,3Cy");
    project.run("downgrade 1").ok();
    let rows = "SELECT string_agg(id || name, ',' ORDER BY id) FROM users";
    assert_eq!(database.execute(rows), "1Ada,2Bo,3Cy");
    assert_eq!(database.execute("SELECT to_regnamespace('\"App\"') IS NULL"), "t");
    project.run("upgrade").ok();
}

#[test]
fn types_with_their_values_and_attributes_are_renamed_and_moved() {
    check(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b int); CREATE DOMAIN age AS int CHECK (VALUE > 0);
         CREATE TABLE t (id int PRIMARY KEY, mood mood DEFAULT 'ok', pairs pair[], age age);",
        "CREATE SCHEMA app; CREATE TYPE app.feeling AS ENUM ('sad', 'v1.0'); CREATE TYPE app.pair AS (one int, b int);
         CREATE DOMAIN app.age AS int CHECK (VALUE > 0);
         CREATE TABLE t (id int PRIMARY KEY, mood app.feeling DEFAULT 'v1.0', pairs app.pair[], age app.age);",
        &["mood.ok=v1.0", "app.pair.a=one", "mood=app.feeling", "pair=app.pair", "age=app.age"],
    );
}

#[test]
fn circles_and_chains_go_through_a_name_that_nobody_has() {
    let tables = "CREATE TABLE a (id serial PRIMARY KEY, x int, y int); CREATE TABLE b (id serial PRIMARY KEY, z text);
        CREATE INDEX a_i ON a (x); CREATE INDEX b_i ON b (z);";
    let swapped = "CREATE TABLE b (id serial PRIMARY KEY, y int, x int); CREATE TABLE a (id serial PRIMARY KEY, z text);
        CREATE INDEX b_i ON b (y); CREATE INDEX a_i ON a (z);";
    let up = check(tables, swapped, &["a.x=y", "a.y=x", "a=b", "b=a"]);
    assert!(!up.contains("OWNED BY"), "each keeps its counter: {up}");
    check(
        "CREATE TABLE a (id int PRIMARY KEY, x int); CREATE TABLE b (id int PRIMARY KEY, y text);",
        "CREATE TABLE b (id int PRIMARY KEY, x int); CREATE TABLE c (id int PRIMARY KEY, y text);",
        &["a=b", "b=c"],
    );
    check(
        "CREATE TYPE m AS ENUM ('a', 'b'); CREATE TABLE t (id int PRIMARY KEY, m m DEFAULT 'a');",
        "CREATE TYPE m AS ENUM ('b', 'a'); CREATE TABLE t (id int PRIMARY KEY, m m DEFAULT 'b');",
        &["m.a=b", "m.b=a"],
    );
}

#[test]
fn views_sequences_routines_schemas_and_partitions_are_renamed() {
    check(
        "CREATE SCHEMA x; CREATE TABLE x.t (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
         CREATE TABLE x.t1 PARTITION OF x.t FOR VALUES FROM (1) TO (5); CREATE INDEX ON x.t (n);
         CREATE VIEW x.v AS SELECT id FROM x.t; CREATE MATERIALIZED VIEW m AS SELECT id FROM x.t; CREATE SEQUENCE s START 5;
         CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE SCHEMA y; CREATE TABLE y.u (id int PRIMARY KEY, k int) PARTITION BY RANGE (id);
         CREATE TABLE y.u1 PARTITION OF y.u FOR VALUES FROM (1) TO (5); CREATE INDEX ON y.u (k);
         CREATE VIEW y.w AS SELECT id FROM y.u; CREATE MATERIALIZED VIEW y.m AS SELECT id FROM y.u; CREATE SEQUENCE y.s START 5;
         CREATE FUNCTION y.g(int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        &["x.t=u", "y.t1=u1", "y.u.n=k", "x=y", "x.v=w", "m=y.m", "s=x.s", "f=y.g"],
    );
}

#[test]
fn a_rename_that_cannot_be_honoured_whole_is_refused() {
    let users = "CREATE TABLE users (id int PRIMARY KEY, name text);";
    let both = format!("{users} CREATE TABLE people (id int PRIMARY KEY, name text);");
    let people = users.replace("users", "people");
    for (old, new, renames, why) in [
        (
            users,
            &*people,
            &["users=persons"][..],
            "the source of truth has no relation \"public\".\"persons\"",
        ),
        (users, &both, &["users=people"], "still has relation \"public\".\"users\""),
        (&both, &people, &["users=people"], "relation \"public\".\"people\" already exists"),
        (users, &people, &["users=people", "users=persons"], "--rename users=people also renames"),
        (users, &people, &["users=people", "users.id=name"], "already exists"),
        (users, &people, &["users=people", "users.name=persons.name"], "cannot move out of"),
        (
            users,
            "CREATE VIEW people AS SELECT 1 AS id, ''::text AS name;",
            &["users=people"],
            "is a view in the source",
        ),
        (
            users,
            "CREATE TABLE users (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id) STORED);",
            &["users.name=n"],
            "is a generated column in the source",
        ),
        (users, &people, &["users"], "not of the form old=new"),
        (users, &people, &["users=users"], "already has that name"),
        (users, &people, &["user=people"], "renames nothing that exists"),
        (
            "CREATE TABLE p (a int); CREATE TABLE c () INHERITS (p);",
            "CREATE TABLE p (a int); CREATE TABLE c (b int) INHERITS (p);",
            &["c.a=b"],
            "PostgreSQL rejects it",
        ),
    ] {
        refused(old, new, renames, why);
    }
}

/// What the message proposes works as it is printed, and leaves nothing to ask.
#[test]
fn what_is_proposed_works_as_it_is_printed() {
    for (old, new, count) in [
        (USERS, PEOPLE.to_owned(), 2),
        (
            "CREATE TABLE t (id int PRIMARY KEY, n int, x int);",
            "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, n int, x int);".to_owned(),
            1,
        ),
        (
            "CREATE TABLE t (id int PRIMARY KEY, n serial, x int);",
            "CREATE SCHEMA app; CREATE TABLE app.u (id int PRIMARY KEY, k serial, x int);".to_owned(),
            2,
        ),
        (
            "CREATE TYPE mood AS ENUM ('a.b', 'it''s', 'c'); CREATE TABLE \"T.x\" (id int PRIMARY KEY, \"M=n\" mood);",
            "CREATE TYPE \"Feeling\" AS ENUM ('a=b', 'it''s', 'c'); CREATE TABLE \"T y\" (id int PRIMARY KEY, \"M.k\" \"Feeling\");"
                .to_owned(),
            4,
        ),
        (
            "CREATE SCHEMA a; CREATE TABLE a.t (id int PRIMARY KEY, n int); CREATE TYPE a.p AS (x int, y int);",
            "CREATE SCHEMA b; CREATE TABLE b.t (id int PRIMARY KEY, k int); CREATE TYPE b.p AS (x int, z int);".to_owned(),
            3,
        ),
        (
            "CREATE TABLE t (id int, n int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (5);
             CREATE TABLE p (a int, b int); CREATE TABLE c (z int) INHERITS (p);",
            "CREATE TABLE t (id int, k int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (5);
             CREATE TABLE p (a int, d int); CREATE TABLE c (z int) INHERITS (p);"
                .to_owned(),
            2,
        ),
    ] {
        let project = of(old, &new);
        let asked = generate(&project, &[]).code(1).stderr;
        let lines = asked.lines().filter_map(|it| Some(it.split_once("--rename ")?.1));
        let flags: Vec<String> = lines.map(printed).collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).filter(|it| it.contains('=')).collect();
        assert_eq!(flags.len(), count, "{asked}");
        let mut turned = flags.clone();
        turned.reverse();
        generate(&project, &turned).ok();
        let up = scripts(&project, "up.sql");
        assert!(!up.contains("DROP TABLE") && !up.contains("DROP TYPE") && !up.contains("DROP COLUMN"), "{up}");
        project.run("check").ok();
    }
}

/// A word as a shell reads it.
fn printed(word: &str) -> String {
    match word.trim().strip_prefix('\'').and_then(|it| it.strip_suffix('\'')) {
        Some(quoted) => quoted.replace(r"'\''", "'").replace("'/''", "'"),
        None => word.trim().to_owned(),
    }
}

#[test]
fn a_table_and_its_column_are_renamed_in_schema_rs() {
    let project = Project::new();
    project.write("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
    project.migration("1_users", USERS, "DROP TABLE users;");
    project.run("schema --from migrations").ok();
    let path = project.path().join("src/schema.rs");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("users", "people").replace("name ->", "full_name ->")).unwrap();
    let refused = generate(&project, &["users=persons"]).code(1);
    assert!(refused.stderr.contains("has no relation"), "{refused:#?}");
    let asked = generate(&project, &[]).code(1);
    assert!(asked.stderr.contains("--rename public.users.name=full_name"), "{asked:#?}");
    generate(&project, &["users.name=full_name", "users=people"]).ok();
    let up = scripts(&project, "up.sql");
    assert!(!up.contains("DROP") && !up.contains("CREATE"), "{up}");
    project.run("check").ok();
}

#[test]
fn what_is_renamed_is_not_put_aside() {
    let project = of(&format!("{USERS} CREATE TABLE gone (id int);"), PEOPLE);
    let flags = ["users=people", "users.name=full_name"];
    let mut arguments = vec!["revision", "--autogenerate", "-m", "change", "--keep-data"];
    arguments.extend(flags.iter().flat_map(|it| ["--rename", it]));
    project.run_with(&arguments).ok();
    let up = scripts(&project, "up.sql");
    assert_eq!(up.matches("glowplug_kept_").count(), 1, "{up}");
    assert!(up.contains("\"glowplug_kept_gone\""), "{up}");
}

#[test]
fn a_ledger_is_not_renamed() {
    let events = include_str!("../../migrations/2026-11-23-090000-0000_create_events/up.sql");
    let project = of(events, &format!("{events} ALTER TABLE events RENAME TO log;"));
    project.write(
        "glowplug.toml",
        "[schema]\nsource = \"schema.sql\"\n[[ledger]]\ntable = \"public.events\"\n",
    );
    let refused = generate(&project, &["events=log"]).code(1);
    assert!(refused.stderr.contains("public.events would become relation"), "{refused:#?}");
    project.write("schema.sql", &format!("{events} ALTER TABLE events RENAME kind TO sort;"));
    let refused = generate(&project, &["events.kind=sort"]).code(1);
    assert!(refused.stderr.contains("the column kind would become"), "{refused:#?}");
}

/// Two tables of one name exchange their schemas, with keys, indexes and sequences of one name.
#[test]
fn tables_of_one_name_change_places() {
    let old = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (id serial PRIMARY KEY, x text); CREATE INDEX t_x ON a.t (x);
        CREATE TABLE b.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x int REFERENCES a.t); CREATE INDEX t_x ON b.t (x);";
    let new = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE b.t (id serial PRIMARY KEY, x text); CREATE INDEX t_x ON b.t (x);
        CREATE TABLE a.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x int REFERENCES b.t); CREATE INDEX t_x ON a.t (x);";
    let up = check(old, new, &["a.t=b.t", "b.t=a.t"]);
    assert!(!up.contains("DROP"), "{up}");
}
