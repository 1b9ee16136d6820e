//! Alembic's migrations, as it prints them itself.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    history::adopt::{AdoptRequest, look::Seen, now},
    job::{JobError, failure::AdoptError},
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

/// The ways down. Where one fails, the rest is asked for chain by chain: starting the program takes longer than what it prints.
async fn downs(program: &Alembic, revisions: &[Revision]) -> Result<Vec<Printed>, JobError> {
    let mut all: Vec<Printed> = Vec::new();
    let answering = revisions.iter().filter(|it| !it.refuses_downgrade);
    let mut open: BTreeSet<&str> = answering.map(|it| it.id.as_str()).collect();
    let mut whole = (open.len() == revisions.len()).then(|| "heads:base".to_owned());
    while let Some(range) = whole.take().or_else(|| chain(revisions, &open)) {
        let tip = range.split(':').next().unwrap_or_default().to_owned();
        let said = run(program, vec!["downgrade".into(), range, "--sql".into()]).await?;
        let mut steps = printed(&said.output);
        let asked: BTreeSet<String> =
            steps.iter().flat_map(|it| it.from.clone()).chain([tip]).collect();
        if !said.succeeded {
            // the last one is the one that failed
            steps.pop();
        }
        steps.retain(|it| it.from.iter().all(|id| open.contains(id.as_str())));
        open.retain(|it| !asked.contains(*it));
        all.append(&mut steps);
    }
    Ok(all)
}

/// The range of a revision that is still open and of those below it, as far as there are neither branches nor merges.
fn chain(revisions: &[Revision], open: &BTreeSet<&str>) -> Option<String> {
    let children = |id: &str| {
        let all = revisions.iter().filter(|it| it.parents.iter().any(|it| it == id));
        all.collect::<Vec<_>>()
    };
    let of = |id: &str| revisions.iter().find(|it| it.id == id);
    // one with a single child that is open and no merge belongs to the chain of that
    let goes_on = |it: &Revision| match &children(&it.id)[..] {
        [one] => one.parents.len() == 1 && open.contains(one.id.as_str()),
        _ => false,
    };
    let tip = revisions.iter().find(|it| open.contains(it.id.as_str()) && !goes_on(it))?;
    let mut last = tip;
    while let [parent] = &last.parents[..]
        && let Some(next) = of(parent).filter(|it| open.contains(it.id.as_str()) && goes_on(it))
    {
        last = next;
    }
    let below = last.parents.first().map_or("base", String::as_str);
    Some(format!("{}:{below}", tip.id))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_are_asked_for_in_chains_between_branches_and_merges() {
        let revision = |(id, parents): &(&str, &[&str])| Revision {
            id: (*id).to_owned(),
            parents: parents.iter().map(|it| (*it).to_owned()).collect(),
            ..Revision::default()
        };
        let all: [(&str, &[&str]); 7] = [
            ("a", &[]),
            ("b", &["a"]),
            ("c", &["b"]),
            ("d", &["c"]),
            ("x", &["b"]),
            ("m", &["d", "x"]),
            ("n", &["m"]),
        ];
        let revisions: Vec<Revision> = all.iter().map(revision).collect();
        let next = |open: &[&str]| chain(&revisions, &open.iter().copied().collect());
        let of = |open: &[&str]| next(open).unwrap_or_default();
        assert_eq!(of(&["a", "b", "c", "d", "x", "m", "n"]), "b:base");
        assert_eq!(of(&["c", "d", "x", "m", "n"]), "d:b");
        assert_eq!(of(&["c", "x", "m", "n"]), "c:b");
        assert_eq!(of(&["m", "n"]), "n:d");
        assert_eq!(next(&[]), None);
    }
}
