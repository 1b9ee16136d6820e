//! How a column becomes what it should be, with its values in it.

use crate::{
    catalog::{Attribute, ConstraintKind, Key, ObjectKind, RelationKind},
    ddl::rules::{Action, Alter, Change, Loss, Object, Statement, Steps, Work},
    tables::{
        column::{
            all, altered, column_all, column_only, default, family, identity, is_in_partition,
            null, relation_kind, retype, settings,
        },
        inheritance,
        names::{self, columns_of},
    },
    words::ident::{Ident, Qualified},
};

/// What follows from the type, or from a domain, and is not changed by itself; and what nothing changes.
const DERIVED: [Attribute; 11] = [
    Attribute::TypeSchema,
    Attribute::TypeName,
    Attribute::ElementSchema,
    Attribute::ElementName,
    Attribute::BaseSchema,
    Attribute::BaseName,
    Attribute::BaseElementSchema,
    Attribute::BaseElementName,
    Attribute::DomainNotNull,
    Attribute::MaxLength,
    Attribute::InheritCount,
];

/// What becomes of the expression of a computed column.
enum Computed {
    /// It is and was none, or is the same.
    Same,
    /// It becomes another one in place.
    Other,
    /// It stops being computed, and keeps its values.
    Kept,
    /// It is dropped and made again.
    Replaced,
}

/// The way from one to the other.
pub(super) fn alter(change: &Change<'_>) -> Alter {
    let kind = relation_kind(&change.to);
    if relation_kind(&change.from) != kind {
        return Alter::ReplaceParent;
    }
    match kind {
        RelationKind::View => of_view(change, &[Attribute::Default]),
        RelationKind::MaterializedView => {
            let own = [
                Attribute::Storage,
                Attribute::Compression,
                Attribute::StatisticsTarget,
                Attribute::Options,
            ];
            of_view(change, &own)
        }
        _ => of_table(change),
    }
}

/// A view's column is what its definition says; little is its own.
fn of_view(change: &Change<'_>, own: &[Attribute]) -> Alter {
    let names: Vec<Attribute> = own.iter().chain(&DERIVED).copied().collect();
    if !change.differs_only_in(&names) {
        return Alter::ReplaceParent;
    }
    let mut steps = Steps::default();
    free(change, &mut steps);
    set_default(change, &mut steps);
    steps.late.extend(settings::changed(change, false));
    Alter::By(steps)
}

/// A table's column.
fn of_table(change: &Change<'_>) -> Alter {
    let parent = family::parent(change);
    let computed = computed(change);
    if matches!(computed, Computed::Replaced) {
        return Alter::Replace;
    }
    let mut steps = Steps::default();
    if let Some(why) = inherited(change, &mut steps) {
        return Alter::Impossible(why);
    }
    // what the parent's ALTER does for both
    let follows = |name: Attribute| parent.is_some_and(|it| it.differs(name));
    if matches!(computed, Computed::Kept) && !follows(Attribute::Generated) {
        steps.early.push(column_all(&change.from, "DROP EXPRESSION"));
    }
    let is_retyped = retype::is_needed(change);
    if let Some(table) = retype::partitioned_by(&change.from).filter(|_| is_retyped) {
        let (column, whole) = (names::column(&change.to), [table.part(0), table.part(1)]);
        return Alter::Impossible(format!(
            "{column} is in the partition key of {}, and PostgreSQL cannot change its type: create a new table and move the rows",
            Qualified { schema: whole[0], name: whole[1] }
        ));
    }
    free(change, &mut steps);
    if is_retyped {
        if is_of_type(change) {
            // its attribute is changed with CASCADE
            set_default(change, &mut steps);
        } else if !parent.is_some_and(|it| retype::is_needed(&it)) {
            steps.late.extend(retype::statements(change));
        }
        steps.clears = retype::clears(change);
    } else {
        set_default(change, &mut steps);
    }
    if matches!(computed, Computed::Other) && !follows(Attribute::Default) {
        let text = change.to.get(Attribute::Default).unwrap_or_default();
        let action = altered(&change.to, &format!("SET EXPRESSION AS ({text})"));
        // the values of a virtual column are nowhere
        let work = match change.to.get(Attribute::Generated) {
            Some("virtual") => Work::Catalog,
            _ => Work::Rewrite,
        };
        steps.late.push(all(&change.to, action.doing(work)));
    }
    if default::plain(&change.to).is_some() && change.differs(Attribute::Default) {
        steps.late.extend(identity::count_on_serial(&change.from, &change.to));
    }
    let is_parents = parent.is_some_and(|it| null::is_parents(change, &it));
    if change.differs(Attribute::NotNull) && !is_parents {
        let statements = if change.to.is(Attribute::NotNull) {
            null::set(&change.to, Some(change.from.catalog))
        } else {
            null::unset(change)
        };
        steps.late.extend(statements);
    }
    number(change, &mut steps);
    steps.late.extend(settings::changed(change, is_retyped));
    Alter::By(steps)
}

/// What becomes of the expression.
fn computed(change: &Change<'_>) -> Computed {
    let (from, to) = (&change.from, &change.to);
    match (from.get(Attribute::Generated), to.get(Attribute::Generated)) {
        (None, None) => Computed::Same,
        (Some("stored"), None) => Computed::Kept,
        // a virtual column has no values that could stay
        (Some(_), None) | (None, Some(_)) => Computed::Replaced,
        (Some(was), Some(is)) if was != is || retype::is_needed(change) => Computed::Replaced,
        (Some(_), Some(_)) if !change.differs(Attribute::Default) => Computed::Same,
        (Some(_), Some(how)) => {
            let is_refused = how == "virtual" && has_checks(from);
            if to.major >= 17 && !is_refused { Computed::Other } else { Computed::Replaced }
        }
    }
}

