//! schema.rs read back: the tables that a person says there should be.
//!
//! The inverse of [`print`](crate::schema_rs::print()). It knows of a column what Diesel knows of it, and PostgreSQL's name for
//! the type. Two files are compared with [`Source::changes`]; what comes of it is laid over a catalog by
//! [`merge`](crate::schema_rs::merge).

mod changes;
mod read;
mod types;

use std::fmt;

use miette::{NamedSource, SourceSpan};

pub(crate) use changes::{Edit, common};

/// What a schema.rs says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// The tables, in the order of the file.
    pub tables: Vec<Table>,
    /// The `joinable!`s, in the order of the file.
    pub joins: Vec<Join>,
    /// The types that the file defines, in its order.
    pub types: Vec<CustomType>,
}

/// What PostgreSQL calls a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    /// The schema, where the file names another one than `public`.
    pub schema: Option<String>,
    /// The name in it.
    pub name: String,
}

/// A `table!` or `view!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name in SQL.
    pub name: TableName,
    /// Its name in Rust.
    pub rust_name: String,
    /// The modules of the file that it stands in.
    pub module: Vec<String>,
    /// Its columns, in the order of the file.
    pub columns: Vec<Column>,
    /// The names of the columns of its key, in the order of the key.
    pub primary_key: Vec<String>,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it stands in a `view!`. A view that is printed as `table!` looks like a table here.
    pub is_view: bool,
    /// Its line, from 1.
    pub line: usize,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name in SQL.
    pub name: String,
    /// Its name in Rust.
    pub rust_name: String,
    /// Its type.
    pub tpe: Type,
    /// Whether it can be NULL.
    pub nullable: bool,
    /// Whether the elements of an array can be NULL. PostgreSQL cannot refuse that.
    pub array_element_nullable: bool,
    /// Whether it is written as a serial type: an integer with a sequence of its own.
    pub serial: bool,
    /// How many characters or bits it holds at most.
    pub max_length: Option<u32>,
    /// Its comment.
    pub comment: Option<String>,
    /// Its line, from 1.
    pub line: usize,
}

/// The type of a column, as PostgreSQL knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Type {
    /// The schema of the type. That of an unqualified one is `public`, until a catalog says better.
    pub schema: String,
    /// Its name in pg_type: `int4`, `_int4` for an array of them.
    pub name: String,
    /// The schema and the name of the type of the elements, if it is an array.
    pub element: Option<(String, String)>,
}

impl Type {
    /// Whether its values are bits of a fixed number.
    #[must_use]
    pub fn is_bit(&self) -> bool {
        let (schema, name) = match &self.element {
            Some((schema, name)) => (schema, name),
            None => (&self.schema, &self.name),
        };
        schema == "pg_catalog" && name == "bit"
    }
}

/// A type that a schema.rs defines, or that is known from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CustomType {
    /// What it is called in Rust.
    pub rust_name: String,
    /// Its schema, where one is named.
    pub schema: Option<String>,
    /// Its name in pg_type.
    pub name: String,
    /// Its line, from 1; 0 where it is not in the file.
    pub line: usize,
}

/// A `joinable!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Join {
    /// The table with the foreign key.
    pub child: TableName,
    /// The table whose primary key it holds.
    pub parent: TableName,
    /// The column of the child, by its name in SQL.
    pub column: String,
    /// Its line, from 1.
    pub line: usize,
}

/// Reads the text of a schema.rs. `name` is what messages call the file.
///
/// A type that the file does not define is looked for in `elsewhere`: with [`CustomType::of`] those that the database has.
///
/// # Errors
/// When it is not Rust, or Diesel would refuse it, or a type is not one of PostgreSQL.
pub(crate) fn parse(
    text: &str,
    name: &str,
    elsewhere: &[CustomType],
) -> Result<Source, ParseError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    read::read(&File { name, text }, elsewhere)
}

