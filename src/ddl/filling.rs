//! What stands in a proof where an author fills a column or clears a label.

use crate::{
    ddl::{Statement, segment::Segment},
    words::ident::{Ident, Literal, Qualified},
};

/// The script of a proof: instead of the places that an author fills, something that fills them.
#[must_use]
pub fn filled(segments: &[Segment], text: &str) -> String {
    let statements = || segments.iter().flat_map(|it| &it.statements);
    if statements().all(|it| fill(it).is_none()) {
        return text.to_owned();
    }
    let statements = statements().map(|it| format!("{};\n", sent(it)));
    statements.collect()
}

/// What is sent for a statement.
#[must_use]
pub fn sent(statement: &Statement) -> String {
    match (fill(statement), &statement.fills) {
        (Some(fill), Some(_)) => fill,
        (Some(fill), None) => format!("{fill};\n{}", statement.sql),
        (None, _) => statement.sql.clone(),
    }
}

/// A statement that fills a column with values of its type, whatever they are; rows that it cannot fill go.
#[must_use]
pub fn fill(statement: &Statement) -> Option<String> {
    if let Some(labels) = statement.gone_labels() {
        let (table, rest) = statement
            .sql
            .strip_prefix("ALTER TABLE ")?
            .split_once(" ALTER COLUMN ")?;
        let (column, _) = rest.split_once(" TYPE ")?;
        return Some(format!(
            "DO $fill$ BEGIN DELETE FROM {table} WHERE {column}::text IN ({labels}); \
             EXCEPTION WHEN OTHERS THEN NULL; END $fill$"
        ));
    }
    let column = statement.fills.as_ref()?;
    let table = Qualified {
        schema: column.part(0),
        name: column.part(1),
    };
    let name = Ident(column.part(2));
    let update = Literal(&format!("UPDATE {table} SET {name} = ")).to_string();
    let rest = Literal(&format!(" WHERE {name} IS NULL")).to_string();
    Some(format!(
        "DO $fill$ DECLARE value text; BEGIN\n\
         FOREACH value IN ARRAY ARRAY['0', '', 'false', '2024-01-01', '{{}}', '00000000-0000-4000-8000-000000000000', '127.0.0.1', '1 hour'] LOOP\n\
         BEGIN EXECUTE {update} || quote_literal(value) || {rest}; RETURN;\n\
         EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; DELETE FROM {table} WHERE {name} IS NULL; END $fill$"
    ))
}
