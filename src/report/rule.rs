//! The rules of the ledger guard: what each protects, what to do instead, and whether a person can allow a breach.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::report::advice;

/// What a breach of a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// History has changed, or would change: never allowed.
    History,
    /// The protection would change: allowed with `--allow-ledger-change`, and a person can accept it.
    Protection,
}

/// Defines the enum and the properties of each rule in one table, in the order of their codes.
macro_rules! rules {
    ($($name:ident $code:literal $severity:ident $protects:literal $advice:expr;)*) => {
        /// A rule of the ledger guard, named by its code in findings and in the journal.
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
        "that the application can append as before"
        advice::APPEND;
    AppendedTwice "appended-twice" History
        "that a redo does not append an event twice"
        advice::APPENDED_TWICE;
    Backdated "backdated" History
        "that new events come after existing ones"
        advice::CORRECT;
    Cascade "cascade" Protection
        "that no foreign key deletes or updates rows of a ledger"
        advice::KEEP;
    CatalogWrite "catalog-write" Protection
        "that catalogs are changed by DDL only"
        advice::KEEP;
    ColumnChanged "column-changed" Protection
        "the definitions of columns"
        advice::COLUMN;
    ColumnDropped "column-dropped" History
        "the values recorded in a column"
        advice::COLUMN;
    ColumnRenamed "column-renamed" Protection
        "the names of columns"
        advice::COLUMN;
    ColumnType "column-type" History
        "the values of columns, in the type in which they were recorded"
        advice::COLUMN;
    ColumnValue "column-value" History
        "the value of a new column in older events"
        advice::CORRECT;
    ConstraintLost "constraint-lost" Protection
        "constraints"
        advice::KEEP;
    Cursor "cursor" Protection
        "that nothing is left to run at COMMIT"
        advice::LATER;
    Decoy "decoy" Protection
        "that triggers call the function of that name"
        advice::KEEP;
    DefaultChanged "default-changed" Protection
        "defaults that appends rely on"
        advice::APPEND;
    EnumMeaning "enum-meaning" Protection
        "the enum labels that events recorded"
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
        "that the server assigns the numbers"
        advice::APPEND;
    Inheritance "inheritance" Protection
        "that no child table adds unprotected rows"
        advice::TABLE;
    JournalChanged "journal-changed" History
        "the entries of the journal, since the first attestation"
        advice::JOURNAL;
    JournalForged "journal-forged" History
        "that only glowplug writes to its journal"
        advice::JOURNAL;
    JournalHead "journal-head" History
        "that the journal leads to the head in glowplug.lock"
        advice::JOURNAL;
    Language "language" Protection
        "the language of trigger functions"
        advice::KEEP;
    Later "later" Protection
        "that nothing takes effect after the migration"
        advice::LATER;
    LedgerGone "ledger-gone" History
        "that the table exists under its name"
        advice::TABLE;
    LedgerReplaced "ledger-replaced" History
        "that it is the same table"
        advice::TABLE;
    NotSealed "not-sealed" Protection
        "that a ledger declared as sealed is sealed"
        advice::SEALED;
    OwnerChanged "owner-changed" Protection
        "who owns tables and functions"
        advice::KEEP;
    PartitionLost "partition-lost" History
        "that partitions stay attached"
        advice::TABLE;
    PartitionUnprotected "partition-unprotected" Protection
        "that new partitions refuse what the others do"
        advice::PARTITION;
    Pending "pending" History
        "that nothing is deferred past the last check"
        advice::LATER;
    Privilege "privilege" Protection
        "who may do what"
        advice::KEEP;
    RowSecurity "row-security" Protection
        "the row security of tables"
        advice::KEEP;
    RowsChanged "rows-changed" History
        "every row, as it was recorded"
        advice::CORRECT;
    RowsLost "rows-lost" History
        "that no row is lost"
        advice::HISTORY;
    Rule "rule" Protection
        "that no rule rewrites queries"
        advice::KEEP;
    SealBroken "seal-broken" History
        "the rows that were sealed"
        advice::HISTORY;
    SearchPath "search-path" Protection
        "what names resolve to"
        advice::MEANING;
    SequenceChanged "sequence-changed" Protection
        "that no number is assigned twice"
        advice::APPEND;
    Setting "setting" Protection
        "settings that bypass the protection"
        advice::KEEP;
    StandIn "stand-in" Protection
        "that PostgreSQL's own operators, casts and functions are used"
        advice::MEANING;
    Subscription "subscription" Protection
        "that no subscription writes rows"
        advice::LATER;
    Surgery "surgery" History
        "data pages, which a rollback does not restore"
        advice::KEEP;
    TableChanged "table-changed" Protection
        "the properties of tables"
        advice::KEEP;
    TrackingTable "tracking-table" History
        "that the tracking tables are as glowplug creates them"
        advice::TRACKING;
    TransactionLeft "transaction-left" History
        "that a script stays in its transaction"
        advice::LATER;
    TriggerArmed "trigger-armed" Protection
        "that the protection does not depend on an extension"
        advice::KEEP;
    TriggerBefore "trigger-before" Protection
        "that no trigger fires before those that refuse"
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
        "that statements that cannot be rolled back touch no ledger"
        advice::LATER;
}

impl LedgerRule {
    /// The code in findings and in the journal: `trigger-lost`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.said().0
    }

    /// Whether a person can allow a breach of it.
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
            let allowed = match it.severity() {
                Severity::History => "never",
                Severity::Protection => "with a reason",
            };
            format!("| `{it}` | {} | {allowed} |\n", it.protects())
        };
        let lines: String = Self::ALL.iter().map(line).collect();
        format!("| rule | protects | allowed |\n|---|---|---|\n{lines}")
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
