//! Moves of rows that are too many for one transaction: up.sql is one statement, run for one range of keys after the other.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::words::ident::{Ident, Literal};

/// What `[backfill]` in `metadata.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// The schema of the table whose keys are walked.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column that orders the batches: unique, NOT NULL, with an index.
    pub key: String,
    /// How many keys a batch has; without, the setting counts.
    pub batch: Option<u32>,
}

/// What begins the comment in whose place the keys of a batch are put. An expression may follow for the key, where its name alone would
/// be ambiguous: `/* glowplug:batch u.id */`.
const MARK: &str = "/* glowplug:batch";

impl Backfill {
    /// The statement for the keys after one and up to another. None unless it holds the comment exactly once.
    ///
    /// `of` is the type of the key.
    #[must_use]
    pub fn bounded(
        &self,
        statement: &str,
        of: &str,
        after: Option<&str>,
        to: &str,
    ) -> Option<String> {
        let (head, rest) = statement.split_once(MARK)?;
        let (expression, tail) = rest.split_once("*/")?;
        let key = match expression.trim() {
            "" => Ident(&self.key).to_string(),
            expression => expression.to_owned(),
        };
        let lower = after.map(|it| format!("{key} > {}::{of} AND ", Literal(it)));
        let lower = lower.unwrap_or_default();
        let range = format!("AND ({lower}{key} <= {}::{of})", Literal(to));
        (!tail.contains(MARK)).then(|| format!("{head}{range}{tail}"))
    }

    /// Whether a statement can be run in batches.
    #[must_use]
    pub fn fits(&self, statement: &str) -> bool {
        self.bounded(statement, "text", None, "").is_some()
    }
}

/// How far a backfill came: the note of its entries in the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The last key that is done, as text.
    pub after: Option<String>,
    /// How many keys are done.
    pub keys: u64,
    /// The digest of up.sql.
    pub up: String,
}

/// How a backfill is throttled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// How many keys a batch has, where its migration does not say so.
    pub batch: u32,
    /// How long it rests after each.
    pub pause: Duration,
    /// It waits while a replica is further behind than this; none for any lag.
    pub max_lag: Option<Duration>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { batch: 1000, pause: Duration::ZERO, max_lag: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_batch_stand_in_the_place_of_the_comment() {
        let backfill =
            Backfill { schema: "s".into(), table: "t".into(), key: "i\"d".into(), batch: None };
        let of = |text: &str, after| backfill.bounded(text, "bigint", after, "9");
        assert_eq!(
            of("UPDATE t SET a = 1 WHERE true /* glowplug:batch */", Some("4")).unwrap(),
            "UPDATE t SET a = 1 WHERE true AND (\"i\"\"d\" > '4'::bigint AND \"i\"\"d\" <= '9'::bigint)"
        );
        assert_eq!(
            of("DELETE FROM t u WHERE a /* glowplug:batch u.id */ RETURNING 1", None).unwrap(),
            "DELETE FROM t u WHERE a AND (u.id <= '9'::bigint) RETURNING 1"
        );
        assert!(!backfill.fits("UPDATE t SET a = 1"));
        assert!(!backfill.fits("/* glowplug:batch */ /* glowplug:batch */"));
    }
}
