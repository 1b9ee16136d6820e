//! `glowplug cache`: cached replays.

use clap::Subcommand;
use serde::Serialize;

use crate::{
    cli::{exit::Exit, render::Output},
    cluster::Store,
    render::failure::CliError,
};

/// Cached replays, from which `check`, `verify` and similar commands continue.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Cache {
    /// Show where replays are cached, and how much space they take
    Status,
    /// Remove all cached replays
    Clear,
}

/// The state of the cache.
#[derive(Debug, Serialize)]
struct CacheReport {
    directory: String,
    replays: usize,
    bytes: u64,
    limit_bytes: u64,
}

impl Cache {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CliError> {
        let (store, verb) = match self {
            Self::Status => (Store::find(), "Kept"),
            Self::Clear => (Store::clear(), "Removed"),
        };
        let store = store.map_err(CliError::Cluster)?;
        let report = CacheReport {
            directory: store.directory.display().to_string(),
            replays: store.servers,
            bytes: store.bytes,
            limit_bytes: store.limit,
        };
        output.answer(&report, |report| {
            let [used, limit] = [report.bytes, report.limit_bytes].map(|it| it >> 20);
            let noun = if report.replays == 1 { "replay" } else { "replays" };
            format!(
                "{verb}: {} {noun}, {used} MiB (limit {limit} MiB) in {}\n",
                report.replays, report.directory
            )
        });
        Ok(Exit::Done)
    }
}
