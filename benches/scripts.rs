//! Long scripts against psql: many statements and large ones, in a transaction and without.
//!
//! `cargo bench --bench scripts` runs every part, `cargo bench --bench scripts -- alone` one of them. What the rows mean is in
//! README.md beside this file.

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
    process::Command,
    time::{Duration, Instant},
};

use glowplug::internal::words::url::Url;

use crate::{
    peers::{Act, Project, Tool, on_path},
    proxy::Proxy,
    server::Server,
};

const ROUNDS: usize = 5;

/// A script, and whether it is one transaction.
struct Case {
    part: &'static str,
    title: &'static str,
    in_transaction: bool,
    script: fn() -> String,
}

const CASES: [Case; 6] = [
    Case {
        part: "together",
        title: "30,000 INSERTs",
        in_transaction: true,
        script: || small(30_000),
    },
    Case {
        part: "together",
        title: "200,000 INSERTs",
        in_transaction: true,
        script: || small(200_000),
    },
    Case { part: "together", title: "75 MB in 150", in_transaction: true, script: large },
    Case {
        part: "alone",
        title: "10,000 INSERTs",
        in_transaction: false,
        script: || small(10_000),
    },
    Case {
        part: "alone",
        title: "40,000 INSERTs",
        in_transaction: false,
        script: || small(40_000),
    },
    Case { part: "alone", title: "75 MB in 150", in_transaction: false, script: large },
];

fn small(count: usize) -> String {
    let mut script = "CREATE TABLE h (id int, t text);\n".to_owned();
    for at in 0..count {
        writeln!(script, "INSERT INTO h VALUES ({at}, 'row number {at}');").unwrap();
    }
    script
}

fn large() -> String {
    let mut script = "CREATE TABLE h (id int, t text);\n".to_owned();
    for at in 0..150 {
        let text = format!("{at} lorem ipsum dolor ").repeat(22_000);
        writeln!(script, "INSERT INTO h VALUES ({at}, '{text}');").unwrap();
    }
    script
}

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    println!("{}\n", Server::version());
    println!(
        "| script | transaction | × psql (least, most) | psql | glowplug | round trips | bytes sent × file | peak memory |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let server = Server::fast();
    let proxy = Proxy::before(server.directory(), Duration::ZERO);
    for case in CASES {
        if wanted.is_empty() || wanted.iter().any(|it| it == case.part) {
            row(&server, &proxy, &case);
        }
    }
}

fn row(server: &Server, proxy: &Proxy, case: &Case) {
    let script = (case.script)();
    let project = Project::of_script(&script, case.in_transaction);
    let (mut floor, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (tool, times) in [(Tool::Psql, &mut floor), (Tool::Glowplug, &mut ours)] {
            let url = server.database();
            let mut command = project.command(tool, Act::Upgrade, &url);
            if tool == Tool::Psql && case.in_transaction {
                command.arg("-1");
            }
            times.push(timed(&mut command));
            server.drop(&url);
        }
    }
    let mut ratios: Vec<f64> = ours.iter().zip(&floor).map(|(a, b)| a / b).collect();
    ratios.sort_by(f64::total_cmp);
    let url = server.database();
    let mut behind: Url = url.clone();
    behind.set("host", proxy.directory().to_str().unwrap()).unwrap();
    timed(&mut project.command(Tool::Glowplug, Act::Upgrade, &behind));
    let seen = proxy.take();
    server.drop(&url);
    println!(
        "| {} | {} | {:.2} ({:.2}, {:.2}) | {:.2} s | {:.2} s | {} | {:.2} | {} |",
        case.title,
        if case.in_transaction { "one" } else { "none" },
        ratios[ROUNDS / 2],
        ratios[0],
        ratios[ROUNDS - 1],
        median(floor),
        median(ours),
        seen.round_trips,
        seen.bytes as f64 / script.len() as f64,
        memory(server, &project, script.len()),
    );
}

/// The most memory that was resident, and how many times the file that is.
fn memory(server: &Server, project: &Project, bytes: usize) -> String {
    let Some(time) = on_path("time") else {
        return "no `time` on the PATH".into();
    };
    let url = server.database();
    let inner = project.command(Tool::Glowplug, Act::Upgrade, &url);
    let mut command = Command::new(time);
    command.args(["-f", "peak %M"]).arg(inner.get_program()).args(inner.get_args());
    command.current_dir(inner.get_current_dir().unwrap()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    server.drop(&url);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let peak = stderr.lines().last().and_then(|line| line.strip_prefix("peak "));
    let peak = peak.unwrap().parse::<f64>().unwrap() * 1024.0;
    format!("{:.0} MB ({:.1} ×)", peak / 1e6, peak / bytes as f64)
}

fn timed(command: &mut Command) -> f64 {
    let start = Instant::now();
    let status = command.status().unwrap();
    let took = start.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?}");
    took
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
