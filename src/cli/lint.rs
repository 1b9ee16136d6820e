//! `glowplug lint`.

mod fix;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use clap::Args;

use crate::{
    cli::{
        Global,
        exit::Exit,
        interrupt::block_on,
        render::{self, Output},
        settings::Settings,
    },
    job::{JobError, run::history},
    lint::{rule::Rule, rules, stats::Stats},
    migration::{
        journal::Journal,
        source::{Direction, Migrations},
        status::status,
        target::Point,
        version::Version,
    },
    postgres::session::Stop,
    project::{config::Rewrites, git::Git, lint_files},
    render::failure::CliError,
    replay::{
        self,
        lint::{Accepted, Known, Policy},
        shadow::Shadow,
    },
    report::lint::LintReport,
};

/// Runs migrations in a throwaway database at two sizes, watches every statement, and reports what is dangerous to deploy.
///
/// Which statement takes which lock and keeps it through which, who waits for it and with which table that grows; what is lost; what
/// breaks the program that is running. Looks at the pending migrations of the database, if one is configured, else at the newest one.
/// Exits with 3 if it finds an error or a warning.
#[derive(Debug, Default, Args)]
pub(super) struct Lint {
    /// The migrations to look at: their directories, or files in them
    paths: Vec<PathBuf>,
    /// Look at the migrations that the database does not have yet
    #[arg(long, conflicts_with_all = ["paths", "since"])]
    pending: bool,
    /// Look at the migrations after this one: a version, `base`, or `-N`, counted from where the database is, or else from the newest;
    /// or at those that a revision of git does not have
    #[arg(long, value_name = "REVISION", allow_hyphen_values = true, conflicts_with = "paths")]
    since: Option<String>,
    /// Look at down.sql as well
    #[arg(long)]
    down: bool,
    /// Explain a rule, or list all
    #[arg(long, value_name = "RULE", num_args = 0..=1, default_missing_value = "")]
    explain: Option<String>,
    /// The file of known findings, which do not count [default: lint-baseline.toml beside glowplug.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Record the present findings as known, so that only new ones count from now on
    #[arg(long)]
    update_baseline: bool,
    /// Replace pending migrations that make others wait by their online form, as `revision --autogenerate` writes and proves it
    #[arg(long, conflicts_with_all = ["down", "update_baseline"])]
    fix: bool,
    /// With --fix: print what would be written
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// Record the sizes of a database's tables, without any value, in lint-stats.json, so that waits can be predicted
    #[arg(long, value_name = "URL")]
    record_stats: Option<String>,
}

impl Lint {
    pub(super) fn run(&self, global: &Global, output: &Output) -> Result<Exit, CliError> {
        if let Some(name) = &self.explain {
            return explain(name, output);
        }
        let settings = Settings::resolve(global)?;
        if let Some(url) = &self.record_stats {
            return record(url, &settings, output);
        }
        if self.fix {
            fix::demand_database(&settings)?;
            fix::finish(&settings, self.dry_run, output)?;
        }
        let migrations = settings.migrations()?;
        let baseline = match &self.baseline {
            Some(path) => path.clone(),
            None => settings.root.join(lint_files::BASELINE),
        };
        let policy = self.policy(&settings, &baseline)?;
        let stats = lint_files::stats(&stats_file(&settings)).map_err(JobError::from)?;
        let mut progress = output.progress();
        let linted = block_on(async |stop| {
            let chosen = self.chosen(&settings, &migrations, &stop, output).await?;
            let shadow = settings.twin("lint", &stop, output, &mut |_| {}).await?;
            let wish = replay::lint::Wish {
                shadow: &shadow,
                migrations: &migrations,
                chosen: &chosen,
                down: self.down,
                stats: stats.as_ref(),
                policy: &policy,
            };
            let mut watch = |event| progress.show(&event);
            let report = replay::lint::lint(&wish, stop.clone(), &mut watch).await?;
            if !self.fix {
                return Ok((report, None));
            }
            let looked = fix::Looked {
                settings: &settings,
                migrations: &migrations,
                shadow: &shadow,
                policy: &policy,
                stats: stats.as_ref(),
            };
            let fixed = looked.fix(&report, self.dry_run, (stop, output), &mut |_| {}).await?;
            Ok::<_, CliError>((report, Some(fixed)))
        });
        progress.finish();
        let (mut report, fixed) = linted?;
        if let Some(fixed) = fixed {
            return fix::tell(fixed, &settings, output);
        }
        if self.update_baseline {
            return update(&mut report, &baseline, &settings, output);
        }
        if stats.is_none() && report.locks.iter().any(|it| it.driver.is_some()) {
            let note = "the sizes of production's tables are not known: `glowplug lint --record-stats URL` records them";
            report.notes.push(note.to_owned());
        }
        let texts = texts(&migrations);
        let sheet = settings.sheet(&["lint"], report.findings.clone());
        output.findings(&report, &sheet, |it| render::linted(it, &texts, output.is_verbose()));
        Ok(if report.is_clean() { Exit::Done } else { Exit::Findings })
    }

