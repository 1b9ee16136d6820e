//! Tells a statement's [`StatementKind`] from its leading tokens, whatever lies between them.
//!
//! What does not fit PostgreSQL's grammar is [`StatementKind::Other`]: the server will refuse it anyway.

use super::{
    StatementKind,
    reader::Reader,
    token::{Class, Token},
};

/// Recognises one statement, given without its semicolon.
pub(super) fn recognise(sql: &str) -> StatementKind {
    let mut tokens = Reader::new(sql);
    let Some(first) = tokens.next().filter(|t| t.class == Class::Word) else {
        return StatementKind::Other;
    };
    let kind = match first.text(sql).to_ascii_lowercase().as_str() {
        "begin" | "start" | "commit" | "end" | "rollback" | "abort" | "prepare" => {
            transaction(tokens, first)
        }
        "savepoint" | "release" => Some(StatementKind::Savepoint),
        "copy" => copy(tokens),
        "create" => create(tokens),
        "drop" => drop(tokens),
        "alter" => alter(tokens),
        "reindex" => reindex(tokens),
        "cluster" => cluster(tokens),
        "vacuum" => Some(StatementKind::Maintenance),
        "discard" => tokens.word("all").then_some(StatementKind::OutsideTransaction("DISCARD ALL")),
        "call" | "do" => Some(StatementKind::Call),
        _ => None,
    };
    kind.unwrap_or(StatementKind::Other)
}

fn transaction(mut tokens: Reader<'_>, first: Token) -> Option<StatementKind> {
    let mut keywords = first.text(tokens.sql()).to_ascii_uppercase();
    match keywords.as_str() {
        "START" | "PREPARE" => {
            // `PREPARE transaction AS …` names a prepared statement.
            let is_named = keywords == "PREPARE";
            if !tokens.word("transaction") || is_named != tokens.class(Class::Text) {
                return None;
            }
            keywords.push_str(" TRANSACTION");
        }
        "COMMIT" | "ROLLBACK" if tokens.word("prepared") => keywords.push_str(" PREPARED"),
        "ROLLBACK" => {
            let _optional = tokens.word("work") || tokens.word("transaction");
            if tokens.word("to") {
                return Some(StatementKind::Savepoint);
            }
        }
        _ => {}
    }
    Some(StatementKind::Transaction(keywords))
}

/// The first FROM or TO outside parentheses decides; STDOUT after FROM means STDIN, and the other
/// way round.
fn copy(mut tokens: Reader<'_>) -> Option<StatementKind> {
    let direction = tokens.find(&["from", "to"])?;
    let client = tokens.word("stdin") || tokens.word("stdout");
    let kind =
        if direction == "from" { StatementKind::CopyStdin } else { StatementKind::CopyStdout };
    client.then_some(kind)
}

fn create(mut tokens: Reader<'_>) -> Option<StatementKind> {
    if tokens.word("unique") || tokens.next_is("index") {
        return tokens.words(&["index", "concurrently"]).then(|| create_index(tokens))?;
    }
    if tokens.word("database") {
        return Some(StatementKind::CreateDatabase { name: tokens.identifier()? });
    }
    if tokens.word("tablespace") {
        return Some(StatementKind::CreateTablespace { name: tokens.identifier()? });
    }
    if tokens.word("subscription") {
        let name = tokens.identifier()?;
        let with = tokens.find(&["with"]).map(|_| tokens.options()).unwrap_or_default();
        let connects = with.get("connect").unwrap_or(true);
        let creates_slot = with.get("create_slot").unwrap_or(connects);
        return creates_slot.then_some(StatementKind::CreateSubscription { name });
    }
    None
}

fn create_index(mut tokens: Reader<'_>) -> Option<StatementKind> {
    let if_not_exists = tokens.words(&["if", "not", "exists"]);
    let index = if tokens.next_is("on") { None } else { Some(Box::new(tokens.name()?)) };
    if !tokens.word("on") {
        return None;
    }
    let table = Box::new(tokens.relation()?);
    Some(StatementKind::CreateIndexConcurrently { index, table, if_not_exists })
}

