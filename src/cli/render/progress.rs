//! The progress of a run on stderr: a bar on a terminal, and a line for each migration.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    cli::terminal,
    migration::source::Direction,
    report::event::Event,
    words::{shown::Shown, timespan::Timespan},
};

/// Shows the events of a run.
pub(in crate::cli) struct Progress {
    bar: ProgressBar,
    quiet: bool,
    verbose: bool,
    is_of_replays: bool,
}

impl Progress {
    pub(super) fn new(quiet: bool, verbose: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        if quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { bar, quiet, verbose, is_of_replays: false }
    }

    /// The same where migrations run in a throwaway database only: that each is done has no line.
    pub(in crate::cli) fn of_replays(self) -> Self {
        Self { is_of_replays: true, ..self }
    }

    /// Shows one event.
    pub(in crate::cli) fn show(&mut self, event: &Event) {
        match event {
            Event::Planned { steps } => self.bar.set_length(*steps as u64),
            Event::Started { name, .. } => self.bar.set_message(Shown(name).on_one_line()),
            Event::Statement { done, of, .. } if *of > 1 => {
                let name = self.bar.message();
                let name = name.split("  ").next().unwrap_or_default().to_owned();
                self.bar.set_message(format!("{name}  {done}/{of}"));
            }
            Event::Batch { name, keys, about, per_second } => {
                let name = Shown(name).on_one_line();
                self.bar
                    .set_message(format!("{name}  {keys} of about {about} keys, {per_second}/s"));
            }
            Event::Done { .. } | Event::Verified { .. } => self.bar.inc(1),
            _ => {}
        }
        let is_told = self.verbose || !self.is_of_replays || !matches!(event, Event::Done { .. });
        if let Some(line) = line(event, self.verbose).filter(|_| is_told) {
            self.say(&line);
        }
    }

    /// Removes the bar.
    pub(in crate::cli) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| terminal::say(&format!("{line}\n")));
        }
    }
}

/// The line for an event, if it has one.
fn line(event: &Event, verbose: bool) -> Option<String> {
    let ms = |ms: u64| Timespan(Duration::from_millis(ms));
    Some(match event {
        Event::Note { text } => format!("note: {text}"),
        Event::Connecting { reason, pause_ms } => {
            format!("waiting: {reason}; retrying in {}", ms(*pause_ms))
        }
        Event::Waiting { holder } => format!("waiting for another run: {holder}"),
        Event::Notice { severity, message, detail, hint, place, statement } => {
            let mut text = format!("{}: {message}", severity.to_lowercase());
            for (label, more) in [("detail", detail), ("hint", hint)] {
                if let Some(more) = more {
                    text.push_str(&format!("\n  {label}: {}", more.replace('\n', "\n  ")));
                }
            }
            if let (Some(place), Some(statement)) = (place, statement) {
                text.push_str(&format!("\n  at {place}: {statement}"));
            }
            text
        }
        Event::Retrying { name, attempt, of, pause_ms } => format!(
            "{name}: could not acquire a lock (attempt {attempt} of {of}); retrying in {}",
            ms(*pause_ms)
        ),
        Event::Resuming { name, done, of } => {
            format!("{name}: was interrupted; continuing after statement {done} of {of}")
        }
        Event::Batch { name, keys, about, per_second } if verbose => {
            format!("      {name}: {keys} of about {about} keys, {per_second}/s")
        }
        Event::Lagging { name, lag_ms } => {
            format!("{name}: a replica is {} behind; waiting", ms(*lag_ms))
        }
        Event::Comparing { name } => {
            format!("{name}: running again, comparing the ledgers' rows before and after")
        }
        Event::DroppedInvalidIndex { index } => {
            format!("dropped {index}, an invalid index left behind by a failed build")
        }
        Event::Done { name, direction, took_ms, empty, .. } => {
            let way = match direction {
                Direction::Up => "up  ",
                Direction::Down => "down",
            };
            let took = match (*empty, *took_ms) {
                (true, _) => "the script does nothing".to_owned(),
                (false, 0) => "under 1 ms".to_owned(),
                (false, took) => ms(took).to_string(),
            };
            format!("{way}  {name}  ({took})")
        }
        Event::Started { name, .. } if verbose => format!("      {name} ..."),
        _ => return None,
    })
}
