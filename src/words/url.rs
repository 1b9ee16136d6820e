//! Where to connect: every driver's spelling in, one canonical form out, the password never shown.
//!
//! Reads libpq's URLs and `key=value` strings, SQLAlchemy's, pgjdbc's, sqlx's and Prisma's URLs. Where drivers
//! ignore a parameter that they do not know, this module drops it with a [`Note`] or rejects it by name: a
//! misspelled `sslmode` must not become a plain connection.
//!
//! It does not look at the environment, at files or at the network: whoever does feeds what was found into
//! [`Url::set`] and [`Url::overlay`]. Defaults of libpq are not filled in either; `None` means "not said".

use std::{fmt, str::FromStr};

mod ado;
mod dsn;
mod error;
mod hosts;
mod keywords;
mod note;
mod pair;
mod params;
mod parse;
mod part;
mod print;
mod secret;
mod spelling;
#[cfg(test)]
mod tests;
mod translate;

pub(crate) use self::{
    error::UrlError,
    hosts::Host,
    note::{Note, NoteKind},
    params::{ChannelBinding, Params, SslMode, SslNegotiation, TargetSessionAttrs},
    secret::Secret,
};
pub use self::{hosts::HostName, secret::Secrets, spelling::Spelling};

use self::{keywords::Meaning, pair::Flavour, translate::Effect};

/// Where to connect, in one canonical form. `Debug` and `Display` mask the passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Url {
    /// The servers, in the order to try them; none for the default host.
    pub hosts: Vec<Host>,
    /// The role to log in as.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The database's name.
    pub database: Option<String>,
    /// Everything else.
    pub params: Params,
}

/// A connection string that was read, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The canonical form.
    pub url: Url,
    /// What was dropped or translated, in the order in which it was applied.
    pub notes: Vec<Note>,
}

impl Url {
    /// Reads a connection string of any known spelling.
    ///
    /// # Errors
    /// Any [`UrlError`] but [`UrlError::NotExpressible`]. None holds a piece of `text` other than a parameter's name.
    pub fn parse(text: &str) -> Result<Parsed, UrlError> {
        Self::assemble(text).map_err(|error| error.in_characters(text))
    }

    /// Prints the URL as `to` spells it, and tells what that spelling had to leave out.
    ///
    /// # Errors
    /// [`UrlError::NotExpressible`] where leaving a part out would weaken the connection or change its meaning;
    /// never for the spellings of libpq: Diesel, psql, psycopg.
    pub fn print(&self, to: Spelling, secrets: Secrets) -> Result<(String, Vec<Note>), UrlError> {
        let source = print::Source {
            hosts: &self.hosts,
            user: self.user.as_deref(),
            password: self.password.as_ref(),
            database: self.database.as_deref(),
            params: &self.params,
        };
        print::print(source, to, secrets)
    }

    /// A libpq URL for people to read, with `***` for every password.
    #[must_use]
    pub fn masked(&self) -> String {
        let printed = self.print(Spelling::Psql, Secrets::Masked);
        printed.expect("libpq has a spelling for everything that a URL holds").0
    }

