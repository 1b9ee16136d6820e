//! Sources of truth: what the migrations are to lead to.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{
    catalog::{Catalog, Key},
    job::{JobError, failure::AutogenerateError},
    migration::source::Migrations,
    replay::schema::{Printer, edits},
    schema_rs::{
        merge,
        parse::{CustomType, Edit, parse},
        patch::PatchError,
    },
};

/// What the migrations are to lead to.
#[derive(Debug)]
pub(crate) enum Truth<'t> {
    /// The schema files of the project, as a person has edited them.
    SchemaRs(&'t Printer),
    /// SQL that makes everything in an empty database: where it stands, and its text.
    Sql(Vec<(PathBuf, String)>),
    /// What the migrations lead to, once SQL has been run over it: where it stands, and its text.
    Over(Vec<(PathBuf, String)>),
    /// What other migrations lead to.
    Migrations(&'t Migrations),
}

/// What the edited schema files want of a catalog.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The catalog with the edits.
    pub(crate) catalog: Catalog,
    /// What they say that PostgreSQL cannot have.
    pub(crate) remark: Option<String>,
}

/// What the edited schema files want of a catalog.
pub(crate) fn wanted(printer: &Printer, from: &Catalog) -> Result<Wanted, JobError> {
    let (files, other) = merge::settled(edits(printer, from)?, from);
    let mut catalog = from.clone();
    for edits in files {
        catalog = merge::apply(&edits, &catalog)
            .map_err(|error| AutogenerateError::Apply(Box::new(error)))?;
    }
    let other: Vec<String> = other.iter().map(ToString::to_string).collect();
    let remark = (!other.is_empty()).then(|| {
        format!(
            "the schema file shows {} differently from its parent table: what it says about the parent counts",
            other.join(", ")
        )
    });
    Ok(Wanted { catalog, remark })
}

/// The tables that the edited schema files no longer have.
pub(crate) fn dropped(printer: &Printer, from: &Catalog) -> Result<BTreeSet<Key>, JobError> {
    let all = edits(printer, from)?;
    Ok(merge::dropped(&all.concat(), from))
}

/// What is left to do, in people's words, where migrations have led to a catalog that was to become another one.
pub(super) fn left(
    printer: &Printer,
    wanted: &Catalog,
    found: &Catalog,
) -> Result<Vec<String>, JobError> {
    let edits = match edits(printer, found) {
        // the patch is for the schema as it was: without it, too, the same is printed of both
        Err(JobError::Patch(PatchError::Misfit { .. })) => unpatched(printer, wanted, found)?,
        edits => edits?,
    };
    let (files, _) = merge::settled(edits, found);
    Ok(files.iter().flatten().map(|edit| format!("{edit:?}")).collect())
}

/// What differs between two catalogs in the eyes of schema.rs.
fn unpatched(
    printer: &Printer,
    wanted: &Catalog,
    found: &Catalog,
) -> Result<Vec<Vec<Edit>>, JobError> {
    let mut printer = printer.clone();
    for config in printer.schemas.all.values_mut() {
        config.patch_file = None;
    }
    let (wanted_files, found_files) = (printer.print(wanted)?.0, printer.print(found)?.0);
    let mut all = Vec::new();
    for (wanted_file, found_file) in wanted_files.iter().zip(&found_files) {
        let read = |text: &str, catalog: &Catalog| {
            let read = parse(text, &wanted_file.key, &CustomType::of(catalog));
            read.map_err(|error| AutogenerateError::Parse(Box::new(error)))
        };
        let wanted = read(&wanted_file.text, wanted)?;
        all.push(wanted.changes(&read(&found_file.text, found)?));
    }
    Ok(all)
}
