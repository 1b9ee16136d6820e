//! The locks that `lint` has observed, as timelines.

use crate::{
    lint::words::time,
    migration::source::Migrations,
    report::{
        deploy::{LockBar, LockTimeline, Waits},
        lint::{LintReport, LockReport},
    },
};

/// One timeline for each migration that takes locks on its way up.
#[must_use]
pub(crate) fn timelines(report: &LintReport, migrations: &Migrations) -> Vec<LockTimeline> {
    let of = |name: &String| {
        let migration = migrations.iter().find(|it| it.name == *name)?;
        let mut timeline = LockTimeline::of(migration)?;
        let shares = report.shares.get(name).into_iter().flatten();
        for (statement, share) in timeline.statements.iter_mut().zip(shares) {
            statement.share = *share;
        }
        let own = report.locks.iter().filter(|it| it.migration == *name && it.script == "up.sql");
        for lock in own {
            timeline.add((lock.line, lock.until_line), bar(lock));
        }
        (!timeline.bars.is_empty()).then_some(timeline)
    };
    report.migrations.iter().filter_map(of).collect()
}

fn bar(lock: &LockReport) -> LockBar {
    let table = match &lock.via {
        Some(via) => format!("{} ({via})", lock.table),
        None => lock.table.clone(),
    };
    LockBar {
        table,
        mode: mode(lock.mode),
        from: 0,
        to: 0,
        waits: match (lock.readers, lock.writers) {
            (true, _) => Waits::Everybody,
            (false, true) => Waits::Writers,
            (false, false) => Waits::Nobody,
        },
        lasts: lock.seconds.map(|(least, most)| {
            let (least, most) = (time(least), time(most));
            if least == most { most } else { format!("{least} to {most}") }
        }),
        grows_with: lock.driver.as_ref().map(|it| format!("the rows of {it}")),
    }
}

/// A mode as SQL writes it: `ACCESS EXCLUSIVE`.
fn mode(name: &str) -> String {
    if name == "Rows" {
        return "ROW LOCKS".to_owned();
    }
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_uppercase());
    }
    words
}
