//! Domains and their constraints.
//!
//! What a domain is based on cannot be altered, nor can a constraint be added while columns hold its values within arrays or rows:
//! then another domain takes its place. From PostgreSQL 17 on NOT NULL is a constraint with a name; before, it is part of the domain.

use std::collections::BTreeSet;

use crate::{
    catalog::{Attribute, ConstraintKind, Key, ObjectKind},
    ddl::{
        enumeration::qualified,
        rules::{
            Alter, Before, Boundary, Change, KindRules, LockMode, Moment, Object, Stage, Statement,
            Steps, Swap, Work,
        },
        stored::{nested_in, relation, stored_in},
    },
    words::ident::Ident,
};

/// Domains.
pub(crate) struct Domain;

impl KindRules for Domain {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        create(object)
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        alter(change)
    }
}

/// Constraints of domains.
pub(crate) struct DomainConstraint;

impl KindRules for DomainConstraint {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(format!(
            "CONSTRAINT {} ON DOMAIN {}",
            Ident(object.key.part(2)),
            qualified(object.key)
        ))
    }

    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        vec![domain_of(object.key)]
    }

    // PostgreSQL takes none while a table has the domain within arrays or rows: it is there before such a column.
    fn order(&self, object: &Object<'_>) -> Vec<Before> {
        let domain = object.catalog.entry(&domain_of(object.key)).map(|(key, _)| key);
        let columns = domain.map(|it| nested_in(object.catalog, it)).unwrap_or_default();
        let is_new = |it: &&Key| object.before.is_some_and(|before| before.get(it).is_none());
        let made = || Moment::At(Stage::Create, object.key.clone());
        columns.into_iter().filter(is_new).map(|it| (made(), Moment::Made(it.clone()))).collect()
    }

    // In two steps where rows are to be looked at and nobody should have to wait for that.
    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let (domain, name) = (qualified(object.key), Ident(object.key.part(2)));
        let definition = object.get(Attribute::Definition).unwrap_or_default();
        let add = format!("ALTER DOMAIN {domain} ADD CONSTRAINT {name} {definition}");
        if object.is(Attribute::NotValid) {
            return vec![Statement::new(add)];
        }
        if is_not_null(object) || !object.online {
            return vec![looking(Statement::new(add), object, &domain_of(object.key))];
        }
        vec![Statement::new(add + " NOT VALID"), validate(object).at(Boundary::Before)]
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        let domain = qualified(object.key);
        let what = if is_not_null(object) {
            "NOT NULL".to_owned()
        } else {
            format!("CONSTRAINT {}", Ident(object.key.part(2)))
        };
        vec![Statement::new(format!("ALTER DOMAIN {domain} DROP {what}"))]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let bare = |object: &Object<'_>| {
            let text = object.get(Attribute::Definition).unwrap_or_default();
            text.strip_suffix(" NOT VALID").unwrap_or(text).to_owned()
        };
        let is_validated =
            change.from.is(Attribute::NotValid) && !change.to.is(Attribute::NotValid);
        if is_validated
            && !change.differs(Attribute::Type)
            && bare(&change.from) == bare(&change.to)
        {
            Alter::By(Steps::late([validate(&change.to)]))
        } else {
            Alter::Replace
        }
    }
}

fn designation(object: &Object<'_>) -> Option<String> {
    Some(format!("DOMAIN {}", qualified(object.key)))
}

/// Without its constraints: a check may call a function that takes the domain.
fn create(object: &Object<'_>) -> Vec<Statement> {
    let mut sql = format!(
        "CREATE DOMAIN {} AS {}",
        qualified(object.key),
        object.get(Attribute::Type).unwrap_or_default()
    );
    if let Some(collation) = object.get(Attribute::Collation) {
        sql += &format!(" COLLATE {collation}");
    }
    if let Some(default) = object.get(Attribute::Default) {
        sql += &format!(" DEFAULT {default}");
    }
    if has_own_not_null(object) {
        sql += " NOT NULL";
    }
    vec![Statement::new(sql)]
}

/// Whether it refuses NULL without a constraint that says so.
fn has_own_not_null(object: &Object<'_>) -> bool {
    let path = [object.key.part(0), object.key.part(1)];
    let mut constraints = object.catalog.below(ObjectKind::DomainConstraint, &path);
    object.is(Attribute::NotNull)
        && !constraints.any(|(_, fact)| fact.is_constraint(ConstraintKind::NotNull))
}

fn alter(change: &Change<'_>) -> Alter {
    let is_based_otherwise =
        [Attribute::Type, Attribute::BaseSchema, Attribute::BaseName, Attribute::Collation]
            .iter()
            .any(|it| change.differs(*it));
    if is_based_otherwise {
        return rebased(change);
    }
    let (from, to) = (&change.from, &change.to);
    if refuses_more(change) && !nested_in(from.catalog, from.key).is_empty() {
        return Alter::Swap(Swap {
            is_cast: true,
            remark: Some(format!(
                "it fails where a value does not satisfy the constraints of {}",
                qualified(to.key)
            )),
            ..Swap::default()
        });
    }
    let domain = qualified(to.key);
    let mut steps = Steps::default();
    if change.differs(Attribute::Default) {
        if to.get(Attribute::Default).is_none() || loses_something(from, to) {
            steps.early.push(Statement::new(format!("ALTER DOMAIN {domain} DROP DEFAULT")));
        }
        if let Some(default) = to.get(Attribute::Default) {
            steps.late.push(Statement::new(format!("ALTER DOMAIN {domain} SET DEFAULT {default}")));
        }
    }
    match (has_own_not_null(from), has_own_not_null(to)) {
        (true, false) => {
            steps.late.push(Statement::new(format!("ALTER DOMAIN {domain} DROP NOT NULL")));
        }
        (false, true) => {
            let statement = Statement::new(format!("ALTER DOMAIN {domain} SET NOT NULL"));
            steps.late.push(looking(statement, to, to.key));
        }
        _ => {}
    }
    Alter::By(steps)
}

