//! Tables, partitioned tables and foreign tables. Views are relations, too: they are told apart here, and live in `view`.

mod create;
pub(crate) mod order;
mod rebound;

use crate::{
    catalog::{Attribute, Catalog, Key, RelationKind},
    ddl::{
        rules::{
            Action, Alter, Before, Change, KindRules, LockMode, Loss, Object, Statement, Steps,
            Work,
        },
        view,
    },
    tables::{
        inheritance::{is_reattached, is_rebound, parent_table},
        names, options,
    },
    words::ident::{Ident, Qualified},
};

/// What is known of relations.
pub(crate) struct Relation;

impl KindRules for Relation {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        comment(object)
    }

    fn owner(&self, object: &Object<'_>) -> Option<String> {
        owner(object)
    }

    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        whole(object).into_iter().collect()
    }

    fn order(&self, object: &Object<'_>) -> Vec<Before> {
        order::of_table(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        create(object)
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        drop(object)
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        alter(change)
    }
}

/// What kind of relation it is.
pub(crate) fn kind(object: &Object<'_>) -> RelationKind {
    let kind = object.fact.relation_kind();
    kind.unwrap_or(RelationKind::Table)
}

/// Whether it is a view of either kind.
fn is_view(object: &Object<'_>) -> bool {
    kind(object).is_view()
}

/// The words for it in COMMENT ON.
fn comment(object: &Object<'_>) -> Option<String> {
    if is_view(object) {
        return view::comment(object);
    }
    Some(designation(object))
}

/// The words for it in OWNER TO.
fn owner(object: &Object<'_>) -> Option<String> {
    if is_view(object) {
        return view::owner(object);
    }
    Some(designation(object))
}

/// The words for a table of any kind: `FOREIGN TABLE "public"."f"`.
fn designation(object: &Object<'_>) -> String {
    let words = kind(object).keyword();
    format!("{words} {}", names::relation(object))
}

/// What it is a partition of.
fn whole(object: &Object<'_>) -> Option<Key> {
    parent_table(object.fact)
}

/// Makes it with its columns, and gives it what CREATE has no words for.
fn create(object: &Object<'_>) -> Vec<Statement> {
    if is_view(object) {
        return view::create(object);
    }
    let mut all = create::statements(object);
    if object.is(Attribute::ReplicaIdentity) {
        all.extend(replica_identity(object));
    }
    let secured = ROW_SECURITY.iter().filter(|it| object.is(it.name));
    all.extend(secured.map(|it| action(object, it.on)));
    all
}

/// Takes it away with its rows; those of a foreign table are elsewhere.
fn drop(object: &Object<'_>) -> Vec<Statement> {
    if is_view(object) {
        return view::drop(object);
    }
    let mut statement = Statement::new(format!("DROP {}", designation(object)));
    if let Some(whole) = whole(object) {
        statement = statement.touching(&whole, LockMode::AccessExclusive, Work::Catalog);
    }
    if kind(object) == RelationKind::ForeignTable {
        return vec![statement];
    }
    vec![statement.losing(Loss::Rows(object.key.clone()))]
}

/// Changes what can be changed with the rows in it.
fn alter(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    if let Some(way) = other_kind(change) {
        return way;
    }
    if is_view(to) {
        return view::alter(change);
    }
    if change.differs(Attribute::Server) {
        // the rows are on the server
        return Alter::Replace;
    }
    if let Some(why) = impossible(change) {
        return Alter::Impossible(why);
    }
    let mut steps = Steps::default();
    partition(change, &mut steps);
    if change.differs(Attribute::OfType) {
        if from.is(Attribute::OfType) {
            steps.early.push(action(from, "NOT OF"));
        }
        if let Some(name) = to.get(Attribute::OfType) {
            steps.late.push(action(to, format!("OF {name}")));
        }
    }
    steps.late.extend(storage(change));
    if change.differs(Attribute::ReplicaIdentity) {
        steps.late.extend(replica_identity(to));
    }
    row_security(change, &mut steps);
    Alter::By(steps)
}

/// A switch of row security.
struct Switch {
    name: Attribute,
    on: &'static str,
    off: &'static str,
}

/// Both of them.
static ROW_SECURITY: [Switch; 2] = [
    Switch {
        name: Attribute::RowSecurity,
        on: "ENABLE ROW LEVEL SECURITY",
        off: "DISABLE ROW LEVEL SECURITY",
    },
    Switch {
        name: Attribute::ForceRowSecurity,
        on: "FORCE ROW LEVEL SECURITY",
        off: "NO FORCE ROW LEVEL SECURITY",
    },
];

/// Off before the policies go, on after they came: nobody is shut out in between.
fn row_security(change: &Change<'_>, steps: &mut Steps) {
    for switch in ROW_SECURITY.iter().filter(|it| change.differs(it.name)) {
        if change.to.is(switch.name) {
            steps.late.push(action(&change.to, switch.on));
        } else {
            steps.early.push(action(&change.from, switch.off));
        }
    }
}

/// One action of ALTER TABLE.
fn action(object: &Object<'_>, what: impl Into<Action>) -> Statement {
    let word = kind(object).keyword();
    Statement::alter_table(word, object.key, false, vec![what.into()])
}

