//! `glowplug ledger append`, `correct` and `log`: the calls of the events API from the command line.

use clap::Args;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    cli::{exit::Exit, interrupt::block_on, render::Output, settings::Settings},
    events::{Correction, Event, EventLog, NewEvent},
    job::{self, JobError},
    render::failure::CliError,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Append {
    /// The stream that it belongs to
    stream: String,
    /// The kind of event
    kind: String,
    /// The payload, as JSON
    #[arg(default_value = "{}")]
    payload: String,
    /// When it happened [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Correct {
    /// The number of the wrong event
    id: i64,
    /// The right payload, as JSON
    payload: String,
    /// The kind of the correction
    #[arg(long, default_value = "corrected")]
    kind: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Log {
    /// Only this stream
    stream: Option<String>,
    /// Only events after this number
    #[arg(long, value_name = "ID", default_value_t = 0, conflicts_with = "stream")]
    after: i64,
    /// Merge corrections into the events that they correct
    #[arg(long, requires = "stream")]
    effective: bool,
}

fn json(text: &str) -> Result<Value, CliError> {
    serde_json::from_str(text).map_err(|error| CliError::Cannot {
        what: format!("the payload is not JSON: {error}"),
        help: "Write it as an object, quoted for your shell: '{\"amount\": 10}'.".into(),
    })
}

fn with_log<T>(
    command: &str,
    settings: &Settings,
    output: &Output,
    work: impl AsyncFnOnce(EventLog) -> Result<T, CliError>,
) -> Result<T, CliError> {
    block_on(async |stop| {
        let endpoint = settings.endpoint(command, stop, output)?;
        let mut progress = output.progress();
        let mut watch = |event| progress.show(&event);
        let log = job::ledger::event_log(&endpoint, &mut watch).await?;
        work(log).await
    })
}

fn line(event: &Event) -> String {
    let corrects = event.corrects.map_or_else(String::new, |it| format!("  corrects {it}"));
    format!(
        "{}  {}  {}  {}  {}{corrects}\n",
        event.id, event.occurred_at, event.stream, event.kind, event.payload
    )
}

impl Append {
    pub(super) fn run(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        let new = NewEvent::new(&self.stream, &self.kind, json(&self.payload)?);
        let new = match self.at {
            Some(at) => new.at(at),
            None => new,
        };
        let event = with_log("ledger append", settings, output, async |log| {
            Ok(log.append(&new).await.map_err(JobError::from)?)
        })?;
        output.answer(&event, line);
        Ok(Exit::Done)
    }
}

impl Correct {
    pub(super) fn run(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        let correction = Correction::new(json(&self.payload)?).kind(&self.kind);
        let event = with_log("ledger correct", settings, output, async |log| {
            Ok(log.correct(self.id, &correction).await.map_err(JobError::from)?)
        })?;
        output.answer(&event, line);
        Ok(Exit::Done)
    }
}

impl Log {
    pub(super) fn run(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        match &self.stream {
            Some(stream) if self.effective => {
                let events = with_log("ledger log", settings, output, async |log| {
                    Ok(log.effective(stream).await.map_err(JobError::from)?)
                })?;
                output.answer(&events, |events| {
                    let shown = events.iter().map(|it| {
                        let holds = Event { payload: it.payload().clone(), ..it.event.clone() };
                        line(&holds)
                    });
                    shown.collect()
                });
            }
            Some(stream) => {
                let events = with_log("ledger log", settings, output, async |log| {
                    Ok(log.history(stream).await.map_err(JobError::from)?)
                })?;
                output.answer(&events, |events| events.iter().map(line).collect());
            }
            None => {
                let events: Vec<Event> = with_log("ledger log", settings, output, async |log| {
                    Ok(log.read_from(self.after).try_collect().await.map_err(JobError::from)?)
                })?;
                output.answer(&events, |events| events.iter().map(line).collect());
            }
        }
        Ok(Exit::Done)
    }
}
