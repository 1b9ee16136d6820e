//! Access methods of tables and indexes.

use crate::{
    catalog::{Attribute, Key, ObjectKind, RelationKind},
    ddl::rules::{Alter, Change, KindRules, Object, Statement},
    words::ident::Ident,
};

/// Access methods.
pub(crate) struct AccessMethod;

impl KindRules for AccessMethod {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(words(object))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let words = words(object);
        let kind = object.get(Attribute::Type).unwrap_or("index").to_ascii_uppercase();
        let handler = object.get(Attribute::Handler).unwrap_or_default();
        vec![Statement::new(format!("CREATE {words} TYPE {kind} HANDLER {handler}"))]
    }

    // Nothing of it can be altered, and tables must not go with it.
    fn alter(&self, change: &Change<'_>) -> Alter {
        let table = change
            .from
            .dependents()
            .filter(|key| key.kind() == ObjectKind::Relation && holds_rows(&change.from, key))
            .find(|key| change.to.dependents().any(|it| it == *key));
        match table {
            Some(table) => Alter::Impossible(format!(
                "{table} uses it: change the table to another access method first"
            )),
            None => Alter::Replace,
        }
    }
}

/// Whether a relation is a table, whose rows nothing brings back.
fn holds_rows(object: &Object<'_>, key: &Key) -> bool {
    let kind = object.catalog.relation_kind(key);
    kind.is_some_and(RelationKind::is_table)
}

/// The words that name it after COMMENT ON, CREATE and DROP.
fn words(object: &Object<'_>) -> String {
    format!("ACCESS METHOD {}", Ident(object.key.name()))
}
