//! The history of the database, and its ledgers.

use maud::{Markup, html};

use super::shown;
use crate::{
    migration::status::State,
    report::{
        ledger::{LedgerReport, Level, Strength},
        status::{RowReport, StatusReport},
    },
};

/// How many migrations are listed; older ones are counted.
const LISTED: usize = 2_000;

pub(super) fn history(status: &StatusReport) -> Markup {
    if status.migrations.is_empty() {
        return html! { p { "There are no migrations." } };
    }
    let asked = status.database.is_some();
    let count = status.migrations.len();
    html! {
        p { "Newest first." }
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "Migration" }
                        @if asked {
                            th scope="col" { "State" } th scope="col" { "When (UTC)" }
                            th scope="col" { "Who" } th scope="col" { "Took" }
                        } @else {
                            th scope="col" { "Way back" }
                        }
                    }
                }
                tbody { @for row in status.migrations.iter().rev().take(LISTED) { (line(row, asked)) } }
            }
        }
        @if count > LISTED { p { "and " (count - LISTED) " older ones" } }
    }
}

fn line(row: &RowReport, asked: bool) -> Markup {
    let record = row.record.as_ref();
    let who = record.map(|it| match it.actor.as_str() {
        "" => it.role.clone(),
        actor => format!("{actor} ({})", it.role),
    });
    html! {
        tr {
            th scope="row" { (shown(&row.name)) }
            @if asked {
                td { (state(row)) }
                td { (row.run_on.as_deref().unwrap_or_default()) }
                td { (shown(&who.unwrap_or_default())) }
                td { @if let Some(took) = record.and_then(|it| it.took_ms) { (took) " ms" } }
            } @else {
                td { @if row.has_down { "down.sql" } @else { "none" } }
            }
        }
    }
}

fn state(row: &RowReport) -> Markup {
    let Some(state) = row.state else { return html! {} };
    let class = match state {
        State::Applied => "ok",
        State::Pending => "note",
        State::Edited | State::OutOfOrder | State::Interrupted | State::Orphaned => "error",
    };
    html! { span class={ "tag " (class) } { (state.word()) } }
}

/// The ledgers. None if none is declared.
pub(super) fn ledgers(ledgers: &[LedgerReport]) -> Option<Markup> {
    if ledgers.is_empty() {
        return None;
    }
    Some(html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "Ledger" } th scope="col" { "Declared" }
                        th scope="col" { "UPDATE" } th scope="col" { "DELETE" } th scope="col" { "TRUNCATE" }
                        th scope="col" { "Rows" } th scope="col" { "Weak points" }
                    }
                }
                tbody { @for ledger in ledgers { (ledger_line(ledger)) } }
            }
        }
    })
}

fn ledger_line(ledger: &LedgerReport) -> Markup {
    let level = match ledger.level {
        Level::Minimal => "minimal",
        Level::Hardened => "hardened",
        Level::Sealed => "sealed",
    };
    html! {
        tr {
            th scope="row" { code { (shown(&ledger.table)) } }
            td {
                (level)
                @if !ledger.exists { " " span.tag.error { "not found" } }
                @if ledger.sealed { " " span.tag.ok { "closed" } }
            }
            @for strength in [ledger.protection.update, ledger.protection.delete, ledger.protection.truncate] {
                td {
                    @match strength {
                        Strength::None => { span.tag.error { "allowed" } }
                        Strength::Statement | Strength::Row => { span.tag.warning { "refused, can be bypassed" } }
                        Strength::Always => { span.tag.ok { "refused" } }
                    }
                }
            }
            td { @if let Some(rows) = ledger.rows { (rows) } }
            td { @for point in &ledger.weak_points { div { (shown(point)) } } }
        }
    }
}
