//! The numbers that the sequences of ledgers have reached: a rollback leaves them where a script has put them.

use serde_json::json;

use crate::{
    ledger::{Fact, FactKind, Snapshot},
    postgres::{guard::Guard, session::Row},
    words::ident::Literal,
};

/// How far the sequences of ledgers were before a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Numbers(Vec<Number>);

#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
struct Number {
    sequence: String,
    value: i64,
}

impl Numbers {
    /// Those of a snapshot, as far as the role may see them.
    pub(crate) fn of(guard: &Guard, snapshot: &Snapshot) -> Self {
        let mut found = Vec::new();
        for index in 0..guard.ledgers.len() {
            let sequences = snapshot.of(Some(index), FactKind::Sequence);
            let counts_on = |it: &Fact| it.number("increment") > Some(0) && !it.is("cycle");
            for (sequence, _) in sequences.filter(|(_, it)| counts_on(it)) {
                let mut reached = snapshot.of(Some(index), FactKind::Reached);
                let reached = reached.find(|(label, _)| *label == sequence);
                let Some(value) = reached.and_then(|(_, it)| it.number("value")) else {
                    continue;
                };
                found.push(Number { sequence: sequence.to_owned(), value });
            }
        }
        Self(found)
    }

    /// Those that a transaction [began with](crate::postgres::guard::numbered).
    pub(crate) fn noted(rows: &[Row]) -> Self {
        let json = rows.first().and_then(|row| row.first()?.as_deref()).unwrap_or_default();
        serde_json::from_str(json).map(Self).unwrap_or_default()
    }

    /// The command that puts them back where a script has set them back; none where there is nothing to put back.
    pub(crate) fn put_back(&self) -> Option<String> {
        let numbers = self.0.iter().map(|it| json!({ "sequence": it.sequence, "value": it.value }));
        let numbers = json!(numbers.collect::<Vec<_>>()).to_string();
        let sql = include_str!("numbers.sql").replace("{numbers}", &Literal(&numbers).to_string());
        (!self.0.is_empty()).then_some(sql)
    }

    /// The query for how far they are now, with its values.
    pub(crate) fn now(&self) -> (&'static str, Vec<Option<String>>) {
        let labels: Vec<&str> = self.0.iter().map(|it| it.sequence.as_str()).collect();
        let sql = "SELECT ARRAY[it, pg_catalog.pg_sequence_last_value(pg_catalog.to_regclass(it))::pg_catalog.text] AS \"row\" \
            FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.text::pg_catalog.jsonb) it";
        (sql, vec![Some(json!(labels).to_string())])
    }
}
