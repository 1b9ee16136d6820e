//! The default of a column is dropped or changed.

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
    name: "changes-default",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "The default of a column is dropped or changed",
    why: "Programs that leave the column out write other values, or NULL, from now on; an INSERT into a NOT NULL column fails.",
    instead: "Deploy a program that gives the value first.",
    aliases: &["ban-drop-default", "ban-set-default"],
    hazards: &[70],
    bad: include_str!("changes_default/bad.sql"),
    good: include_str!("changes_default/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for difference in case.differences.iter().filter(|it| it.key.kind() == ObjectKind::Column) {
        let How::Other(changed) = &difference.how else { continue };
        for (_, was, is) in changed.iter().filter(|(name, ..)| *name == Attribute::Default) {
            let Some(was) = was else { continue };
            let key = &difference.key;
            let at = case.place(&[key.part(1), key.name()], &[&["default"]]);
            let now = is.as_ref().map_or("none".to_owned(), Clone::clone);
            hits.push(Hit::new(
                at,
                format!("the default of {} was {was}, and is {now}", said(key)),
            ));
        }
    }
}
