//! Columns of tables and views.

mod alter;
mod base;
mod default;
mod family;
mod filling;
mod identity;
mod null;
mod retype;
mod settings;
mod using;

use crate::{
    catalog::{Attribute, Key, ObjectKind, RelationKind},
    ddl::rules::{
        Action, Alter, Boundary, Change, KindRules, Loss, Object, Statement, Steps, Work,
    },
    tables::{inheritance, names, options},
    words::ident::Ident,
};

pub(crate) use identity::predecessor;
pub(crate) use null::{constraint as not_null_constraint, own as own_not_null};

/// What is known of columns.
pub(crate) struct Column;

impl KindRules for Column {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(format!("COLUMN {}", names::column(object)))
    }

    // Its relation, or what adds it to a relation that is there: the column of a parent, or the attribute of a type.
    fn created_with(&self, object: &Object<'_>) -> Option<Key> {
        let others = if object.stays { sources(object) } else { Vec::new() };
        others.into_iter().next().or_else(|| Some(object.relation()))
    }

    // Its relation, and what takes it from a relation that stays.
    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        let mut all = vec![object.relation()];
        all.extend(sources(object));
        all
    }

    // Adds it to a relation that is there, or completes what CREATE said.
    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        match relation_kind(object) {
            RelationKind::View => return default::set(object).into_iter().collect(),
            RelationKind::MaterializedView => return settings::given(object),
            _ => {}
        }
        let mut all = if object.with_parent || inheritance::lends(object) {
            completed(object)
        } else {
            added(object)
        };
        all.extend(settings::given(object));
        all
    }

    // Takes it away with its values; what is computed, or is on another server, is not lost.
    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        let kind = relation_kind(object);
        if kind.is_view() {
            return Vec::new();
        }
        // an heir that keeps it has had it dropped before
        let exists = if inheritance::has_children(object) { "IF EXISTS " } else { "" };
        let column = Ident(object.key.name());
        let statement = all(object, format!("DROP COLUMN {exists}{column}"));
        let name = names::column(object);
        match object.get(Attribute::Generated) {
            // also where a plain column takes its place
            Some("virtual") => {
                let remark = format!("the values of {name} are computed when read and not stored");
                vec![statement.remarking(remark)]
            }
            None if kind != RelationKind::ForeignTable => {
                vec![statement.losing(Loss::Values(object.key.clone()))]
            }
            _ => vec![statement],
        }
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        alter::alter(change)
    }
}

/// What a column that is not its relation's own comes from: columns of parents, or the attribute of a type.
fn sources(object: &Object<'_>) -> Vec<Key> {
    let (schema, table, name) = (object.key.part(0), object.key.part(1), object.key.part(2));
    let of_type = object.catalog.get(&object.relation());
    let of_type = of_type.and_then(|it| it.get(Attribute::OfType));
    if let Some((schema, of)) = of_type.and_then(names::split) {
        return vec![Key::new(ObjectKind::CompositeAttribute, &[&schema, &of, name])];
    }
    if !object.is(Attribute::Inherited) {
        return Vec::new();
    }
    let parents = inheritance::parents(object.catalog, schema, table);
    let parents = parents.iter().filter(|it| !inheritance::is_late_partition(object, it));
    parents
        .map(|(schema, parent)| Key::new(ObjectKind::Column, &[schema, parent, name]))
        .filter(|key| object.catalog.get(key).is_some())
        .collect()
}

/// The kind of the relation that it is in.
fn relation_kind(object: &Object<'_>) -> RelationKind {
    let kind = object.catalog.relation_kind(object.key);
    kind.unwrap_or(RelationKind::Table)
}

/// Whether it is a partition's.
fn is_in_partition(object: &Object<'_>) -> bool {
    let fact = object.catalog.get(&object.relation());
    fact.is_some_and(|it| it.is(Attribute::PartitionOf))
}

/// An ALTER of its relation, and of no other one.
fn only(object: &Object<'_>, what: impl Into<Action>) -> Statement {
    let kind = relation_kind(object);
    let only = !kind.is_view();
    Statement::alter_table(kind.keyword(), &object.relation(), only, vec![what.into()])
}

/// An ALTER of its relation, and of those that get the column from there.
fn all(object: &Object<'_>, what: impl Into<Action>) -> Statement {
    let word = relation_kind(object).keyword();
    Statement::alter_table(word, &object.relation(), false, vec![what.into()])
}

