//! From what the rules found to findings: places, acceptances, what was known before.

use std::path::Path;

use super::{Accepted, Wish, stage::Ran};
use crate::{
    job::caret,
    lint::{
        self,
        accept::{self, Acceptance},
        case::{Case, Hit, Said},
        judge::{Block, Held},
        observation::{Observation, Work},
        rule::Rule,
        rules,
        stats::Costs,
    },
    migration::source::{Direction, Migration, Script},
    report::{
        finding::{Finding, Place, Region, Related, Severity},
        lint::{AcceptedFinding, LintReport, LockReport},
    },
    words::sql::{Statement, line_column},
};

/// What bounds a wait where the project says nothing: at most as long as a person does not notice.
const UNNOTICED: f64 = 1.0;

/// A script that was run.
pub(super) struct Judged<'j> {
    pub(super) migration: &'j Migration,
    pub(super) script: &'j Script,
    pub(super) statements: &'j [Statement],
    pub(super) said: &'j [Said<'j>],
    pub(super) direction: Direction,
}

/// The report in the making.
pub(super) struct Judgment<'w> {
    wish: &'w Wish<'w>,
    report: LintReport,
    /// Which acceptances of the project were needed.
    used: Vec<bool>,
}

impl<'w> Judgment<'w> {
    pub(super) fn new(wish: &'w Wish<'w>) -> Self {
        let used = vec![false; wish.policy.accepted.len()];
        Self { wish, report: LintReport::default(), used }
    }

    pub(super) fn begin(&mut self, migration: &Migration) {
        self.report.migrations.push(migration.name.clone());
    }

    /// A migration that failed: later ones cannot be looked at.
    pub(super) fn stopped(&mut self, migration: &Migration) {
        let note = format!("{} fails, so nothing after it was looked at", migration.name);
        self.report.notes.push(note);
    }

    /// A migration that has no down.sql.
    pub(super) fn without_down(&mut self, migration: &Migration) {
        let Some(rule) = rules::of_name("no-down").filter(|it| self.applies(it)) else { return };
        let hit = Hit::new(0, "there is no down.sql");
        let place = Place { file: migration.up.path.clone(), region: None };
        let finding = finding(rule, &hit, migration, place, Vec::new());
        self.put(rule, finding);
    }

    fn applies(&self, rule: &Rule) -> bool {
        let policy = self.wish.policy;
        let named = |names: &[String]| names.iter().any(|it| rule.is_called(it));
        !named(&policy.off) && (rule.is_on || named(&policy.on))
    }

    /// Applies all rules to a script.
    pub(super) fn judge(&mut self, judged: &Judged<'_>, ran: &Ran, costs: Option<Costs>) {
        let policy = self.wish.policy;
        let case = Case {
            statements: judged.said,
            before: &ran.before,
            after: &ran.after,
            differences: &ran.differences,
            pair: &ran.pair,
            blocks: &ran.blocks,
            with_rows: ran.with_rows.as_ref(),
            failed: ran.failed.as_ref(),
            is_whole: judged.migration.metadata.run_in_transaction,
            is_down: judged.direction == Direction::Down,
            stats: self.wish.stats,
            costs,
            max_block: policy.max_block.unwrap_or(UNNOTICED),
            denies_rewrites: policy.denies_rewrites,
        };
        let (accepted, misread) = accept::read(&judged.script.text, judged.statements);
        let mut used = vec![false; accepted.len()];
        let rules = rules::all().iter().filter(|it| it.looks_at(case.is_down) && self.applies(it));
        for rule in rules.collect::<Vec<_>>() {
            let mut hits = Vec::new();
            (rule.check)(&case, &mut hits);
            for hit in hits {
                let covering = accepted.iter().position(|it| it.covers(rule, hit.statement));
                let finding = judged.finding(rule, &hit);
                match covering {
                    Some(at) => {
                        used[at] = true;
                        let reason = accepted[at].reason.clone();
                        self.report.accepted.push(AcceptedFinding { finding, reason });
                    }
                    None => self.put(rule, finding),
                }
            }
        }
        for wrong in misread {
            let place = judged.place(wrong.at.start, wrong.at.end);
            self.report.findings.push(Finding {
                help: Some(wrong.help),
                ..own(
                    "lint::unknown-acceptance",
                    Severity::Error,
                    wrong.message,
                    judged.migration,
                    place,
                )
            });
        }
        self.unused(judged, &accepted, &used);
        let seconds = |block: &Block| {
            let costs = costs.filter(|_| block.grows())?;
            lint::predicted(&case, block, costs)
        };
        let locks = ran.blocks.iter().map(|block| judged.lock(block, seconds(block)));
        self.report.locks.extend(locks);
        if !case.is_down {
            let shares = shares(&ran.pair.big, judged.statements.len());
            self.report.shares.insert(judged.migration.name.clone(), shares);
        }
    }

