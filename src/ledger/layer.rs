//! What an attestation says of rows: sums of their digests, which go on with every run, and signs by which the next run sees
//! whether it has to compute them again.

use serde::{Deserialize, Serialize};

use crate::ledger::written::Written;

/// Rows between two keys, made of the same columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// The key before them; none from the first on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<Option<String>>>,
    /// The last key.
    pub to: Vec<Option<String>>,
    /// The columns.
    pub columns: Vec<Written>,
    /// How many rows.
    pub rows: u64,
    /// The SHA-256 of every row, in four parts of 60 bits, each summed: rows that came later are added to it.
    pub sums: [String; 4],
}

impl Layer {
    /// Whether other rows of the same columns follow these at once.
    #[must_use]
    pub fn continues_in(&self, next: &Self) -> bool {
        self.columns == next.columns && next.after.as_ref() == Some(&self.to)
    }

    /// These rows and those that follow.
    #[must_use]
    pub fn with(mut self, next: Self) -> Self {
        self.rows += next.rows;
        for (sum, more) in self.sums.iter_mut().zip(&next.sums) {
            let number = |text: &str| text.parse::<u128>().unwrap_or_default();
            *sum = (number(sum) + number(more)).to_string();
        }
        Self { to: next.to, ..self }
    }

    /// Whether these are the same rows.
    #[must_use]
    pub fn has(&self, rows: u64, sums: &[String; 4]) -> bool {
        self.rows == rows && self.sums == *sums
    }
}

/// By what a change of rows shows, in this database: a copy of it has others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signs {
    /// Which database it is: the identifier of its server, and its own.
    pub here: String,
    /// The transactions that were over.
    pub snapshot: String,
    /// Rows that were updated, as the server counts.
    pub updated: i64,
    /// Rows that were deleted.
    pub deleted: i64,
    /// Rows that were inserted.
    pub inserted: i64,
    /// Since when the server counts.
    pub since: String,
    /// The files of its tables.
    pub files: String,
    /// The versions of the rows of the catalog that tell of its triggers and columns.
    pub catalog: String,
    /// How large it is, in pages.
    #[serde(skip)]
    pub pages: i64,
}

impl Signs {
    /// Whether the server counted nothing but appends since.
    #[must_use]
    pub fn counted_nothing_since(&self, then: &Self) -> bool {
        self.here == then.here
            && self.since == then.since
            && self.updated == then.updated
            && self.deleted == then.deleted
            && self.inserted >= then.inserted
    }

    /// Whether nothing at all shows that rows may have changed since.
    #[must_use]
    pub fn are_quiet_since(&self, then: &Self) -> bool {
        self.counted_nothing_since(then) && self.files == then.files && self.catalog == then.catalog
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(after: Option<&str>, to: &str, rows: u64, sum: &str) -> Layer {
        let key = |text: &str| vec![Some(text.to_owned())];
        Layer {
            after: after.map(key),
            to: key(to),
            columns: vec![Written { name: "id".into(), of: "bigint".into() }],
            rows,
            sums: std::array::from_fn(|_| sum.to_owned()),
        }
    }

    #[test]
    fn sums_go_on_and_do_not_overflow() {
        let (first, next) =
            (layer(None, "5", 5, "18446744073709551615"), layer(Some("5"), "7", 2, "3"));
        assert!(first.continues_in(&next) && !next.continues_in(&first));
        let all = first.with(next);
        assert!(all.has(7, &std::array::from_fn(|_| "18446744073709551618".to_owned())));
        assert_eq!((all.after, all.to), (None, vec![Some("7".to_owned())]));
    }

    #[test]
    fn every_sign_is_seen() {
        let then = Signs { updated: 1, deleted: 2, inserted: 3, ..Signs::default() };
        assert!(Signs { inserted: 9, ..then.clone() }.are_quiet_since(&then));
        for other in [
            Signs { updated: 2, ..then.clone() },
            Signs { deleted: 0, ..then.clone() },
            Signs { inserted: 2, ..then.clone() },
            Signs { since: "x".into(), ..then.clone() },
            Signs { here: "x".into(), ..then.clone() },
        ] {
            assert!(!other.counted_nothing_since(&then), "{other:?}");
        }
        for other in [
            Signs { files: "x".into(), ..then.clone() },
            Signs { catalog: "x".into(), ..then.clone() },
        ] {
            assert!(
                other.counted_nothing_since(&then) && !other.are_quiet_since(&then),
                "{other:?}"
            );
        }
    }
}
