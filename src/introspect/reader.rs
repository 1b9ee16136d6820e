//! Reads the same database again and again, and of its relations only those that were written to.
//!
//! Tables, columns, constraints and indexes are most of a catalog, and a migration touches few of them. What a relation looks
//! like follows from its own rows in the system catalogs, from the names of other objects, and from a few kinds of types: a row
//! that is new or gone is found by its number and by the transaction that wrote it, and where an object has another name than
//! before, or one of these types has changed, everything is read.
//!
//! Of what needs what, the rows that are new are read, and those of relations that were written to. A row that is gone went with
//! one of its ends; should one have gone otherwise, the count and the sums of the rest tell, and everything is read.
//!
//! Kinds of which there is nothing are not asked about (`absent.sql`).
//!
//! For a database that nobody else writes to.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{
    BEGIN, Part, parts,
    reading::{Address, Bond, RELATIONS, Reading},
};
use crate::{
    catalog::{Attribute, Catalog, Coverage, Dependencies, Fact, Key, ObjectKind},
    introspect::catalog_digest::EVER,
    postgres::{
        session::{COMMIT, Message, Row, Session},
        session_error::SessionError,
    },
};

/// Which relations were written to.
const TOUCHED: &str = include_str!("touched.sql");

/// Which kinds there is nothing of.
const ABSENT: &str = include_str!("absent.sql");

/// What can be read of some relations only.
const OF_RELATIONS: [ObjectKind; 4] =
    [ObjectKind::Relation, ObjectKind::Column, ObjectKind::Constraint, ObjectKind::Index];
/// Types whose own attributes show in columns.
const TYPES: [ObjectKind; 4] =
    [ObjectKind::Domain, ObjectKind::Enum, ObjectKind::BaseType, ObjectKind::Collation];

/// A reader of one database that nobody else writes to. It remembers what it has read, and reads of relations only those again
/// that were written to.
#[derive(Debug, Default)]
pub struct Reader {
    known: Option<Known>,
    /// Whether the server keeps its queries.
    keeps: bool,
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
    rows: BTreeMap<u32, String>,
    /// The oids of those that were written to since a moment before.
    written: BTreeSet<u32>,
    /// The transaction from which on everything is new.
    until: String,
    /// How many rows pg_depend has, and the sums of the oids in it.
    bonds: String,
}

/// What a reading had that is to be read again.
struct Outdated {
    places: Vec<(Address, Key)>,
    aliases: Vec<Address>,
    types: Vec<(Key, Fact)>,
}

impl Reader {
    /// One whose queries the server keeps, for a session in which nobody's script runs. It leaves out what no query reads.
    pub(crate) fn keeping() -> Self {
        Self { known: None, keeps: true }
    }

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
        let since = known.as_ref().map_or(EVER, |it| &it.relations.until);
        let since = Some(since.to_owned());
        self.keep(session, TOUCHED, 1).await?;
        self.keep(session, ABSENT, 0).await?;
        let touched = self.message(TOUCHED, vec![since.clone()]);
        let absent = self.message(ABSENT, Vec::new());
        let mut replies = exchange(session, &[Message::Batch(BEGIN), absent, touched]).await?;
        let relations = Relations::of(replies.pop().unwrap_or_default());
        let absent: BTreeSet<String> =
            replies.pop().unwrap_or_default().into_iter().flatten().flatten().collect();
        let touched = known.as_ref().map(|it| it.relations.touched(&relations));
        let some = touched.as_ref().map(|oids| {
            let oids: Vec<String> = oids.iter().map(u32::to_string).collect();
            [Some(format!("{{{}}}", oids.join(","))), since]
        });

        let coverage = Coverage::all();
        let is_wanted = |part: &Part| match part {
            Part::Kind(query) => !absent.contains(query.kind.variant()),
            Part::Members => !absent.contains(ObjectKind::Extension.variant()),
            Part::Unread => !self.keeps,
            _ => true,
        };
        let wanted: Vec<Part> = parts(&coverage).filter(is_wanted).collect();
        let major = server_version / 10_000;
        let texts = wanted.iter().map(|it| {
            let values = match (&some, it.of_some()) {
                (Some(values), Some(count)) => values[..count].to_vec(),
                _ => Vec::new(),
            };
            (it.text(major, !values.is_empty()), values)
        });
        let texts: Vec<(String, Vec<Option<String>>)> = texts.collect();
        for (text, values) in &texts {
            self.keep(session, text, values.len()).await?;
        }
        let queries = texts.iter().map(|(text, values)| self.message(text, values.clone()));
        let messages: Vec<Message<'_>> = queries.chain([Message::Batch(COMMIT)]).collect();
        let replies = exchange(session, &messages).await?;