/// Whether its table has checks: they keep a virtual column from getting another expression.
fn has_checks(object: &Object<'_>) -> bool {
    let (schema, table) = (object.key.part(0), object.key.part(1));
    let mut below = object.catalog.below(ObjectKind::Constraint, &[schema, table]);
    below.any(|(_, fact)| fact.is_constraint(ConstraintKind::Check))
}

/// Whether the table was and is of a composite type, whose attribute the column follows.
fn is_of_type(change: &Change<'_>) -> bool {
    let [was, is] = [&change.from, &change.to].map(|it| {
        let fact = it.catalog.get(&it.relation());
        fact.and_then(|it| it.get(Attribute::OfType))
    });
    was.is_some() && was == is
}

/// Gives up an identity, or a default that something is to be taken from under.
fn free(change: &Change<'_>, steps: &mut Steps) {
    let (from, to) = (&change.from, &change.to);
    if !identity::is_of_whole(from) && !identity::is_of_whole(to) {
        steps.early.extend(identity::hold(from, to));
    }
    if has_own_identity(from) && !has_own_identity(to) {
        steps.early.push(column_all(from, "DROP IDENTITY"));
    }
    let is_another = change.differs(Attribute::Default) || retype::is_needed(change);
    let is_loosed = to.is(Attribute::Identity) || is_another && default::is_tied(change);
    if default::plain(from).is_some() && is_loosed {
        steps.early.push(column_only(from, "DROP DEFAULT"));
    }
}

/// Another default, or none.
fn set_default(change: &Change<'_>, steps: &mut Steps) {
    let was = default::plain(&change.from);
    let is = default::plain(&change.to);
    if was == is {
        return;
    }
    match default::set(&change.to) {
        Some(statement) => steps.late.push(statement),
        // one that is tied has been dropped already
        None if change.to.is(Attribute::Identity) || default::is_tied(change) => {}
        None => steps.late.push(column_only(&change.to, "DROP DEFAULT")),
    }
}

/// Identity: new, or of the other kind.
fn number(change: &Change<'_>, steps: &mut Steps) {
    let (from, to) = (&change.from, &change.to);
    if !has_own_identity(to) {
        return;
    }
    if !has_own_identity(from) {
        steps.late.push(identity::add(to));
        steps.late.extend(identity::count_on(from, to));
    } else if change.differs(Attribute::Identity) {
        let how = to.get(Attribute::Identity).unwrap_or_default();
        let what = format!("SET GENERATED {}", how.to_ascii_uppercase());
        steps.late.push(column_all(to, &what));
    }
}

/// Whether it has an identity that does not come and go with the tie to a partitioned table.
fn has_own_identity(object: &Object<'_>) -> bool {
    object.is(Attribute::Identity) && !identity::is_of_whole(object)
}

/// Who a column belongs to: its table alone, a parent alone, or both. Says why where PostgreSQL has no way.
fn inherited(change: &Change<'_>, steps: &mut Steps) -> Option<String> {
    let (from, to) = (&change.from, &change.to);
    match (from.is(Attribute::Inherited), to.is(Attribute::Inherited)) {
        (true, false) => {
            own(change, steps);
            None
        }
        (false, true) if !is_in_partition(to) => Some(format!(
            "{} is declared by its own table, and PostgreSQL cannot make it inherited only: declare it in the source of truth, too",
            names::column(to)
        )),
        _ => None,
    }
}

/// Makes a column that was only inherited its table's own.
fn own(change: &Change<'_>, steps: &mut Steps) {
    let (from, to) = (&change.from, &change.to);
    let (schema, table, column) = (to.key.part(0), to.key.part(1), to.key.part(2));
    let before = inheritance::parents(from.catalog, schema, table);
    let after = inheritance::parents(to.catalog, schema, table);
    let has = |object: &Object<'_>, place: &inheritance::Place| {
        let key = Key::new(ObjectKind::Column, &[&place.0, &place.1, column]);
        object.catalog.get(&key).is_some()
    };
    // a parent that loses it would take it from its children, too
    for place in before.iter().filter(|it| after.contains(it)) {
        if has(from, place) && !has(to, place) {
            let table = Key::new(ObjectKind::Relation, &[&place.0, &place.1]);
            let action = Action::new(format!("DROP COLUMN IF EXISTS {}", Ident(column)));
            let lost = Key::new(ObjectKind::Column, &[&place.0, &place.1, column]);
            let statement = Statement::alter_table("TABLE", &table, true, vec![action]);
            steps.early.push(statement.losing(Loss::Values(lost)));
        }
    }
    let stay: Vec<&inheritance::Place> =
        after.iter().filter(|it| before.contains(it) && has(to, it)).collect();
    // one column does it for all of the table
    let columns: Vec<&str> = becoming_own(change);
    if !stay.is_empty() && columns.first() == Some(&column) {
        steps.late.extend(inheritance::again(to, &stay, &columns));
    }
}

/// The columns of a table that become its own and stay inherited.
fn becoming_own<'c>(change: &Change<'c>) -> Vec<&'c str> {
    let (schema, table) = (change.to.key.part(0), change.to.key.part(1));
    columns_of(&change.to, schema, table)
        .iter()
        .filter(|it| !it.is(Attribute::Inherited) && it.is(Attribute::InheritCount))
        .filter(|it| {
            let was = change.from.catalog.get(it.key);
            was.is_some_and(|it| it.is(Attribute::Inherited))
        })
        .map(|it| it.key.name())
        .collect()
}
