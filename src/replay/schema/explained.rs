//! What of an edited schema.rs is no matter of a patch: tables, columns and ways to join that the database does not have.

use crate::{
    catalog::{Attribute, Catalog, Key, ObjectKind},
    job::JobError,
    replay::schema::Printer,
    schema_rs::{
        PrintSchema,
        parse::{CustomType, Edit, Join, TableName, parse},
    },
};

/// What a file has that neither the database has, nor its patch had before.
pub(super) fn unexplained(
    printer: &Printer,
    config: &PrintSchema,
    catalog: &Catalog,
    printed: &str,
    wanted: &str,
) -> Result<Vec<String>, JobError> {
    let types = CustomType::of(catalog);
    // a file that cannot be read is one that is patched into something else
    let Ok(now) = parse(wanted, "the file", &types) else {
        return Ok(Vec::new());
    };
    let patched = printer.patched(printed.to_owned(), config).ok();
    let before = [patched.as_deref().unwrap_or_default(), printed];
    let before = before.map(|it| parse(it, "what is printed", &types).ok());
    let [Some(patched), Some(plain)] = before else {
        return Ok(Vec::new());
    };
    let edits = now.changes(&plain);
    // what the patch had before was looked at by somebody
    let new = now.changes(&patched);
    let is_redirected = |join: &Join| {
        let dropped =
            |it: &Edit| matches!(it, Edit::DroppedJoin(other) if other.child == join.child);
        edits.iter().any(dropped)
    };
    let what = edits.iter().filter(|it| new.contains(it)).filter_map(|edit| match edit {
        Edit::NewTable(table) if catalog.get(&relation(&table.name)).is_none() => {
            Some(format!("table {}", table.name))
        }
        Edit::NewColumn { table, column, .. } => {
            let key = relation(table);
            let key = Key::new(ObjectKind::Column, &[key.part(0), key.part(1), &column.name]);
            let is_there = catalog.get(&key).is_some();
            (!is_there).then(|| format!("column {table}.{}", column.name))
        }
        Edit::NewJoin(join) if !is_redirected(join) && !has_key(catalog, join) => {
            Some(format!("joinable!({} -> {} ({}))", join.child, join.parent, join.column))
        }
        _ => None,
    });
    Ok(what.collect())
}

fn relation(table: &TableName) -> Key {
    let schema = table.schema.as_deref().unwrap_or("public");
    Key::new(ObjectKind::Relation, &[schema, &table.name])
}

/// Whether a foreign key stands behind a way to join.
fn has_key(catalog: &Catalog, join: &Join) -> bool {
    let child = relation(&join.child);
    let parent = relation(&join.parent);
    let mut constraints = catalog.below(ObjectKind::Constraint, &[child.part(0), child.part(1)]);
    constraints.any(|(_, fact)| {
        fact.get(Attribute::ReferencesSchema) == Some(parent.part(0))
            && fact.get(Attribute::ReferencesTable) == Some(parent.part(1))
    })
}