/// Why a schema.rs cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ParseError {
    /// It is not Rust, or not what a macro of Diesel takes.
    #[error("{file} cannot be read: {what}")]
    #[diagnostic(
        code(schema::syntax),
        help("Correct it. `cargo check` tells more, if it is part of a crate.")
    )]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says.
        what: String,
        /// The file's text.
        #[source_code]
        text: NamedSource<String>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// A type that is neither Diesel's nor defined in the file.
    #[error("the type `{name}` of column {column} of table {table} is not known")]
    #[diagnostic(
        code(schema::unknown_type),
        help(
            "Define it in `pub mod sql_types` of the same file: `#[derive(diesel::sql_types::SqlType)] #[diesel(postgres_type(name = \"…\", schema = \"…\"))] pub struct {name};`, and add `use super::sql_types::{name};` to the `table!`."
        )
    )]
    UnknownType {
        /// What it is called.
        name: String,
        /// The column.
        column: String,
        /// The table.
        table: TableName,
        /// The file's text.
        #[source_code]
        text: NamedSource<String>,
        /// Where.
        #[label("this type")]
        at: SourceSpan,
    },
    /// A `joinable!` of a table that is not there.
    #[error("`joinable!` names the table `{name}`, which {file} does not define")]
    #[diagnostic(
        code(schema::unknown_table),
        help(
            "Correct the name, or remove the `joinable!`; `use` the table if it is in another file."
        )
    )]
    UnknownTable {
        /// What it is called.
        name: String,
        /// The file.
        file: String,
        /// The file's text.
        #[source_code]
        text: NamedSource<String>,
        /// Where.
        #[label("this table")]
        at: SourceSpan,
    },
    /// A key or `joinable!` of a column that is not there.
    #[error("table {table} has no column `{column}`")]
    #[diagnostic(
        code(schema::unknown_column),
        help(
            "Keys and `joinable!` take the Rust name of a column of the table. A `table!` without a key in parentheses has the key `id`."
        )
    )]
    UnknownColumn {
        /// The table.
        table: TableName,
        /// What the column is called.
        column: String,
        /// The file's text.
        #[source_code]
        text: NamedSource<String>,
        /// Where.
        #[label("this column")]
        at: SourceSpan,
    },
    /// Two tables, or two columns of a table, with one name in SQL.
    #[error("{what} is defined twice")]
    #[diagnostic(
        code(schema::twice),
        help("Remove one of the two; `#[sql_name = \"…\"]` counts, not the Rust name.")
    )]
    Twice {
        /// What it is.
        what: String,
        /// The file's text.
        #[source_code]
        text: NamedSource<String>,
        /// Where.
        #[label("the second")]
        at: SourceSpan,
    },
    /// A length where PostgreSQL has none.
    #[error("column {column} of table {table} has a `max_length`, but no type with a length")]
    #[diagnostic(code(schema::no_length), help("Make it a `Varchar`, or remove `#[max_length]`."))]
    NoLength {
        /// The column.
        column: String,
        /// The table.
        table: TableName,
        /// The file's text.
        #[source_code]
        text: NamedSource<String>,
        /// Where.
        #[label("this length")]
        at: SourceSpan,
    },
}

impl Type {
    /// The type of arrays of a type.
    #[must_use]
    pub fn array_of(schema: String, name: String) -> Self {
        // PostgreSQL cuts names at 63 bytes
        let mut end = name.len().min(62);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        Self {
            schema: schema.clone(),
            name: format!("_{}", &name[..end]),
            element: Some((schema, name)),
        }
    }

    /// Its schema and name, or those of its elements.
    #[must_use]
    pub fn base(&self) -> (&str, &str) {
        match &self.element {
            Some((schema, name)) => (schema, name),
            None => (&self.schema, &self.name),
        }
    }
}

/// Names with their schema, where it is not `public`: `other.users`.
impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(&self.name)
    }
}

/// For people: `pg_catalog.int4[]`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.element {
            Some((schema, name)) => write!(f, "{schema}.{name}[]"),
            None => write!(f, "{}.{}", self.schema, self.name),
        }
    }
}

/// The file that is being read, for messages.
struct File<'f> {
    name: &'f str,
    text: &'f str,
}

impl File<'_> {
    fn source(&self) -> NamedSource<String> {
        NamedSource::new(self.name, self.text.to_owned())
    }

    fn syntax(&self, error: &syn::Error) -> ParseError {
        ParseError::Syntax {
            file: self.name.to_owned(),
            what: error.to_string(),
            text: self.source(),
            at: error.span().byte_range().into(),
        }
    }
}

#[cfg(test)]
mod tests;
