//! Rows as they were recorded: of which columns, and how these are read from a table whose columns are others now.
//!
//! A seal and an attestation say which columns they were made of. A column that was added later is no part of them, one that was
//! dropped (it can only have been empty) reads as NULL, and one that was renamed is found by trying: a digest that comes out again
//! is the proof.

use serde::{Deserialize, Serialize};

use crate::ledger::snapshot::{FactKind, Snapshot};

/// A column as it was called, and its type, when rows were recorded. Each value is written in the text form of its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(String, String)", into = "(String, String)")]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Its type, as PostgreSQL prints it.
    pub of: String,
}

impl From<(String, String)> for Written {
    fn from((name, of): (String, String)) -> Self {
        Self { name, of }
    }
}

impl From<Written> for (String, String) {
    fn from(it: Written) -> Self {
        (it.name, it.of)
    }
}

/// From which column each of the recorded ones is read; none for NULL.
pub(crate) type Reading = Vec<Option<String>>;

/// So many readings are tried.
const MOST: usize = 24;

impl Written {
    /// The columns of a ledger that hold values: not those that are computed when they are read.
    #[must_use]
    pub fn of(snapshot: &Snapshot, ledger: usize) -> Vec<Self> {
        let root = snapshot.root(ledger).map(|(root, _)| root).unwrap_or_default();
        let columns = snapshot.of(Some(ledger), FactKind::Column).map(|(_, fact)| fact);
        columns
            .filter(|it| it.text("relation") == root && !it.is("dropped"))
            .filter(|it| it.text("generated") != "v")
            .map(|it| Self { name: it.text("name").to_owned(), of: it.text("type").to_owned() })
            .collect()
    }

    /// The ways to read recorded columns from those of now, the likeliest first.
    #[must_use]
    pub fn readings(recorded: &[Self], now: &[Self]) -> Vec<Reading> {
        let has = |all: &[Self], name: &str| all.iter().any(|it| it.name == name);
        let fresh: Vec<&Self> = now.iter().filter(|it| !has(recorded, &it.name)).collect();
        let mut readings: Vec<Reading> = vec![Vec::new()];
        for column in recorded {
            let choices: Vec<Option<&str>> = if has(now, &column.name) {
                vec![Some(&column.name)]
            } else {
                let alike = fresh.iter().filter(|it| it.of == column.of);
                std::iter::once(None).chain(alike.map(|it| Some(it.name.as_str()))).collect()
            };
            let longer = readings.iter().flat_map(|reading| {
                choices.iter().filter_map(|choice| {
                    let choice = choice.map(str::to_owned);
                    let is_free = choice.is_none() || !reading.contains(&choice);
                    is_free.then(|| reading.iter().cloned().chain([choice]).collect())
                })
            });
            readings = longer.take(MOST).collect();
        }
        // one that was dropped, and whose name another has now
        let without = readings.iter().flat_map(|reading| {
            let named = (0..reading.len()).filter(|at| reading[*at].is_some());
            named.map(|at| {
                let mut reading = reading.clone();
                reading[at] = None;
                reading
            })
        });
        let without: Vec<Reading> = without.filter(|it| !readings.contains(it)).collect();
        for reading in without.into_iter().take(2 * MOST) {
            if !readings.contains(&reading) {
                readings.push(reading);
            }
        }
        readings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text: &str) -> Vec<Written> {
        let column = |text: &str| {
            let (name, of) = text.split_once(' ').unwrap_or((text, "text"));
            Written { name: name.into(), of: of.into() }
        };
        text.split(", ").map(column).collect()
    }

    #[track_caller]
    fn check(recorded: &str, now: &str, expected: &[&str]) {
        let readings = Written::readings(&columns(recorded), &columns(now));
        let shown: Vec<String> = readings
            .iter()
            .map(|it| {
                it.iter().map(|it| it.as_deref().unwrap_or("-")).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn recorded_columns_are_read_from_those_of_now() {
        check("id, a", "id, a, b", &["id a", "- a", "id -"]);
        check("id, a", "a, id", &["id a", "- a", "id -"]);
        check("id, a", "id", &["id -", "- -"]);
        check("id, a", "id, b", &["id -", "id b", "- -", "- b"]);
        check("id, a", "id, b int", &["id -", "- -"]);
        check("a, b", "b, c", &["- b", "c b", "- -", "c -"]);
        check("a, b", "c, d", &["- -", "- c", "- d", "c -", "c d", "d -", "d c"]);
    }
}
