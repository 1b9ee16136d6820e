//! What another tool has run, by the rows of its table.

use std::collections::{BTreeMap, BTreeSet};

use crate::tools::{
    Converted, Tool, ToolError,
    alembic::{Revision, ancestors},
    flyway,
    numbered::number,
};

/// A row of a tool's table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// What it ran.
    pub id: String,
    /// When, if it says so.
    pub at: Option<String>,
    /// The checksum of what it ran.
    pub checksum: Option<String>,
    /// How that ended.
    pub state: String,
}

/// What is known of a migration that a tool has run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// When it ran, if the tool says so.
    pub at: Option<String>,
    /// The checksum that the tool keeps.
    pub checksum: Option<String>,
}

impl Row {
    /// Reads a row of the [query](super::table::rows).
    #[must_use]
    pub(crate) fn read(row: Vec<Option<String>>) -> Self {
        let mut values = row.into_iter();
        let mut next = || values.next().flatten();
        let id = next().unwrap_or_default();
        Self { id, at: next(), checksum: next(), state: next().unwrap_or_default() }
    }
}

/// Which migrations a tool has run, by what it calls them.
///
/// # Errors
/// When one has failed, or is not among the migrations.
pub(crate) fn applied(
    tool: Tool,
    rows: &[Row],
    migrations: &[Converted],
    revisions: &[Revision],
) -> Result<BTreeMap<String, Evidence>, ToolError> {
    let known: BTreeSet<&str> = migrations.iter().map(|it| it.id.as_str()).collect();
    // a migration that failed and was run again later has a newer row
    let mut newest: BTreeMap<String, &Row> = BTreeMap::new();
    for row in rows {
        newest.insert(normal(tool, &row.id), row);
    }
    let failed = newest.values().filter(|it| it.state == "failed");
    let failed: Vec<String> = failed.map(|it| it.id.clone()).collect();
    if !failed.is_empty() {
        return Err(ToolError::Failed { tool: tool.label(), ids: failed });
    }
    let evidence = |row: &Row| Evidence { at: row.at.clone(), checksum: row.checksum.clone() };
    let mut all: BTreeMap<String, Evidence> = BTreeMap::new();
    match tool {
        Tool::Alembic => {
            let heads: Vec<String> = rows.iter().map(|it| it.id.clone()).collect();
            let there: BTreeSet<&str> = revisions.iter().map(|it| it.id.as_str()).collect();
            let gone = heads.iter().filter(|it| !there.contains(it.as_str()));
            missing(tool, gone.cloned().collect())?;
            let ids = ancestors(revisions, &heads);
            // merges are revisions, and no migrations
            let ids = ids.into_iter().filter(|it| known.contains(it.as_str()));
            all.extend(ids.map(|id| (id, Evidence::default())));
        }
        Tool::GolangMigrate => {
            // one row: the newest, and all before it
            let Some(newest) = rows.last().map(|it| it.id.clone()) else { return Ok(all) };
            let Some(at) = migrations.iter().position(|it| it.id == newest) else {
                missing(tool, vec![newest])?;
                return Ok(all);
            };
            let ids = migrations[..=at].iter().map(|it| it.id.clone());
            all.extend(ids.map(|id| (id, Evidence::default())));
        }
        _ => {
            let baseline = newest.iter().find(|(_, row)| row.state == "baseline");
            let baseline = baseline.map(|(id, row)| (id.clone(), evidence(row)));
            let done = newest.iter().filter(|(_, row)| row.state == "done");
            all.extend(done.map(|(id, row)| (id.clone(), evidence(row))));
            if let Some((id, evidence)) = baseline {
                let at = migrations.iter().position(|it| it.id == id);
                missing(tool, at.is_none().then_some(id).into_iter().collect())?;
                let below = migrations.iter().take(at.map_or(0, |it| it + 1));
                all.extend(below.map(|it| (it.id.clone(), evidence.clone())));
            }
            let gone = all.keys().filter(|it| !known.contains(it.as_str()));
            missing(tool, gone.cloned().collect())?;
        }
    }
    Ok(all)
}

fn missing(tool: Tool, ids: Vec<String>) -> Result<(), ToolError> {
    match ids.is_empty() {
        true => Ok(()),
        false => Err(ToolError::Missing { tool: tool.label(), ids }),
    }
}

/// What a row calls a migration, as its file does.
fn normal(tool: Tool, id: &str) -> String {
    match tool {
        Tool::Flyway => match id.strip_prefix("R:") {
            Some(description) => flyway::repeatable(description),
            None => flyway::id(id),
        },
        Tool::Sqlx | Tool::Refinery | Tool::GolangMigrate => number(id).to_owned(),
        _ => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{File, convert};

    fn migrations(tool: Tool, names: &[&str]) -> Vec<Converted> {
        let text = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n";
        let file = |name: &&str| File { path: (*name).to_owned(), text: text.to_owned() };
        let files: Vec<File> = names.iter().map(file).collect();
        convert(tool, &files, &[], "2026").unwrap().migrations
    }

    fn row(id: &str, state: &str) -> Row {
        Row { id: id.into(), state: state.into(), ..Row::default() }
    }

    #[test]
    fn rows_tell_which_migrations_ran() {
        let of = |tool, names: &[&str], rows: &[Row]| match applied(
            tool,
            rows,
            &migrations(tool, names),
            &[],
        ) {
            Ok(all) => all.into_keys().collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        };
        let sqlx = ["0001_a.sql", "0002_b.sql"];
        assert_eq!(of(Tool::Sqlx, &sqlx, &[row("1", "done")]), "1");
        assert_eq!(
            of(Tool::Sqlx, &sqlx, &[row("1", "done"), row("2", "failed")]),
            "sqlx records a failed migration: 2"
        );
        assert_eq!(
            of(Tool::Sqlx, &sqlx, &[row("7", "done")]),
            "sqlx has applied migrations whose files were not found: 7"
        );
        let golang = ["1_a.up.sql", "2_b.up.sql", "10_c.up.sql"];
        assert_eq!(of(Tool::GolangMigrate, &golang, &[row("2", "done")]), "1 2");
        let prisma = ["1_a/migration.sql", "2_b/migration.sql"];
        let rows = [row("1_a", "reverted"), row("1_a", "done"), row("2_b", "reverted")];
        assert_eq!(of(Tool::Prisma, &prisma, &rows), "1_a");
        let flyway = ["V1__a.sql", "V1.1__b.sql", "V2__c.sql", "R__v_x.sql"];
        let rows = [row("1.1", "baseline"), row("2.0", "done"), row("R:v x", "done")];
        assert_eq!(of(Tool::Flyway, &flyway, &rows), "1 1.1 2 R:v x");
        let dbmate = ["20230101_a.sql"];
        assert_eq!(of(Tool::Dbmate, &dbmate, &[]), "");
    }
}
