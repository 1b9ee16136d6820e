//! Identity columns, and the numbers that they and serial columns count on from.

use crate::{
    catalog::{Attribute, Fact, Key, ObjectKind},
    ddl::rules::{Change, LockMode, Object, Statement, Work},
    tables::{
        column::{column_all, is_in_partition},
        index::ties,
        names,
    },
    words::ident::{Ident, Literal, Qualified},
};

/// The sequence of a column: its name, and what is known of it.
struct Counter<'c> {
    name: String,
    fact: &'c Fact,
}

/// The identity as it stands in a column's definition. From 17 on a partition gets it from the whole.
pub(super) fn inline(object: &Object<'_>) -> Option<String> {
    if is_of_whole(object) {
        return None;
    }
    let how = object.get(Attribute::Identity)?.to_ascii_uppercase();
    let options = options(object);
    Some(format!("GENERATED {how} AS IDENTITY{options}"))
}

/// Whether the identity is that of the partitioned table.
pub(super) fn is_of_whole(object: &Object<'_>) -> bool {
    object.major >= 17 && object.is(Attribute::Inherited) && is_in_partition(object)
}

/// Makes a column an identity column.
pub(super) fn add(object: &Object<'_>) -> Statement {
    let how = object.get(Attribute::Identity).unwrap_or_default();
    let (how, options) = (how.to_ascii_uppercase(), options(object));
    column_all(object, &format!("ADD GENERATED {how} AS IDENTITY{options}"))
}

/// The options of its sequence: ` (START WITH 5)`, or nothing.
fn options(object: &Object<'_>) -> String {
    const WORDS: [(Attribute, &str); 5] = [
        (Attribute::Start, "START WITH"),
        (Attribute::Increment, "INCREMENT BY"),
        (Attribute::Minimum, "MINVALUE"),
        (Attribute::Maximum, "MAXVALUE"),
        (Attribute::Cache, "CACHE"),
    ];
    let Some(counter) = counter(object, Attribute::IdentityOf) else {
        return String::new();
    };
    let mut all = Vec::new();
    if counter.name != usual_name(object) {
        all.push(format!("SEQUENCE NAME {}", counter.qualified(object)));
    }
    for (name, word) in WORDS {
        if let Some(value) = counter.fact.get(name) {
            all.push(format!("{word} {value}"));
        }
    }
    if counter.fact.is(Attribute::Cycle) {
        all.push("CYCLE".to_owned());
    }
    if all.is_empty() {
        return String::new();
    }
    format!(" ({})", all.join(" "))
}

/// The name that PostgreSQL gives the sequence.
fn usual_name(object: &Object<'_>) -> String {
    names::made(object.key.part(1), object.key.name(), "seq")
}

/// The sequence that an attribute ties to a column: `identity_of` or `owned_by`. It is in the schema of the table.
fn counter<'c>(object: &Object<'c>, attribute: Attribute) -> Option<Counter<'c>> {
    let schema = object.key.part(0);
    let place = [schema, object.key.part(1), object.key.part(2)];
    let is_tied = |fact: &Fact| fact.list(attribute) == place;
    let usual = usual_name(object);
    let fact = object.catalog.get(&Key::new(ObjectKind::Sequence, &[schema, &usual]));
    if let Some(fact) = fact.filter(|it| is_tied(it)) {
        return Some(Counter { name: usual, fact });
    }
    let mut below = object.catalog.below(ObjectKind::Sequence, &[schema]);
    let (key, fact) = below.find(|(_, fact)| is_tied(fact))?;
    Some(Counter { name: key.name().to_owned(), fact })
}

impl Counter<'_> {
    /// Its name in the schema of the column's table.
    fn qualified<'n>(&'n self, column: &Object<'n>) -> Qualified<'n> {
        Qualified { schema: column.key.part(0), name: &self.name }
    }

    /// The first number, and whether it counts up.
    fn start(&self) -> (&str, bool) {
        let is_up = !self.fact.get(Attribute::Increment).is_some_and(|it| it.starts_with('-'));
        let edge = if is_up {
            self.fact.get(Attribute::Minimum).unwrap_or("1")
        } else {
            self.fact.get(Attribute::Maximum).unwrap_or("-1")
        };
        (self.fact.get(Attribute::Start).unwrap_or(edge), is_up)
    }
}

/// The sequence that a column takes its numbers from, and whether that is its identity.
fn source(column: &Object<'_>) -> Option<(Key, bool)> {
    if column.is(Attribute::Identity) {
        let counter = counter(column, Attribute::IdentityOf)?;
        return Some((Key::new(ObjectKind::Sequence, &[column.key.part(0), &counter.name]), true));
    }
    let mut needs = column.catalog.dependencies.of(column.key);
    let used = needs.find(|it| it.bond == 'n' && it.referenced.kind() == ObjectKind::Sequence)?;
    Some((used.referenced.clone(), false))
}

