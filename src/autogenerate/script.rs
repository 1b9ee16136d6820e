//! Statements as the text of a script.

use std::{fmt::Write as _, iter};

use crate::{
    catalog::ObjectKind,
    ddl::{FILL, Fill, Statement},
    migration::source::IRREVERSIBLE,
    planner::{filling::sent, segment::Segment},
    words::ident::{Ident, Literal, Qualified},
};

/// The text of a script. One without a statement is refused by `diesel`.
pub(crate) fn text(segments: &[Segment], head: &[String]) -> String {
    let mut text = String::new();
    for line in head {
        writeln!(text, "-- {line}").unwrap_or_default();
    }
    text += setting(segments);
    for statement in segments.iter().flat_map(|segment| &segment.statements) {
        // a head has said it
        for lost in statement.loses.iter().filter(|_| head.is_empty()) {
            writeln!(text, "-- deletes-data: {lost}").unwrap_or_default();
        }
        for to_do in statement.fills.iter().filter_map(to_fill) {
            writeln!(text, "-- {to_do}").unwrap_or_default();
            if segments.iter().any(|it| it.alone) {
                text += "-- if interrupted: filled rows stay, and `glowplug upgrade --unsure repeat` continues\n";
            }
        }
        if let Some(remark) = &statement.remark {
            writeln!(text, "-- review: {remark}").unwrap_or_default();
        }
        if let Some(hazard) = statement.hazard {
            writeln!(text, "-- {}", hazard.text()).unwrap_or_default();
        }
        writeln!(text, "{};", statement.sql()).unwrap_or_default();
    }
    if segments.iter().all(|it| it.statements.is_empty()) {
        text += "-- nothing to do: the other script does not change the structure\nSELECT 1;\n";
    }
    text
}

/// The script of a proof: instead of the places that an author fills, something that fills them.
pub(super) fn filled(segments: &[Segment], text: &str) -> String {
    let statements = || segments.iter().flat_map(|it| &it.statements);
    if statements().all(|it| it.fills.is_empty()) {
        return text.to_owned();
    }
    let statements = statements().map(|it| format!("{};\n", sent(it)));
    iter::once(setting(segments).to_owned()).chain(statements).collect()
}

/// What lets a routine be made before what its body names.
fn setting(segments: &[Segment]) -> &'static str {
    let is_one = !segments.iter().any(|it| it.alone) && segments.iter().any(makes_routines);
    if is_one { "SET LOCAL check_function_bodies = off;\n" } else { "" }
}

/// The script of a way down that there is not: it refuses to run, rather than to leave half of the change behind.
pub(crate) fn refusal(why: &[String]) -> String {
    let mut text = String::new();
    for why in why {
        writeln!(text, "-- irreversible: {why}").unwrap_or_default();
    }
    let message = Literal(&format!("irreversible: {}", why.join("; "))).to_string();
    let hint = Literal("Write down.sql by hand, if the rows allow it, or restore a backup.");
    text += &format!(
        "DO $irreversible$ BEGIN\n    RAISE EXCEPTION USING ERRCODE = '{IRREVERSIBLE}', MESSAGE = {message},\n        HINT = {hint};\nEND $irreversible$;\n"
    );
    text
}

fn makes_routines(segment: &Segment) -> bool {
    let is_one =
        |it: &Statement| it.target.as_ref().is_some_and(|it| it.kind() == ObjectKind::Routine);
    segment.statements.iter().any(is_one)
}

/// What the author has to do about a column that is filled. Of labels that go the remark of the statement speaks.
pub(super) fn to_fill(fill: &Fill) -> Option<String> {
    let column = match fill {
        Fill::Column { column } | Fill::Using { column, .. } => column,
        Fill::Labels { .. } => return None,
    };
    let (table, name) =
        (Qualified { schema: column.part(0), name: column.part(1) }, Ident(column.part(2)));
    Some(format!(
        "replace {FILL} with the value of {table}.{name}: the migration does not run until then"
    ))
}
