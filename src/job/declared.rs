//! Whether what glowplug.toml declares as ledgers are ledgers.

use crate::{
    job::{JobError, attest::failed, failure::LedgerError},
    ledger::Declaration,
    postgres::{
        guard::{self, Declared, Guard},
        journal,
        session::Session,
    },
};

/// Refuses a name that no table has, and none will get from what `to_come` holds: the scripts of migrations that are not applied.
pub(crate) async fn demand(
    session: &mut Session<'_>,
    guard: &Guard,
    to_come: &[&str],
) -> Result<(), JobError> {
    if !guard.is_on() {
        return Ok(());
    }
    for ledger in &guard.ledgers {
        no_system_table(ledger)?;
    }
    let found = guard.declared(session).await.map_err(failed)?;
    for (ledger, found) in guard.ledgers.iter().zip(found) {
        let table = ledger.label();
        match found {
            Declared::Table => {}
            Declared::Other(what) => return Err(LedgerError::NotATable { table, what }.into()),
            Declared::NoColumn(column) => {
                return Err(LedgerError::NoColumn { table, column }.into());
            }
            Declared::Missing if to_come.iter().any(|script| speaks_of(script, ledger)) => {}
            Declared::Missing => return Err(missing(session, ledger).await?.into()),
        }
    }
    Ok(())
}

/// Refuses what is not a table of the project's.
pub(crate) fn no_system_table(ledger: &Declaration) -> Result<(), LedgerError> {
    let own = [journal::DIESEL_TABLE, journal::TABLE];
    let whose = match ledger {
        it if it.is_system() => "PostgreSQL's",
        it if own.contains(&it.table.as_str()) => "the migrations'",
        _ => return Ok(()),
    };
    Err(LedgerError::System { table: ledger.label(), whose })
}

/// The error for a ledger that is not there, with what may have been meant.
pub(crate) async fn missing(
    session: &mut Session<'_>,
    ledger: &Declaration,
) -> Result<LedgerError, JobError> {
    let tables = guard::tables(session).await.map_err(failed)?;
    let nearest = ledger.nearest(&tables).map(|(schema, table)| format!("{schema}.{table}"));
    Ok(LedgerError::NotThere { table: ledger.label(), nearest })
}

/// Whether a script may make a table: SQL that puts its name together is not seen through.
fn speaks_of(script: &str, ledger: &Declaration) -> bool {
    script.to_lowercase().contains(&ledger.table.to_lowercase())
}
