//! What a person has edited in schema files.

use crate::{
    catalog::Catalog,
    job::{JobError, failure::AutogenerateError},
    project::schema_file,
    replay::schema::Printer,
    schema_rs::{
        Compat,
        config::Docs,
        parse::{CustomType, Edit, common, parse},
        patch::{self, PatchError},
    },
};

/// What was edited in each file, against what is printed of a catalog: by glowplug, or by Diesel.
pub(crate) fn edits(printer: &Printer, from: &Catalog) -> Result<Vec<Vec<Edit>>, JobError> {
    let elsewhere = CustomType::of(from);
    let mut all = Vec::new();
    for (key, config) in &printer.schemas.all {
        let Some(path) = &config.file else { continue };
        let shown = printer.shown(path);
        let (printed, _) = printer.unpatched(from, config)?;
        let Some(text) = schema_file::read(path)? else {
            return Err(AutogenerateError::NoFile { path: shown }.into());
        };
        let (printed, text) = match printer.patched(printed.clone(), config) {
            Ok(patched) => (patched, text),
            // it was made for another state of the database; what it changes in the file is no edit
            Err(error @ JobError::Patch(PatchError::Misfit { .. })) => {
                let patch = printer.patch(config)?.unwrap_or_default();
                match patch::take_off(&text, &patch) {
                    Some(text) => (printed, text),
                    None => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        let read = |text: &str| {
            let read = parse(text, &shown, &elsewhere);
            read.map_err(|error| AutogenerateError::Parse(Box::new(error)))
        };
        let edited = read(&text)?;
        let mut edits = edited.changes(&read(&printed)?);
        if is_of_diesel_1(&text) {
            // it knew no lengths
            edits.retain(|it| !matches!(it, Edit::ChangedMaxLength { .. }));
        }
        if !edits.is_empty()
            && let Some(other) = printed_otherwise(printer, key, from)
            && let Ok(other) = read(&other)
        {
            edits = common(edits, edited.changes(&other));
        }
        if config.with_docs == Docs::None {
            edits.retain(|edit| !matches!(edit, Edit::ChangedComment { .. }));
        }
        all.push(edits);
    }
    if all.is_empty() {
        return Err(AutogenerateError::NoTruth.into());
    }
    Ok(all)
}

/// Whether a file is one that Diesel 1 has printed: it wrote `table!` by its bare name, and no lengths.
fn is_of_diesel_1(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    !text.contains("max_length")
        && !text.contains("diesel::table!")
        && lines.any(|line| line.starts_with("table!"))
}

/// A file as Diesel prints it, or as glowplug does where it is to print as Diesel. None where that cannot be printed.
fn printed_otherwise(printer: &Printer, key: &str, from: &Catalog) -> Option<String> {
    let mut printer = printer.clone().only(key)?;
    printer.style.compat = match printer.style.compat {
        Compat::Right => Compat::Diesel,
        Compat::Diesel => Compat::Right,
    };
    let (files, _) = printer.print(from).ok()?;
    files.into_iter().next().map(|it| it.text)
}
