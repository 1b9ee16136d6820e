//! Where a run should end: the grammar of targets.
//!
//! ```text
//! target := [symbol] [("+" | "-") digits]
//! symbol := "head" | "heads" | "base" | "current" | version | unique prefix of a version | directory name
//! ```
//! The grammar is anchored: what is left over is an error. Without a symbol a step counts from where the database is.

use serde::Serialize;

use crate::migration::version::Version;

/// A point in a linear history.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Point {
    /// Before the first migration.
    Base,
    /// After this one.
    At(Version),
}

/// What a history looks like to a target: all versions that are known, oldest first, with their directory names.
#[derive(Debug, Clone)]
pub(crate) struct History<'a> {
    /// Versions and names on disk, in order.
    pub on_disk: Vec<(&'a Version, &'a str)>,
    /// The versions that are applied, in order; empty for an unread database.
    pub applied: Vec<&'a Version>,
}

/// Why a target names no point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum TargetError {
    /// It is empty.
    #[error("the target is empty")]
    #[diagnostic(
        code(target::empty),
        help("Name a version, `head`, `base`, or a step such as `+1` or `-1`.")
    )]
    Empty,
    /// Nothing is called so.
    #[error("no migration matches `{text}`")]
    #[diagnostic(code(target::unknown))]
    Unknown {
        /// What was asked for.
        text: String,
        /// What to do.
        #[help]
        advice: String,
    },
    /// Several are.
    #[error("`{text}` is ambiguous: {}", candidates.join(", "))]
    #[diagnostic(code(target::ambiguous), help("Write enough of the version to name one of them."))]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// The versions that begin so.
        candidates: Vec<String>,
    },
    /// The step leads out of the history.
    #[error("`{text}` is out of range: {}", reach(text, *steps, *available))]
    #[diagnostic(code(target::beyond), help("`glowplug history` lists the migrations."))]
    Beyond {
        /// What was asked for.
        text: String,
        /// How many steps, with their sign.
        steps: i64,
        /// How many there are.
        available: usize,
    },
    /// The point lies on the other side.
    #[error("{point} is {} than {than}", if *newer { "newer" } else { "older" })]
    #[diagnostic(code(target::wrong_way))]
    WrongWay {
        /// The point, for people.
        point: String,
        /// Whether it is newer.
        newer: bool,
        /// Than what, for people.
        than: String,
        /// What to do.
        #[help]
        advice: &'static str,
    },
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Base => f.write_str("base"),
            Self::At(version) => version.fmt(f),
        }
    }
}

