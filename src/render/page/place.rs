//! Where we are: the database, what is applied, what is pending, what the checks say.

use maud::{Markup, html};

use super::shown;
use crate::{
    migration::status::State,
    render::{
        findings::{check_of, counted},
        migrations,
    },
    report::{
        ci::{Outcome, PartReport},
        finding::Finding,
        page::Page,
    },
};

pub(super) fn place(page: &Page) -> Markup {
    let status = &page.status;
    let count = |state| status.migrations.iter().filter(|it| it.state == Some(state)).count();
    let applied = count(State::Applied) + count(State::Edited);
    let odd = [State::Edited, State::OutOfOrder, State::Interrupted, State::Orphaned];
    html! {
        @if let Some(database) = &status.database {
            p {
                "The database " strong { (shown(database)) } " is at "
                @match &status.current {
                    Some(version) => { strong { (version.to_string()) } }
                    None => { strong { "base" } ", before the first migration" }
                }
                @match status.pending {
                    0 => ", with nothing pending.",
                    1 => ", with 1 migration pending.",
                    many => { ", with " (many) " migrations pending." }
                }
            }
        } @else {
            p { "No database was asked: this is what the files on disk say." }
        }
        dl.facts {
            dt { "On disk" } dd { (migrations(status.migrations.len() - count(State::Orphaned))) }
            @if let Some(head) = &status.head { dt { "Newest" } dd { code { (head.to_string()) } } }
            @if status.database.is_some() { dt { "Applied" } dd { (applied) } }
            @for state in odd {
                @if count(state) > 0 { dt { (title(state.word())) } dd { span.tag.error { (count(state)) } } }
            }
            @if let Some(on) = &page.proved_on { dt { "Proved on" } dd { (shown(&on.to_string())) } }
        }
        @if !page.parts.is_empty() { (parts(page)) }
        @for note in &page.notes { p.soft { "Note: " (shown(note)) } }
    }
}

fn parts(page: &Page) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { th scope="col" { "Check" } th scope="col" { "Result" } th scope="col" { "About" } } }
                tbody {
                    @for part in &page.parts {
                        tr {
                            th scope="row" { (part.part.word()) }
                            td { (result(part, &page.findings)) }
                            td { (shown(&part.about)) }
                        }
                    }
                }
            }
        }
    }
}

fn result(part: &PartReport, findings: &[Finding]) -> Markup {
    let of = |it: &&Finding| check_of(&it.code) == part.part.word();
    let own: Vec<Finding> = findings.iter().filter(of).cloned().collect();
    let counted = counted(&own).unwrap_or_else(|| "ok".to_owned());
    match part.outcome {
        Outcome::Passed => html! { span.tag.ok { (counted) } },
        Outcome::Found => html! { span.tag.error { (counted) } },
        Outcome::Failed => html! { span.tag.error { "failed" } },
        Outcome::Skipped => html! { span.tag.note { "skipped" } },
    }
}

/// A word at the beginning of a line.
fn title(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
