//! A second opinion on whether two databases are alike, of `pg_dump`, which shares no code with this program.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    autogenerate::{AutogenerateRequest, Truth, proving::Proving, rename::KEPT, send::send},
    catalog::Catalog,
    cluster::{Dumper, Scratch},
    job::{
        JobError,
        failure::{AutogenerateError, ProofFailure},
        load,
        open::Endpoint,
        owner::roles,
    },
    postgres::{
        session::{Message, Session},
        session_error::SessionError,
    },
    project::truth::without_fences,
    replay::{
        alike::Moments,
        shadow::{Shadow, end, make_roles},
    },
    report::autogenerate::AutogenerateReport,
};

/// How often a dump is read back before it is taken for another. What PostgreSQL prints is at rest after that.
const ROUNDS: usize = 2;
/// The database that it is read back into.
const AGAIN: &str = "glowplug_again";

impl Proving {
    /// Asks `pg_dump`, where it is beside the server, whether the way up has led to the same.
    pub(super) async fn ask_pg_dump(
        &self,
        request: &AutogenerateRequest<'_>,
        session: &mut Session<'_>,
        state: &Catalog,
        report: &mut AutogenerateReport,
    ) -> Result<(), JobError> {
        // what is left alone here is in its eyes a difference
        let is_whole = report.not_compared.is_empty()
            && request.ignored.is_empty()
            && self.left_alone.is_empty()
            && !self.keeps_data;
        if matches!(request.truth, Truth::SchemaRs(_)) || !is_whole {
            return Ok(());
        }
        let binaries = &self.shadow.binaries;
        let (Some(beside), Some(own)) = (
            self.beside.as_ref().and_then(|it| it.dumper(binaries)),
            self.scratch.dumper(binaries),
        ) else {
            return Ok(());
        };
        let (wanted, found) = tokio::join!(
            structure(&beside, Scratch::MAINTENANCE),
            structure(&own, Scratch::MAINTENANCE)
        );
        let dumps = [wanted?, found?];
        if dumps[1].contains(KEPT) {
            return Ok(());
        }
        report.judged_by_pg_dump = true;
        let left = compared(session, (&self.shadow, &self.endpoint), state, dumps).await?;
        if left.is_empty() {
            return Ok(());
        }
        Err(ProofFailure::new("pg_dump shows that up.sql does not lead to the source of truth")
            .differing(left)
            .into())
    }
}

/// What differs between two dumps of what has this structure, in the end.
pub(crate) async fn compared(
    session: &mut Session<'_>,
    (shadow, endpoint): (&Shadow, &Endpoint),
    state: &Catalog,
    dumps: [String; 2],
) -> Result<Vec<String>, JobError> {
    let left = differences(session, &dumps).await?;
    if left.is_empty() {
        return Ok(left);
    }
    let other = shadow.start_empty().await?;
    let endpoint = shadow.endpoint(&other, endpoint.stop.clone());
    make_roles(&endpoint, roles(state)).await?;
    let read = read_again(&other, &endpoint, shadow, dumps, left).await;
    end(other).await;
    read
}

/// What differs between two dumps after both were read back, again and again, on a server that has nothing else.
async fn read_again(
    other: &Scratch,
    endpoint: &Endpoint,
    shadow: &Shadow,
    mut dumps: [String; 2],
    mut left: Vec<String>,
) -> Result<Vec<String>, JobError> {
    let Some(dumper) = other.dumper(&shadow.binaries) else {
        return Ok(left);
    };
    let (mut session, _, _) = endpoint.read(&mut |_| {}).await?;
    for _ in 0..ROUNDS {
        for dump in &mut dumps {
            let texts = [
                format!("DROP DATABASE IF EXISTS {AGAIN} WITH (FORCE)"),
                format!("CREATE DATABASE {AGAIN} TEMPLATE {}", Scratch::MAINTENANCE),
            ];
            let made = texts.each_ref().map(|it| Message::Batch(it));
            let made = send(&mut session, &made).await;
            made.map_err(SessionError::while_doing("creating a database"))?;
            let mut within = endpoint.clone();
            within.url = other.url(AGAIN);
            let (mut loading, _, _) = within.read(&mut |_| {}).await?;
            let files = [(PathBuf::from("pg_dump"), without_fences(std::mem::take(dump)))];
            match load::run(&mut loading, &files).await {
                Err(JobError::Autogenerate(AutogenerateError::Sql { what, .. })) => {
                    left.push(format!("its output cannot be parsed: {what}"));
                    return Ok(left);
                }
                loaded => loaded?,
            }
            drop(loading);
            *dump = structure(&dumper, AGAIN).await?;
        }
        left = differences(&mut session, &dumps).await?;
        if left.is_empty() {
            break;
        }
    }
    Ok(left)
}

