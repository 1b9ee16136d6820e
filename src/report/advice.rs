//! What to write instead of what harms a ledger.

pub(crate) const CORRECT: &str = "A wrong event is never edited: append a correction that points at it (INSERT INTO … (…, corrects)).";
pub(crate) const KEEP: &str = "Leave the protection as it is. A deliberate change of it needs --allow-ledger-change \"reason\".";
pub(crate) const COLUMN: &str = "Add a column beside it (nullable, or with a constant default) and let new events use that one.";
pub(crate) const TABLE: &str = "Keep the table and its rows. Make a new table or a view beside it, and let readers move there.";
pub(crate) const APPEND: &str = "Appends must go on working as before. A deliberate change needs --allow-ledger-change \"reason\".";
pub(crate) const MEANING: &str =
    "Add a new label or type beside it; what is recorded keeps its meaning.";
pub(crate) const LATER: &str = "Nothing may strike after this migration. Write what is to be done into the migration itself, where it is checked.";
pub(crate) const DRIFT: &str = "This was changed since the last run of glowplug. Put it back as it was; or, if it is meant, `glowplug ledger verify --accept REASON` records that.";
pub(crate) const PARTITION: &str =
    "Give the new partition the triggers that the others have, in the same migration.";
pub(crate) const TRACKING: &str = "Leave the tracking tables to glowplug: whatever a row that is written there reaches would run after the last look.";
pub(crate) const JOURNAL: &str = "Somebody wrote to glowplug's journal past it. Find out who and what, with the server's log and a backup; then `glowplug ledger verify --accept REASON --changed-history` begins a new chain.";
pub(crate) const HISTORY: &str = "Events were changed, removed or added past every protection. Look at the server's log, and compare with a backup from before that time; the seals tell which rows are left unaltered.";
pub(crate) const TWICE: &str = "Events stay when a migration is reverted. Let down.sql append what compensates them, or leave the migration as it is and write a new one.";
pub(crate) const SEALED: &str = "`glowplug ledger status` lists all ways; `glowplug ledger protect TABLE --level sealed` writes the SQL with which an administrator closes them.";
