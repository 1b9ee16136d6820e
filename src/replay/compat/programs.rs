//! Where the two programs are read.

use std::path::{Path, PathBuf};

use crate::{
    catalog::Catalog,
    compat::{
        Program,
        program::{Column, Join, Name, Table, Type},
        queries::QueryFile,
        used,
    },
    job::{JobError, failure::CompatError},
    migration::version::Version,
    project::{
        ProjectError,
        git::{Commit, Git},
        root, schema_file, sources,
    },
    replay::{
        compat::{CompatRequest, Side},
        schema::Printer,
    },
    schema_rs::parse::{CustomType, ParseError, Source, parse},
};

/// What the running program is said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    /// The newest tag, else the branch of the remote, else what the migrations that are applied lead to.
    Default,
    /// A revision of git, or a schema.rs.
    Named(String),
}

/// What the running program turned out to be.
pub(super) struct Origin {
    /// Its name: `v1.4`.
    pub(super) name: String,
    /// What it is, for people: `v1.4 (the newest tag)`.
    pub(super) told: String,
    /// The repository.
    pub(super) git: Option<Git>,
    /// The commit, if it is one.
    pub(super) commit: Option<Commit>,
    /// The schema files: their names and texts. None where they are what the migrations lead to.
    files: Option<Vec<(PathBuf, String)>>,
    /// The migrations that were there.
    pub(super) versions: Option<Vec<Version>>,
}

/// Finds the running program.
pub(super) fn origin(
    request: &CompatRequest<'_>,
    notes: &mut Vec<String>,
) -> Result<Origin, JobError> {
    let git = Git::at(&request.root);
    match &request.from {
        From::Named(text) => named(request, git, text),
        From::Default => {
            let tag = git.as_ref().and_then(Git::newest_tag);
            let tag = tag.map(|it| (it, "the newest tag"));
            let head = ("origin/HEAD".to_owned(), "the branch of the remote");
            for (revision, what) in tag.into_iter().chain([head]) {
                let known =
                    git.as_ref().and_then(|git| Some((git.clone(), git.commit(&revision)?)));
                let Some((git, commit)) = known else { continue };
                let told = format!("{revision}, {what}");
                match of_commit(request, git, commit, (&revision, told)) {
                    Err(JobError::Compat(CompatError::NoSchema { files, .. })) => {
                        notes.push(format!("{revision} has no {files}: looking elsewhere"));
                    }
                    found => return found,
                }
            }
            Ok(Origin {
                name: "the applied migrations".into(),
                told: "what the applied migrations lead to".into(),
                git,
                commit: None,
                files: None,
                versions: None,
            })
        }
    }
}

fn named(request: &CompatRequest<'_>, git: Option<Git>, text: &str) -> Result<Origin, JobError> {
    let path = request.printer.current.join(text);
    if path.is_file() {
        let files = vec![(PathBuf::from(text), schema_file::read_existing(&path)?)];
        let (name, told) = (text.to_owned(), text.to_owned());
        return Ok(Origin { name, told, git, commit: None, files: Some(files), versions: None });
    }
    let known = git.and_then(|git| Some((git.clone(), git.commit(text)?)));
    let Some((git, commit)) = known else {
        return Err(CompatError::UnknownRevision { text: text.to_owned() }.into());
    };
    of_commit(request, git, commit, (text, text.to_owned()))
}

fn of_commit(
    request: &CompatRequest<'_>,
    git: Git,
    commit: Commit,
    (name, told): (&str, String),
) -> Result<Origin, JobError> {
    let paths: Vec<PathBuf> =
        files(request.printer).map(|it| root::relative(it, &request.root)).collect();
    let texts = git.texts(&commit, &paths)?;
    let found = paths.iter().zip(texts).filter_map(|(path, text)| Some((path.clone(), text?)));
    let found: Vec<(PathBuf, String)> = found.collect();
    if found.is_empty() {
        let names: Vec<String> = paths.iter().map(|it| it.display().to_string()).collect();
        let files = names.join(", ");
        return Err(CompatError::NoSchema { revision: name.to_owned(), files }.into());
    }
    let shown: Vec<String> = found.iter().map(|(path, _)| path.display().to_string()).collect();
    let versions = git.versions(&commit, &request.migrations_dir)?;
    Ok(Origin {
        name: name.to_owned(),
        told: format!("{} of {told}", shown.join(", ")),
        git: Some(git),
        commit: Some(commit),
        files: Some(found),
        versions: Some(versions),
    })
}

/// The schema files of a project.
fn files(printer: &Printer) -> impl Iterator<Item = &PathBuf> {
    printer.schemas.all.values().filter_map(|it| it.file.as_ref())
}

/// The running program. `catalog` is what the migrations that are applied lead to.
pub(super) fn running(
    request: &CompatRequest<'_>,
    origin: &Origin,
    catalog: &Catalog,
) -> Result<Side, JobError> {
    let files = match &origin.files {
        Some(files) => files.clone(),
        None => printed(request.printer, catalog)?,
    };
    let program = program(&files, catalog)?;
    let at_commit = origin.git.as_ref().zip(origin.commit.as_ref());
    let sources = match &request.used {
        Some(used) => Some(source_files(request, used, at_commit, "rs")?),
        None => None,
    };
    let used = sources.map(|it| used::used(&program, &it));
    let queries = queries(request, at_commit)?;
    Ok(Side { program, used, queries, told: origin.told.clone() })
}

