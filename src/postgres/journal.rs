//! Reading and writing the journal: Diesel's table and the side table.
//!
//! Reading needs SELECT and nothing else; a table that is missing reads as empty. What is written here is always part of
//! an exchange of a [locked](crate::postgres::lock::Locked) session.

use crate::{
    ledger::Chain,
    migration::{
        journal::{Entry, EntryKind, Journal},
        source::Migration,
        version::Version,
    },
    postgres::{
        session::{Failure, Message, Row, Session},
        session_error::SessionError,
    },
    words::{
        digest::Digest,
        ident::{Literal, Qualified},
    },
};

/// Diesel's tracking table.
pub(crate) const DIESEL_TABLE: &str = "__diesel_schema_migrations";

/// The side table.
pub(crate) const TABLE: &str = "__glowplug_journal";

/// What entries are signed with.
pub(crate) const TOOL: &str = concat!("glowplug ", env!("CARGO_PKG_VERSION"));

/// Where the tracking tables are, or would be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The schema of both.
    pub schema: String,
    /// Whether Diesel's table exists.
    pub has_diesel: bool,
    /// Whether the side table exists.
    pub has_journal: bool,
}

impl Place {
    /// Diesel's table, for SQL.
    pub(crate) fn diesel(&self) -> String {
        Qualified { schema: &self.schema, name: DIESEL_TABLE }.to_string()
    }

    /// The side table, for SQL.
    pub(crate) fn journal(&self) -> String {
        Qualified { schema: &self.schema, name: TABLE }.to_string()
    }

    /// The commands that make both tables where they are missing.
    #[must_use]
    pub fn ddl(&self) -> String {
        let refuse = Qualified { schema: &self.schema, name: "__glowplug_journal_refuse" };
        let diesel = include_str!("sql/diesel_table.sql").replace("{diesel}", &self.diesel());
        let journal = include_str!("sql/journal_table.sql")
            .replace("{journal}", &self.journal())
            .replace("{refuse}", &refuse.to_string());
        diesel + &journal
    }
}

/// Something to write into the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// The key.
    pub version: &'a Version,
    /// The directory.
    pub name: &'a str,
    /// What happened.
    pub kind: EntryKind,
    /// Digest of `up.sql`, or of the statements done.
    pub up: Option<&'a Digest>,
    /// Digest of `down.sql`, or of the statements done.
    pub down: Option<&'a Digest>,
    /// Who, as the person's system knows them.
    pub actor: &'a str,
    /// How long it took; without, the server measures from the start of the transaction.
    pub took_ms: Option<u64>,
    /// The statement reached, and how many there are.
    pub reached: Option<(usize, usize)>,
    /// What the kind needs to remember.
    pub note: Option<String>,
}

impl<'a> Record<'a> {
    /// What happened to a migration, with the digests that its files have now.
    #[must_use]
    pub fn of(migration: &'a Migration, kind: EntryKind, actor: &'a str) -> Self {
        Self {
            version: &migration.version,
            name: &migration.name,
            kind,
            up: Some(&migration.up.digest),
            down: migration.down.as_ref().map(|down| &down.digest),
            actor,
            took_ms: None,
            reached: None,
            note: None,
        }
    }

    /// The query that writes it, with its values.
    pub(crate) fn message(&self, place: &Place) -> (String, Vec<Option<String>>) {
        let template = match self.kind {
            EntryKind::Up | EntryKind::Stamp => include_str!("sql/journal_up.sql"),
            EntryKind::Down | EntryKind::Unstamp => include_str!("sql/journal_down.sql"),
            EntryKind::Accept => include_str!("sql/journal_accept.sql"),
            EntryKind::Attest => include_str!("sql/journal_attest.sql"),
            _ => include_str!("sql/journal_progress.sql"),
        };
        let sql = template
            .replace("{entry}", ENTRY)
            .replace("{diesel}", &place.diesel())
            .replace("{journal}", &place.journal());
        (sql, self.values())
    }

