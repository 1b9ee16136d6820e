//! What an edited schema.rs changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema_rs::parse::{Column, Join, Source, Table, TableName, Type};

/// One change that a person made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    /// A table that was not there.
    NewTable(Table),
    /// A table that is not there any more.
    DroppedTable(TableName),
    /// A column that was not there.
    NewColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: Column,
        /// The column that it stands behind. PostgreSQL puts it behind all others.
        after: Option<String>,
    },
    /// A column that is not there any more.
    DroppedColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
    /// A column of another type; its length belongs to that.
    ChangedType {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// The type that it had.
        from: Type,
        /// The type that it gets.
        to: Type,
        /// The length of the new type.
        max_length: Option<u32>,
    },
    /// A column that can be NULL, and could not, or the other way round.
    ChangedNullability {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// Whether it can be now.
        nullable: bool,
    },
    /// A column of the same type with another length.
    ChangedMaxLength {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// The length now.
        max_length: Option<u32>,
    },
    /// A table with another key.
    ChangedPrimaryKey {
        /// The table.
        table: TableName,
        /// The columns of the key now.
        columns: Vec<String>,
    },
    /// A way to join that was not there.
    NewJoin(Join),
    /// A way to join that is not there any more, between tables that still are.
    DroppedJoin(Join),
    /// A table or column with another comment.
    ChangedComment {
        /// The table.
        table: TableName,
        /// The column, unless it is the table's own comment.
        column: Option<String>,
        /// The comment now.
        comment: Option<String>,
    },
}

impl Edit {
    /// Whether it only takes something away: an old print does so, too.
    #[must_use]
    pub(crate) fn takes(&self) -> bool {
        matches!(self, Self::DroppedTable(_) | Self::DroppedColumn { .. } | Self::DroppedJoin(_))
    }
}

impl Source {
    /// What makes this file of the one that is printed for the present database.
    ///
    /// First what goes, then what changes table by table, then what is new. The order of columns, and whether the elements of
    /// an array can be NULL, are nothing that PostgreSQL could change. Comments are compared, too: where the settings print
    /// none, [`Edit::ChangedComment`] is a doc comment that means Rust only.
    #[must_use]
    pub(crate) fn changes(&self, printed: &Source) -> Vec<Edit> {
        let now = by_name(&self.tables);
        let before = by_name(&printed.tables);
        let stays = |name: &TableName| now.contains_key(name) && before.contains_key(name);
        let mut edits = Vec::new();
        let gone = joins_without(&printed.joins, &self.joins);
        let gone = gone.into_iter().filter(|it| stays(&it.child) && stays(&it.parent));
        edits.extend(gone.cloned().map(Edit::DroppedJoin));
        let gone = before.keys().filter(|it| !now.contains_key(*it));
        edits.extend(gone.map(|it| Edit::DroppedTable((*it).clone())));
        for (name, table) in &now {
            if let Some(before) = before.get(name) {
                table_changes(before, table, &mut edits);
            }
        }
        let new = now.iter().filter(|(name, _)| !before.contains_key(*name));
        edits.extend(new.map(|(_, table)| Edit::NewTable((*table).clone())));
        let new = joins_without(&self.joins, &printed.joins);
        edits.extend(new.into_iter().cloned().map(Edit::NewJoin));
        edits
    }
}

fn by_name(tables: &[Table]) -> BTreeMap<&TableName, &Table> {
    tables.iter().map(|it| (&it.name, it)).collect()
}

/// Those that the others are not, each once and in order.
fn joins_without<'j>(joins: &'j [Join], others: &[Join]) -> Vec<&'j Join> {
    let others: BTreeSet<_> = others.iter().map(address).collect();
    let all: BTreeMap<_, _> = joins.iter().map(|it| (address(it), it)).collect();
    all.into_iter().filter(|(address, _)| !others.contains(address)).map(|(_, join)| join).collect()
}

fn address(join: &Join) -> (&TableName, &TableName, &str) {
    (&join.child, &join.parent, &join.column)
}

