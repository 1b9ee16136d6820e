//! Which order of migrating and deploying works.

use std::collections::BTreeSet;

use crate::{
    compat::{breaks::Break, queries::QueryBreak},
    report::compat::Verdict,
};

/// What one migration does to the two programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// What of the running program it breaks.
    pub breaks: BTreeSet<Break>,
    /// What of the new program does not work before it.
    pub mends: BTreeSet<Break>,
    /// Which queries of the running program it breaks.
    pub breaks_queries: BTreeSet<QueryBreak>,
    /// Which queries of the new program do not work before it.
    pub mends_queries: BTreeSet<QueryBreak>,
}

/// What does not work in one state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Of the running program.
    pub running: (BTreeSet<Break>, BTreeSet<QueryBreak>),
    /// Of the new program.
    pub new: (BTreeSet<Break>, BTreeSet<QueryBreak>),
}

impl Step {
    /// Whether the running program breaks by it.
    #[must_use]
    pub(crate) fn is_breaking(&self) -> bool {
        is_certain(&self.breaks, &self.breaks_queries)
    }

    /// Whether the new program needs it.
    #[must_use]
    pub(crate) fn is_needed(&self) -> bool {
        is_certain(&self.mends, &self.mends_queries)
    }

    /// The verdict about it alone.
    #[must_use]
    pub(crate) fn verdict(&self) -> Verdict {
        Verdict::of(self.is_breaking(), self.is_needed())
    }
}

fn is_certain(breaks: &BTreeSet<Break>, queries: &BTreeSet<QueryBreak>) -> bool {
    breaks.iter().any(|it| it.effect.is_certain()) || queries.iter().any(|it| it.is_certain)
}

/// What each migration does, from what does not work in each state, of which there is one more than migrations.
///
/// What does not work of the running program, and did not before, is another migration's; so is what of the new program still does
/// not work after it.
#[must_use]
pub(crate) fn steps(states: &[Broken]) -> Vec<Step> {
    let step = |pair: &[Broken]| Step {
        breaks: &pair[1].running.0 - &pair[0].running.0,
        mends: &pair[0].new.0 - &pair[1].new.0,
        breaks_queries: &pair[1].running.1 - &pair[0].running.1,
        mends_queries: &pair[0].new.1 - &pair[1].new.1,
    };
    states.windows(2).map(step).collect()
}

/// The verdict about all of them, run without a deploy in between.
#[must_use]
pub(crate) fn whole(steps: &[Step]) -> Verdict {
    Verdict::of(steps.iter().any(Step::is_breaking), steps.iter().any(Step::is_needed))
}

/// After how many of them the new program can be deployed, so that no program ever breaks: the fewest. None if there is no such place.
#[must_use]
pub(crate) fn cut(steps: &[Step]) -> Option<usize> {
    let last_needed = steps.iter().rposition(Step::is_needed).map_or(0, |it| it + 1);
    let first_breaking = steps.iter().position(Step::is_breaking);
    let is_whole = first_breaking.is_none_or(|it| last_needed <= it);
    is_whole.then_some(last_needed)
}
