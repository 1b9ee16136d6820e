//! A name is longer than the server keeps.

use crate::{
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
    words::sql::Piece,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "identifier-too-long",
    severity: Severity::Warning,
    is_on: true,
    way: Way::Up,
    finds: "A name is longer than the server keeps",
    why: "PostgreSQL cuts names off after 63 bytes, with a notice that nobody reads.",
    instead: "A shorter name.",
    aliases: &["identifier-too-long"],
    hazards: &[89],
    bad: include_str!("identifier_too_long/bad.sql"),
    good: include_str!("identifier_too_long/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    const KEPT: usize = 63;
    for (at, statement) in case.statements.iter().enumerate() {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let long = statement.text.split(|c| !is_part(c)).filter(|it| it.len() > KEPT);
        for name in long {
            let kept = name[..name.floor_char_boundary(KEPT)].to_lowercase();
            let is_name = |it: &Piece<'_>| matches!(it, Piece::Word(word) | Piece::Name(word) if word.to_lowercase().starts_with(&kept));
            if statement.pieces.iter().any(is_name) {
                hits.push(Hit::new(
                    at,
                    format!("{name} is longer than {KEPT} bytes, and is cut off"),
                ));
            }
        }
    }
}
