//! What uses a type that is made anew: the types and columns that move over with it, and what stands in their way.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    ddl::{
        rules::{Change, Statement},
        stored::{
            dependents, holders, holds_rows, is_of, relation, relation_kind, stored_in, whole,
        },
    },
    words::ident::Ident,
};

/// What uses a type, and what must be done about it.
#[derive(Default)]
pub(super) struct Survey<'c> {
    /// The type and those that are made of it, each after what it is made of.
    pub(super) types: Vec<&'c Key>,
    /// The columns whose type is changed, by schema and table.
    pub(super) tables: BTreeMap<(&'c str, &'c str), Vec<&'c Key>>,
    /// Defaults that go.
    pub(super) early: Vec<Statement>,
    /// Defaults that come back.
    pub(super) restore: Vec<Statement>,
    /// What must not be there in between.
    pub(super) clears: BTreeSet<Key>,
    /// The other types, and the parts of all of them: they come with the first.
    pub(super) absorbs: BTreeSet<Key>,
}

/// Looks at everything that uses the type.
pub(super) fn survey<'c>(change: &Change<'c>) -> Result<Survey<'c>, String> {
    let (from, to) = (change.from.catalog, change.to.catalog);
    let mut survey = Survey { types: holders(from, change.from.key).types, ..Survey::default() };
    // one that goes has gone by then, with its columns
    survey.types.retain(|it| to.get(it).is_some());
    let mut columns = BTreeSet::new();
    for key in survey.types.clone() {
        for dependent in dependents(from, key) {
            if dependent.kind() == ObjectKind::Column && holds_rows(from, dependent) {
                columns.insert(dependent);
            } else {
                survey.user(from, key, dependent)?;
            }
        }
    }
    let mut with_default = Vec::new();
    for column in columns {
        let Some(fact) = from.get(column) else {
            continue;
        };
        if fact.is(Attribute::Generated) || to.get(column).is_none() {
            survey.clears.insert(column.clone());
            continue;
        }
        if fact.is(Attribute::Default) {
            with_default.push((column, fact));
        }
        let is_held = |key: &&Key| {
            let multirange = from.get(key).and_then(|it| it.get(Attribute::Multirange));
            is_of(fact, key, multirange)
        };
        if survey.types.iter().any(is_held) {
            survey.column(from, column)?;
        }
    }
    survey.parts(from, to)?;
    for (column, fact) in with_default {
        survey.defaults(change, column, fact);
    }
    Ok(survey)
}

/// What stands for a dependent object when it is cleared away: the constraint of an index, the view of its column.
fn cleared(catalog: &Catalog, key: &Key) -> Key {
    match key.kind() {
        ObjectKind::Column if !holds_rows(catalog, key) => relation(key),
        ObjectKind::CompositeAttribute => whole(key),
        ObjectKind::Index => {
            let fact = catalog.get(key);
            let constraint = fact
                .and_then(|it| Some((it.get(Attribute::Table)?, it.get(Attribute::OfConstraint)?)));
            constraint.map_or_else(
                || key.clone(),
                |(table, name)| Key::new(ObjectKind::Constraint, &[key.part(0), table, name]),
            )
        }
        _ => key.clone(),
    }
}

impl<'c> Survey<'c> {
    /// What uses one of the types, and is no column of a table.
    fn user(&mut self, catalog: &'c Catalog, key: &Key, user: &'c Key) -> Result<(), String> {
        let fact = catalog.get(user);
        let of = whole(user);
        match user.kind() {
            _ if self.types.iter().any(|it| **it == of) => {}
            ObjectKind::Relation if holds_rows(catalog, user) => {
                if fact.is_some_and(|it| it.is(Attribute::OfType)) {
                    return Err(format!(
                        "PostgreSQL cannot alter the columns of the {user}, which is a table of the {key}"
                    ));
                }
            }
            ObjectKind::BaseType if !stored_in(catalog, user).is_empty() => {
                return Err(format!(
                    "the {user} is built on it, and PostgreSQL cannot alter that while tables contain its values"
                ));
            }
            _ => {
                self.clears.insert(cleared(catalog, user));
            }
        }
        Ok(())
    }

