//! A cheap print of a database's structure: a digest for each row of the system catalogs.
//!
//! It says whether the structure is exactly what it was, not what differs: what was dropped and made again has other rows. Only rows
//! that were written since the print before are read, so it costs about a millisecond however large the database is. For a
//! database that nobody else writes to.

mod queries;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::queries::Queries;
use self::queries::{GROUPS, OUTSIDE, counted_as};
use crate::postgres::session::{Failure, Message, Row, Session};

/// Older than every transaction: what came with the database.
pub(crate) const EVER: &str = "2";

/// Rows by catalog and key.
type Print = BTreeMap<String, BTreeMap<String, Seen>>;

/// One row of a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    digest: String,
    about: BTreeSet<String>,
}

/// The print of a database.
#[derive(Debug, Default)]
pub(crate) struct CatalogDigest {
    rows: Print,
    /// How many rows a catalog has, and the combination of their keys.
    counts: BTreeMap<String, String>,
    since: String,
}

/// What was written since a print.
#[derive(Debug, Default)]
pub(crate) struct Written {
    rows: Print,
    counts: BTreeMap<String, String>,
    until: String,
}

/// What happened to the rows between two prints.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    /// The catalogs and relations of rows that were not there before.
    new: Vec<(String, BTreeSet<String>)>,
    /// Those of rows that were written again, or are gone.
    other: Vec<(String, BTreeSet<String>)>,
}

/// Catalogs whose rows concern nothing but the relations that they are about.
const LOCAL: [&str; 7] = [
    "pg_class",
    "pg_attribute",
    "pg_attrdef",
    "pg_constraint",
    "pg_index",
    "pg_trigger",
    "pg_description",
];
/// The same, where a row is new: nothing can have depended on it.
const LOCAL_IF_NEW: [&str; 7] = [
    "pg_type",
    "pg_sequence",
    "pg_inherits",
    "pg_partitioned_table",
    "pg_statistic_ext",
    "pg_policy",
    "pg_namespace",
];

impl Moved {
    /// Whether there are new types, and so may be new tables.
    pub(crate) fn has_tables(&self) -> bool {
        self.new.iter().any(|(name, _)| name == "pg_type")
    }

    /// Whether it could concern one of these relations, or anything that is not a relation's.
    pub(crate) fn may_concern(&self, relations: &BTreeSet<String>) -> bool {
        let is_local =
            |name: &str, new: bool| LOCAL.contains(&name) || new && LOCAL_IF_NEW.contains(&name);
        let concerns = |rows: &[(String, BTreeSet<String>)], new: bool| {
            rows.iter().any(|(name, about)| {
                !is_local(name, new) || about.iter().any(|it| relations.contains(it))
            })
        };
        concerns(&self.new, true) || concerns(&self.other, false)
    }
}

impl CatalogDigest {
    /// Reads what was written since this print.
    pub(crate) async fn written(
        &self,
        session: &mut Session<'_>,
        queries: &Queries,
    ) -> Result<Written, Failure> {
        Written::read(session, queries, self.since()).await
    }

    /// The transaction from which on everything is new to this print.
    pub(crate) fn since(&self) -> &str {
        if self.since.is_empty() { EVER } else { &self.since }
    }

    /// Whether the structure is exactly this one again.
    pub(crate) fn is_back(&self, written: &Written) -> bool {
        let inside = |(name, count): (&String, &String)| {
            is_outside(name) || self.counts.get(name) == Some(count)
        };
        let same = |(name, rows): (&String, &BTreeMap<String, Seen>)| {
            let known = self.rows.get(name);
            is_outside(name)
                || rows.iter().all(|(key, seen)| {
                    known.and_then(|it| it.get(key)).is_some_and(|it| it.digest == seen.digest)
                })
        };
        written.counts.iter().all(inside) && written.rows.iter().all(same)
    }

    /// Whether everything of this structure is there as it was, whatever there is besides.
    pub(crate) fn is_within(&self, written: &Written) -> bool {
        let is_kept = |(name, rows): (&String, &BTreeMap<String, Seen>)| {
            let Some(known) = self.rows.get(name) else {
                return true;
            };
            rows.iter().all(|(key, seen)| known.get(key).is_none_or(|it| it.digest == seen.digest))
        };
        !self.has_lost(written) && written.rows.iter().all(is_kept)
    }