/// What `pg_dump` prints of a structure.
pub(crate) async fn structure(dumper: &Dumper, database: &'static str) -> Result<String, JobError> {
    let dumper = dumper.clone();
    let dump = tokio::task::spawn_blocking(move || dumper.structure(database));
    Ok(dump.await.expect("a dump does not panic")?)
}

/// What differs between two dumps, but for constants that were `now` when they were read.
async fn differences(
    session: &mut Session<'_>,
    [wanted, found]: &[String; 2],
) -> Result<Vec<String>, JobError> {
    let (mut missing, mut surplus) = only_in_one(wanted, found);
    let lines = missing.iter().chain(&surplus);
    let moments = Moments::ask(session, lines.map(String::as_str)).await?;
    missing.retain(|line| {
        let other = surplus.iter().position(|it| moments.is_alike(line, it));
        other.map(|at| surplus.remove(at)).is_none()
    });
    let missing = missing.iter().map(|line| format!("missing: {line}"));
    let surplus = surplus.iter().map(|line| format!("extra: {line}"));
    Ok(missing.chain(surplus).collect())
}

/// The lines that only the first of two dumps has, and those that only the second has. Their order is left out: a column that was
/// added later stands in another place.
fn only_in_one(wanted: &str, found: &str) -> (Vec<String>, Vec<String>) {
    let mut count: BTreeMap<String, isize> = BTreeMap::new();
    for line in lines(wanted) {
        *count.entry(line).or_default() += 1;
    }
    for line in lines(found) {
        *count.entry(line).or_default() -= 1;
    }
    let only = |sign: isize| -> Vec<String> {
        let lines = count.iter();
        let times = |(line, n): (&String, &isize)| {
            let times = usize::try_from(n * sign).unwrap_or(0);
            vec![line.clone(); times]
        };
        lines.flat_map(times).collect()
    };
    (only(1), only(-1))
}

/// What a dump says, line by line, without what is there for psql and for the journal.
fn lines(dump: &str) -> Vec<String> {
    let is_ours = |block: &&str| {
        !["__diesel_schema_migrations", "__glowplug_journal"]
            .iter()
            .any(|name| block.contains(name))
    };
    // a statement with its remarks is a block
    let blocks = dump.split("\n--\n").filter(is_ours);
    let lines = blocks.flat_map(str::lines);
    lines
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|line| !line.is_empty())
        // remarks, commands for psql, and what follows from the order
        .filter(|line| {
            let heads = ["--", "\\", "SET ", "SELECT pg_catalog.set_config"];
            !heads.iter().any(|head| line.starts_with(head))
        })
        // by which index CLUSTER goes is no structure
        .filter(|line| !(line.starts_with("ALTER TABLE ") && line.contains(" CLUSTER ON ")))
        .map(sorted_lists)
        .collect()
}

/// Storage options stand in the order in which they were set; `pg_dump` names parents in the order in which they lie in the
/// system catalog, which is not that of the table.
fn sorted_lists(line: &str) -> String {
    let list = ["WITH (", "INHERITS ("];
    let found = list.iter().find_map(|words| {
        let (head, rest) = line.split_once(words)?;
        let (list, tail) = rest.rsplit_once(')')?;
        Some((head, words, list, tail))
    });
    let Some((head, words, list, tail)) = found else {
        return line.to_owned();
    };
    let mut list: Vec<&str> = list.split(", ").collect();
    list.sort_unstable();
    format!("{head}{words}{}){tail}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_the_journal_do_not_count() {
        let wanted =
            "--\n-- Name: t\n--\n\nCREATE TABLE t (\n    a int,\n    b int\n);\n\\restrict x\n";
        let found = "\n--\n-- Name: __glowplug_journal\n--\n\nCREATE TABLE __glowplug_journal (x int);\n\n--\n-- Name: t\n--\n\nCREATE TABLE t (\n    b int,\n    a int\n);\n";
        let nothing = (Vec::<String>::new(), Vec::<String>::new());
        assert_eq!(only_in_one(wanted, found), nothing);
        assert_eq!(
            only_in_one(wanted, &found.replace("a int", "a bigint")),
            (vec!["a int".to_owned()], vec!["a bigint".to_owned()])
        );
        let (one, other) = ("i WITH (a='1', b='2');", "i WITH (b='2', a='1');");
        assert_eq!(only_in_one(one, other), nothing);
        let (one, other) = ("INHERITS (p, q);", "INHERITS (q, p);");
        assert_eq!(only_in_one(one, other), nothing);
    }
}
