//! What a statement does to those who use a table while it runs.
//!
//! The locks were measured on PostgreSQL 15, statement by statement. Source: <https://www.postgresql.org/docs/current/explicit-locking.html>

use serde::Serialize;

/// How a statement of the plan is felt by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hazard {
    /// ACCESS EXCLUSIVE: nobody reads or writes the table until the transaction ends.
    StopsReads,
    /// SHARE or SHARE ROW EXCLUSIVE: nobody writes to the table until the transaction ends.
    StopsWrites,
    /// The table is written anew, while nobody reads or writes it.
    Rewrites,
}

impl Hazard {
    /// The words for a comment.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::StopsReads => "stops reads and writes of the table until it is committed",
            Self::StopsWrites => "stops writes to the table until it is committed",
            Self::Rewrites => "writes the table anew, while nobody reads or writes it",
        }
    }
}

/// The hazard of a statement of ours on a relation that is there before.
pub(super) fn of(sql: &str) -> Option<Hazard> {
    let starts = |words: &[&str]| words.iter().any(|it| sql.starts_with(it));
    let has = |words: &[&str]| words.iter().any(|it| sql.contains(it));
    if has(&["CONCURRENTLY"]) || starts(&["COMMENT", "CREATE STATISTICS", "ALTER STATISTICS"]) {
        return None;
    }
    if starts(&[
        "CREATE INDEX",
        "CREATE UNIQUE INDEX",
        "CREATE TRIGGER",
        "CREATE OR REPLACE TRIGGER",
        "CREATE CONSTRAINT TRIGGER",
    ]) {
        return Some(Hazard::StopsWrites);
    }
    if starts(&[
        "DROP ",
        "CREATE POLICY",
        "ALTER POLICY",
        "CREATE RULE",
        "CREATE OR REPLACE RULE",
    ]) {
        return Some(Hazard::StopsReads);
    }
    if !starts(&["ALTER TABLE"]) {
        return None;
    }
    if has(&[
        " VALIDATE CONSTRAINT ",
        " SET STATISTICS ",
        " CLUSTER ON ",
        " SET WITHOUT CLUSTER",
    ]) {
        return None;
    }
    if has(&[" SET (", " RESET ("]) && !has(&[" ALTER COLUMN "]) {
        return None;
    }
    if has(&[
        " SET UNLOGGED",
        " SET LOGGED",
        " SET ACCESS METHOD ",
        " USING ",
    ]) && has(&[
        " TYPE ",
        " SET UNLOGGED",
        " SET LOGGED",
        " SET ACCESS METHOD ",
    ]) {
        return Some(Hazard::Rewrites);
    }
    if has(&[" FOREIGN KEY ", " TRIGGER "]) {
        return Some(Hazard::StopsWrites);
    }
    Some(Hazard::StopsReads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_felt_as_they_were_measured() {
        for (sql, hazard) in [
            ("ALTER TABLE t ADD COLUMN a int", Some(Hazard::StopsReads)),
            (
                "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
                Some(Hazard::StopsReads),
            ),
            ("ALTER TABLE t VALIDATE CONSTRAINT c", None),
            (
                "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES b(id) NOT VALID",
                Some(Hazard::StopsWrites),
            ),
            (
                "ALTER TABLE t ALTER COLUMN a TYPE bigint USING a::bigint",
                Some(Hazard::Rewrites),
            ),
            ("ALTER TABLE t SET (fillfactor=70)", None),
            ("CREATE INDEX i ON t (a)", Some(Hazard::StopsWrites)),
            ("CREATE INDEX CONCURRENTLY i ON t (a)", None),
            ("DROP INDEX i", Some(Hazard::StopsReads)),
            ("COMMENT ON TABLE t IS 'x'", None),
            (
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                None,
            ),
        ] {
            assert_eq!(of(sql), hazard, "{sql}");
        }
    }
}
