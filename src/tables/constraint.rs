//! Constraints of tables.
//!
//! Some are a consequence of others: those that a table inherits, those of partitions, the rows of a foreign key for every
//! partition that it points to. They have statements only where the names are not PostgreSQL's choice.

mod alter;
mod create;
mod exchange;
mod key;
mod not_null;
mod states;

use crate::{
    catalog::{Attribute, ConstraintKind, Key, ObjectKind},
    ddl::rules::{
        Action, Alter, Before, Boundary, Change, KindRules, LockMode, Moment, Object, Statement,
        Work,
    },
    tables::{index::ties, inheritance, names},
    words::ident::Ident,
};

pub(crate) use key::is_first;
pub(crate) use not_null::renamed;

/// What is known of constraints.
pub(crate) struct Constraint;

impl KindRules for Constraint {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    fn created_with(&self, object: &Object<'_>) -> Option<Key> {
        created_with(object)
    }

    // It goes with its table, any column of it that it speaks about, and what it comes from.
    fn dropped_with(&self, constraint: &Object<'_>) -> Vec<Key> {
        let table = constraint.key.table();
        let mut all = ties::automatic(constraint);
        ties::add(&mut all, table);
        if let Some(parent) = created_with(constraint) {
            ties::add(&mut all, parent);
        }
        all
    }

    // A partition is dropped when no foreign key points to the whole table any more.
    fn order(&self, constraint: &Object<'_>) -> Vec<Before> {
        let catalog = constraint.catalog;
        let referenced = constraint.fact.referenced_table();
        let Some(referenced) = referenced.filter(|_| constraint.before.is_none()) else {
            return Vec::new();
        };
        let whole = inheritance::top(catalog, referenced);
        let partitions = catalog.of_kind(ObjectKind::Relation).filter(|(key, fact)| {
            fact.is(Attribute::PartitionOf) && inheritance::top(catalog, (*key).clone()) == whole
        });
        let gone = |key: &Key| Moment::Gone(key.clone());
        partitions.map(|(key, _)| (gone(constraint.key), gone(key))).collect()
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        create::create(object)
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        drop(object)
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        alter::alter(change)
    }
}

/// The words for a constraint.
fn designation(constraint: &Object<'_>) -> Option<String> {
    let (name, table) = (Ident(constraint.key.name()), names::relation(constraint));
    Some(format!("CONSTRAINT {name} ON {table}"))
}

/// What a constraint is: `primary key`, `check`.
fn kind(constraint: &Object<'_>) -> ConstraintKind {
    // each has one
    constraint.fact.constraint_kind().unwrap_or(ConstraintKind::Check)
}

/// A constraint trigger makes its own, a column its NOT NULL, and what is inherited comes from where it is inherited from.
fn created_with(constraint: &Object<'_>) -> Option<Key> {
    match kind(constraint) {
        ConstraintKind::Trigger => Some(trigger(constraint)),
        ConstraintKind::NotNull => not_null::column(constraint),
        _ if constraint.is(Attribute::OfPartitioned) => ties::whole(constraint).cloned(),
        ConstraintKind::Check if constraint.is(Attribute::Inherited) => {
            sources(constraint).into_iter().next()
        }
        _ => None,
    }
}

/// The trigger that makes a constraint of the kind `trigger`.
fn trigger(constraint: &Object<'_>) -> Key {
    let parts: Vec<&str> = constraint.key.parts().collect();
    Key::new(ObjectKind::Trigger, &parts)
}

/// The constraints that one of the same name inherits from.
fn sources(constraint: &Object<'_>) -> Vec<Key> {
    let (schema, table) = (constraint.key.part(0), constraint.key.part(1));
    let parents = inheritance::parents(constraint.catalog, schema, table);
    let keys = parents.iter().map(|(schema, table)| {
        let parts = [schema.as_str(), table.as_str(), constraint.key.name()];
        Key::new(ObjectKind::Constraint, &parts)
    });
    keys.filter(|key| constraint.catalog.get(key).is_some_and(|it| !it.is(Attribute::NoInherit)))
        .collect()
}