    /// What the project accepts and demands.
    fn policy(&self, settings: &Settings, baseline: &std::path::Path) -> Result<Policy, CliError> {
        let lint = &settings.toml.lint;
        let named =
            lint.enable.iter().chain(&lint.disable).chain(lint.accept.iter().map(|it| &it.rule));
        for name in named {
            rule(name)?;
        }
        if let Some(accept) = lint.accept.iter().find(|it| it.reason.trim().is_empty()) {
            return Err(CliError::Cannot {
                what: format!(
                    "`accept` in [lint] of glowplug.toml gives no reason for `{}`",
                    accept.rule
                ),
                help: "Say why the finding does not matter here.".into(),
            });
        }
        let known = lint_files::known(baseline).map_err(JobError::from)?;
        if known.is_none() && self.baseline.is_some() && !self.update_baseline {
            return Err(CliError::Cannot {
                what: format!("baseline {} not found", settings.relative(baseline)),
                help: "`glowplug lint --update-baseline` writes it.".into(),
            });
        }
        let known = if self.update_baseline { None } else { known };
        let known = known.unwrap_or_default().into_iter();
        let accepted = lint.accept.iter().map(|it| Accepted {
            rule: it.rule.clone(),
            path: it.path.clone(),
            reason: it.reason.clone(),
        });
        Ok(Policy {
            max_block: lint.max_block.map(|it| it.0.as_secs_f64()),
            denies_rewrites: lint.rewrites == Rewrites::Deny,
            on: lint.enable.clone(),
            off: lint.disable.clone(),
            accepted: accepted.collect(),
            known: known.map(|(code, file, message)| Known { code, file, message }).collect(),
        })
    }

    /// The migrations that are looked at.
    async fn chosen(
        &self,
        settings: &Settings,
        migrations: &Migrations,
        stop: &Stop,
        output: &Output,
    ) -> Result<BTreeSet<Version>, CliError> {
        if !self.paths.is_empty() {
            return self.paths.iter().map(|path| of_path(path, migrations)).collect();
        }
        if let Some(since) = &self.since {
            let is_step = since.trim().starts_with('-');
            let journal = match is_step && settings.has_a_database() {
                true => settings.endpoint("lint", stop.clone(), output)?.read(&mut |_| {}).await?.2,
                false => Journal::default(),
            };
            let status = status(migrations, &journal);
            let mut history = history(&status);
            if is_step && !settings.has_a_database() {
                history.applied = history.on_disk.iter().map(|it| it.0).collect();
            }
            let point = match history.find(since) {
                Ok(point) => point,
                Err(error) => {
                    return match Git::directories(&settings.migrations_dir, since) {
                        Ok(old) => Ok(without(migrations, &old)),
                        Err(_) => Err(JobError::from(error).into()),
                    };
                }
            };
            let after = migrations.iter().filter(|it| match &point {
                Point::Base => true,
                Point::At(version) => it.version > *version,
            });
            return Ok(after.map(|it| it.version.clone()).collect());
        }
        if self.pending || settings.has_a_database() {
            let endpoint = settings.endpoint("lint", stop.clone(), output)?;
            let (_, _, journal) = endpoint.read(&mut |_| {}).await?;
            let status = status(migrations, &journal);
            let pending = status.rows.iter().filter(|it| it.run_on.is_none());
            return Ok(pending.map(|it| it.version.clone()).collect());
        }
        Ok(migrations.head().map(|it| it.version.clone()).into_iter().collect())
    }
}

/// Looks at some migrations with what the project's files say, as `lint` without options does.
pub(super) async fn linted(
    settings: &Settings,
    migrations: &Migrations,
    chosen: &BTreeSet<Version>,
    (shadow, stop): (&Shadow, Stop),
) -> Result<LintReport, CliError> {
    let policy = Lint::default().policy(settings, &settings.root.join(lint_files::BASELINE))?;
    let stats = lint_files::stats(&stats_file(settings)).map_err(JobError::from)?;
    let wish = replay::lint::Wish {
        shadow,
        migrations,
        chosen,
        down: false,
        stats: stats.as_ref(),
        policy: &policy,
    };
    Ok(replay::lint::lint(&wish, stop, &mut |_| {}).await?)
}