/// The new program. `catalog` is what all migrations lead to.
pub(super) fn new(
    request: &CompatRequest<'_>,
    origin: &Origin,
    catalog: &Catalog,
) -> Result<Side, JobError> {
    let mut found = Vec::new();
    for path in files(request.printer) {
        if let Some(text) = schema_file::read(path)? {
            found.push((root::relative(path, &request.root), text));
        }
    }
    let names: Vec<String> = found.iter().map(|(path, _)| path.display().to_string()).collect();
    let told = match found.is_empty() {
        true => {
            found = printed(request.printer, catalog)?;
            "what the migrations lead to".to_owned()
        }
        false => names.join(", "),
    };
    let program = program(&found, catalog)?;
    // without a revision, the directory is the running program's
    let used = request.used.as_ref().filter(|_| origin.commit.is_some());
    let sources = used.map(|used| source_files(request, used, None, "rs")).transpose()?;
    let used = sources.map(|it| used::used(&program, &it));
    Ok(Side { program, used, queries: queries(request, None)?, told })
}

/// Whether the new program has a schema file.
pub(super) fn has_files(printer: &Printer) -> bool {
    files(printer).any(|it| it.is_file())
}

fn printed(printer: &Printer, catalog: &Catalog) -> Result<Vec<(PathBuf, String)>, JobError> {
    let (printed, _) = printer.print(catalog)?;
    let name = |file: Option<PathBuf>| file.unwrap_or_else(|| PathBuf::from("schema.rs"));
    Ok(printed.into_iter().map(|it| (name(it.file), it.text)).collect())
}

/// Source files below a path: on disk, or at a commit.
fn source_files(
    request: &CompatRequest<'_>,
    below: &Path,
    at_commit: Option<(&Git, &Commit)>,
    extension: &str,
) -> Result<Vec<(PathBuf, String)>, ProjectError> {
    let Some((git, commit)) = at_commit else {
        let files = sources::read(&request.root.join(below), extension)?;
        let shown = |(path, text): (PathBuf, String)| (root::relative(&path, &request.root), text);
        return Ok(files.into_iter().map(shown).collect());
    };
    let mut paths = git.files(commit, below)?;
    paths.retain(|it| it.extension().is_some_and(|it| it == extension));
    let texts = git.texts(commit, &paths)?;
    Ok(paths.into_iter().zip(texts).filter_map(|(path, text)| Some((path, text?))).collect())
}

/// The files of queries that a project names: each file, and those in directories that say so.
fn queries(
    request: &CompatRequest<'_>,
    at_commit: Option<(&Git, &Commit)>,
) -> Result<Vec<QueryFile>, JobError> {
    let mut found = Vec::new();
    for path in &request.queries {
        let is_file = path.extension().is_some_and(|it| it == "sql");
        let files = match (is_file, at_commit) {
            (true, Some((git, commit))) => {
                git.text(commit, path)?.map(|it| (path.clone(), it)).into_iter().collect()
            }
            (true, None) => {
                let text = schema_file::read(&request.root.join(path))?;
                text.map(|it| (path.clone(), it)).into_iter().collect()
            }
            (false, None) if !request.root.join(path).is_dir() => Vec::new(),
            (false, _) => source_files(request, path, at_commit, "sql")?,
        };
        for (path, text) in files {
            if is_file || QueryFile::is_marked(&text) {
                let path = path.display().to_string();
                let read = QueryFile::read(path.clone(), text);
                found.push(read.map_err(|error| CompatError::Queries { path, error })?);
            }
        }
    }
    Ok(found)
}

/// What schema files say of a program.
fn program(files: &[(PathBuf, String)], catalog: &Catalog) -> Result<Program, CompatError> {
    let mut program = Program::default();
    for (path, text) in files {
        let shown = path.display().to_string();
        let source = match parse(text, &shown, &[]) {
            // it may come from elsewhere in the crate
            Err(ParseError::UnknownType { .. }) => parse(text, &shown, &CustomType::of(catalog)),
            parsed => parsed,
        };
        add(&mut program, source.map_err(Box::new)?, &module(path));
    }
    Ok(program)
}

/// The module that a file is.
fn module(path: &Path) -> String {
    let stem = |path: &Path| path.file_stem().map(|it| it.to_string_lossy().into_owned());
    match stem(path).as_deref() {
        Some("mod") => path.parent().and_then(stem).unwrap_or_default(),
        Some(name) => name.to_owned(),
        None => String::new(),
    }
}

fn add(program: &mut Program, source: Source, module: &str) {
    for table in source.tables {
        let columns: Vec<Column> = table
            .columns
            .into_iter()
            .map(|it| {
                let is_array = it.tpe.element.is_some();
                let (schema, name) = it.tpe.base();
                let tpe = Type { schema: schema.to_owned(), name: name.to_owned(), is_array };
                Column { rust_name: it.rust_name, name: it.name, tpe, nullable: it.nullable }
            })
            .collect();
        let place = |name: &String| columns.iter().position(|it| it.name == *name);
        let modules = [module.to_owned()].into_iter().chain(table.module);
        let path: Vec<String> = modules.chain([table.rust_name]).collect();
        let name = Name { schema: table.name.schema, name: table.name.name };
        if program.find(&name).is_none() {
            program.tables.push(Table {
                path: path.join("::"),
                name,
                key: table.primary_key.iter().filter_map(place).collect(),
                columns,
            });
        }
    }
    for join in source.joins {
        let find = |it: crate::schema_rs::parse::TableName| {
            program.find(&Name { schema: it.schema, name: it.name })
        };
        let (Some(child), Some(parent)) = (find(join.child), find(join.parent)) else { continue };
        let columns = &program.tables[child].columns;
        if let Some(column) = columns.iter().position(|it| it.name == join.column) {
            program.joins.push(Join { child, column, parent });
        }
    }
}