    /// Comments that nothing needs.
    fn unused(&mut self, judged: &Judged<'_>, accepted: &[Acceptance], used: &[bool]) {
        for (acceptance, _) in accepted.iter().zip(used).filter(|(it, used)| it.is_own && !**used) {
            let place = judged.place(acceptance.at.start, acceptance.at.end);
            let rule = acceptance.rule.map_or("", |it| it.name);
            // of the other direction, or of one that is not looked at now
            if acceptance.rule.is_some_and(|it| !it.looks_at(judged.direction == Direction::Down)) {
                continue;
            }
            let message = format!("`{rule}` finds nothing in the statement below");
            self.report.findings.push(Finding {
                help: Some("Remove the comment.".into()),
                ..own(
                    "lint::unused-acceptance",
                    Severity::Warning,
                    message,
                    judged.migration,
                    place,
                )
            });
        }
    }

    /// Reports a finding, unless it is accepted in the settings or was there before.
    fn put(&mut self, rule: &Rule, finding: Finding) {
        let policy = self.wish.policy;
        let file = finding.place.as_ref().map_or("", |it| it.file.as_str());
        let by =
            policy.accepted.iter().position(|it| rule.is_called(&it.rule) && is_below(file, it));
        let known = policy
            .known
            .iter()
            .any(|it| it.code == finding.code && it.file == file && it.message == finding.message);
        match by {
            Some(at) => {
                self.used[at] = true;
                let reason = policy.accepted[at].reason.clone();
                self.report.accepted.push(AcceptedFinding { finding, reason });
            }
            None if known => {
                let reason = "known before".to_owned();
                self.report.accepted.push(AcceptedFinding { finding, reason });
            }
            None => self.report.findings.push(finding),
        }
    }

    /// Ends it, in the order of the places.
    pub(super) fn into_report(mut self) -> LintReport {
        for (accepted, _) in
            self.wish.policy.accepted.iter().zip(&self.used).filter(|(_, used)| !**used)
        {
            // what it covers may not have been looked at
            let covers = self.report.migrations.iter().any(|name| {
                accepted
                    .path
                    .components()
                    .any(|it| it.as_os_str().to_string_lossy() == name.as_str())
            });
            if covers {
                let (rule, path) = (&accepted.rule, accepted.path.display());
                let message =
                    format!("`{rule}` finds nothing in {path}, and `accept` in [lint] lists it");
                self.report.findings.push(Finding {
                    severity: Severity::Warning,
                    code: "lint::unused-acceptance".into(),
                    message,
                    details: Vec::new(),
                    help: Some("Remove the entry from glowplug.toml.".into()),
                    version: None,
                    place: None,
                    related: Vec::new(),
                    fix: None,
                });
            }
        }
        let order =
            |it: &Finding| (it.version.clone(), it.place.clone(), it.severity, it.code.clone());
        self.report.findings.sort_by_key(order);
        self.report.accepted.sort_by_key(|it| order(&it.finding));
        self.report
    }
}

