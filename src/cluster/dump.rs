//! What a database looks like to a program that shares no code with this one.

use std::{fs, path::PathBuf, time::Duration};

use super::{
    Binaries, ClusterError, SUPERUSER, Scratch,
    account::Account,
    error::cannot,
    places, process,
    program::{command, is_executable, run},
};
use crate::words::{
    ident::Qualified,
    url::{Secrets, Spelling, Url},
};

/// How long the program may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The door to a server, for a program beside it.
#[derive(Debug, Clone)]
pub struct Dumper {
    program: PathBuf,
    door: Door,
    /// What is left out of a dump.
    left_out: Vec<String>,
}

#[derive(Debug, Clone)]
enum Door {
    /// A server of our own.
    Own { directory: PathBuf, port: u16 },
    /// Any database, by a URL that has no password.
    Url(Box<Url>, String),
}

impl Scratch {
    /// Its `pg_dump`. None where the server's programs come without it.
    #[must_use]
    pub fn dumper(&self, binaries: &Binaries) -> Option<Dumper> {
        let door = Door::Own { directory: self.socket_dir().to_owned(), port: self.port() };
        Dumper::new(binaries, door)
    }
}

impl Dumper {
    fn new(binaries: &Binaries, door: Door) -> Option<Self> {
        let program = binaries.dir().join("pg_dump");
        is_executable(&program).then(|| Self { program, door, left_out: Vec::new() })
    }

    /// That of any database. None where the server's programs come without it.
    #[must_use]
    pub fn of(binaries: &Binaries, url: &Url) -> Option<Self> {
        let mut open = url.clone();
        // every user of the machine sees the arguments of a program
        open.password = None;
        let (text, _) = open.print(Spelling::Psql, Secrets::Revealed).ok()?;
        Self::new(binaries, Door::Url(Box::new(url.clone()), text))
    }

    /// The same without some tables, and without owners and privileges, which are those of another server.
    #[must_use]
    pub fn without(mut self, tables: &[(String, String)]) -> Self {
        self.left_out = vec!["--no-owner".into(), "--no-privileges".into()];
        let pattern = |(schema, name): &(String, String)| {
            format!("--exclude-table={}", Qualified { schema, name })
        };
        self.left_out.extend(tables.iter().map(pattern));
        self
    }

    /// The structure of a database, as `pg_dump` prints it. A URL names the database itself.
    ///
    /// # Errors
    /// When it cannot be run, or fails.
    pub fn structure(&self, database: &str) -> Result<String, ClusterError> {
        let account = Account::Own { uid: process::effective_uid() };
        let into = places::named_temporary_file()
            .map_err(cannot("create a temporary file for", &self.program))?;
        let mut dump = command(&self.program, &account);
        dump.arg("--schema-only");
        match &self.door {
            Door::Own { directory, port } => {
                dump.args(["--username", SUPERUSER, "--dbname", database])
                    .arg("--host")
                    .arg(directory)
                    .args(["--port", &port.to_string()]);
            }
            Door::Url(url, text) => {
                dump.args(["--no-password", "--lock-wait-timeout=5s", "--dbname", text]);
                if let Some(password) = &url.password {
                    dump.env("PGPASSWORD", password.reveal());
                }
            }
        }
        dump.args(&self.left_out).arg("--file").arg(into.path());
        run(dump, &account, "", DEADLINE)?;
        fs::read_to_string(into.path()).map_err(cannot("read", into.path()))
    }
}
