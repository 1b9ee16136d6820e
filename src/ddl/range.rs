//! Range types, each with its multirange type.

use crate::{
    catalog::{Attribute, ObjectKind},
    ddl::{
        base_type::drop,
        enumeration::{designation, qualified},
        rules::{Alter, Change, KindRules, Object, Statement, Steps, Swap},
        stored::stored_in,
    },
    words::ident::{Ident, Qualified},
};

/// Range types.
pub(crate) struct Range;

impl KindRules for Range {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let options = [
            ("SUBTYPE", Attribute::Subtype),
            ("SUBTYPE_OPCLASS", Attribute::Opclass),
            ("COLLATION", Attribute::Collation),
            ("CANONICAL", Attribute::Canonical),
            ("SUBTYPE_DIFF", Attribute::SubtypeDiff),
            ("MULTIRANGE_TYPE_NAME", Attribute::Multirange),
        ];
        let options: Vec<String> = options
            .iter()
            .filter_map(|(word, name)| Some(format!("{word} = {}", object.get(*name)?)))
            .collect();
        let name = qualified(object.key).to_string();
        let mut all =
            vec![Statement::new(format!("CREATE TYPE {name} AS RANGE ({})", options.join(", ")))];
        let makers = moved(&name, &constructor(object), &makers(object));
        all.extend(makers.into_iter().map(Statement::new));
        all
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        drop(object)
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let (from, to) = (&change.from, &change.to);
        if stored_in(from.catalog, from.key).is_empty() {
            return Alter::Replace;
        }
        if change.differs_only_in(&[Attribute::Multirange, Attribute::Constructor]) {
            return renamed(change);
        }
        if from.is(Attribute::Canonical) || to.is(Attribute::Canonical) {
            return Alter::Impossible(
                "tables contain its values, and its canonical function cannot exist without it"
                    .to_owned(),
            );
        }
        Alter::Swap(Swap {
            remark: Some("the values are converted through text: those that the new range rejects cause an error".to_owned()),
            ..Swap::default()
        })
    }
}

/// What the functions are called that make a range.
fn constructor(object: &Object<'_>) -> String {
    match object.get(Attribute::Constructor) {
        Some(name) => name.to_owned(),
        None => qualified(object.key).to_string(),
    }
}

/// These functions, as ALTER names them.
fn makers(object: &Object<'_>) -> Vec<(&'static str, String)> {
    let bound = object.get(Attribute::Subtype).unwrap_or_default();
    vec![
        ("FUNCTION", format!("({bound}, {bound})")),
        ("FUNCTION", format!("({bound}, {bound}, text)")),
    ]
}

/// Gives other names to what has come into being with a range type, so that another one can have its own.
pub(crate) fn set_aside(
    object: &Object<'_>,
    old: &Qualified<'_>,
    multirange: &Qualified<'_>,
) -> Vec<Statement> {
    let (name, new) =
        (object.get(Attribute::Multirange).unwrap_or_default(), multirange.to_string());
    let mut all = moved(name, &new, &with_multirange(&qualified(object.key)));
    all.extend(moved(&constructor(object), &old.to_string(), &makers(object)));
    all.into_iter().map(Statement::new).collect()
}

/// The multirange type of a range type, and the functions that make one, as ALTER names them.
fn with_multirange(range: &Qualified<'_>) -> [(&'static str, String); 4] {
    [
        ("TYPE", String::new()),
        ("FUNCTION", "()".to_owned()),
        ("FUNCTION", format!("({range})")),
        ("FUNCTION", format!("(VARIADIC {range}[])")),
    ]
}

/// The multirange type under another name, and the functions that make one, or a range.
fn renamed(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    let [old, new] = [from, to].map(|it| it.get(Attribute::Multirange).unwrap_or_default());
    let mut late = moved(old, new, &with_multirange(&qualified(to.key)));
    late.extend(moved(&constructor(from), &constructor(to), &makers(to)));
    // what was printed with the old name is not altered for it
    let clears = change.from.dependents();
    let clears = clears.filter(|it| it.kind() == ObjectKind::Routine).cloned();
    let clears = clears.collect();
    Alter::By(Steps {
        late: late.into_iter().map(Statement::new).collect(),
        clears,
        ..Steps::default()
    })
}

/// The statements that give all of these another name, and put them into another schema.
fn moved(old: &str, new: &str, all: &[(&str, String)]) -> Vec<String> {
    let ((old_schema, old_name), (schema, name)) = (parts(old), parts(new));
    let mut statements = Vec::new();
    if old_name != name {
        let rename = |(word, arguments): &(&str, String)| {
            format!("ALTER {word} {old}{arguments} RENAME TO {}", Ident(&name))
        };
        statements.extend(all.iter().map(rename));
    }
    if old_schema != schema {
        let at = format!("{}.{}", Ident(&old_schema), Ident(&name));
        let put = |(word, arguments): &(&str, String)| {
            format!("ALTER {word} {at}{arguments} SET SCHEMA {}", Ident(&schema))
        };
        statements.extend(all.iter().map(put));
    }
    statements
}

/// Schema and name of what was printed with `%I.%I`.
pub(crate) fn parts(text: &str) -> (String, String) {
    let mut is_quoted = false;
    let dot = text.char_indices().find(|(_, it)| {
        is_quoted ^= *it == '"';
        *it == '.' && !is_quoted
    });
    let (schema, name) = dot.map_or(("", text), |(at, _)| (&text[..at], &text[at + 1..]));
    (plain(schema), plain(name))
}

/// A name without its quotes.
fn plain(name: &str) -> String {
    let quoted = name.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    quoted.map_or_else(|| name.to_owned(), |it| it.replace("\"\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_within_quotes() {
        assert_eq!(parts("s.m"), ("s".to_owned(), "m".to_owned()));
        assert_eq!(parts("\"S.\"\"x\".\"m.1\""), ("S.\"x".to_owned(), "m.1".to_owned()));
    }
}
