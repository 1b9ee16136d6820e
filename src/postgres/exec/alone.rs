//! Which statements may run outside of any transaction on a database with ledgers: those that cannot touch a row.

use crate::{
    ledger::{Kind as Fact, Snapshot},
    postgres::guard::Guard,
    words::sql::{Kind, Name, Piece, pieces},
};

/// Names in a statement that are followed by a parenthesis: functions that it may call.
pub(super) fn called(text: &str) -> Vec<String> {
    let pieces = pieces(text).unwrap_or_default();
    let pairs = pieces.windows(2).filter_map(|pair| match pair {
        [Piece::Word(name) | Piece::Name(name), Piece::Sign("(")] => Some(name.clone()),
        _ => None,
    });
    pairs.collect()
}

/// Why a statement is not let through, if it is not.
pub(super) fn refused(kind: &Kind, text: &str, guard: &Guard, before: &Snapshot) -> Option<String> {
    let is_of_ledger = |name: &Name| {
        let declared = guard.ledgers.iter();
        let is = |schema: &str| name.schema.as_deref().is_none_or(|it| it == schema);
        declared.into_iter().any(|it| it.table == name.name && is(&it.schema))
    };
    match kind {
        Kind::ReindexConcurrently | Kind::Maintenance => None,
        Kind::DropIndexConcurrently { indexes, .. } => {
            let keeps = |name: &Name| {
                (0..guard.ledgers.len()).find_map(|ledger| {
                    let mut found = before.of(Some(ledger), Fact::Index);
                    let is_it = |label: &str| {
                        label.rsplit('.').next().is_some_and(|it| it.trim_matches('"') == name.name)
                    };
                    found
                        .find(|(label, fact)| fact.is("unique") && is_it(label))
                        .map(|(label, _)| label.to_owned())
                })
            };
            let kept = indexes.iter().find_map(keeps)?;
            Some(format!("the index {kept} keeps the values of a ledger apart"))
        }
        Kind::DetachConcurrently { table, .. } if is_of_ledger(table) => {
            Some("a partition of a ledger would be detached".to_owned())
        }
        Kind::DetachConcurrently { .. } => None,
        // of a partitioned table these cannot run in a transaction either
        Kind::Other => {
            let first = text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            let is_upkeep = matches!(first.as_str(), "REINDEX" | "CLUSTER");
            (!is_upkeep).then(|| {
                "only upkeep of indexes and tables is known to leave rows alone".to_owned()
            })
        }
        other => Some(format!("{} is not known to leave rows alone", other.label())),
    }
}
