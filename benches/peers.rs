//! The tools that are compared, and one project that all of them can run.
//!
//! The statements are the same for each tool, and so is the number of commits: every migration is one transaction together
//! with its entry in the tool's own table. psql runs plain scripts that do just that: nobody who records what ran can be faster
//! without pipelining.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use glowplug::internal::words::url::{Secrets, Spelling, Url};

/// The glowplug that is measured: the one that was just built, or another to compare with.
pub static GLOWPLUG: LazyLock<PathBuf> = LazyLock::new(|| {
    let other = std::env::var_os("GLOWPLUG_BENCH_GLOWPLUG");
    other.map_or_else(|| env!("CARGO_BIN_EXE_glowplug").into(), PathBuf::from)
});

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Glowplug,
    Psql,
    Diesel,
    Alembic,
}

/// What a tool is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Apply what is pending.
    Upgrade,
    /// Show the current revision.
    Current,
}

impl Tool {
    pub const ALL: [Self; 4] = [Self::Psql, Self::Glowplug, Self::Diesel, Self::Alembic];

    /// Those that are installed here.
    pub fn installed() -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|tool| tool.program().is_some()).collect()
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Glowplug => "glowplug",
            Self::Psql => "psql",
            Self::Diesel => "diesel",
            Self::Alembic => "alembic",
        }
    }

    fn program(self) -> Option<PathBuf> {
        match self {
            Self::Glowplug => Some(GLOWPLUG.clone()),
            Self::Alembic => std::env::var_os("GLOWPLUG_BENCH_ALEMBIC")
                .map(PathBuf::from)
                .or_else(|| on_path("alembic")),
            other => on_path(other.name()),
        }
    }

    /// What it says of its version.
    pub fn version(self) -> String {
        let program = self.program().unwrap_or_default();
        let output = Command::new(program).arg("--version").output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let text = text.unwrap_or_default();
        let words = text.split_whitespace();
        words.take(5).collect::<Vec<_>>().join(" ")
    }
}

/// A program on the PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path).map(|dir| dir.join(name));
    places.find(|place| place.is_file())
}

/// Migrations of which a third creates a table, a third adds a column and a third creates an index.
pub struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// Writes so many, for every tool.
    pub fn with(count: usize) -> Self {
        let dir = tempfile::Builder::new().prefix("glowplug-bench-").tempdir().unwrap();
        let project = Self { dir };
        project.write("diesel.toml", "");
        project.write("alembic.ini", ALEMBIC_INI);
        project.write("alembic/env.py", ALEMBIC_ENV);
        let mut all = String::from(DIESEL_TABLE);
        let mut previous = "None".to_owned();
        for at in 0..count {
            let version = 20_260_101_000_000 + at;
            let (name, up, down) = migration(at);
            let folder = format!("migrations/{version}_{name}");
            project.write(&format!("{folder}/up.sql"), &up);
            project.write(&format!("{folder}/down.sql"), &down);
            let floor = format!(
                "BEGIN;\n{up}INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}');\nCOMMIT;\n"
            );
            project.write(&format!("floor/{version}.sql"), &floor);
            writeln!(all, "\\ir {version}.sql").unwrap();
            let revision = format!(
                "from alembic import op\n\nrevision = '{version}'\ndown_revision = {previous}\n\n\n\
                 def upgrade():\n    op.execute(\"\"\"{up}\"\"\")\n\n\n\
                 def downgrade():\n    op.execute(\"\"\"{down}\"\"\")\n"
            );
            project.write(&format!("alembic/versions/{version}_{name}.py"), &revision);
            previous = format!("'{version}'");
        }
        project.write("floor/all.sql", &all);
        project
    }

    /// Writes one script, for psql and glowplug.
    pub fn of_script(script: &str, in_transaction: bool) -> Self {
        let dir = tempfile::Builder::new().prefix("glowplug-bench-").tempdir().unwrap();
        let project = Self { dir };
        project.write("migrations/1_script/up.sql", script);
        project.write("migrations/1_script/down.sql", "SELECT 1;");
        let metadata = format!("run_in_transaction = {in_transaction}\n");
        project.write("migrations/1_script/metadata.toml", &metadata);
        project.write("floor/all.sql", script);
        project
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The command that has a tool do something here.
    pub fn command(&self, tool: Tool, act: Act, url: &Url) -> Command {
        let mut command = Command::new(tool.program().unwrap());
        in_clean_environment(&mut command, self.dir.path());
        let diesel = print(url, Spelling::Diesel);
        match tool {
            Tool::Glowplug => command.env("DATABASE_URL", diesel),
            Tool::Diesel => command.env("DATABASE_URL", diesel).arg("migration"),
            Tool::Alembic => command.env("DATABASE_URL", print(url, Spelling::Psycopg)),
            Tool::Psql => command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &diesel]),
        };
        command.args(match (tool, act) {
            (Tool::Glowplug, Act::Upgrade) => &["upgrade"][..],
            (Tool::Glowplug | Tool::Alembic, Act::Current) => &["current"],
            (Tool::Diesel, Act::Upgrade) => &["run"],
            (Tool::Diesel, Act::Current) => &["list"],
            (Tool::Alembic, Act::Upgrade) => &["upgrade", "head"],
            (Tool::Psql, Act::Upgrade) => &["-f", "floor/all.sql"],
            (Tool::Psql, Act::Current) => {
                &["-c", "SELECT version, run_on FROM __diesel_schema_migrations"]
            }
        });
        command
    }
}

/// Nothing of the person's environment, no input, no output.
fn in_clean_environment(command: &mut Command, dir: &Path) {
    command.current_dir(dir).env_clear().stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    for name in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
}

pub fn print(url: &Url, spelling: Spelling) -> String {
    url.print(spelling, Secrets::Revealed).unwrap().0
}

/// Name, way up and way down of a migration.
fn migration(at: usize) -> (String, String, String) {
    let table = format!("thing_{}", at / 3);
    match at % 3 {
        0 => (
            format!("create_{table}"),
            format!("CREATE TABLE {table} (id bigint PRIMARY KEY, name text NOT NULL);\n"),
            format!("DROP TABLE {table};\n"),
        ),
        1 => (
            format!("add_note_to_{table}"),
            format!("ALTER TABLE {table} ADD COLUMN note text;\n"),
            format!("ALTER TABLE {table} DROP COLUMN note;\n"),
        ),
        _ => (
            format!("index_{table}"),
            format!("CREATE INDEX {table}_name ON {table} (name);\n"),
            format!("DROP INDEX {table}_name;\n"),
        ),
    }
}

const DIESEL_TABLE: &str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
    version VARCHAR(50) PRIMARY KEY NOT NULL,
    run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
";

const ALEMBIC_INI: &str = "[alembic]\nscript_location = %(here)s/alembic\n";

const ALEMBIC_ENV: &str = "import os
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ['DATABASE_URL'], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
";
