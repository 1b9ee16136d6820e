//! `glowplug url`.

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{Global, exit::Exit, render::Output, settings::Settings},
    render::failure::CliError,
    words::url::{Note, Secrets, Spelling, Url},
};

/// Shows how a URL is understood, or converts it for another driver. Does not connect.
#[derive(Debug, Args)]
pub(super) struct UrlCommand {
    /// The URL [default: the configured one, else the local server's]
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// The driver: diesel, psql, asyncpg, psycopg, jdbc or sqlx
    #[arg(long = "for", value_name = "DRIVER", default_value = "psql")]
    driver: String,
    /// Show the password
    #[arg(long)]
    reveal: bool,
}

#[derive(Debug, Serialize)]
struct UrlReport {
    url: String,
    spelling: String,
    notes: Vec<Note>,
}

impl UrlCommand {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let driver: Spelling =
            self.driver.parse().map_err(|error| CliError::url("--for")(error))?;
        let settings = Settings::resolve(global)?;
        let parsed = match &self.url {
            Some(text) => {
                let parsed = Url::parse(text).map_err(CliError::url("the URL"))?;
                Some((parsed.url, parsed.notes))
            }
            None => settings.url(output)?.map(|url| (url, Vec::new())),
        };
        let (url, mut notes) = parsed.unwrap_or_else(|| (settings.local().url(), Vec::new()));
        let secrets = if self.reveal { Secrets::Revealed } else { Secrets::Masked };
        let (url, more) = url.print(driver, secrets).map_err(CliError::url("the URL"))?;
        notes.extend(more);
        let report = UrlReport { url, spelling: driver.name().to_owned(), notes };
        if !output.is_json() {
            for note in &report.notes {
                output.talk(&note.text);
            }
        }
        output.answer(&report, |report| format!("{}\n", report.url));
        Ok(Exit::Done)
    }
}
