//! Sources of truth: what the migrations are to lead to.

use std::path::PathBuf;

use crate::{
    catalog::Catalog,
    job::{JobError, failure::AutogenerateError, schema::Printer},
    project::schema_file,
    schema_rs::{
        config::Docs,
        merge,
        parse::{CustomType, Edit, parse},
    },
};

/// What the migrations are to lead to.
#[derive(Debug)]
pub enum Truth<'t> {
    /// The schema files of the project, as a person has edited them.
    SchemaRs(&'t Printer),
    /// SQL that makes everything in an empty database: where it stands, and its text.
    Sql(Vec<(PathBuf, String)>),
}

/// What the edited schema files want of a catalog.
pub(in crate::job) fn wanted(printer: &Printer, from: &Catalog) -> Result<Catalog, JobError> {
    let mut to = from.clone();
    for edits in edits(printer, from)? {
        to =
            merge::apply(&edits, &to).map_err(|error| AutogenerateError::Apply(Box::new(error)))?;
    }
    Ok(to)
}

/// What was edited in each file, against what is printed of a catalog.
pub(super) fn edits(printer: &Printer, from: &Catalog) -> Result<Vec<Vec<Edit>>, JobError> {
    let elsewhere = CustomType::of(from);
    let (printed, _) = printer.print(from)?;
    let mut all = Vec::new();
    for file in printed {
        let Some(path) = &file.file else { continue };
        let shown = printer.shown(path);
        let Some(edited) = schema_file::read(path)? else {
            return Err(AutogenerateError::NoFile { path: shown }.into());
        };
        let read = |text: &str| {
            let read = parse(text, &shown, &elsewhere);
            read.map_err(|error| AutogenerateError::Parse(Box::new(error)))
        };
        let mut edits = read(&edited)?.changes(&read(&file.text)?);
        let config = printer.schemas.all.get(&file.key);
        if config.is_some_and(|it| it.with_docs == Docs::None) {
            edits.retain(|edit| !matches!(edit, Edit::ChangedComment { .. }));
        }
        all.push(edits);
    }
    if all.is_empty() {
        return Err(AutogenerateError::NoTruth.into());
    }
    Ok(all)
}
