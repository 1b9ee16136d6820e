//! What scripts meet where they run, beyond what they make themselves: what a database is like before its first migration.
//!
//! It is read once, from the database or from what was [pinned](Pin) of it, and given to every database in which scripts are
//! replayed. Nothing in it is a host, a password, or a row.

mod made;
mod needs;
mod own;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub(crate) use self::{made::MadeNames, needs::Needs, own::own_settings};

/// The settings that change what SQL means, or what it makes. Those of a run itself (timeouts, `lc_messages`, isolation) are not
/// among them.
pub(crate) const SETTINGS: &[&str] = &[
    SEARCH_PATH,
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "array_nulls",
    "backslash_quote",
    "bytea_output",
    "check_function_bodies",
    "createrole_self_grant",
    "default_table_access_method",
    "default_tablespace",
    "default_text_search_config",
    "default_toast_compression",
    "escape_string_warning",
    "extra_float_digits",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "lo_compat_privileges",
    "quote_all_identifiers",
    "restrict_nonsystem_relation_kind",
    "row_security",
    "standard_conforming_strings",
    "timezone_abbreviations",
    "transform_null_equals",
    "xmlbinary",
    "xmloption",
];

/// The setting that says where names are looked for.
pub(crate) const SEARCH_PATH: &str = "search_path";

/// What PostgreSQL has for it where nobody says otherwise.
pub(crate) const USUAL_PATH: &str = "\"$user\", public";

/// What a database is like before its first migration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Environment {
    /// The database's name.
    pub database: String,
    /// The role that runs migrations.
    pub role: String,
    /// The major version of its server.
    pub postgresql: u32,
    /// Encoding and sorting.
    pub locale: Locale,
    /// The role that owns the database: it may make things in it.
    #[serde(default)]
    pub owner: String,
    /// The schema of the tracking tables, or the one where they would be made.
    #[serde(default)]
    pub home: String,
    /// The schemas of the search_path that are there, in its order.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// The settings that a connection has, where they are not PostgreSQL's own.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The roles of the server.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
    /// The tablespaces of the server.
    #[serde(default)]
    pub tablespaces: BTreeSet<String>,
    /// The extensions.
    #[serde(default)]
    pub extensions: BTreeMap<String, Extension>,
}

/// How a database encodes and sorts text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locale {
    /// The encoding, such as `UTF8`.
    pub encoding: String,
    /// `LC_COLLATE`.
    pub collate: String,
    /// `LC_CTYPE`.
    pub ctype: String,
    /// Who sorts.
    #[serde(default)]
    pub provider: Provider,
    /// What the provider calls the locale, where it is not the system's.
    #[serde(default)]
    pub name: String,
}

impl Default for Locale {
    /// The plainest, which every machine has.
    fn default() -> Self {
        Self {
            encoding: "UTF8".into(),
            collate: "C".into(),
            ctype: "C".into(),
            provider: Provider::Libc,
            name: String::new(),
        }
    }
}

/// Who sorts text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The system.
    #[default]
    Libc,
    /// ICU, from PostgreSQL 15 on.
    Icu,
    /// PostgreSQL itself, from 17 on.
    Builtin,
}

/// A role, without what it may log in with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    /// What it may.
    #[serde(default)]
    pub may: BTreeSet<Power>,
    /// The roles that it is a member of.
    #[serde(default)]
    pub member_of: BTreeSet<String>,
}

/// What a role may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Power {
    /// Everything.
    Superuser,
    /// What the roles may that it is a member of, at once.
    Inherit,
    /// Make roles.
    CreateRole,
    /// Make databases.
    CreateDb,
    /// Log in.
    Login,
    /// Replicate.
    Replication,
    /// Pass by row security.
    BypassRls,
}

impl Power {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Superuser,
        Self::Inherit,
        Self::CreateRole,
        Self::CreateDb,
        Self::Login,
        Self::Replication,
        Self::BypassRls,
    ];

    /// The option of CREATE ROLE.
    #[must_use]
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Superuser => "SUPERUSER",
            Self::Inherit => "INHERIT",
            Self::CreateRole => "CREATEROLE",
            Self::CreateDb => "CREATEDB",
            Self::Login => "LOGIN",
            Self::Replication => "REPLICATION",
            Self::BypassRls => "BYPASSRLS",
        }
    }
}

/// An extension that a database has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extension {
    /// Its version.
    pub version: String,
    /// The schema of its objects.
    pub schema: String,
}

/// What was kept of an environment for where no database is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    /// The day, such as `2026-11-29`.
    pub pinned: String,
    /// What was there then.
    pub environment: Environment,
}

/// Where what is known of an environment comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nobody says what it is.
    #[default]
    Nothing,
    /// It was pinned.
    Pinned(Box<Pin>),
    /// The database itself says so.
    Asked(Box<Environment>),
}

impl Known {
    /// What is known.
    #[must_use]
    pub(crate) fn environment(&self) -> Option<&Environment> {
        match self {
            Self::Nothing => None,
            Self::Pinned(pin) => Some(&pin.environment),
            Self::Asked(environment) => Some(environment),
        }
    }
}

impl Environment {
    /// Whether a setting is one of somebody's own, such as `app.tenant`. Its value may be a secret.
    #[must_use]
    pub(crate) fn is_custom(setting: &str) -> bool {
        setting.contains('.') && !setting.starts_with("plpgsql.")
    }

    /// What of it may be written to a file that is committed: no setting of somebody's own, and of the roles those that concern
    /// this database, as a test says.
    #[must_use]
    pub(crate) fn committable(mut self, concerns: impl Fn(&str) -> bool) -> Self {
        self.settings.retain(|name, _| !Self::is_custom(name));
        self.roles.retain(|name, _| concerns(name));
        let kept: BTreeSet<String> = self.roles.keys().cloned().collect();
        for role in self.roles.values_mut() {
            role.member_of.retain(|it| kept.contains(it) || it.starts_with("pg_"));
        }
        self
    }
}
