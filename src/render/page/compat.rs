//! The compat matrix: programs beside structures.

use maud::{Markup, html};

use super::shown;
use crate::report::deploy::{CompatMatrix, Fit};

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
    let class = match fit {
        Fit::Works => "ok",
        Fit::MayFail => "warning",
        Fit::Fails => "error",
        Fit::Unknown => "note",
    };
    html! { span class={ "tag " (class) } { (fit.text()) } }
}
