//! Replayed databases that are kept, so that the next run begins where this one has ended.

use crate::{
    job::verify::{MANY, Wish},
    migration::{
        environment::{Environment, Locale},
        source::Migration,
    },
    postgres::cluster::{Binaries, Kept, Scratch},
    report::verify::VerifyReport,
    words::digest::Digest,
};

/// What was kept of the replays of a project.
pub(super) struct Cache<'c> {
    binaries: &'c Binaries,
    locale: Locale,
    /// What stands for the first migration, for the first two, and so on.
    keys: Vec<Digest>,
    is_on: bool,
}

/// What an earlier run has shown.
pub(super) struct Known {
    /// Of how many migrations.
    pub(super) count: usize,
    /// The server that has replayed them.
    pub(super) kept: Kept,
    /// What it noted.
    pub(super) notes: Vec<String>,
}

impl<'c> Cache<'c> {
    pub(super) fn new(wish: &Wish<'c>, all: &[&Migration]) -> Self {
        // another glowplug, other ledgers or another beginning may lead elsewhere
        let environment = wish.shadow.known.environment();
        let mut key = Digest::of(&format!(
            "{} {:?} {:?} {:?} {:?} {:?}",
            env!("CARGO_PKG_VERSION"),
            wish.guard.ledgers,
            wish.shadow.roles,
            wish.shadow.prerequisites,
            wish.shadow.stand_ins,
            environment,
        ));
        // a setting of somebody's own may be a secret, which is not kept
        let mut settings = environment.into_iter().flat_map(|it| it.settings.keys());
        let is_open = !settings.any(|it| Environment::is_custom(it));
        let keys = all.iter().map(|it| {
            let down = it.down.as_ref().map(|down| &down.digest);
            let of = (&key, &it.name, &it.up.digest, down, it.metadata);
            key = Digest::of(&format!("{of:?}"));
            key.clone()
        });
        Self {
            keys: keys.collect(),
            binaries: &wish.shadow.binaries,
            locale: wish.shadow.locale(),
            // a few are replayed in no time
            is_on: wish.caches && is_open && all.len() >= MANY,
        }
    }

    /// The longest beginning that is known.
    pub(super) fn known(&self) -> Option<Known> {
        if !self.is_on {
            return None;
        }
        let numbered = self.keys.iter().enumerate().rev();
        let kept = |(at, key)| Some((at + 1, Kept::of(self.binaries, &self.locale, key).ok()?));
        let (count, kept) = numbered.filter_map(kept).find(|(_, kept)| kept.exists())?;
        let notes = serde_json::from_str(&kept.note()?).ok()?;
        Some(Known { count, kept, notes })
    }

    /// Keeps a server that has replayed all of them. What fails here costs time later, and nothing else.
    pub(super) fn keep(&self, scratch: &Scratch, report: &VerifyReport) {
        let Some(key) = self.keys.last().filter(|_| self.is_on) else {
            return;
        };
        let note = serde_json::json!(report.notes).to_string();
        if let Ok(kept) = Kept::of(self.binaries, &self.locale, key) {
            kept.keep(scratch, &note).unwrap_or_default();
        }
    }
}
