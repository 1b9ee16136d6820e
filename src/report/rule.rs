//! The rules of the ledger guard: what each protects, what to do instead, and whether a person can let a breach of it pass.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::report::advice;

/// What a breach of a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// History would be, or is, another one: nothing lets it pass.
    History,
    /// The protection would be another one: `--allow-ledger-change` lets it pass, and a person can accept it.
    Protection,
}

/// Writes the enum and what is said of each rule in one table, in the order of their codes.
macro_rules! rules {
    ($($name:ident $code:literal $severity:ident $protects:literal $advice:expr;)*) => {
        /// A rule of the ledger guard. Its code is what findings and the journal call it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum LedgerRule {
            $(#[doc = concat!("`", $code, "`: ", $protects, ".")] $name,)*
        }

        impl LedgerRule {
            /// All of them, in the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            const fn said(self) -> (&'static str, Severity, &'static str, &'static str) {
                match self {
                    $(Self::$name => ($code, Severity::$severity, $protects, $advice),)*
                }
            }
        }
    };
}

rules! {
    AppendLost "append-lost" Protection
        "that the application goes on appending as it did"
        advice::APPEND;
    AppendedTwice "appended-twice" History
        "that a redo appends no event a second time"
        advice::TWICE;
    Backdated "backdated" History
        "that events come after those that are there"
        advice::CORRECT;
    Cascade "cascade" Protection
        "that no foreign key deletes or updates rows of a ledger"
        advice::KEEP;
    CatalogWrite "catalog-write" Protection
        "that catalogs are changed by DDL only"
        advice::KEEP;
    ColumnChanged "column-changed" Protection
        "how columns are made"
        advice::COLUMN;
    ColumnDropped "column-dropped" History
        "what events recorded in a column"
        advice::COLUMN;
    ColumnRenamed "column-renamed" Protection
        "what columns are called"
        advice::COLUMN;
    ColumnType "column-type" History
        "the values of columns, in the type that they were recorded in"
        advice::COLUMN;
    ColumnValue "column-value" History
        "what a column shows for events that are older than it"
        advice::CORRECT;
    ConstraintLost "constraint-lost" Protection
        "constraints"
        advice::KEEP;
    Cursor "cursor" Protection
        "that nothing is left to run at COMMIT"
        advice::LATER;
    Decoy "decoy" Protection
        "that triggers call the function that is called so"
        advice::KEEP;
    DefaultChanged "default-changed" Protection
        "defaults that appends rely on"
        advice::APPEND;
    EnumMeaning "enum-meaning" Protection
        "the labels that events recorded"
        advice::MEANING;
    EventTrigger "event-trigger" Protection
        "event triggers"
        advice::KEEP;
    Extension "extension" Protection
        "that no extension writes rows from a session of its own"
        advice::LATER;
    ForeignPartition "foreign-partition" Protection
        "that rows stay in this database"
        advice::TABLE;
    FunctionChanged "function-changed" Protection
        "functions that columns, constraints and triggers call"
        advice::MEANING;
    IdentityChanged "identity-changed" Protection
        "that numbers are the server's"
        advice::APPEND;
    Inheritance "inheritance" Protection
        "that no table adds rows that nothing protects"
        advice::TABLE;
    JournalChanged "journal-changed" History
        "the entries of the journal, since the first attestation"
        advice::JOURNAL;
    JournalForged "journal-forged" History
        "that glowplug alone writes to its journal"
        advice::JOURNAL;
    JournalHead "journal-head" History
        "that the journal leads to the head that is kept in glowplug.lock"
        advice::JOURNAL;
    Language "language" Protection
        "what runs a function of a trigger"
        advice::KEEP;
    Later "later" Protection
        "that nothing strikes after the migration"
        advice::LATER;
    LedgerGone "ledger-gone" History
        "that the table is there, under its name"
        advice::TABLE;
    LedgerReplaced "ledger-replaced" History
        "that it is the same table"
        advice::TABLE;
    NotSealed "not-sealed" Protection
        "that a ledger that is declared as sealed is sealed"
        advice::SEALED;
    OwnerChanged "owner-changed" Protection
        "who owns tables and functions"
        advice::KEEP;
    PartitionLost "partition-lost" History
        "that partitions stay part of it"
        advice::TABLE;
    PartitionUnprotected "partition-unprotected" Protection
        "that new partitions refuse what the others do"
        advice::PARTITION;
    Pending "pending" History
        "that nothing is put off past the last look"
        advice::LATER;
    Privilege "privilege" Protection
        "who may do what"
        advice::KEEP;
    RowSecurity "row-security" Protection
        "that no row is hidden, or shown"
        advice::KEEP;
    RowsChanged "rows-changed" History
        "every row, as it was recorded"
        advice::CORRECT;
    RowsLost "rows-lost" History
        "that no row goes"
        advice::HISTORY;
    Rule "rule" Protection
        "that no rule rewrites what is asked"
        advice::KEEP;
    SealBroken "seal-broken" History
        "the rows that were sealed"
        advice::HISTORY;
    SearchPath "search-path" Protection
        "what names mean"
        advice::MEANING;
    SequenceChanged "sequence-changed" Protection
        "that no number comes twice"
        advice::APPEND;
    Setting "setting" Protection
        "settings that step around the protection"
        advice::KEEP;
    StandIn "stand-in" Protection
        "that PostgreSQL's own operators, casts and functions answer"
        advice::MEANING;
    Subscription "subscription" Protection
        "that no subscription writes rows"
        advice::LATER;
    Surgery "surgery" History
        "pages, which no transaction puts back"
        advice::KEEP;
    TableChanged "table-changed" Protection
        "how the table is kept"
        advice::KEEP;
    TrackingTable "tracking-table" History
        "that the tables of what ran are as glowplug makes them"
        advice::TRACKING;
    TransactionLeft "transaction-left" History
        "that a script stays in its transaction"
        advice::LATER;
    TriggerArmed "trigger-armed" Protection
        "that the protection goes with no extension"
        advice::KEEP;
    TriggerBefore "trigger-before" Protection
        "that nothing comes before what refuses"
        advice::KEEP;
    TriggerLost "trigger-lost" Protection
        "the triggers that refuse UPDATE, DELETE and TRUNCATE"
        advice::KEEP;
    TypeChanged "type-changed" Protection
        "the types that events are recorded in"
        advice::MEANING;
    Unknown "unknown" Protection
        "what this version does not know"
        advice::KEEP;
    WithoutTransaction "without-transaction" Protection
        "that what cannot be rolled back touches no ledger"
        advice::LATER;
}