fn drop(mut tokens: Reader<'_>) -> Option<StatementKind> {
    if tokens.words(&["index", "concurrently"]) {
        let if_exists = tokens.words(&["if", "exists"]);
        let mut indexes = vec![tokens.name()?];
        while tokens.class(Class::Comma) {
            indexes.push(tokens.name()?);
        }
        return Some(StatementKind::DropIndexConcurrently { indexes, if_exists });
    }
    if tokens.word("database") {
        let if_exists = tokens.words(&["if", "exists"]);
        return Some(StatementKind::DropDatabase { name: tokens.identifier()?, if_exists });
    }
    if tokens.word("tablespace") {
        let if_exists = tokens.words(&["if", "exists"]);
        return Some(StatementKind::DropTablespace { name: tokens.identifier()?, if_exists });
    }
    if tokens.word("subscription") {
        let if_exists = tokens.words(&["if", "exists"]);
        return Some(StatementKind::DropSubscription { name: tokens.identifier()?, if_exists });
    }
    None
}

fn alter(mut tokens: Reader<'_>) -> Option<StatementKind> {
    if tokens.word("system") {
        return Some(StatementKind::AlterSystem);
    }
    if tokens.word("table") {
        return alter_table(tokens);
    }
    if tokens.word("database") {
        let _database = tokens.identifier()?;
        return tokens
            .words(&["set", "tablespace"])
            .then_some(StatementKind::OutsideTransaction("ALTER DATABASE SET TABLESPACE"));
    }
    if tokens.word("subscription") {
        return alter_subscription(tokens);
    }
    None
}

fn alter_table(mut tokens: Reader<'_>) -> Option<StatementKind> {
    let _optional = tokens.words(&["if", "exists"]);
    let table = Box::new(tokens.relation()?);
    if !tokens.words(&["detach", "partition"]) {
        return None;
    }
    let partition = Box::new(tokens.name()?);
    if tokens.word("concurrently") {
        return Some(StatementKind::DetachConcurrently { table, partition });
    }
    tokens.word("finalize").then_some(StatementKind::DetachFinalize { table, partition })
}

/// Refused in a transaction: a refresh, which a change of publications includes unless told
/// otherwise, and the parameters that change the slot on the publisher.
fn alter_subscription(mut tokens: Reader<'_>) -> Option<StatementKind> {
    let _subscription = tokens.identifier()?;
    if tokens.words(&["refresh", "publication"]) {
        return Some(StatementKind::OutsideTransaction("ALTER SUBSCRIPTION REFRESH PUBLICATION"));
    }
    if ["set", "add", "drop"].iter().any(|verb| tokens.words(&[verb, "publication"])) {
        let with = tokens.find(&["with"]).map(|_| tokens.options()).unwrap_or_default();
        let refreshes = with.get("refresh").unwrap_or(true);
        return refreshes
            .then_some(StatementKind::OutsideTransaction("ALTER SUBSCRIPTION with refresh"));
    }
    if !tokens.word("set") {
        return None;
    }
    let options = tokens.options();
    (options.get("failover").is_some() || options.get("two_phase").is_some())
        .then_some(StatementKind::OutsideTransaction("ALTER SUBSCRIPTION of a slot"))
}

fn reindex(mut tokens: Reader<'_>) -> Option<StatementKind> {
    let concurrent = tokens.options().get("concurrently").unwrap_or(false);
    let target = tokens.next().filter(|t| t.class == Class::Word)?;
    if concurrent || tokens.word("concurrently") {
        return Some(StatementKind::ReindexConcurrently);
    }
    let many =
        ["schema", "database", "system"].iter().any(|word| target.is_word(tokens.sql(), word));
    many.then_some(StatementKind::Maintenance)
}

fn cluster(mut tokens: Reader<'_>) -> Option<StatementKind> {
    let _options = tokens.options();
    let _optional = tokens.word("verbose");
    tokens.next().is_none().then_some(StatementKind::Maintenance)
}

#[cfg(test)]
mod tests;
