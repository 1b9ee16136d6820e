//! A column may be NULL from now on.

use crate::{
    catalog::{Attribute, How, ObjectKind},
    lint::case::said,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "drops-not-null",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A column may be NULL from now on",
    why: "A program whose schema.rs says that it is not fails when it reads the first NULL.",
    instead: "Deploy a program with `Nullable<…>` first.",
    aliases: &["ban-drop-not-null", "drop-not-null", "DropNotNullCheck"],
    hazards: &[71],
    bad: include_str!("drops_not_null/bad.sql"),
    good: include_str!("drops_not_null/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for difference in case.differences.iter().filter(|it| it.key.kind() == ObjectKind::Column) {
        let How::Other(changed) = &difference.how else { continue };
        if changed.iter().any(|(name, _, is)| *name == Attribute::NotNull && is.is_none()) {
            let key = &difference.key;
            let at = case.place(&[key.part(1), key.name()], &[&["drop", "not", "null"]]);
            hits.push(Hit::new(
                at,
                format!(
                    "{} may be NULL from now on, and the running program does not expect it",
                    said(key)
                ),
            ));
        }
    }
}
