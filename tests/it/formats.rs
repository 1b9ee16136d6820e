//! `--format`: findings in the formats of other tools.

mod schema;

use crate::support::{Database, Project};

/// A project whose only migration leaves behind a type and a table with a name that means something to every format.
fn odd() -> Project {
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.migration(
        "2_odd",
        "CREATE TYPE mood AS ENUM ('x');\nCREATE TABLE \"a\"\"b\n%0A::error::<b>|`\u{202e}👩‍💻, @all\" (id int);",
        "SELECT 1;",
    );
    project.migration(
        "3_fails",
        "CREATE TABLE c (id int PRIMARY KEY);",
        "SELECT 1;\nDROP TABLE nope;",
    );
    project
}

#[test]
fn sarif_is_valid_against_its_schema_and_stands_at_the_lines() {
    let log = odd().run("verify --format sarif").code(3);
    let log: serde_json::Value = serde_json::from_str(&log.stdout).unwrap();
    schema::check(&log);
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "glowplug");
    let results = run["results"].as_array().unwrap();
    let find = |code: &str| results.iter().find(|it| it["ruleId"] == code).unwrap();
    let fails = &find("verify::down-fails")["locations"][0]["physicalLocation"];
    assert_eq!(fails["artifactLocation"]["uri"], "migrations/3_fails/down.sql");
    let region = &fails["region"];
    assert_eq!([&region["startLine"], &region["startColumn"]], [2, 12], "{region}");
    assert_eq!([&region["endLine"], &region["endColumn"]], [2, 16], "{region}");
    let back = find("verify::not-back");
    let text = back["message"]["text"].as_str().unwrap();
    assert!(text.contains("\\u{202e}👩‍💻, @all"), "{text}");
    // rules are explained where they are shown
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["help"]["text"].as_str().is_some_and(|it| it.len() > 40), "{rule}");
        assert!(rule.get("helpUri").is_none());
    }
    let again = odd().run("verify --format sarif").code(3);
    let again: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(again, log, "the same findings, the same log");
}

#[test]
fn a_validator_that_accepts_everything_would_be_noticed() {
    let log = odd().run("verify --format sarif").code(3);
    let log: serde_json::Value = serde_json::from_str(&log.stdout).unwrap();
    type Break = fn(&mut serde_json::Value);
    let breaks: [Break; 6] = [
        |it| it["version"] = "2.0.0".into(),
        |it| it["runs"][0]["results"][0]["level"] = "fatal".into(),
        |it| it["runs"][0]["results"][0]["message"] = serde_json::json!({}),
        |it| it["runs"][0]["results"][0]["more"] = 1.into(),
        |it| it["runs"][0]["tool"]["driver"]["name"] = serde_json::Value::Null,
        |it| it["runs"][0]["results"][0]["ruleIndex"] = (-2).into(),
    ];
    for (at, broken) in breaks.iter().enumerate() {
        let mut log = log.clone();
        broken(&mut log);
        assert!(schema::fault(&log).is_some(), "break {at}");
    }
}

#[test]
fn github_annotations_are_one_line_each() {
    let ran = odd().run("verify --format github").code(3);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.stdout);
    let wanted = "::error file=migrations/3_fails/down.sql,line=2,endLine=2,col=12,endColumn=16,title=verify%3A%3Adown-fails::";
    assert!(lines.iter().any(|it| it.starts_with(wanted)), "{}", ran.stdout);
    assert_eq!(lines[2], "Found 2 errors.");
    assert!(ran.stdout.contains("%250A"), "a name cannot end a line: {}", ran.stdout);
}

