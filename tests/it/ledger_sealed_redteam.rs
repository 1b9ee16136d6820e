//! The attacks on ledgers, run by an ordinary role with the guard switched off: on a sealed database the server itself refuses.
//!
//! No ledger is declared here. What happened is looked at over fresh connections of a superuser: old rows, triggers with their
//! functions, owners, grants, and what was recorded of earlier migrations are what they were.

use glowplug::internal::{cluster::Scratch, words::url::Url};

use crate::{
    redteam::{Case, PerServer, baseline, cases, truth},
    sample,
    support::{INSTALLED, Project, psql_at, server, text, try_psql_at},
};

/// What an owner could change, beside rows: triggers with their functions, owners, grants, what was recorded.
const SEALED: [&str; 3] = [
    "SELECT string_agg(concat_ws(' ', t.tgrelid::regclass, t.tgname, t.tgenabled, t.tgtype, md5(p.prosrc), p.proowner::regrole), ',' ORDER BY t.tgrelid, t.tgname) \
     FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND t.tgrelid::regclass::text ~ '^(events|ledger_entries|__)'",
    "SELECT string_agg(concat_ws(' ', c.oid::regclass, c.relowner::regrole, c.relacl, c.relrowsecurity, s.nspowner::regrole, c.reltuples IS NULL), ',' ORDER BY c.oid), \
     (SELECT datdba::regrole FROM pg_database WHERE datname = current_database()) \
     FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'S') AND c.relname ~ '^(events|ledger_entries|__)' AND s.nspname = 'public'",
    "SELECT md5(string_agg(j::text, ',' ORDER BY j.id)) FROM public.__glowplug_journal j WHERE j.id <= 1",
];

/// Everything that must be what it was.
fn sealed_truth(admin: &Url) -> String {
    let found = SEALED.map(|sql| try_psql_at(admin, sql).unwrap_or_else(|error| error));
    format!("{}\n{}", truth(admin), found.join("\n"))
}

struct Arena {
    server: &'static Scratch,
    /// Not sealed yet, and sealed.
    bases: [String; 2],
}

