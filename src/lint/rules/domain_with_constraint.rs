//! A domain has a constraint.

use crate::{
    catalog::ObjectKind,
    lint::case::said,
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "domain-with-constraint",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "A domain has a constraint",
    why: "A column of the domain that is added to a table rewrites it, and a new constraint of the domain scans every table that uses it.",
    instead: "A CHECK of the table.",
    aliases: &["ban-create-domain-with-constraint"],
    hazards: &[92],
    bad: include_str!("domain_with_constraint/bad.sql"),
    good: include_str!("domain_with_constraint/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for key in case.added().filter(|it| it.kind() == ObjectKind::Domain) {
        if case
            .after
            .below(ObjectKind::DomainConstraint, &[key.part(0), key.part(1)])
            .next()
            .is_some()
        {
            let at = case.place(&[key.name()], &[&["create", "domain"]]);
            hits.push(Hit::new(
                at,
                format!(
                    "{} has a constraint: a column of it that is added later rewrites its table",
                    said(key)
                ),
            ));
        }
    }
}
