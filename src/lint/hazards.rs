//! The list of hazards, and why some of them have no rule.

use super::{rule::Rule, rules};

/// A thing that can go wrong with a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hazard {
    /// Its number.
    pub number: u16,
    /// What it is.
    pub name: &'static str,
    /// Why no rule is needed, where none is.
    pub why_not: Option<&'static str>,
}

impl Hazard {
    /// The rules that stand for it.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        let number = self.number;
        rules::all().iter().filter(move |it| it.hazards.contains(&number))
    }
}

const fn hazard(number: u16, name: &'static str) -> Hazard {
    Hazard { number, name, why_not: None }
}

const fn harmless(number: u16, name: &'static str, why: &'static str) -> Hazard {
    Hazard { number, name, why_not: Some(why) }
}

/// All hazards.
pub const ALL: &[Hazard] = &[
    hazard(1, "Add column, volatile default"),
    hazard(2, "Add serial/bigserial column"),
    hazard(3, "Add identity column to existing table"),
    hazard(4, "Add STORED generated column"),
    hazard(5, "Add column of a domain type that has constraints"),
    hazard(6, "Add NOT NULL column without default"),
    hazard(7, "Add column with inline CHECK"),
    harmless(
        8,
        "Add column with inline REFERENCES",
        "brief: a new column is NULL in every row, so nothing is scanned; `keeps-lock` finds it if something long follows",
    ),
    hazard(9, "Add column with inline UNIQUE / PRIMARY KEY"),
    hazard(10, "Change column type with rewrite"),
    hazard(11, "Change column type, no table rewrite but index rebuild"),
    hazard(12, "Type change whose cost depends on session TimeZone"),
    hazard(13, "Type change re-checks CHECK constraints"),
    hazard(14, "SET NOT NULL on existing column"),
    hazard(15, "Add CHECK without NOT VALID"),
    hazard(16, "Add FK without NOT VALID"),
    hazard(17, "VALIDATE in the same transaction as ADD ... NOT VALID"),
    hazard(18, "Add UNIQUE constraint without USING INDEX"),
    hazard(19, "Add PRIMARY KEY without USING INDEX"),
    hazard(20, "PRIMARY KEY USING INDEX over nullable columns"),
    hazard(21, "Exclusion constraint"),
    hazard(22, "CREATE INDEX non-concurrently"),
    hazard(23, "CREATE INDEX on a partitioned table"),
    harmless(
        24,
        "DROP INDEX non-concurrently",
        "brief: `keeps-lock` finds it if something long follows, and `lock_timeout` with retries bounds the wait",
    ),
    hazard(25, "REINDEX non-concurrently"),
    hazard(26, "VACUUM FULL / CLUSTER"),
    hazard(27, "SET LOGGED/UNLOGGED"),
    hazard(28, "SET ACCESS METHOD / SET TABLESPACE (change)"),
    hazard(29, "REFRESH MATERIALIZED VIEW non-concurrently"),
    hazard(30, "ATTACH PARTITION without matching CHECK"),
    hazard(31, "DETACH PARTITION non-concurrently"),
    hazard(32, "CREATE TABLE ... PARTITION OF / DROP of a partition"),
    hazard(33, "DROP TABLE whose FK points to another table"),
    hazard(34, "DROP CONSTRAINT of a FK"),
    hazard(35, "CREATE TABLE with FK to an existing table"),
    hazard(36, "CREATE TRIGGER / DROP TRIGGER"),
    hazard(37, "ALTER DOMAIN ADD CONSTRAINT / SET NOT NULL"),
    harmless(
        38,
        "Brief AX that queues behind readers",
        "brief: glowplug sets `lock_timeout` for every migration and tries again, so nobody queues behind it for long; `keeps-lock` finds it if something long follows",
    ),
    hazard(39, "Explicit LOCK TABLE"),
    harmless(
        40,
        "No lock_timeout before a dangerous lock",
        "glowplug sets `lock_timeout` for every migration, and tries again",
    ),
    harmless(
        41,
        "No statement_timeout",
        "`statement_timeout` in [run] and `max_block` in [lint] are settings, not text of a script",
    ),
    hazard(42, "More statements after taking AccessExclusive"),
    hazard(43, "Strong (non-AX) lock held during later slow statements"),
    hazard(44, "Locks on several busy tables in one transaction"),
    hazard(45, "Repeated ALTER TABLE on one table"),
    hazard(46, "DDL + unbatched backfill in one transaction"),
    hazard(47, "UPDATE/DELETE without WHERE"),
    hazard(48, "CTAS / INSERT ... SELECT of a big table"),
    hazard(49, "CONCURRENTLY inside a transaction"),
    harmless(
        50,
        "CONCURRENTLY with a second statement in the same file",
        "glowplug sends one statement at a time: a script without a transaction may have several",
    ),
    hazard(51, "CREATE INDEX CONCURRENTLY IF NOT EXISTS"),
    hazard(52, "BEGIN/COMMIT/ROLLBACK inside a migration the runner wraps"),
    hazard(53, "New enum value used in the transaction that adds it"),
    harmless(
        54,
        "Session SET leaks to later migrations / the app connection",
        "glowplug resets the session after every migration",
    ),
    hazard(55, "Opaque dynamic SQL (DO, EXECUTE)"),
    harmless(
        56,
        "Non-idempotent statements in non-transactional migration",
        "the journal records each statement of a script without a transaction, and the next run continues after the last one",
    ),
    hazard(57, "DROP TABLE"),
    hazard(58, "DROP COLUMN"),
    hazard(59, "DROP SCHEMA / DATABASE"),
    hazard(60, "DROP ... CASCADE"),
    hazard(61, "DROP VIEW/TYPE/DOMAIN/SEQUENCE/FUNCTION/EXTENSION/TRIGGER/POLICY/INDEX"),
    hazard(62, "DROP PRIMARY KEY"),
    hazard(63, "TRUNCATE (CASCADE)"),
    hazard(64, "Table recreate by LIKE + rename"),
    hazard(65, "Lossy type change / USING"),
    hazard(66, "create table with force / IF NOT EXISTS hiding drift"),
    hazard(67, "Rename column / table / schema / other object"),
    hazard(68, "Rename enum value"),
    hazard(69, "SET SCHEMA of an object"),
    hazard(70, "DROP DEFAULT / SET DEFAULT"),
    hazard(71, "DROP NOT NULL"),
    hazard(72, "Alter identity / generated expression"),
    hazard(73, "Replace view/function, change volatility"),
    hazard(74, "Policies, RLS, grants, revoke, roles, system settings, owner"),
    hazard(75, "Disable trigger / REPLICA IDENTITY / detach inheritance"),
    hazard(76, "New write restriction for old writers (CHECK, NOT NULL, UNIQUE, required column)"),
    hazard(77, "Add column/enum value visible to old readers (SELECT *, exhaustive enums)"),
    hazard(78, "Failing on data: unique index / NOT NULL / FK / CHECK on existing rows"),
    hazard(79, "int / smallint / serial primary keys"),
    hazard(80, "serial instead of identity"),
    hazard(81, "varchar(n) / char(n)"),
    hazard(82, "timestamp without time zone"),
    hazard(83, "json instead of jsonb"),
    hazard(84, "CREATE TYPE ... ENUM"),
    hazard(85, "Enum ADD VALUE without BEFORE/AFTER"),
    hazard(86, "FK column without covering index"),
    hazard(87, "Table without primary key"),
    hazard(88, "Wide index (> 3 columns), duplicate/redundant index"),
    hazard(89, "Identifier longer than 63 bytes"),
    hazard(90, "Unnamed constraint"),
    harmless(
        91,
        "Schema not qualified / naming / comments / required columns / forbidden types",
        "policy of a project, not a hazard; squawk and others check names",
    ),
    hazard(92, "Domain with constraint"),
    hazard(93, "CREATE EXTENSION in a migration"),
    hazard(94, "Duplicate column assignment, non-optimal column alignment"),
    harmless(95, "Unused ignore comment", "`unused-acceptance`, which is part of the command"),
    hazard(96, "down.sql does not restore up.sql"),
    hazard(97, "down.sql loses data"),
    harmless(
        98,
        "Migration older than the newest applied one; edited applied migration",
        "`glowplug upgrade` refuses them, and `history` shows them",
    ),
    hazard(99, "SQL valid only on another PG major"),
    harmless(100, "schema.rs not in step", "`glowplug schema --check`"),
    hazard(101, "Rows that are written while a table is copied are lost"),
    hazard(102, "A sequence runs out"),
];

/// The hazards with their rules, as a table in Markdown.
#[must_use]
pub fn documentation() -> String {
    let line = |it: &Hazard| {
        let rules: Vec<String> =
            it.rules().map(|rule| format!("[`{0}`](#{0})", rule.name)).collect();
        let answer = match it.why_not {
            Some(why) => format!("no rule: {why}"),
            None => rules.join(", "),
        };
        format!("| H{:02} | {} | {answer} |\n", it.number, it.name)
    };
    let lines: String = ALL.iter().map(line).collect();
    format!("| | hazard | rule |\n|---|---|---|\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hazard_has_a_rule_or_a_reason_and_every_rule_a_known_hazard() {
        for hazard in ALL {
            let has_rule = hazard.rules().next().is_some();
            assert_ne!(has_rule, hazard.why_not.is_some(), "H{}", hazard.number);
        }
        for rule in rules::all() {
            assert!(
                rule.hazards.iter().all(|it| ALL.iter().any(|of| of.number == *it)),
                "{}",
                rule.name
            );
        }
        assert!(ALL.is_sorted_by_key(|it| it.number));
    }
}
