//! The catalog that an edited schema.rs asks for: the present one, with the edits laid over it.
//!
//! What schema.rs cannot say stays as it is: defaults, indexes, checks, everything that is no table. What is new gets the names
//! that PostgreSQL would choose, and the facts and dependencies that it would tell of them. Nothing is read here and nothing is
//! asked for; statements that lead from one catalog to the other are made elsewhere.

mod add;
mod children;
mod facts;
mod find;
mod gone;
mod text;

use std::collections::BTreeSet;

pub(crate) use children::settled;

use self::children::Families;
use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Key, ObjectKind},
    schema_rs::parse::{Edit, TableName, Type},
};

/// Lays edits over a catalog, in their order; what goes, goes first. Children follow their parents: edits of theirs that
/// [`settled`] takes out have no place here.
///
/// # Errors
/// When the catalog has no place for an edit, or something that is kept needs what goes.
pub(crate) fn apply(edits: &[Edit], catalog: &Catalog) -> Result<Catalog, ApplyError> {
    let edits = children::spread(edits, catalog);
    let gone = gone::of(&edits, catalog)?;
    let mut merge = Merge::of(catalog, gone::without(catalog, &gone));
    for edit in &edits {
        merge.lay(edit)?;
    }
    Ok(merge.catalog)
}

/// The tables that edits drop.
#[must_use]
pub(crate) fn dropped(edits: &[Edit], catalog: &Catalog) -> BTreeSet<Key> {
    let dropped = edits.iter().filter_map(|edit| match edit {
        Edit::DroppedTable(table) => Some(find::place(catalog, table).key()),
        _ => None,
    });
    dropped.collect()
}

/// Why an edit cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ApplyError {
    /// A table or column that is only in schema.rs.
    #[error("the database has no {what}")]
    #[diagnostic(
        code(schema::not_there),
        help("Print schema.rs again with `glowplug print-schema`, and edit that.")
    )]
    NotThere {
        /// What is missing.
        what: String,
    },
    /// A new table that is not new.
    #[error("table {table} exists in the database, but is not printed")]
    #[diagnostic(
        code(schema::not_printed),
        help(
            "It has no primary key, or `filter` in diesel.toml leaves it out. Print it, or remove its `table!`."
        )
    )]
    NotPrinted {
        /// The table.
        table: TableName,
    },
    /// A view, of which schema.rs shows no more than the columns.
    #[error("{name} is a {kind}, and schema.rs cannot change it")]
    #[diagnostic(
        code(schema::not_a_table),
        help(
            "Write the migration by hand. What is only printed differently belongs in `patch_file` in diesel.toml."
        )
    )]
    NotATable {
        /// Its name.
        name: TableName,
        /// What it is.
        kind: String,
    },
    /// A type that stands for any composite type.
    #[error("column {column} of table {table} is a `Record`, which stands for any composite type")]
    #[diagnostic(
        code(schema::any_type),
        help(
            "schema.rs does not say which one it is: write this migration by hand, or name the type in `sql_types`."
        )
    )]
    AnyType {
        /// The column.
        column: String,
        /// The table.
        table: TableName,
    },
    /// A type that schema.rs names and the database does not have.
    #[error("the database has no type {tpe}, which column {column} of table {table} needs")]
    #[diagnostic(
        code(schema::no_such_type),
        help(
            "schema.rs does not say what the type is made of: create it first, in a migration written by hand."
        )
    )]
    NoType {
        /// The type.
        tpe: Type,
        /// The column.
        column: String,
        /// The table.
        table: TableName,
    },
    /// Something that the domain of a column says, not the column.
    #[error("column {column} of table {table} has the domain {domain}, which says that")]
    #[diagnostic(
        code(schema::domain),
        help("Change the domain, or the type of the column, in a migration written by hand.")
    )]
    Domain {
        /// The column.
        column: String,
        /// The table.
        table: TableName,
        /// The domain.
        domain: String,
    },
    /// Something that is kept needs something that goes.
    #[error("{by} needs {object}")]
    #[diagnostic(
        code(schema::needed),
        help("Drop or change it first, in a migration written by hand.")
    )]
    Needed {
        /// What goes.
        object: String,
        /// What is kept.
        by: String,
    },
    /// A `joinable!` to a table whose key is not one column.
    #[error("table {parent} has no primary key of one column that {child} could refer to")]
    #[diagnostic(code(schema::no_key), help("Remove the `joinable!`, and join with `.on(…)`."))]
    NoKey {
        /// The table that is referred to.
        parent: TableName,
        /// The table that refers.
        child: TableName,
    },
}

/// A catalog on its way.
struct Merge<'c> {
    /// As it is.
    before: &'c Catalog,
    /// As it will be.
    catalog: Catalog,
    /// Whose the tables are.
    owner: Option<String>,
    /// Whether NOT NULL is a constraint of its own: from PostgreSQL 18 on.
    has_not_null: bool,
    families: Families,
}

/// Where a relation is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    schema: String,
    name: String,
}

impl<'c> Merge<'c> {
    fn of(before: &'c Catalog, catalog: Catalog) -> Self {
        let mut relations = before.of_kind(ObjectKind::Relation);
        let mut constraints = before.of_kind(ObjectKind::Constraint);
        Self {
            owner: relations.find_map(|(_, fact)| fact.get(Attribute::Owner).map(str::to_owned)),
            has_not_null: constraints.any(|(_, fact)| fact.is_constraint(ConstraintKind::NotNull)),
            families: Families::of(before),
            before,
            catalog,
        }
    }

    fn lay(&mut self, edit: &Edit) -> Result<(), ApplyError> {
        match edit {
            Edit::DroppedTable(_) | Edit::DroppedColumn { .. } | Edit::DroppedJoin(_) => Ok(()),
            Edit::NewTable(table) => self.new_table(table),
            Edit::NewColumn { table, column, .. } => {
                let place = find::table(&self.catalog, table)?;
                self.new_column(&place, table, column)?;
                self.inherit(&place, &column.name);
                Ok(())
            }
            Edit::ChangedType { table, column, to, max_length, .. } => {
                let place = find::table(&self.catalog, table)?;
                self.change_type(&place, table, column, to, *max_length)
            }
            Edit::ChangedMaxLength { table, column, max_length } => {
                let place = find::table(&self.catalog, table)?;
                let tpe = find::type_of(&self.catalog, &place, table, column)?;
                self.change_type(&place, table, column, &tpe, *max_length)
            }
            Edit::ChangedNullability { table, column, nullable } => {
                let place = find::table(&self.catalog, table)?;
                self.change_nullability(&place, table, column, *nullable)
            }
            Edit::ChangedPrimaryKey { table, columns } => {
                let place = find::table(&self.catalog, table)?;
                let name = find::primary_key(self.before, &place).map(|(name, _)| name);
                self.primary_key(&place, table, columns, name)
            }
            Edit::NewJoin(join) => self.new_join(join),
            Edit::ChangedComment { table, column, comment } => {
                self.comment(table, column.as_deref(), comment.as_deref())
            }
        }
    }
}

#[cfg(test)]
mod tests;