impl LedgerRule {
    /// What findings and the journal call it: `trigger-lost`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.said().0
    }

    /// Whether a person can let a breach of it pass.
    #[must_use]
    pub const fn severity(self) -> Severity {
        self.said().1
    }

    /// What it protects, in words.
    #[must_use]
    pub const fn protects(self) -> &'static str {
        self.said().2
    }

    /// What to do instead.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        self.said().3
    }

    /// The rule of a code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.code() == code)
    }

    /// All rules, as a table in Markdown.
    #[must_use]
    pub fn documentation() -> String {
        let line = |it: &Self| {
            let passes = match it.severity() {
                Severity::History => "never",
                Severity::Protection => "with a reason",
            };
            format!("| `{it}` | {} | {passes} |\n", it.protects())
        };
        let lines: String = Self::ALL.iter().map(line).collect();
        format!("| rule | protects | passes |\n|---|---|---|\n{lines}")
    }
}

impl fmt::Display for LedgerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl Serialize for LedgerRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_lead_back() {
        assert!(LedgerRule::ALL.is_sorted_by_key(|it| it.code()));
        assert!(LedgerRule::ALL.iter().all(|it| LedgerRule::of_code(it.code()) == Some(*it)));
        assert_eq!(LedgerRule::of_code("triger-lost"), None);
    }
}
