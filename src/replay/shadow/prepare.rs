//! Makes an empty database what the one is before its first migration that migrations are for.

use crate::{
    catalog::Coverage,
    cluster::Scratch,
    introspect,
    job::{
        JobError,
        failure::{AutogenerateError, TwinError},
        load,
        open::Endpoint,
    },
    migration::environment::{Environment, Needs, Power, Role, SEARCH_PATH},
    postgres::{
        session::{Failure, Message, Session},
        session_error::SessionError,
    },
    replay::shadow::{Shadow, given::Given, make_roles},
    words::ident::{Ident, Literal},
};

const DOING: &str = "creating a database like the one that migrations are for";

/// What somebody is to know of a shadow.
pub(crate) type Notes = Vec<String>;

/// Gives an empty database what is there before the first migration.
pub(crate) async fn prepare(
    shadow: &Shadow,
    endpoint: &Endpoint,
    needs: &Needs,
) -> Result<(Given, Notes), JobError> {
    let roles: Vec<&String> =
        shadow.roles.iter().filter(|it| !needs.own_roles.contains(*it)).collect();
    if !roles.is_empty() {
        make_roles(endpoint, roles).await?;
    }
    let mut notes = Notes::new();
    if let Some(environment) = shadow.known.environment() {
        let mut session = endpoint.session(&mut |_| {}).await?;
        let major = shadow.binaries.major();
        make_first(&mut session, needs, major, &mut notes).await?;
        set(&mut session, environment, needs, &mut notes).await?;
        if needs.roles.contains_key(&environment.owner) {
            let (database, owner) = (Scratch::MAINTENANCE, Ident(&environment.owner));
            tell(&mut session, &[format!("ALTER DATABASE {database} OWNER TO {owner}")]).await?;
        }
        notes.extend(other_versions(shadow, environment, needs));
    }
    let given = Given::before(shadow, needs);
    if shadow.prerequisites.is_empty() {
        return Ok((given, notes));
    }
    // another one: with the settings
    let (mut session, facts, _) = endpoint.read(&mut |_| {}).await?;
    let version = facts.server_version;
    let before = introspect::read(&mut session, version, &Coverage::all()).await?;
    load::run(&mut session, &shadow.stood_in_files(&shadow.prerequisites))
        .await
        .map_err(of_prerequisites)?;
    drop(session);
    // another one again: they may have set something
    let (mut session, _, _) = endpoint.read(&mut |_| {}).await?;
    let after = introspect::read(&mut session, version, &Coverage::all()).await?;
    Ok((given.between(&before, &after), notes))
}

/// Says which extensions are in a version that this machine does not have.
fn other_versions(shadow: &Shadow, environment: &Environment, needs: &Needs) -> Notes {
    if needs.extensions.is_empty() {
        return Notes::new();
    }
    let here = shadow.binaries.extensions();
    let made = needs.extensions.iter().filter(|it| !shadow.stand_ins.contains(*it));
    made.filter_map(|name| {
        let (version, here) = (&environment.extensions.get(name)?.version, here.get(name)?);
        (!here.contains(version)).then(|| {
            let here: Vec<&str> = here.iter().map(String::as_str).collect();
            format!(
                "the extension {name} is {version} in {}, and this machine has {}: the replay installs the default version",
                environment.database,
                here.join(", ")
            )
        })
    })
    .collect()
}

fn of_prerequisites(error: JobError) -> JobError {
    match error {
        JobError::Autogenerate(AutogenerateError::Sql { what, path }) => {
            TwinError::Prerequisites { path, what }.into()
        }
        error => error,
    }
}

