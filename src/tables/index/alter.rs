//! How an index becomes another one of the same name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    attach, build, cluster, exchange, finish, partition, rename, replica_identity, text, ties,
    unclustered,
};
use crate::{
    catalog::{Attribute, Key, ObjectKind},
    ddl::{
        extension,
        rules::{Alter, Boundary, Change, LockMode, Statement, Steps, Work},
    },
    tables::options,
    words::ident::{Ident, Literal, Qualified},
};

/// What an index cannot change, besides what its text says.
const FIXED: &[Attribute] = &[
    Attribute::Method,
    Attribute::Unique,
    Attribute::Primary,
    Attribute::Columns,
    Attribute::Include,
    Attribute::OpclassOptions,
    Attribute::Orders,
    Attribute::Predicate,
    Attribute::NullsNotDistinct,
];

/// Changes what can be changed; anything else is built anew, beside the old one where readers and writers are there.
pub(super) fn alter(change: &Change<'_>) -> Alter {
    if change.differs(Attribute::Table) || change.differs(Attribute::OfConstraint) {
        return Alter::Replace;
    }
    let attached = match attachment(change) {
        Ok(statement) => statement,
        Err(alter) => return alter,
    };
    if is_another(change) {
        return rebuilt(change);
    }
    let is_partitioned = partition::is_partitioned(&change.to);
    let breaks = change.to.is(Attribute::Invalid) && !change.from.is(Attribute::Invalid);
    if is_partitioned && (breaks || change.differs(Attribute::Options)) {
        return match change.to.is(Attribute::OfConstraint) {
            true => Alter::ReplaceParent,
            false => Alter::Replace,
        };
    }
    let mut late: Vec<Statement> = attached.into_iter().collect();
    late.extend(settings(change));
    if !is_partitioned && !change.to.is(Attribute::Invalid) && !change.to.is(Attribute::NotReady) {
        late.extend(repair(change));
    }
    late.extend(statistics(
        change.to.key,
        change.from.get(Attribute::Statistics),
        change.to.get(Attribute::Statistics),
    ));
    if change.differs(Attribute::ReplicaIdentity) && change.to.is(Attribute::ReplicaIdentity) {
        late.push(replica_identity(&change.to));
    }
    let words = text::Designation(change.to.key).to_string();
    late.extend(extension::retie(change, &words));
    let mut steps = Steps::late(late);
    if change.differs(Attribute::Clustered) {
        match change.to.is(Attribute::Clustered) {
            true => steps.late.push(cluster(&change.to)),
            // another one may take over
            false => steps.early.push(unclustered(&change.from)),
        }
    }
    Alter::By(steps)
}

/// What to do where an index becomes a part of that of a partitioned table, or ceases to be one. There is no DETACH for
/// indexes: one is let go with its table only.
fn attachment(change: &Change<'_>) -> Result<Option<Statement>, Alter> {
    if !change.differs(Attribute::Parent) {
        return Ok(None);
    }
    let moves = partition::moves(change);
    if change.from.is(Attribute::Parent) && !moves {
        return Err(Alter::Replace);
    }
    let Some(whole) = partition::whole(&change.to) else {
        return Ok(None);
    };
    // ATTACH PARTITION of the table finds the index by itself
    let is_found = moves && change.from.catalog.get(whole).is_some();
    Ok((!is_found).then(|| attach(whole, change.to.key)))
}

/// Whether the index must be built anew. That operator classes and collations follow their columns is no reason.
fn is_another(change: &Change<'_>) -> bool {
    FIXED.iter().any(|it| change.differs(*it)) || text::core(&change.from) != text::core(&change.to)
}

