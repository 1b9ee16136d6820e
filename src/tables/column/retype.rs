//! Another type or collation of a column that keeps its values.

use crate::{
    catalog::{Attribute, Catalog, ConstraintKind, Key, ObjectKind, RelationKind},
    ddl::rules::{Change, FILL, Fill, Object, Statement, Work},
    tables::{
        column::{
            all, altered,
            base::{Base, domain_of},
            column_only, default, family, relation_kind, settings,
            using::{Ends, Way},
        },
        inheritance, names,
    },
};

/// Whether the column is to be written anew in another type.
pub(super) fn is_needed(change: &Change<'_>) -> bool {
    change.differs(Attribute::Type) || change.differs(Attribute::Collation)
}

/// The table whose rows are in partitions by it: its type is fixed then. It may be one that is left alone.
pub(super) fn partitioned_by(object: &Object<'_>) -> Option<Key> {
    let table = object.relation();
    let fact = object.catalog.get(&table);
    let is_own = fact.is_some_and(|it| inheritance::is_in_key(it, object.key.name()));
    is_own.then_some(table).or_else(|| object.catalog.fixed.get(object.key).cloned())
}

/// The statements, for the column and those that follow it in other tables: defaults go before, and what the change
/// resets comes back after.
pub(super) fn statements(change: &Change<'_>) -> Vec<Statement> {
    let mut family = vec![*change];
    family.extend(family::descendants(change));
    let mut all = Vec::new();
    for member in &family {
        if default::plain(&member.from).is_some() {
            all.push(column_only(&member.from, "DROP DEFAULT"));
        }
    }
    all.push(retyped(change));
    for member in &family {
        all.extend(default::set(&member.to));
        all.extend(settings::after_type(&member.to));
    }
    all
}

/// ALTER COLUMN … TYPE.
fn retyped(change: &Change<'_>) -> Statement {
    let to = &change.to;
    let mut text = format!("TYPE {}", to.get(Attribute::Type).unwrap_or_default());
    if let Some(name) = to.get(Attribute::Collation) {
        text += &format!(" COLLATE {name}");
    }
    let (from, name) = (&change.from, names::column(to));
    let [was, is] = [from, to].map(|it| it.get(Attribute::Type).unwrap_or_default());
    match way(change) {
        // the author has to know a way, and until then there are no values
        Some((Way::None, _)) => {
            let using = |value: &str| {
                let action = altered(to, &format!("{text} USING {value}"));
                all(to, action.doing(Work::Rewrite))
            };
            let mut statement = using(FILL);
            statement
                .fills
                .push(Fill::Using { column: to.key.clone(), stand_in: using("NULL").sql() });
            return statement.remarking(format!(
                "PostgreSQL has no conversion from {was} to {is} that takes a value of {name}"
            ));
        }
        Some((_, Some(value))) => text += &format!(" USING {value}"),
        _ => {}
    }
    let work = work(change);
    let statement = all(to, altered(to, &text).doing(work));
    if work == Work::Catalog || is_wider(change) {
        return statement;
    }
    statement.remarking(format!(
        "the values of {name} become {is} instead of {was}: those that do not fit are changed or cause an error"
    ))
}

/// How the old value becomes the new one, and what says it where PostgreSQL does not know. None where nothing can be said.
fn way(change: &Change<'_>) -> Option<(Way, Option<String>)> {
    let to = &change.to;
    let is_foreign = relation_kind(to) == RelationKind::ForeignTable;
    if is_foreign || to.is(Attribute::Generated) || !change.differs(Attribute::Type) {
        return None;
    }
    let ends = Ends {
        catalog: to.catalog,
        major: to.major,
        from: Base::of(&change.from),
        to: Base::of(to),
        column: to.key.name(),
        new: to.get(Attribute::Type).unwrap_or_default(),
    };
    let way = ends.way();
    let text = ends.text(&way);
    Some((way, text))
}

/// What PostgreSQL does with the rows: it leaves them alone where they stay the same bytes.
/// Source: `ATColumnChangeRequiresRewrite` in `src/backend/commands/tablecmds.c`.
fn work(change: &Change<'_>) -> Work {
    let is_foreign = relation_kind(&change.to) == RelationKind::ForeignTable;
    if is_foreign
        || relation_kind(&change.to) == RelationKind::PartitionedTable && !has_parts(&change.to)
    {
        return Work::Catalog;
    }
    if !change.differs(Attribute::Type) {
        // the indexes over it
        return Work::Build;
    }
    let [from, to] = [&change.from, &change.to].map(Base::of);
    let [was, is] = [&change.from, &change.to].map(limits);
    let is_within = |was: &[u64], is: &[u64]| match (was, is) {
        (_, []) => true,
        ([was], [is]) => was <= is,
        // precision and scale
        ([was, before], [is, after]) => before == after && was <= is,
        _ => false,
    };
    let both = |names: &[&str]| from.is_built_in(names) && to.is_built_in(names);
    let is_same = from.name == to.name && from.schema == to.schema;
    let is_kept = !to.is_array && !from.is_array && !is_checked(&change.to) && {
        let is_text = both(&["text", "varchar"]);
        let is_measured =
            is_same && !from.is_built_in(&["bpchar", "bit"]) && !change.to.is(Attribute::BaseName);
        (is_text || is_measured) && is_within(&was, &is)
            || from.is_built_in(&["cidr"]) && to.is_built_in(&["inet"])
    };
    if is_kept { Work::Catalog } else { Work::Rewrite }
}

