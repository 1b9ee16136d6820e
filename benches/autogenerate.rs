//! Twenty differences among 1,000 tables: `diff` of two databases against `pg_dump -s` of one as the floor, in statements sent
//! and in memory; and the migrations that lead there, `revision --autogenerate` with its proof against `check`, which only
//! compares.
//!
//! `cargo bench --bench autogenerate` runs it with 1,000 tables; `-- 1000 10000` with these sizes. Nothing is proved beyond
//! 1,000 tables: one migration makes them all, and the throwaway server has no locks for more.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers: it stops at the first surprise, and its result is a table"
)]

#[allow(dead_code, reason = "shared with the other bench")]
mod peers;
mod proxy;
#[allow(dead_code, reason = "shared with the other bench")]
mod server;

use std::{
    fmt::Write as _,
    fs,
    ops::Range,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use glowplug::internal::words::url::{Spelling, Url};

use crate::{
    peers::{GLOWPLUG, on_path, print},
    proxy::Proxy,
    server::Server,
};

const USUAL: usize = 1_000;
/// The most tables with which the way is proved.
const PROVED: usize = 1_000;
const ROUNDS: usize = 5;
const PROOFS: usize = 3;
/// The migration that makes all tables.
const BASE: &str = "2024-01-01-000000_base";

fn main() {
    let mut sizes: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes.push(USUAL);
    }
    if let Some(size) = sizes.iter().find(|size| **size < 20) {
        panic!("there are 20 differences, and {size} tables have no place for them");
    }
    compared(&sizes);
    proved(&sizes);
}

/// Two databases that are there.
fn compared(sizes: &[usize]) {
    let (server, pg_dump) = Server::with_pg_dump();
    println!("\n| tables | pg_dump -s | glowplug diff | × pg_dump | statements | peak memory |");
    println!("|---|---|---|---|---|---|");
    for &size in sizes {
        let (from, to) = (server.database(), server.database());
        for url in [&from, &to] {
            for start in (0..size).step_by(500) {
                let some = tables(start..size.min(start + 500));
                Server::load(url, &format!("BEGIN;\n{some}COMMIT;\n"));
            }
        }
        Server::load(&to, &changes(size));
        for url in [&from, &to] {
            Server::load(url, "VACUUM ANALYZE");
        }
        let mut dumps = Vec::new();
        let mut diffs = Vec::new();
        let mut ratios = Vec::new();
        for _ in 0..ROUNDS {
            let mut dumping = Command::new(&pg_dump);
            dumping.args(["-s", "-d"]).arg(print(&from, Spelling::Psql)).stdout(Stdio::null());
            let (dump, _) = timed(&mut dumping, &[0]);
            let (ours, _) = timed(&mut differing(Command::new(&*GLOWPLUG), &from, &to), &[3]);
            ratios.push(ours.as_secs_f64() / dump.as_secs_f64());
            dumps.push(dump.as_secs_f64());
            diffs.push(ours.as_secs_f64());
        }
        println!(
            "| {size} | {:.3} s | {:.3} s | {:.2} | {} | {} |",
            median(dumps),
            median(diffs),
            median(ratios),
            statements(&server, &from, &to),
            peak(&from, &to)
        );
        server.drop(&from);
        server.drop(&to);
    }
}

/// The same from a project's migrations, with the proof.
fn proved(sizes: &[usize]) {
    println!(
        "\n| tables | glowplug check | glowplug revision --autogenerate | × check | migrations | proved with |"
    );
    println!("|---|---|---|---|---|---|");
    for &size in sizes.iter().filter(|size| **size <= PROVED) {
        let project = Project::with(size);
        let mut checks = Vec::new();
        let mut drafts = Vec::new();
        let mut ratios = Vec::new();
        let (mut code, mut written, mut rows) = (None, 0, "rows");
        for _ in 0..PROOFS {
            let mut checking = project.command(&["check", "--source", "schema.sql"]);
            let (check, output) = timed(&mut checking, &[]);
            code = output.status.code();
            let mut drafting = project.command(&[
                "revision",
                "--autogenerate",
                "-m",
                "change",
                "--no-renames",
                "--source",
                "schema.sql",
            ]);
            let (draft, output) = timed(&mut drafting, &[0]);
            // all of it is done twice then
            if String::from_utf8_lossy(&output.stdout).contains("proved with empty tables") {
                rows = "empty tables";
            }
            written = project.clear();
            assert!(written > 0, "nothing was written");
            ratios.push(draft.as_secs_f64() / check.as_secs_f64());
            checks.push(check.as_secs_f64());
            drafts.push(draft.as_secs_f64());
        }
        // 3 says that something differs; anything else is no time to compare with
        let surprise = match code {
            Some(3) => String::new(),
            other => format!(" (exit code {other:?})"),
        };
        println!(
            "| {size} | {:.2} s{surprise} | {:.2} s | {:.1} | {written} | {rows} |",
            median(checks),
            median(drafts),
            median(ratios),
        );
    }
}

