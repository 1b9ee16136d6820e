//! The files of a project: where it is, what it configures, and its migrations on disk.

pub(crate) mod adopted;
pub(crate) mod baseline;
pub(crate) mod config;
pub(crate) mod embedded;
pub(crate) mod generate;
pub(crate) mod git;
pub(crate) mod history_file;
pub(crate) mod lint_files;
mod metadata;
pub(crate) mod other;
pub(crate) mod pin;
pub(crate) mod printed;
pub(crate) mod read;
pub(crate) mod rebase;
mod regular;
pub(crate) mod replace;
pub(crate) mod root;
pub(crate) mod rustfmt;
pub(crate) mod schema_file;
pub(crate) mod setup;
pub(crate) mod sources;
pub(crate) mod squash;
pub(crate) mod truth;
pub(crate) mod write;

use std::path::PathBuf;

use miette::NamedSource;

use crate::{
    migration::{history_file::HistoryFault, source::SourceError, version::MAX_LENGTH},
    words::secrets,
};

/// Why the files of a project cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ProjectError {
    /// The system said no.
    #[error("cannot {doing} {}", path.display())]
    #[diagnostic(code(project::io), help("{}", what_to_do(source)))]
    Io {
        /// "read", "write", …
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A revision of the repository that cannot be read.
    #[error("cannot read revision {revision}: {said}")]
    #[diagnostic(
        code(project::revision),
        help(
            "Name a commit, branch or tag that this clone has. CI often fetches one commit only: fetch the base branch first, such as with `fetch-depth: 0`."
        )
    )]
    Revision {
        /// What was named.
        revision: String,
        /// Why it cannot be read.
        said: String,
    },
    /// There is no directory with migrations.
    #[error("there is no migrations directory {}", place.display())]
    #[diagnostic(
        code(project::no_migrations),
        help("Create one with `glowplug init`, or name it with --migration-dir.")
    )]
    NoMigrations {
        /// Where it was looked for.
        place: PathBuf,
    },
    /// A file of what is known that is not there, though it was named.
    #[error("there is no baseline {}", path.display())]
    #[diagnostic(
        code(verify::no_baseline),
        help(
            "Is the path right? To accept what is found now: `glowplug verify accept --baseline {}`.", path.display()
        )
    )]
    NoBaseline {
        /// What was named.
        path: PathBuf,
    },
    /// The file of sizes is not what was written.
    #[error("{} is not a file of statistics: {reason}", path.display())]
    #[diagnostic(
        code(lint::stats),
        help("Write it again with `glowplug lint --record-stats URL`.")
    )]
    LintStats {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A directory among the migrations is none.
    #[error("{} is not a migration: {what}", path.display())]
    #[diagnostic(code(migrations::not_a_migration))]
    NotAMigration {
        /// The directory.
        path: PathBuf,
        /// What is missing or wrong.
        what: String,
        /// What to do.
        #[help]
        advice: &'static str,
    },
    /// The version has more characters than the tracking table takes.
    #[error("the version of {} has {length} characters", path.display())]
    #[diagnostic(
        code(migrations::version_too_long),
        help(
            "Diesel's tracking table takes {MAX_LENGTH}. The version is the part before the first `_`: is there one?"
        )
    )]
    VersionTooLong {
        /// The directory.
        path: PathBuf,
        /// How many.
        length: usize,
    },
    /// A version that a new migration cannot have.
    #[error("`{text}` cannot be a version")]
    #[diagnostic(
        code(project::not_a_version),
        help(
            "A version has 1 to {MAX_LENGTH} characters (dashes do not count), none of `_`, `/`, `+` and `:`, begins with neither `.` nor `-`, and is not a word that names a target."
        )
    )]
    NotAVersion {
        /// What was asked for.
        text: String,
    },
    /// A version that was chosen, and that sorts before what is there.
    #[error("version `{text}` sorts before the newest migration, {newest}")]
    #[diagnostic(
        code(project::not_newest),
        help(
            "Where {newest} is applied, it would be out of order. Choose a later version with --rev-id, or omit it to use the present time."
        )
    )]
    NotNewest {
        /// What was asked for.
        text: String,
        /// The newest version.
        newest: crate::migration::version::Version,
    },
    /// A file is not UTF-8.
    #[error("{} is not UTF-8: byte {at} on line {line}", path.display())]
    #[diagnostic(
        code(migrations::not_utf8),
        help("Save it as UTF-8; for example `iconv -f latin1 -t utf8`.")
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first byte that is wrong, counted from 0.
        at: usize,
        /// Its line.
        line: usize,
    },
    /// A TOML file is malformed or says something unknown.
    #[error("{} cannot be used: {what}", path.display())]
    #[diagnostic(code(project::toml))]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// The file's text.
        #[source_code]
        text: NamedSource<String>,
        /// Where.
        #[label("here")]
        at: Option<miette::SourceSpan>,
        /// What to do.
        #[help]
        advice: String,
    },
    /// A metadata.toml says something that cannot be.
    #[error("{} cannot be used: {what}", path.display())]
    #[diagnostic(
        code(migrations::metadata),
        help("The keys are described in `glowplug help migrations`.")
    )]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The file with a line for each migration.
    #[error(transparent)]
    #[diagnostic(transparent)]
    History(#[from] HistoryFault),
    /// The set of migrations is not one.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Source(#[from] SourceError),
    /// Migrations of a Diesel source that cannot be taken.
    #[error("the embedded migrations cannot be used: {what}")]
    #[diagnostic(
        code(migrations::embedded),
        help("glowplug takes migrations that run SQL, such as those of embed_migrations!.")
    )]
    Embedded {
        /// What is wrong.
        what: String,
    },
    /// A migrations directory of another tool.
    #[error("{} contains something that is not a Diesel migration: {reason}", place.display())]
    #[diagnostic(
        code(project::other_migrations),
        help(
            "Nothing was written. If it belongs to another tool, give these migrations a directory of their own: `glowplug init --migration-dir diesel_migrations`."
        )
    )]
    OtherMigrations {
        /// The directory.
        place: PathBuf,
        /// What is in it.
        reason: Box<ProjectError>,
    },
    /// The program `git`.
    #[error("{what}")]
    #[diagnostic(
        code(project::git),
        help(
            "Is git installed, and is this a repository that your user may read? --from FILE and --since VERSION work without git."
        )
    )]
    Git {
        /// What went wrong.
        what: String,
    },
    /// Something to adopt where a new project was to begin.
    #[error("{what}")]
    #[diagnostic(
        code(project::adoptable),
        help(
            "Nothing was written. `glowplug adopt` takes over the database and its migrations; `glowplug init --new` begins a new project beside them."
        )
    )]
    Adoptable {
        /// What was found.
        what: String,
    },
    /// The record of an adoption that is not one.
    #[error("{} cannot be read", path.display())]
    #[diagnostic(
        code(adopt::record),
        help(
            "`glowplug adopt` writes it. Restore it from version control; without it, migrations can be used, and adopting cannot be undone."
        )
    )]
    NotAdopted {
        /// The file.
        path: PathBuf,
    },
    /// Something that would be overwritten.
    #[error("{} already exists", path.display())]
    #[diagnostic(code(project::exists))]
    Exists {
        /// The file or directory.
        path: PathBuf,
        /// What to do.
        #[help]
        advice: String,
    },
}

