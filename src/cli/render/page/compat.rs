//! The compat matrix: programs beside structures.

use maud::{Markup, html};

use super::shown;
use crate::report::page::{CompatMatrix, Fit};

pub(super) fn matrix(matrix: &CompatMatrix) -> Markup {
    html! {
        @if let Some(verdict) = &matrix.verdict { p { strong { (shown(verdict)) } } }
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "Structure" }
                        @for program in &matrix.programs { th scope="col" { (shown(program)) } }
                        th scope="col" { "What fails" }
                    }
                }
                tbody {
                    @for row in &matrix.rows {
                        tr {
                            th scope="row" { (shown(&row.state)) }
                            @for fit in &row.fits { td { (cell(*fit)) } }
                            td { @for fault in &row.faults { div { (shown(fault)) } } }
                        }
                    }
                }
            }
        }
    }
}

fn cell(fit: Fit) -> Markup {
    match fit {
        Fit::Works => html! { span.tag.ok { "works" } },
        Fit::MayFail => html! { span.tag.warning { "may fail" } },
        Fit::Fails => html! { span.tag.error { "fails" } },
        Fit::Unknown => html! { span.tag.note { "not tried" } },
    }
}
