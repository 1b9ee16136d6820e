//! Conversions between encodings.

use crate::{
    catalog::Attribute,
    ddl::{
        enumeration::qualified,
        rules::{KindRules, Object, Statement},
    },
    words::ident::Literal,
};

/// Conversions.
pub(crate) struct Conversion;

impl KindRules for Conversion {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let default = if object.is(Attribute::Default) { "DEFAULT " } else { "" };
        let [from, to, function] = [Attribute::From, Attribute::To, Attribute::Function]
            .map(|it| object.get(it).unwrap_or_default());
        vec![Statement::new(format!(
            "CREATE {default}CONVERSION {} FOR {} TO {} FROM {function}",
            qualified(object.key),
            Literal(from),
            Literal(to)
        ))]
    }
}

fn designation(object: &Object<'_>) -> Option<String> {
    Some(format!("CONVERSION {}", qualified(object.key)))
}
