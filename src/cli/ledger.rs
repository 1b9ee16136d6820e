//! `glowplug ledger`: the append-only tables.

mod events;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        settings::{LimitArgs, Settings},
    },
    job::{
        self,
        failure::LedgerError,
        ledger::{
            protect,
            seal::{self, Seal},
            sealed,
        },
    },
    ledger::Declaration,
    project::write::{self, NewMigration},
    render::failure::CliError,
    report::{
        ledger::{LedgersReport, Level},
        rule::{LedgerRule, Severity},
    },
};

/// Append-only tables: their protection, rows and seals.
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Show each ledger's protection, weak points and last row
    Status,
    /// Write the migration that protects an existing table, and declare it in glowplug.toml
    Protect(Protect),
    /// Compare the ledgers with the last run, or with seals; exit with 3 on a difference
    Verify(Verify),
    /// Print a digest of all rows since the last seal, to keep outside the database
    Seal(SealArgs),
    /// Print the rules of the guard: what each protects, and what to do instead
    Rules,
    /// Append an event
    Append(events::Append),
    /// Append a correction to an event
    Correct(events::Correct),
    /// Print events
    Log(events::Log),
}

#[derive(Debug, Args)]
pub(super) struct Protect {
    /// The table: `public.events`
    table: String,
    /// The level of protection
    #[arg(long, value_enum, default_value_t = LevelArg::Hardened)]
    level: LevelArg,
    /// The columns that order its rows, separated by commas [default: the primary key]
    #[arg(long, value_delimiter = ',')]
    key: Vec<String>,
    /// The version of the migration
    #[arg(long, value_name = "VERSION")]
    rev_id: Option<String>,
    /// With `--level sealed`: the file for the administrator's SQL [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LevelArg {
    /// Row triggers that refuse UPDATE and DELETE
    Minimal,
    /// Also ENABLE ALWAYS, and refuse TRUNCATE, on every partition; revoke privileges
    Hardened,
    /// Also owned by a role that nobody can log in as: SQL for an administrator
    Sealed,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Prove that every row before these seals is unchanged
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Accept the present protection, and record this reason
    #[arg(long, value_name = "REASON", conflicts_with = "against")]
    accept: Option<String>,
    /// Also accept changed rows or a changed journal: starts a new chain of attestations
    #[arg(long, requires = "accept")]
    changed_history: bool,
}

#[derive(Debug, Args)]
pub(super) struct SealArgs {
    /// The file of seals to append to [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl LedgerCommand {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Status => "ledger status",
            Self::Protect(_) => "ledger protect",
            Self::Verify(_) => "ledger verify",
            Self::Seal(_) => "ledger seal",
            Self::Rules => "ledger rules",
            Self::Append(_) => "ledger append",
            Self::Correct(_) => "ledger correct",
            Self::Log(_) => "ledger log",
        }
    }

    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        let settings = Settings::resolve(global)?;
        match self {
            Self::Status => status(&settings, output),
            Self::Protect(command) => command.run(&settings, output),
            Self::Verify(command) => command.run(&settings, output),
            Self::Seal(command) => command.run(&settings, output),
            Self::Rules => Ok(rules(output)),
            Self::Append(command) => command.run(&settings, output),
            Self::Correct(command) => command.run(&settings, output),
            Self::Log(command) => command.run(&settings, output),
        }
    }
}

/// A rule, for `--format json`.
#[derive(Debug, Serialize)]
struct RuleReport {
    rule: LedgerRule,
    protects: &'static str,
    severity: Severity,
    advice: &'static str,
}

fn rules(output: &Output) -> Exit {
    let of = |rule: &LedgerRule| RuleReport {
        rule: *rule,
        protects: rule.protects(),
        severity: rule.severity(),
        advice: rule.advice(),
    };
    let rules: Vec<RuleReport> = LedgerRule::ALL.iter().map(of).collect();
    let text = |it: &RuleReport| {
        let passes = match it.severity {
            Severity::History => "never allowed",
            Severity::Protection => "allowed with --allow-ledger-change",
        };
        format!("{}\n  protects  {}; {passes}\n  instead   {}\n", it.rule, it.protects, it.advice)
    };
    output.answer(&rules, |rules| rules.iter().map(text).collect());
    Exit::Done
}

fn declared(settings: &Settings) -> Result<Vec<Declaration>, CliError> {
    let ledgers = settings.ledgers();
    match ledgers.is_empty() {
        true => Err(job::JobError::from(LedgerError::None).into()),
        false => Ok(ledgers),
    }
}

