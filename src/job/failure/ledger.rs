//! What is wrong with ledgers, or with what is asked of them.

use crate::{report::ledger_finding::LedgerFinding, words::secrets};

/// Ledgers, or what protects them, that are not what the last run left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("{}{}", changed(since.as_ref()), listed(findings))]
#[diagnostic(code(ledger::drift), help("Nothing was run. {}", self.way_on()))]
pub struct DriftError {
    /// When it was last as it should be, in UTC, and the migration after which that was; none if no run has attested anything.
    pub since: Option<(String, String)>,
    /// Whether this is another database than the one that was attested: a copy that was restored, or a branch.
    pub restored: bool,
    /// What is different.
    pub findings: Vec<LedgerFinding>,
}

impl DriftError {
    fn way_on(&self) -> String {
        if let Some(history) = self.findings.iter().find(|it| it.rows) {
            return history.advice.to_owned();
        }
        match self.restored {
            true => "This is a copy of the attested database, with the same rows and journal. Accept what differs only because it was restored with `glowplug ledger verify --accept \"restored\"`.",
            false => "Undo the change; or, if it was intended, record that with `glowplug ledger verify --accept \"reason\"`.",
        }
        .to_owned()
    }
}

fn changed(since: Option<&(String, String)>) -> String {
    match since {
        Some((since, after)) => {
            format!("the protection of the ledgers has changed since {since} (after {after})")
        }
        None => "the journal of the ledgers has been altered".to_owned(),
    }
}

/// What a run has done to a ledger, found after its last COMMIT.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("a ledger was harmed during this run, up to {after}{}", listed(findings))]
#[diagnostic(
    code(ledger::harm),
    help(
        "It is committed: keep the database as it is, and compare with the seals (`glowplug ledger verify --against FILE`) and with a backup from before this run."
    )
)]
pub struct HarmError {
    /// The last migration.
    pub after: String,
    /// What is different.
    pub findings: Vec<LedgerFinding>,
}

