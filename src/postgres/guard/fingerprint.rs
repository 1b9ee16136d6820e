//! Fingerprints of a ledger's rows: two that are equal say that the rows are.
//!
//! The quick one sums keyed 64-bit hashes on the server, where accidents are to be seen and nobody can know the key beforehand.
//! The exact one streams the rows, each value as its own text and in the order of their key, through SHA-256: so values are compared
//! that have another type now, and nothing is cast back to the type that it had.

use crate::{
    ledger::{Declaration, Fact, FactKind, Snapshot},
    postgres::guard::{Key, OWN, is_ordered, list, newest_first, position},
    words::ident::Ident,
};

/// A column of a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its number in the table.
    pub(crate) number: i64,
    /// Its name now.
    pub(crate) name: String,
    /// The type that it had.
    pub(crate) of: String,
    /// Whether it has another type now: only texts can be compared then.
    pub(crate) is_recast: bool,
}

/// The columns that a ledger had in `before`, as they are called in `now`; those that are gone are left out.
pub(crate) fn columns(before: &Snapshot, now: &Snapshot, ledger: usize) -> Vec<Column> {
    let of_root = |snapshot: &Snapshot| -> Vec<Fact> {
        let root = snapshot.root(ledger).map(|(root, _)| root.to_owned()).unwrap_or_default();
        let columns = snapshot.of(Some(ledger), FactKind::Column);
        columns
            .filter(|(_, it)| it.text("relation") == root && !it.is("dropped"))
            .map(|(_, it)| it.clone())
            .collect()
    };
    let current = of_root(now);
    let old = of_root(before);
    let found = old.iter().filter_map(|old| {
        let new = current.iter().find(|it| it.number("number") == old.number("number"))?;
        Some(Column {
            number: old.number("number")?,
            name: new.text("name").to_owned(),
            of: old.text("type").to_owned(),
            is_recast: old.text("type") != new.text("type"),
        })
    });
    found.collect()
}

/// Which rows of a ledger are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'r> {
    pub(crate) ledger: &'r Declaration,
    pub(crate) key: &'r Key,
    /// The newest one before the migration.
    pub(crate) mark: Option<&'r [Option<String>]>,
    /// Whether the migration has appended some, which are not compared.
    pub(crate) appended: bool,
}

impl Rows<'_> {
    /// Those up to the mark; where the key has no order in time, all but those of this transaction. Others cannot append while
    /// rows are compared.
    fn sql(&self) -> String {
        let table = self.ledger.sql();
        match self.mark {
            Some(mark) if is_ordered(self.key) => {
                let names = list(self.key.iter().map(|(name, _)| Ident(name).to_string()));
                format!("FROM {table} WHERE ({names}) <= ({})", position(self.key, mark))
            }
            _ if self.appended => format!("FROM {table} WHERE NOT {OWN}"),
            _ => format!("FROM {table}"),
        }
    }
}

/// The query of the quick fingerprint: how many rows, and the sum of their hashes. A sum of bigint is exact, and fast.
pub(crate) fn quick(rows: &Rows<'_>, columns: &[Column], seed: i64) -> String {
    let mut seed = seed;
    let mut hashes = Vec::new();
    for column in columns {
        seed = seed.wrapping_add(1);
        hashes.push(hash(column, seed));
    }
    let row = if hashes.is_empty() { "0".to_owned() } else { hashes.join(" # ") };
    format!(
        "SELECT ARRAY[count(*)::text, sum(hashint8extended({row}, '{seed}'))::text] AS \"row\" {}",
        rows.sql(),
    )
}

/// The hash of a value. What is equal for the hash of its type is equal for the eye; of other types (numeric, where 1.0 is 1.00,
/// and jsonb with it) the text is hashed, byte by byte.
fn hash(column: &Column, seed: i64) -> String {
    let name = Ident(&column.name);
    let known = match column.of.as_str() {
        "bigint" => Some(format!("hashint8extended({name}, '{seed}')")),
        "integer" => Some(format!("hashint4extended({name}, '{seed}')")),
        "smallint" => Some(format!("hashint2extended({name}, '{seed}')")),
        "uuid" => Some(format!("uuid_hash_extended({name}, '{seed}')")),
        of if of.starts_with("timestamp") && of.ends_with("with time zone") => {
            Some(format!("timestamp_hash_extended({name} AT TIME ZONE 'UTC', '{seed}')"))
        }
        of if of.starts_with("timestamp") => {
            Some(format!("timestamp_hash_extended({name}, '{seed}')"))
        }
        _ => None,
    };
    let hash =
        known.unwrap_or_else(|| format!("hashtextextended({name}::text COLLATE \"C\", '{seed}')"));
    // NULL is no other value
    format!("coalesce({hash}, '{seed}')")
}

/// The COPY of the exact fingerprint.
pub(crate) fn exact(rows: &Rows<'_>, columns: &[Column]) -> String {
    let selected = list(columns.iter().map(|it| Ident(&it.name).to_string()));
    let order = if rows.key.is_empty() {
        String::new()
    } else {
        newest_first(rows.key).replace(" DESC", "")
    };
    format!("COPY (SELECT {selected} {} {order}) TO STDOUT", rows.sql())
}

/// The exact fingerprint for a driver that cannot COPY: how many rows, and sums of their SHA-256.
pub(crate) fn exact_by_query(rows: &Rows<'_>, columns: &[Column]) -> String {
    let selected = list(columns.iter().map(|it| Ident(&it.name).to_string()));
    let half =
        |from: u32| format!("sum(('x' || substr(h.hash, {from}, 15))::bit(60)::bigint)::text");
    format!(
        "SELECT ARRAY[count(*)::text, {}, {}] AS \"row\" FROM (SELECT encode(sha256(convert_to(ROW({selected})::text, 'UTF8')), 'hex') AS hash {}) h",
        half(1),
        half(16),
        rows.sql(),
    )
}