impl Arena {
    fn of(major: u32) -> &'static Self {
        static ARENAS: PerServer<Arena> = PerServer::new();
        ARENAS.of(major, Self::new)
    }

    fn new(major: u32) -> Self {
        let server = server(major);
        let outside = server.url("template1");
        psql_at(&outside, "CREATE DATABASE open");
        baseline(&server.url("open"), "hardened");
        let arena = Self { server, bases: ["open".into(), "closed".into()] };
        arena.project("open").migration("0_zero", "SELECT 1;", "").run("upgrade").ok();
        psql_at(&outside, "CREATE DATABASE closed TEMPLATE open OWNER ledger_owner");
        arena.seal("closed");
        arena
    }

    /// As the role that migrates, without any ledger.
    fn project(&self, database: &str) -> Project {
        Project::new()
            .env("DATABASE_URL", &text(&self.owner(database)))
            .env("GLOWPLUG_POSTGRES_BIN", "/nowhere")
    }

    fn owner(&self, database: &str) -> Url {
        let mut url = self.server.url(database);
        url.user = Some("ledger_owner".into());
        url
    }

    fn seal(&self, database: &str) {
        let project = self.project(database);
        for table in ["events", "ledger_entries"] {
            let sql = project.run(&format!("ledger protect {table} --level sealed")).ok().stdout;
            psql_at(&self.server.url(database), &sql);
        }
        let status = project.run("ledger status").ok();
        assert_eq!(status.stdout.matches("sealed: the server").count(), 2, "{status:#?}");
    }

    /// Runs a case; gives the complaint, if there is one, and whether it went through.
    fn judge(&self, case: &Case) -> (Option<String>, bool, String) {
        let name = format!("c_{}", case.name.split('-').next().unwrap());
        let outside = self.server.url("template1");
        let admin = self.server.url(&name);
        let pre = case.pre.as_deref();
        let base = &self.bases[usize::from(pre.is_none())];
        let owner = if pre.is_some() { "ledger_owner" } else { "closed_database" };
        psql_at(&outside, &format!("CREATE DATABASE {name} OWNER {owner} TEMPLATE {base}"));
        if let Some(pre) = pre {
            psql_at(&admin, pre);
            self.seal(&name);
        }
        let (socket, port) =
            (psql_at(&admin, "SHOW unix_socket_directories"), psql_at(&admin, "SHOW port"));
        let place = |sql: &str| sql.replace("SOCKET_DIR", &socket).replace("SOCKET_PORT", &port);
        let project = self.project(&name);
        project.migration("0_zero", "SELECT 1;", "");
        let (up, down) = (place(&case.up), place(&case.down));
        let write = |name: &str, up: &str, down: &str| match case.meta.transactional {
            true => drop(project.migration(name, up, down)),
            false => drop(project.piecewise(name, up, down)),
        };
        write("1_case", &up, &down);
        let before = sealed_truth(&admin);
        let first = project.run("upgrade");
        let mut said = format!("{first:#?}");
        for (at, (up, down)) in case.later.iter().enumerate() {
            write(&format!("{}_later", at + 2), &place(up), &place(down));
            said += &format!("{:#?}", project.run("upgrade"));
        }
        match case.meta.phase.as_str() {
            "down" if first.code == Some(0) => {
                said += &format!("{:#?}", project.run("downgrade -1"))
            }
            "redo" if first.code == Some(0) => said += &format!("{:#?}", project.run("redo")),
            _ => {}
        }
        // the same by hand, statement by statement and as one, and what was planted is set off
        for role in ["ledger_owner", "app_rw"] {
            let mut url = admin.clone();
            url.user = Some(role.into());
            for sql in [Some(&up), Some(&down), case.strike.as_ref()].into_iter().flatten() {
                try_psql_at(&url, &place(sql)).unwrap_or_default();
            }
        }
        let after = sealed_truth(&admin);
        let complaint = (before != after).then(|| format!("{before}\n--- and after\n{after}"));
        let cleaned = case.meta.cleanup.as_ref().map(|it| (it, try_psql_at(&admin, it)));
        psql_at(&outside, &format!("DROP DATABASE {name} WITH (FORCE)"));
        if let Some((cleanup, Err(_))) = cleaned {
            try_psql_at(&outside, cleanup).unwrap_or_default();
        }
        (complaint, first.code == Some(0), said)
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
    let turn = INSTALLED.iter().position(|it| it.major() == major).unwrap_or_default();
    let (few, more) = if turn == 0 { (12, 40) } else { (4, 14) };
    let arena = Arena::of(major);
    let (mut complaints, mut refused, mut through) = (Vec::new(), 0, 0);
    let class = |case: &Case| format!("{} {}", case.set, case.meta.group);
    let mut cases = cases();
    // a superuser is refused nothing
    cases.retain(|it| it.meta.role == "ledger_owner" && it.meta.min_major <= major);
    match &wanted {
        Some(wanted) => cases.retain(|it| it.name.contains(wanted)),
        None => cases = sample::of(cases, class, turn, few, more),
    }
    for case in &cases {
        let (complaint, is_through, said) = arena.judge(case);
        let verdict = if is_through { "through" } else { "refused" };
        println!(
            "{major} {:<60} {verdict}, {}",
            case.name,
            if complaint.is_some() { "HARM" } else { "no harm" }
        );
        if wanted.is_some() {
            println!("{said}");
        }
        if let Some(complaint) = complaint {
            complaints.push(format!("{major} {}: {complaint}\n{said}", case.name));
        }
        if case.allow {
            match is_through {
                true => through += 1,
                // what changes the structure of a ledger needs the second key
                false if said.contains("42501") => refused += 1,
                false => {
                    complaints.push(format!("{major} {}: benign, and failed\n{said}", case.name))
                }
            }
        }
    }
    println!("{major}: {through} benign ones went through, {refused} need the second key");
    assert!(complaints.is_empty(), "{}:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn no_attack_of_an_ordinary_role_does_harm_on_14() {
    check(14);
}

#[test]
fn no_attack_of_an_ordinary_role_does_harm_on_15() {
    check(15);
}

#[test]
fn no_attack_of_an_ordinary_role_does_harm_on_16() {
    check(16);
}

#[test]
fn no_attack_of_an_ordinary_role_does_harm_on_17() {
    check(17);
}

#[test]
fn no_attack_of_an_ordinary_role_does_harm_on_18() {
    check(18);
}
