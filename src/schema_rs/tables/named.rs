//! The Rust names of columns and types.

use std::collections::BTreeSet;

use super::{PUBLIC, Type};
use crate::{
    catalog::ColumnType,
    schema_rs::{Compat, names::is_keyword, types},
};

/// Names that `table!` cannot take for a column, beyond those that Diesel avoids: what it defines and uses itself.
const NO_COLUMN: [&str; 27] = [
    "BoxedQuery",
    "DB",
    "From",
    "Join",
    "Left",
    "Ok",
    "On",
    "QS",
    "Rhs",
    "Right",
    "SqlType",
    "T",
    "TSM",
    "_alias",
    "_column",
    "_on_clause",
    "_out",
    "_pass",
    "all_columns",
    "bool",
    "diesel",
    "dsl",
    "gen",
    "ops",
    "q",
    "star",
    "str",
];

/// Whether a column of this Rust name does not compile; `types` are those that the table imports by name.
pub(super) fn is_no_column(name: &str, types: &BTreeSet<&str>, has_max_length: bool) -> bool {
    NO_COLUMN.contains(&name)
        || types::is_sql_type(name)
        || types.contains(name)
        // the length is one of these
        || (has_max_length && name == "usize")
}

/// The name, or the first of `name_2`, `name_3`, … that is free.
pub(super) fn free_name(name: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|it| !taken.contains(it))
        .expect("there are more numbers than names")
}

pub(super) fn type_of(tpe: ColumnType<'_>, compat: Compat) -> Type {
    let (schema, name, is_array) = match (compat, tpe.element) {
        // Diesel takes every name with an underscore in front for an array
        (Compat::Diesel, _) => match tpe.name.strip_prefix('_') {
            Some(element) => (tpe.schema, element, true),
            None => (tpe.schema, tpe.name, false),
        },
        (Compat::Right, Some((schema, element))) => (schema, element, true),
        (Compat::Right, None) => (tpe.schema, tpe.name, false),
    };
    let (rust_name, is_custom) = match compat {
        Compat::Diesel => {
            let rust = types::camel(name);
            let known = types::diesel_takes_for_known(&rust);
            (rust, !known)
        }
        Compat::Right => match types::diesel_type(schema, name) {
            Some(rust) => (rust.to_owned(), false),
            None => (type_name(name), true),
        },
    };
    Type {
        rust_name,
        sql_name: name.to_owned(),
        schema: Some(schema.to_owned()).filter(|it| it != PUBLIC),
        is_array,
        is_custom,
    }
}

/// The name of a type as one that Rust accepts.
fn type_name(sql_name: &str) -> String {
    let camel = types::camel(sql_name);
    let mut name: String =
        camel.chars().filter(|c| *c == '_' || unicode_ident::is_xid_continue(*c)).collect();
    if name.is_empty() {
        name.push_str("Type");
    }
    if !name.starts_with(|c| c == '_' || unicode_ident::is_xid_start(c)) {
        name.insert(0, '_');
    }
    if is_keyword(&name) {
        name.push('_');
    }
    name
}