fn status(settings: &Settings, output: &Output) -> Result<Exit, CliError> {
    let guard = settings.exec_options(&LimitArgs::default()).guard;
    let report = block_on(async |stop| {
        let endpoint = settings.endpoint("ledger status", stop, output)?;
        let mut progress = output.progress();
        let mut watch = |event| progress.show(&event);
        let report = job::ledger::status(&endpoint, &guard, &mut watch).await;
        report.map_err(CliError::from)
    })?;
    output.answer(&report, render::ledgers);
    let is_missed = report.findings.iter().any(|it| it.rule == LedgerRule::NotSealed);
    Ok(if is_missed { Exit::Findings } else { Exit::Done })
}

/// What `ledger protect` wrote.
#[derive(Debug, Serialize)]
struct Protected {
    path: PathBuf,
    declared_in: Option<PathBuf>,
    notes: Vec<String>,
}

impl Protect {
    fn run(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        let Some((schema, table)) = Declaration::table(&self.table) else {
            return Err(CliError::Cannot {
                what: format!("`{}` is not a table name", self.table),
                help: "Write it as in SQL: schema.table, quoted if necessary.".into(),
            });
        };
        let ledger = Declaration {
            schema,
            table,
            key: self.key.clone(),
            level: match self.level {
                LevelArg::Minimal => Level::Minimal,
                LevelArg::Hardened => Level::Hardened,
                LevelArg::Sealed => Level::Sealed,
            },
        };
        if ledger.level == Level::Sealed {
            return self.seal(&ledger, settings, output);
        }
        if self.output.is_some() {
            return Err(CliError::Cannot {
                what: "--output requires --level sealed".into(),
                help: "The other levels write a migration to the migrations directory.".into(),
            });
        }
        let migrations = settings.migrations()?;
        let texts = block_on(async |stop| {
            let endpoint = settings.endpoint("ledger protect", stop, output)?;
            let mut progress = output.progress();
            let mut watch = |event| progress.show(&event);
            let texts = protect::protect(&endpoint, &ledger, &mut watch).await;
            texts.map_err(CliError::from)
        })?;
        let dir = &settings.migrations_dir;
        let message = format!("protect {}", ledger.table);
        let (_, name) = job::revision::place(dir, &migrations, &message, self.rev_id.as_deref())?;
        let new = NewMigration {
            name: &name,
            up: &texts.up,
            down: &texts.down,
            run_in_transaction: true,
            metadata: "",
        };
        let path = write::migration(dir, &new).map_err(job::JobError::from)?;
        settings.keep_history(&[])?;
        let is_declared = settings.ledgers().iter().any(|it| it.label() == ledger.label());
        let declared_in = match is_declared {
            true => None,
            false => Some(settings.declare(&ledger)?),
        };
        let report = Protected {
            path: settings.relative(&path).into(),
            declared_in: declared_in.map(|it| settings.relative(&it).into()),
            notes: texts.notes,
        };
        output.answer(&report, |report| {
            let mut text = format!("wrote {}\n", report.path.display());
            if let Some(file) = &report.declared_in {
                text += &format!("declared {} in {}\n", ledger.label(), file.display());
            }
            for note in &report.notes {
                text += &format!("note: {note}\n");
            }
            text + "Read it, then run `glowplug upgrade`.\n"
        });
        Ok(Exit::Done)
    }
}

/// What `ledger protect --level sealed` wrote.
#[derive(Debug, Serialize)]
struct SealedOff {
    #[serde(flatten)]
    written: sealed::SealedSql,
    path: Option<PathBuf>,
    declared_in: Option<PathBuf>,
}

impl Protect {
    /// Writes the SQL with which an administrator seals a ledger.
    fn seal(
        &self,
        ledger: &Declaration,
        settings: &Settings,
        output: &Output,
    ) -> Result<Exit, CliError> {
        let key = settings.toml.ledger_admin.role.as_deref();
        let written = block_on(async |stop| {
            let endpoint = settings.endpoint("ledger protect", stop, output)?;
            let mut progress = output.progress();
            let mut watch = |event| progress.show(&event);
            sealed::sql(&endpoint, ledger, key, &mut watch).await.map_err(CliError::from)
        })?;
        if let Some(file) = &self.output {
            let is_new = write::file_if_absent(file, &written.sql).map_err(job::JobError::from)?;
            if !is_new {
                return Err(CliError::Cannot {
                    what: format!("{} already exists", file.display()),
                    help: "Choose another file with --output, or move this one.".into(),
                });
            }
        }
        let known = settings.ledgers();
        let known = known.iter().find(|it| it.label() == ledger.label());
        let declared_in = match known {
            Some(known) => {
                if known.level != Level::Sealed {
                    output.talk(&format!(
                        "{} is declared with another level: set level = \"sealed\" in its [[ledger]] of glowplug.toml",
                        ledger.label()
                    ));
                }
                None
            }
            None => {
                let file = settings.declare(ledger)?;
                output.talk(&format!(
                    "declared {} in {}",
                    ledger.label(),
                    settings.relative(&file)
                ));
                Some(PathBuf::from(settings.relative(&file)))
            }
        };
        for note in &written.notes {
            output.talk(&format!("note: {note}"));
        }
        for road in &written.roads {
            output.talk(&format!("still open: {road}"));
        }
        output.talk("Have an administrator run that SQL as a superuser; then `glowplug ledger status` shows whether the ledger is sealed.");
        output.talk("Earlier runs attested another protection: `glowplug ledger verify --accept \"sealed\"` records the change.");
        let report = SealedOff { written, path: self.output.clone(), declared_in };
        output.answer(&report, |report| match &report.path {
            Some(path) => format!("wrote {}\n", path.display()),
            None => report.written.sql.clone(),
        });
        Ok(Exit::Done)
    }
}