/// The migrations whose directories are none of these.
fn without(migrations: &Migrations, old: &BTreeSet<String>) -> BTreeSet<Version> {
    let new = migrations.iter().filter(|it| !old.contains(&it.name));
    new.map(|it| it.version.clone()).collect()
}

/// The migration that a path leads to.
fn of_path(path: &std::path::Path, migrations: &Migrations) -> Result<Version, CliError> {
    let names: Vec<String> =
        path.components().map(|it| it.as_os_str().to_string_lossy().into_owned()).collect();
    let found = migrations.iter().find(|it| names.contains(&it.name));
    let version = found.map(|it| it.version.clone());
    version.ok_or_else(|| CliError::Cannot {
        what: format!("{} is not a migration", path.display()),
        help: "Name the directory of a migration, or a file in it; `glowplug history` lists them."
            .into(),
    })
}

fn rule(name: &str) -> Result<&'static Rule, CliError> {
    rules::of_name(name).ok_or_else(|| CliError::Cannot {
        what: format!("`{name}` is not a rule of `glowplug lint`"),
        help: match rules::near(name) {
            Some(near) => {
                format!("Did you mean `{near}`? `glowplug lint --explain` lists the rules.")
            }
            None => "`glowplug lint --explain` lists the rules.".into(),
        },
    })
}

fn explain(name: &str, output: &Output) -> Result<Exit, CliError> {
    if name.is_empty() {
        let list: BTreeMap<&str, &str> =
            rules::all().iter().map(|it| (it.name, it.finds)).collect();
        output.answer(&list, |_| render::rules(rules::all()));
        return Ok(Exit::Done);
    }
    let rule = rule(name)?;
    let page = serde_json::json!({
        "rule": rule.name,
        "severity": rule.severity,
        "finds": rule.finds,
        "why": rule.why,
        "instead": rule.instead,
        "aliases": rule.aliases,
        "enabled": rule.is_on,
        "bad": rule.bad,
        "good": rule.good,
    });
    output.answer(&page, |_| render::rule(rule));
    Ok(Exit::Done)
}

fn stats_file(settings: &Settings) -> PathBuf {
    let named = settings.toml.lint.stats.as_deref();
    settings.root.join(named.unwrap_or(std::path::Path::new(lint_files::STATS)))
}

fn record(url: &str, settings: &Settings, output: &Output) -> Result<Exit, CliError> {
    let stats: Stats = block_on(async |stop| {
        let endpoint = settings.endpoint_of(url, "lint", stop, output)?;
        Ok::<_, CliError>(replay::lint::record::record(&endpoint, &mut |_| {}).await?)
    })?;
    let file = stats_file(settings);
    lint_files::write_stats(&file, &stats).map_err(JobError::from)?;
    let shown = settings.relative(&file);
    output.answer(&stats, |stats| {
        let count = stats.tables.len();
        let tables = if count == 1 { "1 table".to_owned() } else { format!("{count} tables") };
        format!("Recorded the sizes of {tables} in {shown}; it contains no values. Commit it.\n")
    });
    Ok(Exit::Done)
}

fn update(
    report: &mut LintReport,
    baseline: &std::path::Path,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, CliError> {
    let known = report.findings.iter().map(|it| {
        let file = it.place.as_ref().map_or(String::new(), |it| it.file.clone());
        (it.code.clone(), file, it.message.clone())
    });
    let known: Vec<(String, String, String)> = known.collect();
    lint_files::write_known(baseline, &known).map_err(JobError::from)?;
    let count = known.len();
    let shown = settings.relative(baseline);
    report.findings.clear();
    output.answer(report, |_| {
        let findings =
            if count == 1 { "1 finding is".to_owned() } else { format!("{count} findings are") };
        format!("Wrote {shown}: {findings} known from now on.\n")
    });
    Ok(Exit::Done)
}

/// The scripts, by their paths.
fn texts(migrations: &Migrations) -> BTreeMap<String, String> {
    let scripts = migrations.iter().flat_map(|it| {
        [Direction::Up, Direction::Down].into_iter().filter_map(|way| it.script(way))
    });
    scripts.map(|it| (it.path.clone(), crate::words::secrets::cover(&it.text))).collect()
}
