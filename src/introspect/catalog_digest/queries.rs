//! The queries that read the rows of system catalogs.

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
pub(super) const OUTSIDE: [&str; 3] = [AUTHID, MEMBERS, SETTINGS];

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
pub(super) const GROUPS: [&str; 2] = ["others", "outside"];

/// What a catalog is counted as.
pub(super) fn counted_as(name: &str) -> &str {
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
    pub(super) common: String,
    /// Reads all.
    pub(super) all: String,
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
