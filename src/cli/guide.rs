//! `glowplug help` and `glowplug explain`: commands, guides and codes, in the terminal.
//!
//! The texts are the pages of `docs/src`, compiled in.

use std::{
    io::{IsTerminal as _, Write as _},
    process::{Command, Stdio},
};

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{exit::Exit, render::Output},
    ledger::LedgerRule,
    lint::rules,
    render::{
        failure::CliError,
        pages::{self, codes},
        plain::plain,
    },
    report::rule::Severity,
};

/// Names the guides, each with its page.
macro_rules! guides {
    ($($topic:literal $page:literal)*) => {
        &[$(($topic, include_str!(concat!("../../docs/src/", $page)))),*]
    };
}

/// The guides, in the order of the book.
const GUIDES: &[(&str, &str)] = guides! {
    "getting-started" "getting-started.md"
    "new-project" "tutorials/new-project.md"
    "diesel-project" "tutorials/diesel-project.md"
    "from-alembic" "tutorials/from-alembic.md"
    "existing-database" "tutorials/existing-database.md"
    "continuous-integration" "tutorials/ci.md"
    "neon" "tutorials/neon.md"
    "migrations" "guides/migrations.md"
    "adopt" "guides/adopt.md"
    "autogenerate" "guides/autogenerate.md"
    "ledgers" "guides/ledgers.md"
    "sealed-ledgers" "guides/sealed-ledgers.md"
    "schema-rs" "guides/schema-rs.md"
    "replays" "guides/verify.md"
    "report" "guides/report.md"
    "deploys" "guides/deploy.md"
    "deploy-safety" "guides/lint.md"
    "production" "guides/production.md"
    "application" "guides/application.md"
    "moving-rows" "guides/data.md"
    "team-work" "guides/teamwork.md"
    "troubleshooting" "guides/troubleshooting.md"
    "alembic-troubleshooting" "guides/alembic-troubleshooting.md"
    "settings" "reference/settings.md"
    "exit-codes" "reference/exit-codes.md"
    "messages" "reference/messages.md"
    "findings" "reference/findings.md"
    "ledger-rules" "reference/ledger-rules.md"
    "lint-rules" "reference/lint-rules.md"
    "json" "reference/json.md"
    "proofs" "design/proofs.md"
    "threat-model" "design/threat-model.md"
};

/// Shows the help of a command or a guide.
#[derive(Debug, Args)]
pub(super) struct Help {
    /// A command or a guide [default: list both]
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

/// Explains a message code or a rule of the ledger guard.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The code: `migration::failed`, `rows-changed`, …
    code: String,
}

/// The explanation of a code.
#[derive(Debug, Serialize)]
struct Explanation {
    code: String,
    text: String,
}

impl Help {
    pub(super) fn run(&self, program: clap::Command, output: &Output) -> Result<Exit, CliError> {
        let Some(first) = self.words.first() else {
            let mut program = program;
            let topics: Vec<String> = GUIDES
                .iter()
                .map(|(topic, page)| format!("  {topic:<24}{}\n", title(page)))
                .collect();
            let list = format!("Guides, shown by `glowplug help TOPIC`:\n{}", topics.concat());
            page(&format!("{}\n{list}", program.render_long_help()), output);
            return Ok(Exit::Done);
        };
        if let Some(mut command) = command(program.clone(), &self.words) {
            page(&command.render_long_help().to_string(), output);
            return Ok(Exit::Done);
        }
        if let Some((_, text)) = GUIDES.iter().find(|(topic, _)| topic == first) {
            page(&plain(text), output);
            return Ok(Exit::Done);
        }
        let commands = program.get_subcommands().filter(|it| !it.is_hide_set());
        let commands = commands.map(|it| it.get_name().to_owned()).collect::<Vec<_>>();
        let known = commands.iter().map(String::as_str).chain(GUIDES.iter().map(|(it, _)| *it));
        Err(CliError::Cannot {
            what: format!("no command or guide is named `{}`", self.words.join(" ")),
            help: unknown(first, known, "`glowplug help` lists both."),
        })
    }
}

impl Explain {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, CliError> {
        let code = self.code.trim();
        let Some(text) = explained(code) else {
            let rules = LedgerRule::ALL.iter().map(|it| it.code());
            let known = codes().chain(rules).chain(rules::all().iter().map(|it| it.name));
            return Err(CliError::Cannot {
                what: format!("no message or rule has the code `{code}`"),
                help: unknown(code, known, "`glowplug help messages` lists the codes."),
            });
        };
        let report = Explanation { code: code.to_owned(), text };
        output.answer(&report, |it| format!("{}\n\n{}", it.code, it.text));
        Ok(Exit::Done)
    }
}

/// What a code means and what to do about it.
fn explained(code: &str) -> Option<String> {
    if let Some(rule) = LedgerRule::of_code(code) {
        let passes = match rule.severity() {
            Severity::History => "A breach is never allowed.",
            Severity::Protection => "--allow-ledger-change \"reason\" allows a breach.",
        };
        let text = format!(
            "A rule of the ledger guard: it protects {}. {passes}\n\n{}\n",
            rule.protects(),
            rule.advice()
        );
        return Some(plain(&text));
    }
    // a message may have the code of a rule's room
    pages::section(code).map(plain).or_else(|| rules::of_name(code).map(super::render::rule))
}

fn title(page: &str) -> &str {
    page.lines().next().unwrap_or_default().trim_start_matches("# ")
}

/// Finds the command that the words name.
fn command(program: clap::Command, words: &[String]) -> Option<clap::Command> {
    let mut found = program;
    found.build();
    for word in words {
        found = found.find_subcommand(word)?.clone();
    }
    Some(found)
}

/// Advice for an unknown name: the closest known one, if any.
fn unknown<'t>(text: &str, known: impl Iterator<Item = &'t str>, list: &str) -> String {
    let close = known.map(|it| (strsim::jaro_winkler(text, it), it));
    match close.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((likeness, name)) if likeness > 0.8 => format!("Is it `{name}`? {list}"),
        _ => list.to_owned(),
    }
}

/// Prints a text, through $PAGER on a terminal.
fn page(text: &str, output: &Output) {
    let pager = std::env::var("PAGER").ok().filter(|it| !it.is_empty());
    let Some(pager) = pager.filter(|_| std::io::stdout().is_terminal()) else {
        return output.raw(text);
    };
    let child = Command::new("sh").args(["-c", &pager]).stdin(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return output.raw(text) };
    if let Some(mut stdin) = child.stdin.take() {
        // the reader may close the pager early
        stdin.write_all(text.as_bytes()).unwrap_or_default();
    }
    child.wait().map(drop).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_every_rule_is_explained() {
        let rules = LedgerRule::ALL.iter().map(|it| it.code());
        for code in codes().chain(rules).chain(rules::all().iter().map(|it| it.name)) {
            assert!(explained(code).is_some_and(|text| text.len() > 20), "{code}");
        }
    }

    #[test]
    fn guides_are_plain_text() {
        for (topic, text) in GUIDES {
            let plain = plain(text);
            assert!(!plain.contains("<!--") && !plain.contains("]("), "{topic}\n{plain}");
            assert!(plain.starts_with(&title(text).to_uppercase()), "{topic}");
        }
    }
}
