//! `.history` beside the migrations: one line for each, so that two branches that add some conflict in git.

use crate::{
    migration::source::{Migration, Migrations},
    words::digest::Digest,
};

/// The file's name. The dot keeps it out of Diesel's sight.
pub(crate) const NAME: &str = ".history";

/// What stands first in the file.
const HEAD: &str = "# One line for each migration: its directory and the SHA-256 of its up.sql; `-` while it is being written.\n# A conflict here means that two branches add migrations: keep all lines, `glowplug rebase`, `glowplug history --write`.\n";

/// What stands for the digest of a migration that is still written.
const DRAFT: &str = "-";

/// Why the file cannot be used, or does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum HistoryFault {
    /// There is none.
    #[error("{path} is missing")]
    #[diagnostic(
        code(history_file::missing),
        help("`glowplug history --write` writes it; commit it with the migrations.")
    )]
    Missing {
        /// Where it would be.
        path: String,
    },
    /// Git has left its marks in it.
    #[error("{path}:{line} is a conflict: two branches add migrations")]
    #[diagnostic(
        code(history_file::conflict),
        help(
            "Keep the lines of both. If migrations of your branch are older than what was merged, `glowplug rebase` gives them newer versions; then `glowplug history --write`."
        )
    )]
    Conflict {
        /// The file.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// A line is none.
    #[error("{path}:{line} is not `DIRECTORY SHA-256`")]
    #[diagnostic(
        code(history_file::malformed),
        help("Restore it from version control, or write it anew with `glowplug history --write`.")
    )]
    Malformed {
        /// The file.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// It names other migrations than there are.
    #[error("{path} and the migrations differ: {}", differences.join("; "))]
    #[diagnostic(
        code(history_file::differs),
        help(
            "Was something lost in a merge, or edited after it was written? If the directories are right, `glowplug history --write` records them."
        )
    )]
    Differs {
        /// The file.
        path: String,
        /// What differs, in the order of the migrations.
        differences: Vec<String>,
    },
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The directory.
    pub name: String,
    /// The digest of its up.sql; none while it is written.
    pub up: Option<Digest>,
}

/// Reads the file's text.
///
/// # Errors
/// When a line is a mark of a conflict, or none.
pub(crate) fn parse(text: &str, path: &str) -> Result<Vec<Line>, HistoryFault> {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let (path, number) = (path.to_owned(), at + 1);
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|it| line.starts_with(it)) {
            return Err(HistoryFault::Conflict { path, line: number });
        }
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        // a directory's name may hold spaces
        let Some((name, digest)) = line.trim_end().rsplit_once(' ') else {
            return Err(HistoryFault::Malformed { path, line: number });
        };
        let is_digest = digest.len() == 64 && digest.bytes().all(|it| it.is_ascii_hexdigit());
        if !is_digest && digest != DRAFT {
            return Err(HistoryFault::Malformed { path, line: number });
        }
        let up = is_digest.then(|| Digest::stored(digest.to_owned()));
        lines.push(Line { name: name.trim_end().to_owned(), up });
    }
    Ok(lines)
}

/// The text of a file with these lines.
#[must_use]
pub(crate) fn print(lines: &[Line]) -> String {
    let line =
        |it: &Line| format!("{} {}\n", it.name, it.up.as_ref().map_or(DRAFT, Digest::as_str));
    lines.iter().map(line).fold(HEAD.to_owned(), |text, line| text + &line)
}

/// The line of a migration as it is on disk.
#[must_use]
pub(crate) fn line(migration: &Migration) -> Line {
    Line { name: migration.name.clone(), up: Some(migration.up.digest.clone()) }
}

/// The lines after a command has written or renamed migrations: those that were there stay as they are, so that no edit is taken for what
/// was recorded.
#[must_use]
pub(crate) fn kept(before: &[Line], migrations: &Migrations, drafts: &[&str]) -> Vec<Line> {
    let kept = |it: &Migration| {
        let known = before.iter().find(|line| line.name == it.name);
        let is_draft = drafts.contains(&it.name.as_str());
        let new = || Line { up: (!is_draft).then(|| it.up.digest.clone()), name: it.name.clone() };
        known.cloned().unwrap_or_else(new)
    };
    migrations.iter().map(kept).collect()
}

/// What differs between a file and the migrations, for people.
#[must_use]
pub(crate) fn differences(lines: &[Line], migrations: &Migrations, drafts: bool) -> Vec<String> {
    let mut found = Vec::new();
    for migration in migrations {
        let mut named = lines.iter().filter(|it| it.name == migration.name);
        match (named.next(), named.next()) {
            (None, _) => found.push(format!("{} has no line", migration.name)),
            (Some(_), Some(_)) => found.push(format!("{} has two lines", migration.name)),
            (Some(Line { up: None, .. }), _) if !drafts => {
                found.push(format!("{} is recorded as still being written", migration.name));
            }
            (Some(Line { up: Some(up), .. }), _) if *up != migration.up.digest => {
                found.push(format!(
                    "up.sql of {} has changed since it was recorded",
                    migration.name
                ));
            }
            _ => {}
        }
    }
    let is_gone = |it: &&Line| !migrations.iter().any(|migration| migration.name == it.name);
    found.extend(lines.iter().filter(is_gone).map(|it| format!("{} is not on disk", it.name)));
    let order = lines.iter().map(|it| &it.name);
    if found.is_empty() && !order.eq(migrations.iter().map(|it| &it.name)) {
        found.push("the lines are not in the order of the versions".into());
    }
    found
}