impl ProjectError {
    /// Wraps what the system said of a path.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    /// Wraps what the TOML reader said of a text.
    pub(crate) fn toml(path: PathBuf, text: &str, error: &toml::de::Error, advice: &str) -> Self {
        Self::Toml {
            what: secrets::cover(error.message().trim()),
            text: NamedSource::new(path.display().to_string(), without_urls(text)),
            at: error.span().map(Into::into),
            advice: advice.to_owned(),
            path,
        }
    }
}

/// What to do about what the system said.
fn what_to_do(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "Is it a dangling symbolic link? Correct or remove it.",
        ErrorKind::PermissionDenied => "Give your user access to it.",
        ErrorKind::IsADirectory => "A file belongs here: move the directory away.",
        ErrorKind::NotADirectory => "A directory belongs here: move the file away.",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "Make room on the disk.",
        ErrorKind::ReadOnlyFilesystem => "The file system is mounted read-only.",
        _ => "Fix it, and run again.",
    }
}

/// Covers the lines of a settings file that hold a URL or a password: what is malformed may end anywhere.
fn without_urls(text: &str) -> String {
    let cover = |line: &str| {
        let (line, end) = line.split_at(line.trim_end().len());
        let is_secret = line.contains("://") || line.to_ascii_lowercase().contains("passw");
        let value = line.find('=').map_or(0, |at| at + 1);
        match is_secret {
            true => format!("{}{}{end}", &line[..value], "*".repeat(line.len() - value)),
            false => format!("{line}{end}"),
        }
    };
    text.split_inclusive('\n').map(cover).collect()
}
