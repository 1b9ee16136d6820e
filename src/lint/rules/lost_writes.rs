//! A table is copied, and replaced by its copy.

use crate::{
    lint::{case::short, observation::Mode},
    lint::{
        case::{Case, Hit},
        rule::{Rule, Way},
    },
    report::finding::Severity,
    words::sql::Piece,
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "lost-writes",
    severity: Severity::Error,
    is_on: true,
    way: Way::Both,
    finds: "A table is copied, and replaced by its copy",
    why: "Rows that the application writes while the copy is made are in the old table only. No lock shows this: the copy reads, and the rename waits for nobody.",
    instead: "LOCK the old table against writes before copying (that blocks), or keep both tables equal with a trigger until the swap.",
    aliases: &[],
    hazards: &[101],
    bad: include_str!("lost_writes/bad.sql"),
    good: include_str!("lost_writes/good.sql"),
    check,
};

fn check(case: &Case<'_>, hits: &mut Vec<Hit>) {
    for (at, said) in case.statements.iter().enumerate() {
        let is_swap = said.has(&["rename", "to"]) && said.begins(&["alter", "table"]);
        if !is_swap {
            continue;
        }
        // the table that leaves its name, and was read by an earlier statement which wrote as many rows elsewhere
        for (table, relation) in &case.pair.big.relations {
            let name = short(table);
            if relation.is_new || !names_first(said, name) {
                continue;
            }
            let copied =
                case.pair.big.steps.iter().filter(|step| step.statement < at).find(|step| {
                    let read = step.work.get(table).map_or(0, |it| it.read + it.fetched);
                    let written = step
                        .work
                        .iter()
                        .filter(|(other, _)| *other != table)
                        .map(|(_, it)| it.inserted)
                        .max()
                        .unwrap_or_default();
                    read > 0 && written > 0 && written * 3 >= read
                });
            let Some(copied) = copied else { continue };
            let earlier =
                case.pair.big.steps.iter().take_while(|step| step.statement < copied.statement);
            let is_locked = earlier.filter(|it| it.transaction == copied.transaction).any(|step| {
                step.locks.keys().any(|(relation, mode)| relation == table && *mode >= Mode::Share)
            });
            if !is_locked {
                let mut hit = Hit::new(
                    at,
                    format!("rows that are written to {name} while it is copied are lost"),
                );
                hit.related.push((
                    copied.statement,
                    format!("{name} is copied here, and writers do not wait"),
                ));
                hits.push(hit);
            }
        }
    }
}

/// Whether the statement changes the table of this name.
fn names_first(said: &crate::lint::case::Said<'_>, name: &str) -> bool {
    let words = said.pieces.iter().filter_map(|it| match it {
        Piece::Word(word) | Piece::Name(word) => Some(word.as_str()),
        Piece::Text(_) | Piece::Sign(_) => None,
    });
    let mut words = words.skip(2).skip_while(|it| ["if", "exists", "only", "public"].contains(it));
    words.next() == Some(name)
}
