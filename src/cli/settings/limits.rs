//! The limits of a run: flags, then glowplug.toml, then defaults.

use std::num::NonZero;

use super::Settings;
use crate::{
    job::open::Limits,
    migration::backfill::Throttle,
    postgres::{exec::ExecOptions, guard::Guard, lock::SessionSettings},
    words::{timespan::Timespan, url::Secret},
};

/// Limits of a run, as flags.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct LimitArgs {
    /// How long a statement may wait for a lock before the migration is retried [default: 5s]
    #[arg(long, value_name = "TIME")]
    lock_timeout: Option<Timespan>,
    /// How often to try a migration that cannot acquire a lock [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    lock_attempts: Option<u32>,
    /// How long a statement may run [default: no limit]
    #[arg(long, value_name = "TIME")]
    statement_timeout: Option<Timespan>,
    /// How long to wait for another run to end; 0 waits forever [default: 60s]
    #[arg(long, value_name = "TIME")]
    wait: Option<Timespan>,
    /// Allow a deliberate change to a ledger's protection, for this reason; rows must not change
    #[arg(long, value_name = "REASON")]
    allow_ledger_change: Option<String>,
    /// Send each migration by itself, for a pooler that cannot pass on a hundred at once
    #[arg(long)]
    no_train: bool,
}

impl Settings {
    /// The limits of a run.
    pub(in crate::cli) fn limits(&self, flags: &LimitArgs) -> Limits {
        let run = &self.toml.run;
        let default = Limits::default();
        Limits {
            settings: SessionSettings {
                lock_timeout: flags
                    .lock_timeout
                    .or(run.lock_timeout)
                    // whoever comes after us waits as long as we do
                    .or(self.toml.lint.max_block)
                    .unwrap_or(default.settings.lock_timeout),
                statement_timeout: flags
                    .statement_timeout
                    .or(run.statement_timeout)
                    .unwrap_or(default.settings.statement_timeout),
            },
            wait: flags.wait.or(run.wait).unwrap_or(default.wait),
        }
    }

    /// How a backfill is throttled.
    fn throttle(&self) -> Throttle {
        let (file, default) = (&self.toml.backfill, Throttle::default());
        Throttle {
            batch: file.batch.map_or(default.batch, NonZero::get),
            pause: file.pause.map_or(default.pause, |it| it.0),
            max_lag: file.max_lag.map(|it| it.0),
        }
    }

    /// Who runs, and how often to retry.
    pub(in crate::cli) fn exec_options(&self, flags: &LimitArgs) -> ExecOptions {
        let attempts = flags.lock_attempts.or(self.toml.run.lock_attempts).unwrap_or(5).max(1);
        ExecOptions {
            unrecorded: false,
            actor: self.actor(),
            attempts,
            train: if flags.no_train { 1 } else { ExecOptions::TRAIN },
            unsure: None,
            throttle: self.throttle(),
            demands_checks: true,
            guard: Guard {
                ledgers: self.toml.ledgers(),
                allow: flags.allow_ledger_change.clone(),
                pinned: self.heads.clone(),
                key: self.toml.ledger_admin.role.clone(),
                second: self.toml.ledger_admin.url_env.as_ref().map(|variable| {
                    let url = self.var(variable).map(|it| Secret::new(it.to_owned()));
                    (variable.clone(), url)
                }),
                ..Guard::default()
            },
        }
    }
}