    /// A column that moves over, and what stands on it.
    fn column(&mut self, catalog: &'c Catalog, column: &'c Key) -> Result<(), String> {
        let table = relation(column);
        let is_key =
            catalog.dependencies.of(column).any(|it| it.referenced == table && it.bond == 'i');
        if is_key {
            return Err(format!(
                "PostgreSQL cannot alter the type of the {column}, which is part of the partition key of its table"
            ));
        }
        if let Some(user) = row_type_user(catalog, &table) {
            return Err(format!(
                "PostgreSQL cannot alter the type of the {column}: the {user} holds rows of its table"
            ));
        }
        for dependent in dependents(catalog, column) {
            let fact = catalog.get(dependent);
            let is = |name: Attribute| fact.is_some_and(|it| it.is(name));
            let is_in_the_way = match dependent.kind() {
                ObjectKind::Column => is(Attribute::Generated) || !holds_rows(catalog, dependent),
                ObjectKind::Relation => !holds_rows(catalog, dependent),
                ObjectKind::Constraint => {
                    fact.and_then(|it| it.get(Attribute::Type)) == Some("foreign key")
                }
                ObjectKind::PublicationTable => is(Attribute::Condition),
                ObjectKind::Rule
                | ObjectKind::Policy
                | ObjectKind::Trigger
                | ObjectKind::Statistics
                | ObjectKind::Routine => true,
                _ => false,
            };
            if is_in_the_way {
                self.clears.insert(cleared(catalog, dependent));
            }
        }
        // the columns of partitions and of inheriting tables follow
        if catalog.get(column).is_some_and(|it| !it.is(Attribute::InheritCount)) {
            let columns = self.tables.entry((column.part(0), column.part(1)));
            columns.or_default().push(column);
        }
        Ok(())
    }

    /// What comes with the first type. A constraint that calls a function which takes one of the types comes after that.
    fn parts(&mut self, from: &'c Catalog, to: &'c Catalog) -> Result<(), String> {
        let types: BTreeSet<&Key> = self.types.iter().copied().collect();
        for catalog in [from, to] {
            let routines = types.iter().flat_map(|it| dependents(catalog, it));
            let routines: BTreeSet<&Key> =
                routines.filter(|it| it.kind() == ObjectKind::Routine).collect();
            let calls = |key: &Key| {
                let mut all = catalog.dependencies.of(key);
                all.find(|it| routines.contains(&it.referenced))
            };
            for key in &types {
                if let Some(call) = calls(key).filter(|_| key.kind() == ObjectKind::Domain) {
                    return Err(format!(
                        "the default of the {key} calls the {}, which uses a type that has to be recreated",
                        call.referenced
                    ));
                }
                for part in super::parts(catalog, key) {
                    if calls(part).is_some() {
                        self.clears.insert(part.clone());
                    } else {
                        self.absorbs.insert(part.clone());
                    }
                }
            }
        }
        let clears = std::mem::take(&mut self.clears);
        self.absorbs.retain(|it| !clears.contains(it));
        self.clears = clears;
        self.absorbs.extend(self.types.iter().skip(1).map(|it| (*it).clone()));
        Ok(())
    }

    /// The default of a column is of the old type as long as it stands. One that calls a function which is away for that time is
    /// seen to by the planner.
    fn defaults(&mut self, change: &Change<'c>, column: &'c Key, fact: &'c Fact) {
        let catalog = change.from.catalog;
        let is_cleared = |it: &Key| it.kind() == ObjectKind::Routine && self.clears.contains(it);
        let mut needs = catalog.dependencies.of(column);
        if needs.any(|it| is_cleared(&it.referenced)) {
            return;
        }
        // what inherits it has a default of its own
        let word = relation_kind(catalog, column).keyword();
        let alter = |what: &str| {
            let action = format!("ALTER COLUMN {} {what}", Ident(column.part(2)));
            Statement::alter_table(word, &relation(column), true, vec![action.into()])
        };
        self.early.push(alter("DROP DEFAULT"));
        let Some(next) = change.to.catalog.get(column) else {
            return;
        };
        // a column of another type is given its default together with that
        if let Some(default) = next.get(Attribute::Default)
            && next.get(Attribute::Type) == fact.get(Attribute::Type)
            && !next.is(Attribute::Generated)
        {
            self.restore.push(alter(&format!("SET DEFAULT {default}")));
        }
    }
}

/// A column that holds rows of a table: PostgreSQL would have to change those, too.
fn row_type_user<'c>(catalog: &'c Catalog, table: &Key) -> Option<&'c Key> {
    dependents(catalog, table).into_iter().find(|it| {
        let fact = catalog.get(it);
        it.kind() == ObjectKind::Column
            && holds_rows(catalog, it)
            && fact.is_some_and(|fact| is_of(fact, table, None))
    })
}
