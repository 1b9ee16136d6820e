//! The new migrations, each with its script and what was found in it.

use maud::{Markup, html};

use super::{findings, shown};
use crate::report::{
    changes::{Change, TableShape},
    finding::Finding,
    page::{NewMigration, Page},
};

/// How many lines of a script are open to see.
const OPEN: usize = 40;
/// How many bytes of all scripts the page has.
const BYTES: usize = 400_000;

pub(super) fn pending(page: &Page) -> Markup {
    let since = page.new_since.as_deref().map(shown);
    if page.new.is_empty() {
        return html! {
            p {
                @match since {
                    Some(since) => { "No migration is new since " (since) "." }
                    None => "It is not known which migrations are new: name a database, or a revision with --since.",
                }
            }
        };
    }
    // scripts share the room, so that a page stays small
    let share = BYTES / page.new.len();
    html! {
        p {
            @match page.new.len() { 1 => "1 migration is new", many => { (many) " migrations are new" } }
            @if let Some(since) = since { " since " strong { (since) } }
            ", oldest first."
        }
        @for migration in &page.new { (one(migration, share, page)) }
    }
}

fn one(migration: &NewMigration, share: usize, page: &Page) -> Markup {
    let own = |it: &&Finding| it.version.as_deref() == Some(migration.version.as_str());
    let count = page.findings.iter().filter(own).count();
    let (script, is_cut) = cut(&migration.up, share);
    html! {
        article {
            h3 { (shown(&migration.name)) }
            p.soft {
                @if migration.run_in_transaction { "One transaction" } @else { "Without a transaction" }
                @if !migration.has_down { " · no down.sql" }
                @if count == 0 { " · nothing found" }
            }
            (findings(page.findings.iter().filter(own)))
            details open[script.lines().count() <= OPEN && page.new.len() <= 5] {
                summary { "up.sql of " (shown(&migration.name)) }
                pre tabindex="0" { code { (shown(script)) } }
                @if is_cut { p.soft { "The rest of the script is not shown." } }
            }
        }
    }
}

/// The beginning of a script, at the end of a line.
fn cut(text: &str, share: usize) -> (&str, bool) {
    if text.len() <= share {
        return (text, false);
    }
    let end = text.floor_char_boundary(share);
    let end = text[..end].rfind('\n').unwrap_or(end);
    (&text[..end], true)
}

/// What was found elsewhere than in the new migrations.
pub(super) fn others(page: &Page) -> Option<Markup> {
    let is_new = |it: &Finding| {
        let of = |new: &NewMigration| Some(new.version.as_str()) == it.version.as_deref();
        page.new.iter().any(of)
    };
    let others: Vec<&Finding> = page.findings.iter().filter(|it| !is_new(it)).collect();
    (!others.is_empty()).then(|| findings(others.into_iter()))
}

/// What becomes of the columns and parts of a table, in words.
pub(super) fn parts(table: &TableShape) -> Markup {
    let columns = table.columns.iter().filter(|it| it.change != Change::Same);
    let columns = columns.map(|it| {
        let was = it.was.as_ref().map(|was| format!(", was {was}")).unwrap_or_default();
        (it.change, format!("{} {}{was}", it.name, it.sql_type))
    });
    let parts = table.parts.iter().map(|it| (it.change, it.name.clone()));
    let all: Vec<(Change, String)> = columns.chain(parts).collect();
    html! {
        @if all.is_empty() {
            (table.columns.len()) " columns"
        } @else {
            @for (change, name) in &all {
                div { (super::picture::class(*change)) " " code { (shown(name)) } }
            }
        }
    }
}
