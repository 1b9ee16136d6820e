//! Ledgers: what would rewrite or drop events is not planned at all.

use crate::{
    autogenerate::rename::Asked,
    catalog::{Attribute, Catalog, Changed, Difference, How, ObjectKind},
    ledger::Declaration,
};

/// What the differences would do to ledgers, in plain words.
pub(super) fn refusals(
    differences: &[Difference],
    to: &Catalog,
    ledgers: &[Declaration],
) -> Vec<String> {
    let mut found = Vec::new();
    for difference in differences {
        let key = &difference.key;
        let is_of = |it: &&Declaration| it.schema == key.part(0) && it.table == key.part(1);
        let Some(ledger) = ledgers.iter().find(is_of) else {
            continue;
        };
        // a new table has no events yet
        let is_whole = |it: &&Difference| {
            let relation = &it.key;
            relation.kind() == ObjectKind::Relation
                && matches!(it.how, How::New)
                && [relation.part(0), relation.part(1)] == [key.part(0), key.part(1)]
        };
        if differences.iter().any(|it| is_whole(&it)) {
            continue;
        }
        let (ledger, column) = (ledger.label(), key.part(2));
        match (key.kind(), &difference.how) {
            (ObjectKind::Relation, How::Gone) => {
                found.push(format!("{ledger} would be dropped with its events"))
            }
            (ObjectKind::Column, How::Gone) => {
                found.push(format!(
                    "{ledger}: the column {column} would be dropped with its values in past events"
                ));
            }
            (ObjectKind::Column, How::Other(attributes)) => {
                let is_type = |it: &&Changed| it.0 == Attribute::Type;
                if let Some((_, was, is)) = attributes.iter().find(is_type) {
                    let text = |it: &Option<String>| it.clone().unwrap_or_default();
                    found.push(format!(
                        "{ledger}: the column {column} would become {} instead of {}, which rewrites events",
                        text(is),
                        text(was)
                    ));
                }
            }
            (ObjectKind::Column, How::New) => {
                let fact = to.get(key);
                if fact.is_some_and(|it| {
                    it.is(Attribute::NotNull)
                        && !it.is(Attribute::Default)
                        && !it.is(Attribute::Identity)
                }) {
                    found.push(format!(
                        "{ledger}: the column {column} is NOT NULL without a default: existing events would have to be updated"
                    ));
                }
            }
            _ => {}
        }
    }
    found
}

/// What renames would do to ledgers: a ledger is found by its name, and so are the columns of its events.
pub(super) fn renamed(asked: &Asked, ledgers: &[Declaration]) -> Vec<String> {
    let mut found = Vec::new();
    for (old, new) in asked.tables() {
        let is_of = |it: &&Declaration| {
            let place = [&it.schema, &it.table];
            place.iter().zip(old).all(|(one, other)| *one == other)
        };
        let of_it = ledgers.iter().filter(is_of);
        found.extend(of_it.map(|it| match old {
            [_, _, column] => format!("{}: the column {column} would become {new}", it.label()),
            [_, _] => format!("{} would become {new}", it.label()),
            _ => format!("{} would be in {new}", it.label()),
        }));
    }
    found
}
