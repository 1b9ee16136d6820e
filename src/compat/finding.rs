//! Breaks as findings: in words, with the path of the column in Rust.

use crate::{
    compat::{
        breaks::{Break, Effect},
        program::{Program, Which},
        state::State,
        statement::Kind,
    },
    report::finding::{Finding, Severity},
};

/// What is needed to tell of the breaks that one migration is responsible for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Teller<'t> {
    /// Which program it is.
    pub which: Which,
    /// What it knows.
    pub program: &'t Program,
    /// The state in which it does not work.
    pub broken: &'t State,
    /// The state next to it in which it does: before the migration for the running program, after it for the new one.
    pub working: &'t State,
    /// Whether no order of migrating and deploying works with this migration.
    pub is_stuck: bool,
}

impl Teller<'_> {
    /// A break as a finding, without a place.
    #[must_use]
    pub(crate) fn finding(&self, it: &Break) -> Finding {
        Finding {
            severity: self.severity(&it.effect),
            code: code(&it.effect).to_owned(),
            message: self.message(it),
            details: details(&it.effect),
            help: Some(self.help(it)),
            version: None,
            place: None,
            related: Vec::new(),
            fix: None,
        }
    }

    fn severity(&self, effect: &Effect) -> Severity {
        match (self.which, effect.is_certain()) {
            (Which::Running, true) => Severity::Error,
            (Which::Running, false) => Severity::Warning,
            (Which::New, true) if self.is_stuck => Severity::Error,
            // that the new program needs its migrations is what they are for
            (Which::New, _) => Severity::Note,
        }
    }

    /// What the column or table is called where it does not work under its own name.
    #[must_use]
    pub(crate) fn other_name(&self, it: &Break) -> Option<String> {
        let here = self.working.tables.get(&it.table)?;
        let Some(column) = it.column else {
            return self.broken.renamed.get(&here.number).cloned();
        };
        let there = self.broken.tables.get(&it.table)?;
        let name = &self.program.tables[it.table].columns[column].name;
        let number = &here.columns.get(name)?.number;
        let mut others = there.columns.iter().filter(|_| here.number == there.number);
        others.find(|(_, other)| other.number == *number).map(|(name, _)| name.clone())
    }

    fn message(&self, it: &Break) -> String {
        let who = self.which.words();
        let table = &self.program.tables[it.table];
        let what = match it.column {
            Some(column) => table.path_of(column),
            None => table.path.clone(),
        };
        let when = match self.which {
            Which::Running => "after",
            Which::New => "before",
        };
        match &it.effect {
            Effect::NoTable | Effect::NoColumn => {
                let uses = if it.column.is_some() { "reads and writes" } else { "uses" };
                let becomes = match (self.which, self.other_name(it)) {
                    (Which::Running, Some(name)) => format!("this migration renames to `{name}`"),
                    (Which::Running, None) => "this migration drops".to_owned(),
                    (Which::New, Some(name)) => format!("is called `{name}` before this migration"),
                    (Which::New, None) => "this migration adds".to_owned(),
                };
                format!("{who} {uses} `{what}`, which {becomes}")
            }
            Effect::Type { wanted, sent, .. } => format!(
                "{who} reads `{what}` as {wanted}, and the column is {sent} {when} this migration"
            ),
            Effect::Attributes => format!(
                "{who} reads `{what}`, whose type has other attributes {when} this migration"
            ),
            Effect::Refused { kinds, .. } => format!(
                "{who} {} `{what}`, which the server refuses {when} this migration",
                actions(kinds)
            ),
            Effect::Required { column, .. } => format!(
                "{who} inserts into `{}` without `{column}`, which has no default {when} this migration",
                table.path
            ),
            Effect::NullRead => format!(
                "{who} may read NULL from `{what}`, which can hold it {when} this migration"
            ),
            Effect::NullWritten => {
                format!("{who} may write NULL to `{what}`, which refuses it {when} this migration")
            }
            Effect::NewLabels(labels) => format!(
                "{who} may read {} from `{what}`, and does not know {}",
                quoted(labels),
                it_or_them(labels)
            ),
            Effect::Demanded(definition) => format!(
                "{who} may write rows to `{}` that are refused by {definition} {when} this migration",
                table.path
            ),
            Effect::NoConflict(columns) => format!(
                "{who} may insert into `{}` with ON CONFLICT ({}), which is no unique key {when} this migration",
                table.path,
                columns.join(", ")
            ),
            Effect::GoneLabels(labels) => format!(
                "{who} may write {} to `{what}`, whose type does not have {} {when} this migration",
                quoted(labels),
                it_or_them(labels)
            ),
        }
    }

    fn help(&self, it: &Break) -> String {
        match (self.which, &it.effect) {
            (Which::New, _) if !self.is_stuck => {
                "Apply the migration before the new program is deployed.".to_owned()
            }
            (Which::New, _) => {
                "Add what the new program needs in a migration of its own, before the deploy."
                    .to_owned()
            }
            (_, effect) => help_for_running(effect, self.other_name(it).is_some()).to_owned(),
        }
    }
}

