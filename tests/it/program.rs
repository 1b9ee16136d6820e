//! What the program does where its surroundings are odd: empty variables, files of other tools, a server that comes late.

use std::{
    process::{Command, Stdio},
    thread,
};

use crate::support::{Database, GLOWPLUG, Project, Ran, eventually, signal};

#[test]
fn an_empty_url_is_no_wish_for_another_database() {
    for empty in ["", " ", "\n"] {
        let project = Project::new().env("DATABASE_URL", empty);
        project.migration("1_a", "CREATE TABLE a (id int);", "DROP TABLE a;");
        for command in ["upgrade", "current", "drift", "stamp head"] {
            let ran = project.run(command).code(1);
            ran.says(&["url::empty", "DATABASE_URL is set but empty", "--local"]);
        }
        assert!(!project.path().join(".glowplug").exists());
        project.run("history --offline").ok();
        project.run("upgrade --sql base:head").ok();
        project.run("verify").ok();
    }
}

#[test]
fn an_env_file_matters_where_the_url_comes_from_it() {
    let database = Database::new();
    let url = database.url();
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.write(".env", &format!("\u{feff}DATABASE_URL=\"{url}\"\n"));
    project.run("upgrade").ok();
    project.write(".env", "APP_NAME=My Shop App\n");
    project.run("history --offline").ok();
    project.run("heads").ok();
    project.run_with(&["current", "--database-url", &url]).ok();
    project
        .run("current")
        .code(1)
        .says(&["env_file::malformed", ".env cannot be used: line 1 is not NAME=VALUE"]);
    assert!(!project.path().join(".glowplug").exists());
    let project = project.env("DATABASE_URL", &url);
    project.run("current").ok();
}

#[test]
fn a_start_beside_another_tool_writes_nothing() {
    for files in [
        vec!["migrations/env.py", "migrations/versions/d5de_first.py"],
        vec!["migrations/V1__first.sql", "migrations/node_modules/x/index.js"],
    ] {
        let project = Project::new();
        std::fs::remove_file(project.path().join("diesel.toml")).unwrap();
        for file in &files {
            project.write(file, "");
        }
        let ran = project.run("init").code(1);
        ran.says(&["project::adoptable", "Nothing was written", "glowplug adopt"]);
        for file in ["diesel.toml", "glowplug.toml"] {
            assert!(!project.path().join(file).exists(), "{file}");
        }
        project.run("init --new --migration-dir diesel_migrations").ok();
        let toml = std::fs::read_to_string(project.path().join("diesel.toml")).unwrap();
        assert!(toml.contains("dir = \"diesel_migrations\""), "{toml}");
        project.run("heads").ok();
    }
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused() {
    for file in ["up.sql", "down.sql", "metadata.toml"] {
        let project = Project::new();
        project.migration("1_a", "SELECT 1;", "SELECT 1;");
        let path = project.path().join("migrations/1_a").join(file);
        if path.exists() {
            std::fs::remove_file(&path).unwrap();
        }
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let ran = project.run("heads").code(1);
        ran.says(&["project::io", file, "it is not a regular file"]);
    }
}

#[test]
fn a_pipe_in_the_place_of_a_settings_file_is_refused() {
    for file in ["glowplug.toml", "diesel.toml", "glowplug.lock", "src/schema.patch"] {
        let project = Project::new();
        project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
        let printed =
            "[print_schema]\nfile = \"src/schema.rs\"\npatch_file = \"src/schema.patch\"\n";
        project.write("diesel.toml", printed).write("src/schema.rs", "");
        let path = project.path().join(file);
        if path.exists() {
            std::fs::remove_file(&path).unwrap();
        }
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let ran = project.run("schema --from migrations").code(1);
        ran.says(&["project::io", file, "it is not a regular file"]);
    }
}

#[test]
fn what_is_dropped_is_named_and_asked_for() {
    let database = Database::new();
    let project = Project::at(&database);
    for command in ["database drop", "database reset"] {
        let ran = project.run(command).code(1);
        ran.says(&[&database.name, "was not dropped", "--yes"]);
    }
    let ran = project.run_with(&["db", "drop", "--database-url", &database.url()]);
    ran.code(1).says(&["`db` acts on the project's own local server", "glowplug database"]);
    assert_eq!(database.query("SELECT 1"), "1", "it is still there");
}

#[test]
fn a_stamp_keeps_how_far_an_interrupted_migration_came() {
    let database = Database::new();
    let project = Project::at(&database);
    database.execute("CREATE TABLE seen (id int)");
    project.piecewise(
        "1_a",
        "INSERT INTO seen VALUES (1); SELECT 1/0; INSERT INTO seen VALUES (2);",
        "",
    );
    project.run("upgrade").code(1);
    let ran = project.run("stamp current").ok();
    assert!(ran.stdout.contains("1_a stays interrupted in up.sql"), "{ran:#?}");
    project.piecewise(
        "1_a",
        "INSERT INTO seen VALUES (1); SELECT 1/1; INSERT INTO seen VALUES (2);",
        "",
    );
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT array_agg(id ORDER BY id) FROM seen"), "{1,2}");

    project.piecewise("2_b", "INSERT INTO seen VALUES (3); SELECT 1/0;", "");
    project.run("upgrade").code(1);
    let ran = project.run("stamp 2").ok();
    assert!(ran.stdout.contains("marked as applied      2"), "{ran:#?}");
    assert!(!ran.stdout.contains("not applied"), "{ran:#?}");
    project.run("upgrade").ok();
    assert_eq!(database.query("SELECT count(*) FROM seen"), "3");
}

#[test]
fn a_way_back_that_nobody_has_written_is_not_run() {
    let database = Database::new();
    let project = Project::at(&database);
    project.run("revision -m accounts --rev-id 1").ok();
    project.write("migrations/1_accounts/up.sql", "CREATE TABLE accounts (id int PRIMARY KEY);");
    project.run("upgrade").ok();
    for command in ["downgrade -1", "redo"] {
        let ran = project.run(command).code(1);
        ran.says(&["migrations/1_accounts/down.sql:1: down.sql has not been written yet"]);
    }
    assert_eq!(database.query("SELECT to_regclass('accounts')"), "accounts");
    // what others leave empty is a way back that does nothing
    project
        .write("migrations/1_accounts/down.sql", "-- This file should undo anything in `up.sql`\n");
    project.run("downgrade -1").ok();
}

#[test]
fn a_fence_of_pg_dump_may_stand_in_a_migration() {
    let database = Database::new();
    let project = Project::at(&database);
    let up =
        "\\restrict abc\nCREATE TABLE a (t text DEFAULT '\n\\restrict abc\n');\n\\unrestrict abc\n";
    project.migration("1_a", up, "DROP TABLE a;");
    project.run("upgrade").ok();
    database.execute("INSERT INTO a DEFAULT VALUES");
    assert_eq!(database.query("SELECT t = E'\\n\\\\restrict abc\\n' FROM a"), "t");
}

#[test]
fn a_name_without_a_schema_is_left_alone_wherever_it_is() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("upgrade").ok();
    database.execute("CREATE TABLE versions_of_another (note text PRIMARY KEY)");
    project.run("drift").code(3);
    project.write("glowplug.toml", "[schema]\nignore = [\"versions_of_another\"]\n");
    project.run("drift").ok();
}

