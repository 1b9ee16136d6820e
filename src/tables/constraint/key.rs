//! How a primary key, a UNIQUE or an exclusion constraint comes into being, with its index.

use super::{add, core, definition, kind, on_table};
use crate::{
    catalog::{Attribute, ConstraintKind, Key, ObjectKind},
    ddl::rules::{Action, Object, Statement, Work},
    tables::{
        index::{
            attach, concurrently,
            partition::{self, Birth},
            text,
        },
        options,
    },
    words::ident::Ident,
};

/// Makes one, and its index the way that is best for that.
pub(super) fn create(constraint: &Object<'_>) -> Vec<Statement> {
    let Some(index) = index_of(constraint) else {
        return vec![add(constraint, definition(constraint))];
    };
    match partition::birth(&index) {
        Birth::Given => Vec::new(),
        Birth::Called(name) => {
            let (from, to) = (Ident(&name), Ident(constraint.key.name()));
            let what = format!("RENAME CONSTRAINT {from} TO {to}");
            vec![on_table(constraint, what)]
        }
        Birth::Own { only, whole } => {
            let mut all = if is_built_before(constraint, &index) {
                around(constraint, &index)
            } else {
                at_once(constraint, &index, only)
            };
            all.extend(whole.map(|it| attach(it, index.key)));
            all
        }
    }
}

/// The index of a key, made as the key is.
fn index_of<'c>(constraint: &Object<'c>) -> Option<Object<'c>> {
    let name = constraint.get(Attribute::Index).unwrap_or(constraint.key.name());
    let key = Key::new(ObjectKind::Index, &[constraint.key.part(0), name]);
    let (key, fact) = constraint.catalog.entry(&key)?;
    Some(Object { key, fact, ..*constraint })
}

/// Whether it is made before that of the whole table, which takes it over.
pub(crate) fn is_first(constraint: &Object<'_>) -> bool {
    index_of(constraint).is_some_and(|it| partition::is_first(&it))
}

/// Whether the index can be built before, without a lock, for the constraint to take it over.
fn is_built_before(constraint: &Object<'_>, index: &Object<'_>) -> bool {
    constraint.online
        && kind(constraint) != ConstraintKind::Exclusion
        && !constraint.is(Attribute::Period)
        && !partition::is_partitioned(index)
        && !owns_not_null(constraint)
}

/// Whether a primary key that takes an index over would make a NOT NULL the table's own that it only has from a parent: from 18 on.
fn owns_not_null(constraint: &Object<'_>) -> bool {
    let columns = constraint.list(Attribute::Columns);
    let table = [constraint.key.part(0), constraint.key.part(1)];
    let mut others = constraint.catalog.below(ObjectKind::Constraint, &table);
    kind(constraint) == ConstraintKind::PrimaryKey
        && others.any(|(_, fact)| {
            fact.is_constraint(ConstraintKind::NotNull)
                && fact.is(Attribute::Inherited)
                && fact.list(Attribute::Columns).iter().any(|it| columns.contains(it))
        })
}

/// Builds the index, and the constraint around it.
fn around(constraint: &Object<'_>, index: &Object<'_>) -> Vec<Statement> {
    let built = concurrently(index);
    let what = match kind(constraint) {
        ConstraintKind::PrimaryKey => "PRIMARY KEY",
        _ => "UNIQUE",
    };
    let (name, when) = (Ident(index.key.name()), timing(constraint));
    vec![built, add(constraint, &format!("{what} USING INDEX {name}{when}"))]
}

/// Lets the constraint build its index. `pg_get_constraintdef` is silent about the options and the tablespace of that.
fn at_once(constraint: &Object<'_>, index: &Object<'_>, only: bool) -> Vec<Statement> {
    let (with, space) = storage(index);
    if kind(constraint) == ConstraintKind::Exclusion {
        return excluding(constraint, index, only);
    }
    let (core, when) = (core(constraint), timing(constraint));
    let definition = format!("{core}{with}{space}{when}");
    vec![on(constraint, only, &definition)]
}

/// The same for an exclusion constraint, whose condition stands behind these words: they are said afterwards.
fn excluding(constraint: &Object<'_>, index: &Object<'_>, only: bool) -> Vec<Statement> {
    let mut all = vec![on(constraint, only, definition(constraint))];
    let name = text::Designation(index.key);
    let list = options::assignments(&index.list(Attribute::Options), "");
    if !list.is_empty() {
        let list = list.join(", ");
        all.push(Statement::new(format!("ALTER {name} SET ({list})")));
    }
    if let Some(space) = index.get(Attribute::Tablespace) {
        let space = Ident(space);
        all.push(Statement::new(format!("ALTER {name} SET TABLESPACE {space}")));
    }
    all
}

/// Adds the constraint: to the table alone, or to its partitions, too.
fn on(constraint: &Object<'_>, only: bool, definition: &str) -> Statement {
    let name = Ident(constraint.key.name());
    let action = Action::new(format!("ADD CONSTRAINT {name} {definition}")).doing(Work::Build);
    Statement::alter_table("TABLE", &constraint.relation(), only, vec![action])
}

/// ` WITH (…)` and ` USING INDEX TABLESPACE …`, where there is something to say.
fn storage(index: &Object<'_>) -> (String, String) {
    let with = match options::assignments(&index.list(Attribute::Options), "").as_slice() {
        [] => String::new(),
        list => format!(" WITH ({})", list.join(", ")),
    };
    let space = index.get(Attribute::Tablespace);
    let space = space.map(|it| format!(" USING INDEX TABLESPACE {}", Ident(it)));
    (with, space.unwrap_or_default())
}

/// When it is checked, if that is not at once.
pub(super) fn timing(constraint: &Object<'_>) -> &'static str {
    match (constraint.is(Attribute::Deferrable), constraint.is(Attribute::Deferred)) {
        (_, true) => " DEFERRABLE INITIALLY DEFERRED",
        (true, false) => " DEFERRABLE",
        (false, false) => "",
    }
}
