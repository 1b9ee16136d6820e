//! Replays are kept by what has run: the next command begins with the longest known beginning, and finds the same.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::support::Project;

/// So many are worth keeping.
const MANY: usize = 45;

/// A directory that the server's user can read as well.
fn cache() -> tempfile::TempDir {
    let cache = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o755)).unwrap();
    cache
}

/// A project whose migrations lead to its source of truth, with a cache of its own.
fn project(cache: &Path) -> Project {
    let project = Project::new().env("GLOWPLUG_REPLAYED_DIR", cache.to_str().unwrap());
    let mut truth = String::new();
    for n in 0..MANY {
        let up = format!("CREATE TABLE t{n} (id int PRIMARY KEY, a text DEFAULT 'x');\n");
        project.migration(&format!("{n:04}_t"), &up, &format!("DROP TABLE t{n};"));
        truth += &up;
    }
    project.write("schema.sql", &truth);
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    project
}

/// How many replays are kept.
fn kept(project: &Project) -> u64 {
    let status = project.run("cache status --format json").ok();
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let report = &status["report"];
    assert!(report["bytes"].as_u64() <= report["limit_bytes"].as_u64(), "{report}");
    report["replays"].as_u64().unwrap()
}

#[test]
fn a_kept_replay_leads_to_the_same_as_a_new_one() {
    let cache = cache();
    let project = project(cache.path());
    assert_eq!(kept(&project), 0);
    let first = project.run("check").ok();
    assert_eq!(kept(&project), 1);
    let again = project.run("check").ok();
    assert_eq!((first.stdout, kept(&project)), (again.stdout, 1));
    let printed = project.run("diff migrations schema.sql").ok().stdout;
    assert_eq!((printed.as_str(), kept(&project)), ("", 1));

    // one more begins with what is known, and an edited one does not
    project.migration("9000_more", "CREATE TABLE more (id int PRIMARY KEY);", "DROP TABLE more;");
    let more = project.run("check").code(3);
    assert_eq!(more.stderr, "");
    assert_eq!(kept(&project), 2);
    project.migration("0007_t", "CREATE TABLE t7 (id int PRIMARY KEY, b int);", "DROP TABLE t7;");
    let found = project.run("check").code(3).stdout;
    assert!(found.contains("\"t7\".\"b\"") && found.contains("\"more\""), "{found}");

    assert!(project.run("cache clear").ok().stdout.starts_with("Removed: "));
    assert_eq!(kept(&project), 0);
    assert_eq!(project.run("check").code(3).stdout, found);
}

#[test]
fn nothing_is_kept_beyond_the_limit_and_a_broken_replay_is_not_used() {
    let cache = cache();
    let project = project(cache.path()).env("GLOWPLUG_CACHE_BYTES", "1000");
    project.run("check").ok();
    assert_eq!(kept(&project), 0);
    let project = project.env("GLOWPLUG_CACHE_BYTES", "1000000000");
    project.run("check").ok();
    assert_eq!(kept(&project), 1);
    for entry in fs::read_dir(cache.path()).unwrap() {
        fs::remove_file(entry.unwrap().path().join("data/PG_VERSION")).unwrap();
    }
    project.run("check").ok();
}

#[test]
fn a_limit_that_is_no_number_is_refused_by_name() {
    let cache = cache();
    let project = project(cache.path()).env("GLOWPLUG_CACHE_BYTES", "1 GiB");
    for command in ["check", "cache status"] {
        let ran = project.run(command).code(1);
        assert!(ran.stderr.contains("cluster::cache_bytes"), "{command}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("GLOWPLUG_CACHE_BYTES is `1 GiB`"),
            "{command}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_check_that_found_nothing_is_not_done_again_until_something_has_changed() {
    let cache = cache();
    let project = project(cache.path());
    project.run("check").ok();
    let findings = || {
        let all = walkdir::WalkDir::new(cache.path()).into_iter().flatten();
        all.filter(|it| it.file_name().to_string_lossy().starts_with("finding-")).count()
    };
    assert_eq!(findings(), 1);
    let again = project.run("check").ok();
    assert!(again.stdout.contains("PostgreSQL"), "{}", again.stdout);
    let truth = fs::read_to_string(project.path().join("schema.sql")).unwrap();
    project.write("schema.sql", &format!("{truth}CREATE TABLE more (id int);\n"));
    project.run("check").code(3);
    assert_eq!(findings(), 1, "what differs is not noted");
    project.write("schema.sql", &truth);
    project.run("check").ok();
    project.migration("9999_more", "CREATE TABLE more (id int);", "DROP TABLE more;");
    project.run("check").code(3);
}
