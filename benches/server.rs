//! Servers that are measured against, each ended with the process.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use glowplug::internal::{
    cluster::{self, Binaries, Places, Scratch, ScratchOptions, Search},
    words::url::{Spelling, Url},
};

use crate::peers::{GLOWPLUG, print};

static BINARIES: LazyLock<Binaries> = LazyLock::new(|| {
    let newest = installed().into_iter().max_by_key(Binaries::major);
    newest.expect("PostgreSQL's programs: apt-get install postgresql")
});

fn installed() -> Vec<Binaries> {
    cluster::all(&Search {
        explicit: None,
        major: None,
        cache: vec![Places::from_environment().engines()],
        path: std::env::var_os("PATH"),
    })
}

/// A server.
pub struct Server {
    /// What is special about it, for titles.
    pub name: &'static str,
    scratch: Scratch,
}

impl Server {
    /// The program, with its version.
    pub fn version() -> String {
        format!("PostgreSQL {}", BINARIES.version())
    }

    /// As the shadow and the tests use it: in memory where there is room, and nothing waits for a disk.
    pub fn fast() -> Self {
        Self {
            name: "fast server (fsync off, in memory)",
            scratch: start(&BINARIES, &Places::from_environment(), &[]),
        }
    }

    /// The fast one, with the memory and the workers that a server has by default.
    pub fn usual() -> Self {
        let settings = [("shared_buffers", "128MB"), ("max_worker_processes", "8")];
        Self {
            name: "fast server with PostgreSQL's own defaults",
            scratch: start(&BINARIES, &Places::from_environment(), &settings),
        }
    }

    /// The fast one, of the newest version that has a `pg_dump` beside it, and that program.
    pub fn with_pg_dump() -> (Self, PathBuf) {
        let has = |it: &Binaries| it.dir().join("pg_dump").is_file();
        let found = installed().into_iter().filter(has);
        let binaries = found.max_by_key(Binaries::major).expect("a pg_dump");
        let server = Self {
            name: "fast server with pg_dump",
            scratch: start(
                &binaries,
                &Places::from_environment(),
                &[("max_locks_per_transaction", "4096")],
            ),
        };
        (server, binaries.dir().join("pg_dump"))
    }

    /// Runs a long script in a database.
    pub fn load(url: &Url, sql: &str) {
        let mut script = tempfile::NamedTempFile::new().unwrap();
        script.write_all(sql.as_bytes()).unwrap();
        let output = Command::new("psql")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(print(url, Spelling::Psql))
            .arg("-f")
            .arg(script.path())
            .output()
            .expect("psql is on the PATH");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Every commit waits until it is on the disk of the temporary folder.
    pub fn durable() -> Self {
        let mut places = Places::from_environment();
        places.memory = None;
        let settings = [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")];
        Self {
            name: "durable server (fsync on, on disk)",
            scratch: start(&BINARIES, &places, &settings),
        }
    }

    /// The directory of its socket.
    pub fn directory(&self) -> &Path {
        self.scratch.socket_dir()
    }

    /// Makes a database.
    pub fn database(&self) -> Url {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bench{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name}"));
        self.execute("CHECKPOINT");
        self.scratch.url(&name)
    }

    /// Drops one.
    pub fn drop(&self, url: &Url) {
        let name = url.database.as_deref().unwrap();
        self.execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
    }

    fn execute(&self, sql: &str) {
        let url = print(&self.scratch.url(Scratch::MAINTENANCE), Spelling::Psql);
        let output = Command::new("psql").args(["-X", "-q", "-d", &url, "-c", sql]).output();
        let output = output.expect("psql is on the PATH");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn start(binaries: &Binaries, places: &Places, settings: &[(&str, &str)]) -> Scratch {
    let mut options = ScratchOptions::new(PathBuf::from(&*GLOWPLUG));
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    options.settings = settings.iter().map(own).collect();
    Scratch::start_in(places, binaries, &options).expect("a server starts")
}