#[test]
fn words_of_alembic_answer_with_what_to_do() {
    let project = Project::new();
    for (words, advice) in [
        ("merge heads -m x", "glowplug rebase"),
        ("branches --verbose", "glowplug history"),
        ("ensure_version", "stamp base"),
        ("list_templates", "glowplug init"),
    ] {
        project.run(words).code(1).says(&["an Alembic command", advice]);
    }
    for (words, advice) in [
        ("revision -m x --head 1", "glowplug rebase"),
        ("revision -m x --splice", "--rev-id"),
        ("revision -m x --depends-on 1", "metadata.toml"),
    ] {
        project.run(words).code(1).says(&["a flag of Alembic", advice]);
    }
    project.run("history -i").ok();
}

#[test]
fn a_server_that_comes_late_is_waited_for_on_request() {
    let database = Database::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("postgres://nobody@127.0.0.1:{port}/{}", database.name);
    let project = Project::new().env("DATABASE_URL", &url);
    project.run("current").code(1).says(&["nothing is listening"]);
    let ran = project.run("current --wait-for-server 1s").code(1);
    ran.says(&["waiting: nothing is listening", "nothing is listening"]);
    let mut command = project.command(GLOWPLUG);
    command.args(["current", "--wait-for-server", "60s"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // whoever answers there, it was waited for
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let answered = thread::spawn(move || listener.accept().is_ok());
    eventually("somebody comes", || answered.is_finished());
    signal("INT", child.id());
    let ran = Ran::of(child.wait_with_output().unwrap(), project.path());
    assert_eq!(ran.code, Some(130), "{ran:#?}");
}

#[test]
fn a_terminal_that_goes_away_ends_a_run_and_nohup_keeps_it() {
    for (ignored, code) in [(false, 130), (true, 0)] {
        let database = Database::new();
        let project = Project::at(&database);
        project.migration("1_a", "SELECT pg_sleep(2);", "");
        let mut command = project.command("sh");
        let trap = if ignored { "trap '' HUP; " } else { "" };
        command.args(["-c", &format!("{trap}exec '{GLOWPLUG}' upgrade")]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(2)%' AND pid <> pg_backend_pid() AND datname = current_database()";
        eventually("it sleeps", || database.query(sleeping) == "1");
        signal("HUP", child.id());
        let ran = Ran::of(child.wait_with_output().unwrap(), project.path());
        assert_eq!(ran.code, Some(code), "{ran:#?}");
        assert_eq!(ran.stderr.contains("Stopping: "), !ignored, "{ran:#?}");
    }
}