fn help_for_running(effect: &Effect, is_rename: bool) -> &'static str {
    match effect {
        Effect::NoTable if is_rename => {
            "Leave a view of the old name behind until the running program is gone."
        }
        Effect::NoColumn if is_rename => {
            "Add a column with the new name beside the old one, keep both alike with a trigger, and drop the old one after the deploy."
        }
        Effect::NoTable | Effect::NoColumn => {
            "Drop it in a migration that runs after a program is deployed that does not name it."
        }
        Effect::Type { .. } | Effect::Attributes => {
            "Add a column of the new type beside the old one, keep both alike with a trigger, and drop the old one after the deploy."
        }
        Effect::Refused { .. } => {
            "Run the statement in a migration after a program is deployed that does not do this."
        }
        Effect::Required { .. } => {
            "Give it a default, and drop the default after a program is deployed that always gives a value."
        }
        Effect::NullRead => {
            "Write no NULL before a program is deployed that reads the column as Nullable."
        }
        Effect::NullWritten => {
            "Refuse NULL after a program is deployed that always gives a value. If the running program never writes NULL, nothing has to be done."
        }
        Effect::NewLabels(_) => {
            "Write the label only after a program is deployed everywhere that knows it."
        }
        Effect::Demanded(_) => {
            "Demand it after a program is deployed that complies with it. If the running program always does, nothing has to be done."
        }
        Effect::NoConflict(_) => {
            "Drop the key after a program is deployed that does not name it in ON CONFLICT. If the running program does not, nothing has to be done."
        }
        Effect::GoneLabels(_) => {
            "Remove the label after a program is deployed that does not write it."
        }
    }
}

fn code(effect: &Effect) -> &'static str {
    match effect {
        Effect::NoTable => "compat::table",
        Effect::NoColumn => "compat::column",
        Effect::Type { .. } | Effect::Attributes => "compat::type",
        Effect::Refused { .. } => "compat::refused",
        Effect::Required { .. } => "compat::required",
        Effect::NullRead | Effect::NullWritten => "compat::null",
        Effect::NewLabels(_) | Effect::GoneLabels(_) => "compat::label",
        Effect::Demanded(_) | Effect::NoConflict(_) => "compat::constraint",
    }
}

fn details(effect: &Effect) -> Vec<String> {
    match effect {
        Effect::Refused { message, .. } => vec![format!("the server says: {message}")],
        Effect::Type { may_work: true, sent, .. } if sent.starts_with("timestamp") => {
            vec![
                "they are the same where the migration, the program and its connections use UTC; `glowplug shadow pin` records the time zone"
                    .to_owned(),
            ]
        }
        Effect::Type { may_work: true, .. } => {
            vec!["values that are written as the program expects them are read".to_owned()]
        }
        Effect::Type { .. } => {
            vec![
                "statements can be prepared; reading rows fails, or yields other values".to_owned(),
            ]
        }
        Effect::Required { may_be_filled: true, .. } => {
            vec!["a trigger of the table may give it a value".to_owned()]
        }
        _ => Vec::new(),
    }
}

/// What statements do, as verbs.
fn actions(kinds: &[Kind]) -> String {
    let verb = |kind: &Kind| match kind {
        Kind::Select => "reads",
        Kind::Insert => "inserts",
        Kind::Update => "updates",
        Kind::Delete => "deletes by",
        Kind::Filter => "compares",
        Kind::Join => "joins on",
    };
    let mut verbs: Vec<&str> = kinds.iter().map(verb).collect();
    verbs.dedup();
    match verbs.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

fn quoted(labels: &[String]) -> String {
    let labels: Vec<String> = labels.iter().map(|it| format!("'{it}'")).collect();
    labels.join(", ")
}

fn it_or_them(labels: &[String]) -> &'static str {
    if labels.len() == 1 { "it" } else { "them" }
}