/// Whether it stands for one partition among those that a foreign key of the same table points to.
fn is_shadow(constraint: &Object<'_>) -> bool {
    let whole = ties::whole(constraint).filter(|_| constraint.is(Attribute::OfPartitioned));
    whole.is_some_and(|it| {
        (it.part(0), it.part(1)) == (constraint.key.part(0), constraint.key.part(1))
    })
}

/// What it says, without when it is checked, and without whether it was checked or is enforced.
fn core<'c>(constraint: &Object<'c>) -> &'c str {
    let mut text = constraint.get(Attribute::Definition).unwrap_or_default();
    for (attribute, ending) in [
        (Attribute::NotEnforced, " NOT ENFORCED"),
        (Attribute::NotValid, " NOT VALID"),
        (Attribute::Deferred, " INITIALLY DEFERRED"),
        (Attribute::Deferrable, " DEFERRABLE"),
    ] {
        if constraint.is(attribute) {
            text = text.strip_suffix(ending).unwrap_or(text);
        }
    }
    text
}

/// `ALTER TABLE "s"."t" …`.
fn on_table(constraint: &Object<'_>, what: impl Into<Action>) -> Statement {
    Statement::alter_table("TABLE", &constraint.relation(), false, vec![what.into()])
}

/// `ALTER TABLE "s"."t" ADD CONSTRAINT "c" …`
fn add(constraint: &Object<'_>, definition: &str) -> Statement {
    added(constraint, definition, !is_unchecked(constraint))
}

/// Whether the rows that are there are not looked at.
fn is_unchecked(constraint: &Object<'_>) -> bool {
    constraint.is(Attribute::NotValid) || constraint.is(Attribute::NotEnforced)
}

/// The same, with whether the rows that are there are looked at.
fn added(constraint: &Object<'_>, definition: &str, is_checked: bool) -> Statement {
    let name = Ident(constraint.key.name());
    let action = Action::new(format!("ADD CONSTRAINT {name} {definition}"));
    match kind(constraint) {
        ConstraintKind::ForeignKey => {
            let work = if is_checked { Work::Scan } else { Work::Catalog };
            let action = action.under(LockMode::ShareRowExclusive).doing(work);
            on_both(constraint, action, LockMode::ShareRowExclusive)
        }
        ConstraintKind::Check | ConstraintKind::NotNull if is_checked => {
            on_table(constraint, action.doing(Work::Scan))
        }
        _ => on_table(constraint, action),
    }
}

/// The same of a foreign key, which locks the table that it refers to, too.
fn on_both(constraint: &Object<'_>, action: Action, lock: LockMode) -> Statement {
    let statement = on_table(constraint, action);
    match constraint.fact.referenced_table() {
        Some(referenced) => statement.touching(&referenced, lock, Work::Catalog),
        None => statement,
    }
}

/// Looks at the rows of one that was added without.
fn validate(constraint: &Object<'_>) -> Statement {
    let name = Ident(constraint.key.name());
    let action = Action::new(format!("VALIDATE CONSTRAINT {name}"))
        .under(LockMode::ShareUpdateExclusive)
        .doing(Work::Scan);
    on_table(constraint, action).at(Boundary::Before)
}

/// What `pg_get_constraintdef` says.
fn definition<'c>(constraint: &Object<'c>) -> &'c str {
    constraint.get(Attribute::Definition).unwrap_or_default()
}

/// Takes it away. What others took away is not asked for.
fn drop(constraint: &Object<'_>) -> Vec<Statement> {
    match kind(constraint) {
        ConstraintKind::Trigger => Vec::new(),
        ConstraintKind::NotNull => not_null::drop(constraint),
        ConstraintKind::ForeignKey if is_shadow(constraint) => Vec::new(),
        _ => {
            let name = Ident(constraint.key.name());
            let action = Action::new(format!("DROP CONSTRAINT {name}"));
            vec![match kind(constraint) {
                ConstraintKind::ForeignKey => {
                    on_both(constraint, action, LockMode::AccessExclusive)
                }
                _ => on_table(constraint, action),
            }]
        }
    }
}
