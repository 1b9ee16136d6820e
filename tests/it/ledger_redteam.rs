//! Migrations that attack ledgers, and benign ones that only look so, each judged by the program on a real server.
//!
//! `tests/fixtures/ledger/*/NNN-name`: `up.sql`, `down.sql`, the verdict that they deserve, and how they are to be run. What
//! happened is looked at over fresh connections, which share no code with the guard.

use std::collections::BTreeMap;

use glowplug::internal::cluster::Scratch;

use crate::{
    redteam::{Case, PerServer, baseline, cases, is_harmed, truth},
    sample,
    support::{INSTALLED, Project, psql_at, server, text, try_psql_at},
};

pub const PROJECT: &str = r#"
[[ledger]]
table = "public.events"
level = "LEVEL"

[[ledger]]
table = "public.ledger_entries"
level = "LEVEL"
"#;

pub struct Arena {
    pub server: &'static Scratch,
    pub levels: BTreeMap<&'static str, String>,
}

impl Arena {
    /// The two databases that cases are copied from; once for each server of this process.
    pub fn of(major: u32) -> &'static Self {
        static ARENAS: PerServer<Arena> = PerServer::new();
        ARENAS.of(major, Self::new)
    }

    fn new(major: u32) -> Self {
        let server = server(major);
        let mut levels = BTreeMap::new();
        for level in ["minimal", "hardened"] {
            let name = format!("base_{level}");
            psql_at(&server.url("template1"), &format!("CREATE DATABASE {name}"));
            baseline(&server.url(&name), level);
            levels.insert(level, name);
        }
        Self { server, levels }
    }

    /// Runs a case; gives the complaint, if there is one, and what the program said.
    fn judge(&self, case: &Case, level: &str) -> (Option<String>, String) {
        let base = &self.levels[level];
        let number = case.name.split('-').next().unwrap();
        let name = format!("rt_{number}_{}_{level}", case.name.len());
        let outside = self.server.url("template1");
        psql_at(&outside, &format!("CREATE DATABASE {name} OWNER ledger_owner TEMPLATE {base}"));
        let admin = self.server.url(&name);
        let mut url = admin.clone();
        if case.meta.role != "postgres" {
            url.user = Some(case.meta.role.clone());
        }
        // without programs for a shadow a refusal stands as it is, without the place of the statement
        let project = Project::new()
            .env("DATABASE_URL", &text(&url))
            .env("GLOWPLUG_POSTGRES_BIN", "/nowhere");
        project.write("glowplug.toml", &PROJECT.replace("LEVEL", level));
        let (socket, port) =
            (psql_at(&admin, "SHOW unix_socket_directories"), psql_at(&admin, "SHOW port"));
        let place = |sql: &str| sql.replace("SOCKET_DIR", &socket).replace("SOCKET_PORT", &port);
        if case.meta.transactional {
            project.migration("1_case", &place(&case.up), &place(&case.down));
        } else {
            project.piecewise("1_case", &place(&case.up), &place(&case.down));
        }
        if let Some(pre) = &case.pre {
            psql_at(&admin, pre);
        }
        let mut before = truth(&admin);
        let is_place = |step: &Vec<String>| step.first().is_some_and(|it| it == "@place");
        let mut again = case.meta.steps.iter().peekable();
        if again.peek().is_some_and(|it| is_place(it)) {
            for (at, (up, down)) in case.later.iter().enumerate() {
                project.migration(&format!("{}_later", at + 2), &place(up), &place(down));
            }
            again.next();
        }
        // the first of the steps is an upgrade
        let with_arguments = |command: &str| -> Vec<String> {
            let words = command.split_whitespace().map(str::to_owned);
            words.chain(case.meta.args.iter().cloned()).collect()
        };
        let run = |words: &[String]| {
            project.run_with(&words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let mut ran = run(&again.next().cloned().unwrap_or_else(|| with_arguments("upgrade")));
        let mut complaint = None;
        while (ran.code == Some(0) || case.meta.go_on)
            && let Some(step) = again.next()
        {
            match step.as_slice() {
                [sql, role, text] if sql == "@sql" => {
                    psql_at(&admin, &format!("SET ROLE {role}; {text}"));
                    // what is done from outside is not the run's
                    before = truth(&admin);
                }
                [mark, number] if mark == "@place" => {
                    let at: usize = number.parse().unwrap();
                    if let Some((up, down)) = case.later.get(at - 2) {
                        project.migration(&format!("{at}_later"), &place(up), &place(down));
                    }
                }
                [as_role, command @ ..] if as_role.starts_with("as=") => {
                    let mut url = admin.clone();
                    url.user = as_role.strip_prefix("as=").map(str::to_owned);
                    let command = format!("{} --database-url {}", command.join(" "), text(&url));
                    ran = project.run(&command);
                }
                command => ran = project.run(&command.join(" ")),
            }
        }
        for (at, (up, down)) in case.later.iter().enumerate() {
            if !case.meta.steps.is_empty() || ran.code != Some(0) {
                break;
            }
            project.migration(&format!("{}_later", at + 2), &place(up), &place(down));
            ran = project.run("upgrade");
        }
        if case.meta.phase != "up" && case.meta.steps.is_empty() {
            if ran.code != Some(0) && case.allow {
                complaint = Some("its way up was not let through".to_owned());
            }
            // an attack may be refused that early
            if ran.code == Some(0) || case.allow {
                let phase = if case.meta.phase == "down" { "downgrade -1" } else { "redo" };
                ran = run(&with_arguments(phase));
            }
        }
        let after = truth(&admin);
        for [name, query, expected] in &case.meta.check {
            let found = try_psql_at(&admin, query).unwrap_or_else(|error| error);
            let found = match found.as_str() {
                "t" => "True".to_owned(),
                "f" => "False".to_owned(),
                _ => found,
            };
            if found != *expected {
                complaint = Some(format!("{name}: {found}, not {expected}"));
            }
        }
        complaint = complaint.or_else(|| match (case.allow, ran.code) {
            (true, Some(0)) | (false, Some(3)) => None,
            (true, _) => Some("benign, and not let through".to_owned()),
            // the server itself refused it
            (false, Some(1))
                if ran.stderr.contains(" failed in ")
                    || ran.stderr.starts_with("migrations::script") =>
            {
                None
            }
            (false, _) => Some("an attack, and let through".to_owned()),
        });
        if case.meta.lasting && ran.code != Some(3) {
            complaint = Some("what no rollback takes back is not reported".to_owned());
        }
        if complaint.is_none() && is_harmed(&before, &after) && !case.meta.lasting {
            complaint = Some(format!("rows or protection changed:\n{before}\n---\n{after}"));
        }
        let cleaned =
            case.meta.cleanup.as_ref().map(|cleanup| (cleanup, try_psql_at(&admin, cleanup)));
        psql_at(&outside, &format!("DROP DATABASE {name} WITH (FORCE)"));
        // a role goes when nothing depends on it any more
        if let Some((cleanup, Err(_))) = cleaned {
            try_psql_at(&outside, cleanup).unwrap_or_default();
        }
        (complaint, format!("exit {:?}\n{}{}", ran.code, ran.stdout, ran.stderr))
    }
}

#[track_caller]
#[expect(clippy::print_stdout, reason = "the table of verdicts is read in the test's output")]
fn check(major: u32) {
    if !INSTALLED.iter().any(|it| it.major() == major) {
        eprintln!("skipped: PostgreSQL {major} is not installed");
        return;
    }
    let wanted = std::env::var("GLOWPLUG_TEST_CASE").ok();
    let (mut complaints, mut judged) = (Vec::new(), 0);
    let arena = Arena::of(major);
    // most on the newest
    let turn = INSTALLED.iter().position(|it| it.major() == major).unwrap_or_default();
    let (few, more) = if turn == 0 { (20, 110) } else { (6, 28) };
    let class = |case: &Case| format!("{} {}", case.set, case.meta.group);
    let cases = match &wanted {
        None => sample::of(cases(), class, turn, few, more),
        Some(wanted) => cases().into_iter().filter(|it| it.name.contains(wanted)).collect(),
    };
    for case in cases {
        if major < case.meta.min_major || case.meta.max_major.is_some_and(|it| major > it) {
            println!("{major} {:<8} {:<50} skipped: not of this version", "", case.name);
            continue;
        }
        for level in ["minimal", "hardened"] {
            if !case.meta.levels.is_empty() && !case.meta.levels.iter().any(|it| it == level) {
                continue;
            }
            let (complaint, said) = arena.judge(&case, level);
            judged += 1;
            if wanted.is_some() {
                println!("{said}");
            }
            let verdict = if case.allow { "allowed" } else { "refused" };
            let verdict = complaint.as_deref().unwrap_or(verdict);
            println!("{major} {level:<8} {:<50} {verdict}", case.name);
            if let Some(complaint) = complaint {
                complaints.push(format!("{major} {level} {}: {complaint}\n{said}", case.name));
            }
        }
    }
    let found = complaints.len();
    assert!(complaints.is_empty(), "{found} of {judged}:\n{}", complaints.join("\n"));
}

#[test]
fn every_case_is_judged_as_it_deserves_on_14() {
    check(14);
}

#[test]
fn every_case_is_judged_as_it_deserves_on_15() {
    check(15);
}

#[test]
fn every_case_is_judged_as_it_deserves_on_16() {
    check(16);
}

#[test]
fn every_case_is_judged_as_it_deserves_on_17() {
    check(17);
}

#[test]
fn every_case_is_judged_as_it_deserves_on_18() {
    check(18);
}
