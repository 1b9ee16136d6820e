//! Whether two texts of one object mean the same.
//!
//! PostgreSQL prints an expression in other words than it was given, and reads what it prints as something that it prints in others
//! again: `varchar IN ('a')` is first `ANY ((ARRAY['a'::character varying])::text[])`, and then `ANY (ARRAY[('a'::character
//! varying)::text])`. So two texts of one object say nothing by themselves. Here the object is made of both, several times, in a
//! transaction that is rolled back: where what is printed of one is ever what is printed of the other, they mean the same. Nothing is
//! sent where no text differs.

mod moments;
mod printed;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::moments::Moments;

use self::printed::{Printed, may_be_alike, printed, set, top};
use crate::{
    catalog::{
        Attribute::{self, PartitionKey},
        Catalog, Coverage, Fact, Key, ObjectKind,
    },
    cluster::Scratch,
    introspect,
    job::{
        JobError,
        open::Endpoint,
        owner::{ROLE, roles},
    },
    planner::{Target, plan},
    postgres::{
        session::{Failure, Message, Session, Stop},
        session_error::SessionError,
    },
    replay::shadow::{Shadow, end, make_roles},
    words::ident::Qualified,
};

/// How often an object is made of each text. What is printed is at rest after the second time.
const ROUNDS: usize = 2;

const DOING: &str = "comparing what PostgreSQL prints";

/// Gives the second catalog with the texts of the first, where both mean the same. The session is one of a scratch database of this
/// major version that has the structure of the first.
pub(crate) async fn agreed(
    session: &mut Session<'_>,
    major: u32,
    first: &Catalog,
    mut second: Catalog,
) -> Result<Catalog, JobError> {
    let mut pairs = pairs(first, &second);
    if pairs.is_empty() {
        return Ok(second);
    }
    let texts = pairs.values().flatten().flatten().flatten();
    let moments = Moments::ask(session, texts.map(String::as_str)).await?;
    let is_alike = |_: &Key, [one, other]: &mut [Printed; 2]| moments.are_alike(one, other);
    let mut alike: BTreeSet<Key> = pairs.extract_if(.., is_alike).map(|(key, _)| key).collect();
    pairs.retain(|_, [one, other]| may_be_alike(one, other));
    let trial = Trial { first, pairs: &pairs, moments: &moments, major };
    alike.extend(trial.alike(session).await?);
    for key in &alike {
        if let (Some(was), Some(fact)) = (first.get(key), second.get_mut(key)) {
            set(fact, key.kind(), &printed(key.kind(), was));
        }
    }
    Ok(second)
}

/// The same in a shadow that has the structure of the first.
pub(crate) async fn agreed_in(
    shadow: &Shadow,
    scratch: &Scratch,
    stop: Stop,
    first: &Catalog,
    second: Catalog,
) -> Result<Catalog, JobError> {
    if pairs(first, &second).is_empty() {
        return Ok(second);
    }
    let endpoint = shadow.endpoint(scratch, stop);
    let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
    agreed(&mut session, facts.server_version / 10_000, first, second).await
}

/// The same where nothing has the structure of the first: what the texts speak of is made in a shadow. Where that is refused, what
/// differs differs.
pub(crate) async fn agreed_beside(
    shadow: &Shadow,
    stop: Stop,
    first: &Catalog,
    mut second: Catalog,
) -> Result<Catalog, JobError> {
    let mut open = pairs(first, &second);
    open.retain(|_, [one, other]| may_be_alike(one, other));
    if open.is_empty() {
        return Ok(second);
    }
    let Ok(scratch) = shadow.start_empty().await else {
        return Ok(second);
    };
    let endpoint = shadow.endpoint(&scratch, stop.clone());
    let needed = needed(first, open.keys());
    let mut structure = first.clone();
    structure.retain(|key, _| needed.contains(key));
    let mut other = second.clone();
    other.retain(|key, _| open.contains_key(key));
    let agreed = match make_like(&endpoint, &structure).await {
        Ok(true) => agreed_in(shadow, &scratch, stop, &structure, other).await,
        Ok(false) => Ok(other),
        Err(error) => Err(error),
    };
    end(scratch).await;
    for (key, fact) in agreed?.iter() {
        if let Some(its) = second.get_mut(key) {
            its.clone_from(fact);
        }
    }
    Ok(second)
}

