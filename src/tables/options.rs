//! Options: storage parameters, and those of foreign tables and their columns.

use crate::words::ident::{Ident, Literal};

/// What became of one list of `name=value` texts.
pub(crate) struct Difference {
    /// `"name" = 'value'` of what is new or another.
    pub(crate) set: Vec<String>,
    /// `"name"` of what is gone.
    pub(crate) reset: Vec<String>,
}

/// Storage parameters as they stand in WITH and SET. The prefix is empty, or `toast.`.
pub(crate) fn assignments(list: &[String], prefix: &str) -> Vec<String> {
    list.iter().map(|it| assignment(it, prefix)).collect()
}

/// Compares storage parameters.
pub(crate) fn difference(from: &[String], to: &[String], prefix: &str) -> Difference {
    let new = to.iter().filter(|it| !from.contains(it));
    let gone = from.iter().filter(|it| value_of(to, name(it)).is_none());
    Difference {
        set: new.map(|it| assignment(it, prefix)).collect(),
        reset: gone.map(|it| format!("{prefix}{}", Ident(name(it)))).collect(),
    }
}

/// The options of a new foreign table or column: ` OPTIONS ("x" 'y')`, or nothing.
pub(crate) fn given(list: &[String]) -> String {
    let all: Vec<String> = list.iter().map(|it| generic(it)).collect();
    match all.as_slice() {
        [] => String::new(),
        all => format!(" OPTIONS ({})", all.join(", ")),
    }
}

/// The change of such options: `OPTIONS (ADD "x" 'y', DROP "z")`.
pub(crate) fn changed(from: &[String], to: &[String]) -> Option<String> {
    let mut all = Vec::new();
    for option in from {
        if value_of(to, name(option)).is_none() {
            all.push(format!("DROP {}", Ident(name(option))));
        }
    }
    for option in to {
        match value_of(from, name(option)) {
            None => all.push(format!("ADD {}", generic(option))),
            Some(value) if value != value_in(option) => {
                all.push(format!("SET {}", generic(option)))
            }
            Some(_) => {}
        }
    }
    (!all.is_empty()).then(|| format!("OPTIONS ({})", all.join(", ")))
}

/// One storage parameter.
fn assignment(option: &str, prefix: &str) -> String {
    let (name, value) = (Ident(name(option)), Literal(value_in(option)));
    format!("{prefix}{name} = {value}")
}

/// One option of a foreign table.
fn generic(option: &str) -> String {
    format!("{} {}", Ident(name(option)), Literal(value_in(option)))
}

/// What stands before the `=`.
fn name(option: &str) -> &str {
    option.split_once('=').map_or(option, |(name, _)| name)
}

/// What stands after it.
fn value_in(option: &str) -> &str {
    option.split_once('=').map_or("", |(_, value)| value)
}

/// The value of a named option in a list.
fn value_of<'l>(list: &'l [String], wanted: &str) -> Option<&'l str> {
    let found = list.iter().find(|it| name(it) == wanted)?;
    Some(value_in(found))
}
