//! What uses a type that is made anew: the columns that hold its values, and what stands in their way.

use std::collections::{BTreeMap, BTreeSet};

use super::qualified;
use crate::{
    catalog::{Attribute, Catalog, Fact, Key, Kind},
    ddl::rule::{Change, Statement},
    words::ident::Ident,
};

/// How the columns move over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the old type, under another name, to the new one.
    Aside,
    /// They are text while the type is made again.
    Detour,
    /// They are text while the type is altered: it stays, and so does what has no rows of it.
    Altered,
}

/// What uses a type, and what must be done about it.
#[derive(Default)]
pub(super) struct Survey<'c> {
    /// The columns whose type is changed, by schema and table.
    pub(super) tables: BTreeMap<(&'c str, &'c str), Vec<&'c Key>>,
    /// Defaults that go.
    pub(super) early: Vec<Statement>,
    /// Defaults that come back.
    pub(super) restore: Vec<Statement>,
    /// What must not be there in between.
    pub(super) clears: BTreeSet<Key>,
}

/// The columns of tables that hold values of a type, be it within values of another type.
pub(in crate::ddl) fn stored_in<'c>(catalog: &'c Catalog, key: &'c Key) -> Vec<&'c Key> {
    let mut seen = BTreeSet::new();
    let mut open = vec![key];
    let mut columns = BTreeSet::new();
    while let Some(next) = open.pop() {
        if !seen.insert(next) {
            continue;
        }
        for dependent in dependents(catalog, next) {
            match dependent.kind() {
                Kind::Column if holds_rows(catalog, dependent) => {
                    columns.insert(dependent);
                }
                Kind::Domain | Kind::Range | Kind::BaseType | Kind::Composite => {
                    open.push(dependent);
                }
                Kind::CompositeAttribute => {
                    let whole = cleared(catalog, dependent);
                    let mut all = catalog.below(Kind::Composite, &[dependent.part(0)]);
                    open.extend(all.find(|(it, _)| **it == whole).map(|(it, _)| it));
                }
                _ => {}
            }
        }
    }
    columns.into_iter().collect()
}

/// What depends on an object directly.
fn dependents<'c>(catalog: &'c Catalog, key: &Key) -> BTreeSet<&'c Key> {
    let all = catalog.dependencies.iter();
    all.filter(|it| it.referenced == *key)
        .map(|it| &it.dependent)
        .collect()
}

/// The relation of a column or an index.
fn relation(key: &Key) -> Key {
    Key::new(Kind::Relation, &[key.part(0), key.part(1)])
}

/// What the relation of a column is.
fn relation_kind<'c>(catalog: &'c Catalog, key: &Key) -> &'c str {
    let fact = catalog.get(&relation(key));
    fact.and_then(|it| it.get(Attribute::Kind))
        .unwrap_or("table")
}

/// Whether a relation, or that of a column, is a table.
fn holds_rows(catalog: &Catalog, column: &Key) -> bool {
    !matches!(relation_kind(catalog, column), "view" | "materialized view")
}

/// What stands for a dependent object when it is cleared away: the constraint of an index, the view of its column.
fn cleared(catalog: &Catalog, key: &Key) -> Key {
    match key.kind() {
        Kind::Column if !holds_rows(catalog, key) => relation(key),
        Kind::CompositeAttribute => Key::new(Kind::Composite, &[key.part(0), key.part(1)]),
        Kind::Index => {
            let fact = catalog.get(key);
            let constraint = fact
                .and_then(|it| Some((it.get(Attribute::Table)?, it.get(Attribute::OfConstraint)?)));
            constraint.map_or_else(
                || key.clone(),
                |(table, name)| Key::new(Kind::Constraint, &[key.part(0), table, name]),
            )
        }
        _ => key.clone(),
    }
}

/// Looks at everything that uses the type.
pub(super) fn survey<'c>(change: &Change<'c>, way: Way) -> Result<Survey<'c>, String> {
    let (from, to) = (change.from, change.to);
    let mut survey = Survey::default();
    let mut holders = Vec::new();
    for dependent in dependents(from.catalog, from.key) {
        match dependent.kind() {
            Kind::Column if holds_rows(from.catalog, dependent) => {
                let Some(fact) = from.catalog.get(dependent) else {
                    continue;
                };
                if fact.is(Attribute::Generated) || to.catalog.get(dependent).is_none() {
                    survey.clears.insert(dependent.clone());
                    continue;
                }
                survey.defaults(change, dependent, fact);
                if is_of(fact, from.key, from.get(Attribute::Multirange)) {
                    holders.push(dependent);
                }
            }
            Kind::Relation if holds_rows(from.catalog, dependent) => {}
            Kind::CompositeAttribute if is_part_of(dependent, from.key) => {}
            Kind::Domain
            | Kind::Composite
            | Kind::CompositeAttribute
            | Kind::Range
            | Kind::BaseType
                if !stored_in(from.catalog, &cleared(from.catalog, dependent)).is_empty() =>
            {
                let whole = cleared(from.catalog, dependent);
                return Err(format!(
                    "the {whole} is made of it, and tables hold values of that: they cannot move over to another {} in one step",
                    from.key.kind().label()
                ));
            }
            kind if way == Way::Altered && kind != Kind::Column => {}
            _ => {
                survey.clears.insert(cleared(from.catalog, dependent));
            }
        }
    }
    for column in holders {
        survey.column(change, column, way)?;
    }
    survey.check_defaults(from.catalog)?;
    Ok(survey)
}

