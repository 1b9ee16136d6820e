//! Rows in the text form in which they are sealed and attested.

use crate::{
    ledger::Declaration,
    postgres::guard::{Key, list, position},
    words::ident::{Ident, Literal},
};

/// Which rows: those after one key, up to another; all of them where there is no key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range<'r> {
    pub(crate) ledger: &'r Declaration,
    pub(crate) key: &'r Key,
    /// This one is not among them.
    pub(crate) after: Option<&'r [Option<String>]>,
    pub(crate) to: &'r [Option<String>],
}

impl Range<'_> {
    /// `FROM … WHERE …`, the table being `t`.
    pub(super) fn sql(&self) -> String {
        if self.to.is_empty() {
            return format!("FROM {} t WHERE true", self.ledger.sql());
        }
        let names = self.names();
        let above = self.after.map_or_else(String::new, |after| {
            format!("({names}) > ({}) AND ", position(self.key, after))
        });
        format!(
            "FROM {} t WHERE {above}({names}) <= ({})",
            self.ledger.sql(),
            position(self.key, self.to)
        )
    }

    fn names(&self) -> String {
        list(self.key.iter().map(|(name, _)| format!("t.{}", Ident(name))))
    }

    /// The COPY of the rows in the order of their key, one line for each. Without a reading they are JSON without what is NULL:
    /// seals that do not say of which columns they were made.
    pub(crate) fn canonical(&self, reading: Option<&[Option<String>]>) -> String {
        let row = match reading {
            Some(reading) => row(reading),
            None => {
                "(SELECT jsonb_object_agg(e.key, e.value)::text FROM jsonb_each(to_jsonb(t)) e \
                 WHERE e.value <> 'null'::jsonb)"
                    .to_owned()
            }
        };
        format!("COPY (SELECT {row} {} ORDER BY {}) TO STDOUT", self.sql(), self.names())
    }

    /// How many rows there are, and what time it is.
    pub(crate) fn count(&self) -> String {
        format!(
            "SELECT ARRAY[count(*)::text, to_char(timezone('UTC', now()), 'YYYY-MM-DD HH24:MI:SS')] AS \"row\" {}",
            self.sql(),
        )
    }
}

/// How many rows there are, and the sums of their digests. With a snapshot only rows that were there then.
pub(crate) fn sums(
    range: &Range<'_>,
    reading: &[Option<String>],
    snapshot: Option<&str>,
) -> String {
    let part = |from: u32| {
        format!("COALESCE(sum(('x' || substr(h.hash, {from}, 15))::bit(60)::bigint), 0)::text")
    };
    let only = snapshot.map_or_else(String::new, |it| format!(" AND {}", was_there(it)));
    format!(
        "SELECT ARRAY[count(*)::text, {}] AS \"row\" FROM (SELECT encode(sha256(convert_to({}, 'UTF8')), 'hex') AS hash {}{only}) h",
        list([1, 16, 31, 46].into_iter().map(part)),
        row(reading),
        range.sql(),
    )
}

/// How many of the rows were there in a snapshot: one that was updated since is another row.
pub(crate) fn there_then(range: &Range<'_>, snapshot: &str) -> String {
    let sql = range.sql();
    format!("SELECT ARRAY[count(*)::text] AS \"row\" {sql} AND {}", was_there(snapshot))
}

/// Whether a row was there in a snapshot: by the transaction that wrote it, counted in 64 bits.
fn was_there(snapshot: &str) -> String {
    let number = "GREATEST(pg_current_xact_id()::text::bigint - age(t.xmin), 3)";
    format!("pg_visible_in_snapshot({number}::text::xid8, {}::pg_snapshot)", Literal(snapshot))
}

/// One row as one text: the texts of its values, as an array of PostgreSQL's.
pub(super) fn row(reading: &[Option<String>]) -> String {
    let value = |column: &Option<String>| match column {
        Some(name) => format!("t.{}::text", Ident(name)),
        None => "NULL".to_owned(),
    };
    format!("(ARRAY[{}]::text[])::text", list(reading.iter().map(value)))
}