/// What to do when a relation becomes one of another kind.
fn other_kind(change: &Change<'_>) -> Option<Alter> {
    let (from, to) = (kind(&change.from), kind(&change.to));
    if from == to {
        return None;
    }
    if from.is_table() && to.is_table() {
        let name = names::relation(&change.to);
        return Some(Alter::Impossible(format!(
            "{name} is a {from}, and PostgreSQL cannot make it a {to}: create a new one under another name and move the rows"
        )));
    }
    Some(Alter::Replace)
}

/// What PostgreSQL has no statement for.
fn impossible(change: &Change<'_>) -> Option<String> {
    let (from, to) = (&change.from, &change.to);
    let name = names::relation(to);
    let is_partitioned = kind(to) == RelationKind::PartitionedTable;
    if change.differs(Attribute::PartitionKey) {
        let key = from.get(Attribute::PartitionKey).unwrap_or_default();
        return Some(format!(
            "{name} is partitioned by {key}, and PostgreSQL cannot change that: create a new table and move the rows"
        ));
    }
    if is_partitioned && change.differs(Attribute::Unlogged) {
        return Some(format!(
            "{name} is partitioned: PostgreSQL sets LOGGED and UNLOGGED on its partitions only"
        ));
    }
    if change.differs(Attribute::AccessMethod) && to.major < 15 {
        return Some(format!(
            "{name} has another access method: PostgreSQL can change that since version 15"
        ));
    }
    if to.is(Attribute::DetachPending) && is_reattached(from.fact, to.fact) {
        return Some(format!(
            "{name} is a partition whose detachment was interrupted: that is not a state to migrate to"
        ));
    }
    None
}

/// Detaches a partition, and attaches it: its rows stay in it.
fn partition(change: &Change<'_>, steps: &mut Steps) {
    let (from, to) = (&change.from, &change.to);
    if !is_reattached(from.fact, to.fact) {
        return;
    }
    if is_rebound(from.fact, to.fact) {
        let all = rebound::detached(change);
        steps.late.extend(all.iter().filter_map(|it| detach(from.catalog, it)));
    } else {
        steps.early.extend(detach(from.catalog, from.key));
    }
    if let Some(statement) = create::attach(to) {
        let bound = to.get(Attribute::PartitionBound).unwrap_or_default();
        let name = names::relation(to);
        let remark = format!("every row of {name} must match {bound}");
        steps.late.push(statement.remarking(remark));
    }
}

/// Lets a partition go.
fn detach(catalog: &Catalog, partition: &Key) -> Option<Statement> {
    let fact = catalog.get(partition)?;
    let whole = parent_table(fact)?;
    let name = Qualified { schema: partition.part(0), name: partition.name() };
    let end = if fact.is(Attribute::DetachPending) { " FINALIZE" } else { "" };
    let action = Action::new(format!("DETACH PARTITION {name}{end}"));
    let statement = Statement::alter_table("TABLE", &whole, false, vec![action]);
    Some(statement.touching(partition, LockMode::AccessExclusive, Work::Catalog))
}

/// Persistence, access method, tablespace and options.
fn storage(change: &Change<'_>) -> Vec<Statement> {
    let (from, to) = (&change.from, &change.to);
    let mut all = Vec::new();
    if change.differs(Attribute::Unlogged) {
        let word = if to.is(Attribute::Unlogged) { "UNLOGGED" } else { "LOGGED" };
        all.push(Action::new(format!("SET {word}")).doing(Work::Rewrite));
    }
    // a partitioned table has no rows of its own
    let moved = match kind(to) {
        RelationKind::PartitionedTable => Work::Catalog,
        _ => Work::Rewrite,
    };
    if change.differs(Attribute::AccessMethod) {
        let name = match (to.get(Attribute::AccessMethod), kind(to)) {
            (Some(name), _) => Ident(name).to_string(),
            (None, RelationKind::PartitionedTable) => "DEFAULT".to_owned(),
            (None, _) => Ident("heap").to_string(),
        };
        all.push(Action::new(format!("SET ACCESS METHOD {name}")).doing(moved));
    }
    if change.differs(Attribute::Tablespace) {
        let name = Ident(to.get(Attribute::Tablespace).unwrap_or("pg_default"));
        all.push(Action::new(format!("SET TABLESPACE {name}")).doing(moved));
    }
    for (name, prefix) in [(Attribute::Options, ""), (Attribute::ToastOptions, "toast.")] {
        let found = options::difference(&from.list(name), &to.list(name), prefix);
        for (word, list) in [("RESET", found.reset), ("SET", found.set)] {
            if !list.is_empty() {
                let action = Action::new(format!("{word} ({})", list.join(", ")));
                all.push(action.under(LockMode::ShareUpdateExclusive));
            }
        }
    }
    let name = Attribute::ForeignOptions;
    all.extend(options::changed(&from.list(name), &to.list(name)).map(Action::new));
    all.into_iter().map(|it| action(to, it)).collect()
}

/// What subscribers are told of an old row. An index that they are told by says so itself, when it is there.
fn replica_identity(object: &Object<'_>) -> Option<Statement> {
    let what = match object.get(Attribute::ReplicaIdentity) {
        Some("full") => "FULL".to_owned(),
        Some("nothing") => "NOTHING".to_owned(),
        Some("index") => return None,
        _ => "DEFAULT".to_owned(),
    };
    Some(action(object, format!("REPLICA IDENTITY {what}")))
}
