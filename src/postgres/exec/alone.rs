//! Which statements may run outside of any transaction on a database with ledgers: those that cannot touch a row, and cannot run
//! a function of somebody's own, as nothing of that could be rolled back.

use crate::{
    ledger::{FactKind, Snapshot},
    postgres::{
        guard::{self, Guard},
        lock::Locked,
        session::{Failure, Message, Row},
    },
    words::{
        ident::Ident,
        sql::{Name, Piece, StatementKind, index_definition, pieces},
    },
};

/// Why a statement is not let through, if it is not.
pub(super) async fn refused(
    locked: &mut Locked<'_>,
    kind: &StatementKind,
    text: &str,
    guard: &Guard,
    before: &Snapshot,
) -> Result<Option<String>, Failure> {
    let why = match kind {
        StatementKind::CreateIndexConcurrently { table, .. } => {
            return new_index(locked, table, text).await;
        }
        StatementKind::ReindexConcurrently | StatementKind::Maintenance => {
            return upkeep(locked, text).await;
        }
        StatementKind::DropIndexConcurrently { indexes, .. } => {
            let kept = indexes.iter().find_map(|name| keeps_apart(guard, before, name));
            kept.map(|kept| format!("the index {kept} keeps the values of a ledger apart"))
        }
        StatementKind::DetachConcurrently { table, partition } => {
            let names = [table.to_sql(), partition.to_sql()];
            let found = relations(locked, &names).await?;
            let mut relations = before.iter().filter(|(it, _)| it.kind == FactKind::Relation);
            relations
                .any(|(_, it)| found.iter().any(|oid| oid == it.text("identity")))
                .then(|| "a partition of a ledger would be detached".to_owned())
        }
        // of a partitioned table these cannot run in a transaction either
        StatementKind::Other => {
            let first = text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            if matches!(first.as_str(), "REINDEX" | "CLUSTER") {
                return upkeep(locked, text).await;
            }
            Some("only upkeep of indexes and tables is known to leave rows alone".to_owned())
        }
        other => Some(format!("{} is not known to leave rows alone", other.label())),
    };
    Ok(why)
}

/// A unique index of a ledger that has this name.
fn keeps_apart(guard: &Guard, before: &Snapshot, name: &Name) -> Option<String> {
    (0..guard.ledgers.len()).find_map(|ledger| {
        let mut found = before.of(Some(ledger), FactKind::Index);
        let is_it = |label: &str| {
            label.rsplit('.').next().is_some_and(|it| it.trim_matches('"') == name.name)
        };
        found
            .find(|(label, fact)| fact.is("unique") && is_it(label))
            .map(|(label, _)| label.to_owned())
    })
}

/// Upkeep evaluates the expressions of indexes and statistics; plain VACUUM does not.
async fn upkeep(locked: &mut Locked<'_>, text: &str) -> Result<Option<String>, Failure> {
    let pieces = pieces(text).unwrap_or_default();
    let has = |words: &[&str]| pieces.iter().any(|piece| words.iter().any(|it| piece.is(it)));
    if pieces.first().is_some_and(|it| it.is("vacuum")) && !has(&["analyze", "analyse", "full"]) {
        return Ok(None);
    }
    let found = if has(&["schema", "database", "system"]) {
        Vec::new()
    } else {
        relations(locked, &names(&pieces)).await?
    };
    let (sql, values) = guard::reached(&found);
    let reached = pinned(locked, Message::Query(sql, values)).await?;
    Ok(name_of(&reached))
}

/// What an index that is to be built would evaluate, is asked of one on an empty copy of the table, which is rolled back.
async fn new_index(
    locked: &mut Locked<'_>,
    table: &Name,
    text: &str,
) -> Result<Option<String>, Failure> {
    let Some((_, rest)) = index_definition(text) else {
        return Ok(Some("what it would evaluate cannot be read".to_owned()));
    };
    let name = Ident(&table.name);
    let copy = format!("CREATE TEMPORARY TABLE {name} (LIKE {}) ON COMMIT DROP", table.to_sql());
    let index = format!("CREATE INDEX ON pg_temp.{name}{rest}");
    let oid = format!(
        "SELECT ARRAY['pg_temp.{name}'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.text] AS \"row\"",
    );
    let messages = [
        Message::Batch("BEGIN"),
        Message::Batch(&copy),
        Message::Script(&index),
        Message::Query(&oid, Vec::new()),
    ];
    let answers = locked.session.exchange(&messages, &mut |_| {}).await;
    let found: Result<Vec<Vec<Row>>, Failure> = answers.into_iter().collect();
    let found = match found {
        Ok(found) => found.into_iter().flatten().flatten().flatten().collect::<Vec<_>>(),
        Err(Failure::Server(error)) => {
            end(locked).await;
            return Ok(Some(format!(
                "what it would evaluate cannot be found out: {}",
                error.message
            )));
        }
        Err(failure) => return Err(failure),
    };
    let (sql, values) = guard::reached(&found);
    let reached =
        ask(locked, &[Message::Batch(&guard::fixed_settings()), Message::Query(sql, values)]).await;
    end(locked).await;
    Ok(name_of(&reached?))
}

fn name_of(rows: &[Row]) -> Option<String> {
    let name = rows.iter().flatten().flatten().next()?;
    Some(format!("it may call {name}, which could do anything"))
}

/// The names in a statement, each with its schema.
fn names(pieces: &[Piece<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut goes_on = false;
    for piece in pieces {
        match piece {
            Piece::Word(name) | Piece::Name(name) => {
                let name = Ident(name).to_string();
                match names.last_mut().filter(|_| goes_on) {
                    Some(last) => *last = format!("{last}.{name}"),
                    None => names.push(name),
                }
                goes_on = false;
            }
            Piece::Sign(".") => goes_on = true,
            _ => goes_on = false,
        }
    }
    names
}

/// The relations that names mean where the script stands, by oid.
async fn relations(locked: &mut Locked<'_>, names: &[String]) -> Result<Vec<String>, Failure> {
    let (sql, values) = guard::relations_called(names);
    let rows = locked.session.query(sql, values).await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// Asks one thing under pinned settings, in a transaction that is rolled back.
async fn pinned(locked: &mut Locked<'_>, question: Message<'_>) -> Result<Vec<Row>, Failure> {
    let settings = guard::fixed_settings();
    let messages =
        [Message::Batch("BEGIN TRANSACTION READ ONLY"), Message::Batch(&settings), question];
    let rows = ask(locked, &messages).await;
    end(locked).await;
    rows
}

async fn ask(locked: &mut Locked<'_>, messages: &[Message<'_>]) -> Result<Vec<Row>, Failure> {
    let answers = locked.session.exchange(messages, &mut |_| {}).await;
    let rows: Result<Vec<Vec<Row>>, Failure> = answers.into_iter().collect();
    Ok(rows?.pop().unwrap_or_default())
}

async fn end(locked: &mut Locked<'_>) {
    locked.session.exchange_undisturbed(&[Message::Batch("ROLLBACK")]).await;
}