/// The sequence that a column counted by, where it becomes or was an identity, and counts by another one from now on.
pub(crate) fn predecessor(from: &Object<'_>, to: &Object<'_>) -> Option<Key> {
    let (was, is) = (source(from)?, source(to)?);
    let is_another = was.1 != is.1 && (is.1 || is_new_serial(from, to, &is.0));
    is_another.then_some(was.0)
}

/// Whether a column comes to take its numbers from a sequence that is made with it.
fn is_new_serial(from: &Object<'_>, to: &Object<'_>, sequence: &Key) -> bool {
    let is_whole = matches!(to.get(Attribute::TypeName), Some("int2" | "int4" | "int8"));
    let old = from.catalog.get(sequence);
    let is_used = to.get(Attribute::Default).is_some_and(|it| it.contains("nextval("));
    is_whole && is_used && old.is_none_or(|it| it.is(Attribute::IdentityOf))
}

/// Keeps how far the old sequence of a column has counted, for as long as it is gone and the new one is not there yet.
pub(super) fn hold(from: &Object<'_>, to: &Object<'_>) -> Vec<Statement> {
    let Some((old, aside)) = held(from, to) else { return Vec::new() };
    let fact = from.catalog.get(&old);
    let is_usual = fact.is_some_and(|it| {
        !it.is(Attribute::Minimum)
            && it.get(Attribute::Increment).is_none_or(|it| !it.starts_with('-'))
    });
    let bounds = if is_usual { "" } else { " MINVALUE -9223372036854775808 START 1" };
    let (old, literal) = (qualified(&old), Literal(&aside).to_string());
    vec![
        Statement::new(format!("CREATE SEQUENCE {aside}{bounds}")),
        Statement::new(format!(
            "SELECT pg_catalog.setval({literal}::regclass, last_value, is_called) FROM {old}"
        )),
    ]
}

/// An old sequence, and what keeps its number for a while.
fn held(from: &Object<'_>, to: &Object<'_>) -> Option<(Key, String)> {
    let old = predecessor(from, to)?;
    let (key, fact) = from.catalog.entry(&old)?;
    let (of, like) = (Object { key, fact, ..*from }, Object { key, fact, ..*to });
    let aside = ties::aside(&Change { from: of, to: like });
    let aside = Qualified { schema: old.part(0), name: &aside }.to_string();
    Some((old, aside))
}

/// Lets a new identity column count on from where its sequence was, or else from the rows that are there. Nothing happens where there
/// are none.
pub(super) fn count_on(from: &Object<'_>, to: &Object<'_>) -> Vec<Statement> {
    let Some(counter) = counter(to, Attribute::IdentityOf) else { return Vec::new() };
    let table = names::relation(to).to_string();
    let (table, column) = (Literal(&table), Literal(to.key.name()));
    let sequence = format!("pg_catalog.pg_get_serial_sequence({table}, {column})");
    goes_on(from, to, &counter, &sequence)
}

/// Lets the new sequence that a column takes its values from count on in the same way, whether it owns that or not.
pub(super) fn count_on_serial(from: &Object<'_>, to: &Object<'_>) -> Vec<Statement> {
    let Some((key, false)) = source(to) else { return Vec::new() };
    let Some(fact) = to.catalog.get(&key) else { return Vec::new() };
    let counter = Counter { name: key.name().to_owned(), fact };
    if !is_new_serial(from, to, &key) {
        return Vec::new();
    }
    let name = qualified(&key).to_string();
    goes_on(from, to, &counter, &format!("{}::regclass", Literal(&name)))
}

fn qualified(key: &Key) -> Qualified<'_> {
    Qualified { schema: key.part(0), name: key.part(1) }
}

/// Sets a new sequence.
fn goes_on(
    from: &Object<'_>,
    to: &Object<'_>,
    counter: &Counter<'_>,
    sequence: &str,
) -> Vec<Statement> {
    let Some((_, aside)) = held(from, to) else {
        return vec![set_value(to, counter, sequence)];
    };
    let (start, is_up) = counter.start();
    let sign = if is_up { ">=" } else { "<=" };
    vec![
        Statement::new(format!(
            "SELECT pg_catalog.setval({sequence}, last_value, is_called) FROM {aside} WHERE last_value {sign} {start}"
        )),
        Statement::new(format!("DROP SEQUENCE {aside}")),
    ]
}

/// The statement itself.
fn set_value(object: &Object<'_>, counter: &Counter<'_>, sequence: &str) -> Statement {
    let (start, is_up) = counter.start();
    let (word, sign) = if is_up { ("max", ">=") } else { ("min", "<=") };
    let (table, column) = (names::relation(object), Ident(object.key.name()));
    let last = format!("{word}({column})");
    let sql = format!(
        "SELECT pg_catalog.setval({sequence}, {last}) FROM {table} HAVING {last} {sign} {start}"
    );
    Statement::new(sql).touching(&object.relation(), LockMode::AccessShare, Work::Scan)
}
