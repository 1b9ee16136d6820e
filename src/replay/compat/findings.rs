//! What a migration does to the programs, as findings with their places.

use std::ops::Range;

use crate::{
    compat::{Break, Which, finding::Teller, queries::QueryBreak, steps::recipes, verdict::Step},
    migration::source::Script,
    replay::compat::{
        Case, Side,
        locate::{Blamed, Places},
        walk::Walk,
    },
    report::{
        compat::{MigrationReport, Verdict},
        finding::{Finding, Place, Region, Related, Severity},
    },
};

/// The report on one of the pending migrations.
pub(super) fn of_migration(
    case: &Case<'_>,
    walk: &Walk,
    (at, step): (usize, &Step),
    places: &Places,
) -> MigrationReport {
    let migration = case.pending[at];
    let verdict = step.verdict();
    let is_stuck = verdict == Verdict::Neither;
    let running = Teller {
        which: Which::Running,
        program: &case.running.program,
        broken: &walk.running.states[at + 1],
        working: &walk.running.states[at],
        is_stuck,
    };
    let new = Teller {
        which: Which::New,
        program: &case.new.program,
        broken: &walk.new.states[at],
        working: &walk.new.states[at + 1],
        is_stuck,
    };
    let mut findings = Vec::new();
    for (teller, breaks) in [(&running, &step.breaks), (&new, &step.mends)] {
        for it in breaks {
            let mut finding = teller.finding(it);
            let blamed = Blamed::Break(teller.which, it.clone());
            let span = places.get(&(at, blamed)).cloned();
            finding.place = Some(place(&migration.up, span, &words(teller, it)));
            findings.push(finding);
        }
    }
    let queries = [
        (Which::Running, &case.running, &step.breaks_queries),
        (Which::New, &case.new, &step.mends_queries),
    ];
    for (which, side, breaks) in queries {
        for it in breaks {
            let mut finding = of_query(which, side, it, is_stuck);
            let span = places.get(&(at, Blamed::Query(which, it.query))).cloned();
            finding.place = Some(place(&migration.up, span, &[]));
            findings.push(finding);
        }
    }
    for finding in &mut findings {
        finding.version = Some(migration.version.to_string());
    }
    findings.sort_by_key(|it| it.severity);
    MigrationReport {
        version: migration.version.clone(),
        name: migration.name.clone(),
        verdict,
        findings,
        instead: if is_stuck { recipes(step, &running, &new) } else { Vec::new() },
    }
}

/// Names that the statement may have of what a break is about, the most exact first.
fn words(teller: &Teller<'_>, it: &Break) -> Vec<String> {
    let table = &teller.program.tables[it.table];
    let column = match &it.effect {
        crate::compat::Effect::Required { column, .. } => Some(column.clone()),
        _ => it.column.map(|it| table.columns[it].name.clone()),
    };
    column.into_iter().chain([table.name.name.clone()]).collect()
}

/// A place in a script: a name in the statement, or else its first line; the file, if the statement is not known.
fn place(script: &Script, span: Option<Range<usize>>, names: &[String]) -> Place {
    let region = span.map(|span| {
        let text = &script.text[span.clone()];
        let found = names.iter().find_map(|name| {
            let mut places = text.match_indices(name.as_str());
            places.find(|(at, name)| is_word(text, *at, name.len())).map(|(at, it)| (at, it.len()))
        });
        let line = || (0, text.find('\n').unwrap_or(text.len()));
        let (start, length) = found.unwrap_or_else(line);
        Region::of(&script.text, span.start + start, span.start + start + length)
    });
    Place { file: script.path.clone(), region }
}

fn is_word(text: &str, at: usize, length: usize) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|it| it.is_alphanumeric() || it == '_');
    !is_part(text[..at].chars().next_back()) && !is_part(text[at + length..].chars().next())
}

fn of_query(which: Which, side: &Side, it: &QueryBreak, is_stuck: bool) -> Finding {
    let (severity, when, help) = match (which, it.is_certain) {
        (Which::Running, true) => (Severity::Error, "after", OF_RUNNING),
        (Which::Running, false) => (Severity::Warning, "after", OF_RUNNING),
        (Which::New, true) if is_stuck => (Severity::Error, "before", OF_NEW),
        (Which::New, _) => (Severity::Note, "before", OF_NEW),
    };
    let found = side.query(it.query);
    let place = found.map(|(file, span)| Place {
        file: file.path.clone(),
        region: Some(Region::of(&file.text, span.start, span.end)),
    });
    let name = place.as_ref().map(|it| match it.region {
        Some(region) => format!("{}:{}", it.file, region.line),
        None => it.file.clone(),
    });
    Finding {
        severity,
        code: "compat::query".into(),
        message: format!(
            "{} cannot use its query at {} {when} this migration",
            which.words(),
            name.unwrap_or_default()
        ),
        details: vec![it.what.clone()],
        help: Some(help.into()),
        version: None,
        place: None,
        related: place
            .into_iter()
            .map(|place| Related { message: "the query".into(), place })
            .collect(),
        fix: None,
    }
}

const OF_RUNNING: &str =
    "Deploy a program first whose queries do not need what the migration takes away.";
const OF_NEW: &str = "Apply the migration before the new program is deployed.";
