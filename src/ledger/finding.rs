//! What a run would have done to a ledger.

use serde::Serialize;

/// One thing that a script must not do to a ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The ledger, as `public.events`; empty if it concerns all.
    pub ledger: String,
    /// The rule's name, such as `trigger-lost`.
    pub rule: &'static str,
    /// What is different, for people.
    pub what: String,
    /// What to write instead.
    pub advice: &'static str,
    /// Whether rows are concerned: these never change, whatever a person allows.
    pub rows: bool,
}

/// What to write instead.
pub(super) mod advice {
    pub(in crate::ledger) const CORRECT: &str = "A wrong event is never edited: append a correction that points at it (INSERT INTO … (…, corrects)).";
    pub(in crate::ledger) const KEEP: &str = "Leave the protection as it is. A deliberate change of it needs --allow-ledger-change \"reason\".";
    pub(in crate::ledger) const COLUMN: &str = "Add a column beside it (nullable, or with a constant default) and let new events use that one.";
    pub(in crate::ledger) const TABLE: &str = "Keep the table and its rows. Make a new table or a view beside it, and let readers move there.";
    pub(in crate::ledger) const APPEND: &str = "Appends must go on working as before. A deliberate change needs --allow-ledger-change \"reason\".";
    pub(in crate::ledger) const MEANING: &str =
        "Add a new label or type beside it; what is recorded keeps its meaning.";
    pub(in crate::ledger) const LATER: &str = "Nothing may strike after this migration. Write what is to be done into the migration itself, where it is checked.";
    pub(in crate::ledger) const DRIFT: &str = "This was changed since the last run of glowplug. Put it back as it was; or, if it is meant, `glowplug ledger verify --accept REASON` records that.";
    pub(in crate::ledger) const PARTITION: &str =
        "Give the new partition the triggers that the others have, in the same migration.";
}
