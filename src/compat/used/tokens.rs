//! What is seen of tables where there is no syntax tree: the tokens of macros, and SQL in strings.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use crate::{
    compat::program::Program,
    words::sql::{self, Piece},
};

/// The macros that define what schema.rs says.
pub(super) const OF_SCHEMA: [&str; 4] =
    ["table", "view", "joinable", "allow_tables_to_appear_in_same_query"];

/// Macros that take expressions, and do nothing else with names.
pub(super) const OF_EXPRESSIONS: [&str; 38] = [
    "anyhow",
    "assert",
    "assert_eq",
    "assert_matches",
    "assert_ne",
    "bail",
    "concat",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "ensure",
    "env",
    "eprint",
    "eprintln",
    "error",
    "format",
    "format_args",
    "format_err",
    "include_str",
    "info",
    "join",
    "log",
    "matches",
    "panic",
    "pin",
    "print",
    "println",
    "todo",
    "trace",
    "try_join",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "write",
    "writeln",
];

/// All names in tokens, and all strings.
pub(super) fn words(tokens: TokenStream, names: &mut BTreeSet<String>, texts: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                names.insert(name.strip_prefix("r#").unwrap_or(&name).to_owned());
            }
            TokenTree::Group(group) => words(group.stream(), names, texts),
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    texts.push(text.value());
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}

/// What a string says of a table, if it is SQL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) table: usize,
    /// The columns that it names; none if it may mean all.
    pub(super) columns: Option<Vec<usize>>,
    pub(super) inserts: bool,
}

/// The tables that a string names, if it is SQL.
pub(super) fn spoken(program: &Program, text: &str) -> Vec<Spoken> {
    const VERBS: [&str; 6] = ["select", "insert", "update", "delete", "from", "join"];
    let Ok(pieces) = sql::pieces(text) else {
        return Vec::new();
    };
    let words = names(&pieces);
    if !VERBS.iter().any(|it| words.contains(*it)) {
        return Vec::new();
    }
    let has_all = pieces.iter().any(|it| matches!(it, Piece::Sign("*")));
    let tables = program.tables.iter().enumerate();
    let named = tables.filter(|(_, table)| words.contains(&table.name.name));
    named
        .map(|(at, table)| {
            let columns = table.columns.iter().enumerate();
            let columns = columns.filter(|(_, it)| words.contains(&it.name)).map(|(at, _)| at);
            Spoken {
                table: at,
                columns: (!has_all).then(|| columns.collect()),
                inserts: words.contains("insert"),
            }
        })
        .collect()
}

/// The columns of whatever tables that a piece of SQL names: `lower(name) = 'x'`.
pub(super) fn columns(program: &Program, text: &str) -> Vec<(usize, usize)> {
    let words = sql::pieces(text).map(|it| names(&it)).unwrap_or_default();
    let tables = program.tables.iter().enumerate();
    let columns = tables.flat_map(|(at, table)| {
        table.columns.iter().enumerate().map(move |(column, it)| ((at, column), &it.name))
    });
    columns.filter(|(_, name)| words.contains(*name)).map(|(place, _)| place).collect()
}

fn names(pieces: &[Piece<'_>]) -> BTreeSet<String> {
    let name = |it: &Piece<'_>| match it {
        Piece::Word(word) | Piece::Name(word) => Some(word.clone()),
        _ => None,
    };
    pieces.iter().filter_map(name).collect()
}
