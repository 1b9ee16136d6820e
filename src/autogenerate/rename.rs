//! Renames: those that were asked for, what is put aside, and what differs in nothing but its name.

mod alike;
mod asked;
mod flag;
mod kept;
mod object;
mod order;
mod places;

pub(crate) use self::flag::may_be_asked;

pub(super) use self::{
    alike::alike,
    asked::Asked,
    flag::written,
    kept::{KEPT, aside, is_kept, needed_aside, with_kept},
    object::is_taken,
};

/// The statements of confirmed renames.
#[derive(Debug, Clone, Default)]
pub(super) struct Renames {
    pub(super) up: Vec<String>,
    /// The way back, in the order in which it runs.
    pub(super) down: Vec<String>,
    /// The flags that ask for them, one for each; none for what was not asked for.
    pub(super) flags: Vec<String>,
}

impl Renames {
    /// The statements of steps.
    fn of(steps: &[order::Step]) -> Self {
        Self {
            up: steps.iter().map(|it| it.up.clone()).collect(),
            down: steps.iter().rev().map(|it| it.down.clone()).collect(),
            flags: Vec::new(),
        }
    }

    /// Adds more that run after these.
    pub(super) fn extend(&mut self, more: Self) {
        self.up.extend(more.up);
        self.down.splice(0..0, more.down);
    }

    fn push(&mut self, of: impl Fn(&str, &str) -> String, old: &str, new: &str) {
        self.up.push(of(old, new));
        self.down.insert(0, of(new, old));
    }
}
