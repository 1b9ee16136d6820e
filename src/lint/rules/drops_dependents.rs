//! CASCADE drops objects that the statement does not name.

use crate::{
    catalog::ObjectKind,
    lint::case::{listed, said},
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "drops-dependents",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "CASCADE drops objects that the statement does not name",
    why: "Views, foreign keys and triggers disappear without being mentioned.",
    instead: "Drop them by name, in the order of their dependencies.",
    aliases: &["destructive-cascade", "destructive-general-cascade"],
    hazards: &[60],
    bad: include_str!("drops_dependents/bad.sql"),
    good: include_str!("drops_dependents/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        if !statement.has(&["cascade"])
            || statement.has(&["on", "delete", "cascade"])
            || !statement.has(&["drop"])
        {
            continue;
        }
        let lost = case.gone().filter(|key| {
            let is_object = matches!(
                key.kind(),
                ObjectKind::Relation
                    | ObjectKind::Constraint
                    | ObjectKind::Trigger
                    | ObjectKind::Routine
                    | ObjectKind::Policy
            );
            let is_left = key.kind() == ObjectKind::Relation
                || case.after.get(&key.table()).is_some()
                || key.kind() == ObjectKind::Routine;
            is_object && is_left && !case.statements.iter().any(|it| it.names(key.name()))
        });
        let lost: Vec<String> =
            lost.map(|key| format!("{} {}", key.kind().info().label, said(key))).collect();
        if !lost.is_empty() {
            hits.push(Hit::new(at, format!("CASCADE also drops {}", listed(lost))));
        }
    }
}
