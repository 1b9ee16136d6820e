//! What to do about an error of the server: a sentence for the usual ones.

mod newer;

use self::newer::needs_newer;
pub(in crate::job) use self::newer::newer_forms;
use crate::postgres::server_error::ServerError;

/// Says what to do about an error of a migration.
///
/// `statement` is its text, `server_version` the `server_version_num` of the server.
#[must_use]
pub fn advice(error: &ServerError, statement: &str, server_version: u32) -> String {
    if let Some(sentence) = needs_newer(error, statement, server_version) {
        return sentence;
    }
    let sentence = match error.code.as_str() {
        "23505" if writes_rows(statement) => {
            "A row with this key exists already. ON CONFLICT says what is to happen then; or clean up in a migration before this one."
        }
        "23502" if writes_rows(statement) => {
            "The statement leaves a column empty that must have a value. Name the column, or give it a DEFAULT."
        }
        "23503" | "23514" | "23P01" if writes_rows(statement) => {
            "The statement's rows break the rule. Correct them, or what they refer to, before it."
        }
        "55P03" => {
            "Another session holds a lock on it. Find it in pg_locks, try again when it is quieter, or wait longer with --lock-timeout."
        }
        "57014" if error.message.contains("statement timeout") => {
            "It ran longer than --statement-timeout allows. Allow more, or do the work in smaller pieces."
        }
        "57014" => "The statement was cancelled.",
        "40P01" => {
            "It and another session waited for each other. Take locks in the same order as the application, or lock less in one migration."
        }
        "25001" => {
            "It cannot run in a transaction. Move it to a migration of its own with `run_in_transaction = false` in metadata.toml."
        }
        "2D000" => {
            "A procedure may COMMIT only outside of a transaction: write `run_in_transaction = false` into metadata.toml."
        }
        "55006" if error.message.ends_with("because it has pending trigger events") => {
            "Rows that were written in this transaction still wait for their deferred checks. Write `SET CONSTRAINTS ALL IMMEDIATE;` before the statement, or put it into a migration of its own."
        }
        "55006"
            if error
                .message
                .ends_with("because it is being used by active queries in this session") =>
        {
            "A cursor or a trigger of this transaction still reads it. Close it first, or put the statement into a migration of its own."
        }
        "55P04" => {
            "A new enum value can be used only after the transaction that added it. Put the use into a later migration."
        }
        "42501" if error.message.starts_with("must be owner of") => {
            "Only its owner may. Connect as the owner of the object. If it is part of a sealed ledger, nobody migrates as its owner: write `ledger = true` into metadata.toml of a migration that holds nothing else, and give the second key ([ledger_admin] url_env in glowplug.toml)."
        }
        "42501" => {
            "The role lacks the privilege. Connect as the owner of the object, or GRANT what is missing."
        }
        "42P01" | "3F000" => {
            "It does not exist here, or is not in the search_path. Is a migration missing before this one? Write the schema in front of the name if it is not in public."
        }
        "42704" if error.message.starts_with("role ") => {
            "Roles belong to the server: CREATE ROLE makes it there. On throwaway servers it is made if glowplug.toml names it: `roles = [\"…\"]` in [shadow]."
        }
        "42704" => {
            "It does not exist here. Is an extension missing (CREATE EXTENSION), or a migration before this one?"
        }
        "42703" => "The column is called otherwise, or is created by a later migration.",
        "42P07" | "42701" | "42710" | "42723" | "42P06" | "42P04" => {
            "It exists already: made by hand, or by a migration that was recorded elsewhere. If the database is as the migration wants it, `glowplug stamp VERSION` records it without running it."
        }
        "42601" => "Correct the syntax. The caret stands where the server could not go on.",
        "42883" => {
            "No such function with these argument types. Is an extension missing, or a cast?"
        }
        "2BP01" => {
            "Other objects depend on it; the server's detail lists them. Drop or change those first. CASCADE would take them along unseen."
        }
        "23505" if error.message.contains("\"pg_") => {
            "Another session was creating the same thing at the same moment. Run again."
        }
        "23505" => {
            "Rows in the table are not unique in it. Clean them up in a migration before this one."
        }
        "23502" => {
            "Rows in the table have no value there. Add the column with a DEFAULT, or fill it before NOT NULL."
        }
        "23503" | "23514" | "23P01" => {
            "Rows in the table break the rule. Mend them in a migration before this one, or add the constraint NOT VALID and VALIDATE it later."
        }
        "42804" | "42846" => {
            "The types do not fit. ALTER COLUMN … TYPE needs USING with an expression where no cast is implied."
        }
        "25006" => "Connect to the primary with a role that may write.",
        "58P01" if error.message.starts_with("could not open extension control file") => {
            "The extension's files are not installed on the server."
        }
        "0A000" if error.message.starts_with("extension \"") => {
            "The extension's files are not installed on the server. Install its package there, or use a provider that offers it."
        }
        "53100" => "The server's disk is full.",
        "53200" => {
            "The server ran out of shared memory, often for locks: raise max_locks_per_transaction, or do it in several migrations."
        }
        "57P01" | "57P02" | "57P03" => {
            "The server is restarting or was told to end the session. Run again."
        }
        "P0001" | "P0004" => {
            "The message is raised by code: a DO block, or a function or trigger of the database. The context names it."
        }
        "25P02" => "An earlier statement of the transaction failed.",
        _ => "Correct the script and run again: a failed migration has left nothing behind.",
    };
    sentence.to_owned()
}

/// Whether a statement brings rows of its own, as opposed to DDL that looks at those that are there.
fn writes_rows(statement: &str) -> bool {
    let word = statement.split(|c: char| !c.is_ascii_alphabetic()).next();
    let word = word.unwrap_or_default().to_ascii_lowercase();
    matches!(word.as_str(), "insert" | "update" | "delete" | "merge" | "copy" | "with")
}
