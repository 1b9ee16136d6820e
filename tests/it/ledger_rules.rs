//! The rules of the guard: one enum, and everything that is said of them.

use glowplug::internal::ledger::LedgerRule;
use snapbox::{assert_data_eq, str};

use crate::support::Project;

#[test]
fn rules_are_printed_with_what_to_do_instead() {
    let project = Project::new();
    let printed = project.run("ledger rules").ok().stdout;
    assert_eq!(printed.lines().count(), 3 * LedgerRule::ALL.len());
    assert_data_eq!(
        printed.lines().take(6).collect::<Vec<_>>().join("\n"),
        str![[r#"
append-lost
  protects  that the application can append as before; allowed with --allow-ledger-change
  instead   Appends must keep working as before. A deliberate change needs --allow-ledger-change "reason".
appended-twice
  protects  that a redo does not append an event twice; never allowed
  instead   Events remain when a migration is reverted. Let down.sql append events that compensate them, or leave the migration as it is and write a new one.
"#]]
    );
    let json = project.run_with(&["--format", "json", "ledger", "rules"]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let of = |code: &str| {
        let rules = json["report"].as_array().unwrap();
        rules.iter().find(|it| it["rule"] == code).cloned().unwrap_or_default()
    };
    assert_eq!(of("rows-changed")["severity"], "history");
    assert_eq!(of("trigger-lost")["severity"], "protection");
}

/// A rule that nothing names would be a promise that nothing keeps.
#[test]
fn every_rule_is_kept_somewhere() {
    let mut open = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut code = String::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|it| it == "rs") {
            code += &std::fs::read_to_string(path).unwrap();
        }
    }
    let unused: Vec<String> = LedgerRule::ALL
        .iter()
        .map(|rule| format!("LedgerRule::{rule:?}"))
        .filter(|name| {
            let mut places = code.match_indices(name.as_str());
            !places.any(|(at, _)| !code[at + name.len()..].starts_with(char::is_alphanumeric))
        })
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}
