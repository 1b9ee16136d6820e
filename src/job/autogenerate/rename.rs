//! Renames: never guessed, asked for as `old=new`.

use std::collections::BTreeMap;

use crate::{
    catalog::{Catalog, Key, Kind},
    job::{JobError, failure::AutogenerateError},
    words::ident::{Ident, Qualified},
};

/// The statements of confirmed renames.
#[derive(Debug, Clone, Default)]
pub(super) struct Renames {
    pub(super) up: Vec<String>,
    /// The way back, in the order in which it runs.
    pub(super) down: Vec<String>,
}

/// Reads `table=new`, `schema.table=new`, `table.column=new` and `schema.table.column=new`.
pub(super) fn statements(renames: &[String], catalog: &Catalog) -> Result<Renames, JobError> {
    let mut all = Renames::default();
    for text in renames {
        let unknown = || AutogenerateError::Rename { text: text.clone() };
        let (old, new) = text.split_once('=').ok_or_else(unknown)?;
        let new = new.rsplit('.').next().unwrap_or(new);
        let parts: Vec<&str> = old.split('.').collect();
        let table = |schema: &str, table: &str| {
            catalog
                .get(&Key::new(Kind::Relation, &[schema, table]))
                .is_some()
        };
        let column = |schema: &str, table: &str, column: &str| {
            catalog
                .get(&Key::new(Kind::Column, &[schema, table, column]))
                .is_some()
        };
        let (schema, name, part) = match *parts.as_slice() {
            [name] if table("public", name) => ("public", name, None),
            [schema, name] if table(schema, name) => (schema, name, None),
            [name, part] if column("public", name, part) => ("public", name, Some(part)),
            [schema, name, part] if column(schema, name, part) => (schema, name, Some(part)),
            _ => return Err(unknown().into()),
        };
        let (there, back) = match part {
            None => {
                let of = |from: &str, to: &str| {
                    format!(
                        "ALTER TABLE {} RENAME TO {}",
                        Qualified { schema, name: from },
                        Ident(to)
                    )
                };
                (of(name, new), of(new, name))
            }
            Some(part) => {
                let of = |from: &str, to: &str| {
                    let table = Qualified { schema, name };
                    format!(
                        "ALTER TABLE {table} RENAME COLUMN {} TO {}",
                        Ident(from),
                        Ident(to)
                    )
                };
                (of(part, new), of(new, part))
            }
        };
        all.up.push(there);
        all.down.insert(0, back);
    }
    Ok(all)
}

/// What went and came, and looks alike: the flags that would rename it.
pub(super) fn candidates(from: &Catalog, to: &Catalog) -> Vec<String> {
    let mut flags = Vec::new();
    let only = |catalog: &Catalog, other: &Catalog, kind: Kind| -> Vec<Key> {
        let all = catalog
            .of_kind(kind)
            .filter(|(key, _)| other.get(key).is_none());
        all.map(|(key, _)| key.clone()).collect()
    };
    let shape = |catalog: &Catalog, key: &Key| -> BTreeMap<String, String> {
        let columns = catalog.below(Kind::Column, &[key.part(0), key.part(1)]);
        columns
            .map(|(key, fact)| {
                (
                    key.name().to_owned(),
                    fact.get("type").unwrap_or_default().to_owned(),
                )
            })
            .collect()
    };
    let new = only(to, from, Kind::Relation);
    for old in only(from, to, Kind::Relation) {
        let was = shape(from, &old);
        for new in new.iter().filter(|new| new.part(0) == old.part(0)) {
            let is = shape(to, new);
            let common = was
                .iter()
                .filter(|(name, of)| is.get(*name) == Some(of))
                .count();
            // the same, or nearly
            if common > 0 && common * 4 >= was.len().max(is.len()) * 3 {
                flags.push(format!(
                    "--rename {}.{}={}",
                    old.part(0),
                    old.part(1),
                    new.part(1)
                ));
            }
        }
    }
    let new = only(to, from, Kind::Column);
    for old in only(from, to, Kind::Column) {
        let of = |catalog: &Catalog, key: &Key| {
            let fact = catalog.get(key)?;
            Some((
                fact.get("type").map(str::to_owned),
                fact.is("not_null"),
                fact.get("default").map(str::to_owned),
            ))
        };
        let beside = |it: &&Key| it.part(0) == old.part(0) && it.part(1) == old.part(1);
        for new in new.iter().filter(beside) {
            if of(from, &old) == of(to, new) {
                let place = [old.part(0), old.part(1), old.part(2)].join(".");
                flags.push(format!("--rename {place}={}", new.part(2)));
            }
        }
    }
    flags
}
