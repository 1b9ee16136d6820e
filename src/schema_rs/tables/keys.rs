//! The keys of tables and views.

use std::collections::BTreeSet;

use crate::{
    catalog::{Attribute, Catalog, ObjectKind, Relation},
    schema_rs::{Compat, style::Style},
};

/// The primary keys, as they are or as Diesel finds them.
pub(super) struct PrimaryKeys<'c> {
    /// The names of all primary keys of the database; for Diesel's way only.
    names: Option<BTreeSet<&'c str>>,
}

impl<'c> PrimaryKeys<'c> {
    pub(super) fn of(catalog: &'c Catalog, compat: Compat) -> Self {
        let names = || {
            let all = catalog.of_kind(ObjectKind::Constraint);
            all.filter(|(_, fact)| fact.get(Attribute::Type) == Some("primary key"))
                .map(|(key, _)| key.name())
                .collect()
        };
        Self { names: (compat == Compat::Diesel).then(names) }
    }

    pub(super) fn of_table(&self, relation: &Relation<'_>) -> Vec<String> {
        let Some(names) = &self.names else {
            return relation.primary_key();
        };
        // Diesel asks for the columns of all constraints that are called like some table's primary key
        let mut columns: Vec<(usize, String)> = Vec::new();
        for (name, fact) in relation.constraints() {
            let is_key =
                matches!(fact.get(Attribute::Type), Some("primary key" | "unique" | "foreign key"));
            if is_key && names.contains(name) {
                columns.extend(fact.list(Attribute::Columns).into_iter().enumerate());
            }
        }
        columns.sort_by_key(|(position, _)| *position);
        columns.into_iter().map(|(_, name)| name).collect()
    }
}

/// A view has no key of its own: what the settings name, else a column called `id`, else the first one.
pub(super) fn view_key(relation: &Relation<'_>, style: &Style) -> Vec<String> {
    let full = format!("{}.{}", relation.schema(), relation.name());
    let named = [full.as_str(), relation.name()].iter().find_map(|name| style.view_keys.get(*name));
    if let Some(named) = named {
        return named.clone();
    }
    let columns = relation.columns();
    let id = columns.iter().find(|it| it.name() == "id");
    id.or(columns.first()).map(|it| vec![it.name().to_owned()]).unwrap_or_default()
}
