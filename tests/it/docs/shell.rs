//! Runs the commands of a page in a project of its own, on the project's own local server.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    docs::page::{Console, How, Step},
    support::{GLOWPLUG, peer},
};

/// What the packages of a new Rust project hold.
const CARGO_TOML: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

/// A reader's shell: where it is, and what was exported.
pub struct Shell {
    home: tempfile::TempDir,
    dir: PathBuf,
    env: BTreeMap<String, String>,
    last: i32,
}

impl Shell {
    /// In a Rust project called `shop` that knows nothing of migrations.
    pub fn new() -> Self {
        let home = tempfile::Builder::new().prefix("glowplug-docs-").tempdir().unwrap();
        open_to_all(home.path());
        let dir = home.path().join("shop");
        fs::create_dir_all(dir.join("src")).unwrap();
        open_to_all(&dir);
        fs::write(dir.join("Cargo.toml"), CARGO_TOML).unwrap();
        Self { home, dir, env: BTreeMap::new(), last: 0 }
    }

    /// Does a step. A console block comes back as it should read.
    pub fn step(&mut self, step: &Step) -> Option<String> {
        match step {
            Step::Hidden(commands) => {
                for command in commands.lines().filter(|it| !it.trim().is_empty()) {
                    let said = self.run(command.trim(), false);
                    assert_eq!(self.last, 0, "{command}\n{said}");
                }
                None
            }
            Step::File { path, text } => {
                let path = self.place(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
                None
            }
            Step::Console { block, how } => self.console(block, how),
            Step::NotRun(_) => None,
        }
    }

    fn console(&mut self, block: &Console, how: &How) -> Option<String> {
        if how.needs.as_ref().is_some_and(|program| peer(program).is_none()) {
            return None;
        }
        if how.terminal && peer("script").is_none() {
            block.commands.iter().for_each(|(command, _)| drop(self.run(command, false)));
            return None;
        }
        let mut text = String::new();
        for (command, _) in &block.commands {
            let said = self.run(command, how.terminal);
            text.push_str(&format!("$ {command}{said}"));
        }
        Some(text)
    }

    /// A path in the project; one `*` stands for the rest of a directory's name.
    fn place(&self, path: &str) -> PathBuf {
        let Some((before, after)) = path.split_once('*') else {
            return self.dir.join(path);
        };
        let (parent, start) = before.rsplit_once('/').unwrap_or((".", before));
        let (end, rest) = after.split_once('/').unwrap_or((after, ""));
        let entries = fs::read_dir(self.dir.join(parent)).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names = entries.map(|it| name(it).to_string_lossy().into_owned());
        let found = names.find(|name| name.starts_with(start) && name.ends_with(end));
        self.dir
            .join(parent)
            .join(found.unwrap_or_else(|| panic!("{path} is not there")))
            .join(rest)
    }

    /// What a command writes to a terminal, with its colours.
    pub fn colored(&mut self, command: &str) -> String {
        self.env.insert("CLICOLOR_FORCE".to_owned(), "1".to_owned());
        let said = self.run_line(command, true);
        self.env.remove("CLICOLOR_FORCE");
        said
    }

    /// What a command prints, stdout and stderr as they come.
    fn run(&mut self, command: &str, in_terminal: bool) -> String {
        let command = command.trim_end();
        if let Some(name) = command.strip_prefix("export ").and_then(|it| it.split('=').next()) {
            let value = self.run_line(&format!("{command}; printf %s \"${name}\""), false);
            self.env.insert(name.to_owned(), value);
            return String::new();
        }
        if let Some(dir) = command.strip_prefix("cd ") {
            self.dir = self.dir.join(dir);
            return String::new();
        }
        let last = self.last;
        let said = self.run_line(&format!("(exit {last}); {command}"), in_terminal);
        if said.is_empty() || said.ends_with('\n') { said } else { said + "\n" }
    }

    fn run_line(&mut self, line: &str, in_terminal: bool) -> String {
        let mut shell = if in_terminal {
            let mut script = Command::new("script");
            script.args(["-qec", &format!("stty cols 90 rows 40; {line}"), "/dev/null"]);
            script
        } else {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{{ {line}\n}} 2>&1")]);
            shell
        };
        shell.current_dir(&self.dir).env_clear().stdin(Stdio::null()).stderr(Stdio::inherit());
        for name in ["HOME", "TMPDIR", "XDG_RUNTIME_DIR"] {
            std::env::var_os(name).map(|value| shell.env(name, value));
        }
        let program = Path::new(GLOWPLUG).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let places = std::iter::once(program.to_owned()).chain(std::env::split_paths(&path));
        shell.env("PATH", std::env::join_paths(places).unwrap());
        shell.env("GLOWPLUG_ACTOR", "ada").env("TERM", "xterm");
        if !self.env.contains_key("CLICOLOR_FORCE") {
            shell.env("NO_COLOR", "1");
        }
        let output = shell.envs(&self.env).output().unwrap();
        self.last = output.status.code().unwrap_or(-1);
        let said = String::from_utf8(output.stdout).expect("UTF-8").replace("\r\n", "\n");
        // a bar of progress wipes its own line
        let said = said.split('\n').map(|line| line.rsplit('\r').next().unwrap_or_default());
        let said = said.collect::<Vec<_>>().join("\n").replace("\u{1b}[2K", "");
        let home = self.home.path().display().to_string();
        said.replace(&home, "/home/ada")
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let shops: Vec<PathBuf> =
            fs::read_dir(self.home.path()).unwrap().map(|it| it.unwrap().path()).collect();
        for shop in shops.into_iter().filter(|it| it.is_dir()) {
            self.dir = shop;
            let status = self.run_line("glowplug db stop; glowplug db status --format json", false);
            // data that the project could not hold is this project's alone
            let json = status.find('{').map_or("", |at| &status[at..]);
            let json: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
            let data = Path::new(json["report"]["data"].as_str().unwrap_or_default()).to_owned();
            let mut above = data.ancestors().filter(|_| !data.starts_with("/home/ada"));
            let home = above.find(|it| it.join("start.lock").exists());
            home.map(fs::remove_dir_all).map(drop).unwrap_or_default();
        }
    }
}

/// The local server's user, whoever that is, gets into it.
fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Covers what differs from run to run: times, versions made of them, digests, numbers of processes, PostgreSQL's version.
pub fn covered(text: &str) -> String {
    let patterns = [
        (r"\d{4}-\d{2}-\d{2}-\d{6}-\d{4}", "[MIGRATION]"),
        (r"\b20\d{16}\b", "[VERSION]"),
        (r"\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)?( UTC|Z)?", "[WHEN]"),
        (r"\b[0-9a-f]{64}\b", "[DIGEST]"),
        (r"\(\d+(\.\d+)? (ms|s)\)", "([TIME])"),
        (r"took        .*", "[TIME]"),
        (r#""(took_ms|postgresql|pid|port)": \d+"#, "[NUMBER]"),
        (r"\bpid \d+", "[PID]"),
        (r"(PostgreSQL|postgresql|server) (1\d|2\d)(\.\d+)?\b", "[POSTGRESQL]"),
        (r"glowplug \d+\.\d+\.\d+", "[TOOL]"),
        (r"\(under [^)]*\)", "([TIME])"),
        (r#"pinned( = "| )\d{4}-\d{2}-\d{2}"#, "[PINNED]"),
        // what the machine decides, and what PostgreSQL 18 alone has
        (r#"(?m)^"?(TimeZone|lc_\w+|default_text_search_config|locale|postgresql)"? = .*\n"#, ""),
        (r#"(?m)^ALTER TABLE .* RENAME CONSTRAINT .*_not_null";?\n"#, ""),
        // only some packages of PostgreSQL have pg_dump
        (r"\(catalog and pg_dump,", "(catalog,"),
        (r"(?m)[ \t]+$", ""),
    ];
    patterns.iter().fold(text.to_owned(), |text, (pattern, cover)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *cover).into_owned()
    })
}
