//! Rows in the text form in which they are sealed and attested.

use crate::{
    ledger::Declaration,
    postgres::guard::{Key, list, position},
    words::ident::Ident,
};

/// Which rows: those after one key, up to another.
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

/// One row as one text: the texts of its values, as an array of PostgreSQL's.
pub(super) fn row(reading: &[Option<String>]) -> String {
    let value = |column: &Option<String>| match column {
        Some(name) => format!("t.{}::text", Ident(name)),
        None => "NULL".to_owned(),
    };
    format!("(ARRAY[{}]::text[])::text", list(reading.iter().map(value)))
}
