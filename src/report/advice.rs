//! Advice for changes that would harm a ledger.

pub(crate) const CORRECT: &str = "A wrong event is never edited: append a correction that points at it (INSERT INTO … (…, corrects)).";
pub(crate) const KEEP: &str =
    "Leave the protection as it is. A deliberate change needs --allow-ledger-change \"reason\".";
pub(crate) const COLUMN: &str =
    "Add another column (nullable, or with a constant default) and let new events use it.";
pub(crate) const TABLE: &str =
    "Keep the table and its rows. Create a new table or view, and move readers to it.";
pub(crate) const APPEND: &str = "Appends must keep working as before. A deliberate change needs --allow-ledger-change \"reason\".";
pub(crate) const MEANING: &str =
    "Add a new label or type instead; recorded values keep their meaning.";
pub(crate) const LATER: &str = "Nothing may take effect after this migration. Do the work in the migration itself, where it is checked.";
pub(crate) const DRIFT: &str = "This has changed since the last run of glowplug. Restore it; or, if the change is intended, record it with `glowplug ledger verify --accept REASON`.";
pub(crate) const PARTITION: &str =
    "Give the new partition the triggers that the others have, in the same migration.";
pub(crate) const TRACKING: &str = "Leave the tracking tables to glowplug: code that fires on rows written there would run after the last check.";
pub(crate) const JOURNAL: &str = "Somebody other than glowplug wrote to its journal. Find out who and what from the server's log and a backup; then `glowplug ledger verify --accept REASON --changed-history` starts a new chain.";
pub(crate) const HISTORY: &str = "Events were changed, removed or added despite the protection. Check the server's log, and compare with an earlier backup; the seals show which rows are unchanged.";
pub(crate) const APPENDED_TWICE: &str = "Events remain when a migration is reverted. Let down.sql append events that compensate them, or leave the migration as it is and write a new one.";
pub(crate) const SEALED: &str = "`glowplug ledger status` lists all ways around it; `glowplug ledger protect TABLE --level sealed` writes the SQL that an administrator runs to close them.";
