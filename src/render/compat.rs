//! What `compat` found, as text: migration by migration, and the order that works.

use std::fmt::Write as _;

use crate::report::{
    compat::{CompatReport, MigrationReport, Recipe, Verdict},
    finding::{Finding, Region, Severity},
};

/// How many findings of one migration are printed without `--verbose`.
const FEW: usize = 8;

/// Reads a file of the project, to show a line of it.
pub(crate) type Read<'r> = &'r dyn Fn(&str) -> Option<String>;

/// What `compat` found.
pub(crate) fn compat(report: &CompatReport, verbose: bool, read: Read<'_>) -> String {
    let mut text = String::new();
    for note in &report.notes {
        line(&mut text, &format!("note: {note}"));
    }
    line(&mut text, &format!("running program  {}", report.running));
    line(&mut text, &format!("new program      {}", report.new));
    line(&mut text, &format!("applied          {}", report.since));
    for migration in &report.migrations {
        let is_silent = migration.findings.is_empty() && !verbose;
        if !is_silent {
            of_migration(&mut text, migration, verbose, read);
        }
    }
    line(&mut text, "");
    line(&mut text, &end(report));
    crate::render::seen_on(&mut text, Some(&report.proved_on));
    text
}

fn of_migration(text: &mut String, migration: &MigrationReport, verbose: bool, read: Read<'_>) {
    line(text, &format!("\n{}: {}", migration.name, migration.verdict.words()));
    let is_shown = |it: &&Finding| verbose || it.severity != Severity::Note;
    let shown: Vec<&Finding> = migration.findings.iter().filter(is_shown).collect();
    let few = if verbose { usize::MAX } else { FEW };
    for finding in shown.iter().take(few) {
        of_finding(text, finding, read);
    }
    let notes = migration.findings.len() - shown.len();
    if shown.len() > few {
        line(text, &format!("  and {} more; -v prints everything", shown.len() - few));
    }
    if notes > 0 {
        let what = if notes == 1 { "1 thing that" } else { "things that" };
        let count = if notes == 1 { String::new() } else { format!("{notes} ") };
        line(
            text,
            &format!(
                "  adds {count}{what} the new program needs; -v lists {}",
                if notes == 1 { "it" } else { "them" }
            ),
        );
    }
    for recipe in &migration.instead {
        of_recipe(text, recipe);
    }
    if !migration.instead.is_empty() {
        line(
            text,
            "  statements that only add belong to the first of these migrations, those that only remove to the last",
        );
    }
}

fn of_finding(text: &mut String, finding: &Finding, read: Read<'_>) {
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    line(text, &format!("  {word}: {} [{}]", finding.message, finding.code));
    if let Some(place) = &finding.place {
        match place.region {
            Some(region) => {
                line(text, &format!("    --> {}:{}:{}", place.file, region.line, region.column));
                let shown = read(&place.file);
                let shown = shown.as_ref().and_then(|it| it.lines().nth(region.line - 1));
                if let Some(shown) = shown {
                    snippet(text, shown, region);
                }
            }
            None => line(text, &format!("    --> {}", place.file)),
        }
    }
    for detail in &finding.details {
        line(text, &format!("    {detail}"));
    }
    if let Some(help) = finding.help.as_ref().filter(|_| finding.severity != Severity::Note) {
        line(text, &format!("    help: {help}"));
    }
}

/// The line of a place, with carets under it.
fn snippet(text: &mut String, shown: &str, region: Region) {
    let number = region.line.to_string();
    let width = match region.end_line == region.line {
        true => region.end_column.saturating_sub(region.column),
        false => shown.chars().count().saturating_sub(region.column - 1),
    };
    // a tab would put the caret elsewhere
    let shown = shown.replace('\t', " ");
    line(text, &format!("    {number} | {shown}"));
    let indent = " ".repeat(number.len());
    let before = " ".repeat(region.column - 1);
    line(text, &format!("    {indent} | {before}{}", "^".repeat(width.max(1))));
}

fn of_recipe(text: &mut String, recipe: &Recipe) {
    line(text, &format!("  instead, where {}:", recipe.change));
    let mut number = 0;
    let mut step = |text: &mut String, what: &str, statements: &[String]| {
        number += 1;
        line(text, &format!("    {number}. {what}"));
        for statement in statements.iter().flat_map(|it| it.lines()) {
            line(text, &format!("         {statement}"));
        }
    };
    if !recipe.expand.is_empty() {
        step(text, "migrate", &recipe.expand);
    }
    let deploy = match &recipe.program {
        Some(program) => format!("deploy the new program; {program}"),
        None => "deploy the new program".to_owned(),
    };
    step(text, &deploy, &[]);
    step(text, "migrate once the running program is gone", &recipe.contract);
}

fn end(report: &CompatReport) -> String {
    let count = crate::render::text::migrations(report.migrations.len());
    if report.migrations.is_empty() {
        return "Nothing is pending.".to_owned();
    }
    let how = match (report.verdict, &report.cut) {
        (Verdict::Either, _) => "migrate and deploy in either order".to_owned(),
        (Verdict::MigrateFirst, _) => "migrate first, then deploy".to_owned(),
        (Verdict::DeployFirst, _) => "deploy first, then migrate".to_owned(),
        (Verdict::Neither, Some(cut)) => format!(
            "neither order works for all of them; `glowplug upgrade {}`, then deploy, then `glowplug upgrade`",
            cut.after
        ),
        (Verdict::Neither, None) => {
            "neither order works: a program that runs breaks, whatever comes first".to_owned()
        }
    };
    format!("{count}, {} statements: {how}.", report.statements)
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").unwrap_or_default();
}
