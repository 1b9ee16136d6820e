//! Alembic's migrations, as it prints them itself.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    job::{
        JobError,
        adopt::{AdoptRequest, look::Seen, now},
        failure::AdoptError,
    },
    project::{
        ProjectError,
        other::{self, Alembic, Said},
    },
    tools::{
        Conversion, Tool, ToolError,
        alembic::{self, Printed, Revision, printed},
    },
};

/// Converts the revisions of a directory.
pub(super) async fn convert(
    request: &AdoptRequest<'_>,
    seen: &Seen,
    dir: &Path,
    shown: &str,
) -> Result<(Conversion, Vec<Revision>), JobError> {
    let revisions = alembic::revisions(&other::files(dir, shown, &[".py"])?);
    if revisions.is_empty() {
        return Err(ToolError::NoFiles { tool: Tool::Alembic.label() }.into());
    }
    let program = Alembic::of(&home(dir, request.root), request.alembic);
    let said = run(&program, vec!["upgrade".into(), "base:heads".into(), "--sql".into()]).await?;
    let ups = printed(&said.output);
    if !said.succeeded {
        let last = ups.last().and_then(|it| it.to.first());
        let what = last.map_or("the migrations".to_owned(), |it| format!("revision {it}"));
        return Err(AdoptError::Alembic { what, said: said.last }.into());
    }
    let downs = downs(&program, &revisions).await?;
    let table = seen.recognized.table.as_ref();
    let table = table.map_or("alembic_version", |it| it.name.as_str());
    let conversion = alembic::convert(&revisions, (&ups, &downs), table, &now())?;
    Ok((conversion, revisions))
}

/// The revisions of a project, for what its table says of heads; none if it is not Alembic's.
pub(super) fn revisions_of(
    request: &AdoptRequest<'_>,
    seen: &Seen,
) -> Result<Vec<Revision>, JobError> {
    let dir = match (request.files, &seen.recognized.place) {
        _ if seen.recognized.tool != Some(Tool::Alembic) => return Ok(Vec::new()),
        (Some(dir), _) => dir.to_owned(),
        (None, Some(place)) => request.root.join(&place.dir),
        (None, None) => return Err(ToolError::NoFiles { tool: Tool::Alembic.label() }.into()),
    };
    Ok(alembic::revisions(&other::files(&dir, &dir.display().to_string(), &[".py"])?))
}

/// Where Alembic's settings are: the nearest directory upwards that has them.
fn home(dir: &Path, root: &Path) -> PathBuf {
    let has = |it: &&Path| it.join("alembic.ini").is_file();
    let above = dir.ancestors().take_while(|it| it.starts_with(root));
    let found = above.into_iter().find(has);
    found.unwrap_or(root).to_owned()
}

/// The ways down. Where one fails, those below it are asked for by themselves.
async fn downs(program: &Alembic, revisions: &[Revision]) -> Result<Vec<Printed>, JobError> {
    let mut all: Vec<Printed> = Vec::new();
    let mut failed: BTreeSet<String> = BTreeSet::new();
    let mut from = "heads".to_owned();
    loop {
        let range = format!("{from}:base");
        let said = run(program, vec!["downgrade".into(), range, "--sql".into()]).await?;
        let mut steps = printed(&said.output);
        if said.succeeded {
            all.append(&mut steps);
            return Ok(all);
        }
        // the last one is the one that failed
        let Some(last) = steps.pop() else { break };
        all.append(&mut steps);
        failed.extend(last.from.iter().cloned());
        match &last.to[..] {
            [] => break,
            [one] if is_linear(revisions) => from.clone_from(one),
            _ => break,
        }
    }
    let known: BTreeSet<String> = all.iter().flat_map(|it| it.from.clone()).collect();
    let open = revisions.iter().filter(|it| !known.contains(&it.id) && !failed.contains(&it.id));
    for revision in open {
        let parent = revision.parents.first().map_or("base", String::as_str);
        let range = format!("{}:{parent}", revision.id);
        let said = run(program, vec!["downgrade".into(), range, "--sql".into()]).await?;
        if said.succeeded {
            let steps = printed(&said.output).into_iter();
            all.extend(steps.filter(|it| it.from == [revision.id.clone()]));
        }
    }
    Ok(all)
}

/// Whether no revision has two children or two parents.
fn is_linear(revisions: &[Revision]) -> bool {
    let mut parents: BTreeSet<&str> = BTreeSet::new();
    revisions.iter().all(|it| {
        it.parents.len() < 2
            && it.depends_on.is_empty()
            && it.parents.iter().all(|parent| parents.insert(parent))
    })
}

async fn run(program: &Alembic, arguments: Vec<String>) -> Result<Said, JobError> {
    let program = program.clone();
    let said = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        program.run(&arguments)
    });
    match said.await.expect("running a program does not panic") {
        Err(ProjectError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            let said = "the program `alembic` was not found".to_owned();
            Err(AdoptError::Alembic { what: "the migrations".into(), said }.into())
        }
        said => Ok(said?),
    }
}
