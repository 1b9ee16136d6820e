//! What the reports of checks have found, as [`Finding`]s: one shape for every format.

use crate::{
    migration::{status::State, version::Version},
    report::{
        autogenerate::AutogenerateReport,
        drift::DriftReport,
        finding::{Finding, Fix, Place, Region, Replacement, Severity},
        schema::{FileReport, FileState, SchemaReport},
        status::{RowReport, StatusReport},
        verify::{Leg, Problem, ProblemKind, VerifyReport},
    },
};

/// A finding without anything but its message.
fn finding(severity: Severity, code: &str, message: String) -> Finding {
    Finding {
        severity,
        code: code.to_owned(),
        message,
        details: Vec::new(),
        help: None,
        version: None,
        place: None,
        related: Vec::new(),
        fix: None,
    }
}

/// A file of a migration as a whole.
fn script(dir: &str, name: &str, file: &str) -> Option<Place> {
    Some(Place { file: format!("{}/{name}/{file}", dir.trim_end_matches('/')), region: None })
}

/// The version of a migration, from the name of its directory.
fn version(name: &str) -> Option<String> {
    Version::of_directory(name).ok().map(|it| it.to_string())
}

impl ProblemKind {
    /// The code of its findings.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UpFails => "verify::up-fails",
            Self::HarmsLedger => "verify::harms-ledger",
            Self::DownFails => "verify::down-fails",
            Self::UpAgainFails => "verify::up-again-fails",
            Self::NotBack => "verify::not-back",
            Self::Elsewhere => "verify::elsewhere",
        }
    }
}

impl Problem {
    /// As a finding. `dir` is the directory of the migrations.
    #[must_use]
    pub fn finding(&self, dir: &str) -> Finding {
        let file = match (self.kind, self.leg) {
            // what is wrong with the result is to be put right in the way back
            (ProblemKind::NotBack | ProblemKind::Elsewhere | ProblemKind::UpAgainFails, _)
            | (_, Leg::Down) => "down.sql",
            _ => "up.sql",
        };
        let mut lines = self.what.lines().map(str::to_owned);
        let message = lines.next().unwrap_or_else(|| self.kind.text().to_owned());
        Finding {
            details: lines.chain(self.difference.iter().cloned()).collect(),
            help: (!self.advice.is_empty()).then(|| self.advice.clone()),
            version: version(&self.name),
            place: self.place.clone().or_else(|| script(dir, &self.name, file)),
            ..finding(Severity::Error, self.kind.code(), message)
        }
    }
}

impl VerifyReport {
    /// What it found: problems that the baseline does not list, stale schema files, and what is to be known. `dir` is the
    /// directory of the migrations.
    #[must_use]
    pub fn findings(&self, dir: &str) -> Vec<Finding> {
        let mut all: Vec<Finding> = self.problems.iter().map(|it| it.finding(dir)).collect();
        for name in &self.not_replayed {
            let message = format!("{name} was not applied: it depends on a migration that failed");
            all.push(Finding {
                version: version(name),
                place: script(dir, name, "up.sql"),
                ..finding(Severity::Note, "verify::not-replayed", message)
            });
        }
        for table in &self.undeclared {
            let message = format!("{table} looks like a ledger but is not declared");
            all.push(Finding {
                help: Some(format!("Add [[ledger]] table = \"{table}\" to glowplug.toml.")),
                ..finding(Severity::Note, "verify::undeclared", message)
            });
        }
        all.extend(self.schema.iter().flat_map(SchemaReport::findings));
        all
    }
}

impl SchemaReport {
    /// The files that differ from what is printed.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.files.iter().filter_map(FileReport::finding).collect()
    }
}

