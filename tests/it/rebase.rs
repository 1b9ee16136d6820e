//! Team work: merged branches, `depends_on`, and `glowplug rebase`.

use std::collections::BTreeSet;

use crate::{
    sample,
    support::{Database, Project, number},
};

/// A migration of its own table.
fn table(project: &Project, version: &str, name: &str) {
    project.migration(
        &format!("{version}_{name}"),
        &format!("CREATE TABLE {name} (id int);"),
        &format!("DROP TABLE {name};"),
    );
}

fn metadata(project: &Project, directory: &str, text: &str) {
    let file = format!("migrations/{directory}/metadata.toml");
    project.write(&file, &format!("run_in_transaction = true\n{text}"));
}

fn directories(project: &Project) -> Vec<String> {
    let entries = std::fs::read_dir(project.path().join("migrations")).unwrap();
    let mut all: Vec<String> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    all.sort();
    all
}

#[test]
fn dependencies_that_are_missing_newer_or_a_circle_stop_an_upgrade_by_name() {
    let database = Database::new();
    let project = Project::at(&database);
    table(&project, "1", "a");
    table(&project, "2", "b");
    metadata(&project, "2_b", "depends_on = [\"7\"]\n");
    project
        .run("upgrade")
        .code(1)
        .says(&["migrations::dependency_missing", "`2_b` depends on 7, which is not on disk"]);
    table(&project, "7", "c");
    project.run("upgrade").code(1).says(&[
        "migrations::dependency_newer",
        "`2_b` depends on `7_c`, which is newer",
        "glowplug rebase 2",
    ]);
    project.run("verify").code(1).says(&["migrations::dependency_newer"]);
    metadata(&project, "7_c", "depends_on = [\"2\"]\n");
    project.run("upgrade --dry-run").code(1).says(&["migrations::dependency_circle", "2_b, 7_c"]);
    project.run("upgrade base:head --sql").code(1).says(&["migrations::dependency_circle"]);
    assert_eq!(
        database.query("SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b', 'c')"),
        "0"
    );
    metadata(&project, "2_b", "depends_on = [\"1\"]\n");
    project.run("upgrade").ok();
    metadata(&project, "2_b", "depends_on = \"1\"\n");
    project.run("upgrade").code(1).says(&["metadata.toml cannot be used"]);
}

#[test]
fn one_migration_is_reverted_alone_with_those_that_depend_on_it() {
    let database = Database::new();
    let project = Project::at(&database);
    for (version, name) in [("1", "a"), ("2", "b"), ("3", "c"), ("4", "d")] {
        table(&project, version, name);
    }
    metadata(&project, "3_c", "depends_on = [\"2\"]\n");
    project.run("upgrade").ok();
    let tables = || {
        database.query("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname ~ '^[a-d]$'")
    };
    project.run("downgrade --only 2").code(1).says(&[
        "downgrade::needed",
        "applied migrations depend on `2_b`: 3_c",
        "--with-dependents",
    ]);
    assert_eq!(tables(), "a b c d");
    let said = project.run("downgrade --only 2 --with-dependents").ok().stderr;
    assert!(said.find("3_c") < said.find("2_b"), "{said}");
    assert_eq!(tables(), "a d");
    project.run("downgrade --only base").code(1);
    project.run("downgrade --only 1").ok();
    assert_eq!(tables(), "d");
}

#[test]
fn after_a_merge_heads_shows_both_and_rebase_puts_the_local_ones_last() {
    let (here, there) = (Database::new(), Database::new());
    let project = Project::at(&here);
    table(&project, "2024-01-01-000000-0000", "a");
    project.run(&format!("upgrade --database-url {}", there.url())).ok();
    // this branch
    table(&project, "2024-03-01-000000-0000", "mine");
    table(&project, "2024-03-02-000000-0000", "mine_too");
    metadata(
        &project,
        "2024-03-02-000000-0000_mine_too",
        "depends_on = [\"202403010000000000\"]\n",
    );
    project.run("upgrade").ok();
    // the other one
    table(&project, "2024-02-01-000000-0000", "theirs");
    let heads = project.run("heads").ok().stdout;
    assert_eq!(
        heads,
        "202403020000000000  2024-03-02-000000-0000_mine_too  (applied here)\n202402010000000000  2024-02-01-000000-0000_theirs  (out of order: `glowplug rebase`)\n"
    );
    assert_eq!(project.run("heads --offline").ok().stdout.lines().count(), 1);
    project.run("upgrade").code(1).says(&["upgrade::out_of_order", "glowplug rebase"]);

    let before = directories(&project);
    project.run("rebase").code(1).says(&[
        "rebase::not_confirmed",
        "2 migrations would be renamed",
        "--yes",
    ]);
    assert!(project.run("rebase --dry-run").ok().stdout.contains("Nothing was changed."));
    assert_eq!(directories(&project), before);

    let said = project.run(&format!("rebase --yes --shared {}", there.url())).ok().stdout;
    assert!(said.contains("Renamed 2 migrations"), "{said}");
    let after = directories(&project);
    assert_eq!(after[..2], ["2024-01-01-000000-0000_a", "2024-02-01-000000-0000_theirs"]);
    assert!(after[2].ends_with("_mine") && after[3].ends_with("_mine_too"), "{after:?}");
    let said = std::fs::read_to_string(
        project.path().join("migrations").join(&after[3]).join("metadata.toml"),
    )
    .unwrap();
    let version = after[2].split('_').next().unwrap().replace('-', "");
    assert_eq!(said, format!("run_in_transaction = true\ndepends_on = [\"{version}\"]\n"));
    project.run("current --check-heads").ok();
    project.run(&format!("upgrade --database-url {}", there.url())).ok();
    assert_eq!(
        here.query("SELECT count(*) FROM pg_class WHERE relname IN ('mine', 'mine_too', 'theirs')"),
        "3"
    );
    project.run("rebase").code(1).says(&["rebase::nothing"]);
}

