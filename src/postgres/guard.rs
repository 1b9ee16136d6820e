//! The IO of the ledger guard: the lock, the snapshot, marks, probes and fingerprints, as texts for an exchange.
//!
//! What they mean is decided in [`ledger`](crate::ledger), and in which order they are sent in
//! [`exec`](crate::postgres::exec). Every name is qualified, nothing is prepared, and the settings that an answer could depend
//! on are pinned before each question.

mod asked;
mod declared;
mod fingerprint;
mod numbers;
mod probe;
mod roads;
mod signs;
mod text;
mod veto;

pub(crate) use self::{
    asked::{ask, pinned, pinned_then},
    declared::{Declared, tables},
    fingerprint::{Column, Rows, columns, exact, exact_by_query, quick},
    numbers::Numbers,
    probe::{append, demanded, writes},
    signs::{flush, identity},
    text::{Range, sums, there_then},
    veto::{
        NOTE_VALUES, VETO_VALUES, by_index, demand, locks, look, note, noted, numbered, state, veto,
    },
};

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    ledger::{Attestation, Attested, Before, Declaration, Snapshot},
    postgres::{
        lock::Facts,
        session::{Failure, Message, Session},
    },
    words::{
        ident::{Ident, Literal},
        url::Secret,
    },
};

/// What a run guards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// The declared ledgers.
    pub ledgers: Vec<Declaration>,
    /// Why a change of a ledger's protection is wanted, if it is. Rows never change.
    pub allow: Option<String>,
    /// How far the rows went when a run attested it last.
    pub attested: Vec<Attested>,
    /// The newest head of the chain of attestations, where there is one.
    pub head: String,
    /// The heads that the project keeps outside of the database, by [identity](crate::report::ledger::Head); none if it keeps none.
    pub pinned: Option<BTreeMap<String, String>>,
    /// The role that holds the second key: it may become the owner of sealed ledgers.
    pub key: Option<String>,
    /// Whether nothing is tried, because what it set off would run as the owner of a sealed ledger.
    pub unprobed: bool,
    /// The second key: the variable that holds its URL, and the URL, where there is one.
    pub second: Option<(String, Option<Secret>)>,
}

