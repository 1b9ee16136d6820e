//! The daily workflow, measured: against psql as the floor, against Diesel's and Alembic's tools, in round trips and in memory.
//!
//! `cargo bench --bench workflow` runs every part, `cargo bench --bench workflow -- trips memory` two of them. What the rows
//! mean is in README.md beside this file. Ratios come first: they are of one run on one machine, and travel better than times.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers: it stops at the first surprise, and its result is a table"
)]

#[allow(dead_code, reason = "shared with the other benches")]
mod peers;
mod proxy;
#[allow(dead_code, reason = "shared with the other bench")]
mod server;

use std::{
    io::{Read as _, Seek as _},
    process::Command,
    time::{Duration, Instant},
};

use glowplug::internal::words::url::Url;

use crate::{
    peers::{Act, GLOWPLUG, Project, Tool, on_path},
    proxy::Proxy,
    server::Server,
};

/// A part, by the name that selects it.
type Part = (&'static str, fn());

const PARTS: [Part; 6] = [
    ("apply", apply),
    ("noop", noop),
    ("trips", trips),
    ("latency", latency),
    ("memory", memory),
    ("binary", binary),
];

fn main() {
    // cargo adds --bench
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let unknown = |name: &&String| PARTS.iter().all(|(part, _)| part != name);
    if let Some(name) = wanted.iter().find(unknown) {
        panic!("there is no part `{name}`: apply, noop, trips, latency, memory, binary");
    }
    println!("{}", Server::version());
    for tool in Tool::installed() {
        println!("{}", tool.version());
    }
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            part();
        }
    }
}

/// 1,000 migrations from empty, on both servers, each tool in turn.
fn apply() {
    const ROUNDS: usize = 5;
    let project = Project::with(1_000);
    for server in [Server::fast(), Server::durable()] {
        let mut times = Times::default();
        for _ in 0..ROUNDS {
            for tool in Tool::installed() {
                let url = server.database();
                let mut command = project.command(tool, Act::Upgrade, &url);
                times.add(tool, timed(&mut command));
                server.drop(&url);
            }
        }
        let title = format!("1,000 migrations from empty, {}", server.name);
        times.print(&title, Tool::Psql);
    }
}

/// `upgrade` with nothing to do, and `current`, at 1,000 applied migrations.
fn noop() {
    const ROUNDS: usize = 25;
    let project = Project::with(1_000);
    let server = Server::fast();
    let tools = Tool::installed();
    let urls: Vec<Url> = tools.iter().map(|_| server.database()).collect();
    for (tool, url) in tools.iter().zip(&urls) {
        timed(&mut project.command(*tool, Act::Upgrade, url));
    }
    for (act, title) in [
        (Act::Upgrade, "no-op upgrade at 1,000 applied"),
        (Act::Current, "current at 1,000 applied"),
    ] {
        let mut times = Times::default();
        for _ in 0..ROUNDS {
            for (tool, url) in tools.iter().zip(&urls) {
                // psql has no upgrade that finds nothing to do
                if (*tool, act) != (Tool::Psql, Act::Upgrade) {
                    times.add(*tool, timed(&mut project.command(*tool, act, url)));
                }
            }
        }
        times.print(title, Tool::Diesel);
    }
}

/// Round trips after authentication, and messages that the server answered.
fn trips() {
    let server = Server::fast();
    let proxy = Proxy::before(server.directory(), Duration::ZERO);
    println!("\n### Round trips after authentication (commands)\n");
    println!("| | no-op upgrade | current | N = 1 | N = 10 | N = 100 | N = 1000 |");
    println!("|---|---|---|---|---|---|---|");
    for tool in Tool::installed() {
        let mut cells = Vec::new();
        let counted = |project: &Project, act, url: &Url| {
            timed(&mut project.command(tool, act, &behind(&proxy, url)));
            let seen = proxy.take();
            format!("{} ({})", seen.round_trips, seen.commands)
        };
        for count in [1, 10, 100, 1_000] {
            let project = Project::with(count);
            let url = server.database();
            cells.push(counted(&project, Act::Upgrade, &url));
            if count == 1_000 {
                cells.insert(0, counted(&project, Act::Current, &url));
                let nothing = match tool {
                    Tool::Psql => "-".to_owned(),
                    _ => counted(&project, Act::Upgrade, &url),
                };
                cells.insert(0, nothing);
            }
            server.drop(&url);
        }
        println!("| {} | {} |", tool.name(), cells.join(" | "));
    }
}

