//! The project's own durable server.
//!
//! Its data is under `.glowplug/pg/` in the project, one directory per major; its socket is in a private
//! directory with a short name elsewhere. It runs while it is used, supervised by a process of its own, and is
//! started again by whoever needs it next. One server per project runs at a time.

mod choices;
mod files;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use self::choices::{existing_owner, plain_name, settings, socket_dir};
use self::files::{make_log, old_log, remove, socket_file, write_once};
use super::account::Account;
use super::binaries::Binaries;
use super::error::{ClusterError, cannot};
use super::lock::{self, Locked};
use super::places::Places;
use super::process::Signal;
use super::scratch::SOCKET_PATH;
use super::server::{self, PidFile};
use super::supervisor::{self, Job, LocalJob};
use super::{PORT, SUPERUSER, client, socket_url, template};
use crate::words::digest::Digest;
use crate::words::url::Url;

/// How long a start or stop by another process may take before we give up: its own deadlines are shorter.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long the last checkpoint may take.
const CHECKPOINT: Duration = Duration::from_secs(60);

/// How the durable server is started.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// The program that becomes the supervisor: `glowplug` itself.
    pub supervisor: PathBuf,
    /// How long nobody may be connected before the server is stopped.
    pub idle: Duration,
    /// Further settings, as `-c name=value`.
    pub settings: Vec<(String, String)>,
}

/// What a start found or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalState {
    /// It was running.
    AlreadyRunning,
    /// It was not running, and now is.
    Started,
    /// It was not even there: the data directory is new and empty.
    Created,
}

/// What there is of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalStatus {
    /// The process, while it runs.
    pub running: Option<Running>,
    /// The major of the server that runs, else of the newest data directory; None before the first start.
    pub major: Option<u32>,
    /// The data directory, or where one would be.
    pub data_dir: PathBuf,
    /// The directory of the socket, or where it would be.
    pub socket_dir: PathBuf,
    /// The server's log, or where it would be.
    pub log: PathBuf,
}

/// A server that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// The process id.
    pub pid: u32,
    /// When it was started.
    pub since: SystemTime,
}

/// The project's own durable server, running or not.
#[derive(Debug, Clone)]
pub struct Local {
    account: Option<Account>,
    project: PathBuf,
    home: PathBuf,
    socket_dir: PathBuf,
    role: String,
    is_root: bool,
}

impl Local {
    /// The server of the project in `root`. Nothing is looked for or made before it is asked for.
    ///
    /// `name` names the ordinary role and its database, in so far as it is a plain name.
    #[must_use]
    pub fn of(root: &Path, name: &str) -> Self {
        Self::in_places(&Places::from_environment(), root, name)
    }

    /// [`of`](Self::of), with other places.
    #[must_use]
    pub fn in_places(places: &Places, root: &Path, name: &str) -> Self {
        let project = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let digest = Digest::of(&format!("{project:?}"));
        let key = &digest.as_str()[..12];
        let inside = project.join(".glowplug").join("pg");
        let outside = places.state.join(key);
        let account = existing_owner(places, &[&inside, &outside])
            .or_else(|| Account::choose(places, &project).ok());
        let closed = account.as_ref().is_some_and(|account| account.blocked(&inside).is_some());
        let home = if closed { outside } else { inside };
        let socket_dir = socket_dir(places, account.as_ref(), key);
        Self {
            account,
            project,
            home,
            socket_dir,
            role: plain_name(name),
            is_root: places.uid == 0,
        }
    }

    /// Starts the server if it is not running, and waits until its database accepts connections.
    ///
    /// Safe to call from several processes at once: one starts the server, the others find it. A server of
    /// another major is stopped first; its data stays. New settings wait until the server is next started.
    pub fn start(
        &self,
        binaries: &Binaries,
        options: &LocalOptions,
    ) -> Result<LocalState, ClusterError> {
        let account = self.account.as_ref().ok_or(ClusterError::NoAccount)?;
        account.require(&binaries.postgres())?;
        account.require(&binaries.initdb())?;
        self.make_home(account)?;
        let _starting = self.gate()?;
        if self.serves(account, Some(binaries.major()))? {
            return Ok(LocalState::AlreadyRunning);
        }
        self.end()?;
        let data = self.data(binaries.major());
        let state = self.make_data(account, binaries, &data)?;
        self.launch(account, binaries, options, data)?;
        self.ensure_database(&self.socket_dir, PORT, binaries.major())?;
        Ok(state)
    }

    /// Finds the server if it runs, of the wanted major if one is wanted, and its database.
    ///
    /// Waits for another process that is starting it: a server that has just begun may lack its database, and
    /// that process may be killed before it has made it. False means that [`start`](Self::start) has work.
    pub fn find(&self, major: Option<u32>) -> Result<bool, ClusterError> {
        let account = self.account.as_ref().filter(|_| self.running().is_some());
        let Some(account) = account else {
            return Ok(false);
        };
        let _looking = self.gate()?;
        self.serves(account, major)
    }