#[test]
fn gitlab_and_junit_and_markdown_have_the_same_findings() {
    let project = odd();
    let gitlab = project.run("verify --format gitlab").code(3);
    let gitlab: serde_json::Value = serde_json::from_str(&gitlab.stdout).unwrap();
    assert_eq!(gitlab.as_array().map(Vec::len), Some(2));
    assert_eq!(gitlab[0]["severity"], "critical");
    assert_eq!(gitlab[0]["location"]["path"], "migrations/3_fails/down.sql");
    assert_eq!(gitlab[0]["location"]["lines"]["begin"], 2);
    let junit = project.run("verify --format junit").code(3).stdout;
    assert!(junit.contains("<testsuite name=\"verify\" tests=\"2\" failures=\"2\" errors=\"0\">"));
    let markdown = project.run("verify --format markdown").code(3).stdout;
    assert!(markdown.starts_with("<!-- glowplug verify -->\n## glowplug verify\n\n**2 errors**\n"));
    assert_eq!(markdown.matches("\n| error |").count(), 2, "{markdown}");
    let json = project.run("verify --format json").code(3).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["report"]["problems"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_failure_is_a_document_of_the_format_too() {
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int);\nSELECT nope;", "DROP TABLE a;");
    let log = project.run("verify --format sarif").code(1);
    let log: serde_json::Value = serde_json::from_str(&log.stdout).unwrap();
    schema::check(&log);
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "migration::failed");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!([&region["startLine"], &region["startColumn"]], [2, 8]);
    let junit = project.run("verify --format junit").code(1).stdout;
    assert!(junit.contains("failures=\"0\" errors=\"1\">\n"), "{junit}");
    assert!(junit.contains("<error type=\"migration::failed\""), "{junit}");
    let unreachable = Project::new().env("DATABASE_URL", "postgres://localhost:1/x");
    unreachable.migration("1_a", "SELECT 1;", "");
    let told = unreachable.run("drift --format github --wait-for-server 0s").code(1).stdout;
    assert!(told.starts_with("::error title=connect%3A%3A"), "{told}");
}

#[test]
fn a_stale_schema_has_a_fix_that_makes_it_fresh() {
    let project = Project::new();
    project.write("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY, b text);", "DROP TABLE a;");
    project.run("schema --from migrations").code(0);
    let path = project.path().join("src/schema.rs");
    let fresh = std::fs::read_to_string(&path).unwrap();
    project.write("src/schema.rs", &fresh.replace("Text", "Jsonb").replace("id ->", "di ->"));
    let log = project.run("schema --check --from migrations --format sarif").code(3);
    let log: serde_json::Value = serde_json::from_str(&log.stdout).unwrap();
    schema::check(&log);
    let change = &log["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "src/schema.rs");
    let stale = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = stale.split_inclusive('\n').collect();
    for it in change["replacements"].as_array().unwrap().iter().rev() {
        let line = |name: &str| it["deletedRegion"][name].as_u64().unwrap() as usize - 1;
        let new = it["insertedContent"]["text"].as_str().unwrap().split_inclusive('\n');
        lines.splice(line("startLine")..line("endLine"), new);
    }
    assert_eq!(lines.concat(), fresh);
}

#[test]
fn drift_and_the_history_are_findings() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.migration("3_c", "CREATE TABLE c (id int PRIMARY KEY);", "DROP TABLE c;");
    project.run("upgrade").code(0);
    database.execute("ALTER TABLE a ADD x int");
    let drift = project.run("drift --format github").code(3).stdout;
    assert!(drift.contains("title=drift%3A%3Adiffers::"), "{drift}");
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY); -- edited", "DROP TABLE a;");
    project.migration("2_b", "CREATE TABLE b (id int PRIMARY KEY);", "DROP TABLE b;");
    project.migration("4_d", "CREATE TABLE d (id int PRIMARY KEY);", "DROP TABLE d;");
    std::fs::remove_dir_all(project.path().join("migrations/3_c")).unwrap();
    let told = project.run("current --check-heads --format json").code(3).stdout;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let codes: Vec<&str> =
        told["findings"].as_array().unwrap().iter().filter_map(|it| it["code"].as_str()).collect();
    assert_eq!(
        codes,
        ["status::edited", "status::out-of-order", "status::orphaned", "status::pending"]
    );
    assert_eq!(told["findings"][1]["place"]["file"], "migrations/2_b/up.sql");
}

#[test]
fn a_format_that_a_command_does_not_have_is_a_usage_error() {
    let project = Project::new();
    for command in ["upgrade", "history", "current", "schema", "db status"] {
        let ran = project.run(&format!("{command} --format sarif")).code(2);
        assert!(ran.stderr.contains("has no findings: --format takes text or json"), "{ran:#?}");
        assert!(ran.stdout.is_empty());
    }
    project.run("verify --format xml").code(2);
}

#[test]
fn files_are_named_from_the_root_of_the_repository() {
    let project = Project::new();
    std::fs::create_dir(project.path().join(".git")).unwrap();
    project.write("services/shop/diesel.toml", "");
    project.write("services/shop/migrations/1_a/up.sql", "CREATE TABLE a (id int PRIMARY KEY);");
    project.write("services/shop/migrations/1_a/down.sql", "SELECT 1;");
    let mut command = project.command(crate::support::GLOWPLUG);
    command.current_dir(project.path().join("services/shop"));
    let output = command.args(["verify", "--format", "github"]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.starts_with("::error file=services/shop/migrations/1_a/down.sql,title="),
        "{told}"
    );
}
