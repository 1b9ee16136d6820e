//! Replayed databases that are kept, so that the next run begins where this one has ended.

use crate::{
    cluster::Scratch,
    migration::source::Migration,
    replay::{
        shadow::{Beginning, Beginnings, MANY, Shadow, of_migration},
        verify::VerifyRequest,
    },
    report::verify::VerifyReport,
};

/// What was kept of the verified beginnings of a project.
pub(super) struct Cache<'c> {
    shadow: &'c Shadow,
    beginnings: Beginnings,
}

impl<'c> Cache<'c> {
    pub(super) fn new(request: &VerifyRequest<'c>, all: &[&Migration]) -> Self {
        // a few are replayed in no time; other ledgers may lead elsewhere
        let is_on = request.caches && all.len() >= MANY;
        let scripts = all.iter().filter(|_| is_on).map(|it| of_migration(it));
        let scripts: Vec<String> = scripts.collect();
        let what = format!("verify {:?}", request.guard.ledgers);
        let beginnings = Beginnings::of(request.shadow, &what, scripts.into_iter(), 0);
        Self { shadow: request.shadow, beginnings }
    }

    /// The longest beginning that is known.
    pub(super) fn known(&self) -> Option<Beginning> {
        self.beginnings.known(self.shadow)
    }

    /// Keeps a server that has replayed all of them. What fails here costs time later, and nothing else.
    pub(super) fn keep(&self, scratch: &Scratch, report: &VerifyReport) {
        self.beginnings.keep(self.shadow, scratch, &report.notes);
    }
}
