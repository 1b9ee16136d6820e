//! NOT NULL, which is a constraint with a name from PostgreSQL 18 on.
//!
//! The column has it: whoever makes the column, or gives it NOT NULL, says its name, too. What is left here is what a column
//! that was and stays NOT NULL can change about it.

use super::{add, definition, on_table, validate};
use crate::{
    catalog::{Attribute, Key, ObjectKind},
    ddl::rules::{Alter, Change, Object, Statement, Steps},
    tables::inheritance,
    words::ident::Ident,
};

/// The column that may not be NULL.
pub(super) fn column(constraint: &Object<'_>) -> Option<Key> {
    let columns = constraint.list(Attribute::Columns);
    let name = columns.first()?;
    let parts = [constraint.key.part(0), constraint.key.part(1), name];
    Some(Key::new(ObjectKind::Column, &parts))
}

/// A new name of one that was there: the old one is gone by now. Nothing happens where the column was given just this one.
pub(super) fn create(constraint: &Object<'_>) -> Vec<Statement> {
    if constraint.is(Attribute::Inherited) || constraint.with_parent {
        return Vec::new();
    }
    vec![add(constraint, definition(constraint))]
}

/// An old name. The column may have taken it away already.
pub(super) fn drop(constraint: &Object<'_>) -> Vec<Statement> {
    if constraint.is(Attribute::Inherited) {
        return Vec::new();
    }
    vec![dropped(constraint)]
}

/// The statement for that.
fn dropped(constraint: &Object<'_>) -> Statement {
    let name = Ident(constraint.key.name());
    on_table(constraint, format!("DROP CONSTRAINT IF EXISTS {name}"))
}

/// Takes it away and gives it again.
fn again(constraint: &Object<'_>) -> Vec<Statement> {
    vec![dropped(constraint), add(constraint, definition(constraint))]
}

/// What leads from one to another of the same column, whose name is another. For the planner, which alone sees both: to drop
/// one and add the other is not possible where the column is in a primary key, or an identity.
pub(crate) fn renamed(change: &Change<'_>) -> Vec<Statement> {
    if change.to.is(Attribute::Inherited) {
        return Vec::new();
    }
    let mut all = Vec::new();
    let (from, to) = (Ident(change.from.key.name()), Ident(change.to.key.name()));
    if from != to {
        let what = format!("RENAME CONSTRAINT {from} TO {to}");
        all.push(on_table(&change.to, what));
    }
    all.extend(turned(change));
    all
}

/// Changes it. On another column, it is the business of both.
pub(super) fn alter(change: &Change<'_>) -> Alter {
    if change.differs(Attribute::Columns) || change.to.is(Attribute::Inherited) {
        return Alter::By(Steps::default());
    }
    let mut steps = Steps::late(turned(change));
    if change.from.is(Attribute::Inherited) && is_child(&change.to) {
        // it becomes the table's own, too, before that of the parent may go
        steps.early.push(add(&change.to, definition(&change.from)));
    }
    Alter::By(steps)
}

/// Whether the table inherits from another.
fn is_child(constraint: &Object<'_>) -> bool {
    let (schema, table) = (constraint.key.part(0), constraint.key.part(1));
    !inheritance::parents(constraint.catalog, schema, table).is_empty()
}

/// Whether children inherit it, and whether the rows were looked at.
fn turned(change: &Change<'_>) -> Vec<Statement> {
    let (from, to) = (&change.from, &change.to);
    match (from.is(Attribute::NotValid), to.is(Attribute::NotValid)) {
        (false, true) => return again(to),
        (true, false) => {
            let mut all: Vec<Statement> = inheritability(change).into_iter().collect();
            all.push(validate(to));
            return all;
        }
        _ => {}
    }
    inheritability(change).into_iter().collect()
}

/// Whether children inherit it.
fn inheritability(change: &Change<'_>) -> Option<Statement> {
    if !change.differs(Attribute::NoInherit) {
        return None;
    }
    let name = Ident(change.to.key.name());
    let no = if change.to.is(Attribute::NoInherit) { "NO " } else { "" };
    Some(on_table(&change.to, format!("ALTER CONSTRAINT {name} {no}INHERIT")))
}