impl Verify {
    fn run(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        let ledgers = declared(settings)?;
        if let Some(reason) = &self.accept {
            return accept(settings, output, reason, self.changed_history);
        }
        let guard = settings.exec_options(&LimitArgs::default()).guard;
        let seals = match &self.against {
            Some(file) => Some(seals(file, false)?),
            None => None,
        };
        let report: LedgersReport = block_on(async |stop| {
            let endpoint = settings.endpoint("ledger verify", stop, output)?;
            let mut progress = output.progress();
            let mut watch = |event| progress.show(&event);
            let mut report = job::ledger::verify(&endpoint, &guard, &mut watch).await?;
            if let Some(seals) = &seals {
                let compared = seal::compare(&endpoint, &ledgers, seals, &mut watch).await?;
                report.findings.extend(compared.findings);
                report.checked.extend(compared.checked);
                report.notes.extend(compared.notes);
            }
            Ok::<_, CliError>(report)
        })?;
        output.answer(&report, render::verified);
        Ok(if report.findings.is_empty() { Exit::Done } else { Exit::Findings })
    }
}

fn accept(
    settings: &Settings,
    output: &Output,
    reason: &str,
    history: bool,
) -> Result<Exit, CliError> {
    let migrations = settings.migrations()?;
    let flags = LimitArgs::default();
    let mut exec = settings.exec_options(&flags);
    exec.guard.allow = Some(reason.to_owned());
    let limits = settings.limits(&flags);
    let head = block_on(async |stop| {
        let endpoint = settings.endpoint("ledger verify", stop, output)?;
        let mut progress = output.progress();
        let mut watch = |event| progress.show(&event);
        let (mut locked, journal) = endpoint.lock(&limits, &mut watch).await?;
        let newest = journal.current().and_then(|version| migrations.get(version));
        let done = match newest {
            Some(newest) => {
                let actor = &exec.actor;
                job::ledger::accept(&mut locked, &exec.guard, newest, actor, history).await
            }
            None => Ok(None),
        };
        locked.release().await;
        done.map_err(CliError::from)
    })?;
    settings.keep_head(head.as_ref())?;
    output.answer(&serde_json::json!({ "accepted": reason, "ledgers": head }), |_| {
        "Recorded: the present protection of the ledgers is accepted.\n".to_owned()
    });
    Ok(Exit::Done)
}

/// Reads seals. A file that does not exist yet is empty.
fn seals(file: &std::path::Path, may_begin: bool) -> Result<Vec<Seal>, CliError> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if may_begin && error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(CliError::Cannot {
                what: format!("cannot read {}: {error}", file.display()),
                help: "Give a file that `glowplug ledger seal -o FILE` wrote.".into(),
            });
        }
        Ok(text) => text,
    };
    seal::read(&text).map_err(|error| job::JobError::from(error).into())
}

impl SealArgs {
    fn run(&self, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
        let ledgers = declared(settings)?;
        let earlier = match &self.output {
            Some(file) => seals(file, true)?,
            None => Vec::new(),
        };
        let new = block_on(async |stop| {
            let endpoint = settings.endpoint("ledger seal", stop, output)?;
            let mut progress = output.progress();
            let mut watch = |event| progress.show(&event);
            let new = seal::seal(&endpoint, &ledgers, &earlier, &mut watch).await;
            new.map_err(CliError::from)
        })?;
        let line = |seal: &Seal| serde_json::to_string(seal).unwrap_or_default() + "\n";
        match &self.output {
            None => output.answer(&new, |new| new.iter().map(line).collect()),
            Some(file) => {
                write::append(file, &new.iter().map(line).collect::<String>())
                    .map_err(job::JobError::from)?;
                output.answer(&new, |new| match new.len() {
                    0 => "Nothing has been appended since the last seal.\n".to_owned(),
                    _ => new
                        .iter()
                        .map(|it| format!("sealed {}: {} rows, {}\n", it.ledger, it.rows, it.chain))
                        .collect(),
                });
            }
        }
        Ok(Exit::Done)
    }
}
