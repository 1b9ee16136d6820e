//! `lint`: what it says of migrations whose blocking was measured, of the examples of its rules, and of what somebody has accepted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use glowplug::internal::lint::{
    rule::{Rule, Way},
    rules,
};
use serde_json::Value;
use snapbox::{assert_data_eq, str};

use crate::{
    ci::git,
    sample,
    support::{Database, INSTALLED, Project, Ran},
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint")
}

/// A project whose first migration makes the tables of the fixtures.
fn project() -> Project {
    let project = Project::new();
    let setup = fs::read_to_string(fixtures().join("setup.sql")).unwrap();
    project.migration("1_setup", &setup, "SELECT 1;");
    project
}

fn report(ran: &Ran) -> Value {
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    document["report"].clone()
}

/// The codes of the findings, without `lint::`.
fn codes(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|it| it["code"].as_str().unwrap().trim_start_matches("lint::").to_owned())
        .collect()
}

/// Who waits, by table, for longer the more rows there are.
fn waiting(report: &Value) -> BTreeSet<(String, &'static str)> {
    let mut waiting = BTreeSet::new();
    for lock in report["locks"].as_array().unwrap() {
        let table = lock["table"].as_str().unwrap().trim_start_matches("public.");
        for who in ["readers", "writers"] {
            if lock["slope"].as_f64().unwrap() >= 0.3 && lock[who] == Value::Bool(true) {
                waiting.insert((table.to_owned(), who));
            }
        }
    }
    waiting
}

