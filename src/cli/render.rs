//! From reports to bytes: text for people, JSON for programs.

mod autogenerate;
mod diagnostic;
mod json;
mod ledger;
mod lint;
mod pin;
mod progress;
mod snippet;
mod text;
mod verify;
mod wrap;

use std::{io, sync::OnceLock};

use serde::Serialize;

pub(super) use self::{
    autogenerate::*, ledger::*, lint::*, pin::*, progress::Progress, text::*, verify::*,
};
use crate::cli::{
    Format, Global,
    covers::Covers,
    exit::Exit,
    failure::CliError,
    terminal::{self, Look},
};
use crate::job::JobError;
use crate::words::shown;

/// Where a command's output goes.
#[derive(Debug)]
pub(super) struct Output {
    command: &'static str,
    format: Format,
    quiet: bool,
    verbose: bool,
    covers: Covers,
    /// Why the output is incomplete.
    lost: OnceLock<io::Error>,
}

impl Output {
    pub(super) fn new(global: &Global, command: &'static str, covers: Covers) -> Self {
        terminal::color(global.color);
        Self {
            command,
            format: global.format,
            quiet: global.quiet,
            verbose: global.verbose,
            covers,
            lost: OnceLock::new(),
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Prints the result: a report as JSON, or its text.
    pub(super) fn answer<T: Serialize>(&self, report: &T, text: impl FnOnce(&T) -> String) {
        match self.format {
            Format::Json => self.document(&json::done(self.command, report)),
            Format::Text | Format::Sql => self.raw(&text(report)),
        }
    }

    /// Prints text that is the result itself: SQL, completions.
    pub(super) fn raw(&self, text: &str) {
        self.note_loss(terminal::answer(text));
    }

    /// Prints texts that are the result, each under its name in JSON.
    pub(super) fn texts(&self, texts: impl Iterator<Item = (String, String)>) {
        let texts: std::collections::BTreeMap<String, String> = texts.collect();
        self.answer(&texts, |texts| texts.values().map(String::as_str).collect());
    }

    /// Prints a message to stderr.
    pub(super) fn talk(&self, line: &str) {
        if !self.quiet {
            terminal::say(&format!("{line}\n"));
        }
    }

    /// Prints a message with `--verbose`.
    pub(super) fn detail(&self, line: &str) {
        if self.verbose {
            terminal::say(&format!("{line}\n"));
        }
    }

    /// Shows the progress of a run.
    pub(super) fn progress(&self) -> Progress {
        Progress::new(self.quiet, self.verbose)
    }

    /// Prints what went wrong.
    pub(super) fn failure(&self, failure: &CliError) -> Exit {
        self.failure_beside(failure, None::<&()>)
    }

    /// The same if there is also a report. As text it was printed before.
    pub(super) fn failure_beside<T: Serialize>(
        &self,
        failure: &CliError,
        report: Option<&T>,
    ) -> Exit {
        if let CliError::Run(run) = failure
            && self.format == Format::Text
            && !run.done.steps.is_empty()
        {
            // part of the error, so `--quiet` does not hide it
            terminal::say(&format!("{}\n", text::done_before_failure(&run.done)));
        }
        let difference = match failure.job() {
            Some(JobError::SchemaWouldChange(change)) => Some(&change.difference),
            Some(JobError::EditsWouldBeLost(edits)) => Some(&edits.difference),
            _ => None,
        };
        if let Some(difference) = difference.filter(|_| self.format == Format::Text) {
            self.raw(difference);
        }
        self.explain(failure);
        if self.format == Format::Json {
            self.document(&json::failed(self.command, failure, report, &self.covers));
        }
        if failure.is_interrupt() {
            Exit::Interrupted
        } else if matches!(
            failure.job(),
            Some(JobError::Refused(_) | JobError::Drift(_) | JobError::Harm(_))
        ) {
            Exit::Findings
        } else {
            Exit::Failed
        }
    }

    /// Ends a command. Output that could not be written is a failure, even if the command succeeded.
    pub(super) fn end(mut self, exit: Exit) -> Exit {
        let lost = self.lost.take();
        // the reader closed the pipe on purpose
        let Some(lost) = lost.filter(|it| it.kind() != io::ErrorKind::BrokenPipe) else {
            return exit;
        };
        self.explain(&CliError::Stdout(lost));
        match exit {
            Exit::Done | Exit::Findings => Exit::Failed,
            Exit::Failed | Exit::Interrupted => exit,
        }
    }

    fn explain(&self, failure: &CliError) {
        let look = Look::of_stderr();
        terminal::say_styled(&diagnostic::diagnostic(failure, &self.covers, look));
    }

    fn document(&self, document: &str) {
        self.note_loss(terminal::document(&shown::json(document)));
    }

    fn note_loss(&self, written: io::Result<()>) {
        if let Err(error) = written {
            self.lost.get_or_init(|| error);
        }
    }
}

/// Prints a usage error of a command line that asked for JSON.
pub(super) fn misused(message: &str) -> io::Result<()> {
    terminal::document(&shown::json(&json::misused(message)))
}
