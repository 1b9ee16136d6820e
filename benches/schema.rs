//! schema.rs of 100, 1,000 and 10,000 tables: against `pg_dump -s` as the floor and `diesel print-schema` as the peer, in
//! statements sent and in memory.
//!
//! `cargo bench --bench schema` runs it all; `-- 100 1000` only these sizes. Diesel is left out at 10,000 tables.

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
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use glowplug::internal::words::url::{Spelling, Url};

use crate::{
    peers::{GLOWPLUG, on_path, print},
    proxy::Proxy,
    server::Server,
};

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const ROUNDS: usize = 5;

fn main() {
    let wanted: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let (server, pg_dump) = Server::with_pg_dump();
    println!(
        "\n| tables | pg_dump -s | glowplug print-schema | × pg_dump | diesel print-schema | statements | peak memory |"
    );
    println!("|---|---|---|---|---|---|---|");
    for size in SIZES {
        if !wanted.is_empty() && !wanted.contains(&size) {
            continue;
        }
        let url = server.database();
        for statements in tables(size) {
            Server::load(&url, &statements);
        }
        Server::load(&url, "VACUUM ANALYZE");
        let mut dumps = Vec::new();
        let mut prints = Vec::new();
        let mut ratios = Vec::new();
        for _ in 0..ROUNDS {
            let dump =
                timed(Command::new(&pg_dump).args(["-s", "-d"]).arg(print(&url, Spelling::Psql)));
            let ours = timed(&mut printing(&GLOWPLUG, &url));
            ratios.push(ours.as_secs_f64() / dump.as_secs_f64());
            dumps.push(dump.as_secs_f64());
            prints.push(ours.as_secs_f64());
        }
        let diesel = match on_path("diesel") {
            Some(diesel) if size <= 1_000 => {
                format!("{:.2} s", timed(&mut printing(&diesel, &url)).as_secs_f64())
            }
            _ => "-".to_owned(),
        };
        println!(
            "| {size} | {:.3} s | {:.3} s | {:.2} | {diesel} | {} | {} |",
            median(dumps),
            median(prints),
            median(ratios),
            statements(&server, &url),
            peak(&url)
        );
        server.drop(&url);
    }
}

/// Tables of ten columns with two indexes and a foreign key each, in scripts of 500.
fn tables(count: usize) -> Vec<String> {
    let all: Vec<usize> = (0..count).collect();
    let script = |chunk: &[usize]| {
        let mut sql = String::from("BEGIN;\n");
        for index in chunk {
            let parent = index.saturating_sub(1);
            writeln!(
                sql,
                "CREATE TABLE t{index} (id bigint PRIMARY KEY, parent bigint NOT NULL REFERENCES t{parent},
                 a int NOT NULL DEFAULT 1, b text, c varchar(20) NOT NULL, d timestamptz DEFAULT now(),
                 e numeric(10, 2), f boolean NOT NULL DEFAULT false, g jsonb, h uuid);
                 CREATE INDEX ON t{index} (a, b);"
            )
            .unwrap();
        }
        sql + "COMMIT;\n"
    };
    all.chunks(500).map(script).collect()
}

fn printing(program: &Path, url: &Url) -> Command {
    let mut command = Command::new(program);
    command
        .arg("print-schema")
        .env("DATABASE_URL", print(url, Spelling::Diesel))
        .current_dir(std::env::temp_dir());
    command
}

/// The messages that the server answered, counted by a proxy.
fn statements(server: &Server, url: &Url) -> u64 {
    let proxy = Proxy::before(server.directory(), Duration::ZERO);
    let mut behind = url.clone();
    behind.set("host", proxy.directory().to_str().unwrap()).unwrap();
    timed(&mut printing(&GLOWPLUG, &behind));
    proxy.take().commands
}

fn peak(url: &Url) -> String {
    let Some(time) = on_path("time") else {
        return "-".to_owned();
    };
    let mut command = Command::new(time);
    command
        .args(["-f", "peak %M"])
        .arg(&*GLOWPLUG)
        .arg("print-schema")
        .env("DATABASE_URL", print(url, Spelling::Diesel))
        .stdout(Stdio::null());
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let peak = stderr.lines().last().and_then(|it| it.strip_prefix("peak "));
    let kilobytes: f64 = peak.unwrap().parse().unwrap();
    format!("{:.0} MB", kilobytes * 1024.0 / 1e6)
}

fn timed(command: &mut Command) -> Duration {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().unwrap();
    let took = start.elapsed();
    assert!(status.success(), "{command:?}");
    took
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
