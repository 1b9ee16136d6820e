//! Reads the same database again and again, and of its relations only those that were written to.
//!
//! Tables, columns, constraints and indexes are most of a catalog, and a migration touches few of them. What a relation looks
//! like follows from its own rows in the system catalogs, from the names of other objects, and from a few kinds of types: a row
//! that is new or gone is found by its number and by the transaction that wrote it, and where an object has another name than
//! before, or one of these types has changed, everything is read.
//!
//! For a database that nobody else writes to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Address, BEGIN, Part, Reading, for_major, parts};
use crate::{
    catalog::{
        Catalog, Coverage, Fact, Key, Kind,
        fact::{COMMENT, EXTENSION, EXTENSIONS},
    },
    postgres::{
        imprint::EVER,
        session::{COMMIT, Message, Row, Session},
        session_error::SessionError,
    },
};

/// Which relations were written to.
const TOUCHED: &str = include_str!("touched.sql");

/// What can be read of some relations only.
const OF_RELATIONS: [Kind; 4] = [Kind::Relation, Kind::Column, Kind::Constraint, Kind::Index];
/// Types whose own attributes show in columns.
const TYPES: [Kind; 4] = [Kind::Domain, Kind::Enum, Kind::BaseType, Kind::Collation];

/// A reader of one database that nobody else writes to. It remembers what it has read, and reads of relations only those again
/// that were written to.
#[derive(Debug, Default)]
pub struct Reader {
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    reading: Reading,
    relations: Relations,
}

/// The rows of relations at one moment.
#[derive(Debug, Default)]
struct Relations {
    /// By oid: how many they are.
    rows: BTreeMap<String, String>,
    /// The oids of those that were written to since a moment before.
    written: BTreeSet<String>,
    /// The transaction from which on everything is new.
    until: String,
}

impl Reader {
    /// Forgets what it knows: everything is read the next time.
    pub fn forget(&mut self) {
        self.known = None;
    }

    /// Tells all that [`read`](super::read) does of every kind. `server_version` is `server_version_num`, such as 150018.
    ///
    /// # Errors
    /// When the connection is lost, or the server refuses.
    pub async fn read(
        &mut self,
        session: &mut Session<'_>,
        server_version: u32,
    ) -> Result<Catalog, SessionError> {
        let known = self.known.take();
        let coverage = Coverage::all();
        let since = known.as_ref().map_or(EVER, |it| &it.relations.until);
        let touched = Message::Query(TOUCHED, vec![Some(since.to_owned())]);
        let mut replies = exchange(session, &[Message::Batch(BEGIN), touched]).await?;
        let relations = Relations::of(replies.pop().unwrap_or_default());
        let touched = known.as_ref().map(|it| it.relations.touched(&relations));
        let some = touched.as_ref().map(|oids| {
            let oids: Vec<&str> = oids.iter().map(String::as_str).collect();
            format!("{{{}}}", oids.join(","))
        });

        let wanted: Vec<Part> = parts(&coverage).collect();
        let major = server_version / 10_000;
        let texts = wanted.iter().map(|it| {
            let some = some.as_ref().filter(|_| it.is_of_relations());
            (for_major(it.sql(), major, some.is_some()), some)
        });
        let texts: Vec<(String, Option<&String>)> = texts.collect();
        let queries = texts.iter().map(|(text, some)| {
            Message::Query(text, some.iter().map(|it| Some((*it).clone())).collect())
        });
        let messages: Vec<Message<'_>> = queries.chain([Message::Batch(COMMIT)]).collect();
        let replies = exchange(session, &messages).await?;

        let mut reading = match (&known, &touched) {
            (Some(known), Some(touched)) => known.without(touched),
            _ => Reading::of(&coverage),
        };
        for (part, rows) in wanted.iter().zip(replies) {
            reading.take(part, rows);
        }
        if known.is_some_and(|it| !it.is_true_of(&reading)) {
            return Box::pin(self.read(session, server_version)).await;
        }
        let catalog = reading.catalog.clone();
        self.known = Some(Known { reading, relations });
        Ok(catalog)
    }
}

/// Sends messages; the first failure counts.
async fn exchange(
    session: &mut Session<'_>,
    messages: &[Message<'_>],
) -> Result<Vec<Vec<Row>>, SessionError> {
    let replies = session.exchange(messages, &mut |_| {}).await;
    let replies: Result<Vec<Vec<Row>>, _> = replies.into_iter().collect();
    replies.map_err(SessionError::while_doing("reading the catalog"))
}

impl Part {
    /// Whether it can be asked of some relations only.
    fn is_of_relations(&self) -> bool {
        matches!(self, Self::Kind(query) if OF_RELATIONS.contains(&query.kind))
    }
}

impl Relations {
    fn of(rows: Vec<Row>) -> Self {
        let mut all = Self::default();
        for row in rows {
            let [relation, count, written] = super::texts(row);
            if relation.is_empty() {
                all.until = count;
                continue;
            }
            if !written.is_empty() {
                all.written.insert(relation.clone());
            }
            all.rows.insert(relation, count);
        }
        all
    }

    /// The relations that are not what they were: new, gone, or with other rows.
    fn touched(&self, now: &Self) -> BTreeSet<String> {
        let is_other = |oid: &&String| self.rows.get(*oid) != now.rows.get(*oid);
        let all = self.rows.keys().chain(now.rows.keys());
        all.filter(is_other).chain(&now.written).cloned().collect()
    }
}

impl Known {
    /// What is known of all relations but these, to be completed.
    fn without(&self, relations: &BTreeSet<String>) -> Reading {
        let coverage = Coverage::all();
        let mut reading = Reading::of(&coverage);
        let names: BTreeSet<&Key> = relations
            .iter()
            .filter_map(|oid| self.reading.places.get(&*format!("{PG_CLASS}.{oid}.0")))
            .collect();
        let stays = |key: &Key, fact: &Fact| {
            OF_RELATIONS.contains(&key.kind()) && !names.contains(&relation_of(key, fact))
        };
        for (key, fact) in self
            .reading
            .catalog
            .iter()
            .filter(|(key, fact)| stays(key, fact))
        {
            let mut fact = fact.clone();
            // these are read for all
            fact.unset(COMMENT);
            fact.unset(EXTENSION);
            fact.unset(EXTENSIONS);
            reading.catalog.insert(key.clone(), fact);
        }
        let places = self.reading.places.iter();
        let places = places.filter(|(_, key)| reading.catalog.get(key).is_some());
        let places: HashMap<Address, Key> = places
            .map(|(address, key)| (address.clone(), key.clone()))
            .collect();
        reading.places = places;
        reading
    }

    /// Whether what was not read anew is still true: no object has another name, no type is another.
    fn is_true_of(&self, now: &Reading) -> bool {
        let was = &self.reading;
        let has_name =
            |(address, key): (&Address, &Key)| now.places.get(address).is_none_or(|it| it == key);
        let is_same = |(key, fact): (&Key, &Fact)| now.catalog.get(key).is_none_or(|it| it == fact);
        let mut types = TYPES.iter().flat_map(|kind| was.catalog.of_kind(*kind));
        types.all(is_same) && was.places.iter().all(has_name)
    }
}

/// The oid of pg_class, in which relations are.
const PG_CLASS: u32 = 1259;

/// The relation that something is part of.
fn relation_of(key: &Key, fact: &Fact) -> Key {
    let name = match key.kind() {
        Kind::Index => fact.get("table").unwrap_or_default(),
        _ => key.part(1),
    };
    Key::new(Kind::Relation, &[key.part(0), name])
}
