//! Names of relations as PostgreSQL prints them, and names as it makes them up.

use crate::{
    catalog::{Attribute, ObjectKind},
    ddl::rules::Object,
    words::ident::{Ident, Qualified},
};

pub(crate) use crate::words::ident::split;

/// The longest name that PostgreSQL takes, in bytes.
const LONGEST: usize = 63;

/// The name that PostgreSQL makes of two and a label, cut where it cuts them.
/// Source: `makeObjectName` in `src/backend/commands/indexcmds.c`.
pub(crate) fn made(first: &str, second: &str, label: &str) -> String {
    let room = LONGEST.saturating_sub(label.len() + 2);
    let (mut one, mut two) = (first.len(), second.len());
    while one + two > room {
        if one > two {
            one -= 1;
        } else {
            two -= 1;
        }
    }
    format!("{}_{}_{label}", clip(first, one), clip(second, two))
}

/// The beginning of a text: at most so many bytes, and no half letters.
fn clip(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The relation of an object whose key begins with one: `"public"."t"`.
pub(crate) fn relation<'c>(object: &Object<'c>) -> Qualified<'c> {
    Qualified { schema: object.key.part(0), name: object.key.part(1) }
}

/// A column with its relation, for people: `"public"."t"."a"`.
pub(crate) fn column(object: &Object<'_>) -> String {
    format!("{}.{}", relation(object), Ident(object.key.name()))
}

/// The columns of a relation in their order.
pub(crate) fn columns_of<'c>(object: &Object<'c>, schema: &str, table: &str) -> Vec<Object<'c>> {
    let below = object.catalog.below(ObjectKind::Column, &[schema, table]);
    let mut columns: Vec<Object<'c>> =
        below.map(|(key, fact)| Object { key, fact, ..*object }).collect();
    columns.sort_by_key(|it| {
        let position = it.get(Attribute::Position).and_then(|it| it.parse().ok());
        position.unwrap_or(usize::MAX)
    });
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, schema: &str, name: &str) {
        assert_eq!(split(text), Some((schema.to_owned(), name.to_owned())));
    }

    #[test]
    fn a_printed_name_is_taken_apart() {
        check("public.p", "public", "p");
        check("\"S x\".\"T \"\"q.r\"", "S x", "T \"q.r");
        assert_eq!(split("p"), None);
    }

    #[test]
    fn a_made_name_is_cut_in_both_parts() {
        assert_eq!(made("t", "a", "seq"), "t_a_seq");
        let long = made(&"x".repeat(60), &"y".repeat(40), "seq");
        assert_eq!(long, format!("{}_{}_seq", "x".repeat(29), "y".repeat(29)));
    }
}