/// Some objects of a catalog, and all that has to be there for them.
fn needed<'c>(catalog: &'c Catalog, keys: impl Iterator<Item = &'c Key>) -> BTreeSet<Key> {
    let mut open: Vec<Key> = keys.cloned().collect();
    let mut all = BTreeSet::new();
    while let Some(key) = open.pop() {
        let Some(fact) = catalog.get(&key) else {
            continue;
        };
        if !all.insert(key.clone()) {
            continue;
        }
        open.extend(catalog.dependencies.of(&key).map(|it| it.referenced.clone()));
        open.extend(key.relation(fact));
        open.push(Key::new(ObjectKind::Schema, &[key.part(0)]));
        open.extend(
            fact.get(Attribute::Extension).map(|it| Key::new(ObjectKind::Extension, &[it])),
        );
        let parts: &[ObjectKind] = match key.kind() {
            ObjectKind::Relation => &[ObjectKind::Column, ObjectKind::Inheritance],
            ObjectKind::Composite => &[ObjectKind::CompositeAttribute],
            ObjectKind::Domain => &[ObjectKind::DomainConstraint],
            _ => &[],
        };
        for part in parts {
            let below = catalog.below(*part, &[key.part(0), key.part(1)]);
            open.extend(below.map(|(key, _)| key.clone()));
        }
    }
    all
}

/// Gives an empty database a structure. False where it is refused.
async fn make_like(endpoint: &Endpoint, wanted: &Catalog) -> Result<bool, JobError> {
    make_roles(endpoint, roles(wanted)).await?;
    let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
    let version = facts.server_version;
    let empty = introspect::read(&mut session, version, &Coverage::all()).await?;
    let Ok(statements) = plan(&empty, wanted, &target(version / 10_000)) else {
        return Ok(false);
    };
    let off = Message::Batch("SET check_function_bodies = off");
    send(&mut session, off).await?.map_err(refused)?;
    for statement in &statements {
        let made = send(&mut session, Message::Batch(&statement.sql())).await?;
        if made.is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is made there: nobody uses it meanwhile.
pub(crate) fn target(major: u32) -> Target<'static> {
    Target { major, role: ROLE, online: false, batches: false, in_one: true, portable: false }
}

/// The objects of both catalogs whose texts differ.
fn pairs(first: &Catalog, second: &Catalog) -> BTreeMap<Key, [Printed; 2]> {
    let both = first.iter().filter_map(|(key, fact)| {
        let other = second.get(key).filter(|it| *it != fact)?;
        // nobody plans what an extension brings
        if fact.is(Attribute::Extension) || other.is(Attribute::Extension) {
            return None;
        }
        let texts = [fact, other].map(|it| printed(key.kind(), it));
        (texts[0] != texts[1]).then(|| (key.clone(), texts))
    });
    both.collect()
}

/// Objects that are made of two texts.
struct Trial<'t> {
    /// What the database has.
    first: &'t Catalog,
    pairs: &'t BTreeMap<Key, [Printed; 2]>,
    moments: &'t Moments,
    major: u32,
}

/// What came of some objects.
#[derive(Default)]
struct Outcome<'t> {
    alike: BTreeSet<&'t Key>,
    /// Whether one of the texts of the rest cannot be read: it keeps the others from being looked at.
    is_refused: bool,
}

impl<'t> Trial<'t> {
    /// The objects whose texts mean the same.
    async fn alike(&self, session: &mut Session<'_>) -> Result<BTreeSet<Key>, JobError> {
        // what is inherited is made together with what it is inherited from
        let mut together: BTreeMap<Key, Vec<&'t Key>> = BTreeMap::new();
        for key in self.pairs.keys() {
            together.entry(top(self.first, key)).or_default().push(key);
        }
        let mut alike = BTreeSet::new();
        let mut open: Vec<Vec<Vec<&Key>>> = vec![together.into_values().collect()];
        while let Some(mut some) = open.pop() {
            if some.is_empty() {
                continue;
            }
            let keys: Vec<&Key> = some.iter().flatten().copied().collect();
            let outcome = self.attempt(session, &keys).await?;
            alike.extend(outcome.alike.iter().map(|it| (*it).clone()));
            if outcome.is_refused {
                // the one that is refused is sought by halves
                for keys in &mut some {
                    keys.retain(|it| !outcome.alike.contains(it));
                }
                some.retain(|it| !it.is_empty());
                if let [alone] = &mut some[..] {
                    some = alone.drain(..).map(|it| vec![it]).collect();
                }
                if some.len() > 1 {
                    let rest = some.split_off(some.len() / 2);
                    open.extend([some, rest]);
                }
            }
        }
        Ok(alike)
    }