/// Makes what belongs to the server, and the schemas.
async fn make_first(
    session: &mut Session<'_>,
    needs: &Needs,
    major: u32,
    notes: &mut Notes,
) -> Result<(), JobError> {
    let create = |(name, role): (&String, &Role)| {
        let can = Power::ALL.map(|it| match role.may.contains(&it) {
            true => it.option().to_owned(),
            false => format!("NO{}", it.option()),
        });
        format!(
            "DO $glowplug$ BEGIN CREATE ROLE {} {}; EXCEPTION WHEN duplicate_object THEN NULL; END $glowplug$",
            Ident(name),
            can.join(" ")
        )
    };
    let mut texts: Vec<String> = needs.roles.iter().map(create).collect();
    for (name, role) in &needs.roles {
        let grant = |group: &String| format!("GRANT {} TO {}", Ident(group), Ident(name));
        texts.extend(role.member_of.iter().map(grant));
    }
    texts.extend(needs.schemas.iter().map(|it| format!("CREATE SCHEMA {}", Ident(it))));
    tell(session, &texts).await?;
    for name in &needs.tablespaces {
        // in the data directory itself
        let allow = "SET allow_in_place_tablespaces = on".to_owned();
        let create = format!("CREATE TABLESPACE {} LOCATION ''", Ident(name));
        let made = match major {
            ..15 => Some("PostgreSQL supports this only since version 15".to_owned()),
            _ => ask(session, &[allow, create]).await?,
        };
        notes.extend(made.map(|why| {
            format!("the tablespace {name} is missing from the throwaway database: {why}")
        }));
    }
    Ok(())
}

/// Gives every session of the database the settings.
async fn set(
    session: &mut Session<'_>,
    environment: &Environment,
    needs: &Needs,
    notes: &mut Notes,
) -> Result<(), JobError> {
    let alter = |name: &str, values: &[String]| {
        let values: Vec<String> = values.iter().map(|it| Literal(it).to_string()).collect();
        format!(
            "ALTER DATABASE {} SET {} = {}",
            Scratch::MAINTENANCE,
            Ident(name),
            values.join(", ")
        )
    };
    let settings = environment.settings.iter().filter(|(name, _)| *name != SEARCH_PATH);
    let mut texts: Vec<(&str, String)> = settings
        .map(|(name, value)| (name.as_str(), alter(name, std::slice::from_ref(value))))
        .collect();
    if let Some(path) = &needs.path {
        let nothing = [String::new()];
        let path = if path.is_empty() { &nothing[..] } else { path };
        texts.push((SEARCH_PATH, alter(SEARCH_PATH, path)));
    }
    let messages: Vec<Message<'_>> = texts.iter().map(|(_, it)| Message::Batch(it)).collect();
    let replies = session.exchange(&messages, &mut |_| {}).await;
    for ((name, _), reply) in texts.iter().zip(replies) {
        match reply {
            Ok(_) => {}
            Err(Failure::Server(error)) => notes.push(format!(
                "{name} differs from {}: the throwaway server rejects it ({error})",
                environment.database
            )),
            Err(failure) => return Err(SessionError::while_doing(DOING)(failure).into()),
        }
    }
    Ok(())
}

/// Sends commands that have to succeed.
async fn tell(session: &mut Session<'_>, texts: &[String]) -> Result<(), JobError> {
    let messages: Vec<Message<'_>> = texts.iter().map(|it| Message::Batch(it)).collect();
    for reply in session.exchange(&messages, &mut |_| {}).await {
        reply.map_err(SessionError::while_doing(DOING))?;
    }
    Ok(())
}

/// Sends commands that the server may refuse: says why.
async fn ask(session: &mut Session<'_>, texts: &[String]) -> Result<Option<String>, JobError> {
    let messages: Vec<Message<'_>> = texts.iter().map(|it| Message::Batch(it)).collect();
    for reply in session.exchange(&messages, &mut |_| {}).await {
        match reply {
            Ok(_) => {}
            Err(Failure::Server(error)) => return Ok(Some(error.to_string())),
            Err(failure) => return Err(SessionError::while_doing(DOING)(failure).into()),
        }
    }
    Ok(None)
}
