//! A column gets a type that cannot hold all of its values.

use crate::{
    catalog::{Attribute, How, ObjectKind},
    lint::{case::said, types},
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "lossy-type-change",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A column gets a type that cannot hold all of its values",
    why: "Values are rounded, cut off or refused: numeric to integer, text to varchar(n), timestamptz to date.",
    instead: "Add a new column with the new type, copy what fits, look at the rest, and switch.",
    aliases: &[],
    hazards: &[65],
    bad: include_str!("lossy_type_change/bad.sql"),
    good: include_str!("lossy_type_change/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for difference in case.differences.iter().filter(|it| it.key.kind() == ObjectKind::Column) {
        let How::Other(changed) = &difference.how else { continue };
        let of_type = changed.iter().find(|(name, ..)| *name == Attribute::Type);
        if let Some((_, Some(was), Some(is))) = of_type
            && !types::holds_all(was, is)
        {
            let key = &difference.key;
            let at = case.place(&[key.part(1), key.name()], &[&["type"]]);
            hits.push(Hit::new(
                at,
                format!("{} becomes {is}, which does not hold every {was}", said(key)),
            ));
        }
    }
}
