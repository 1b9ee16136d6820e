//! Columns: what events recorded in them, and what they mean.

use super::Judge;
use crate::ledger::{
    advice,
    snapshot::{Fact, FactKind},
};
use crate::report::rule::LedgerRule;

impl Judge<'_> {
    pub(super) fn columns(&mut self) {
        for (object, old, new) in self.pairs(FactKind::Column) {
            let (Some(old), Some(new)) = (old, new) else {
                if let (None, Some(new)) = (old, new) {
                    self.new_column(new);
                }
                continue;
            };
            if old.is("dropped") {
                continue;
            }
            // the partitions' columns follow those of the table
            let is_root =
                self.before.root(self.index).is_some_and(|(root, _)| old.text("relation") == root);
            if is_root || old.text("name") != new.text("name") && !new.is("dropped") {
                self.column(object, old, new);
            }
        }
    }

    /// A column that appends must name now, and did not know.
    fn new_column(&mut self, new: &Fact) {
        let is_filled =
            ["default", "generated", "identity"].iter().any(|it| !new.text(it).is_empty());
        let is_root =
            self.before.root(self.index).is_some_and(|(root, _)| new.text("relation") == root);
        if is_root && new.is("not null") && !is_filled && !new.is("dropped") {
            let what = format!(
                "the new column {} needs a value in every append: it has no default",
                new.text("name")
            );
            self.find(LedgerRule::AppendLost, what, advice::APPEND);
        }
    }

    fn column(&mut self, object: &str, old: &Fact, new: &Fact) {
        let name = old.text("name");
        let number = old.number("number").unwrap_or_default();
        let is_unused = self.context.unused.contains(&(self.index, number)) || self.is_empty();
        if new.is("dropped") {
            if !is_unused {
                let what = format!("the column {name} is dropped with its values in past events");
                self.lost(LedgerRule::ColumnDropped, what, advice::COLUMN);
            }
            return;
        }
        for attribute in old.differing(new) {
            let own = |suffix: &str| {
                let plain = format!("column {object}");
                let with = [
                    plain.clone() + " not null",
                    plain.clone() + " not null default",
                    plain.clone() + " default",
                ];
                let had = with.iter().filter(|it| it.contains(suffix)).any(|it| !self.is_own(it));
                self.context.before.is_some() && !had
            };
            match attribute {
                "name" => {
                    let now = new.text("name");
                    let what = format!("the column {name} is now called {now}");
                    // what events say under a name is another thing then
                    let taken =
                        self.before.of(Some(self.index), FactKind::Column).any(|(_, it)| {
                            it.text("relation") == old.text("relation")
                                && it.text("name") == now
                                && !it.is("dropped")
                        });
                    if taken {
                        let what = format!("{what}, the name of another column");
                        self.lost(LedgerRule::ColumnRenamed, what, advice::COLUMN);
                    } else {
                        self.find(LedgerRule::ColumnRenamed, what, advice::COLUMN);
                    }
                }
                "type" | "type identity" | "modifier" if widens(old, new) => {}
                // the type has another name
                "type" if same_type(old, new) => {}
                "type" => {
                    let what = format!(
                        "the column {name} is now {}, not {}",
                        new.text("type"),
                        old.text("type")
                    );
                    self.lost(LedgerRule::ColumnType, what, advice::COLUMN);
                }
                "type identity" | "modifier" => {}
                "collation" => {
                    let what = format!("the column {name} has a different collation");
                    self.find(LedgerRule::ColumnType, what, advice::COLUMN);
                }
                "not null" if new.is("not null") || own(" not null") => {}
                "not null" => {
                    let what = format!("the column {name} may now be NULL");
                    self.find(LedgerRule::ConstraintLost, what, advice::KEEP);
                }
                "default" if old.text("default").is_empty() && old.text("generated").is_empty() => {
                }
                "default" if own(" default") || meaning(old) == meaning(new) => {}
                "default" => {
                    let what = format!("the default of the column {name} was changed or dropped");
                    self.find(LedgerRule::DefaultChanged, what, advice::APPEND);
                }
                // written into the rows when they were rewritten
                "missing value" if new.text("missing value").is_empty() => {}
                "missing value" => {
                    let what =
                        format!("the column {name} shows a different value for earlier events");
                    self.lost(LedgerRule::ColumnValue, what, advice::CORRECT);
                }
                "identity" if new.text("identity") == "a" => {}
                "identity" => {
                    let what = format!(
                        "the numbers of the column {name} no longer always come from the server"
                    );
                    self.find(LedgerRule::IdentityChanged, what, advice::APPEND);
                }
                other => {
                    let what = format!("the column {name} has a different value for {other}");
                    self.find(LedgerRule::ColumnChanged, what, advice::COLUMN);
                }
            }
        }
    }
}

/// A default, the spellings of the transaction's time being one.
fn meaning(column: &Fact) -> String {
    let text = column.text("default");
    match text.to_ascii_lowercase().as_str() {
        "now()" | "current_timestamp" | "transaction_timestamp()" => "now()".to_owned(),
        _ => text.to_owned(),
    }
}

/// Whether a column has the type that it had, by whatever name.
fn same_type(old: &Fact, new: &Fact) -> bool {
    ["type identity", "modifier"].iter().all(|it| old.0.get(*it) == new.0.get(*it))
}

/// Whether a column takes all that it took, and shows all that it shows: a longer limit of the same kind of text.
fn widens(old: &Fact, new: &Fact) -> bool {
    let limit = |fact: &Fact| {
        let text = fact.text("type").to_owned();
        let number = text.strip_prefix("character varying(")?.strip_suffix(')')?;
        number.parse::<u32>().ok()
    };
    let Some(old_limit) = limit(old) else {
        return false;
    };
    match limit(new) {
        Some(limit) => limit >= old_limit,
        None => matches!(new.text("type"), "character varying" | "text"),
    }
}