/// Whether it refuses values that it took.
fn refuses_more(change: &Change<'_>) -> bool {
    let (from, to) = (&change.from, &change.to);
    let path = [to.key.part(0), to.key.part(1)];
    let mut constraints = to.catalog.below(ObjectKind::DomainConstraint, &path);
    !has_own_not_null(from) && has_own_not_null(to)
        || constraints.any(|(key, is)| {
            let was = from.catalog.get(key);
            let is_there = was.is_some_and(|was| {
                [Attribute::Type, Attribute::Definition]
                    .iter()
                    .all(|it| was.get(*it) == is.get(*it))
            });
            !is.is(Attribute::NotValid) && !is_there
        })
}

/// Whether it needed something that is gone: a function in its default.
fn loses_something(from: &Object<'_>, to: &Object<'_>) -> bool {
    let mut all = from.catalog.dependencies.of(from.key);
    all.any(|it| to.catalog.get(&it.referenced).is_none())
}

/// The domain on another type.
fn rebased(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    let kinds = [from, to].map(|it| it.get(Attribute::Type).unwrap_or_default());
    let remark = (change.differs(Attribute::Type) && !is_wider(kinds[0], kinds[1])).then(|| {
        format!(
            "the values of its columns become {} instead of {}: those that do not fit are cut or rounded, or cause an error",
            kinds[1], kinds[0]
        )
    });
    Alter::Swap(Swap { is_cast: is_cast_between(from, to), remark, ..Swap::default() })
}

/// Types between which PostgreSQL has casts that know more than the texts of the values.
const FAMILIES: &[&[&str]] = &[
    &["int2", "int4", "int8", "numeric", "float4", "float8"],
    &["date", "timestamp", "timestamptz"],
    &["time", "timetz"],
    &["text", "varchar", "bpchar", "name"],
    &["bit", "varbit"],
];

fn is_cast_between(from: &Object<'_>, to: &Object<'_>) -> bool {
    let bases = [from, to]
        .map(|it| (it.get(Attribute::BaseSchema), it.get(Attribute::BaseName).unwrap_or_default()));
    if bases[0] == bases[1] {
        return true;
    }
    let is_of_one_family =
        FAMILIES.iter().any(|family| bases.iter().all(|(_, name)| family.contains(name)));
    let is_built_in = bases.iter().all(|it| it.0 == Some("pg_catalog"));
    is_built_in && is_of_one_family
}

/// Whether every value of one type is also one of the other.
fn is_wider(from: &str, to: &str) -> bool {
    const WHOLE: &[&str] = &["smallint", "integer", "bigint", "numeric"];
    let place = |name: &str| WHOLE.iter().position(|it| *it == name);
    let limit = |name: &str| {
        let text = name.strip_prefix("character varying(")?.strip_suffix(')')?;
        text.parse::<u32>().ok()
    };
    match (place(from), place(to)) {
        (Some(from), Some(to)) => from <= to,
        _ if to == "text" => true,
        _ => match (limit(from), limit(to)) {
            (Some(from), Some(to)) => from <= to,
            (Some(_), None) => to == "character varying",
            _ => false,
        },
    }
}

fn domain_of(key: &Key) -> Key {
    Key::new(ObjectKind::Domain, &[key.part(0), key.part(1)])
}

fn is_not_null(object: &Object<'_>) -> bool {
    object.fact.is_constraint(ConstraintKind::NotNull)
}

/// A statement that looks at the values in every table that holds the domain, which nobody writes to meanwhile.
fn looking(statement: Statement, object: &Object<'_>, domain: &Key) -> Statement {
    let domain = object.catalog.entry(domain).map(|(key, _)| key);
    let columns = domain.map(|it| stored_in(object.catalog, it));
    let tables: BTreeSet<Key> = columns.iter().flatten().map(|it| relation(it)).collect();
    tables
        .iter()
        .fold(statement, |statement, table| statement.touching(table, LockMode::Share, Work::Scan))
}

fn validate(constraint: &Object<'_>) -> Statement {
    let key = constraint.key;
    let statement = Statement::new(format!(
        "ALTER DOMAIN {} VALIDATE CONSTRAINT {}",
        qualified(key),
        Ident(key.part(2))
    ));
    looking(statement, constraint, &domain_of(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_limit_loses_nothing() {
        assert!(is_wider("character varying(5)", "character varying(6)"));
        assert!(is_wider("character varying(5)", "text"));
        assert!(is_wider("integer", "bigint"));
        assert!(!is_wider("bigint", "integer"));
        assert!(!is_wider("character varying(6)", "character varying(5)"));
        assert!(!is_wider("text", "date"));
    }
}
