//! Policies, row security, privileges or owners change.

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
    name: "changes-access",
    severity: Severity::Note,
    is_on: true,
    way: Way::Up,
    finds: "Policies, row security, privileges or owners change",
    why: "The role of the running program may see fewer rows, or be refused.",
    instead: "Check it with the role of the program.",
    aliases: &[
        "ban-create-policy",
        "ban-revoke",
        "ban-alter-role-options",
        "ban-alter-system-options",
        "overbroad-grant",
        "restrictive-policy",
    ],
    hazards: &[74],
    bad: include_str!("changes_access/bad.sql"),
    good: include_str!("changes_access/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, statement) in case.statements.iter().enumerate() {
        let forms: [&[&str]; 8] = [
            &["create", "policy"],
            &["alter", "policy"],
            &["drop", "policy"],
            &["revoke"],
            &["owner", "to"],
            &["alter", "role"],
            &["alter", "system"],
            &["row", "level", "security"],
        ];
        let is_access = forms
            .iter()
            .any(|it| if it.len() == 1 { statement.begins(it) } else { statement.has(it) });
        if is_access
            && !case
                .added()
                .any(|key| key.kind() == ObjectKind::Relation && statement.names(key.name()))
        {
            hits.push(Hit::new(at, "the role of the running program may see less from now on"));
        }
    }
}
