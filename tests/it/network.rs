//! Servers on loopback TCP with rules of their own about who may enter, and listeners that misbehave.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::PathBuf,
    process::{Child, Command},
    thread,
};

use glowplug::internal::cluster::{Binaries, Scratch, ScratchOptions};

use crate::support::{GLOWPLUG, INSTALLED, Project, Ran, eventually, psql_at};

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A server that listens on 127.0.0.1.
pub struct Tcp {
    pub server: Scratch,
    pub port: u16,
}

impl Tcp {
    /// The newest major, with lines for `pg_hba.conf`. Through its socket everybody is welcome.
    pub fn start(settings: &[(&str, &str)], rules: &str) -> Self {
        Self::of(&INSTALLED[0], settings, rules)
    }

    pub fn of(binaries: &Binaries, settings: &[(&str, &str)], rules: &str) -> Self {
        let start = || {
            let port = free_port();
            let mut options = ScratchOptions::new(PathBuf::from(GLOWPLUG));
            let number = port.to_string();
            let own = [("listen_addresses", "127.0.0.1"), ("port", &number)];
            let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            options.settings = own.iter().chain(settings).map(pair).collect();
            let server = Scratch::start(binaries, &options).ok()?;
            Some(Self { server, port })
        };
        // somebody else may take the port in between
        let tcp = (0..5).find_map(|_| start()).expect("a server starts");
        tcp.rules(rules);
        tcp
    }

    /// Replaces `pg_hba.conf`.
    pub fn rules(&self, rules: &str) {
        self.file("pg_hba.conf", &format!("local all all trust\n{rules}\n"));
        self.reload();
    }

    /// Writes a file into the data directory, as the server's own.
    pub fn file(&self, name: &str, text: &str) {
        let path = self.server.data_dir().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let owner = fs::metadata(self.server.data_dir()).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }

    /// Answers the superuser, over the socket.
    #[track_caller]
    pub fn admin(&self, sql: &str) -> String {
        psql_at(&self.server.url(Scratch::MAINTENANCE), sql)
    }

    /// Has the server read its files again, and waits until new sessions see it.
    pub fn reload(&self) {
        let before = self.admin("SELECT clock_timestamp()");
        self.admin("SELECT pg_reload_conf()");
        let seen = format!("SELECT pg_conf_load_time() > '{before}'");
        eventually("the server reads its files again", || self.admin(&seen) == "t");
    }
}

/// A project whose home has nothing in it: no `.pgpass`, no certificates.
pub fn at_home() -> Project {
    let project = Project::new();
    let home = project.path().display().to_string();
    project.env("HOME", &home)
}

/// What `glowplug current` says about a connection string.
pub fn current(project: &Project, url: &str) -> Ran {
    project.run_with(&["current", "--database-url", url])
}

/// Takes connections and never says a word. Ends with the value.
pub fn black_hole() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Answers each of the first sessions with bytes, and passes the later ones on to `port`. Without TLS.
pub fn doorman(answers: Vec<Vec<u8>>, port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut answers = answers.into_iter();
        for mut client in listener.incoming().map_while(Result::ok) {
            if let Some(answer) = answers.next() {
                // the start of a session comes in one piece over loopback
                client.read(&mut [0; 1024]).unwrap_or_default();
                client.write_all(&answer).unwrap_or_default();
                continue;
            }
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                continue;
            };
            for (mut from, mut to) in
                [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
            {
                thread::spawn(move || {
                    std::io::copy(&mut from, &mut to).unwrap_or_default();
                    to.shutdown(Shutdown::Write).unwrap_or_default();
                });
            }
        }
    });
    own
}

/// An `ErrorResponse`.
pub fn refusal(sqlstate: &str, message: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{sqlstate}\0M{message}\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap().to_be_bytes();
    [b"E", &length[..], fields.as_bytes()].concat()
}

/// Sends a signal, such as `INT`, by a program that every Unix has.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(sent.unwrap().success(), "kill -{name} {pid}");
}

/// A process that ends with the value.
pub struct Killed(pub Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}
