//! Reads what scripts meet in a database: its [`Environment`], in one query.
//!
//! Not the surroundings of a connection, which are [`connect::Environment`](crate::connect::Environment).

use std::collections::BTreeSet;

use crate::{
    migration::environment::{Environment, Extension, Locale, Power, Provider, SETTINGS},
    postgres::{
        journal,
        session::{Row, Session},
        session_error::SessionError,
    },
    words::url::Url,
};

const QUERY: &str = include_str!("environment.sql");

/// What was read of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// What scripts meet there.
    pub environment: Environment,
    /// The roles that its objects speak of.
    pub concerned: BTreeSet<String>,
}

/// Reads what scripts meet in a database, with the settings that `url` gives the session, and those of `own`: settings of somebody's own
/// that may be there. Needs no privilege.
///
/// # Errors
/// When the connection is lost, or the server refuses.
pub(crate) async fn read(
    session: &mut Session<'_>,
    url: &Url,
    own: &BTreeSet<String>,
) -> Result<Surroundings, SessionError> {
    let mut names = url.params.settings();
    names.extend(own.iter().cloned());
    let values = vec![
        Some(SETTINGS.join(",")),
        Some(journal::DIESEL_TABLE.to_owned()),
        Some(names.join(",")),
    ];
    let rows = session.query(QUERY, values).await;
    let rows = rows.map_err(SessionError::while_doing("reading the environment"))?;
    let mut read = Surroundings { environment: Environment::default(), concerned: BTreeSet::new() };
    rows.into_iter().for_each(|row| read.take(row));
    Ok(read)
}

impl Surroundings {
    fn take(&mut self, row: Row) {
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || values.next().unwrap_or_default();
        let environment = &mut self.environment;
        let (kind, name) = (next(), next());
        match kind.as_str() {
            "database" => {
                environment.database = name;
                environment.role = next();
                let version: u32 = next().parse().unwrap_or_default();
                environment.postgresql = version / 10_000;
                environment.locale = Locale {
                    encoding: next(),
                    collate: next(),
                    ctype: next(),
                    provider: match next().as_str() {
                        "i" => Provider::Icu,
                        "b" => Provider::Builtin,
                        _ => Provider::Libc,
                    },
                    name: next(),
                };
                environment.home = next();
                environment.owner = next();
                self.concerned.insert(environment.role.clone());
            }
            "schema" => environment.schemas.push(name),
            "setting" => drop(environment.settings.insert(name, next())),
            "role" => {
                let role = environment.roles.entry(name).or_default();
                let may = Power::ALL.into_iter().filter(|_| next() == "true");
                role.may.extend(may);
            }
            "member" if !name.starts_with("pg_") => {
                let role = environment.roles.entry(name).or_default();
                role.member_of.insert(next());
            }
            "concerned" => drop(self.concerned.insert(name)),
            "tablespace" => drop(environment.tablespaces.insert(name)),
            "extension" => {
                let (version, schema) = (next(), next());
                let extension = Extension { version, schema };
                environment.extensions.insert(name, extension);
            }
            _ => {}
        }
    }
}
