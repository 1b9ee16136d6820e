//! What a database here looks like to a program that shares no code with this one.

use std::{fs, path::PathBuf, time::Duration};

use super::{
    Binaries, ClusterError, SUPERUSER, Scratch,
    account::Account,
    error::cannot,
    places, process,
    program::{command, is_executable, run},
};

/// How long the program may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The door to a server, for a program beside it.
#[derive(Debug, Clone)]
pub struct Dumper {
    program: PathBuf,
    directory: PathBuf,
    port: u16,
}

impl Scratch {
    /// Its `pg_dump`. None where the server's programs come without it.
    #[must_use]
    pub fn dumper(&self, binaries: &Binaries) -> Option<Dumper> {
        let program = binaries.dir().join("pg_dump");
        is_executable(&program).then(|| Dumper {
            program,
            directory: self.socket_dir().to_owned(),
            port: self.port(),
        })
    }
}

impl Dumper {
    /// The structure of a database, as `pg_dump` prints it.
    ///
    /// # Errors
    /// When it cannot be run, or fails.
    pub fn structure(&self, database: &str) -> Result<String, ClusterError> {
        let account = Account::Own { uid: process::effective_uid() };
        let into = places::named_temporary_file()
            .map_err(cannot("create a temporary file for", &self.program))?;
        let mut dump = command(&self.program, &account);
        dump.args(["--schema-only", "--username", SUPERUSER])
            .args(["--dbname", database])
            .arg("--host")
            .arg(&self.directory)
            .args(["--port", &self.port.to_string()])
            .arg("--file")
            .arg(into.path());
        run(dump, &account, "", DEADLINE)?;
        fs::read_to_string(into.path()).map_err(cannot("read", into.path()))
    }
}
