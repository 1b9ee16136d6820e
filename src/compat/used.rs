//! What of its schema.rs a program uses.

mod found;
mod names;
mod reader;
mod rows;
mod structs;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::compat::{
    breaks::{Break, Effect},
    program::Program,
    statement::Kind,
};

/// Some columns of a table, by their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// All of them.
    All,
    /// These.
    Some(BTreeSet<usize>),
}

/// What a program does with a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableUse {
    /// What it reads, or compares.
    pub reads: Columns,
    /// What it writes.
    pub writes: Columns,
    /// Whether it inserts rows.
    pub inserts: bool,
    /// What every row that it inserts has a value for.
    pub given: BTreeSet<usize>,
}

/// What a program uses, by the places of tables. What is not here is not used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Used {
    /// Its tables.
    pub tables: BTreeMap<usize, TableUse>,
    /// A file that is not Rust, for which everything counts as used.
    pub unread: Option<PathBuf>,
}

impl Default for Columns {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl Columns {
    /// Whether a column is one of them.
    #[must_use]
    pub fn has(&self, column: usize) -> bool {
        match self {
            Self::All => true,
            Self::Some(columns) => columns.contains(&column),
        }
    }

    fn add(&mut self, column: usize) {
        if let Self::Some(columns) = self {
            columns.insert(column);
        }
    }
}

impl TableUse {
    /// Adds a column that is named in an expression: it may be read or written.
    fn name(&mut self, column: usize) {
        self.reads.add(column);
        self.writes.add(column);
    }

    /// Takes everything.
    fn take_all(&mut self) {
        self.reads = Columns::All;
        self.writes = Columns::All;
    }
}

impl Used {
    /// Whether a break concerns what the program uses.
    #[must_use]
    pub fn concerns(&self, program: &Program, it: &Break) -> bool {
        let Some(table) = self.tables.get(&it.table) else {
            return false;
        };
        let reads = it.column.is_none_or(|it| table.reads.has(it));
        let writes = it.column.is_none_or(|it| table.writes.has(it));
        match &it.effect {
            Effect::NoTable => true,
            Effect::NoColumn => reads || writes,
            Effect::Type { .. } | Effect::Attributes | Effect::NullRead | Effect::NewLabels(_) => {
                reads
            }
            Effect::NullWritten | Effect::GoneLabels(_) => writes,
            Effect::NoConflict(_) => table.inserts,
            // a row that is inserted has a value of each column
            Effect::Demanded(_) => writes || table.inserts,
            Effect::Refused { kinds, .. } => {
                let only_writes = kinds.iter().all(|it| matches!(it, Kind::Insert | Kind::Update));
                writes || reads && !only_writes
            }
            Effect::Required { column, .. } => {
                let columns = &program.tables[it.table].columns;
                let known = columns.iter().position(|it| it.name == *column);
                table.inserts && known.is_none_or(|it| !table.given.contains(&it))
            }
        }
    }
}

/// What a program uses, from its source files: their names and texts.
///
/// Careful: a table that is used in ways that are not understood counts as a whole, and so does everything if a file is not Rust.
#[must_use]
pub fn used(program: &Program, files: &[(PathBuf, String)]) -> Used {
    reader::read(program, files)
}
