//! A cheap print of a database's structure: a digest for each row of the system catalogs.
//!
//! It says whether the structure is exactly what it was, not what differs: what was dropped and made again has other rows. Only rows
//! that were written since the print before are read, so it costs about a millisecond however large the database is. For a
//! database that nobody else writes to.

use std::collections::{BTreeMap, BTreeSet};

use crate::postgres::session::{Failure, Message, Row, Session};

/// A catalog whose rows count.
struct Rows {
    name: &'static str,
    /// What identifies a row: a bigint.
    key: &'static str,
    /// The rows that users made.
    users: &'static str,
    /// The relations that a row is part of or is about: a list of oids.
    about: &'static str,
    /// The first major version that has it.
    from: u32,
}

const fn rows(
    name: &'static str,
    key: &'static str,
    users: &'static str,
    about: &'static str,
) -> Rows {
    Rows { name, key, users, about, from: 14 }
}

const OWN: &str = "t.oid >= 16384";
const NONE: &str = "NULL::oid";

/// The catalogs, but for those that follow from others (pg_depend).
const CATALOGS: &[Rows] = &[
    // 2200: the schema public
    rows("pg_namespace", "t.oid", "(t.oid >= 16384 OR t.oid = 2200) AND t.nspname !~ '^pg_'", NONE),
    // 99: pg_toast; what is in it follows from the tables, but for settings
    rows(
        "pg_class",
        "t.oid",
        "t.oid >= 16384 AND (t.relnamespace <> 99 OR t.reloptions IS NOT NULL)",
        "t.oid",
    ),
    rows(
        "pg_attribute",
        "(t.attrelid::bigint << 16) + t.attnum",
        "t.attrelid >= 16384 AND t.attnum > 0 AND NOT t.attisdropped",
        "t.attrelid",
    ),
    rows("pg_attrdef", "t.oid", OWN, "t.adrelid"),
    rows("pg_constraint", "t.oid", OWN, "t.conrelid, t.confrelid"),
    rows("pg_index", "t.indexrelid", "t.indexrelid >= 16384", "t.indrelid"),
    rows(
        "pg_inherits",
        "(t.inhrelid::bigint << 16) + t.inhseqno",
        "true",
        "t.inhrelid, t.inhparent",
    ),
    rows("pg_sequence", "t.seqrelid", "t.seqrelid >= 16384", "t.seqrelid"),
    rows("pg_type", "t.oid", OWN, "t.typrelid"),
    rows("pg_enum", "t.oid", OWN, NONE),
    rows("pg_range", "t.rngtypid", "t.rngtypid >= 16384", NONE),
    rows("pg_proc", "t.oid", OWN, NONE),
    rows("pg_aggregate", "t.aggfnoid::oid", "t.aggfnoid::oid >= 16384", NONE),
    rows("pg_trigger", "t.oid", "true", "t.tgrelid, t.tgconstrrelid"),
    rows("pg_rewrite", "t.oid", OWN, "t.ev_class"),
    rows("pg_policy", "t.oid", OWN, "t.polrelid"),
    rows("pg_event_trigger", "t.oid", "true", NONE),
    rows("pg_extension", "t.oid", OWN, NONE),
    rows("pg_collation", "t.oid", OWN, NONE),
    rows("pg_statistic_ext", "t.oid", "true", "t.stxrelid"),
    rows("pg_publication", "t.oid", "true", NONE),
    rows("pg_publication_rel", "t.oid", "true", "t.prrelid"),
    Rows { from: 15, ..rows("pg_publication_namespace", "t.oid", "true", NONE) },
    rows("pg_subscription", "t.oid", "true", NONE),
    rows("pg_foreign_data_wrapper", "t.oid", "true", NONE),
    rows("pg_foreign_server", "t.oid", "true", NONE),
    rows("pg_user_mapping", "t.oid", "true", NONE),
    rows("pg_foreign_table", "t.ftrelid", "true", "t.ftrelid"),
    rows("pg_partitioned_table", "t.partrelid", "true", "t.partrelid"),
    rows("pg_cast", "t.oid", OWN, NONE),
    rows("pg_operator", "t.oid", OWN, NONE),
    rows("pg_opfamily", "t.oid", OWN, NONE),
    rows("pg_opclass", "t.oid", OWN, NONE),
    rows("pg_amop", "t.oid", OWN, NONE),
    rows("pg_amproc", "t.oid", OWN, NONE),
    rows("pg_conversion", "t.oid", OWN, NONE),
    rows("pg_ts_parser", "t.oid", OWN, NONE),
    rows("pg_ts_dict", "t.oid", OWN, NONE),
    rows("pg_ts_template", "t.oid", OWN, NONE),
    rows("pg_ts_config", "t.oid", OWN, NONE),
    rows(
        "pg_ts_config_map",
        "(t.mapcfg::bigint << 24) + (t.maptokentype << 12) + t.mapseqno",
        "t.mapcfg >= 16384",
        NONE,
    ),
    rows("pg_am", "t.oid", OWN, NONE),
    rows("pg_language", "t.oid", OWN, NONE),
    rows("pg_transform", "t.oid", "true", NONE),
    rows("pg_default_acl", "t.oid", "true", NONE),
    rows(
        "pg_description",
        "hashint8extended((t.classoid::bigint << 32) + t.objoid::bigint, t.objsubid)",
        "t.objoid >= 16384 OR t.objoid = 2200 AND t.classoid = 'pg_namespace'::regclass",
        "t.objoid",
    ),
    // not part of the structure, and roles decide what protects a table
    rows(AUTHID, "t.oid", "true", NONE),
    rows(MEMBERS, "(t.roleid::bigint << 32) + t.member::bigint", "true", NONE),
    rows(SETTINGS, "(t.setdatabase::bigint << 32) + t.setrole::bigint", "true", NONE),
];