    /// What there is of the server. Only looks.
    #[must_use]
    pub fn status(&self) -> LocalStatus {
        let running = self.running();
        let newest = || self.majors().last().copied();
        let major = running.as_ref().map(|(major, _)| *major).or_else(newest);
        LocalStatus {
            running: running.as_ref().map(|(_, file)| Running { pid: file.pid, since: file.since }),
            major,
            data_dir: major.map_or_else(|| self.home.clone(), |major| self.data(major)),
            log: major.map_or_else(|| self.home.join("log"), |major| self.log(major)),
            socket_dir: running
                .map_or_else(|| self.socket_dir.clone(), |(_, file)| file.socket_dir),
        }
    }

    /// Stops the server. False if it was not running.
    pub fn stop(&self) -> Result<bool, ClusterError> {
        if !self.home.is_dir() {
            return Ok(false);
        }
        let _stopping = self.gate()?;
        self.end()
    }

    /// Stops the server and removes its data, of every major.
    pub fn reset(&self) -> Result<(), ClusterError> {
        if !self.home.is_dir() {
            return Ok(());
        }
        let _stopping = self.gate()?;
        self.end()?;
        for major in self.majors() {
            // Renamed first, so that a removal that is interrupted leaves nothing that looks like data.
            let (data, old) = (self.data(major), self.home.join(format!("{major}.old")));
            remove(&old)?;
            fs::rename(&data, &old).map_err(cannot("remove", &data))?;
            remove(&old)?;
            remove(&self.log(major))?;
            remove(&old_log(&self.log(major)))?;
        }
        Ok(())
    }

    /// The address of the project's database, as its ordinary role.
    #[must_use]
    pub fn url(&self) -> Url {
        let (directory, port) = self.address();
        socket_url(&directory, port, &self.role, &self.role)
    }

    /// The address of the project's database, as the superuser.
    #[must_use]
    pub fn admin_url(&self) -> Url {
        let (directory, port) = self.address();
        socket_url(&directory, port, SUPERUSER, &self.role)
    }

    /// A server that runs knows better: it may have been started from an environment with other directories.
    fn address(&self) -> (PathBuf, u16) {
        self.running().map_or_else(
            || (self.socket_dir.clone(), PORT),
            |(_, file)| (file.socket_dir, file.port),
        )
    }

    fn data(&self, major: u32) -> PathBuf {
        self.home.join(major.to_string())
    }

    fn log(&self, major: u32) -> PathBuf {
        self.home.join(format!("{major}.log"))
    }

    fn start_lock(&self) -> PathBuf {
        self.home.join("start.lock")
    }

    fn supervisor_lock(&self) -> PathBuf {
        // the name that older versions look for as well
        self.home.join("guard.lock")
    }

    fn gate(&self) -> Result<Locked, ClusterError> {
        self.demand_no_links()?;
        lock::exclusive(&self.start_lock(), PATIENCE)
    }

    /// The majors of the data directories, the newest last.
    fn majors(&self) -> Vec<u32> {
        let entries = fs::read_dir(&self.home).into_iter().flatten().flatten();
        let mut majors: Vec<u32> =
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        majors.sort_unstable();
        majors
    }

    fn running(&self) -> Option<(u32, PidFile)> {
        self.majors()
            .into_iter()
            .find_map(|major| Some((major, server::running_in(&self.data(major))?)))
    }

