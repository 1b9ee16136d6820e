//! What a run leaves of a schema.rs that a person has edited: everything.
//!
//! A file that is not what the database printed before a run has edits. It is written again only where all of them are in the database
//! after the run; else it is left as it is, and that is said.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{
    catalog::Catalog,
    job::{JobError, RunError, Watch, failure::EditsWouldBeLost, open::Endpoint},
    project::{ProjectError, schema_file},
    replay::schema::{Printer, Source, edits},
    report::{
        run::RunReport,
        schema::{FileReport, FileState, SchemaReport},
    },
    schema_rs::{Compat, parse::Edit},
};

/// The schema files before a run.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// Those that are not what the database printed, with what the database had and they did not.
    edited: BTreeMap<PathBuf, BTreeSet<String>>,
}

/// Looks at the schema files before a run.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn before_run(
    endpoint: &Endpoint,
    printer: &Printer,
    watch: Watch<'_>,
) -> Result<Before, JobError> {
    let files = printer.schemas.all.iter();
    let files = files.filter_map(|(key, config)| Some((key, config.file.clone()?)));
    // what cannot be read is not overwritten either
    let text = |file: &Path| schema_file::read(file).ok().flatten();
    let files = files.filter_map(|(key, file)| text(&file).map(|text| (key, file, text)));
    // in an empty one there is nothing to lose
    let files = files.filter(|(.., text)| !text.trim().is_empty());
    let files: Vec<(&String, PathBuf, String)> = files.collect();
    if files.is_empty() {
        return Ok(Before::default());
    }
    let catalog = Source::Database(endpoint).catalog(watch).await?;
    let edited = files.into_iter().filter_map(|(key, file, text)| {
        let is_printed = is_print_of(printer, key, &catalog, &text);
        (!is_printed).then(|| (file, lacking(printer, key, &catalog)))
    });
    Ok(Before { edited: edited.collect() })
}

/// Writes schema.rs after a run, but for files with edits that are not in the database. What cannot be written is noted: the run is done.
///
/// # Errors
/// When it cannot be printed. The error carries what the run did.
pub(crate) async fn after_run(
    endpoint: &Endpoint,
    printer: &Printer,
    before: &Before,
    mut done: RunReport,
    watch: Watch<'_>,
) -> Result<RunReport, RunError> {
    if !printer.has_files() || done.dry_run {
        return Ok(done);
    }
    let written = match Source::Database(endpoint).catalog(watch).await {
        Ok(catalog) => write(printer, before, &catalog, &mut done),
        Err(error) => Err(error),
    };
    match written {
        Ok(()) => Ok(done),
        Err(cause) => Err(RunError { done: Box::new(done), cause }),
    }
}

fn write(
    printer: &Printer,
    before: &Before,
    catalog: &Catalog,
    done: &mut RunReport,
) -> Result<(), JobError> {
    for (key, config) in &printer.schemas.all {
        let Some(path) = &config.file else { continue };
        let shown = printer.shown(path);
        let lacked = before.edited.get(path);
        let is_edited = lacked.is_some();
        let (text, notes) = printer.unpatched(catalog, config)?;
        done.notes.extend(notes);
        let text = match printer.patched(text, config) {
            Err(JobError::Patch(error)) if is_edited => {
                done.notes.push(format!(
                    "{shown} was edited and is left as it is, and {error}; once its edits are in the database, `glowplug schema --update-patch` rewrites the patch"
                ));
                done.schema.push(report(shown, FileState::Kept));
                continue;
            }
            text => text?,
        };
        let found = match schema_file::read(path) {
            Ok(found) => found,
            Err(error) => {
                done.notes.push(unwritten(&shown, &error));
                continue;
            }
        };
        let state = match found {
            Some(found) if found == text => FileState::Fresh,
            Some(found)
                if is_edited && !is_taken_up(printer, key, catalog, (&found, &text), done) =>
            {
                let way_on = match is_planned(printer, key, catalog) {
                    false => {
                        "only its own lines, such as comments, and its order are not in the database: a `patch_file` keeps them"
                    }
                    true => {
                        "it does not match what was last printed; `glowplug revision --autogenerate` turns the edits into migrations"
                    }
                };
                done.notes.push(format!(
                    "{shown} was edited and is left as it is: {way_on}, `glowplug schema --discard-edits` prints it again"
                ));
                let now = lacking(printer, key, catalog);
                let new = now.iter().filter(|it| lacked.is_some_and(|had| !had.contains(*it)));
                let new: Vec<&str> = new.map(String::as_str).collect();
                if !new.is_empty() {
                    done.notes.push(format!(
                        "what is new is not in {shown}: {}; add it there (`glowplug schema --stdout` prints it) before `glowplug revision --autogenerate`, which would drop it",
                        new.join(", ")
                    ));
                }
                FileState::Kept
            }
            _ => match printer.put(path, &text) {
                Ok(()) => FileState::Written,
                Err(error) => {
                    done.notes.push(unwritten(&shown, &error));
                    continue;
                }
            },
        };
        done.schema.push(report(shown, state));
    }
    Ok(())
}

fn report(file: String, state: FileState) -> FileReport {
    FileReport { file, state, difference: None }
}

fn unwritten(shown: &str, error: &ProjectError) -> String {
    let cause = std::error::Error::source(error).map(|it| format!(": {it}"));
    format!(
        "{shown} was not written: {error}{}; `glowplug schema` writes it",
        cause.unwrap_or_default()
    )
}

