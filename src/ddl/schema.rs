//! Schemas. `public` is one like the others: it can be dropped and made, too.

use crate::{
    ddl::rule::{Alter, Change, Object, Rule, Statement, Steps, no_parent, nobody},
    words::ident::Ident,
};

/// What is known of schemas.
pub(super) const RULE: Rule = Rule {
    comment: designation,
    owner: designation,
    born_with: no_parent,
    dies_with: nobody,
    create,
    drop,
    alter,
};

/// The words for it in any statement.
fn designation(object: &Object<'_>) -> Option<String> {
    Some(words(object))
}

/// The same, where they are not optional.
fn words(object: &Object<'_>) -> String {
    format!("SCHEMA {}", Ident(object.key.name()))
}

/// Makes it empty.
fn create(object: &Object<'_>) -> Vec<Statement> {
    vec![Statement::new(format!("CREATE {}", words(object)))]
}

/// Takes it away: what was in it went before.
fn drop(object: &Object<'_>) -> Vec<Statement> {
    vec![Statement::new(format!("DROP {}", words(object)))]
}

/// It has nothing but an owner and a comment.
fn alter(_: &Change<'_>) -> Alter {
    Alter::By(Steps::default())
}