    /// Whether no connection can leave this machine: sockets, loopback, or the default host.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.hosts.iter().all(Host::is_local)
    }

    /// Fills what is unset from `defaults`, such as a service file or the environment.
    ///
    /// Hosts, addresses and ports are three lists, as in libpq: a URL without a port takes the default's port. A
    /// list that does not fit the number of hosts is not taken, nor an address that belongs to another name.
    #[must_use]
    pub fn overlay(self, defaults: &Self) -> Self {
        Self {
            hosts: hosts::overlay(self.hosts, &defaults.hosts),
            user: self.user.or_else(|| defaults.user.clone()),
            password: self.password.or_else(|| defaults.password.clone()),
            database: self.database.or_else(|| defaults.database.clone()),
            params: self.params.overlay(&defaults.params),
        }
    }

    /// Sets one parameter by libpq's keyword, or another driver's; `host`, `hostaddr` and `port` take comma lists.
    ///
    /// An empty text unsets a text or a list; where numbers and words are expected it is an error. Whoever wants to
    /// know about dropped parameters calls [`Url::set_with_notes`].
    ///
    /// # Errors
    /// [`UrlError::UnknownParameter`], [`UrlError::InvalidValue`], [`UrlError::Refused`].
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), UrlError> {
        self.set_with_notes(key, value).map(drop)
    }

    /// Does what [`Url::set`] does and returns what there is to say about it.
    ///
    /// # Errors
    /// As [`Url::set`].
    pub fn set_with_notes(&mut self, key: &str, value: &str) -> Result<Vec<Note>, UrlError> {
        let mut notes = Vec::new();
        self.apply(key, value, Flavour::Libpq, &mut notes)?;
        Ok(notes)
    }

    /// Parses with positions in bytes.
    fn assemble(text: &str) -> Result<Parsed, UrlError> {
        let pieces = parse::pieces(text)?;
        let mut notes = pieces.notes;
        let mut url = Self {
            hosts: pieces.hosts,
            user: pieces.user.filter(|text| !text.is_empty()),
            password: pieces.password.filter(|text| !text.is_empty()).map(Secret::new),
            database: pieces.database,
            params: Params::default(),
        };
        for mut pair in pieces.pairs {
            // a name that anything may have is no name behind a password
            if pair.key.starts_with("x-")
                && let Some(doubt) = pair.doubt.take()
            {
                return Err(doubt);
            }
            let applied = url.apply(&pair.key, &pair.value, pieces.flavour, &mut notes);
            applied.map_err(|error| match (error, pair.doubt) {
                (UrlError::UnknownParameter { .. }, Some(doubt)) => doubt,
                (error, _) => error,
            })?;
        }
        Ok(Parsed { url, notes })
    }

    /// Gives one parameter its meaning.
    fn apply(
        &mut self,
        key: &str,
        value: &str,
        flavour: Flavour,
        notes: &mut Vec<Note>,
    ) -> Result<(), UrlError> {
        if key.starts_with("x-") {
            notes.push(Note::dropped(key, "a setting of golang-migrate with no effect here"));
            return Ok(());
        }
        if key.eq_ignore_ascii_case("sslmode") && value.eq_ignore_ascii_case("no-verify") {
            self.set_native("sslmode", "require")?;
            notes.push(Note {
                parameter: "sslmode".into(),
                what: NoteKind::Translated,
                text: "read `no-verify`, a word of JavaScript's drivers, as `require`: encrypted, with a certificate that nobody verifies".into(),
            });
            return Ok(());
        }
        // sqlx writes `options[name]=value`.
        let setting = sqlx_setting(key);
        let known = if setting.is_some() { "options" } else { key };
        let Some(keyword) = keywords::find(known) else {
            return Err(unknown(key));
        };
        let name = keyword.name;
        if value.contains('\0') {
            return Err(UrlError::invalid(name, "text without NUL characters"));
        }
        if let Some(setting) = setting {
            self.params.add_setting(setting, value);
            notes.push(Note::translated(key, "`options`"));
            return Ok(());
        }
        match keyword.meaning {
            Meaning::Native => self.set_native(name, value)?,
            Meaning::Alias(native) => {
                self.set_native(native, value).map_err(|error| error.of(name))?;
                notes.push(Note::translated(name, &format!("`{native}`")));
            }
            Meaning::Translated(to) => {
                for effect in translate::effects(name, value, flavour)? {
                    self.take(effect).map_err(|error| error.of(name))?;
                }
                let is_name = !to.contains(' ');
                let to = if is_name { format!("`{to}`") } else { to.to_owned() };
                notes.push(Note::translated(name, &to));
            }
            Meaning::Dropped(why) => notes.push(Note::dropped(name, why)),
            Meaning::DroppedIf(values, why) => {
                if !values.contains(&value.to_ascii_lowercase().as_str()) {
                    return Err(UrlError::invalid(name, values.join(", ")));
                }
                notes.push(Note::dropped(name, why));
            }
            Meaning::Refused(help) => {
                return Err(UrlError::Refused { parameter: name, help });
            }
        }
        Ok(())
    }

    fn take(&mut self, effect: Effect) -> Result<(), UrlError> {
        match effect {
            Effect::Native(key, value) => self.set_native(key, &value)?,
            Effect::Setting(name, value) => self.params.add_setting(&name, &value),
            Effect::StatementTimeout(limit) => self.params.statement_timeout_ms = limit,
            Effect::Pooled(pooled) => self.params.pooled = pooled,
        }
        Ok(())
    }

    fn set_native(&mut self, key: &'static str, value: &str) -> Result<(), UrlError> {
        let text = || Some(value.to_owned()).filter(|text| !text.is_empty());
        match key {
            "host" => self.hosts = hosts::with_names(&self.hosts, value)?,
            "hostaddr" => self.hosts = hosts::with_addresses(&self.hosts, value)?,
            "port" => self.hosts = hosts::with_ports(&self.hosts, value)?,
            "user" => self.user = text(),
            "password" => self.password = text().map(Secret::new),
            // libpq's programs expand a URL here; taken as a name it would show its password.
            "dbname" if value.contains("://") => {
                return Err(UrlError::invalid(key, "a database's name, not a URL"));
            }
            "dbname" => self.database = text(),
            _ => self.params.set(key, value)?,
        }
        Ok(())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Url").field(&self.masked()).finish()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Self::parse(text).map(|parsed| parsed.url)
    }
}

/// The setting of sqlx's `options[name]`.
fn sqlx_setting(key: &str) -> Option<&str> {
    let name = key.strip_prefix("options[")?.strip_suffix(']')?;
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    (!name.is_empty() && name.chars().all(named)).then_some(name)
}

fn unknown(key: &str) -> UrlError {
    let name = key.chars().take(40).flat_map(char::escape_debug).collect();
    UrlError::UnknownParameter { name, nearest: keywords::nearest(key) }
}