    /// The commands that write it, for the end of a transaction that it began with: the values stand in the text. Nothing where the
    /// text would depend on the encoding that a script has left.
    pub(crate) fn inline(&self, place: &Place) -> Option<String> {
        let template = match self.kind {
            EntryKind::Up => include_str!("sql/journal_up_inline.sql"),
            EntryKind::Down => include_str!("sql/journal_down.sql"),
            _ => return None,
        };
        let values = self.values();
        let names = [("{diesel}", place.diesel()), ("{journal}", place.journal())];
        let mut sql = String::new();
        let mut rest = template.trim_ascii_end();
        // outside of the extended protocol an array would be one text
        rest = rest.strip_suffix(ANSWER).unwrap_or(rest);
        while let Some(at) = rest.find(['$', '{']) {
            sql.push_str(&rest[..at]);
            rest = &rest[at..];
            let name = names.iter().find(|(name, _)| rest.starts_with(name));
            if let Some((name, value)) = name {
                sql.push_str(value);
                rest = &rest[name.len()..];
                continue;
            }
            let digits = rest[1..].find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len() - 1);
            let number: usize = rest[1..=digits].parse().ok()?;
            match values.get(number.checked_sub(1)?)? {
                Some(value) => sql.push_str(&Literal(value).to_string()),
                None => sql.push_str("NULL"),
            }
            rest = &rest[1 + digits..];
        }
        sql.push_str(rest);
        sql.push_str("RETURNING took_ms");
        sql.is_ascii().then_some(sql)
    }

    /// The values of its columns.
    fn values(&self) -> Vec<Option<String>> {
        let number = |number: usize| number.to_string();
        vec![
            Some(self.version.to_string()),
            Some(self.name.to_owned()),
            Some(self.kind.word().to_owned()),
            self.up.map(Digest::to_string),
            self.down.map(Digest::to_string),
            Some(self.actor.to_owned()),
            self.took_ms.map(|ms| ms.to_string()),
            Some(TOOL.to_owned()),
            self.reached.map(|(statement, _)| number(statement)),
            self.reached.map(|(_, statements)| number(statements)),
            self.note.clone(),
        ]
    }
}

/// What an entry that is written answers.
const ANSWER: &str = "RETURNING ARRAY[took_ms::text] AS \"row\"";

/// The digest of an entry `j`, for SQL.
const ENTRY: &str = include_str!("sql/journal_entry.sql").trim_ascii_end();

/// Reads the chain of attestations.
///
/// # Errors
/// When the server refuses, or the connection is lost.
pub(crate) async fn chain(session: &mut Session<'_>, place: &Place) -> Result<Chain, Failure> {
    if !place.has_journal {
        return Ok(Chain::default());
    }
    let sql = include_str!("sql/journal_chain.sql")
        .replace("{entry}", ENTRY)
        .replace("{journal}", &place.journal());
    Ok(Chain::read(session.query(&sql, Vec::new()).await?))
}

/// Lets the numbers of the journal go on after the largest that is there.
pub(crate) fn renumber(place: &Place) -> String {
    let journal = place.journal();
    format!(
        "SELECT ARRAY[pg_catalog.setval(pg_catalog.pg_get_serial_sequence({}, 'id'), (SELECT pg_catalog.max(id) FROM {journal}))::text] AS \"row\"",
        Literal(&journal)
    )
}

/// Reads both tables.
///
/// # Errors
/// When the server refuses, or the connection is lost.
pub(crate) async fn read(
    session: &mut Session<'_>,
    place: &Place,
) -> Result<Journal, SessionError> {
    let applied = format!(
        "SELECT ARRAY[version::text, pg_catalog.to_char(run_on, 'YYYY-MM-DD HH24:MI:SS.US')] AS \"row\" FROM {}",
        place.diesel()
    );
    let entries = include_str!("sql/journal_read.sql").replace("{journal}", &place.journal());
    let mut messages = Vec::new();
    if place.has_diesel {
        messages.push(Message::Query(&applied, Vec::new()));
    }
    if place.has_journal {
        messages.push(Message::Query(&entries, Vec::new()));
    }
    let mut journal = Journal::default();
    if messages.is_empty() {
        return Ok(journal);
    }
    let mut replies = session.exchange(&messages, &mut |_| {}).await.into_iter();
    let mut next = || -> Result<Vec<Row>, SessionError> {
        let rows = replies.next().unwrap_or_else(|| Ok(Vec::new()));
        rows.map_err(SessionError::while_doing("reading the journal"))
    };
    if place.has_diesel {
        journal.applied = next()?
            .into_iter()
            .filter_map(|row| {
                let [version, run_on] = <[_; 2]>::try_from(row).ok()?;
                Some((Version::stored(version?), run_on.unwrap_or_default()))
            })
            .collect();
    }
    if place.has_journal {
        journal.entries = next()?.into_iter().filter_map(entry).collect();
    }
    Ok(journal)
}

/// Reads one row of the side table. A kind that a later glowplug wrote is left out.
fn entry(row: Row) -> Option<(Version, Entry)> {
    let mut values = row.into_iter();
    let mut next = || values.next().flatten();
    let version = Version::stored(next()?);
    let name = next()?;
    let kind = EntryKind::of_word(&next()?)?;
    let entry = Entry {
        name,
        kind,
        run_on: next(),
        up: next().map(Digest::stored),
        down: next().map(Digest::stored),
        at: next().unwrap_or_default(),
        role: next().unwrap_or_default(),
        actor: next().unwrap_or_default(),
        took_ms: next().and_then(|ms| ms.parse().ok()),
        tool: next().unwrap_or_default(),
        statement: next().and_then(|statement| statement.parse().ok()),
        statements: next().and_then(|statements| statements.parse().ok()),
        note: next(),
    };
    Some((version, entry))
}