const AUTHID: &str = "pg_authid";
const MEMBERS: &str = "pg_auth_members";
const SETTINGS: &str = "pg_db_role_setting";
/// What is there for a whole cluster, and no part of a database's structure.
const OUTSIDE: [&str; 3] = [AUTHID, MEMBERS, SETTINGS];

/// What says nothing about the structure: sizes, flags that are only hints, and what is numbered anew.
const OMITTED: &str = "ARRAY['relpages', 'reltuples', 'relallvisible', 'relallfrozen', 'relhasindex', 'relhasrules', 'relhastriggers', \
    'relhassubclass', 'relfrozenxid', 'relminmxid', 'relfilenode', 'reltoastrelid', 'relnatts', 'relchecks', 'attcacheoff', 'atthasmissing', \
    'attmissingval', 'indcheckxmin']";

/// Those that nearly every migration writes to. The others are counted together, and read where that says that they were written.
const COMMON: [&str; 9] = [
    "pg_class",
    "pg_attribute",
    "pg_attrdef",
    "pg_constraint",
    "pg_index",
    "pg_type",
    "pg_trigger",
    "pg_sequence",
    "pg_description",
];
/// What stands for the others together, and for those that are no part of the structure.
const GROUPS: [&str; 2] = ["others", "outside"];

/// What a catalog is counted as.
fn counted_as(name: &str) -> &str {
    match name {
        _ if OUTSIDE.contains(&name) => GROUPS[1],
        _ if COMMON.contains(&name) => name,
        _ => GROUPS[0],
    }
}

/// The queries of a print.
#[derive(Debug)]
pub(crate) struct Queries {
    /// Reads the new rows of common catalogs, and counts those of the others.
    common: String,
    /// Reads all.
    all: String,
}

impl Queries {
    /// Those for a major version.
    pub(crate) fn new(major: u32) -> Self {
        let there = || CATALOGS.iter().filter(|it| it.from <= major);
        let groups = || {
            GROUPS.map(|group| {
                let members = there().filter(|it| counted_as(it.name) == group);
                counted(group, members)
            })
        };
        let common = there().filter(|it| COMMON.contains(&it.name));
        Self {
            common: union(common.map(Rows::read).chain(groups())),
            all: union(there().map(Rows::read).chain(groups())),
        }
    }
}

fn union(arms: impl Iterator<Item = String>) -> String {
    let next =
        "SELECT ARRAY['', pg_snapshot_xmax(pg_current_snapshot())::text, NULL]::text[] AS \"row\"";
    let arms: Vec<String> = std::iter::once(next.to_owned()).chain(arms).collect();
    // once, and not for each row
    let since = "WITH since AS MATERIALIZED (SELECT age($1::text::xid) AS age)";
    format!("{since}\n{}", arms.join("\nUNION ALL "))
}

/// Counts the rows of many catalogs in one pass: an aggregate for each would cost more than the rows.
fn counted<'r>(group: &str, catalogs: impl Iterator<Item = &'r Rows>) -> String {
    let arm = |(number, it): (usize, &Rows)| {
        format!(
            "SELECT hashint8extended(({})::bigint, {number}) AS key, t.xmin AS written FROM pg_catalog.{} t WHERE {}",
            it.key, it.name, it.users
        )
    };
    let arms: Vec<String> = catalogs.enumerate().map(arm).collect();
    format!(
        "SELECT ARRAY['{group}', concat_ws(' ', count(*), bit_xor(r.key)), \
         NULLIF(count(*) FILTER (WHERE age(r.written) <= (SELECT s.age FROM since s)), 0)::text]::text[] FROM ({}) r",
        arms.join(" UNION ALL ")
    )
}

impl Rows {
    /// One pass that forms no row but those that are new. $1: the transaction from which on they are.
    fn read(&self) -> String {
        let Self { name, key, users, about, .. } = self;
        format!(
            "SELECT ARRAY['{name}', concat_ws(' ', count(*), bit_xor(hashint8extended(({key})::bigint, 0))), \
             (json_agg(json_build_array(({key})::text, \
             (SELECT md5((to_jsonb(x) - {OMITTED})::text) FROM pg_catalog.{name} x WHERE x.ctid = t.ctid), \
             concat_ws(' ', {about}))) FILTER (WHERE {RECENT}))::text]::text[] \
             FROM pg_catalog.{name} t WHERE {users}"
        )
    }
}

const RECENT: &str = "age(t.xmin) <= (SELECT s.age FROM since s)";

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
