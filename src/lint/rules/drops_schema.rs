//! A schema is dropped.

use crate::{
    catalog::ObjectKind,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "drops-schema",
    severity: Severity::Error,
    is_on: true,
    way: Way::Up,
    finds: "A schema is dropped",
    why: "Everything in it goes with it.",
    instead: "Drop its objects one by one, in migrations that say so.",
    aliases: &[
        "ban-drop-schema",
        "ban-drop-database",
        "drop-schema-cascade",
        "drop-database",
        "DropDatabaseCheck",
    ],
    hazards: &[59],
    bad: include_str!("drops_schema/bad.sql"),
    good: include_str!("drops_schema/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.gone().filter(|it| it.kind() == ObjectKind::Schema) {
        let at = case.place(&[key.name()], &[&["drop", "schema"]]);
        hits.push(Hit::new(at, format!("drops the schema {}", key.name())));
    }
    for (at, said) in case.statements.iter().enumerate() {
        if said.begins(&["drop", "database"]) {
            hits.push(Hit::new(at, "drops a database"));
        }
    }
}
