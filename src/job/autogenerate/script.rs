//! Statements as the text of a script.

use std::fmt::Write as _;

use crate::ddl::{Statement, segment::Segment};

/// The text of a script.
pub(super) fn text(segments: &[Segment], head: &[String], file: &str) -> String {
    let mut text = String::new();
    for line in head {
        writeln!(text, "-- {line}").unwrap_or_default();
    }
    let statements = segments.iter().flat_map(|segment| &segment.statements);
    if !segments.iter().any(|it| it.alone) && segments.iter().any(makes_routines) {
        text += "SET LOCAL check_function_bodies = off;\n";
    }
    for statement in statements {
        // a head has said it
        for lost in statement.loses.iter().filter(|_| head.is_empty()) {
            writeln!(text, "-- deletes-data: {lost}").unwrap_or_default();
        }
        match (statement.to_fill(), &statement.remark) {
            (Some(column), _) => text += &template(column, file),
            (None, Some(remark)) => writeln!(text, "-- look at this: {remark}").unwrap_or_default(),
            (None, None) => {}
        }
        if let Some(hazard) = statement.hazard {
            writeln!(text, "-- {}", hazard.words()).unwrap_or_default();
        }
        writeln!(text, "{};", statement.sql).unwrap_or_default();
    }
    text
}

fn makes_routines(segment: &Segment) -> bool {
    let heads = ["CREATE OR REPLACE FUNCTION", "CREATE OR REPLACE PROCEDURE"];
    let is_one = |it: &Statement| heads.iter().any(|head| it.sql.starts_with(head));
    segment.statements.iter().any(is_one)
}

/// The place where the author fills a new column.
fn template(column: &str, file: &str) -> String {
    let parts: Vec<&str> = column.split('.').collect();
    let [schema, table, name] = parts.as_slice() else {
        return String::new();
    };
    format!(
        "-- Fill the column: write the value below, and delete the next statement, which stops the run until then. Many rows are better\n\
         -- filled in batches, in a migration of their own before this one.\n\
         DO $$ BEGIN RAISE EXCEPTION 'fill \"{schema}\".\"{table}\".\"{name}\" in {file} first'; END $$;\n\
         -- UPDATE \"{schema}\".\"{table}\" SET \"{name}\" = … WHERE \"{name}\" IS NULL;\n"
    )
}
