//! Conversions between encodings.

use crate::{
    catalog::Attribute,
    ddl::{
        enumeration::qualified,
        rule::{Object, Rule, Statement, no_parent, nobody, replace},
    },
    words::ident::Literal,
};

/// Conversions.
pub(super) const RULE: Rule = Rule {
    comment: designation,
    owner: designation,
    born_with: no_parent,
    dies_with: nobody,
    create,
    drop,
    alter: replace,
};

fn designation(object: &Object<'_>) -> Option<String> {
    Some(format!("CONVERSION {}", qualified(object.key)))
}

fn create(object: &Object<'_>) -> Vec<Statement> {
    let default = if object.is(Attribute::Default) {
        "DEFAULT "
    } else {
        ""
    };
    let [from, to, function] = [Attribute::From, Attribute::To, Attribute::Function]
        .map(|it| object.get(it).unwrap_or_default());
    vec![Statement::new(format!(
        "CREATE {default}CONVERSION {} FOR {} TO {} FROM {function}",
        qualified(object.key),
        Literal(from),
        Literal(to)
    ))]
}

fn drop(object: &Object<'_>) -> Vec<Statement> {
    vec![Statement::new(format!(
        "DROP CONVERSION {}",
        qualified(object.key)
    ))]
}
