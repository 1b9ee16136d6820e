//! What libpq takes from its surroundings: PG* variables, the home directory, the name of the user.
//!
//! The edge reads the process once into an [`Environment`]; from there on everything is a function of values and of files.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// The environment as the edge read it, so that tests can give their own.
#[derive(Clone, Default)]
pub struct Environment {
    /// The variables.
    pub vars: BTreeMap<String, String>,
    /// The user's home directory; on Windows the application data directory.
    pub home: Option<PathBuf>,
    /// The operating system's name for the user.
    pub user: Option<String>,
}

impl Environment {
    /// Reads the environment of this process; variables that are not UTF-8 are left out.
    #[must_use]
    pub fn of_process() -> Environment {
        let vars: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let home = match vars.get("APPDATA") {
            Some(data) if cfg!(windows) => Some(PathBuf::from(data)),
            _ => std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
        };
        let user = user_of_process()
            .or_else(|| {
                let names = ["USER", "LOGNAME", "USERNAME"];
                names.iter().find_map(|name| vars.get(*name)).cloned()
            })
            .filter(|user| !user.is_empty());
        Environment { vars, home, user }
    }

    /// A variable that is set to something.
    #[must_use]
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A file in the user's directory for libpq's certificates.
    #[must_use]
    pub(super) fn dot_postgresql(&self, file: &str) -> Option<PathBuf> {
        let directory = if cfg!(windows) { "postgresql" } else { ".postgresql" };
        self.home.as_ref().map(|home| home.join(directory).join(file))
    }

    /// Where the password file is when nobody says otherwise.
    #[must_use]
    pub(super) fn default_passfile(&self) -> Option<PathBuf> {
        let file = if cfg!(windows) { "postgresql/pgpass.conf" } else { ".pgpass" };
        self.home.as_ref().map(|home| home.join(file))
    }
}

impl fmt::Debug for Environment {
    /// Names only: variables hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.vars.keys().filter(|name| name.starts_with("PG")).collect();
        f.debug_struct("Environment")
            .field("vars", &names)
            .field("home", &self.home)
            .field("user", &self.user)
            .finish()
    }
}

/// The name of the effective user, as far as files tell; variables can be left over from `su`.
fn user_of_process() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    let effective = ids.split_ascii_whitespace().nth(1)?;
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == effective).then(|| name.to_owned())
    })
}