#[test]
fn what_another_database_or_another_person_has_applied_keeps_its_version() {
    let (here, there) = (Database::new(), Database::new());
    let project = Project::at(&here);
    table(&project, "1", "a");
    table(&project, "3", "mine");
    project.run("upgrade").ok();
    project.run(&format!("upgrade --database-url {}", there.url())).ok();
    table(&project, "2", "theirs");
    let before = directories(&project);
    project
        .run(&format!("rebase 3 --yes --shared {}", there.url()))
        .code(1)
        .says(&["rebase::applied", &format!("`3_mine` is applied in the database {}", there.name)]);
    // a copy of a database that others use says who applied it
    let restored = project
        .command(crate::support::GLOWPLUG)
        .env("GLOWPLUG_ACTOR", "somebody else")
        .args(["rebase", "3", "--yes"])
        .output()
        .unwrap();
    let said = String::from_utf8(restored.stderr).unwrap();
    assert!(said.contains("rebase::applied") && said.contains("by tester"), "{said}");
    project.run("rebase 9").code(1);
    there.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('8')");
    project
        .run(&format!("rebase 2 --yes --shared {}", there.url()))
        .code(1)
        .says(&["rebase::not_merged", "has run 8"]);
    assert_eq!(directories(&project), before);
    // what came with the merge is nowhere applied, and may go last
    project.run("rebase 2 --yes").ok();
    assert!(directories(&project).iter().any(|it| it.ends_with("_theirs") && it.as_str() > "3"));
}

#[test]
fn a_new_order_that_does_not_work_changes_nothing() {
    let database = Database::new();
    let project = Project::at(&database);
    table(&project, "1", "a");
    table(&project, "3", "b");
    project.migration("4_c", "ALTER TABLE b ADD COLUMN c int;", "ALTER TABLE b DROP COLUMN c;");
    let before = directories(&project);
    project.run("upgrade").ok();
    project.run("rebase 3 --yes").code(1).says(&["rebase::proof", "4_c"]);
    assert_eq!(directories(&project), before);
    project.run("current --check-heads").ok();
}

#[test]
fn random_merges_never_rename_what_a_shared_database_has_run() {
    for case in 0..sample::count(3, 20) {
        let seed = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..)) ^ case;
        eprintln!("seed {}", seed ^ case);
        let mut random = fastrand::Rng::with_seed(seed);
        let (here, there) = (Database::new(), Database::new());
        let project = Project::at(&here);
        let shared = format!("--shared {}", there.url());
        let (mut mine, mut theirs) = (BTreeSet::new(), BTreeSet::new());
        table(&project, "1000", "base");
        project.run("upgrade").ok();
        project.run(&format!("upgrade --database-url {}", there.url())).ok();
        // two branches from here: each knows its own only
        let other = Project::new();
        table(&other, "1000", "base");
        for number in 0..random.usize(2..7) {
            let version = format!("{}", random.u32(1001..9999));
            if mine.contains(&version) || theirs.contains(&version) {
                continue;
            }
            let name = format!("t{number}");
            match random.bool() {
                true => {
                    table(&project, &version, &name);
                    mine.insert(version);
                }
                false => {
                    table(&other, &version, &name);
                    theirs.insert(version);
                }
            }
        }
        if random.bool() {
            project.run("upgrade").ok();
        }
        other.run(&format!("upgrade --database-url {}", there.url())).ok();
        for name in directories(&other) {
            let up =
                std::fs::read_to_string(other.path().join(format!("migrations/{name}/up.sql")));
            let down =
                std::fs::read_to_string(other.path().join(format!("migrations/{name}/down.sql")));
            project.migration(&name, &up.unwrap(), &down.unwrap());
        }
        let applied = there.query("SELECT version FROM __diesel_schema_migrations");
        let ran = project.run(&format!("rebase --yes {shared}"));
        assert!(ran.code == Some(0) || ran.stderr.contains("rebase::nothing"), "{seed}: {ran:?}");
        let now: BTreeSet<String> = directories(&project)
            .iter()
            .map(|it| it.split('_').next().unwrap().replace('-', ""))
            .collect();
        assert!(applied.lines().all(|it| now.contains(it)), "{seed}: {applied} {now:?}");
        project.run(&format!("upgrade --database-url {}", there.url())).ok();
        project.run("upgrade --allow-out-of-order").ok();
        project.run("current --check-heads").ok();
        assert_eq!(
            here.query(
                "SELECT string_agg(version, ' ' ORDER BY 1) FROM __diesel_schema_migrations"
            ),
            there.query(
                "SELECT string_agg(version, ' ' ORDER BY 1) FROM __diesel_schema_migrations"
            ),
            "{seed}"
        );
    }
}