/// Refuses to write over edits: what a file says and the print does not. A file that only says less is an old one, and one that is what was
/// printed last has no edits.
pub(super) fn demand_none(
    printer: &Printer,
    catalog: &Catalog,
    report: &SchemaReport,
) -> Result<(), JobError> {
    let mut files = Vec::new();
    let mut difference = String::new();
    let all = printer.schemas.all.iter();
    let all = all.filter_map(|(key, config)| Some((key, config, config.file.as_ref()?)));
    for ((key, config, path), report) in all.zip(&report.files) {
        if report.state != FileState::Stale {
            continue;
        }
        let found = schema_file::read(path)?.unwrap_or_default();
        let is_record = printer.record.as_ref().is_some_and(|it| it.has(path, &found));
        if is_record || found.trim().is_empty() || is_print_of(printer, key, catalog, &found) {
            continue;
        }
        let (text, _) = printer.unpatched(catalog, config)?;
        let text = printer.patched(text, config)?;
        let edits = printer.clone().only(key).map(|only| edits(&only, catalog));
        let says_more = match edits {
            Some(Ok(edits)) => edits.iter().flatten().any(|it| !it.takes()),
            // what cannot be read was not printed
            _ => true,
        };
        if says_more || has_more(&found, &text) {
            files.push(report.file.clone());
            difference.extend(report.difference.clone());
        }
    }
    match files.is_empty() {
        true => Ok(()),
        false => Err(EditsWouldBeLost { files, difference }.into()),
    }
}

/// Whether all that a person has written into a file is in the database now, so that what is printed has it, too.
fn is_taken_up(
    printer: &Printer,
    key: &str,
    catalog: &Catalog,
    (found, text): (&str, &str),
    done: &RunReport,
) -> bool {
    if is_print_of(printer, key, catalog, found) {
        return true;
    }
    !done.steps.is_empty() && !is_planned(printer, key, catalog) && !has_more(found, text)
}

/// The tables and columns that the database has and a file has not.
fn lacking(printer: &Printer, key: &str, catalog: &Catalog) -> BTreeSet<String> {
    let only = printer.clone().only(key);
    let edits = only.and_then(|only| edits(&only, catalog).ok()).unwrap_or_default();
    let name = |edit: Edit| match edit {
        Edit::DroppedTable(table) => Some(format!("table {table}")),
        Edit::DroppedColumn { table, column } => Some(format!("column {table}.{column}")),
        _ => None,
    };
    edits.into_iter().flatten().filter_map(name).collect()
}

/// Whether a file has edits that migrations could make.
fn is_planned(printer: &Printer, key: &str, catalog: &Catalog) -> bool {
    let only = printer.clone().only(key);
    let edits = only.map(|only| edits(&only, catalog));
    !matches!(edits, Some(Ok(edits)) if edits.iter().all(Vec::is_empty))
}

/// Whether a file has lines that say something else than which tables there are: comments, imports, types.
fn has_more(found: &str, text: &str) -> bool {
    let printed: BTreeSet<&str> = text.lines().map(str::trim).collect();
    let says = ["//", "#[", "#!", "use ", "pub ", "mod ", "impl ", "type ", "include"];
    let mut lines = found.lines().map(str::trim);
    lines.any(|line| {
        !printed.contains(line)
            && !line.starts_with("#[max_length")
            && says.iter().any(|it| line.starts_with(it))
    })
}

/// Whether a file is printed of a catalog, by this program or by one of Diesel's, however it is laid out.
fn is_print_of(printer: &Printer, key: &str, catalog: &Catalog, text: &str) -> bool {
    let Some(mut printer) = printer.clone().only(key) else {
        return false;
    };
    let wanted = bare(text);
    for compat in [printer.style.compat, Compat::Right, Compat::Diesel] {
        printer.style.compat = compat;
        for config in printer.schemas.all.values() {
            let Ok((plain, _)) = printer.unpatched(catalog, config) else {
                continue;
            };
            let patched = printer.patched(plain.clone(), config);
            if bare(&plain) == wanted || patched.is_ok_and(|it| bare(&it) == wanted) {
                return true;
            }
        }
    }
    false
}

/// A file without what printers differ in: space, commas before what closes, and what Diesel 1 did not print.
fn bare(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let lines =
        lines.filter(|it| !it.starts_with("// @generated") && !it.starts_with("#[max_length"));
    let joined: String = lines.flat_map(str::split_whitespace).collect();
    let joined = joined.replace("diesel::", "");
    [")", "]", "}", ">"]
        .iter()
        .fold(joined, |text, close| text.replace(&format!(",{close}"), close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_no_edit_and_a_column_is_one() {
        let printed = "// @generated automatically by Diesel CLI.\n\ndiesel::table! {\n    a (id) {\n        id -> Int4,\n        #[max_length = 9]\n        s -> Varchar,\n    }\n}\n";
        let old = "table! {\n  a (id) {\n    id -> Int4,\n    s -> Varchar,\n  }\n}\n";
        assert_eq!(bare(printed), bare(old));
        assert_ne!(bare(printed), bare(&old.replace("s ->", "t ->")));
        assert_ne!(bare(printed), bare(&format!("// mine\n{old}")));
    }

    #[test]
    fn comments_and_imports_are_more_than_tables() {
        assert!(has_more("// mine\nid -> Int4,\n", "id -> Int4,\n"));
        assert!(has_more("use crate::X;\n", ""));
        assert!(!has_more("b -> Int4,\na -> Int4,\n", "a -> Int4,\nb -> Int4,\n"));
    }
}