impl Judged<'_> {
    fn place(&self, start: usize, end: usize) -> Place {
        Place {
            file: self.script.path.clone(),
            region: Some(Region::of(&self.script.text, start, end)),
        }
    }

    /// Where a statement is.
    fn at(&self, statement: usize) -> Place {
        let all = self.statements;
        match all.get(statement.min(all.len().saturating_sub(1))) {
            Some(statement) => {
                let mark = caret::mark(self.script, statement, None);
                self.place(mark.bytes.start, mark.bytes.end)
            }
            None => Place { file: self.script.path.clone(), region: None },
        }
    }

    fn finding(&self, rule: &Rule, hit: &Hit) -> Finding {
        let related = hit.related.iter().map(|(statement, message)| Related {
            message: message.clone(),
            place: self.at(*statement),
        });
        finding(rule, hit, self.migration, self.at(hit.statement), related.collect())
    }

    fn line(&self, statement: usize) -> usize {
        let start = self.statements.get(statement).map_or(0, |it| it.span.start);
        line_column(&self.script.text, start).0
    }

    fn lock(&self, block: &Block, seconds: Option<(f64, f64)>) -> LockReport {
        LockReport {
            migration: self.migration.name.clone(),
            script: self.direction.file(),
            table: block.table.clone(),
            via: block.via.clone(),
            mode: match &block.held {
                Held::Lock(mode) => mode.name(),
                Held::Rows => "Rows",
            },
            readers: block.waits.readers,
            writers: block.waits.writers,
            line: self.line(block.taken),
            until_line: self.line(block.until),
            slope: (block.slope() * 100.0).round() / 100.0,
            driver: block.driver().filter(|_| block.grows()).map(|(table, _)| table.to_owned()),
            seconds,
        }
    }
}

/// How much of the work each statement does, in thousandths; to the percent, as what else the server reads differs a little.
fn shares(seen: &Observation, statements: usize) -> Vec<u32> {
    let mut work = vec![0_u64; statements];
    for step in &seen.steps {
        if let Some(own) = work.get_mut(step.statement) {
            *own += step.work.values().map(Work::total).sum::<u64>();
        }
    }
    let all = work.iter().sum::<u64>().max(1);
    work.iter().map(|it| u32::try_from((it * 100 + all / 2) / all * 10).unwrap_or(1000)).collect()
}

fn finding(
    rule: &Rule,
    hit: &Hit,
    migration: &Migration,
    place: Place,
    related: Vec<Related>,
) -> Finding {
    Finding {
        severity: hit.severity.unwrap_or(rule.severity),
        code: rule.code(),
        message: hit.message.clone(),
        details: hit.details.clone(),
        help: Some(hit.help.clone().unwrap_or_else(|| rule.instead.to_owned())),
        version: Some(migration.version.to_string()),
        place: Some(place),
        related,
        fix: None,
    }
}

fn own(
    code: &str,
    severity: Severity,
    message: String,
    migration: &Migration,
    place: Place,
) -> Finding {
    Finding {
        severity,
        code: code.into(),
        message,
        details: Vec::new(),
        help: None,
        version: Some(migration.version.to_string()),
        place: Some(place),
        related: Vec::new(),
        fix: None,
    }
}

/// Whether a file is what an acceptance names, or below it.
fn is_below(file: &str, accepted: &Accepted) -> bool {
    let path = accepted.path.to_string_lossy().replace('\\', "/");
    if !path.contains('*') {
        return Path::new(file).starts_with(path.trim_end_matches('/'));
    }
    matches(file.as_bytes(), path.as_bytes())
}

/// Whether a text matches a pattern, in which `*` stands for anything.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    match (text, pattern) {
        ([], []) => true,
        (_, [b'*', rest @ ..]) => {
            matches(text, rest) || !text.is_empty() && matches(&text[1..], pattern)
        }
        ([a, text @ ..], [b, rest @ ..]) => a == b && matches(text, rest),
        _ => false,
    }
}
