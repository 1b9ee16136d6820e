//! From reports to bytes: text for people, JSON for programs.

mod json;
mod progress;

use std::{io, sync::OnceLock};

use serde::Serialize;

pub(super) use self::progress::Progress;
use crate::job::{JobError, failure::CompatError};
use crate::render::findings::{github, gitlab, junit, markdown, sarif};
pub(super) use crate::render::*;
use crate::report::finding::Finding;
use crate::words::shown;
use crate::{
    cli::{Format, Global, exit::Exit, terminal},
    render::{covers::Covers, failure::CliError},
};

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

    /// Whether the output is text for people.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.format, Format::Text | Format::Sql)
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Prints the result: a report as JSON, or its text.
    pub(super) fn answer<T: Serialize>(&self, report: &T, text: impl FnOnce(&T) -> String) {
        match self.format {
            Format::Json => self.document(&json::done(self.command, report)),
            _ => self.raw(&text(report)),
        }
    }

    /// The same for a report with findings, in every format.
    pub(super) fn findings<T: Serialize>(
        &self,
        report: &T,
        sheet: &Sheet,
        text: impl FnOnce(&T) -> String,
    ) {
        match self.format {
            Format::Text | Format::Sql => self.raw(&text(report)),
            Format::Json => {
                let findings = Some(findings::list(&sheet.findings));
                self.document(&json::with_findings(self.command, report, findings));
            }
            _ => self.sheet(sheet),
        }
    }

    /// A report with findings as text of some format, to be written to a file.
    pub(super) fn rendered<T: Serialize>(
        &self,
        format: Format,
        report: &T,
        sheet: &Sheet,
        text: &impl Fn(&T, &Sheet) -> String,
    ) -> String {
        match format {
            Format::Text | Format::Sql => text(report, sheet),
            Format::Json => {
                let findings = Some(findings::list(&sheet.findings));
                shown::json(&json::with_findings(self.command, report, findings))
            }
            _ => self.safe(format, sheet),
        }
    }

    /// The same where a command could not do its work.
    pub(super) fn rendered_failure<T: Serialize>(
        &self,
        format: Format,
        failure: &CliError,
        (report, sheet): (&T, &Sheet),
        text: &impl Fn(&T, &Sheet) -> String,
    ) -> String {
        if format == Format::Json {
            return shown::json(&json::failed(self.command, failure, Some(report), &self.covers));
        }
        self.rendered(format, report, &self.with_failure(sheet.clone(), failure), text)
    }

    /// A failure as a finding.
    pub(super) fn finding(&self, failure: &CliError) -> Finding {
        json::finding(self.command, failure, &self.covers)
    }

    /// Adds a failure to the findings.
    fn with_failure(&self, mut sheet: Sheet, failure: &CliError) -> Sheet {
        sheet.findings.push(self.finding(failure));
        sheet.is_failure = true;
        sheet
    }

    /// Findings in one of the formats for other tools.
    fn safe(&self, format: Format, sheet: &Sheet) -> String {
        match format {
            Format::Text | Format::Json | Format::Sql => String::new(),
            // what is special in them is escaped the way JSON does it
            Format::Sarif => shown::json(&sarif::log(sheet, self.command)),
            Format::Gitlab => shown::json(&gitlab::issues(sheet)),
            Format::Github => github::commands(sheet),
            Format::Junit => junit::suites(sheet, self.command),
            Format::Markdown => markdown::summary(sheet, self.command),
        }
    }

    /// Prints findings in one of the formats for other tools.
    fn sheet(&self, sheet: &Sheet) {
        self.raw(&self.safe(self.format, sheet));
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
        self.failure_beside(failure, None::<&()>, Sheet::default())
    }

    /// The same if there is also a report, with findings. As text it was printed before.
    pub(super) fn failure_beside<T: Serialize>(
        &self,
        failure: &CliError,
        report: Option<&T>,
        beside: Sheet,
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
        match self.format {
            Format::Text | Format::Sql => {}
            Format::Json => {
                self.document(&json::failed(self.command, failure, report, &self.covers));
            }
            _ => {
                self.sheet(&self.with_failure(beside, failure));
            }
        }
        if failure.is_interrupt() {
            Exit::Interrupted
        } else if matches!(
            failure.job(),
            Some(
                JobError::Refused(_)
                    | JobError::Drift(_)
                    | JobError::Harm(_)
                    | JobError::Compat(CompatError::Breaks { .. })
            )
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
        terminal::say_styled(&diagnostic::diagnostic(failure, &self.covers, terminal::look()));
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
