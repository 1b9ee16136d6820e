//! A name is longer than the server keeps.

use crate::{
    lint::{case::{Case, Hit}, rule::{Rule, Way}},
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
    for (at, statement) in case.statements.iter().enumerate() {
        for piece in &statement.pieces {
            if let Piece::Word(name) | Piece::Name(name) = piece
                && name.len() > 63
            {
                hits.push(Hit::new(at, format!("{name} is longer than 63 bytes, and is cut off")));
            }
        }
    }
}
