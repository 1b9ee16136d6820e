//! Which migrations are applied where the running program is, and which are pending.

use std::collections::BTreeSet;

use crate::{
    job::{JobError, Watch, failure::CompatError, open::Endpoint},
    migration::{
        source::{Migration, Migrations},
        target::{History, Point},
        version::Version,
    },
    project::ProjectError,
    replay::compat::{CompatRequest, programs::Origin},
};

/// Where the migrations begin.
pub(super) struct Since<'m> {
    /// What is applied.
    pub(super) base: Migrations,
    /// What is pending, oldest first.
    pub(super) pending: Vec<&'m Migration>,
    /// Why, in words.
    pub(super) told: String,
}

/// Decides what is pending: what the user says, else what the database says, else what the running program's revision has on disk.
pub(super) async fn since<'m>(
    request: &CompatRequest<'m>,
    origin: &Origin,
    notes: &mut Vec<String>,
    watch: Watch<'_>,
) -> Result<Since<'m>, JobError> {
    let all: BTreeSet<&Version> = request.migrations.iter().map(|it| &it.version).collect();
    let own: Option<BTreeSet<&Version>> = origin.versions.as_ref().map(|versions| {
        let known = versions.iter().filter_map(|it| all.get(it).copied());
        known.collect()
    });
    if let Some(text) = &request.since {
        let (applied, told) = named(request, origin, text)?;
        return chosen(request, applied, told);
    }
    let asked = match request.database {
        Some(database) => Some(applied(database, watch).await),
        None => None,
    };
    let (applied, told) = match (asked, own) {
        (Some(Ok((applied, database))), own) => {
            let applied: BTreeSet<&Version> =
                applied.iter().filter_map(|it| all.get(it).copied()).collect();
            let told = format!("what database {database} has applied");
            match own {
                // it says nothing about what was released
                Some(own) if applied.is_empty() || applied.len() == all.len() && own != all => {
                    let what = if applied.is_empty() {
                        "nothing is applied"
                    } else {
                        "nothing is pending"
                    };
                    notes.push(format!(
                        "{what} in database {database}: judging the migrations since {}",
                        origin.name
                    ));
                    (own, format!("what {} has on disk", origin.name))
                }
                Some(own) if !own.is_subset(&applied) => {
                    notes.push(format!(
                        "database {database} has not applied all migrations of {}: they count as applied",
                        origin.name
                    ));
                    (&applied | &own, told)
                }
                _ => (applied, told),
            }
        }
        (Some(Err(error)), _) if error.is_interrupt() => return Err(error),
        (asked, Some(own)) => {
            if let Some(Err(error)) = asked {
                notes.push(format!("could not ask the database what is pending: {error}"));
            }
            (own, format!("what {} has on disk", origin.name))
        }
        _ if all.is_empty() => (all, "there are no migrations".to_owned()),
        (Some(Err(error)), None) => return Err(error),
        (None, None) => return Err(CompatError::NoStart.into()),
    };
    chosen(request, applied, told)
}

/// What is applied up to a migration that is named, or at a revision.
fn named<'m>(
    request: &CompatRequest<'m>,
    origin: &Origin,
    text: &str,
) -> Result<(BTreeSet<&'m Version>, String), JobError> {
    let history = history(request, &BTreeSet::new());
    let all = request.migrations.iter().map(|it| &it.version);
    match history.find(text) {
        Ok(Point::Base) => Ok((BTreeSet::new(), "--since base".to_owned())),
        Ok(Point::At(last)) => {
            Ok((all.filter(|it| **it <= last).collect(), format!("--since {text}")))
        }
        Err(error) => {
            let git = origin.git.as_ref();
            let Some((git, commit)) = git.and_then(|git| Some((git, git.commit(text)?))) else {
                return Err(error.into());
            };
            let versions = git.versions(&commit, &request.migrations_dir)?;
            Ok((all.filter(|it| versions.contains(it)).collect(), format!("--since {text}")))
        }
    }
}

/// What a database has applied, and its name.
async fn applied(
    database: &Endpoint,
    watch: Watch<'_>,
) -> Result<(Vec<Version>, String), JobError> {
    let (_session, facts, journal) = database.read(watch).await?;
    Ok((journal.applied.into_keys().collect(), facts.database))
}

fn history<'m>(request: &CompatRequest<'m>, applied: &BTreeSet<&'m Version>) -> History<'m> {
    History {
        on_disk: request.migrations.iter().map(|it| (&it.version, it.name.as_str())).collect(),
        applied: applied.iter().copied().collect(),
    }
}

fn chosen<'m>(
    request: &CompatRequest<'m>,
    applied: BTreeSet<&Version>,
    told: String,
) -> Result<Since<'m>, JobError> {
    let on_disk = request.migrations.iter();
    let known: BTreeSet<&Version> =
        on_disk.clone().map(|it| &it.version).filter(|it| applied.contains(it)).collect();
    let target = history(request, &known).find(&request.target)?;
    let is_wanted = |it: &&Migration| match &target {
        Point::Base => false,
        Point::At(last) => it.version <= *last,
    };
    let (base, rest): (Vec<&Migration>, Vec<&Migration>) =
        on_disk.partition(|it| applied.contains(&it.version));
    let base = base.into_iter().cloned().collect();
    let base = Migrations::new(base).map_err(ProjectError::from)?;
    Ok(Since { base, pending: rest.into_iter().filter(is_wanted).collect(), told })
}