/// A project with one migration that makes all tables, and the SQL of what is wanted.
struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    fn with(size: usize) -> Self {
        let dir = tempfile::Builder::new().prefix("glowplug-bench-").tempdir().unwrap();
        let place = dir.path().join("migrations").join(BASE);
        fs::create_dir_all(&place).unwrap();
        let all = tables(0..size);
        let names: Vec<String> = (0..size).rev().map(|index| format!("t{index}")).collect();
        let down = format!("DROP TABLE {};\n", names.join(", "));
        fs::write(dir.path().join("diesel.toml"), "").unwrap();
        fs::write(place.join("up.sql"), &all).unwrap();
        fs::write(place.join("down.sql"), down).unwrap();
        fs::write(dir.path().join("schema.sql"), all + &changes(size)).unwrap();
        Self { dir }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&*GLOWPLUG);
        command.args(arguments).current_dir(self.dir.path()).env_remove("DATABASE_URL");
        command
    }

    /// Takes the migrations away that were written, and tells how many they were.
    fn clear(&self) -> usize {
        let mut count = 0;
        for entry in fs::read_dir(self.dir.path().join("migrations")).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != BASE {
                fs::remove_dir_all(entry.path()).unwrap();
                count += 1;
            }
        }
        count
    }
}

/// Tables of ten columns with two indexes and a foreign key each.
fn tables(indices: Range<usize>) -> String {
    let mut sql = String::new();
    for index in indices {
        let parent = index / 10;
        writeln!(
            sql,
            "CREATE TABLE t{index} (id bigint PRIMARY KEY, parent bigint NOT NULL REFERENCES t{parent},
             a int NOT NULL DEFAULT 1, b text, c varchar(20) NOT NULL, d timestamptz DEFAULT now(),
             e numeric(10, 2), f boolean NOT NULL DEFAULT false, g jsonb, h uuid);
             CREATE INDEX ON t{index} (a, b);"
        )
        .unwrap();
    }
    sql
}

/// Twenty differences, spread over so many tables: what they are in the one state, changed into the other.
fn changes(size: usize) -> String {
    let mut places = (0..size).step_by(size / 20);
    let mut place = || places.next().unwrap();
    let mut sql = String::new();
    for column in [
        "new1 text",
        "new2 bigint",
        "new3 timestamptz",
        "new4 int NOT NULL DEFAULT 0",
        "new5 boolean NOT NULL DEFAULT true",
    ] {
        writeln!(sql, "ALTER TABLE t{} ADD COLUMN {column};", place()).unwrap();
    }
    for column in ["e", "g", "h"] {
        writeln!(sql, "ALTER TABLE t{} DROP COLUMN {column};", place()).unwrap();
    }
    for columns in ["d", "c", "f, d", "h"] {
        let index = place();
        writeln!(sql, "CREATE INDEX t{index}_new ON t{index} ({columns});").unwrap();
    }
    for default in ["a SET DEFAULT 2", "d DROP DEFAULT"] {
        writeln!(sql, "ALTER TABLE t{} ALTER COLUMN {default};", place()).unwrap();
    }
    for check in ["a >= 0", "length(b) <= 1000"] {
        let index = place();
        writeln!(sql, "ALTER TABLE t{index} ADD CONSTRAINT t{index}_new CHECK ({check});").unwrap();
    }
    for index in 1..=2 {
        writeln!(
            sql,
            "CREATE TABLE new{index} (id bigint PRIMARY KEY, t bigint NOT NULL REFERENCES t0, note text);"
        )
        .unwrap();
    }
    // nothing refers to the last
    for index in [size - 1, size - 2] {
        writeln!(sql, "DROP TABLE t{index};").unwrap();
    }
    sql
}

/// `diff` of two databases; the program may be one that runs another.
fn differing(mut program: Command, from: &Url, to: &Url) -> Command {
    program
        .arg("diff")
        .arg(print(from, Spelling::Psql))
        .arg(print(to, Spelling::Psql))
        .env_remove("DATABASE_URL")
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::null());
    program
}

/// The messages that the server answered about both, counted by a proxy.
fn statements(server: &Server, from: &Url, to: &Url) -> u64 {
    let proxy = Proxy::before(server.directory(), Duration::ZERO);
    let behind = |url: &Url| {
        let mut behind = url.clone();
        behind.set("host", proxy.directory().to_str().unwrap()).unwrap();
        behind
    };
    let mut command = differing(Command::new(&*GLOWPLUG), &behind(from), &behind(to));
    timed(&mut command, &[3]);
    proxy.take().commands
}

fn peak(from: &Url, to: &Url) -> String {
    let Some(time) = on_path("time") else {
        return "-".to_owned();
    };
    let mut command = Command::new(time);
    command.args(["-f", "peak %M"]).arg(&*GLOWPLUG);
    let (_, output) = timed(&mut differing(command, from, to), &[3]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let peak = stderr.lines().last().and_then(|it| it.strip_prefix("peak "));
    let kilobytes: f64 = peak.unwrap().parse().unwrap();
    format!("{:.0} MB", kilobytes * 1024.0 / 1e6)
}

/// Runs a command that ends with one of these exit codes, or with any where none is named.
fn timed(command: &mut Command, codes: &[i32]) -> (Duration, Output) {
    command.stdin(Stdio::null());
    let start = Instant::now();
    let output = command.output().unwrap();
    let took = start.elapsed();
    let is_fine = |code: i32| codes.is_empty() || codes.contains(&code);
    assert!(
        output.status.code().is_some_and(is_fine),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    (took, output)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