impl FileReport {
    fn finding(&self) -> Option<Finding> {
        let file = &self.file;
        let (code, message) = match self.state {
            FileState::Stale => {
                ("schema::stale", format!("{file} is not what the migrations produce"))
            }
            FileState::Missing => ("schema::missing", format!("{file} does not exist")),
            FileState::Fresh | FileState::LineEnds | FileState::Written | FileState::Kept => {
                return None;
            }
        };
        let difference = self.difference.as_deref().unwrap_or_default();
        let replacements = hunks(file, difference);
        let region = replacements.first().and_then(|it| it.place.region);
        let lines = difference.lines().filter(|it| is_changed(it)).map(str::to_owned);
        Some(Finding {
            details: lines.collect(),
            help: Some("Write it with `glowplug schema --from migrations`.".to_owned()),
            place: Some(Place { file: file.clone(), region }),
            fix: (!replacements.is_empty()).then(|| Fix {
                description: format!("Write {file} as the migrations produce it"),
                replacements,
            }),
            ..finding(Severity::Error, code, message)
        })
    }
}

/// Whether a line of a unified diff comes or goes.
fn is_changed(line: &str) -> bool {
    let is_head = line.starts_with("--- ") || line.starts_with("+++ ");
    !is_head && (line.starts_with('-') || line.starts_with('+'))
}

/// The changes of a unified diff: runs of lines that go, with what takes their place.
fn hunks(file: &str, difference: &str) -> Vec<Replacement> {
    let mut all: Vec<(usize, usize, String)> = Vec::new();
    // line numbers of the file as it is; a run continues while no line stays
    let (mut line, mut is_open) = (0, false);
    for text in difference.split_inclusive('\n') {
        if let Some(head) = text.strip_prefix("@@ -") {
            let number = head.split([',', ' ']).next().unwrap_or_default();
            line = number.parse::<usize>().unwrap_or(1).max(1);
            is_open = false;
            continue;
        }
        let Some(sign) = text.chars().next().filter(|_| line > 0) else { continue };
        match sign {
            '-' | '+' => {
                if !is_open {
                    all.push((line, line, String::new()));
                    is_open = true;
                }
                if let Some(last) = all.last_mut() {
                    match sign {
                        '-' => last.1 += 1,
                        _ => last.2.push_str(&text[1..]),
                    }
                }
                line += usize::from(sign == '-');
            }
            // an empty line stays without its space
            ' ' | '\n' => {
                is_open = false;
                line += 1;
            }
            _ => {}
        }
    }
    all.into_iter()
        .map(|(line, end_line, text)| {
            let region = Some(Region { line, column: 1, end_line, end_column: 1 });
            Replacement { place: Place { file: file.to_owned(), region }, text }
        })
        .collect()
}

impl AutogenerateReport {
    /// What differs between the migrations and the source of truth, which stands in `truth`, where that is one file. With `strict`
    /// also what is not compared.
    #[must_use]
    pub(crate) fn findings(&self, truth: Option<&str>, strict: bool) -> Vec<Finding> {
        let place = truth.map(|file| Place { file: file.to_owned(), region: None });
        let mut all = Vec::new();
        for difference in &self.differences {
            let mut lines = difference.lines().map(str::to_owned);
            all.push(Finding {
                details: lines.by_ref().skip(1).collect(),
                help: Some(
                    "`glowplug revision --autogenerate -m TEXT` writes the migration.".to_owned(),
                ),
                place: place.clone(),
                ..finding(
                    Severity::Error,
                    "check::differs",
                    difference.lines().next().unwrap_or_default().to_owned(),
                )
            });
        }
        for remark in &self.remarks {
            all.push(finding(Severity::Note, "check::remark", remark.clone()));
        }
        let severity = if strict { Severity::Error } else { Severity::Note };
        for kind in &self.not_compared {
            let message = format!("not compared: {kind}");
            all.push(finding(severity, "check::not-compared", message));
        }
        all
    }
}

