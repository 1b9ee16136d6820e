//! One page about a project: a file by itself, without network and without script.

mod compat;
mod journal;
mod layout;
mod locks;
mod pending;
mod picture;
mod place;
mod route;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    report::{
        finding::{Finding, Severity},
        page::Page,
    },
    words::shown::Shown,
};

/// The style, light and dark.
const STYLE: &str = include_str!("page/page.css");

/// A section: the end of its address, its heading, its content.
type Section = (&'static str, &'static str, Markup);

/// The page as HTML.
pub(crate) fn page(page: &Page) -> String {
    let sections: Vec<Section> = [
        Some(("place", "Where we are", place::place(page))),
        locks::locks(&page.locks).map(|it| ("locks", "Who waits", it)),
        Some(("pending", "New migrations", pending::pending(page))),
        pending::others(page).map(|it| ("findings", "Other findings", it)),
        changes(page).map(|it| ("changes", "What changes", it)),
        page.compat
            .as_ref()
            .map(|it| ("compat", "Which program works on which structure", compat::matrix(it))),
        Some(("journal", "History", journal::history(&page.status))),
        journal::ledgers(&page.ledgers).map(|it| ("ledgers", "Ledgers", it)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let title = format!("Migrations of {}", shown(&page.project));
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // nothing is fetched, and nothing runs, whatever a name says
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    h1 { (title) }
                    nav aria-label="Sections" {
                        ul { @for (id, name, _) in &sections { li { a href={ "#" (id) } { (name) } } } }
                    }
                }
                main id="main" {
                    @for (id, name, content) in &sections {
                        section id=(id) aria-labelledby={ (id) "-heading" } {
                            h2 id={ (id) "-heading" } { (name) }
                            (content)
                        }
                    }
                }
                footer { p { "Made by glowplug " (env!("CARGO_PKG_VERSION")) "." } }
            }
        }
    };
    document.into_string() + "\n"
}

fn changes(page: &Page) -> Option<Markup> {
    let changes = page.changes.as_ref()?;
    let picture = picture::picture(changes)?;
    Some(html! {
        p {
            "Tables that the new migrations "
            span.tag.added { "add" } ", " span.tag.dropped { "drop" } " or " span.tag.changed { "change" }
            ", and their neighbors. A line leads from a foreign key (●) to the key that it refers to (■)."
        }
        div.figure role="region" aria-label="Diagram of tables" tabindex="0" { (picture) }
        @if !changes.left_out.is_empty() {
            details {
                summary { (changes.left_out.len()) " more tables change" }
                p { @for name in &changes.left_out { code { (shown(name)) } " " } }
            }
        }
        details {
            summary { "The same as a table" }
            div.scroll {
                table {
                    thead { tr { th scope="col" { "Table" } th scope="col" { "Becomes" } th scope="col" { "Columns and parts" } } }
                    tbody {
                        @for table in changes.tables.iter().filter(|it| it.change != crate::report::changes::Change::Same) {
                            tr {
                                th scope="row" { code { (shown(&table.name)) } }
                                td { span class={ "tag " (picture::class(table.change)) } { (picture::class(table.change)) } }
                                td { (pending::parts(table)) }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// Findings, each with what explains it.
fn findings<'f>(findings: impl Iterator<Item = &'f Finding>) -> Markup {
    html! {
        @for finding in findings {
            @let word = word(finding.severity);
            div class={ "finding is-" (word) } {
                p {
                    span class={ "tag " (word) } { (word) } " "
                    (shown(&finding.message)) " " code.soft { (finding.code) }
                    @if let Some(place) = &finding.place {
                        br; code.soft {
                            (shown(&place.file))
                            @if let Some(region) = place.region { ":" (region.line) ":" (region.column) }
                        }
                    }
                }
                @if !finding.details.is_empty() || !finding.related.is_empty() {
                    ul {
                        @for detail in &finding.details { li { code { (shown(detail)) } } }
                        @for related in &finding.related {
                            li {
                                (shown(&related.message)) " " code.soft {
                                    (shown(&related.place.file))
                                    @if let Some(region) = related.place.region { ":" (region.line) }
                                }
                            }
                        }
                    }
                }
                @if let Some(help) = &finding.help { p.soft { (shown(help)) } }
            }
        }
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Text from elsewhere: what is special in it is visible. maud escapes what means something to HTML.
fn shown(text: &str) -> String {
    Shown(text).to_string()
}

#[cfg(test)]
mod tests;
