//! A column gets a type that cannot hold all of its values.

use crate::{
    catalog::{Attribute, Catalog, How, Key, ObjectKind},
    lint::{case::said, types},
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
    words::ident::split,
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
            && !types::holds_all(values(case.before, was, true), values(case.after, is, false))
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

/// The type whose values a column can have: of a domain, the one below it, unless the domain refuses some and that matters.
fn values<'c>(catalog: &'c Catalog, name: &'c str, may_hold_less: bool) -> &'c str {
    let Some((schema, name_in_it)) = split(name) else { return name };
    let key = Key::new(ObjectKind::Domain, &[&schema, &name_in_it]);
    let Some(fact) = catalog.get(&key) else { return name };
    let holds_all = !fact.is(Attribute::NotNull)
        && catalog.below(ObjectKind::DomainConstraint, &[&schema, &name_in_it]).next().is_none();
    match fact.get(Attribute::Type) {
        Some(base) if holds_all || may_hold_less => base,
        _ => name,
    }
}
