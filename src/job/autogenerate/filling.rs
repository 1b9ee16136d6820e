//! What stands in a proof where an author fills a column or clears a label.

use crate::{
    ddl::{Statement, segment::Segment},
    words::ident::Ident,
};

/// The script of a proof: instead of the places that an author fills, something that fills them.
pub(super) fn filled(segments: &[Segment], text: &str) -> String {
    let statements = || segments.iter().flat_map(|it| &it.statements);
    if statements().all(|it| fill(it).is_none()) {
        return text.to_owned();
    }
    let statements = statements().map(|it| {
        let fill = fill(it).map(|it| format!("{it};\n")).unwrap_or_default();
        format!("{fill}{};\n", it.sql)
    });
    statements.collect()
}

/// A statement that fills a column with values of its type, whatever they are; rows that it cannot fill go.
pub(super) fn fill(statement: &Statement) -> Option<String> {
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
    let parts: Vec<&str> = statement.to_fill()?.split('.').collect();
    let [schema, table, name] = parts.as_slice() else {
        return None;
    };
    let (table, name) = (format!("{}.{}", Ident(schema), Ident(table)), Ident(name));
    Some(format!(
        "DO $fill$ DECLARE value text; BEGIN\n\
         FOREACH value IN ARRAY ARRAY['0', '', 'false', '2024-01-01', '{{}}', '00000000-0000-4000-8000-000000000000', '127.0.0.1', '1 hour'] LOOP\n\
         BEGIN EXECUTE format('UPDATE {table} SET {name} = %L WHERE {name} IS NULL', value); RETURN;\n\
         EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; DELETE FROM {table} WHERE {name} IS NULL; END $fill$"
    ))
}