        let (mut reading, outdated) = match (known, &touched) {
            (Some(known), Some(touched)) => {
                let (reading, outdated) = known.without(touched);
                (reading, Some(outdated))
            }
            _ => (Reading::of(&coverage), None),
        };
        for (part, rows) in wanted.iter().zip(replies) {
            reading.take(part, rows);
        }
        if let Some(outdated) = outdated
            && !outdated.leads_to(&mut reading, &relations)
        {
            return Box::pin(self.read(session, server_version)).await;
        }
        reading.tie();
        let catalog = reading.catalog.clone();
        self.known = Some(Known { reading, relations });
        Ok(catalog)
    }

    async fn keep(
        &self,
        session: &mut Session<'_>,
        sql: &str,
        values: usize,
    ) -> Result<(), SessionError> {
        if !self.keeps {
            return Ok(());
        }
        session.keep(sql, values).await.map_err(SessionError::while_doing("reading the catalog"))
    }

    fn message<'m>(&self, sql: &'m str, values: Vec<Option<String>>) -> Message<'m> {
        match self.keeps {
            true => Message::Kept(sql, values),
            false => Message::Query(sql, values),
        }
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
    /// How many values it takes to be asked of some relations only: their oids, and the transaction since when. None if it cannot.
    fn of_some(&self) -> Option<usize> {
        match self {
            Self::Kind(query) if OF_RELATIONS.contains(&query.kind) => Some(1),
            Self::Aliases => Some(1),
            Self::Dependencies => Some(2),
            _ => None,
        }
    }
}

impl Relations {
    fn of(rows: Vec<Row>) -> Self {
        let mut all = Self::default();
        for row in rows {
            let [relation, count, last] = super::texts(row);
            let Ok(oid) = relation.parse() else {
                all.until = count;
                all.bonds = last;
                continue;
            };
            if !last.is_empty() {
                all.written.insert(oid);
            }
            all.rows.insert(oid, count);
        }
        all
    }

    /// The relations that are not what they were: new, gone, or with other rows.
    fn touched(&self, now: &Self) -> BTreeSet<u32> {
        let is_other = |oid: &&u32| self.rows.get(oid) != now.rows.get(oid);
        let all = self.rows.keys().chain(now.rows.keys());
        all.filter(is_other).chain(&now.written).copied().collect()
    }
}

impl Known {
    /// What is known of all relations but these, to be completed, and what was known beside it.
    fn without(self, relations: &BTreeSet<u32>) -> (Reading, Outdated) {
        let mut reading = self.reading;
        let keys =
            relations.iter().filter_map(|oid| reading.places.get(&Address::of_relation(*oid)));
        let keys: Vec<Key> = keys.cloned().collect();
        let names: BTreeSet<(&str, &str)> =
            keys.iter().map(|it| (it.part(0), it.part(1))).collect();
        let types = TYPES.iter().flat_map(|kind| reading.catalog.of_kind(*kind));
        let types = types.map(|(key, fact)| (key.clone(), fact.clone()));
        let types = types.collect();

        let catalog = &mut reading.catalog;
        catalog.unread.clear();
        catalog.dependencies = Dependencies::default();
        catalog.retain(|key, fact| {
            OF_RELATIONS.contains(&key.kind()) && !names.contains(&relation_of(key, fact))
        });
        catalog.map(|_, fact| {
            // these are read for all
            fact.unset(Attribute::Comment);
            fact.unset(Attribute::Extension);
            fact.unset(Attribute::Extensions);
        });
        let is_touched = |at: &Address| at.class == RELATIONS && relations.contains(&at.object);
        let catalog = &reading.catalog;
        let is_outdated = |_: &Address, key: &mut Key| catalog.get(key).is_none();
        let places = reading.places.extract_if(is_outdated).collect();
        let is_outdated =
            |_: &Address, whole: &mut Address| whole.class != RELATIONS || is_touched(whole);
        let aliases = reading.aliases.extract_if(is_outdated);
        let outdated =
            Outdated { places, aliases: aliases.map(|(alias, _)| alias).collect(), types };
        reading.bonds.retain(|it| !is_touched(&it.dependent) && !is_touched(&it.referenced));
        (reading, outdated)
    }
}

impl Outdated {
    /// Whether what was not read anew is still true: no object has another name, no type is another, and of what needs what
    /// nothing is missing once that of objects which are gone was taken away.
    fn leads_to(&self, now: &mut Reading, relations: &Relations) -> bool {
        let has_name =
            |(address, key): &(Address, Key)| now.places.get(address).is_none_or(|it| it == key);
        let is_same = |(key, fact): &(Key, Fact)| now.catalog.get(key).is_none_or(|it| it == fact);
        if !(self.types.iter().all(is_same) && self.places.iter().all(has_name)) {
            return false;
        }
        let places = self.places.iter().map(|(address, _)| address);
        let is_gone =
            |at: &&Address| !(now.places.contains_key(at) || now.aliases.contains_key(at));
        let gone = places.chain(&self.aliases).filter(is_gone);
        let gone: HashSet<Address> = gone.copied().collect();
        now.bonds.retain(|it| !gone.contains(&it.dependent) && !gone.contains(&it.referenced));
        sums(&now.bonds) == relations.bonds
    }
}

/// What the server says of these rows of pg_depend: how many they are, and the sums of the oids in them.
fn sums(bonds: &[Bond]) -> String {
    let sum = |end: fn(&Bond) -> Address| -> u64 {
        bonds.iter().map(|it| u64::from(end(it).object)).sum()
    };
    match bonds.len() {
        0 => "0".into(),
        count => format!("{count} {} {}", sum(|it| it.dependent), sum(|it| it.referenced)),
    }
}

/// The schema and the name of the relation that something is part of.
fn relation_of<'k>(key: &'k Key, fact: &'k Fact) -> (&'k str, &'k str) {
    let name = match key.kind() {
        ObjectKind::Index => fact.get(Attribute::Table).unwrap_or_default(),
        _ => key.part(1),
    };
    (key.part(0), name)
}
