//! NOT NULL. From 18 on it is a constraint with a name; before, only a property of the column.

use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Key, ObjectKind, RelationKind},
    ddl::rules::{Action, Change, LockMode, Object, Statement, Work},
    tables::{
        column::{
            all, base::domain_of, column_all, column_only, committed, family, is_in_partition,
            only, relation_kind,
        },
        inheritance, names,
    },
    words::ident::Ident,
};

/// The constraint that says it, from 18 on.
pub(crate) fn constraint<'c>(object: &Object<'c>) -> Option<Object<'c>> {
    let (schema, table) = (object.key.part(0), object.key.part(1));
    let mut below = object.catalog.below(ObjectKind::Constraint, &[schema, table]);
    let (key, fact) = below.find(|(_, fact)| {
        fact.is_constraint(ConstraintKind::NotNull)
            && fact.list(Attribute::Columns) == [object.key.name()]
    })?;
    Some(Object { key, fact, ..*object })
}

/// It as it stands in a column's definition. One that is not valid cannot stand there.
pub(super) fn inline(object: &Object<'_>) -> String {
    if !object.is(Attribute::NotNull) {
        return String::new();
    }
    match constraint(object) {
        None => " NOT NULL".to_owned(),
        Some(it) if it.is(Attribute::NotValid) => String::new(),
        Some(it) => {
            let end = no_inherit(&it);
            if it.key.name() == usual_name(object) {
                format!(" NOT NULL{end}")
            } else {
                format!(" CONSTRAINT {} NOT NULL{end}", Ident(it.key.name()))
            }
        }
    }
}

/// It as a line of its own in the CREATE TABLE of an heir, for a column that is only inherited.
pub(crate) fn own(object: &Object<'_>) -> Option<String> {
    let it = constraint(object)?;
    if it.is(Attribute::Inherited) || it.is(Attribute::NotValid) {
        return None;
    }
    let (name, column) = (Ident(it.key.name()), Ident(object.key.name()));
    let end = no_inherit(&it);
    Some(format!("CONSTRAINT {name} NOT NULL {column}{end}"))
}

/// Whether it must be said after the column was made.
pub(super) fn is_apart(object: &Object<'_>) -> bool {
    constraint(object).is_some_and(|it| it.is(Attribute::NotValid) && !it.is(Attribute::Inherited))
}

/// Whether a new column would be refused by a table with rows in it.
pub(super) fn needs_rows(object: &Object<'_>) -> bool {
    let is_filled =
        object.is(Attribute::Default) || object.is(Attribute::Identity) || fills_by_domain(object);
    object.is(Attribute::NotNull)
        && !is_filled
        && !is_apart(object)
        && relation_kind(object) != RelationKind::ForeignTable
}

/// Whether the domain that is its type has a default.
fn fills_by_domain(object: &Object<'_>) -> bool {
    domain_of(object).is_some_and(|(_, it)| it.is(Attribute::Default))
}

/// Refuses NULL from now on. Where rows are there and readers should not wait, they are looked at without a lock first.
pub(super) fn set(object: &Object<'_>, before: Option<&Catalog>) -> Vec<Statement> {
    let is_foreign = relation_kind(object) == RelationKind::ForeignTable;
    if object.major >= 18 && !(object.portable && is_usual(object)) {
        named(object, object.online && !is_foreign)
    } else if object.online && !is_foreign {
        checked(object, before)
    } else {
        vec![remarked(object, plain(object, spread(object, before)))]
    }
}

/// Whether what older servers write leads to the same on one that has a constraint for it.
fn is_usual(object: &Object<'_>) -> bool {
    let is_plain = constraint(object).is_none_or(|it| {
        let is_valid = !it.is(Attribute::NotValid) && !it.is(Attribute::NoInherit);
        is_valid && it.key.name() == usual_name(object)
    });
    is_plain && !inheritance::has_children(object) && !is_in_partition(object)
}

/// From 18 on: a constraint of the name that it will have.
fn named(object: &Object<'_>, in_steps: bool) -> Vec<Statement> {
    let found = constraint(object);
    let name = found.map_or_else(|| usual_name(object), |it| it.key.name().to_owned());
    let end = found.as_ref().map(no_inherit).unwrap_or_default();
    let is_valid = !found.is_some_and(|it| it.is(Attribute::NotValid));
    let (name, column) = (Ident(&name), Ident(object.key.name()));
    let text = format!("ADD CONSTRAINT {name} NOT NULL {column}{end}");
    match (is_valid, in_steps) {
        (true, false) => {
            let action = Action::new(text).doing(Work::Scan);
            vec![remarked(object, all(object, action))]
        }
        (false, _) => vec![all(object, format!("{text} NOT VALID"))],
        (true, true) => vec![
            all(object, format!("{text} NOT VALID")),
            remarked(object, committed(all(object, validation(name)))),
        ],
    }
}

