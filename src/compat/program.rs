//! What a program knows of the database: the tables of its schema.rs.

use std::fmt;

use crate::words::ident::{Ident, Qualified};

/// Which of the two programs of a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Which {
    /// The one that is running.
    Running,
    /// The one that is to be deployed.
    New,
}

impl Which {
    /// What it is called in messages.
    #[must_use]
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Running => "the running program",
            Self::New => "the new program",
        }
    }
}

/// A program, as far as its statements follow from its schema.rs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// Its tables.
    pub tables: Vec<Table>,
    /// The tables that it can join.
    pub joins: Vec<Join>,
}

/// The name of a table as Diesel sends it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The schema, if the `table!` names one.
    pub schema: Option<String>,
    /// The name in it.
    pub name: String,
}

/// A `table!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its path in Rust: `schema::users`.
    pub path: String,
    /// Its name in SQL.
    pub name: Name,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The places of the columns of its key.
    pub key: Vec<usize>,
}

/// A column of a `table!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in Rust.
    pub rust_name: String,
    /// Its name in SQL.
    pub name: String,
    /// The SQL type that Diesel sends and decodes.
    pub tpe: Type,
    /// Whether it is `Nullable`.
    pub nullable: bool,
}

/// A type of PostgreSQL: its schema and name, or those of the elements of an array.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Type {
    /// The schema.
    pub schema: String,
    /// The name in pg_type.
    pub name: String,
    /// Whether it is an array of them.
    pub is_array: bool,
}

/// A `joinable!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The place of the table with the foreign key.
    pub child: usize,
    /// The place of its column.
    pub column: usize,
    /// The place of the table whose primary key it holds.
    pub parent: usize,
}

/// The schema of PostgreSQL's own types.
pub(super) const PG_CATALOG: &str = "pg_catalog";

impl Program {
    /// Finds a table by its name in SQL.
    #[must_use]
    pub fn find(&self, name: &Name) -> Option<usize> {
        self.tables.iter().position(|it| it.name == *name)
    }
}

impl Table {
    /// The path of a column in Rust: `schema::users::name`.
    #[must_use]
    pub fn path_of(&self, column: usize) -> String {
        format!("{}::{}", self.path, self.columns[column].rust_name)
    }

    /// The places of the columns that are not part of the key; all of them where the key is the whole row.
    #[must_use]
    pub fn values(&self) -> Vec<usize> {
        let all = 0..self.columns.len();
        let values: Vec<usize> = all.clone().filter(|it| !self.key.contains(it)).collect();
        if values.is_empty() { all.collect() } else { values }
    }
}

/// As SQL: `"users"`, `"app"."users"`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => Qualified { schema, name: &self.name }.fmt(f),
            None => Ident(&self.name).fmt(f),
        }
    }
}

/// As SQL. A type of `public` is found as Diesel finds it: by the search path.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schema.as_str() {
            "public" => Ident(&self.name).fmt(f)?,
            schema => Qualified { schema, name: &self.name }.fmt(f)?,
        }
        if self.is_array { f.write_str("[]") } else { Ok(()) }
    }
}

impl Type {
    /// For people: `int4`, `mood[]`, `app.mood`.
    #[must_use]
    pub fn words(&self) -> String {
        let schema = match self.schema.as_str() {
            PG_CATALOG | "public" => String::new(),
            schema => format!("{schema}."),
        };
        format!("{schema}{}{}", self.name, if self.is_array { "[]" } else { "" })
    }
}