impl<'a> History<'a> {
    /// Finds the point that `text` names.
    ///
    /// Steps with a symbol walk over the migrations on disk. `+N` walks over those that are not applied,
    /// `-N` over those that are.
    ///
    /// # Errors
    /// When it names none, or several, or leads out of the history.
    pub(crate) fn find(&self, text: &str) -> Result<Point, TargetError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TargetError::Empty);
        }
        let whole = self.symbol(text)?;
        let (from, steps) = match (split_step(text), &whole) {
            (None, None) => return Err(self.unknown(text)),
            (None, Some(point)) => return Ok(point.clone()),
            (Some(("", steps)), _) => return self.relative(text, steps),
            (Some((symbol, steps)), Some(point)) => {
                // dashes stand in directory names too: `2026-11` is a prefix and a step
                return match self.symbol(symbol) {
                    Ok(Some(_)) if !self.is_exact(text) => Err(TargetError::Ambiguous {
                        text: text.into(),
                        candidates: vec![
                            point.to_string(),
                            format!("{symbol} and a step of {steps}"),
                        ],
                    }),
                    _ => Ok(point.clone()),
                };
            }
            (Some((symbol, steps)), None) => {
                (self.symbol(symbol)?.ok_or_else(|| self.unknown(text))?, steps)
            }
        };
        // a position counts the migrations up to it: 0 is base
        let all: Vec<&Version> = self.on_disk.iter().map(|(version, _)| *version).collect();
        let start = match &from {
            Point::Base => 0,
            Point::At(version) => all.partition_point(|known| *known <= version),
        };
        let available = if steps > 0 { all.len() - start } else { start };
        let position = i64::try_from(start).ok().and_then(|start| start.checked_add(steps));
        match position.and_then(|position| usize::try_from(position).ok()) {
            Some(0) => Ok(Point::Base),
            Some(position) if position <= all.len() => Ok(Point::At(all[position - 1].clone())),
            _ => Err(TargetError::Beyond { text: text.into(), steps, available }),
        }
    }

    fn relative(&self, text: &str, steps: i64) -> Result<Point, TargetError> {
        let count = usize::try_from(steps.unsigned_abs()).unwrap_or(usize::MAX);
        let beyond = |available| TargetError::Beyond { text: text.into(), steps, available };
        if steps == 0 {
            return Ok(self.current());
        }
        if steps > 0 {
            let pending: Vec<_> =
                self.on_disk.iter().filter(|(v, _)| !self.applied.contains(v)).collect();
            return match pending.get(count - 1) {
                Some((version, _)) => Ok(Point::At((*version).clone())),
                None => Err(beyond(pending.len())),
            };
        }
        match self.applied.len().checked_sub(count) {
            Some(0) => Ok(Point::Base),
            Some(left) => Ok(Point::At(self.applied[left - 1].clone())),
            None => Err(beyond(self.applied.len())),
        }
    }

    /// Where the database is.
    #[must_use]
    pub(crate) fn current(&self) -> Point {
        self.applied.last().map_or(Point::Base, |version| Point::At((*version).clone()))
    }

    fn head(&self) -> Point {
        self.on_disk.last().map_or(Point::Base, |(version, _)| Point::At((*version).clone()))
    }

    fn symbol(&self, text: &str) -> Result<Option<Point>, TargetError> {
        match text {
            "head" | "heads" => return Ok(Some(self.head())),
            "base" => return Ok(Some(Point::Base)),
            "current" => return Ok(Some(self.current())),
            _ => {}
        }
        if let Some((version, _)) = self.known().find(|known| is_exact(*known, text)) {
            return Ok(Some(Point::At(version.clone())));
        }
        let begins: Vec<_> = self
            .known()
            .filter(|(version, name)| {
                version.as_str().starts_with(text) || (text.contains('-') && name.starts_with(text))
            })
            .collect();
        match begins.as_slice() {
            [] => Ok(None),
            [(version, _)] => Ok(Some(Point::At((*version).clone()))),
            several => Err(TargetError::Ambiguous {
                text: text.into(),
                candidates: several.iter().map(|(version, _)| version.to_string()).collect(),
            }),
        }
    }

    fn is_exact(&self, text: &str) -> bool {
        self.known().any(|known| is_exact(known, text))
    }

    /// What is on disk, then what only the database knows.
    fn known(&self) -> impl Iterator<Item = (&'a Version, &'a str)> + '_ {
        let orphans = self.applied.iter().filter(|version| {
            self.on_disk.binary_search_by(|(known, _)| known.cmp(*version)).is_err()
        });
        self.on_disk.iter().copied().chain(orphans.map(|version| (*version, version.as_str())))
    }

    fn unknown(&self, text: &str) -> TargetError {
        let lower = text.to_lowercase();
        let advice = if matches!(lower.as_str(), "head" | "heads" | "base" | "current") {
            format!("Write it in lower case: `{lower}`.")
        } else if text.contains(':') {
            "Only --sql and `history --range` take a range A:B; elsewhere a target is one point."
                .into()
        } else if let Some((version, name)) =
            self.known().find(|(_, name)| lower.len() > 2 && name.to_lowercase().contains(&lower))
        {
            format!("Targets are versions. Did you mean {version} ({name})?")
        } else {
            "`glowplug history` lists the versions; `head`, `base`, `+N`, `-N` and `VERSION+N` are targets too."
                .into()
        };
        TargetError::Unknown { text: text.into(), advice }
    }
}

fn is_exact((version, name): (&Version, &str), text: &str) -> bool {
    version.as_str() == text || name == text
}

