//! What a deploy meets: who waits for which lock, and which program works on which structure. Plain values, for pictures and tables.

use serde::Serialize;

use crate::migration::source::Migration;

/// Who waits for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Waits {
    /// Neither readers nor writers.
    Nobody,
    /// INSERT, UPDATE and DELETE.
    Writers,
    /// SELECT, and writers, too: nothing waits for a reader alone.
    Everybody,
}

/// The locks of one migration, from the statements that take them to COMMIT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LockTimeline {
    /// The directory of the migration.
    pub migration: String,
    /// Its statements, in their order.
    pub statements: Vec<TimelineStatement>,
    /// The locks, in the order in which they are taken.
    pub bars: Vec<LockBar>,
}

/// One statement on a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TimelineStatement {
    /// Its line in up.sql, from 1.
    pub line: usize,
    /// Its first line.
    pub text: String,
    /// Its part of the work, in thousandths of the whole migration's.
    pub share: u32,
}

/// One lock on a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LockBar {
    /// The table.
    pub table: String,
    /// The mode, as PostgreSQL writes it: `ACCESS EXCLUSIVE`.
    pub mode: String,
    /// The statement that takes it, by its index.
    pub from: usize,
    /// The statement that it is released before; as many as there are statements if it is kept to COMMIT.
    pub to: usize,
    /// Who waits.
    pub waits: Waits,
    /// How long, at production's size: `4 s to 12 s`; none if it is brief, or not known.
    pub lasts: Option<String>,
    /// What the time grows with: `the rows of orders`.
    pub grows_with: Option<String>,
}

impl LockBar {
    /// Whether nobody has to wait for long, whatever the sizes of tables.
    #[must_use]
    pub(crate) fn is_brief(&self) -> bool {
        self.lasts.is_none() && self.grows_with.is_none()
    }
}

impl LockTimeline {
    /// The timeline of a migration's up.sql, without locks. None if it cannot be cut into statements.
    #[must_use]
    pub(crate) fn of(migration: &Migration) -> Option<Self> {
        let text = &migration.up.text;
        let statement = |start: usize, end: usize| TimelineStatement {
            line: text[..start].matches('\n').count() + 1,
            text: text[start..end].lines().next().unwrap_or_default().trim_end().to_owned(),
            share: 0,
        };
        let statements = migration.up.statements().ok()?;
        let statements = statements.iter().map(|it| statement(it.span.start, it.span.end));
        Some(Self {
            migration: migration.name.clone(),
            statements: statements.collect(),
            bars: Vec::new(),
        })
    }

    /// Adds a lock by lines of up.sql: that of the statement that takes it, and that of the last one of its transaction.
    pub(crate) fn add(&mut self, (line, until): (usize, usize), bar: LockBar) {
        // a statement reaches to the next one
        let at = |line: usize| self.statements.partition_point(|it| it.line <= line);
        let (from, to) = (at(line).saturating_sub(1), at(until));
        self.bars.push(LockBar { from, to: to.max(from + 1), ..bar });
    }
}

/// Whether a program works on a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fit {
    /// All of its statements do.
    Works,
    /// Some values would be new to it.
    MayFail,
    /// At least one of its statements fails.
    Fails,
    /// It was not tried.
    #[allow(dead_code, reason = "the page can show it")]
    Unknown,
}

impl Fit {
    /// The words for people.
    #[must_use]
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::MayFail => "may fail",
            Self::Fails => "fails",
            Self::Unknown => "not tried",
        }
    }
}

/// Which program works on which structure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct CompatMatrix {
    /// The programs, such as `running (v1.4)` and `new`.
    pub programs: Vec<String>,
    /// The structures, in the order of a deploy.
    pub rows: Vec<CompatRow>,
    /// What follows: `migrate first`, `deploy first`, `either`, `neither`.
    pub verdict: Option<String>,
}

/// One structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CompatRow {
    /// When it is there: `before`, `after 3_items`.
    pub state: String,
    /// Whether each program works on it.
    pub fits: Vec<Fit>,
    /// What fails, one line each.
    pub faults: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::{
        source::{Metadata, Script},
        version::Version,
    };

    #[test]
    fn locks_reach_from_their_statement_to_the_last_of_the_transaction() {
        let up = "-- why\nALTER TABLE a\n    ADD b int;\n\nUPDATE a SET b = 1;\nSELECT 1;\n";
        let migration = Migration {
            links: crate::migration::links::Links::default(),
            backfill: None,
            checks: crate::migration::source::Checks::default(),
            version: Version::stored("1".into()),
            name: "1_a".into(),
            up: Script::new("up.sql".into(), up.into()),
            down: None,
            metadata: Metadata::default(),
        };
        let mut timeline = LockTimeline::of(&migration).expect("statements");
        let lines: Vec<_> = timeline.statements.iter().map(|it| (it.line, &*it.text)).collect();
        assert_eq!(lines, [(2, "ALTER TABLE a"), (5, "UPDATE a SET b = 1"), (6, "SELECT 1")]);
        let bar = LockBar {
            table: "a".into(),
            mode: "ACCESS EXCLUSIVE".into(),
            from: 0,
            to: 0,
            waits: Waits::Everybody,
            lasts: None,
            grows_with: None,
        };
        timeline.add((2, 6), bar.clone());
        timeline.add((5, 5), bar.clone());
        timeline.add((3, 3), bar);
        let spans: Vec<_> = timeline.bars.iter().map(|it| (it.from, it.to)).collect();
        assert_eq!(spans, [(0, 3), (1, 2), (0, 1)]);
    }
}