/// A case whose truth was measured.
struct Case {
    name: String,
    up: String,
    is_piecewise: bool,
    blocked: BTreeSet<(String, &'static str)>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(fixtures()).unwrap() {
        let dir = entry.unwrap().path();
        let Ok(truth) = fs::read_to_string(dir.join("truth.toml")) else { continue };
        let truth: toml::Table = truth.parse().unwrap();
        let mut blocked = BTreeSet::new();
        for (table, who) in truth["blocked"].as_table().unwrap() {
            for one in ["readers", "writers"] {
                if who.as_str().unwrap().contains(one) {
                    blocked.insert((table.clone(), one));
                }
            }
        }
        cases.push(Case {
            name: dir.file_name().unwrap().to_string_lossy().into_owned(),
            up: fs::read_to_string(dir.join("up.sql")).unwrap(),
            is_piecewise: dir.join("metadata.toml").exists(),
            blocked,
        });
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

#[test]
fn every_case_was_measured_and_there_are_enough() {
    let dirs = fs::read_dir(fixtures()).unwrap().filter(|it| it.as_ref().unwrap().path().is_dir());
    assert_eq!(dirs.count(), cases().len());
    assert!(cases().len() >= 150);
}

#[test]
fn who_waits_is_what_was_measured() {
    let class = |it: &Case| match (it.blocked.is_empty(), it.is_piecewise) {
        (true, false) => "harmless".to_owned(),
        (false, false) => "blocks".to_owned(),
        (_, true) => "without a transaction".to_owned(),
    };
    let major = INSTALLED.iter().find(|it| it.major() == 15).unwrap_or(&INSTALLED[0]).major();
    let probed: BTreeSet<&str> = [
        "users",
        "orders",
        "items",
        "cfg",
        "audit",
        "events",
        "events_2024",
        "events_2025",
        "events_rest",
        "old_events",
        "totals",
    ]
    .into();
    let stats = fs::read_to_string(fixtures().join("lint-stats.json")).unwrap();
    let (mut blocks, mut missed, mut harmless, mut alarms) = (0, Vec::new(), 0, Vec::new());
    for case in sample::of(cases(), class, 0, 6, 14) {
        let project = project();
        project.write("glowplug.toml", &format!("[server]\nmajor = {major}\n"));
        project.write("lint-stats.json", &stats);
        match case.is_piecewise {
            true => project.piecewise("2_case", &case.up, "SELECT 1;"),
            false => project.migration("2_case", &case.up, "SELECT 1;"),
        };
        let report = report(&project.run("lint --format json"));
        let mut said = waiting(&report);
        said.retain(|(table, _)| probed.contains(table.as_str()));
        blocks += case.blocked.len();
        harmless += 2 * probed.len() - case.blocked.len();
        missed.extend(case.blocked.difference(&said).map(|it| format!("{}: {it:?}", case.name)));
        alarms.extend(said.difference(&case.blocked).map(|it| format!("{}: {it:?}", case.name)));
    }
    assert!(missed.len() * 100 <= blocks, "missed {missed:#?} of {blocks}");
    assert!(alarms.len() * 50 <= harmless, "false alarms {alarms:#?} among {harmless}");
}

/// A rule with one of its examples.
fn example(rule: &Rule, script: &str) -> Vec<String> {
    let project = project();
    project.write("glowplug.toml", &format!("[lint]\nenable = [\"{}\"]\n", rule.name));
    let down = rule.way == Way::Down;
    match (down, script.contains("CONCURRENTLY")) {
        (true, _) => {
            project.migration("2_case", "SELECT 1;", script.trim_start_matches("-- down, empty"))
        }
        (false, true) => project.piecewise("2_case", script, "SELECT 1;"),
        (false, false) => project.migration("2_case", script, "SELECT 1;"),
    };
    if script.starts_with("-- needs statistics") {
        project.write(
            "lint-stats.json",
            r#"{"format": 1, "recorded": "2026-12-01", "postgresql": 15, "tables": {},
                "sequences": {"public.orders_id_seq": {"last": 2e9, "limit": 2147483647, "column": "public.orders.id", "per_day": 1e6}}}"#,
        );
    }
    let arguments = if down { "lint --down --format json" } else { "lint --format json" };
    codes(&report(&project.run(arguments)))
}

#[test]
fn a_rule_finds_its_bad_example_and_passes_its_good_one() {
    let rules: Vec<&Rule> = rules::all().iter().collect();
    let mut wrong = Vec::new();
    for rule in sample::of(rules, |it| format!("{:?}", it.severity), 0, 6, 12) {
        for (script, is_bad) in [(rule.bad, true), (rule.good, false)] {
            let found = example(rule, script);
            let fails = found.iter().any(|it| it.starts_with("fails") && it != rule.name);
            if fails || found.iter().any(|it| it == rule.name) != is_bad {
                wrong.push(format!("{}: {found:?} in {script}", rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_of_other_linters_lead_to_rules_and_no_two_rules_have_one_name() {
    let names: BTreeSet<&str> = rules::all().iter().map(|it| it.name).collect();
    assert_eq!(names.len(), rules::all().len());
    let expected = [
        ("require-concurrent-index-creation", "builds-index"),
        ("constraint-missing-not-valid", "scans-under-lock"),
        ("adding-required-field", "fails-on-rows"),
        ("ban-drop-column", "drops-column"),
        ("prefer-timestamptz", "prefer-timestamp-tz"),
        ("lint::drops-table", "drops-table"),
    ];
    for (alias, name) in expected {
        assert_eq!(rules::of_name(alias).map(|it| it.name), Some(name), "{alias}");
    }
    assert!(rules::of_name("no-such-rule").is_none());
}

#[test]
fn a_lock_that_is_kept_is_told_with_the_statement_that_works() {
    let project = project();
    project.migration(
        "2_rank",
        "ALTER TABLE users ADD rank int;\n\nUPDATE orders SET note = 'x';\n",
        "ALTER TABLE users DROP rank;",
    );
    let ran = project.run("lint").code(3);
    assert_data_eq!(
        ran.stdout,
        str![[r#"
error: readers and writers of users wait: the lock of this statement is kept while a later one reads every row of orders and writes a row for each [lint::keeps-lock]
  migrations/2_rank/up.sql:1:1
  1 │ ALTER TABLE users ADD rank int;
    │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  AccessExclusive on users, kept through statement 2 of 2
  the wait grows with the table: 2 million rows of work per million rows of orders
  migrations/2_rank/up.sql:3:1
  3 │ UPDATE orders SET note = 'x';
    │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the lock is still held while this runs (UPDATE)
  help: Put the long work into a migration of its own, before the lock or after it.

error: writers of orders wait for locked rows: this statement reads every row of orders and writes a row for each [lint::locks-rows]
  migrations/2_rank/up.sql:3:1
  3 │ UPDATE orders SET note = 'x';
    │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  row locks on orders, kept until the transaction ends
  the wait grows with the table: 2 million rows of work per million rows of orders
  help: Change rows in batches, each in a transaction of its own: in the application, or in a migration with `run_in_transaction = false` and one statement for each range.

note: the sizes of production's tables are not known: `glowplug lint --record-stats URL` records them
Checked 1 migration: 2 errors.
Observed on PostgreSQL 18 (default environment; `glowplug shadow pin` records the database's).

"#]]
    );
}

#[test]
fn what_is_accepted_does_not_count_and_an_acceptance_that_nothing_needs_is_found() {
    let project = project();
    let up = "-- glowplug: accept drops-table \"moved to the archive\"\nDROP TABLE items;\n\
              -- glowplug: accept builds-index \"small\"\nSELECT 1;\n\
              -- glowplug: accept drops-tabel \"typo\"\nSELECT 1;\n\
              -- glowplug: accept drops-table\nSELECT 1;\n";
    project.migration("2_case", up, "SELECT 1;");
    let found = report(&project.run("lint --format json").code(3));
    let wanted = ["unused-acceptance", "unknown-acceptance", "unknown-acceptance"];
    assert_eq!(codes(&found), wanted, "{found:#}");
    assert_eq!(found["accepted"][0]["reason"], "moved to the archive");
    assert_eq!(
        found["findings"][1]["help"],
        "Did you mean `drops-table`? `glowplug lint --explain` lists the rules."
    );
}

#[test]
fn comments_of_other_linters_are_understood() {
    for comment in [
        "-- squawk-ignore ban-drop-table",
        "-- squawk-ignore-file",
        "-- eugene: ignore",
        "-- diesel-guard:disable DropTableCheck",
        "-- pgsafe:ignore drop-table",
        "-- safety-assured:start",
    ] {
        let project = project();
        project.migration("2_case", &format!("{comment}\nDROP TABLE items;\n"), "SELECT 1;");
        let found = report(&project.run("lint --format json").code(0));
        assert_eq!(codes(&found), Vec::<String>::new(), "{comment}");
        assert_eq!(found["accepted"].as_array().map(Vec::len), Some(1), "{comment}");
    }
}

#[test]
fn the_project_accepts_disables_and_demands() {
    let project = project();
    project.migration("2_case", "DROP TABLE items;", "SELECT 1;");
    let accept = "[lint]\naccept = [{ rule = \"ban-drop-table\", path = \"migrations/2_*\", reason = \"gone for a year\" }]\n";
    project.write("glowplug.toml", accept);
    let found = report(&project.run("lint --format json").code(0));
    assert_eq!(found["accepted"][0]["reason"], "gone for a year");

    project.write("glowplug.toml", "[lint]\ndisable = [\"drops-table\"]\n");
    project.run("lint").code(0);

    project.write("glowplug.toml", "[lint]\ndisable = [\"drops-tabel\"]\n");
    project
        .run("lint")
        .code(1)
        .says(&["`drops-tabel` is not a rule", "Did you mean `drops-table`?"]);

    project.write(
        "glowplug.toml",
        "[lint]\naccept = [{ rule = \"drops-table\", path = \"migrations\", reason = \" \" }]\n",
    );
    project.run("lint").code(1).says(&["gives no reason for `drops-table`"]);
}

#[test]
fn a_baseline_holds_what_was_there_before() {
    let project = project();
    project.migration("2_case", "DROP TABLE items;", "SELECT 1;");
    project.run("lint --baseline none.toml").code(1).says(&["none.toml not found"]);
    let wrote = project.run("lint --update-baseline").code(0);
    assert!(wrote.stdout.contains("lint-baseline.toml: 1 finding is known"), "{}", wrote.stdout);
    project.run("lint").code(0);
    project.migration("3_case", "DROP TABLE audit;", "SELECT 1;");
    let found = report(&project.run("lint --since 1 --format json").code(3));
    assert_eq!(codes(&found), ["drops-table"]);
    project.write("lint-baseline.toml", "[[finding]]\nnonsense = 1\n");
    project.run("lint").code(1).says(&["lint-baseline.toml"]);
}

#[test]
fn what_is_looked_at_is_what_is_pending_or_named() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("upgrade").code(0);
    project.migration("2_b", "CREATE TABLE b (id bigint PRIMARY KEY);", "DROP TABLE b;");
    let looked = |arguments: &str| {
        let report = report(&project.run(&format!("{arguments} --format json")));
        report["migrations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(looked("lint"), ["2_b"]);
    assert_eq!(looked("lint --pending"), ["2_b"]);
    assert_eq!(looked("lint --since base"), ["1_a", "2_b"]);
    // counted from where the database is
    assert_eq!(looked("lint --since -1"), ["1_a", "2_b"]);
    project.run("lint --since -2").code(1).says(&["only 1 migration is applied"]);
    assert_eq!(looked("lint migrations/1_a/up.sql"), ["1_a"]);
    project.run("lint migrations/3_c").code(1).says(&["migrations/3_c is not a migration"]);
    // nothing was run there
    assert_eq!(database.query("SELECT to_regclass('b') IS NULL"), "t");
}

#[test]
fn waits_are_predicted_from_the_sizes_of_production() {
    let database = Database::new();
    database.execute("CREATE TABLE big (id bigint PRIMARY KEY, n int, kind text); INSERT INTO big SELECT i, i, 'k' || i % 2 FROM generate_series(1, 5000) i; ANALYZE big");
    let project = Project::new();
    project.migration(
        "1_big",
        "CREATE TABLE big (id bigint PRIMARY KEY, n int, kind text);",
        "DROP TABLE big;",
    );
    project.migration("2_index", "CREATE INDEX big_n ON big (n);", "DROP INDEX big_n;");
    project.run("lint").code(3);
    let recorded = project.run_with(&["lint", "--record-stats", &database.url()]).code(0);
    assert!(recorded.stdout.contains("1 table in lint-stats.json"), "{}", recorded.stdout);
    // an index of 5,000 rows is built before anybody notices
    let found = report(&project.run("lint --format json").code(0));
    assert_eq!(found["findings"][0]["severity"], "note", "{found:#}");
    let stats = fs::read_to_string(project.path().join("lint-stats.json")).unwrap();
    let stats = stats.replace("\"rows\": 5000.0", "\"rows\": 9e9");
    project.write("lint-stats.json", &stats);
    let found = report(&project.run("lint --format json").code(3));
    assert_eq!(found["findings"][0]["severity"], "error", "{found:#}");
    let wait = found["locks"][0]["seconds"].as_array().unwrap();
    assert!(wait[0].as_f64().unwrap() * 3.9 < wait[1].as_f64().unwrap(), "{found:#}");
    // every other row has a value of which there are two
    project.migration("3_kind", "UPDATE big SET n = 0 WHERE kind = 'old';", "SELECT 1;");
    let found = report(&project.run("lint --format json").code(3));
    assert_eq!(codes(&found), ["locks-rows"], "{found:#}");
    project.write("lint-stats.json", "{}");
    project.run("lint").code(1).says(&["lint-stats.json is not a file of statistics"]);
}

#[test]
fn a_rule_is_explained_with_what_it_finds() {
    let project = Project::new();
    let page = project.run("lint --explain require-concurrent-index-creation").code(0);
    for part in ["builds-index: ", "Instead: CREATE INDEX CONCURRENTLY", "Found:", "Not found:"] {
        assert!(page.stdout.contains(part), "{part}: {}", page.stdout);
    }
    let list = project.run("lint --explain").code(0);
    assert_eq!(list.stdout.lines().count(), rules::all().len());
    project
        .run("lint --explain nothing-like-it")
        .code(1)
        .says(&["`nothing-like-it` is not a rule"]);
}

#[test]
fn a_migration_that_only_fails_on_rows_is_found_and_what_comes_after_it_is_looked_at() {
    let project = project();
    project.migration("2_case", "ALTER TABLE users ADD required text NOT NULL;", "SELECT 1;");
    project.migration("3_case", "DROP TABLE cfg;", "SELECT 1;");
    let found = report(&project.run("lint --since 1 --format json").code(3));
    assert_eq!(
        codes(&found)[..2],
        ["fails-on-rows".to_owned(), "drops-table".to_owned()],
        "{found:#}"
    );
    project.migration("3_case", "DROP TABLE nothing_like_it;", "SELECT 1;");
    project.migration("4_case", "DROP TABLE audit;", "SELECT 1;");
    let found = report(&project.run("lint --since 2 --format json").code(3));
    assert_eq!(codes(&found), ["fails"], "{found:#}");
    let notes: BTreeMap<usize, &Value> =
        found["notes"].as_array().unwrap().iter().enumerate().collect();
    assert!(
        notes.values().any(|it| it.as_str().unwrap().contains("nothing after it was looked at")),
        "{notes:?}"
    );
}

#[test]
fn rows_are_locked_where_those_without_a_value_get_one() {
    let project = project();
    let down = "SELECT 1;";
    project.migration("2_age", "UPDATE users SET age = 0 WHERE age IS NULL;", down);
    let code = "DO $$ BEGIN UPDATE orders SET note = '' WHERE orders.note IS NULL; END $$;";
    project.migration("3_note", code, down);
    let found = report(&project.run("lint --since 1 --format json").code(3));
    assert_eq!(codes(&found), ["locks-rows", "locks-rows"], "{found:#}");
}

#[test]
fn constants_are_in_few_rows_and_bounds_are_in_the_middle_of_them() {
    let project = project();
    let down = "SELECT 1;";
    let visits = "CREATE TABLE visits (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        url text NOT NULL, kind text NOT NULL DEFAULT 'plain', level int NOT NULL, seen timestamptz NOT NULL);
        CREATE TABLE roles (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text UNIQUE);
        CREATE TABLE plans (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, is_default boolean NOT NULL);
        CREATE TABLE uses (plan_id int NOT NULL REFERENCES plans);";
    project.migration("2_visits", visits, down);
    for (name, up) in [
        ("a_equal", "UPDATE visits SET level = 1 WHERE url = 'nobody';"),
        ("b_like", "DELETE FROM visits WHERE url LIKE 'http:%';"),
        ("c_default", "UPDATE visits SET level = 2 WHERE kind IN ('new', 'old') AND level = 404;"),
        (
            "d_single",
            "INSERT INTO orders (user_id) VALUES ((SELECT id FROM users WHERE name = 'admin'));",
        ),
        ("e_month", "DELETE FROM visits WHERE seen >= '2021-01-01' AND seen < '2021-02-01';"),
        ("f_half", "UPDATE visits SET kind = 'f' WHERE seen < '2020-01-01';"),
        ("g_half", "UPDATE items SET label = 'g' WHERE items.qty > 1000000;"),
        (
            "h_check",
            "ALTER TABLE cfg ADD CHECK (value IN ('on', 'off')); UPDATE cfg SET value = 'off' WHERE key = 'x';",
        ),
        (
            "i_unknown",
            "INSERT INTO uses (plan_id) VALUES ((SELECT id FROM plans WHERE is_default));",
        ),
        (
            "j_unmade",
            "INSERT INTO roles (name) VALUES ('owner');
            UPDATE visits SET level = (SELECT id FROM roles WHERE name = 'owner') WHERE url = 'x';",
        ),
    ] {
        project.migration(name, up, down);
    }
    let found = report(&project.run("lint --since 2 --format json").code(3));
    let rows = found["findings"].as_array().unwrap().iter();
    let rows = rows.filter(|it| it["code"] == "lint::locks-rows");
    let files: Vec<&str> = rows.map(|it| it["place"]["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["migrations/f_half/up.sql", "migrations/g_half/up.sql"], "{found:#}");
    let fails: Vec<&Value> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["code"].as_str().unwrap().starts_with("lint::fails"))
        .collect();
    // how many rows a query finds is not known
    assert_eq!(fails.len(), 1, "{fails:#?}");
    assert_eq!(fails[0]["severity"], "note");
}

#[test]
fn rows_that_are_only_locked_are_locked_and_a_table_is_scanned_when_it_is_attached() {
    let project = project();
    let down = "SELECT 1;";
    let visits = "CREATE TABLE visits (id bigint NOT NULL, day date NOT NULL);";
    project.migration("2_visits", visits, down);
    for (name, up) in [
        ("a_code", "DO $$ BEGIN PERFORM FROM users WHERE age > 0 FOR UPDATE; END $$;"),
        ("b_copy", "CREATE TABLE copy AS SELECT id FROM orders FOR NO KEY UPDATE;"),
        ("c_few", "SELECT FROM users WHERE email = 'x' FOR UPDATE;"),
        (
            "d_attach",
            "ALTER TABLE events ATTACH PARTITION visits_2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');",
        ),
    ] {
        project.migration(name, up, down);
    }
    project.migration("3_part", "CREATE TABLE visits_2023 (LIKE events);", down);
    let found = report(&project.run("lint --since 3 --format json").code(3));
    let of = |rule: &str| -> Vec<&str> {
        let all = found["findings"].as_array().unwrap().iter().filter(|it| it["code"] == rule);
        all.map(|it| it["place"]["file"].as_str().unwrap()).collect()
    };
    let rows = ["migrations/a_code/up.sql", "migrations/b_copy/up.sql"];
    assert_eq!(of("lint::locks-rows"), rows, "{found:#}");
    assert_eq!(of("lint::scans-under-lock"), ["migrations/d_attach/up.sql"], "{found:#}");
    assert!(of("lint::fails-on-rows").is_empty(), "{found:#}");
}

#[test]
fn a_cast_of_timestamps_is_looked_at_in_the_zone_that_a_run_has() {
    let database = Database::new();
    database.execute(&format!("ALTER DATABASE {} SET TimeZone = 'Europe/Oslo'", database.name));
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id bigint PRIMARY KEY, t timestamp NOT NULL);", "");
    project.run("upgrade").code(0);
    project.migration("2_zone", "ALTER TABLE a ALTER t TYPE timestamptz;", "");
    let found = report(&project.run("lint --format json"));
    assert!(!codes(&found).iter().any(|it| it == "rewrites-table"), "{found:#}");
    let filenode = "SELECT relfilenode FROM pg_class WHERE relname = 'a'";
    let before = database.query(filenode);
    project.run("upgrade").code(0);
    assert_eq!(database.query(filenode), before, "nor is it rewritten there");
}

#[test]
fn a_swap_is_about_the_new_table_and_what_stays_with_the_old_one() {
    let project = project();
    let setup = "CREATE TABLE parts (id int PRIMARY KEY, code varchar(9) UNIQUE, note json);
        CREATE TABLE uses (id bigint PRIMARY KEY, part_id int CONSTRAINT uses_part REFERENCES parts);";
    project.migration("2_parts", setup, "SELECT 1;");
    project.migration(
        "3_swap",
        "CREATE TABLE parts_new (LIKE parts INCLUDING ALL);
        ALTER TABLE parts RENAME TO parts_old;
        ALTER TABLE parts_new RENAME TO parts;",
        "SELECT 1;",
    );
    let found = report(&project.run("lint --since 2 --format json").code(3));
    let told: Vec<String> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {}", it["code"].as_str().unwrap(), it["message"].as_str().unwrap()))
        .collect();
    let behind = "lint::recreates-table uses.uses_part still refers to the old table, parts_old";
    assert!(told.iter().any(|it| it == behind), "{told:#?}");
    assert!(
        !told.iter().any(|it| it.contains("parts_old.") || it.contains("restricts")),
        "{told:#?}"
    );
}

#[test]
fn a_migration_that_makes_others_wait_is_replaced_by_its_online_form() {
    let database = Database::new();
    let project = Project::at(&database);
    let tables = "CREATE TABLE users (id bigint PRIMARY KEY, email text, age int);
        CREATE TABLE late (id bigint PRIMARY KEY, n int);";
    project.migration("1_tables", tables, "DROP TABLE users, late;");
    project.run("upgrade").code(0);
    project.migration(
        "2_index",
        "CREATE INDEX users_email ON users (email);",
        "DROP INDEX users_email;",
    );
    let up = "ALTER TABLE users ADD CONSTRAINT grown CHECK (age > 0); ALTER TABLE users ALTER email SET NOT NULL;";
    let down = "ALTER TABLE users DROP CONSTRAINT grown, ALTER email DROP NOT NULL;";
    project.migration("3_rules", up, down);
    let rows = "CREATE INDEX late_n ON late (n); UPDATE late SET n = 1;";
    project.migration("4_rows", rows, "DROP INDEX late_n;");
    let before = directories(&project);
    let dry = project.run("lint --fix --dry-run migrations/2_index").code(0);
    let part = "  2_index_online  (without a transaction)\n    CREATE INDEX CONCURRENTLY";
    assert!(dry.stdout.contains(part), "{}", dry.stdout);
    assert_eq!(directories(&project), before, "nothing is written");
    // an earlier run was killed when it had written, and nothing was removed yet
    project.migration("3_rules_online", "SELECT 1;", "");
    project.write("migrations/.replacing", r#"{"old": "3_rules", "new": ["3_rules_online"]}"#);
    project.run("upgrade").code(1).says(&["both have version 3"]);
    let fixed = project.run("lint --fix migrations/3_rules migrations/4_rows").code(3);
    let told = fixed.stdout.clone();
    fixed.says(&["was interrupted; 3_rules is as it was before"]);
    assert!(told.contains("4_rows stays as it is: UPDATE is not about structure"), "{told}");
    let read =
        |file: &str| fs::read_to_string(project.path().join("migrations").join(file)).unwrap();
    let now = directories(&project);
    assert!(!now.contains("3_rules"), "{now:?}");
    assert!(!now.iter().any(|it| it.starts_with(".glowplug")), "{now:?}");
    assert!(read("3_rules_online/up.sql").contains("NOT VALID"), "{told}");
    project.run("upgrade").code(0);
    let rules = "SELECT count(*) FROM pg_constraint WHERE conname = 'grown' AND convalidated";
    assert_eq!(database.query(rules), "1");
    // what is applied stays
    let told = project.run("lint --fix migrations/4_rows").code(3).stdout;
    assert!(told.contains("4_rows stays as it is: it is applied"), "{told}");
    let alone = Project::new();
    alone.migration("1_a", "SELECT 1;", "SELECT 1;");
    alone.run("lint --fix").code(1).says(&["no database says which migrations are applied"]);
}

/// The directories of the migrations.
fn directories(project: &Project) -> BTreeSet<String> {
    let all = fs::read_dir(project.path().join("migrations")).unwrap();
    all.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn batches_that_a_loop_commits_lock_nothing_for_long_and_what_comes_after_them_is_looked_at() {
    let project = project();
    let body = "DECLARE low bigint := 0; BEGIN LOOP
        UPDATE users SET score = 1 WHERE id > low AND id <= low + 500;
        EXIT WHEN NOT FOUND; COMMIT; low := low + 500;
    END LOOP; END";
    project.piecewise("2_loop", &format!("DO $$ {body} $$;"), "SELECT 1;");
    let call = format!("CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ {body} $$;\nCALL fill();");
    project.piecewise("3_call", &call, "DROP PROCEDURE fill;");
    project.migration("4_update", "UPDATE users SET score = 2;", "SELECT 1;");
    let found = report(&project.run("lint --since 1 --format json").code(3));
    assert_eq!(codes(&found), ["locks-rows"], "{found:#}");
}

#[test]
fn what_only_looks_like_harm_is_none_and_a_table_that_is_clustered_is_rewritten() {
    let project = project();
    let down = "SELECT 1;";
    project.migration(
        "2_new",
        "CREATE DOMAIN label AS text;
        CREATE TABLE logs (id bigint NOT NULL, day date NOT NULL) PARTITION BY RANGE (day);
        CREATE TABLE logs_2024 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');",
        down,
    );
    // a domain without constraints holds what its type holds
    project.migration("3_domain", "ALTER TABLE orders ALTER note TYPE label;", down);
    project.migration("4_domain", "ALTER TABLE users ALTER quota TYPE bigint;", down);
    project.piecewise(
        "5_detach",
        "ALTER TABLE logs DETACH PARTITION logs_2024 CONCURRENTLY;",
        down,
    );
    project.migration("6_cluster", "CLUSTER orders USING orders_pkey;", down);
    project.migration("7_domain", "ALTER TABLE items ALTER qty TYPE positive;", down);
    let found = report(&project.run("lint --since 1 --format json").code(3));
    let found = codes(&found);
    let of = |rule: &str| found.iter().filter(|it| *it == rule).count();
    // quota, qty and orders are rewritten, and qty has to be positive
    assert_eq!((of("lossy-type-change"), of("rewrites-table")), (1, 3), "{found:?}");
    assert_eq!((of("restricts-writes"), of("builds-index")), (0, 0), "{found:?}");
}

#[test]
fn a_revision_of_git_says_which_migrations_are_new() {
    let project = project();
    project.migration("3_case", "DROP TABLE cfg;", "SELECT 1;");
    if std::process::Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: there is no git");
        return;
    }
    git(&project, &["init", "-q"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "before"]);
    project.migration("2_late", "DROP TABLE audit;", "SELECT 1;");
    let found = report(&project.run("lint --since HEAD --format json").code(3));
    let files: BTreeSet<&str> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["place"]["file"].as_str())
        .collect();
    assert_eq!(files, BTreeSet::from(["migrations/2_late/up.sql"]), "{found:#}");
    project.run("lint --since nowhere").code(1).says(&["nowhere"]);
}
