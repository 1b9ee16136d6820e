//! Schemas. `public` is one like the others: it can be dropped and made, too.

use crate::{
    ddl::rules::{Alter, Change, KindRules, Object, Statement, Steps},
    words::ident::Ident,
};

/// What is known of schemas.
pub(crate) struct Schema;

impl KindRules for Schema {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![Statement::new(format!("CREATE {}", words(object)))]
    }

    fn alter(&self, _: &Change<'_>) -> Alter {
        Alter::By(Steps::default())
    }
}

/// The words for it in any statement.
fn designation(object: &Object<'_>) -> Option<String> {
    Some(words(object))
}

/// The same, where they are not optional.
fn words(object: &Object<'_>) -> String {
    format!("SCHEMA {}", Ident(object.key.name()))
}