    /// Makes some objects again and again, and leaves nothing of it.
    async fn attempt(
        &self,
        session: &mut Session<'_>,
        keys: &[&'t Key],
    ) -> Result<Outcome<'t>, JobError> {
        let begin = Message::Batch("BEGIN; SET LOCAL check_function_bodies = off");
        send(session, begin).await?.map_err(refused)?;
        let outcome = self.rounds(session, keys).await;
        let ended = send(session, Message::Batch("ROLLBACK")).await;
        let outcome = outcome?;
        ended?.map_err(refused)?;
        Ok(outcome)
    }

    async fn rounds(
        &self,
        session: &mut Session<'_>,
        keys: &[&'t Key],
    ) -> Result<Outcome<'t>, JobError> {
        let mut outcome = Outcome::default();
        let kinds: BTreeSet<ObjectKind> = keys.iter().map(|it| it.kind()).collect();
        let mut at = self.first.clone();
        let begun = keys.iter().map(|key| {
            let texts = self.pairs[*key].clone();
            (*key, texts.map(|it| vec![it]))
        });
        // what has been printed of each text
        let mut open: BTreeMap<&Key, [Vec<Printed>; 2]> = begun.collect();
        // the second first: what is there was made of the first
        for side in [1, 0].into_iter().cycle().take(2 * ROUNDS) {
            let mut wanted = at.clone();
            for (key, seen) in &open {
                if let (Some(fact), Some(texts)) = (wanted.get_mut(key), seen[side].last()) {
                    set(fact, key.kind(), texts);
                }
            }
            let made = self.make(session, &at, wanted, &kinds).await?;
            let made = made.filter(|it| open.keys().all(|key| it.found.get(key).is_some()));
            let Some(Made { found, targets }) = made else {
                outcome.is_refused = true;
                break;
            };
            // what is printed of something that was not made says nothing of its text
            open.retain(|key, seen| {
                let is_given = seen[side].last().is_some_and(|it| {
                    at.get(key).is_some_and(|fact| printed(key.kind(), fact) == *it)
                });
                is_given || self.is_made(key, keys, &targets)
            });
            for (key, seen) in &mut open {
                let texts = found.get(key).map(|it| printed(key.kind(), it));
                let texts = texts.unwrap_or_default();
                if let Some(fact) = at.get_mut(key) {
                    set(fact, key.kind(), &texts);
                }
                seen[side].push(texts);
            }
            open.retain(|key, seen| {
                let is_in_both = |it: &Printed| {
                    let mut others = seen[1].iter();
                    others.any(|other| self.moments.are_alike(it, other))
                };
                let is_alike = seen[0].iter().any(is_in_both);
                if is_alike {
                    outcome.alike.insert(*key);
                }
                let is_at_rest = |it: &Vec<Printed>| {
                    let mut last = it.iter().rev();
                    it.len() > 1 && last.next() == last.next()
                };
                !(is_alike || seen.iter().all(is_at_rest))
            });
            if open.is_empty() {
                break;
            }
        }
        Ok(outcome)
    }

    /// Whether one of the statements has made an object: its own, that of what it is inherited from, or that of the constraint that an
    /// index is of. The others say nothing of its text.
    fn is_made(&self, key: &Key, keys: &[&Key], targets: &BTreeSet<Key>) -> bool {
        let of_constraint = self.first.get(key).and_then(|fact| key.constraint_of_index(fact));
        let maker = of_constraint.as_ref().unwrap_or(key);
        let from_above = [Attribute::Inherited, Attribute::OfPartitioned, Attribute::Parent];
        let fact = self.first.get(maker);
        let is_part = fact.is_some_and(|fact| from_above.iter().any(|it| fact.is(*it)));
        let above = top(self.first, maker);
        let mut makers = keys.iter().filter(|it| {
            **it == maker || is_part && it.kind() == maker.kind() && top(self.first, it) == above
        });
        makers.any(|it| targets.contains(*it))
    }

