//! Transforms of types for languages.

use crate::{
    catalog::Attribute,
    ddl::{
        rules::{Alter, Change, KindRules, Object, Statement},
        view::timely,
    },
    words::ident::Ident,
};

/// Transforms.
pub(crate) struct Transform;

impl KindRules for Transform {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(words(object))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![made("CREATE", object)]
    }

    // Replaces it in place, so that the functions that use it stay.
    fn alter(&self, change: &Change<'_>) -> Alter {
        Alter::By(timely(change, vec![made("CREATE OR REPLACE", &change.to)]))
    }
}

/// The statement that makes it, behind a verb.
fn made(verb: &str, object: &Object<'_>) -> Statement {
    let clause = |words: &str, attribute: Attribute| {
        let function = object.get(attribute)?;
        Some(format!("{words} WITH FUNCTION {function}"))
    };
    let clauses: Vec<String> =
        [clause("FROM SQL", Attribute::FromSql), clause("TO SQL", Attribute::ToSql)]
            .into_iter()
            .flatten()
            .collect();
    Statement::new(format!("{verb} {} ({})", words(object), clauses.join(", ")))
}

/// The words that name it after COMMENT ON, CREATE and DROP; the type is SQL already.
fn words(object: &Object<'_>) -> String {
    let (of, language) = (object.key.part(0), Ident(object.key.part(1)));
    format!("TRANSFORM FOR {of} LANGUAGE {language}")
}
