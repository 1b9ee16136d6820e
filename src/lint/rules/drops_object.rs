//! A view, type, function, trigger, policy, sequence or extension is dropped.

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
    name: "drops-object",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "A view, type, function, trigger, policy, sequence or extension is dropped",
    why: "What uses it fails from then on.",
    instead: "Make sure that no program uses it any more.",
    aliases: &[
        "ban-drop-view",
        "ban-drop-type",
        "ban-drop-domain",
        "ban-drop-sequence",
        "ban-drop-function",
        "ban-drop-extension",
        "ban-drop-trigger",
        "ban-drop-policy",
        "ban-drop-index",
    ],
    hazards: &[61],
    bad: include_str!("drops_object/bad.sql"),
    good: include_str!("drops_object/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    let kinds = [
        ObjectKind::Enum,
        ObjectKind::Domain,
        ObjectKind::Composite,
        ObjectKind::Range,
        ObjectKind::Routine,
        ObjectKind::Trigger,
        ObjectKind::Policy,
        ObjectKind::Extension,
    ];
    for key in case.gone() {
        let is_view = key.kind() == ObjectKind::Relation
            && case.before.relation_kind(key).is_some_and(|it| it.is_view());
        let is_left = !matches!(key.kind(), ObjectKind::Trigger | ObjectKind::Policy)
            || case.after.get(&key.table()).is_some();
        if (is_view || kinds.contains(&key.kind())) && is_left && !case.is_renamed(key.name()) {
            let at = case.place(&[key.name()], &[&["drop"]]);
            hits.push(Hit::new(at, format!("drops the {} {}", key.kind().info().label, said(key))));
        }
    }
}
