//! The statements that Diesel can send for a schema.rs.
//!
//! As Diesel writes them: every column is named, and a value has the type of its column in schema.rs, not what the server would take.
//! A statement of many columns stands for one of each: the server is asked about those alone only where it refuses all together.

use std::fmt::Write as _;

use crate::{
    compat::program::{Program, Table},
    words::ident::Ident,
};

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Reads columns.
    Select,
    /// Inserts a row with values for columns.
    Insert,
    /// Changes columns.
    Update,
    /// Deletes a row by its key.
    Delete,
    /// Compares columns with values.
    Filter,
    /// Joins two tables; the column is that of the child.
    Join,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement {
    /// The place of the table; of a join, that of the child.
    pub table: usize,
    /// What it does.
    pub kind: Kind,
    /// The places of its columns; of a join, which one it is.
    pub columns: Vec<usize>,
}

/// Types that PostgreSQL does not compare for equality.
const INCOMPARABLE: [&str; 6] = ["json", "xml", "point", "polygon", "path", "record"];

/// The statements of a program, in the order of its tables.
#[must_use]
pub(crate) fn statements(program: &Program) -> Vec<Statement> {
    let tables = program.tables.iter().enumerate();
    let mut all: Vec<Statement> = tables.flat_map(|(at, table)| of_table(at, table)).collect();
    let joins = program.joins.iter().enumerate();
    all.extend(joins.map(|(at, join)| Statement {
        table: join.child,
        kind: Kind::Join,
        columns: vec![at],
    }));
    all
}

fn of_table(at: usize, table: &Table) -> Vec<Statement> {
    let all: Vec<usize> = (0..table.columns.len()).collect();
    let is_comparable = |it: &usize| {
        let tpe = &table.columns[*it].tpe;
        !INCOMPARABLE.contains(&tpe.name.as_str())
    };
    let filtered = all.iter().copied().filter(is_comparable).collect();
    let key = table.key.clone();
    let kinds = [
        (Kind::Insert, all.clone()),
        (Kind::Select, all),
        (Kind::Update, table.values()),
        (Kind::Delete, key),
        (Kind::Filter, filtered),
    ];
    let made = kinds.into_iter().filter(|(_, columns)| !columns.is_empty());
    made.map(|(kind, columns)| Statement { table: at, kind, columns }).collect()
}

impl Statement {
    /// The same for each of its columns alone; none where it is about one, or as a whole.
    #[must_use]
    pub(crate) fn singles(&self) -> Vec<Self> {
        if self.columns.len() < 2 || self.kind == Kind::Delete {
            return Vec::new();
        }
        let single = |column: &usize| Self { columns: vec![*column], ..self.clone() };
        self.columns.iter().map(single).collect()
    }

    /// Its text.
    #[must_use]
    pub(crate) fn sql(&self, program: &Program) -> String {
        let table = &program.tables[self.table];
        let name = &table.name;
        match self.kind {
            Kind::Select => format!("SELECT {} FROM {name}", self.named(table)),
            Kind::Insert => format!(
                "INSERT INTO {name} ({}) VALUES ({})",
                listed(self.columns.iter().map(|it| column(table, *it))),
                listed(self.columns.iter().enumerate().map(|(at, it)| value(table, *it, at + 1))),
            ),
            Kind::Update => {
                let set = self.columns.iter().enumerate();
                let set = set.map(|(at, it)| {
                    format!("{} = {}", column(table, *it), value(table, *it, at + 1))
                });
                let set = listed(set);
                format!("UPDATE {name} SET {set}{}", by_key(table, self.columns.len()))
            }
            Kind::Delete => format!("DELETE FROM {name}{}", by_key(table, 0)),
            Kind::Filter => {
                format!("SELECT 1 FROM {name}{}", matching(table, &self.columns, 0))
            }
            Kind::Join => {
                let join = &program.joins[self.columns[0]];
                let parent = &program.tables[join.parent];
                let key = parent.key.first().map(|it| column(parent, *it)).unwrap_or_default();
                format!(
                    "SELECT 1 FROM ({name} INNER JOIN {} ON ({name}.{} = {}.{key}))",
                    parent.name,
                    column(table, join.column),
                    parent.name,
                )
            }
        }
    }

    fn named(&self, table: &Table) -> String {
        listed(self.columns.iter().map(|it| format!("{}.{}", table.name, column(table, *it))))
    }
}

fn column(table: &Table, at: usize) -> String {
    Ident(&table.columns[at].name).to_string()
}

/// A value of the type that Diesel sends for a column.
fn value(table: &Table, at: usize, number: usize) -> String {
    format!("${number}::{}", sent(table, at))
}

/// The type of a value. Diesel knows one type of text.
fn sent(table: &Table, at: usize) -> String {
    let tpe = &table.columns[at].tpe;
    let is_text = ["varchar", "bpchar", "char"].contains(&tpe.name.as_str());
    match is_text && tpe.schema == super::program::PG_CATALOG {
        true => format!("\"pg_catalog\".\"text\"{}", if tpe.is_array { "[]" } else { "" }),
        false => tpe.to_string(),
    }
}

fn by_key(table: &Table, values: usize) -> String {
    matching(table, &table.key, values)
}

/// A condition on columns, whose values stand behind so many others.
fn matching(table: &Table, columns: &[usize], values: usize) -> String {
    let mut text = String::new();
    for (at, it) in columns.iter().enumerate() {
        let word = if at == 0 { " WHERE" } else { " AND" };
        let (column, value) = (column(table, *it), value(table, *it, values + at + 1));
        // a String takes all text
        write!(text, "{word} {}.{column} = {value}", table.name).unwrap_or_default();
    }
    text
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