/// Whether an attribute is one of the composite type itself.
fn is_part_of(attribute: &Key, composite: &Key) -> bool {
    (attribute.part(0), attribute.part(1)) == (composite.part(0), composite.part(1))
}

/// Whether a column is of a type, or holds arrays of it.
fn is_of(fact: &Fact, key: &Key, multirange: Option<&str>) -> bool {
    let own = (Some(key.part(0)), Some(key.part(1)));
    (
        fact.get(Attribute::TypeSchema),
        fact.get(Attribute::TypeName),
    ) == own
        || (
            fact.get(Attribute::ElementSchema),
            fact.get(Attribute::ElementName),
        ) == own
        || multirange.is_some_and(|name| {
            let kind = fact.get(Attribute::Type).unwrap_or_default();
            kind.strip_suffix("[]").unwrap_or(kind) == name
        })
}

impl<'c> Survey<'c> {
    /// The default of a column is of the old type as long as it stands.
    fn defaults(&mut self, change: &Change<'c>, column: &'c Key, fact: &'c Fact) {
        if !fact.is(Attribute::Default) {
            return;
        }
        let (catalog, table) = (change.from.catalog, qualified(column));
        // what inherits it has a default of its own
        let table = format!("{} ONLY {table}", table_word(catalog, column));
        let name = Ident(column.part(2));
        self.early.push(Statement::new(format!(
            "ALTER {table} ALTER COLUMN {name} DROP DEFAULT"
        )));
        let Some(next) = change.to.catalog.get(column) else {
            return;
        };
        // a column of another type is given its default together with that
        if let Some(default) = next.get(Attribute::Default)
            && next.get(Attribute::Type) == fact.get(Attribute::Type)
            && !next.is(Attribute::Generated)
        {
            self.restore.push(Statement::new(format!(
                "ALTER {table} ALTER COLUMN {name} SET DEFAULT {default}"
            )));
        }
    }

    /// A column that moves over, and what stands on it.
    fn column(&mut self, change: &Change<'c>, column: &'c Key, way: Way) -> Result<(), String> {
        let catalog = change.from.catalog;
        let table = relation(column);
        let is_key = catalog
            .dependencies
            .iter()
            .any(|it| it.dependent == *column && it.referenced == table && it.bond == 'i');
        if is_key {
            return Err(format!("the {column} is part of a partition key"));
        }
        if let Some(user) = row_type_user(catalog, &table) {
            return Err(format!("the {user} holds rows of the {table}"));
        }
        for dependent in dependents(catalog, column) {
            let fact = catalog.get(dependent);
            let is = |name: Attribute| fact.is_some_and(|it| it.is(name));
            let constraint = fact
                .and_then(|it| it.get(Attribute::Type))
                .unwrap_or_default();
            let is_in_the_way = match dependent.kind() {
                Kind::Column => is(Attribute::Generated) || !holds_rows(catalog, dependent),
                Kind::Relation => !holds_rows(catalog, dependent),
                Kind::Index => way != Way::Aside,
                Kind::Constraint if way != Way::Aside => constraint != "not null",
                Kind::Constraint => constraint == "foreign key",
                Kind::PublicationTable => is(Attribute::Condition),
                Kind::Rule | Kind::Policy | Kind::Trigger | Kind::Statistics | Kind::Routine => {
                    true
                }
                _ => false,
            };
            if is_in_the_way {
                self.clears.insert(cleared(catalog, dependent));
            }
        }
        // the columns of partitions and of inheriting tables follow
        if catalog
            .get(column)
            .is_some_and(|it| !it.is(Attribute::InheritCount))
        {
            let columns = self.tables.entry((column.part(0), column.part(1)));
            columns.or_default().push(column);
        }
        Ok(())
    }

    /// A default that calls a function which is away for that time could not come back in time.
    fn check_defaults(&self, catalog: &Catalog) -> Result<(), String> {
        let needs = catalog.dependencies.iter().find(|it| {
            it.dependent.kind() == Kind::Column
                && it.referenced.kind() == Kind::Routine
                && self.clears.contains(&it.referenced)
                && !self.clears.contains(&it.dependent)
                && holds_rows(catalog, &it.dependent)
        });
        match needs {
            Some(it) => Err(format!(
                "the default of the {} calls the {}, which is of the type itself",
                it.dependent, it.referenced
            )),
            None => Ok(()),
        }
    }
}

/// A column that holds rows of a table: PostgreSQL would have to change those, too.
fn row_type_user<'c>(catalog: &'c Catalog, table: &Key) -> Option<&'c Key> {
    dependents(catalog, table).into_iter().find(|it| {
        let fact = catalog.get(it);
        it.kind() == Kind::Column
            && holds_rows(catalog, it)
            && fact.is_some_and(|fact| is_of(fact, table, None))
    })
}

/// What a table is called in ALTER.
pub(super) fn table_word(catalog: &Catalog, column: &Key) -> &'static str {
    match relation_kind(catalog, column) {
        "foreign table" => "FOREIGN TABLE",
        _ => "TABLE",
    }
}