/// Builds it anew: beside the old one, if nothing is in the way.
fn rebuilt(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    if to.is(Attribute::OfConstraint) {
        return match exchange::of_index(change) {
            // it comes with a new one of the constraint
            Some(change) if exchange::is_exchanged(&change) => Alter::By(Steps::default()),
            _ => Alter::ReplaceParent,
        };
    }
    let is_alone = !from.is(Attribute::Parent)
        && !to.is(Attribute::Parent)
        && !partition::is_partitioned(to)
        && from.dependents().next().is_none();
    if !is_alone || !to.online || loses_ground(change) {
        return Alter::Replace;
    }
    let aside = ties::aside(change);
    let schema = from.key.part(0);
    let mut late = vec![rename(schema, from.key.name(), &aside)];
    late.push(build(to, &[], false));
    // what was said of the old one is true of the new one
    if let Some(comment) =
        to.get(Attribute::Comment).filter(|it| from.get(Attribute::Comment) == Some(*it))
    {
        let index = text::Designation(to.key);
        let comment = Literal(comment);
        late.push(Statement::new(format!("COMMENT ON {index} IS {comment}")));
    }
    late.extend(finish(to));
    let old = Qualified { schema, name: &aside };
    let dropped = Statement::new(format!("DROP INDEX CONCURRENTLY {old}"));
    late.push(dropped.at(Boundary::Alone));
    Alter::By(Steps::late(late))
}

/// Whether something that the old index is made of goes or changes, so that the index must go before.
fn loses_ground(change: &Change<'_>) -> bool {
    ties::needs(&change.from).any(|need| {
        let key = &need.referenced;
        let (from, to) = (change.from.catalog.get(key), change.to.catalog.get(key));
        match (from, to) {
            (Some(from), Some(to)) if key.kind() == ObjectKind::Column => {
                [Attribute::Type, Attribute::Collation]
                    .iter()
                    .any(|it| from.get(*it) != to.get(*it))
            }
            (_, to) => to.is_none(),
        }
    })
}

/// Options and tablespace.
fn settings(change: &Change<'_>) -> Vec<Statement> {
    let index = text::Designation(change.to.key);
    let mut all = Vec::new();
    let (from, to) = (change.from.list(Attribute::Options), change.to.list(Attribute::Options));
    let options = options::difference(&from, &to, "");
    if !options.set.is_empty() {
        let list = options.set.join(", ");
        all.push(format!("ALTER {index} SET ({list})"));
    }
    if !options.reset.is_empty() {
        let list = options.reset.join(", ");
        all.push(format!("ALTER {index} RESET ({list})"));
    }
    if change.differs(Attribute::Tablespace) {
        let space = Ident(change.to.get(Attribute::Tablespace).unwrap_or("pg_default"));
        all.push(format!("ALTER {index} SET TABLESPACE {space}"));
    }
    all.into_iter().map(Statement::new).collect()
}

/// Builds again what a failed CREATE INDEX CONCURRENTLY left behind.
fn repair(change: &Change<'_>) -> Option<Statement> {
    let from = &change.from;
    if !from.is(Attribute::Invalid) && !from.is(Attribute::NotReady) {
        return None;
    }
    let name = super::qualified(from.key);
    // PostgreSQL cannot do it concurrently for exclusion constraints
    let is_exclusion = from.is(Attribute::OfConstraint) && !from.is(Attribute::Unique);
    if is_exclusion || !change.to.online {
        let statement = Statement::new(format!("REINDEX INDEX {name}"));
        let table = super::relation(from);
        return Some(statement.touching(&table, LockMode::Share, Work::Build));
    }
    let sql = format!("REINDEX INDEX CONCURRENTLY {name}");
    Some(Statement::new(sql).at(Boundary::Alone))
}

/// Statistics targets of the expressions, by the number of the column.
pub(super) fn statistics(key: &Key, from: Option<&str>, to: Option<&str>) -> Vec<Statement> {
    let (from, to) = (targets(from), targets(to));
    let columns: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let index = text::Designation(key);
    let mut all = Vec::new();
    for column in columns {
        let target = to.get(column);
        if from.get(column) != target {
            // -1 is the server's usual one
            let target = target.map_or_else(|| "-1".to_owned(), ToString::to_string);
            all.push(Statement::new(format!(
                "ALTER {index} ALTER COLUMN {column} SET STATISTICS {target}"
            )));
        }
    }
    all
}

/// Reads `{"1": 100}`.
fn targets(text: Option<&str>) -> BTreeMap<String, Value> {
    let text = text.unwrap_or("{}");
    serde_json::from_str(text).unwrap_or_default()
}
