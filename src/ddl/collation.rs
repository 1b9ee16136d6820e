//! Collations. PostgreSQL can alter nothing that makes one what it is.

use crate::{
    catalog::Attribute,
    ddl::{
        enumeration::qualified,
        rules::{Alter, Change, KindRules, Object, Statement, Steps},
        stored::stored_in,
    },
    words::ident::Literal,
};

/// Collations.
pub(crate) struct Collation;

impl KindRules for Collation {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let (collate, ctype) = (object.get(Attribute::Collate), object.get(Attribute::Ctype));
        let mut options = Vec::new();
        if let Some(provider) = object.get(Attribute::Provider) {
            options.push(format!("PROVIDER = {provider}"));
        }
        match (object.get(Attribute::Locale), collate, ctype) {
            (Some(locale), ..) => options.push(format!("LOCALE = {}", Literal(locale))),
            (None, Some(collate), Some(ctype)) if collate == ctype => {
                options.push(format!("LOCALE = {}", Literal(collate)));
            }
            _ => {
                let both = [("LC_COLLATE", collate), ("LC_CTYPE", ctype)];
                options
                    .extend(both.iter().filter_map(|(word, text)| {
                        Some(format!("{word} = {}", Literal((*text)?)))
                    }));
            }
        }
        if object.is(Attribute::Nondeterministic) {
            options.push("DETERMINISTIC = false".to_owned());
        }
        if let Some(rules) = object.get(Attribute::Rules) {
            options.push(format!("RULES = {}", Literal(rules)));
        }
        vec![Statement::new(format!(
            "CREATE COLLATION {} ({})",
            qualified(object.key),
            options.join(", ")
        ))]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        // nobody chooses it: it follows from the provider and the database
        if change.differs_only_in(&[Attribute::Encoding]) {
            return Alter::By(Steps::default());
        }
        match stored_in(change.from.catalog, change.from.key).first() {
            Some(column) => Alter::Impossible(format!(
                "PostgreSQL cannot alter it, and the {column} uses it: create another collation and change the columns to it"
            )),
            None => Alter::Replace,
        }
    }
}

fn designation(object: &Object<'_>) -> Option<String> {
    Some(format!("COLLATION {}", qualified(object.key)))
}
