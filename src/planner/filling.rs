//! What stands in a proof where an author fills a column or clears a label.

use crate::{
    catalog::Key,
    ddl::{Fill, Statement},
    words::ident::{Ident, Literal, Qualified},
};

/// What is sent for a statement: it may be several.
#[must_use]
pub fn sent(statement: &Statement) -> String {
    let fills = |it: &Fill| !matches!(it, Fill::Labels { .. });
    let mut all: Vec<String> = statement.fills.iter().map(fill).collect();
    // what fills a column or converts it stands in the place of the statement
    if !statement.fills.iter().any(fills) {
        all.push(statement.sql());
    }
    all.join(";\n")
}

/// A statement that does what the author of a migration has to see to.
fn fill(fill: &Fill) -> String {
    match fill {
        Fill::Column { column } => filling(column),
        Fill::Labels { column, labels } => clearing(column, labels),
        Fill::Using { stand_in, .. } => stand_in.clone(),
    }
}

fn parts(column: &Key) -> (Qualified<'_>, Ident<'_>) {
    let table = Qualified { schema: column.part(0), name: column.part(1) };
    (table, Ident(column.part(2)))
}

/// Rows that hold one of these labels go, also where it stands within an array or a row.
fn clearing(column: &Key, labels: &[String]) -> String {
    let (table, name) = parts(column);
    let labels: Vec<String> = labels.iter().map(|it| Literal(it).to_string()).collect();
    let labels = labels.join(", ");
    format!(
        "DO $fill$ BEGIN DELETE FROM {table} WHERE {name}::text IN ({labels}) OR \
         string_to_array(translate({name}::text, '{{}}()[]\"\\', ',,,,,,,,'), ',') && ARRAY[{labels}]; \
         EXCEPTION WHEN OTHERS THEN NULL; END $fill$"
    )
}

/// Fills a column with values of its type, whatever they are; rows that it cannot fill go.
fn filling(column: &Key) -> String {
    let (table, name) = parts(column);
    let update = Literal(&format!("UPDATE {table} SET {name} = ")).to_string();
    let rest = Literal(&format!(" WHERE {name} IS NULL")).to_string();
    format!(
        "DO $fill$ DECLARE value text; BEGIN\n\
         FOREACH value IN ARRAY ARRAY['0', '', 'false', '2024-01-01', '{{}}', '00000000-0000-4000-8000-000000000000', '127.0.0.1', '1 hour', 'empty', '(0,0)', '08:00:2b:01:02:03'] LOOP\n\
         BEGIN EXECUTE {update} || quote_literal(value) || {rest}; RETURN;\n\
         EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; DELETE FROM {table} WHERE {name} IS NULL; END $fill$"
    )
}
