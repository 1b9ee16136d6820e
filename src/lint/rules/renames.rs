//! A table or column is renamed.

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
    name: "renames",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A table or column is renamed",
    why: "The running program uses the old name, and the new program the new one: between migration and deploy one of both fails.",
    instead: "Add the new column or a view of the old name, use both, and remove the old one later.",
    aliases: &[
        "renaming-column",
        "renaming-table",
        "renaming-object",
        "rename",
        "RenameColumnCheck",
        "RenameTableCheck",
        "RenameSchemaCheck",
    ],
    hazards: &[67],
    bad: include_str!("renames/bad.sql"),
    good: include_str!("renames/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        let is_rename = statement.begins(&["alter"])
            && statement.has(&["rename"])
            && !statement.has(&["rename", "value"])
            && !statement.has(&["rename", "constraint"]);
        let of_old = [
            ObjectKind::Relation,
            ObjectKind::Column,
            ObjectKind::Schema,
            ObjectKind::Enum,
            ObjectKind::Routine,
        ]
        .iter()
        .any(|kind| case.gone().any(|key| key.kind() == *kind && statement.names(key.name())));
        if is_rename && of_old {
            hits.push(Hit::new(at, "the old name is in use until the new program runs everywhere"));
        }
    }
}