/// Why nothing can be said of a ledger, or done for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no such table.
    #[error("there is no table {table}")]
    #[diagnostic(
        code(ledger::missing),
        help(
            "Is it the right database, and are the migrations applied? `glowplug current` shows."
        )
    )]
    Missing {
        /// The table.
        table: String,
    },
    /// A ledger is declared that is not there, and that no migration makes.
    #[error("{table} is declared as a ledger, but does not exist")]
    #[diagnostic(
        code(ledger::missing),
        help(
            "{}",
            match nearest {
                Some(nearest) => format!("Did you mean {nearest}? Correct [[ledger]] in glowplug.toml: a misspelled table is not guarded."),
                None => "Correct [[ledger]] in glowplug.toml, or write the migration that creates the table: a missing table is not guarded.".to_owned(),
            }
        )
    )]
    NotThere {
        /// The table.
        table: String,
        /// What is called nearly so.
        nearest: Option<String>,
    },
    /// A key names a column that the table does not have.
    #[error("{table} has no column {column}, which its `key` names")]
    #[diagnostic(
        code(ledger::no_column),
        help("Correct `key` of this [[ledger]] in glowplug.toml.")
    )]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// It is a view or something else.
    #[error("{table} is {what}, not a table")]
    #[diagnostic(
        code(ledger::not_a_table),
        help(
            "Only tables, including partitioned ones, can be ledgers: name the table that holds the rows."
        )
    )]
    NotATable {
        /// What was named.
        table: String,
        /// What it is.
        what: &'static str,
    },
    /// It is PostgreSQL's, or glowplug's.
    #[error("{table} cannot be a ledger: it is one of {whose} own tables")]
    #[diagnostic(
        code(ledger::system),
        help(
            "Triggers cannot protect PostgreSQL's own tables, and glowplug's journal protects itself."
        )
    )]
    System {
        /// What was named.
        table: String,
        /// Whose it is.
        whose: &'static str,
    },
    /// There is nothing to do.
    #[error("{table} is already protected")]
    #[diagnostic(
        code(ledger::protected),
        help("`glowplug ledger status` shows how. Nothing was written.")
    )]
    Protected {
        /// The table.
        table: String,
    },
    /// There is nothing to do.
    #[error("{table} is already sealed")]
    #[diagnostic(
        code(ledger::protected),
        help(
            "Only superusers can do more than read and append. Declare it with level = \"sealed\" in glowplug.toml, if it is not. Nothing was written."
        )
    )]
    Sealed {
        /// The table.
        table: String,
    },
    /// The structure of a sealed ledger is to change, and nobody said where the key is.
    #[error("`{name}` has `ledger = true`, but the project names no second key")]
    #[diagnostic(
        code(ledger::no_second_key),
        help(
            "The ledger is owned by {owner}, and {role} cannot SET ROLE to it. Name the variable with the URL of a role that can: [ledger_admin] url_env = \"GLOWPLUG_LEDGER_URL\" in glowplug.toml. Nothing was run."
        )
    )]
    NoSecondKey {
        /// The migration.
        name: String,
        /// Who owns the ledger.
        owner: String,
        /// Who migrates.
        role: String,
    },
    /// The key is not at hand.
    #[error("`{name}` has `ledger = true`, but {variable} is not set")]
    #[diagnostic(
        code(ledger::no_second_key),
        help(
            "It changes the structure of a sealed ledger, which is owned by {owner}: set {variable} to the URL of a role that can SET ROLE to it, for this run only. Ordinary deploys do not set it. Nothing was run."
        )
    )]
    SecondKeyMissing {
        /// The migration.
        name: String,
        /// The variable.
        variable: String,
        /// Who owns the ledger.
        owner: String,
    },
    /// The key does not fit.
    #[error("the second key in {variable} cannot be used: {why}")]
    #[diagnostic(
        code(ledger::second_key),
        help(
            "It must connect to the same database, as a role that can SET ROLE to {owner}: GRANT {owner} TO that role. Nothing was run."
        )
    )]
    SecondKey {
        /// The variable.
        variable: String,
        /// Why.
        why: String,
        /// Who owns the ledger.
        owner: String,
    },
    /// One transaction is made by one session.
    #[error(
        "`{name}` has `ledger = true`: it runs with the second key, and cannot share a transaction with others"
    )]
    #[diagnostic(code(ledger::two_keys), help("Remove --single-transaction. Nothing was run."))]
    TwoKeys {
        /// The migration.
        name: String,
    },
    /// Nothing orders its rows.
    #[error("no key orders the rows of {table}")]
    #[diagnostic(
        code(ledger::no_key),
        help(
            "Name columns whose values grow with every row: `key` in [[ledger]] of glowplug.toml."
        )
    )]
    NoKey {
        /// The table.
        table: String,
    },
    /// A line that is no seal.
    #[error("line {line} is not a seal: {why}")]
    #[diagnostic(code(ledger::not_a_seal), help("Give a file that `glowplug ledger seal` wrote."))]
    NotASeal {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// A seal that does not follow from the one before.
    #[error("the chain of seals is broken at line {line}")]
    #[diagnostic(
        code(ledger::broken_chain),
        help("A line was changed, removed or moved. Use the copy that is kept safe.")
    )]
    BrokenChain {
        /// The line, from 1.
        line: usize,
    },
    /// Seals that were written together are missing at the end.
    #[error("the seal file is cut off after line {line}: {missing} more expected")]
    #[diagnostic(code(ledger::truncated), help("Use the copy that is kept safe."))]
    Truncated {
        /// The last line, from 1.
        line: usize,
        /// How many are missing.
        missing: usize,
    },
    /// A file without a seal.
    #[error("there is no seal in the file: nothing was compared")]
    #[diagnostic(
        code(ledger::no_seal),
        help("Give a complete file that `glowplug ledger seal -o FILE` wrote.")
    )]
    NoSeal,
    /// No ledger is declared.
    #[error("no ledger is declared")]
    #[diagnostic(
        code(ledger::none),
        help(
            "Declare one in glowplug.toml: [[ledger]] with table = \"public.events\"; or let `glowplug ledger protect TABLE` do it."
        )
    )]
    None,
}

/// The findings, each on a line of its own.
pub(super) fn listed(findings: &[LedgerFinding]) -> String {
    let line = |finding: &LedgerFinding| match finding.ledger.as_str() {
        "" => format!("\n- {}", finding.what),
        ledger => format!("\n- {ledger}: {}", finding.what),
    };
    secrets::cover(&findings.iter().map(line).collect::<String>())
}