    /// Leads from one catalog to another, and reads what is printed then. None where that is refused.
    async fn make(
        &self,
        session: &mut Session<'_>,
        from: &Catalog,
        mut to: Catalog,
        kinds: &BTreeSet<ObjectKind>,
    ) -> Result<Option<Made>, JobError> {
        let keyed = keyed(from, &mut to);
        let Ok(statements) = plan(from, &to, &target(self.major)) else {
            return Ok(None);
        };
        let mut targets: BTreeSet<Key> = keyed.iter().map(|it| it.table.clone()).collect();
        targets.extend(statements.iter().filter_map(|it| it.target.clone()));
        let texts = statements.into_iter().map(|it| it.sql());
        let texts: Vec<String> = texts.chain(keyed.iter().map(Keyed::sql)).collect();
        let sql = texts.join(";\n");
        if sql.is_empty() || send(session, Message::Batch(&sql)).await?.is_err() {
            return Ok(None);
        }
        let version = self.major * 10_000;
        let kinds = kinds.iter().copied();
        let mut found = introspect::read_within(session, version, kinds).await?;
        for it in &keyed {
            let key = found.get(&it.copy).and_then(|it| it.get(PartitionKey));
            let key = key.map(str::to_owned);
            if let (Some(fact), Some(key)) = (found.get_mut(&it.table), key) {
                fact.set(PartitionKey, key);
            }
        }
        Ok(Some(Made { found, targets }))
    }
}

/// What some statements have made.
struct Made {
    /// The database after them.
    found: Catalog,
    /// What they were about.
    targets: BTreeSet<Key>,
}

/// A partitioned table by another key: no table can be changed so, and a copy of it tells what is printed.
struct Keyed {
    table: Key,
    copy: Key,
    key: String,
}

impl Keyed {
    fn sql(&self) -> String {
        let name = |it: &Key| {
            let (schema, name) = (it.part(0), it.part(1));
            Qualified { schema, name }.to_string()
        };
        let (table, copy) = (name(&self.table), name(&self.copy));
        format!(
            "DROP TABLE IF EXISTS {copy};\nCREATE TABLE {copy} (LIKE {table}) PARTITION BY {}",
            self.key
        )
    }
}

/// Takes the keys of partitioned tables out of what is wanted.
fn keyed(from: &Catalog, to: &mut Catalog) -> Vec<Keyed> {
    let is_other = |(key, fact): &(&Key, &Fact)| {
        let was = from.get(key).and_then(|it| it.get(PartitionKey));
        fact.get(PartitionKey) != was
    };
    let tables = to.of_kind(ObjectKind::Relation).filter(is_other).enumerate();
    let all = tables.map(|(at, (table, fact))| Keyed {
        copy: Key::new(ObjectKind::Relation, &[table.part(0), &format!("glowplug_copy_{at}")]),
        table: table.clone(),
        key: fact.get(PartitionKey).unwrap_or_default().to_owned(),
    });
    let all: Vec<Keyed> = all.collect();
    for it in &all {
        if let (Some(was), Some(fact)) = (from.get(&it.table), to.get_mut(&it.table)) {
            fact.set(PartitionKey, was.get(PartitionKey).unwrap_or_default().to_owned());
        }
    }
    all
}

/// Sends one message; that the server refuses it is an answer.
async fn send(
    session: &mut Session<'_>,
    message: Message<'_>,
) -> Result<Result<(), Failure>, JobError> {
    let replies = session.exchange(&[message], &mut |_| {}).await;
    match replies.into_iter().find_map(Result::err) {
        None => Ok(Ok(())),
        Some(failure @ Failure::Server(_)) => Ok(Err(failure)),
        Some(failure) => Err(refused(failure)),
    }
}

fn refused(failure: Failure) -> JobError {
    SessionError::while_doing(DOING)(failure).into()
}