/// 100 migrations over a connection with 50 ms per round trip.
fn latency() {
    let server = Server::fast();
    let proxy = Proxy::before(server.directory(), Duration::from_millis(50));
    let project = Project::with(100);
    let mut times = Times::default();
    for tool in Tool::installed() {
        let url = server.database();
        let mut command = project.command(tool, Act::Upgrade, &behind(&proxy, &url));
        times.add(tool, timed(&mut command));
        server.drop(&url);
    }
    times.print("100 migrations, 50 ms per round trip", Tool::Diesel);
}

/// The most memory that was resident, at 10,000 migrations.
fn memory() {
    let Some(time) = on_path("time") else {
        println!("\nmemory: left out, there is no `time` program on the PATH");
        return;
    };
    let project = Project::with(10_000);
    let server = Server::fast();
    println!("\n### Peak memory at 10,000 migrations\n");
    println!("| | upgrade from empty | no-op upgrade | current |");
    println!("|---|---|---|---|");
    for tool in [Tool::Glowplug, Tool::Diesel] {
        if !Tool::installed().contains(&tool) {
            continue;
        }
        let url = server.database();
        let peaks = [Act::Upgrade, Act::Upgrade, Act::Current].map(|act| {
            let inner = project.command(tool, act, &url);
            let mut command = Command::new(&time);
            command.args(["-f", "peak %M"]).arg(inner.get_program());
            command.args(inner.get_args());
            command.current_dir(inner.get_current_dir().unwrap());
            command.env_clear();
            command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
            let output = command.output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{stderr}");
            let peak = stderr.lines().last().and_then(|line| line.strip_prefix("peak "));
            let kilobytes: f64 = peak.unwrap().parse().unwrap();
            format!("{:.1} MB", kilobytes * 1024.0 / 1e6)
        });
        println!("| {} | {} |", tool.name(), peaks.join(" | "));
        server.drop(&url);
    }
}

/// How large the program is, and what it is linked to.
fn binary() {
    println!("\n### Binary\n");
    let bytes = std::fs::metadata(&*GLOWPLUG).unwrap().len();
    println!("{:.2} MB", bytes as f64 / 1e6);
    if let Ok(output) = Command::new("ldd").arg(&*GLOWPLUG).output() {
        let text = String::from_utf8_lossy(&output.stdout);
        let names = text.lines().filter_map(|line| line.split_whitespace().next());
        println!("ldd: {}", names.collect::<Vec<_>>().join(", "));
    }
}

/// The same database, through a proxy.
fn behind(proxy: &Proxy, url: &Url) -> Url {
    let mut url = url.clone();
    url.set("host", proxy.directory().to_str().unwrap()).unwrap();
    url
}

/// How long a command takes. It has to succeed. What it says goes into a file: a reader would compete for the cores.
fn timed(command: &mut Command) -> Duration {
    let mut said = tempfile::tempfile().unwrap();
    command.stderr(said.try_clone().unwrap());
    let start = Instant::now();
    let status = command.status().unwrap();
    let took = start.elapsed();
    if !status.success() {
        let mut text = String::new();
        said.rewind().unwrap();
        said.read_to_string(&mut text).unwrap();
        panic!("{command:?}\n{text}");
    }
    took
}

/// Times of several tools, taken in turn.
#[derive(Default)]
struct Times {
    taken: Vec<(Tool, Vec<Duration>)>,
}

impl Times {
    fn add(&mut self, tool: Tool, took: Duration) {
        match self.taken.iter_mut().find(|(known, _)| *known == tool) {
            Some((_, times)) => times.push(took),
            None => self.taken.push((tool, vec![took])),
        }
    }

    /// Prints the median of the ratios within each round, then median and minimum of the times.
    fn print(&self, title: &str, unit: Tool) {
        println!("\n### {title}\n");
        let base = self.taken.iter().find(|(tool, _)| *tool == unit);
        println!("| | × {} | median | minimum |", unit.name());
        println!("|---|---|---|---|");
        for (tool, times) in &self.taken {
            let ratio = base.map_or(f64::NAN, |(_, base)| {
                let pairs = times.iter().zip(base);
                median(pairs.map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()))
            });
            let seconds = || times.iter().map(Duration::as_secs_f64);
            println!(
                "| {} | {ratio:.2} | {:.3} s | {:.3} s |",
                tool.name(),
                median(seconds()),
                seconds().fold(f64::INFINITY, f64::min)
            );
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