/// Before 18: PostgreSQL does not look at the rows when a valid check says that there is no NULL.
fn checked(object: &Object<'_>, before: Option<&Catalog>) -> Vec<Statement> {
    let name = helper(object, before);
    let (name, column) = (Ident(&name), Ident(object.key.name()));
    let spread = spread(object, before);
    let (alter, end): (fn(&Object<'_>, Action) -> Statement, _) = match spread {
        Spread::Here => (only, " NO INHERIT"),
        Spread::Below => (all, ""),
    };
    let check = format!("ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL){end} NOT VALID");
    vec![
        alter(object, check.into()),
        remarked(object, committed(alter(object, validation(name)))),
        plain(object, spread),
        alter(object, format!("DROP CONSTRAINT {name}").into()),
    ]
}

/// VALIDATE CONSTRAINT.
fn validation(name: Ident<'_>) -> Action {
    Action::new(format!("VALIDATE CONSTRAINT {name}"))
        .under(LockMode::ShareUpdateExclusive)
        .doing(Work::Scan)
}

/// SET NOT NULL.
fn plain(object: &Object<'_>, spread: Spread) -> Statement {
    match spread {
        Spread::Here => column_only(object, "SET NOT NULL"),
        Spread::Below => column_all(object, "SET NOT NULL"),
    }
}

/// How far a statement reaches.
#[derive(Debug, Clone, Copy)]
enum Spread {
    /// The table alone.
    Here,
    /// The table, and those that get the column from it.
    Below,
}

/// How far it is to reach: a column that is new here is new below, too.
fn spread(object: &Object<'_>, before: Option<&Catalog>) -> Spread {
    if before.is_some() && is_alone(object) { Spread::Here } else { Spread::Below }
}

/// Says what may fail.
fn remarked(object: &Object<'_>, statement: Statement) -> Statement {
    let (column, table) = (Ident(object.key.name()), names::relation(object));
    statement.remarking(format!("no row of {table} may have NULL in {column}"))
}

/// Whether heirs have a say of their own: before 18 they need not follow. Partitions always do.
fn is_alone(object: &Object<'_>) -> bool {
    object.major < 18 && inheritance::has_children(object)
}

/// Takes it away, here and where it came from here.
pub(super) fn unset(change: &Change<'_>) -> Vec<Statement> {
    const DROP: &str = "DROP NOT NULL";
    if is_alone(&change.from) {
        return vec![column_only(&change.from, DROP)];
    }
    let mut statements = vec![column_all(&change.from, DROP)];
    if change.from.major >= 18 {
        let children = family::descendants(change);
        let own = children.iter().filter(|it| {
            let is_own = constraint(&it.from).is_some_and(|it| !it.is(Attribute::Inherited));
            is_own && !it.to.is(Attribute::NotNull)
        });
        statements.extend(own.map(|it| column_all(&it.from, DROP)));
    }
    statements
}

/// Whether the parent's ALTER does it.
pub(super) fn is_parents(change: &Change<'_>, parent: &Change<'_>) -> bool {
    let is_own = constraint(&change.to).is_some_and(|it| !it.is(Attribute::Inherited));
    let follows =
        change.to.major >= 18 || relation_kind(&parent.to) == RelationKind::PartitionedTable;
    follows
        && !is_own
        && parent.differs(Attribute::NotNull)
        && parent.to.is(Attribute::NotNull) == change.to.is(Attribute::NotNull)
}

/// Its end in every statement.
fn no_inherit(constraint: &Object<'_>) -> &'static str {
    if constraint.is(Attribute::NoInherit) { " NO INHERIT" } else { "" }
}

/// The name that PostgreSQL gives it.
fn usual_name(object: &Object<'_>) -> String {
    names::made(object.key.part(1), object.key.name(), "not_null")
}

/// A name for the check that no constraint of the table has or had.
fn helper(object: &Object<'_>, before: Option<&Catalog>) -> String {
    let (schema, table, column) = (object.key.part(0), object.key.part(1), object.key.part(2));
    let taken = |name: &str| {
        let key = Key::new(ObjectKind::Constraint, &[schema, table, name]);
        let was = before.is_some_and(|it| it.get(&key).is_some());
        was || object.catalog.get(&key).is_some()
    };
    let mut label = "not_null_check".to_owned();
    let mut number = 0;
    loop {
        let name = names::made(table, column, &label);
        if !taken(&name) {
            return name;
        }
        number += 1;
        label = format!("not_null_check{number}");
    }
}
