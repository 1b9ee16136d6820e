//! What the user said of rows that are in tables, and what must still be said.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    SquashRequest,
    rows::{Rows, label},
    statements::{Moving, moving},
};
use crate::{
    catalog::{Key, ObjectKind},
    job::{JobError, failure::SquashError},
    ledger::Declaration,
    migration::source::Migration,
    report::squash::FilledReport,
};

/// What the user said of rows.
pub(super) struct Answers {
    keep: BTreeSet<(String, String)>,
    drop: BTreeSet<(String, String)>,
}

impl Answers {
    pub(super) fn of(request: &SquashRequest<'_>) -> Self {
        let read = |all: &[String]| {
            let all = all.iter().map(|text| {
                Declaration::table(text).unwrap_or_else(|| (String::new(), text.clone()))
            });
            all.collect()
        };
        Self { keep: read(request.keep_data), drop: read(request.drop_data) }
    }

    fn tables<'r>(all: &BTreeSet<(String, String)>, rows: &'r Rows) -> BTreeSet<Key> {
        let named = |key: &&'r Key| {
            all.contains(&(key.part(0).to_owned(), key.part(1).to_owned()))
                || all.contains(&(String::new(), "*".to_owned()))
        };
        rows.tables.keys().filter(named).cloned().collect()
    }

    pub(super) fn kept(&self, rows: &Rows) -> BTreeSet<Key> {
        let dropped = Self::tables(&self.drop, rows);
        Self::tables(&self.keep, rows).difference(&dropped).cloned().collect()
    }

    /// The tables whose rows are not compared, because they are not kept.
    pub(super) fn left_out(&self, rows: &Rows) -> BTreeSet<Key> {
        let kept = self.kept(rows);
        let dropped = Self::tables(&self.drop, rows);
        dropped.difference(&kept).cloned().collect()
    }

    /// Demands an answer for each table that has rows.
    pub(super) fn filled(&self, rows: &Rows) -> Result<Vec<FilledReport>, JobError> {
        let (kept, left_out) = (self.kept(rows), self.left_out(rows));
        let has_rows: BTreeMap<&Key, u64> = rows
            .tables
            .iter()
            .filter(|(_, it)| it.count > 0)
            .map(|(key, it)| (key, it.count))
            .collect();
        let is_open = |key: &&Key| !kept.contains(*key) && !left_out.contains(*key);
        let open: Vec<String> = has_rows
            .iter()
            .filter(|(key, _)| is_open(key))
            .map(|(key, count)| format!("{} ({count} rows)", label(key)))
            .collect();
        if !open.is_empty() {
            return Err(SquashError::Rows { tables: open }.into());
        }
        let named = self.keep.iter().chain(&self.drop).filter(|(_, name)| name != "*");
        for (schema, name) in named {
            if !has_rows.contains_key(&Key::new(ObjectKind::Relation, &[schema, name])) {
                return Err(SquashError::NoRows { table: format!("{schema}.{name}") }.into());
            }
        }
        let report = |(key, count): (&Key, u64)| FilledReport {
            table: label(key),
            count,
            kept: kept.contains(key),
        };
        Ok(has_rows.into_iter().map(report).collect())
    }

    pub(super) fn keeps(&self, it: &Moving) -> bool {
        it.table.as_ref().is_some_and(|table| self.keep.contains(table))
    }

    /// The statements of a range that does not begin at base which may change rows. Demands an answer for each.
    pub(super) fn carried(&self, parts: &[Migration]) -> Result<Vec<Moving>, JobError> {
        let all: Vec<Moving> = parts.iter().flat_map(moving).collect();
        let answered = |it: &&Moving| {
            it.table.as_ref().is_some_and(|it| self.keep.contains(it) || self.drop.contains(it))
        };
        let open: Vec<String> = all
            .iter()
            .filter(|it| !answered(it))
            .map(|it| match &it.table {
                Some((schema, table)) => format!("{} {schema}.{table}", it.place),
                None => it.place.clone(),
            })
            .collect();
        match open.is_empty() {
            true => Ok(all),
            false => Err(SquashError::Statements { statements: open }.into()),
        }
    }
}

/// The tables that statements of a range name.
pub(super) fn carried_report(all: &[Moving], answers: &Answers) -> Vec<FilledReport> {
    let mut found: BTreeMap<String, FilledReport> = BTreeMap::new();
    for it in all {
        if let Some((schema, name)) = &it.table {
            let table = format!("{schema}.{name}");
            let kept = answers.keeps(it);
            let entry = found.entry(table.clone());
            entry.or_insert(FilledReport { table, count: 0, kept }).count += 1;
        }
    }
    found.into_values().collect()
}