#[test]
fn a_rebase_that_was_killed_is_finished_by_the_next_one() {
    let database = Database::new();
    let project = Project::at(&database);
    for (version, name) in [("1", "a"), ("2", "b"), ("9", "c"), ("3", "d")] {
        table(&project, version, name);
    }
    metadata(&project, "3_d", "depends_on = [\"2\"]\n");
    // of `2_b` and `3_d` the second one was renamed
    let dir = project.path().join("migrations");
    std::fs::rename(dir.join("3_d"), dir.join("11_d")).unwrap();
    project.write("migrations/.rebasing", r#"[["2_b", "10_b"], ["3_d", "11_d"]]"#);
    let said = project.run("rebase").ok().stdout;
    assert!(said.contains("2_b -> 10_b"), "{said}");
    assert!(said.contains("Finished a rebase that was interrupted"), "{said}");
    assert_eq!(directories(&project), ["10_b", "11_d", "1_a", "9_c"]);
    let text = std::fs::read_to_string(dir.join("11_d/metadata.toml")).unwrap();
    assert!(text.ends_with("depends_on = [\"10\"]\n"), "{text}");
    project.run("rebase").code(1).says(&["rebase::nothing"]);
}

/// Runs git in a project, as a person without settings would.
fn git(project: &Project, arguments: &[&str]) -> std::process::Output {
    let settings = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "commit.gpgsign=false",
    ];
    project.command("git").args(settings).args(arguments).output().unwrap()
}

#[test]
fn the_history_file_conflicts_in_git_where_two_branches_add_migrations() {
    if crate::support::peer("git").is_none() {
        return;
    }
    let database = Database::new();
    let project = Project::at(&database);
    project.write("glowplug.toml", "[migrations]\nhistory_file = true\n");
    let file = project.path().join("migrations/.history");
    table(&project, "1", "a");
    project.run("upgrade").code(1).says(&["history_file::missing", "glowplug history --write"]);
    project.run("history --write").ok();
    project.run("upgrade").ok();
    git(&project, &["init", "-q"]);
    git(&project, &["add", "-A"]);
    assert!(git(&project, &["commit", "-qm", "a"]).status.success());
    for (branch, version, name) in [("theirs", "2", "b"), ("mine", "3", "c")] {
        git(&project, &["checkout", "-q", "-b", branch, "main"]);
        project.run(&format!("revision -m {name} --rev-id {version}")).ok();
        assert!(
            std::fs::read_to_string(&file).unwrap().ends_with(&format!("{version}_{name} -\n"))
        );
        table(&project, version, name);
        // on this machine a draft may be tried; it is not checked in like this
        if branch == "mine" {
            project.run("upgrade").ok();
        }
        project
            .run("verify")
            .code(1)
            .says(&["history_file::differs", "is recorded as still being written"]);
        project.run("history --write").ok();
        project.run("verify").ok();
        git(&project, &["add", "-A"]);
        assert!(git(&project, &["commit", "-qm", name]).status.success());
    }
    assert!(!git(&project, &["merge", "theirs"]).status.success());
    for command in ["upgrade", "verify", "check"] {
        project
            .run(command)
            .code(1)
            .says(&["history_file::conflict", "two branches add migrations"]);
    }
    let both = std::fs::read_to_string(&file).unwrap();
    let both =
        both.lines().filter(|it| !it.starts_with(['<', '=', '>'])).map(|it| format!("{it}\n"));
    std::fs::write(&file, both.collect::<String>()).unwrap();
    project.run("upgrade").code(1).says(&["not in the order"]);
    project.run("history --write").ok();
    project.run("rebase --yes").ok();
    let lines = std::fs::read_to_string(&file).unwrap();
    let names: Vec<&str> = lines
        .lines()
        .filter(|it| !it.starts_with('#'))
        .map(|it| it.split(' ').next().unwrap())
        .collect();
    assert_eq!(names[..2], ["1_a", "2_b"]);
    assert!(names[2].ends_with("_c") && names.len() == 3, "{names:?}");
    project.run("upgrade").ok();
    project.run("verify").ok();
    // an edit is noticed, whether or not it was applied
    project.write("migrations/2_b/up.sql", "CREATE TABLE b (id bigint);");
    project.run("verify").code(1).says(&["up.sql of 2_b has changed since it was recorded"]);
    std::fs::write(&file, "nonsense\n").unwrap();
    project.run("verify").code(1).says(&["history_file::malformed", "migrations/.history:1"]);
}
