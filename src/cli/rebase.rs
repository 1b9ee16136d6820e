//! `glowplug rebase`.

use clap::Args;

use crate::{
    cli::{
        Global,
        ask::{asked, can_ask},
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        schema::printer,
        settings::{LimitArgs, Settings},
    },
    history::{self, rebase::RebaseRequest},
    job::{JobError, run::RunOptions},
    project::rebase,
    render::failure::CliError,
    replay::schema::{self, Before},
    report::rebase::{MoveReport, RebaseReport},
};

/// Gives migrations versions after the newest one, in their order: after a merge, those of your branch.
///
/// Without VERSION: those that are out of order. What a shared database has run is never renamed: with --shared its journal answers, and
/// a database that is not on this machine counts as shared. The new order is replayed first; what is applied in the local database is
/// reverted before, and applied again.
#[derive(Debug, Args)]
pub(super) struct Rebase {
    /// The migrations, by version or unique prefix
    #[arg(value_name = "VERSION")]
    versions: Vec<String>,
    /// A database that others use: only read. May be repeated
    #[arg(long, value_name = "URL")]
    shared: Vec<String>,
    /// Do not ask: no other database has run them
    #[arg(long, short)]
    yes: bool,
    /// Replay the new order, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

impl Rebase {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        if !self.dry_run && Self::finish(&settings, output)? {
            return Ok(Exit::Done);
        }
        let migrations = settings.migrations()?;
        let options = RunOptions {
            limits: settings.limits(&self.limits),
            exec: settings.exec_options(&self.limits),
            single_transaction: false,
            looks_at_rows: false,
        };
        let printer = printer(&settings, None)?;
        let has_database = settings.has_a_database() || settings.local().status().major.is_some();
        let mut progress = output.progress();
        let actor = settings.actor();
        let report = block_on(async |stop| {
            let mut watch = |event| progress.show(&event);
            let here = match has_database {
                true => Some(settings.endpoint("rebase", stop.clone(), output)?),
                false => None,
            };
            let mut shared = Vec::new();
            for url in &self.shared {
                shared.push(settings.endpoint_of(url, "rebase", stop.clone(), output)?);
            }
            let request = RebaseRequest {
                migrations: &migrations,
                versions: &self.versions,
                here: here.as_ref().map(|it| (it, it.url.is_local())),
                shared: &shared,
                actor: &actor,
            };
            let proposal = history::rebase::propose(&request, &mut watch).await?;
            let shadow = settings.twin("rebase", &stop, output, &mut |_| {}).await?;
            let proved =
                history::rebase::prove(&proposal, &shadow, &options, stop, &mut |_| {}).await?;
            let mut report = proposal.report();
            if !self.dry_run {
                if !self.agreed(&report, output) {
                    return Err(proposal.not_confirmed().into());
                }
                let place = (settings.migrations_dir.as_path(), settings.shown.as_str());
                let before = match &here {
                    Some(here) => schema::before_run(here, &printer, &mut watch).await?,
                    None => Before::default(),
                };
                report = history::rebase::rebase(&proposal, &request, place, &options, &mut watch)
                    .await?;
                if let (Some(here), Some(done)) = (&here, report.upgrade.take()) {
                    let done = schema::after_run(here, &printer, &before, done, &mut watch).await;
                    report.upgrade = Some(done.map_err(CliError::run)?);
                }
            }
            report.proved_on = Some(proved);
            Ok::<_, CliError>(report)
        });
        progress.finish();
        let report = report?;
        if !self.dry_run {
            settings.keep_history(&[])?;
        }
        output.answer(&report, render::rebased);
        Ok(Exit::Done)
    }

    /// Finishes a rebase that was interrupted; says whether there was one.
    fn finish(settings: &Settings, output: &Output) -> Result<bool, CliError> {
        let finished = rebase::finish(&settings.migrations_dir).map_err(JobError::from)?;
        if finished.is_empty() {
            return Ok(false);
        }
        settings.keep_history(&[])?;
        let moved = finished.into_iter().map(|(from, to)| MoveReport { from, to });
        let report = RebaseReport { moved: moved.collect(), ..RebaseReport::default() };
        output.answer(&report, |it| {
            let moved = it.moved.iter().map(|it| format!("{} -> {}\n", it.from, it.to));
            let moved: String = moved.collect();
            format!("{moved}Finished a rebase that was interrupted. `glowplug upgrade` applies what it reverted.\n")
        });
        Ok(true)
    }

    /// Whether the user agrees that these get other names.
    fn agreed(&self, report: &RebaseReport, output: &Output) -> bool {
        if self.yes || !can_ask() {
            return self.yes;
        }
        for it in &report.moved {
            output.talk(&format!("{} -> {}", it.from, it.to));
        }
        for name in &report.reverted {
            output.talk(&format!("{name} is applied here: its down.sql runs first"));
        }
        asked("Rename them? No other database may have run them.")
    }
}