impl Guard {
    /// Whether there is anything to guard.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.ledgers.is_empty()
    }

    /// Nothing but ledgers, to look at.
    pub(crate) fn of(ledgers: &[Declaration]) -> Self {
        Self { ledgers: ledgers.to_vec(), ..Self::default() }
    }

    /// What the journal keeps of what was there before a migration.
    pub(crate) fn noted(&self, before: &Snapshot) -> String {
        serde_json::to_string(&Before::of(before, &self.head)).unwrap_or_default()
    }

    /// What a transaction leaves, if it is another protection than it found.
    pub(crate) fn attestation(&self, before: &Snapshot, after: &Snapshot) -> Option<String> {
        let of = |snapshot| Attestation::of(snapshot, self.attested.clone(), self.allow.clone());
        let left = of(after);
        (of(before).digest != left.digest).then(|| serde_json::to_string(&left).ok()).flatten()
    }

    /// `[[schema, table], …]`, for queries.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> = self.ledgers.iter().map(|it| [&it.schema, &it.table]).collect();
        json!(names).to_string()
    }

    /// The lock on all ledgers that are there. A strong one keeps appends out as well.
    pub(crate) fn lock(&self, strong: bool) -> String {
        let mode = if strong { "SHARE ROW EXCLUSIVE" } else { "SHARE UPDATE EXCLUSIVE" };
        include_str!("guard/lock.sql")
            .replace("{ledgers}", &Literal(&self.names()).to_string())
            .replace("{mode}", mode)
            .replace("{strong}", if strong { "true" } else { "false" })
    }

    /// Takes a snapshot in a transaction of its own that writes nothing.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn observe(
        &self,
        session: &mut Session<'_>,
        facts: &Facts,
        before: Option<&Snapshot>,
    ) -> Result<Snapshot, Failure> {
        let (sql, values) = self.snapshot(&facts.place.schema, facts.server_version, before);
        asked::pinned(session, &Message::Kept(&sql, values)).await.map(Snapshot::read)
    }

    /// The same on a connection that no script runs on: the query is kept there.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn watch(
        &self,
        session: &mut Session<'_>,
        facts: &Facts,
        before: Option<&Snapshot>,
    ) -> Result<Snapshot, Failure> {
        let (sql, values) = self.snapshot(&facts.place.schema, facts.server_version, before);
        session.keep(&sql, values.len()).await?;
        self.observe(session, facts, before).await
    }

    /// How far the rows of each ledger went, counted on from what was attested.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn measure(
        &self,
        session: &mut Session<'_>,
        snapshot: &Snapshot,
        since: Option<&Attestation>,
    ) -> Result<Vec<Attested>, Failure> {
        let mut measured = Vec::new();
        for (index, ledger) in self.ledgers.iter().enumerate() {
            let key = snapshot.key(index, &ledger.key);
            let label = ledger.label();
            let mut attested = Attested::nothing(&label);
            if snapshot.root(index).is_some() && snapshot.is_readable(index) && is_ordered(&key) {
                let earlier = since.and_then(|it| it.ledger(&label));
                let sql = progress(ledger, &key, earlier);
                let rows = asked::ask(session, &sql).await?;
                if let Some(row) = rows.into_iter().next() {
                    let (count, last) = row.split_first().unwrap_or((&None, &[]));
                    let new = count.as_ref().and_then(|it| it.parse::<u64>().ok());
                    let old = earlier.map_or(Some(0), |it| it.rows);
                    attested.rows = new.zip(old).map(|(new, old)| new + old);
                    attested.last = last.iter().any(Option::is_some).then(|| last.to_vec());
                }
            }
            measured.push(attested);
        }
        Ok(measured)
    }

    /// The query of a snapshot, with its values. `tracking` is the schema of the tracking tables; `before` the snapshot
    /// from before the script.
    pub(crate) fn snapshot(
        &self,
        tracking: &str,
        server_version: u32,
        before: Option<&Snapshot>,
    ) -> (String, Vec<Option<String>>) {
        let parameters =
            if server_version >= 150_000 { include_str!("guard/parameters.sql") } else { "" };
        let sql = include_str!("guard/snapshot.sql")
            .replace("{parameters}", parameters)
            .replace("{made}", &made("p"))
            .replace("{written}", &made("t"));
        let functions = before.map(functions).unwrap_or_default();
        let values =
            vec![Some(self.names()), Some(tracking.to_owned()), Some(json!(functions).to_string())];
        (sql, values)
    }
}

/// Whether a row of a catalog was written by this transaction, if it has written at all.
fn made(row: &str) -> String {
    format!("COALESCE(age({row}.xmin) <= age(pg_current_xact_id_if_assigned()::xid), false)")
}

/// What the server has prepared: whether the snapshot is as we prepared it, and how many others there are. A script cannot
/// prepare a statement over the protocol, and so put none in the place of ours.
pub(crate) const PREPARED: &str = "SELECT ARRAY[(count(*) FILTER (WHERE NOT from_sql AND statement LIKE '-- Everything that the protection%'))::text, \
    (count(*) FILTER (WHERE from_sql))::text] AS \"row\" FROM pg_catalog.pg_prepared_statements";

/// Demands that a script has prepared nothing that lasts, as a division by zero refuses it: under the name of ours, or at all. An expression.
pub(crate) const ONLY_OURS: &str = "1 OPERATOR(pg_catalog./) CASE WHEN EXISTS \
    (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql) THEN 0 ELSE 1 END";

/// The names of all functions that ledgers use.
fn functions(snapshot: &Snapshot) -> Vec<[&str; 2]> {
    let functions = snapshot.iter().filter(|(it, _)| it.kind == crate::ledger::FactKind::Function);
    functions.map(|(_, fact)| [fact.text("schema"), fact.text("name")]).collect()
}

