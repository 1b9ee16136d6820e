//! What to do about an error of the server: a sentence for the usual ones.

mod newer;

use self::newer::needs_newer;
pub(crate) use self::newer::newer_forms;
use crate::postgres::server_error::ServerError;

/// Says what to do about an error of a migration.
///
/// `statement` is its text, `server_version` the `server_version_num` of the server.
#[must_use]
pub(crate) fn advice(error: &ServerError, statement: &str, server_version: u32) -> String {
    if let Some(sentence) = needs_newer(error, statement, server_version) {
        return sentence;
    }
    let sentence = match error.code.as_str() {
        "23505" if writes_rows(statement) => {
            "A row with this key already exists. Add an ON CONFLICT clause, or clean up the rows in an earlier migration."
        }
        "23502" if writes_rows(statement) => {
            "The statement gives a NOT NULL column no value. Name the column, or give it a DEFAULT."
        }
        "23503" | "23514" | "23P01" if writes_rows(statement) => {
            "The statement's rows violate the constraint. Correct them, or the rows that they reference, first."
        }
        "55P03" => {
            "Another session holds a conflicting lock. Find it in pg_locks, try again when there is less traffic, or wait longer with --lock-timeout."
        }
        "57014" if error.message.contains("statement timeout") => {
            "It ran longer than --statement-timeout allows. Raise the limit, or split the work into smaller steps."
        }
        "57014" => "The statement was canceled.",
        "40P01" => {
            "This session and another waited for each other's locks. Acquire locks in the same order as the application, or lock less in one migration."
        }
        "25001" => {
            "It cannot run in a transaction. Move it to a migration of its own with `run_in_transaction = false` in metadata.toml."
        }
        "2D000" => {
            "A procedure can COMMIT only outside a transaction: set `run_in_transaction = false` in metadata.toml."
        }
        "55006" if error.message.ends_with("because it has pending trigger events") => {
            "Rows written in this transaction have pending deferred checks. Write `SET CONSTRAINTS ALL IMMEDIATE;` before the statement, or move it to a migration of its own."
        }
        "55006"
            if error
                .message
                .ends_with("because it is being used by active queries in this session") =>
        {
            "A cursor or a trigger of this transaction is still reading it. Close it first, or move the statement to a migration of its own."
        }
        "55P04" => {
            "A new enum value can be used only after the transaction that added it. Use it in a later migration."
        }
        "42501" if error.message.starts_with("must be owner of") => {
            "Only the owner of the object can do this: connect as the owner. For a sealed ledger, set `ledger = true` in metadata.toml of a migration that contains nothing else, and provide the second key ([ledger_admin] url_env in glowplug.toml)."
        }
        "42501" => {
            "The role lacks the privilege. Connect as the owner of the object, or GRANT what is missing."
        }
        "42P01" | "3F000" => {
            "It does not exist, or is not on the search_path. Is an earlier migration missing? Qualify the name with its schema if it is not in public."
        }
        "42704" if error.message.starts_with("role ") => {
            "Roles belong to the server: CREATE ROLE creates one there. Throwaway servers get the roles that glowplug.toml names: `roles = [\"…\"]` in [shadow]."
        }
        "42704" => {
            "It does not exist. Is an extension missing (CREATE EXTENSION), or an earlier migration?"
        }
        "42703" => "The column has another name, or is created by a later migration.",
        "42P07" | "42701" | "42710" | "42723" | "42P06" | "42P04" => {
            "It already exists: created by hand, or by a migration recorded elsewhere. If the database already has what the migration creates, `glowplug stamp VERSION` records the migration without running it."
        }
        "42601" => "Correct the syntax. The caret shows where the server stopped.",
        "42883" => {
            "No such function with these argument types. Is an extension missing, or a cast?"
        }
        "2BP01" => {
            "Other objects depend on it; the server's detail lists them. Drop or change those first. CASCADE would drop them, too."
        }
        "23505" if error.message.contains("\"pg_") => {
            "Another session was creating the same object at the same time. Run again."
        }
        "23505" => {
            "Rows in the table have duplicate values. Clean them up in an earlier migration."
        }
        "23502" => {
            "Rows in the table have no value there. Add the column with a DEFAULT, or fill it before adding NOT NULL."
        }
        "23503" | "23514" | "23P01" => {
            "Rows in the table violate the constraint. Fix them in an earlier migration, or add the constraint NOT VALID and VALIDATE it later."
        }
        "42804" | "42846" => {
            "The types do not match. ALTER COLUMN … TYPE needs a USING expression where values cannot be cast automatically."
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
            "The server ran out of shared memory, often because of locks: raise max_locks_per_transaction, or split the work into several migrations."
        }
        "57P01" | "57P02" | "57P03" => {
            "The server is restarting, or the session was terminated. Run again."
        }
        "P0001" | "P0004" => {
            "The message comes from code: a DO block, or a function or trigger of the database. The context names it."
        }
        "GP002" if error.message.ends_with(" holds history and is not dropped") => {
            "The table has rows, and stays. Downgrade to this migration, not below it. A project that needs no event ledger begins with `glowplug init --no-default-migration`."
        }
        "GP001" => {
            "The script, or a trigger of the table, refuses this on purpose: its message says what to do instead."
        }
        "25P02" => "An earlier statement in the transaction failed.",
        _ => "Correct the script and run again: a failed migration leaves nothing behind.",
    };
    sentence.to_owned()
}

/// Whether a statement brings rows of its own, as opposed to DDL that looks at those that are there.
fn writes_rows(statement: &str) -> bool {
    let word = statement.split(|c: char| !c.is_ascii_alphabetic()).next();
    let word = word.unwrap_or_default().to_ascii_lowercase();
    matches!(word.as_str(), "insert" | "update" | "delete" | "merge" | "copy" | "with")
}
