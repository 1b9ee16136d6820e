//! The migration that protects an existing table.

use std::fmt::Write as _;

use crate::{
    job::{JobError, Watch, attest::failed, failure::LedgerError, open::Endpoint},
    ledger::{self, Declaration, Kind},
    postgres::guard::Guard,
    report::ledger::{Level, Strength},
    words::ident::{Ident, Literal, Qualified},
};

/// The texts of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// `up.sql`.
    pub up: String,
    /// `down.sql`.
    pub down: String,
    /// What should be known besides.
    pub notes: Vec<String>,
}

/// Writes the way to a protected table, and back.
///
/// # Errors
/// When the server cannot be reached or refuses, there is no such table, or it is protected already.
pub async fn protect(
    endpoint: &Endpoint,
    ledger: &Declaration,
    watch: Watch<'_>,
) -> Result<Protection, JobError> {
    let guard = Guard { ledgers: vec![ledger.clone()], allow: None, attested: Vec::new() };
    let (mut session, facts, _) = endpoint.read(watch).await?;
    let now = guard.observe(&mut session, &facts, None).await.map_err(failed)?;
    let Some((root, relation)) = now.root(0) else {
        return Err(LedgerError::Missing { table: ledger.label() }.into());
    };
    if !matches!(relation.text("kind"), "r" | "p") {
        return Err(LedgerError::NotATable { table: ledger.label() }.into());
    }
    let found = ledger::protection(&now, 0).weakest();
    let wanted = match ledger.level {
        Level::Minimal => found.rows(),
        Level::Hardened => {
            [found.update, found.delete, found.truncate].iter().all(|it| *it == Strength::Always)
        }
    };
    if wanted {
        return Err(LedgerError::Protected { table: ledger.label() }.into());
    }
    let partitions: Vec<&str> = now
        .of(Some(0), Kind::Relation)
        .filter(|(label, _)| *label != root)
        .map(|(label, _)| label)
        .collect();
    let granted: Vec<(String, String)> = now
        .of(Some(0), Kind::Grant)
        .filter(|(_, it)| it.0.get("column").is_none_or(serde_json::Value::is_null))
        .filter(|(_, it)| matches!(it.text("privilege"), "UPDATE" | "DELETE" | "TRUNCATE"))
        .filter(|(_, it)| it.text("grantee") != relation.text("owner"))
        .map(|(_, it)| {
            let grantee = match it.text("grantee") {
                "public" => "PUBLIC".to_owned(),
                role => Ident(role).to_string(),
            };
            (format!("{} ON {}", it.text("privilege"), it.text("relation")), grantee)
        })
        .collect();
    let mut notes = Vec::new();
    let refers = now.of(Some(0), Kind::Constraint).any(|(_, it)| it.text("type") == "f");
    if ledger.level == Level::Hardened {
        let why = if refers { ", and foreign keys are checked in its name" } else { "" };
        notes.push(format!(
            "{} keeps its privileges as the owner: the triggers refuse it all the same{why}",
            relation.text("owner")
        ));
    }
    Ok(texts(ledger, &partitions, &granted, notes))
}

fn texts(
    ledger: &Declaration,
    partitions: &[&str],
    granted: &[(String, String)],
    notes: Vec<String>,
) -> Protection {
    let (schema, table) = (ledger.schema.as_str(), ledger.table.as_str());
    let named = |suffix: &str| {
        let room = 63 - suffix.len();
        format!("{}{suffix}", &table[..table.floor_char_boundary(room)])
    };
    let (function, rows, truncate) =
        (named("_refuse"), named("_append_only"), named("_no_truncate"));
    let function = Qualified { schema, name: &function };
    let (rows, truncate) = (Ident(&rows), Ident(&truncate));
    let on = ledger.sql();
    let label = ledger.label();
    let hardened = ledger.level == Level::Hardened;
    let hint = Literal("Append a correction: a new row that points at the wrong one.");
    let mut up = format!(
        "-- Makes {label} append-only: its rows are history, and a wrong one is corrected by another.\n\
         CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql\n    SET search_path = pg_catalog, pg_temp AS $body$\n\
         BEGIN\n    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP\n        USING ERRCODE = 'GP001', HINT = {hint};\nEND\n$body$;\n\n\
         CREATE TRIGGER {rows} BEFORE UPDATE OR DELETE ON {on}\n    FOR EACH ROW EXECUTE FUNCTION {function}();\n"
    );
    let mut down = format!(
        "-- Takes the protection of {label} away; its rows stay. The ledger guard refuses this, unless it is told the reason:\n\
         --   glowplug downgrade … --allow-ledger-change \"reason\"\n"
    );
    let mut line = |text: String| writeln!(up, "{text}").unwrap_or_default();
    if hardened {
        let tables = || std::iter::once(on.as_str()).chain(partitions.iter().copied());
        if partitions.is_empty() {
            line(String::new());
        } else {
            line("\n-- a trigger for TRUNCATE is not copied to partitions: new ones need theirs, too".into());
        }
        for table in tables() {
            line(format!(
                "CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table}\n    FOR EACH STATEMENT EXECUTE FUNCTION {function}();"
            ));
        }
        line("\n-- ALWAYS: session_replication_role = replica must not step around them".into());
        for table in tables() {
            line(format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {rows};"));
            line(format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {truncate};"));
        }
        if !granted.is_empty() {
            line("\n-- a second lock: who appends needs none of these".into());
        }
        for (what, role) in granted {
            line(format!("REVOKE {what} FROM {role};"));
        }
        for table in tables() {
            writeln!(down, "DROP TRIGGER {truncate} ON {table};").unwrap_or_default();
        }
        for (what, role) in granted {
            writeln!(down, "GRANT {what} TO {role};").unwrap_or_default();
        }
    }
    write!(down, "DROP TRIGGER {rows} ON {on};\nDROP FUNCTION {function}();\n").unwrap_or_default();
    Protection { up, down, notes }
}