/// Notes whether a cursor is open that would run at COMMIT.
pub(crate) const CURSORS: &str = include_str!("guard/cursors.sql");
/// Notes which triggers are put off to COMMIT.
pub(crate) const QUIET: &str = include_str!("guard/quiet.sql");

/// Settings that answers depend on, with the value that they are asked under.
const SETTINGS: [(&str, &str); 17] = [
    ("search_path", "pg_catalog, pg_temp"),
    ("jit", "off"),
    // the query of the snapshot is kept: its plan as well
    ("plan_cache_mode", "force_generic_plan"),
    // few objects are asked about: indexes lead to each, and the planner has less to think about
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    // the order in which tables stand is the order to look in: to compare all others takes longer than to answer
    ("join_collapse_limit", "1"),
    ("from_collapse_limit", "1"),
    ("quote_all_identifiers", "off"),
    ("DateStyle", "'ISO, YMD'"),
    ("IntervalStyle", "postgres"),
    ("lc_monetary", "'C'"),
    ("TimeZone", "'UTC'"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("statement_timeout", "0"),
    ("client_encoding", "'UTF8'"),
    ("xmloption", "content"),
];

/// Pins what answers depend on, for the transaction.
pub(crate) fn fixed_settings() -> String {
    let set = |(name, value): &(&str, &str)| format!("SET LOCAL {name} = {value}");
    SETTINGS.iter().map(set).collect::<Vec<_>>().join("; ")
}

/// Begins a look around; what it sets is taken back at its end.
pub(crate) const LOOK: &str = "SAVEPOINT glowplug_look";
/// Ends a look around: the settings are those of before.
pub(crate) const LOOKED: &str =
    "ROLLBACK TO SAVEPOINT glowplug_look; RELEASE SAVEPOINT glowplug_look";

/// The columns of a key, by name and type; what has an order that says something of time.
pub(crate) type Key = Vec<(String, String)>;

/// The query for the rows above what was attested: how many, and the last key.
fn progress(ledger: &Declaration, key: &Key, earlier: Option<&Attested>) -> String {
    let names = list(key.iter().map(|(name, _)| Ident(name).to_string()));
    let above = match earlier.and_then(|it| it.last.as_deref()).filter(|it| it.len() == key.len()) {
        Some(last) => format!("WHERE ({names}) > ({})", position(key, last)),
        None => String::new(),
    };
    let last = list(key.iter().map(|(name, _)| {
        format!(
            // not under its own name, which ORDER BY would mean then: a text
            "(SELECT {}::text AS \"last\" FROM {} {} LIMIT 1)",
            Ident(name),
            ledger.sql(),
            newest_first(key)
        )
    }));
    format!(
        "SELECT ARRAY[(SELECT count(*)::text FROM {} {above}), {last}] AS \"row\"",
        ledger.sql()
    )
}

/// How many rows are at or below a key.
pub(crate) fn rows_up_to(ledger: &Declaration, key: &Key, last: &[Option<String>]) -> String {
    let names = list(key.iter().map(|(name, _)| Ident(name).to_string()));
    format!(
        "SELECT ARRAY[count(*)::text] AS \"row\" FROM {} WHERE ({names}) <= ({})",
        ledger.sql(),
        position(key, last),
    )
}

/// Whether larger values of a key are later ones.
pub(crate) fn is_ordered(key: &Key) -> bool {
    key.first().is_some_and(|(_, of)| {
        matches!(of.as_str(), "smallint" | "integer" | "bigint" | "numeric" | "date")
            || of.starts_with("timestamp")
            || of.starts_with("numeric(")
    })
}

/// The query of the largest key of a ledger.
pub(crate) fn mark(ledger: &Declaration, key: &Key) -> String {
    let texts = list(key.iter().map(|(name, _)| format!("{}::text", Ident(name))));
    format!("SELECT ARRAY[{texts}] AS \"row\" FROM {} {} LIMIT 1", ledger.sql(), newest_first(key))
}

fn newest_first(key: &Key) -> String {
    format!("ORDER BY {}", list(key.iter().map(|(name, _)| format!("{} DESC", Ident(name)))))
}

/// The query for rows that this transaction appended, above a mark or not above it.
pub(crate) fn appended(table: &str, key: &Key, mark: &[Option<String>], above: bool) -> String {
    let position = position(key, mark);
    let order = if above { ">" } else { "<=" };
    let names = list(key.iter().map(|(name, _)| Ident(name).to_string()));
    include_str!("guard/appended.sql")
        .replace("{table}", table)
        .replace("{where}", &format!("({names}) {order} ({position})"))
        .replace("{own}", OWN)
}

/// Whether a row was written by this transaction: it is visible, and its transaction is in progress.
const OWN: &str = include_str!("guard/own.sql").trim_ascii_end();

fn position(key: &Key, mark: &[Option<String>]) -> String {
    let value = |((_, of), value): (&(String, String), &Option<String>)| match value {
        Some(value) => format!("{}::{of}", Literal(value)),
        None => format!("NULL::{of}"),
    };
    list(key.iter().zip(mark).map(value))
}

/// Whether rows are at or below a mark, in a table that came in with its rows.
pub(crate) fn any_below(table: &str, key: &Key, mark: &[Option<String>]) -> String {
    let names = list(key.iter().map(|(name, _)| Ident(name).to_string()));
    let position = position(key, mark);
    format!(
        "SELECT ARRAY[EXISTS (SELECT FROM {table} WHERE ({names}) <= ({position}))::text] AS \"row\""
    )
}

/// Whether a column holds nothing but NULL, or the one value that it was added with.
pub(crate) fn is_unused(ledger: &Declaration, column: &crate::ledger::Fact) -> String {
    let name = column.text("name");
    let missing = match column.text("missing value") {
        "" => "NULL".to_owned(),
        array => format!("({}::{}[])[1]", Literal(array), column.text("type")),
    };
    format!(
        "SELECT ARRAY[(NOT EXISTS (SELECT FROM {} WHERE {} IS DISTINCT FROM {missing}))::text] AS \"row\"",
        ledger.sql(),
        Ident(name),
    )
}

/// How many rows were appended to each ledger so far, by this transaction.
pub(crate) fn appended_so_far(guard: &Guard) -> (&'static str, Vec<Option<String>>) {
    (include_str!("guard/inserted.sql"), vec![Some(guard.names())])
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// The function of somebody's own that upkeep of relations could run; of all where `oids` is empty.
pub(crate) fn reached(oids: &[String]) -> (&'static str, Vec<Option<String>>) {
    (include_str!("guard/reach.sql"), vec![Some(json!(oids).to_string())])
}

/// The relations that names mean where the script stands, by oid.
pub(crate) fn relations_called(names: &[String]) -> (&'static str, Vec<Option<String>>) {
    let sql = "SELECT ARRAY[pg_catalog.to_regclass(n)::pg_catalog.oid::pg_catalog.text] AS \"row\" \
        FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.text::pg_catalog.jsonb) n WHERE pg_catalog.to_regclass(n) IS NOT NULL";
    (sql, vec![Some(json!(names).to_string())])
}

/// Whether there is a row with this key.
pub(crate) fn has_row(ledger: &Declaration, key: &Key, last: &[Option<String>]) -> String {
    let names = list(key.iter().map(|(name, _)| Ident(name).to_string()));
    format!(
        "SELECT ARRAY[EXISTS (SELECT FROM {} WHERE ({names}) = ({}))::text] AS \"row\"",
        ledger.sql(),
        position(key, last),
    )
}

/// Tables with triggers that come before an UPDATE or DELETE of a row, and are no partitions.
pub(crate) const CANDIDATES: &str = "SELECT DISTINCT ARRAY[s.nspname::text, c.relname::text] AS \"row\" \
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid \
    JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) c.relnamespace \
    WHERE NOT t.tgisinternal AND t.tgtype & 2 <> 0 AND t.tgtype & 24 <> 0 AND NOT c.relispartition \
    AND s.nspname !~ '^(pg_|information_schema$)' ORDER BY 1";