fn table_changes(before: &Table, now: &Table, edits: &mut Vec<Edit>) {
    let table = &now.name;
    for column in &before.columns {
        if now.columns.iter().all(|it| it.name != column.name) {
            edits.push(Edit::DroppedColumn { table: table.clone(), column: column.name.clone() });
        }
    }
    let mut after: Option<&Column> = None;
    for column in &now.columns {
        match before.columns.iter().find(|it| it.name == column.name) {
            Some(before) => column_changes(table, before, column, edits),
            None => edits.push(Edit::NewColumn {
                table: table.clone(),
                column: column.clone(),
                after: after.map(|it| it.name.clone()),
            }),
        }
        after = Some(column);
    }
    // a view has none, whatever it is printed with
    let has_key = !before.is_view && !now.is_view;
    if has_key && before.primary_key != now.primary_key {
        edits.push(Edit::ChangedPrimaryKey {
            table: table.clone(),
            columns: now.primary_key.clone(),
        });
    }
    if before.comment != now.comment {
        edits.push(Edit::ChangedComment {
            table: table.clone(),
            column: None,
            comment: now.comment.clone(),
        });
    }
}

/// How long the values of a column are: bits without a length are one.
fn length(column: &Column) -> Option<u32> {
    column.max_length.or(column.tpe.is_bit().then_some(1))
}

fn column_changes(table: &TableName, before: &Column, now: &Column, edits: &mut Vec<Edit>) {
    let (table, column) = (|| table.clone(), || now.name.clone());
    if before.tpe != now.tpe {
        edits.push(Edit::ChangedType {
            table: table(),
            column: column(),
            from: before.tpe.clone(),
            to: now.tpe.clone(),
            max_length: now.max_length,
        });
    } else if length(before) != length(now) {
        edits.push(Edit::ChangedMaxLength {
            table: table(),
            column: column(),
            max_length: now.max_length,
        });
    }
    if before.nullable != now.nullable {
        edits.push(Edit::ChangedNullability {
            table: table(),
            column: column(),
            nullable: now.nullable,
        });
    }
    if before.comment != now.comment {
        edits.push(Edit::ChangedComment {
            table: table(),
            column: Some(column()),
            comment: now.comment.clone(),
        });
    }
}

/// What a person has changed in a file that one of two printers has written: the same database is printed in two ways, and what
/// a file has from either of them is no edit.
#[must_use]
pub(crate) fn common(ours: Vec<Edit>, theirs: Vec<Edit>) -> Vec<Edit> {
    // the one that is nearer has printed it
    let (nearer, other) = match theirs.len() < ours.len() {
        true => (theirs, ours),
        false => (ours, theirs),
    };
    let is_unknown = |table: &TableName| {
        other.iter().any(|it| match it {
            Edit::NewTable(new) => new.name == *table,
            Edit::DroppedTable(name) => name == table,
            _ => false,
        })
    };
    let is_common = |edit: &Edit| {
        let subject = subject(edit);
        subject.is_none()
            || subject.is_some_and(|it| is_unknown(it.1))
            || other.iter().any(|it| self::subject(it) == subject)
    };
    let mut edits = nearer;
    let keeps: Vec<bool> = edits.iter().map(is_common).collect();
    let mut keeps = keeps.into_iter();
    edits.retain(|_| keeps.next().unwrap_or(true));
    edits
}

/// What an edit is about, if two printers can be of two minds about it: the aspect, the table, and the column or other table.
fn subject(edit: &Edit) -> Option<(&'static str, &TableName, Option<&str>, Option<&TableName>)> {
    match edit {
        Edit::NewTable(_)
        | Edit::DroppedTable(_)
        | Edit::NewColumn { .. }
        | Edit::DroppedColumn { .. } => None,
        Edit::ChangedType { table, column, .. } | Edit::ChangedMaxLength { table, column, .. } => {
            Some(("type", table, Some(column), None))
        }
        Edit::ChangedNullability { table, column, .. } => Some(("null", table, Some(column), None)),
        Edit::ChangedPrimaryKey { table, .. } => Some(("key", table, None, None)),
        Edit::NewJoin(join) | Edit::DroppedJoin(join) => {
            Some(("join", &join.child, Some(&join.column), Some(&join.parent)))
        }
        Edit::ChangedComment { table, column, .. } => {
            Some(("comment", table, column.as_deref(), None))
        }
    }
}