    /// The server, if it has a supervisor. Waits for a supervisor that is on its way.
    fn supervised(&self) -> Result<Option<(u32, PidFile)>, ClusterError> {
        let end = Instant::now() + PATIENCE;
        while lock::is_held(&self.supervisor_lock()) {
            if let Some(found) = self.running().filter(|(_, file)| file.ready) {
                return Ok(Some(found));
            }
            if Instant::now() >= end {
                let (path, seconds) = (self.supervisor_lock(), PATIENCE.as_secs());
                return Err(ClusterError::Busy { path, seconds });
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(None)
    }

    /// Whether the server runs and its database accepts connections. Only for the holder of the gate.
    fn serves(&self, account: &Account, wanted: Option<u32>) -> Result<bool, ClusterError> {
        let Some((major, found)) = self.supervised()? else {
            return Ok(false);
        };
        // A cleaner of temporary folders may have taken the socket from under the server.
        let reachable = socket_file(&found.socket_dir, found.port).exists();
        if wanted.is_some_and(|wanted| wanted != major) || !reachable {
            return Ok(false);
        }
        account.private_directory(&found.socket_dir)?;
        match self.ensure_database(&found.socket_dir, found.port, major) {
            // it was on its way out
            Err(_) if !self.is_alive(major) => Ok(false),
            done => done.map(|()| true),
        }
    }

    /// Stops whatever runs on this project's data. Only for the holder of the gate.
    fn end(&self) -> Result<bool, ClusterError> {
        self.supervised()?;
        let mut ended = false;
        for major in self.majors() {
            ended |= server::end_running(&self.data(major), Signal::Interrupt, CHECKPOINT);
        }
        // The supervisor sees its server end, and ends too.
        drop(lock::exclusive(&self.supervisor_lock(), PATIENCE)?);
        fs::remove_dir(&self.socket_dir).ok();
        Ok(ended)
    }

    /// Root makes files here and gives some away: not where somebody else's link leads.
    fn demand_no_links(&self) -> Result<(), ClusterError> {
        if !self.is_root {
            return Ok(());
        }
        let steps = self.home.ancestors().take_while(|it| **it != self.project);
        let files = fs::read_dir(&self.home).into_iter().flatten().flatten();
        let files = files.map(|entry| entry.path());
        let mut all = steps.map(Path::to_owned).chain(files);
        let is_strange = |path: &PathBuf| {
            path.symlink_metadata().is_ok_and(|found| found.is_symlink() && found.uid() != 0)
        };
        match all.find(is_strange) {
            Some(path) => Err(ClusterError::Link { path }),
            None => Ok(()),
        }
    }

    fn make_home(&self, account: &Account) -> Result<(), ClusterError> {
        self.demand_no_links()?;
        let mut made: Vec<PathBuf> =
            self.home.ancestors().take_while(|step| !step.exists()).map(Path::to_owned).collect();
        account.open_directory(&self.home)?;
        if self.home.starts_with(&self.project) {
            let ignore = self.project.join(".glowplug").join(".gitignore");
            write_once(&ignore, "*\n", &mut made)?;
        }
        write_once(&self.start_lock(), "", &mut made)?;
        write_once(&self.supervisor_lock(), "", &mut made)?;
        // What root makes in somebody's project is theirs; in root's own it stays out of the server's reach.
        let owner = fs::metadata(&self.project).map_err(cannot("inspect", &self.project))?.uid();
        if owner == account.uid() {
            made.iter()
                .filter(|path| path.starts_with(&self.project))
                .try_for_each(|path| account.give(path))?;
        }
        account.require(&self.home)
    }

    fn make_data(
        &self,
        account: &Account,
        binaries: &Binaries,
        data: &Path,
    ) -> Result<LocalState, ClusterError> {
        match data.symlink_metadata() {
            Ok(found) if found.is_dir() && found.uid() == account.uid() => {
                server::forget_crash(data)?;
                Ok(LocalState::Started)
            }
            Ok(_) => {
                Err(ClusterError::ForeignDirectory { path: data.to_owned(), user: account.name() })
            }
            Err(_) => {
                template::durable(binaries, account, data)?;
                Ok(LocalState::Created)
            }
        }
    }

    /// Starts the supervisor, which outlives us.
    fn launch(
        &self,
        account: &Account,
        binaries: &Binaries,
        options: &LocalOptions,
        data: PathBuf,
    ) -> Result<(), ClusterError> {
        let socket = socket_file(&self.socket_dir, PORT);
        if socket.as_os_str().len() > SOCKET_PATH {
            return Err(ClusterError::SocketPathTooLong { path: socket, limit: SOCKET_PATH });
        }
        account.private_directory(&self.socket_dir)?;
        // What a crash left. PostgreSQL would go by the number in the lock, which may be another process's by now;
        // the directory is this project's alone, and nothing of this project runs.
        remove(&socket)?;
        remove(&self.socket_dir.join(format!(".s.PGSQL.{PORT}.lock")))?;
        let log = self.log(binaries.major());
        make_log(&log, account)?;
        let job = Job::Local(LocalJob {
            account: account.clone(),
            postgres: binaries.postgres(),
            data,
            socket_dir: self.socket_dir.clone(),
            port: PORT,
            log,
            supervisor_lock: self.supervisor_lock(),
            start_lock: self.start_lock(),
            idle: options.idle,
            settings: settings(&options.settings, &self.socket_dir),
        });
        let (mut supervisor, _ready) =
            supervisor::spawn(&options.supervisor, &job).inspect_err(|_| {
                fs::remove_dir(&self.socket_dir).ok();
            })?;
        // If it ends while we are still here, somebody has to take note of it.
        drop(thread::spawn(move || supervisor.wait()));
        Ok(())
    }

    fn ensure_database(&self, directory: &Path, port: u16, major: u32) -> Result<(), ClusterError> {
        client::ensure_database(directory, port, &self.role, major, &|| self.is_alive(major))
    }

    fn is_alive(&self, major: u32) -> bool {
        server::running_in(&self.data(major)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_that_was_never_started_has_nothing_to_stop() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let local = Local::of(root.path(), "shop");
        assert_eq!(local.status().running, None);
        assert_eq!(local.status().major, None);
        assert!(!local.stop().expect("nothing to do"));
        local.reset().expect("nothing to do");
        assert!(!root.path().join(".glowplug").exists(), "looking leaves no trace");
        assert_eq!(local.url().database.as_deref(), Some("shop"));
        assert_eq!(local.admin_url().user.as_deref(), Some("postgres"));
    }

    #[test]
    fn two_projects_have_two_sockets_with_short_names() {
        let roots = [(); 2].map(|()| tempfile::tempdir().expect("a temporary directory"));
        let [one, two] = roots.each_ref().map(|root| Local::of(root.path(), "shop").socket_dir);
        assert_ne!(one, two);
        assert!(one.as_os_str().len() < SOCKET_PATH);
    }
}