/// An ALTER COLUMN of its relation, and of no other one.
fn column_only(object: &Object<'_>, what: &str) -> Statement {
    only(object, altered(object, what))
}

/// An ALTER COLUMN of its relation, and of those that get the column from there.
fn column_all(object: &Object<'_>, what: &str) -> Statement {
    all(object, altered(object, what))
}

/// `ALTER COLUMN "a" …`.
fn altered(object: &Object<'_>, what: &str) -> Action {
    Action::new(format!("ALTER COLUMN {} {what}", Ident(object.key.name())))
}

/// A column as it stands in CREATE TABLE and ADD COLUMN.
pub(crate) fn definition(object: &Object<'_>) -> String {
    format!("{}{}", stem(object), qualities(object))
}

/// What CREATE TABLE … OF says of a column: NOT NULL, and where its values come from.
pub(crate) fn qualities(object: &Object<'_>) -> String {
    format!("{}{}", null::inline(object), default::inline(object))
}

/// Its name and type, and what belongs to the type.
fn stem(object: &Object<'_>) -> String {
    let of_type = object.get(Attribute::Type).unwrap_or_default();
    let mut text = format!("{} {of_type}", Ident(object.key.name()));
    if let Some(method) = object.get(Attribute::Compression) {
        text += &format!(" COMPRESSION {method}");
    }
    text += &options::given(&object.list(Attribute::ForeignOptions));
    if let Some(name) = object.get(Attribute::Collation) {
        text += &format!(" COLLATE {name}");
    }
    text
}

/// What is left to do for a column that came with something else.
fn completed(object: &Object<'_>) -> Vec<Statement> {
    let mut all = Vec::new();
    if null::is_apart(object) {
        all.extend(null::set(object, None));
    }
    if object.stays && !object.is(Attribute::Inherited) {
        // it came with the attribute of a type
        all.extend(default::set(object));
        if object.is(Attribute::NotNull) && !null::is_apart(object) {
            all.extend(null::set(object, None));
        }
    }
    // a partition that was made in the same plan says all of it itself
    if !object.is(Attribute::Inherited) || is_in_partition(object) && !object.stays {
        return all;
    }
    let parents = family::of_parents(object);
    let is_other = |name: Attribute| parents.iter().any(|it| it.get(name) != object.get(name));
    if is_other(Attribute::Default) && !object.is(Attribute::Generated) {
        let set = default::set(object);
        all.push(set.unwrap_or_else(|| column_only(object, "DROP DEFAULT")));
    }
    if object.is(Attribute::NotNull)
        && object.major < 18
        && !parents.iter().any(|it| it.is(Attribute::NotNull))
    {
        all.extend(null::set(object, None));
    }
    if object.is(Attribute::Identity) && !(is_in_partition(object) && object.major >= 17) {
        all.push(identity::add(object));
    }
    all.extend(settings::unlike(object, &parents));
    all
}

/// ADD COLUMN. One that refuses NULL and has nothing to fill it with is added without that, so that its rows can be filled first.
fn added(object: &Object<'_>) -> Vec<Statement> {
    if null::needs_rows(object) {
        let column = format!("{}{}", stem(object), default::inline(object));
        let mut statements = vec![all(object, format!("ADD COLUMN {column}"))];
        statements.push(filling::fill(object));
        statements.extend(null::set(object, None));
        return statements;
    }
    if object.is(Attribute::Identity) && inheritance::has_children(object) {
        // heirs get the column, and count nothing
        let column = format!("ADD COLUMN {} NOT NULL", stem(object));
        return vec![all(object, column), identity::add(object)];
    }
    let mut action = Action::new(format!("ADD COLUMN {}", definition(object)));
    if default::rewrites(object) {
        action = action.doing(Work::Rewrite);
    }
    let mut statements = vec![all(object, action)];
    if null::is_apart(object) {
        statements.extend(null::set(object, None));
    }
    statements
}

/// How a column that stays gives up its default while something that the default needs is made anew. None for one whose values
/// are computed: it is dropped and made again.
pub(crate) fn untie(object: &Object<'_>) -> Option<Steps> {
    if object.is(Attribute::Generated) {
        return None;
    }
    let late = default::set(object)?;
    Some(Steps {
        early: vec![column_only(object, "DROP DEFAULT")],
        late: vec![late],
        ..Steps::default()
    })
}

/// A statement after everything before it has been committed.
fn committed(statement: Statement) -> Statement {
    statement.at(Boundary::Before)
}
