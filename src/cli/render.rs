//! From reports to bytes: text for people, JSON for programs.

mod autogenerate;
mod json;
mod ledger;
mod pin;
mod progress;
mod text;
mod verify;

use std::io::Write as _;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use serde::Serialize;

pub(super) use self::{autogenerate::*, ledger::*, pin::*, progress::Progress, text::*, verify::*};
use crate::cli::{
    Color, Format, Global,
    covers::{Covered, Covers},
    exit::Exit,
    failure::CliError,
};
use crate::job::JobError;

/// Where a command's words go.
#[derive(Debug)]
pub(super) struct Output {
    command: &'static str,
    format: Format,
    quiet: bool,
    verbose: bool,
    covers: Covers,
}

impl Output {
    pub(super) fn new(global: &Global, command: &'static str, covers: Covers) -> Self {
        match global.color {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        Self {
            command,
            format: global.format,
            quiet: global.quiet,
            verbose: global.verbose,
            covers,
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Prints the answer: a report as JSON, or its text.
    pub(super) fn answer<T: Serialize>(&self, report: &T, text: impl FnOnce(&T) -> String) {
        match self.format {
            Format::Json => self.stdout(&json::done(self.command, report)),
            Format::Text | Format::Sql => self.stdout(&text(report)),
        }
    }

    /// Prints what was wrong with a command line that asked for JSON.
    pub(super) fn misused(message: &str) {
        let mut stdout = anstream::stdout().lock();
        stdout
            .write_all(json::misused(message).as_bytes())
            .unwrap_or_default();
    }

    /// Prints text that is the answer itself: SQL, completions.
    pub(super) fn raw(&self, text: &str) {
        self.stdout(text);
    }

    /// Prints texts that are the answer, each with its name in JSON.
    pub(super) fn texts(&self, texts: impl Iterator<Item = (String, String)>) {
        let texts: std::collections::BTreeMap<String, String> = texts.collect();
        self.answer(&texts, |texts| texts.values().map(String::as_str).collect());
    }

    /// Talks to the user, on stderr.
    pub(super) fn talk(&self, line: &str) {
        if !self.quiet {
            self.stderr(&format!("{line}\n"));
        }
    }

    /// Says what only some want to know.
    pub(super) fn detail(&self, line: &str) {
        if self.verbose {
            self.stderr(&format!("{line}\n"));
        }
    }

    /// Watches a run.
    pub(super) fn progress(&self) -> Progress {
        Progress::new(self.quiet, self.verbose)
    }

    /// Prints what went wrong.
    pub(super) fn failure(&self, failure: &CliError) -> Exit {
        self.failure_beside(failure, None::<&()>)
    }

    /// The same where there is a report all the same. In text it was printed before.
    pub(super) fn failure_beside<T: Serialize>(
        &self,
        failure: &CliError,
        report: Option<&T>,
    ) -> Exit {
        if let CliError::Run(run) = failure
            && self.format == Format::Text
            && !run.done.steps.is_empty()
        {
            // a part of the failure, and no talk
            self.stderr(&format!("{}\n", text::done_before_failure(&run.done)));
        }
        if let Some(JobError::SchemaWouldChange(change)) = failure.job()
            && self.format == Format::Text
        {
            self.stdout(&change.difference);
        }
        let covers = &self.covers;
        self.stderr(&diagnostic(&Covered {
            error: failure,
            covers,
        }));
        if self.format == Format::Json {
            self.stdout(&json::failed(self.command, failure, report, covers));
        }
        if failure.is_interrupt() {
            Exit::Interrupted
        } else if matches!(
            failure.job(),
            Some(JobError::Refused(_) | JobError::Drift(_))
        ) {
            Exit::Findings
        } else {
            Exit::Failed
        }
    }

    fn stdout(&self, text: &str) {
        // a reader that went away has heard enough
        let mut stdout = anstream::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .unwrap_or_default();
    }

    fn stderr(&self, text: &str) {
        anstream::stderr()
            .lock()
            .write_all(text.as_bytes())
            .unwrap_or_default();
    }
}

/// Renders an error with its causes, snippet and help.
fn diagnostic(error: &dyn Diagnostic) -> String {
    // --color, NO_COLOR and CLICOLOR_FORCE count, as they do for everything else
    let choice = anstream::AutoStream::choice(&std::io::stderr());
    let theme = if choice != anstream::ColorChoice::Never {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(100)
        .with_context_lines(2)
        .with_cause_chain();
    let mut text = String::new();
    // writing into a String cannot fail; a diagnostic that cannot be drawn is still said
    if handler.render_report(&mut text, error).is_err() {
        text = format!("{error}\n");
    }
    text.lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect::<String>()
}
