//! A trigger is disabled, or the replica identity changes.

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
    name: "disables-trigger",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A trigger is disabled, or the replica identity changes",
    why: "What the trigger does is left out for rows that are written from then on; a replica identity of NOTHING stops logical replication of updates.",
    instead: "Enable it again in the same migration.",
    aliases: &[
        "ban-disable-trigger",
        "ban-replica-identity",
        "ban-detach-inheritance",
        "disable-trigger",
    ],
    hazards: &[75],
    bad: include_str!("disables_trigger/bad.sql"),
    good: include_str!("disables_trigger/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for difference in case.differences {
        let How::Other(changed) = &difference.how else { continue };
        let key = &difference.key;
        let is_off = key.kind() == ObjectKind::Trigger
            && changed.iter().any(|(name, _, is)| *name == Attribute::Enabled && is.is_some());
        let other = key.kind() == ObjectKind::Relation
            && changed.iter().any(|(name, ..)| *name == Attribute::ReplicaIdentity);
        if is_off || other {
            let at =
                case.place(&[key.part(1), key.name()], &[&["disable"], &["replica", "identity"]]);
            let what = if is_off {
                "a trigger of it is switched off"
            } else {
                "its replica identity changes"
            };
            hits.push(Hit::new(at, format!("{}: {what}", said(&key.table()))));
        }
    }
}
