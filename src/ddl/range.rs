//! Range types, each with its multirange type.

use crate::{
    catalog::Kind,
    ddl::{
        base_type::drop,
        enumeration::{
            anew::{Anew, Cast},
            designation, qualified,
            survey::stored_in,
        },
        rule::{Alter, Change, Object, Rule, Statement, Steps, no_parent, nobody},
    },
    words::ident::Ident,
};

/// Range types.
pub(super) const RULE: Rule = Rule {
    comment: designation,
    owner: designation,
    born_with: no_parent,
    dies_with: nobody,
    create,
    drop,
    alter,
};

fn create(object: &Object<'_>) -> Vec<Statement> {
    let options = [
        ("SUBTYPE", "subtype"),
        ("SUBTYPE_OPCLASS", "opclass"),
        ("COLLATION", "collation"),
        ("CANONICAL", "canonical"),
        ("SUBTYPE_DIFF", "subtype_diff"),
        ("MULTIRANGE_TYPE_NAME", "multirange"),
    ];
    let options: Vec<String> = options
        .iter()
        .filter_map(|(word, name)| Some(format!("{word} = {}", object.get(name)?)))
        .collect();
    vec![Statement::new(format!(
        "CREATE TYPE {} AS RANGE ({})",
        qualified(object.key),
        options.join(", ")
    ))]
}

fn alter(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    if stored_in(from.catalog, from.key).is_empty() {
        return Alter::Replace;
    }
    if change.differs_only_in(&["multirange"]) {
        return renamed(change);
    }
    if from.is("canonical") || to.is("canonical") {
        return Alter::Impossible(
            "tables hold its values, and its canonical function cannot be there without it"
                .to_owned(),
        );
    }
    let anew = Anew {
        change,
        word: "TYPE",
        create: create(to),
        cast: Cast::Text,
        remark: Some("the values become text and are read again: those that the new range does not take make it fail".to_owned()),
    };
    anew.detour()
}

/// The multirange type under another name, and so the functions that make one.
fn renamed(change: &Change<'_>) -> Alter {
    let [old, new] = [&change.from, &change.to].map(|it| it.get("multirange").unwrap_or_default());
    let ((old_schema, old_name), (schema, name)) = (parts(old), parts(new));
    let range = qualified(change.to.key);
    let arguments = [
        String::new(),
        range.to_string(),
        format!("VARIADIC {range}[]"),
    ];
    let mut late = Vec::new();
    if old_name != name {
        late.push(format!("ALTER TYPE {old} RENAME TO {}", Ident(&name)));
        late.extend(
            arguments
                .iter()
                .map(|it| format!("ALTER FUNCTION {old}({it}) RENAME TO {}", Ident(&name))),
        );
    }
    if old_schema != schema {
        let at = format!("{}.{}", Ident(&old_schema), Ident(&name));
        late.push(format!("ALTER TYPE {at} SET SCHEMA {}", Ident(&schema)));
        late.extend(
            arguments
                .iter()
                .map(|it| format!("ALTER FUNCTION {at}({it}) SET SCHEMA {}", Ident(&schema))),
        );
    }
    // what was printed with the old name is not altered for it
    let clears = change.from.dependents();
    let clears = clears.filter(|it| it.kind() == Kind::Routine).cloned();
    let clears = clears.collect();
    Alter::By(Steps {
        late: late.into_iter().map(Statement::new).collect(),
        clears,
        ..Steps::default()
    })
}

/// Schema and name of what was printed with `%I.%I`.
fn parts(text: &str) -> (String, String) {
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
        assert_eq!(
            parts("\"S.\"\"x\".\"m.1\""),
            ("S.\"x".to_owned(), "m.1".to_owned())
        );
    }
}