/// Whether a table has partitions, or heirs.
fn has_parts(object: &Object<'_>) -> bool {
    let (schema, table) = (object.key.part(0), object.key.part(1));
    !inheritance::children(object.catalog, schema, table).is_empty()
}

/// Whether the type is a domain that looks at its values.
fn is_checked(object: &Object<'_>) -> bool {
    let Some((key, domain)) = domain_of(object) else {
        return false;
    };
    let parts = [key.part(0), key.part(1)];
    let mut checks = object.catalog.below(ObjectKind::DomainConstraint, &parts);
    domain.is(Attribute::NotNull) || checks.next().is_some()
}

/// The numbers in the brackets of a type.
fn limits(object: &Object<'_>) -> Vec<u64> {
    let text = object.get(Attribute::Type).unwrap_or_default();
    let inner = text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let numbers = inner.map_or("", |(numbers, _)| numbers).split(',');
    numbers.filter_map(|it| it.trim().parse().ok()).collect()
}

/// Whether every value is also one of the new type.
fn is_wider(change: &Change<'_>) -> bool {
    const NUMBERS: [&str; 4] = ["smallint", "integer", "bigint", "numeric"];
    let [was, is] =
        [&change.from, &change.to].map(|it| it.get(Attribute::Type).unwrap_or_default());
    let [old, new] = [&change.from, &change.to].map(Base::of);
    let place = |name: &str| NUMBERS.iter().position(|it| *it == name);
    let limit = |object: &Object<'_>| object.get(Attribute::MaxLength)?.parse::<u64>().ok();
    let is_unlimited = matches!(is, "text" | "character varying");
    let is_longer = old.is_built_in(&["varchar"])
        && new.is_built_in(&["varchar"])
        && limit(&change.from).is_some_and(|it| limit(&change.to).is_none_or(|to| it <= to));
    was == is
        || is_unlimited
        || is_longer
        || (was, is) == ("real", "double precision")
        || (was.starts_with("numeric") && is == "numeric")
        || matches!((place(was), place(is)), (Some(was), Some(is)) if was < is)
}

/// What PostgreSQL refuses to alter the type under, of the column and of those that follow it.
pub(super) fn clears(change: &Change<'_>) -> Vec<Key> {
    let mut found = Vec::new();
    let mut family = vec![*change];
    family.extend(family::descendants(change));
    for member in &family {
        for key in member.from.dependents() {
            if !found.contains(key) && is_in_the_way(member, key) {
                found.push(key.clone());
            }
        }
    }
    found
}

/// Whether a dependent must go for a while. PostgreSQL makes indexes, constraints and statistics anew by itself, from their old
/// definitions: those that are to be others go, too.
fn is_in_the_way(change: &Change<'_>, key: &Key) -> bool {
    let (from, to) = (change.from.catalog, change.to.catalog);
    let Some(was) = from.get(key) else {
        return false;
    };
    match key.kind() {
        ObjectKind::Relation => was.relation_kind().is_some_and(RelationKind::is_view),
        ObjectKind::Column => was.is(Attribute::Generated),
        ObjectKind::Rule
        | ObjectKind::Trigger
        | ObjectKind::Policy
        | ObjectKind::Routine
        | ObjectKind::PublicationTable => true,
        ObjectKind::Constraint if was.is_constraint(ConstraintKind::NotNull) => false,
        ObjectKind::Constraint | ObjectKind::Index | ObjectKind::Statistics => {
            let is = to.get(key);
            let is_another =
                is.is_none_or(|it| it.get(Attribute::Definition) != was.get(Attribute::Definition));
            is_another || is_two_sided(change, key)
        }
        _ => false,
    }
}

/// Whether a foreign key leads between columns that both become another type: one alone cannot.
fn is_two_sided(change: &Change<'_>, key: &Key) -> bool {
    let (from, to) = (change.from.catalog, change.to.catalog);
    let Some(fact) = from.get(key) else {
        return false;
    };
    if !fact.is_constraint(ConstraintKind::ForeignKey) {
        return false;
    }
    let own = (key.part(0), key.part(1));
    let other = (
        fact.get(Attribute::ReferencesSchema).unwrap_or_default(),
        fact.get(Attribute::ReferencesTable).unwrap_or_default(),
    );
    let changes = |(schema, table): (&str, &str), name: &String| {
        let column = Key::new(ObjectKind::Column, &[schema, table, name]);
        let type_in = |catalog: &Catalog| {
            let fact = catalog.get(&column);
            fact.and_then(|it| it.get(Attribute::Type)).map(str::to_owned)
        };
        type_in(from) != type_in(to)
    };
    let here = fact.list(Attribute::Columns);
    let there = fact.list(Attribute::ReferencesColumns);
    here.iter().any(|it| changes(own, it)) && there.iter().any(|it| changes(other, it))
}