/// How far a step can go: `only 0 migrations are pending`.
fn reach(text: &str, steps: i64, available: usize) -> String {
    let plural = if available == 1 { "" } else { "s" };
    // without a symbol it starts at what the database has applied
    if text.starts_with(['+', '-']) {
        let are = if available == 1 { "is" } else { "are" };
        let state = if steps > 0 { "pending" } else { "applied" };
        return format!("only {available} migration{plural} {are} {state}");
    }
    let end = if steps > 0 { "up to the newest migration" } else { "down to base" };
    format!("only {available} step{plural} {end}")
}

/// Splits `symbol+N` and `symbol-N`; the whole text must fit.
fn split_step(text: &str) -> Option<(&str, i64)> {
    let at = text.rfind(['+', '-'])?;
    let (symbol, step) = text.split_at(at);
    let digits = &step[1..];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: i64 = digits.parse().unwrap_or(i64::MAX);
    Some((symbol, if step.starts_with('-') { -count } else { count }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] =
        ["1_a", "2023-01-01-120000_b", "2023-01-02-120000_c", "2026-11-22-121756-0000_d", "9_e"];

    /// `applied` counts how many of the five the database has.
    #[track_caller]
    fn check(text: &str, applied: usize, expected: &str) {
        let versions: Vec<Version> =
            NAMES.iter().map(|name| Version::of_directory(name).expect("a version")).collect();
        let history = History {
            on_disk: versions.iter().zip(NAMES).collect(),
            applied: versions.iter().take(applied).collect(),
        };
        let found = match history.find(text) {
            Ok(Point::Base) => "base".into(),
            Ok(Point::At(version)) => {
                let index = versions.iter().position(|known| *known == version).expect("known");
                NAMES[index].rsplit('_').next().expect("a name").to_owned()
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text} with {applied} applied");
    }

    #[test]
    fn symbols_versions_and_prefixes_name_points() {
        check("head", 0, "e");
        check("heads", 2, "e");
        check("base", 3, "base");
        check("current", 3, "c");
        check("current", 0, "base");
        check("20230101120000", 0, "b");
        check("20230102", 0, "c");
        check("2023-01-02", 0, "c");
        check("2026-11-22-121756-0000_d", 0, "d");
        check("9", 0, "e");
        check("1", 0, "a");
    }

    #[test]
    fn steps_count_from_a_symbol_or_from_the_database() {
        check("+1", 0, "a");
        check("+2", 3, "e");
        check("+0", 3, "c");
        check("-1", 1, "base");
        check("-1", 5, "d");
        check("-5", 5, "base");
        check("head-1", 0, "d");
        check("head-5", 0, "base");
        check("base+2", 5, "b");
        check("1+1", 5, "b");
        check("20230101120000-1", 0, "a");
        check("20230102-1", 0, "b");
        check("current+1", 2, "c");
    }

    #[test]
    fn the_grammar_is_anchored_and_every_failure_has_a_name() {
        check("", 0, "the target is empty");
        check("+1junk", 0, "no migration matches `+1junk`");
        check("HEAD", 0, "no migration matches `HEAD`");
        check("head+", 0, "no migration matches `head+`");
        check("1:2", 0, "no migration matches `1:2`");
        check("2023", 0, "`2023` is ambiguous: 20230101120000, 20230102120000");
        check("2026-1", 0, "`2026-1` is ambiguous: 202611221217560000, 2026 and a step of -1");
        check("2023+1", 0, "`2023` is ambiguous: 20230101120000, 20230102120000");
        check("+9", 2, "`+9` is out of range: only 3 migrations are pending");
        check("-9", 2, "`-9` is out of range: only 2 migrations are applied");
        check("head-9", 2, "`head-9` is out of range: only 5 steps down to base");
        check("head+1", 2, "`head+1` is out of range: only 0 steps up to the newest migration");
        check(
            "+99999999999999999999",
            2,
            "`+99999999999999999999` is out of range: only 3 migrations are pending",
        );
    }
}