impl DriftReport {
    /// How the database differs from what its migrations produce.
    #[must_use]
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let help = match (&self.no_way, &self.heal[..]) {
            (Some(why), _) => Some(format!("No statements revert the difference: {why}.")),
            (None, []) => None,
            (None, _) => {
                Some("`glowplug drift` prints the SQL that reverts the difference.".to_owned())
            }
        };
        let mut all = Vec::new();
        for difference in &self.differences {
            all.push(Finding {
                help: help.clone(),
                ..finding(
                    Severity::Error,
                    "drift::differs",
                    format!("{} has drifted: {difference}", self.database),
                )
            });
        }
        for version in &self.orphaned {
            let message = format!("{version} is applied but not on disk; it was not replayed");
            all.push(Finding {
                version: Some(version.clone()),
                ..finding(Severity::Note, "drift::orphaned", message)
            });
        }
        if let Some(remark) = &self.remark {
            all.push(finding(Severity::Note, "drift::remark", remark.clone()));
        }
        all
    }
}

impl StatusReport {
    /// What is wrong with the history of the database, and what is pending. `dir` is the directory of the migrations.
    #[must_use]
    pub(crate) fn findings(&self, dir: &str) -> Vec<Finding> {
        self.migrations.iter().filter_map(|it| self.of_row(it, dir)).collect()
    }

    fn of_row(&self, row: &RowReport, dir: &str) -> Option<Finding> {
        let (name, place) = (&row.name, script(dir, &row.name, "up.sql"));
        let database = self.database.as_deref().unwrap_or("the database");
        let (severity, code, message, help) = match row.state? {
            State::Edited => (
                Severity::Error,
                "status::edited",
                format!("up.sql of {name} has changed since {database} applied it"),
                "Restore the file and write a new migration for the change; `glowplug upgrade --accept-edited VERSION` accepts it as it is.",
            ),
            State::OutOfOrder => (
                Severity::Error,
                "status::out-of-order",
                format!("{name} is pending in {database}, but older than an applied migration"),
                "Rename the directory to a newer version, or apply it with `glowplug upgrade --allow-out-of-order`.",
            ),
            State::Interrupted => (
                Severity::Error,
                "status::interrupted",
                format!(
                    "{name} was interrupted in {database} after {} statements",
                    row.statements_done.unwrap_or_default()
                ),
                "`glowplug upgrade` continues it.",
            ),
            State::Orphaned => {
                let message = format!("{name} is applied in {database}, but not on disk");
                let help = "Is this checkout older than the database? If the directory was removed on purpose, `glowplug stamp current --purge` forgets it.";
                return Some(Finding {
                    help: Some(help.to_owned()),
                    version: Some(row.version.to_string()),
                    ..finding(Severity::Error, "status::orphaned", message)
                });
            }
            State::Pending => (
                Severity::Warning,
                "status::pending",
                format!("{name} is pending in {database}"),
                "`glowplug upgrade` applies it.",
            ),
            State::Applied if row.down_edited => (
                Severity::Note,
                "status::down-edited",
                format!("down.sql of {name} has changed since {database} applied it"),
                "A downgrade runs the file as it is now.",
            ),
            State::Applied => return None,
        };
        let place = match code {
            "status::down-edited" => script(dir, name, "down.sql"),
            _ => place,
        };
        Some(Finding {
            help: Some(help.to_owned()),
            version: Some(row.version.to_string()),
            place,
            ..finding(severity, code, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_becomes_replacements_that_make_it() {
        let before = "a\n\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
        let after = "a\n\nB\nBB\nc\nd\ne\nf\ng\nh\ni\nk\nl\nm\n";
        let patch = diffy::create_patch(before, after).to_string();
        let replacements = hunks("f", &patch);
        let mut lines: Vec<String> = before.split_inclusive('\n').map(str::to_owned).collect();
        for it in replacements.iter().rev() {
            let region = it.place.region.expect("a region");
            let new = it.text.split_inclusive('\n').map(str::to_owned);
            lines.splice(region.line - 1..region.end_line - 1, new);
        }
        assert_eq!(lines.concat(), after, "{replacements:#?}");
    }
}
