//! A rule: what it finds, why that matters, what to do instead, and two scripts that show it.

use super::case::{Case, Hit};
use crate::report::finding::Severity;

/// Which scripts a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// up.sql.
    Up,
    /// down.sql.
    Down,
    /// Both.
    Both,
}

/// A rule. All of it is data, and one function.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name, such as `rewrites-table`.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it applies unless somebody says otherwise.
    pub is_on: bool,
    /// Which scripts it looks at.
    pub way: Way,
    /// What it finds, in a line.
    pub finds: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to do instead.
    pub instead: &'static str,
    /// What other linters call it.
    pub aliases: &'static [&'static str],
    /// The hazards that it stands for, by their number in the list of hazards.
    pub hazards: &'static [u16],
    /// A migration that it finds something in.
    pub bad: &'static str,
    /// One like it that it finds nothing in.
    pub good: &'static str,
    /// How it finds it.
    pub check: fn(&Case<'_>, &mut Vec<Hit>),
}

impl Rule {
    /// Whether it is called so, here or by another linter.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|it| it.eq_ignore_ascii_case(name))
    }

    /// Whether it looks at the script of a direction.
    #[must_use]
    pub fn looks_at(&self, is_down: bool) -> bool {
        match self.way {
            Way::Both => true,
            Way::Up => !is_down,
            Way::Down => is_down,
        }
    }

    /// The code of its findings.
    #[must_use]
    pub fn code(&self) -> String {
        format!("lint::{}", self.name)
    }
}
