//! Where the values of a column come from: its default, or the expression that it is computed with.

use crate::{
    catalog::{Attribute, Fact, Key, ObjectKind},
    ddl::rules::{Change, Object, Statement},
    tables::column::{column_only, identity},
};

/// The default, expression or identity as it stands in a column's definition.
pub(super) fn inline(object: &Object<'_>) -> String {
    match (object.get(Attribute::Default), object.get(Attribute::Generated)) {
        (Some(text), Some(how)) => {
            let how = how.to_ascii_uppercase();
            format!(" GENERATED ALWAYS AS ({text}) {how}")
        }
        (Some(text), None) => format!(" DEFAULT {text}"),
        (None, _) => identity::inline(object).map(|it| format!(" {it}")).unwrap_or_default(),
    }
}

/// Sets the default that it has.
pub(super) fn set(object: &Object<'_>) -> Option<Statement> {
    let text = plain(object)?;
    Some(column_only(object, &format!("SET DEFAULT {text}")))
}

/// Its default, unless it is the expression of a computed column.
pub(super) fn plain<'c>(object: &Object<'c>) -> Option<&'c str> {
    if object.is(Attribute::Generated) {
        return None;
    }
    object.get(Attribute::Default)
}

/// Whether a default must go before other things can: what it needs goes away or becomes something else.
pub(super) fn is_tied(change: &Change<'_>) -> bool {
    let key = change.from.key;
    change.from.catalog.dependencies.of(key).any(|it| {
        let was = change.from.catalog.get(&it.referenced);
        let is = change.to.catalog.get(&it.referenced);
        it.referenced.kind() != ObjectKind::Relation && is_another(&it.referenced, was, is)
    })
}

/// Whether an object is made anew rather than changed.
fn is_another(key: &Key, was: Option<&Fact>, is: Option<&Fact>) -> bool {
    let (Some(was), Some(is)) = (was, is) else {
        return true;
    };
    if key.kind() == ObjectKind::Sequence {
        return was.get(Attribute::IdentityOf) != is.get(Attribute::IdentityOf);
    }
    let names = was.iter().chain(is.iter()).map(|(name, _)| name);
    names
        .filter(|name| !matches!(*name, Attribute::Comment | Attribute::Owner))
        .any(|name| was.get(name) != is.get(name))
}

/// Whether adding the column writes all rows anew: its values are computed, or differ from row to row.
pub(super) fn rewrites(object: &Object<'_>) -> bool {
    object.get(Attribute::Generated) == Some("stored")
        || object.is(Attribute::Identity)
        || !object.is(Attribute::Generated) && {
            let steady = steady(object);
            let text = object.get(Attribute::Default);
            text.is_some_and(|it| may_vary(it, &steady))
        }
}

/// The functions of the user that a default needs and that give the same for all rows.
fn steady<'c>(object: &Object<'c>) -> Vec<&'c str> {
    let needs = object.catalog.dependencies.of(object.key);
    let routines = needs.filter(|it| it.referenced.kind() == ObjectKind::Routine);
    let routines: Vec<&Key> = routines.map(|it| &it.referenced).collect();
    let is_steady = |key: &&Key| {
        let fact = object.catalog.get(key);
        fact.is_some_and(|it| it.is(Attribute::Volatility))
    };
    if !routines.iter().all(is_steady) {
        return Vec::new();
    }
    routines.iter().map(|it| it.part(1)).collect()
}

/// Whether a default calls a function that is not known to give the same for all rows.
fn may_vary(text: &str, steady: &[&str]) -> bool {
    let mut name = String::new();
    let mut in_text = false;
    for letter in text.chars() {
        match letter {
            '\'' => in_text = !in_text,
            _ if in_text => {}
            '(' if is_call(&name) && !steady.contains(&name.trim_matches('"')) => return true,
            _ if letter.is_alphanumeric() || matches!(letter, '_' | '"') => {
                name.push(letter);
                continue;
            }
            _ => {}
        }
        name.clear();
    }
    false
}

/// Whether a name before a bracket is a function's; those of types with a modifier, and of the transaction's time, are not.
fn is_call(name: &str) -> bool {
    const STEADY: [&str; 12] = [
        "",
        "now",
        "varying",
        "character",
        "numeric",
        "bit",
        "timestamp",
        "time",
        "interval",
        "VALUES",
        "COALESCE",
        "CURRENT_TIMESTAMP",
    ];
    !STEADY.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_brackets() {
        for text in ["nextval('public.s'::regclass)", "(random() * 2)", "gen_random_uuid()"] {
            assert!(may_vary(text, &[]), "{text}");
        }
        for text in ["now()", "'f(x)'::text", "'a'::character varying(10)", "(1 + 2)", "7"] {
            assert!(!may_vary(text, &[]), "{text}");
        }
    }
}
