//! Procedural languages that no extension brought.

use crate::{
    catalog::Attribute,
    ddl::{
        rule::{Alter, Change, Object, Rule, Statement, no_parent, nobody},
        view::timely,
    },
    words::ident::Ident,
};

/// Languages.
pub(super) const RULE: Rule = Rule {
    comment,
    owner: comment,
    born_with: no_parent,
    dies_with: nobody,
    create,
    drop,
    alter,
};

/// Names it in COMMENT ON and ALTER … OWNER TO.
fn comment(object: &Object<'_>) -> Option<String> {
    Some(words(object))
}

/// Makes it.
fn create(object: &Object<'_>) -> Vec<Statement> {
    vec![made("CREATE", object)]
}

/// Takes it away.
fn drop(object: &Object<'_>) -> Vec<Statement> {
    vec![Statement::new(format!("DROP {}", words(object)))]
}

/// Replaces it in place, so that the functions in it stay.
fn alter(change: &Change<'_>) -> Alter {
    Alter::By(timely(change, vec![made("CREATE OR REPLACE", &change.to)]))
}

/// The statement that makes it, behind a verb.
fn made(verb: &str, object: &Object<'_>) -> Statement {
    let trusted = if object.is(Attribute::Untrusted) {
        ""
    } else {
        " TRUSTED"
    };
    let clause = |word: &str, attribute: Attribute| {
        let function = object.get(attribute);
        function
            .map(|it| format!(" {word} {it}"))
            .unwrap_or_default()
    };
    Statement::new(format!(
        "{verb}{trusted} {}{}{}{}",
        words(object),
        clause("HANDLER", Attribute::Handler),
        clause("INLINE", Attribute::Inline),
        clause("VALIDATOR", Attribute::Validator),
    ))
}

/// The words that name it after COMMENT ON, CREATE, ALTER and DROP.
fn words(object: &Object<'_>) -> String {
    format!("LANGUAGE {}", Ident(object.key.name()))
}
