//! Procedural languages that no extension brought.

use crate::{
    catalog::Attribute,
    ddl::{
        rules::{Alter, Change, KindRules, Object, Statement},
        view::timely,
    },
    words::ident::Ident,
};

/// Languages.
pub(crate) struct Language;

impl KindRules for Language {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        comment(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![made("CREATE", object)]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        Alter::By(timely(change, vec![made("CREATE OR REPLACE", &change.to)]))
    }
}

/// Names it in COMMENT ON and ALTER … OWNER TO.
fn comment(object: &Object<'_>) -> Option<String> {
    Some(words(object))
}

/// The statement that makes it, behind a verb.
fn made(verb: &str, object: &Object<'_>) -> Statement {
    let trusted = if object.is(Attribute::Untrusted) { "" } else { " TRUSTED" };
    let clause = |word: &str, attribute: Attribute| {
        let function = object.get(attribute);
        function.map(|it| format!(" {word} {it}")).unwrap_or_default()
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