    /// What was written, where nothing is gone.
    pub(crate) fn moved(&self, written: &Written) -> Moved {
        let mut moved = Moved::default();
        for (name, rows) in &written.rows {
            let known = self.rows.get(name);
            for (key, seen) in rows {
                let it = (name.clone(), seen.about.clone());
                match known.is_some_and(|it| it.contains_key(key)) {
                    true => moved.other.push(it),
                    false => moved.new.push(it),
                }
            }
        }
        moved
    }

    /// Becomes the print of now.
    pub(crate) async fn advance(
        &mut self,
        session: &mut Session<'_>,
        queries: &Queries,
    ) -> Result<Moved, Failure> {
        let mut written = self.written(session, queries).await?;
        let mut found = Moved::default();
        if self.has_lost(&written) {
            let all = Written::read(session, queries, EVER).await?;
            for (name, rows) in &mut self.rows {
                let there = all.rows.get(name);
                let gone =
                    rows.extract_if(.., |key, _| there.is_none_or(|it| !it.contains_key(key)));
                found.other.extend(gone.map(|(_, seen)| (name.clone(), seen.about)));
            }
            written.counts = all.counts;
        }
        for (name, rows) in written.rows {
            let known = self.rows.entry(name.clone()).or_default();
            for (key, seen) in rows {
                let it = (name.clone(), seen.about.clone());
                match known.insert(key, seen) {
                    None => found.new.push(it),
                    Some(_) => found.other.push(it),
                }
            }
        }
        self.counts = written.counts;
        self.since = written.until;
        Ok(found)
    }

    /// Whether a catalog has fewer rows than were known and came.
    pub(crate) fn has_lost(&self, written: &Written) -> bool {
        let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, rows) in &self.rows {
            *wanted.entry(counted_as(name)).or_default() += rows.len();
        }
        for (name, rows) in &written.rows {
            let known = self.rows.get(name);
            let is_new = |key: &&String| known.is_none_or(|it| !it.contains_key(*key));
            *wanted.entry(counted_as(name)).or_default() += rows.keys().filter(is_new).count();
        }
        written.counts.iter().any(|(name, count)| {
            let wanted = wanted.get(name.as_str()).copied().unwrap_or_default();
            count.split(' ').next() != Some(wanted.to_string().as_str())
        })
    }
}

fn is_outside(name: &str) -> bool {
    OUTSIDE.contains(&name) || name == GROUPS[1]
}

impl Written {
    async fn read(
        session: &mut Session<'_>,
        queries: &Queries,
        since: &str,
    ) -> Result<Self, Failure> {
        if since != EVER {
            let (read, has_others) = Self::ask(session, &queries.common, since).await?;
            if !has_others {
                return Ok(read);
            }
        }
        Ok(Self::ask(session, &queries.all, since).await?.0)
    }

    /// What was written, and whether rows of catalogs that were only counted are among it.
    async fn ask(
        session: &mut Session<'_>,
        query: &str,
        since: &str,
    ) -> Result<(Self, bool), Failure> {
        session.keep(query, 1).await?;
        let message = Message::Kept(query, vec![Some(since.to_owned())]);
        let reply = session.exchange(&[message], &mut |_| {}).await.pop();
        let mut read = Self::default();
        let mut has_others = false;
        for row in reply.unwrap_or_else(|| Ok(Vec::new()))? {
            let [name, total, rows] = fields(row);
            if name.is_empty() {
                read.until = total;
                continue;
            }
            if counted_as(&name) == name || GROUPS.contains(&name.as_str()) {
                read.counts.insert(name.clone(), total);
            }
            if GROUPS.contains(&name.as_str()) {
                has_others |= !rows.is_empty();
                continue;
            }
            let Ok(rows) = serde_json::from_str::<Vec<[String; 3]>>(&rows) else {
                continue;
            };
            let seen = rows.into_iter().map(|[key, digest, about]| {
                let about = about.split(' ').map(str::to_owned).collect();
                (key, Seen { digest, about })
            });
            read.rows.insert(name, seen.collect());
        }
        Ok((read, has_others))
    }
}

fn fields(row: Row) -> [String; 3] {
    let mut values = row.into_iter();
    std::array::from_fn(|_| values.next().flatten().unwrap_or_default())
}
