//! The attacks on ledgers, run by an ordinary role with the guard switched off: on a sealed database the server itself refuses.
//!
//! No ledger is declared here. What happened is looked at over fresh connections of a superuser: old rows, triggers with their
//! functions, owners, grants, and what was recorded of earlier migrations are what they were.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Mutex};

use glowplug::{postgres::cluster::Scratch, words::url::Url};

use crate::{
    sample,
    support::{INSTALLED, Project, psql_at, server, text, try_psql_at},
};

#[derive(serde::Deserialize)]
struct Meta {
    #[serde(default)]
    group: String,
    role: String,
    phase: String,
    transactional: bool,
    cleanup: Option<String>,
    #[serde(default)]
    min_major: u32,
}

struct Case {
    name: String,
    dir: PathBuf,
    allow: bool,
    meta: Meta,
}

impl Case {
    fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.dir.join(name)).ok()
    }
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ledger")
}

fn cases() -> Vec<Case> {
    let sets = ["redteam", "redteam2", "more"].map(|set| fixtures().join(set));
    let dirs = sets.iter().filter_map(|set| fs::read_dir(set).ok()).flatten();
    let dirs = dirs.map(|it| it.unwrap().path()).filter(|it| it.is_dir());
    let mut cases: Vec<Case> = dirs
        .map(|dir| Case {
            name: dir.file_name().unwrap().to_str().unwrap().to_owned(),
            allow: fs::read_to_string(dir.join("expect.txt")).unwrap().starts_with("allow"),
            meta: serde_json::from_str(&fs::read_to_string(dir.join("meta.json")).unwrap())
                .unwrap(),
            dir,
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    // a superuser is refused nothing
    cases.retain(|it| it.meta.role == "ledger_owner");
    cases
}

/// Everything that must be what it was.
const TRUTH: [&str; 5] = [
    "SELECT count(*), md5(string_agg(e.id || e.stream_id::text || e.kind || e.payload::text || e.occurred_at || COALESCE(e.corrects, 0), ',' ORDER BY e.id)) \
     FROM public.events e WHERE id BETWEEN 1 AND 52",
    "SELECT count(*), md5(string_agg(e.id || e.status::text || e.amount || e.fee || e.booked_on, ',' ORDER BY e.id)) \
     FROM public.ledger_entries e WHERE id BETWEEN 1 AND 15 AND booked_on = date '2024-06-01' + (id * 30)::int",
    "SELECT string_agg(concat_ws(' ', t.tgrelid::regclass, t.tgname, t.tgenabled, t.tgtype, md5(p.prosrc), p.proowner::regrole), ',' ORDER BY t.tgrelid, t.tgname) \
     FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND t.tgrelid::regclass::text ~ '^(events|ledger_entries|__)'",
    "SELECT string_agg(concat_ws(' ', c.oid::regclass, c.relowner::regrole, c.relacl, c.relrowsecurity, s.nspowner::regrole, c.reltuples IS NULL), ',' ORDER BY c.oid), \
     (SELECT datdba::regrole FROM pg_database WHERE datname = current_database()) \
     FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'S') AND c.relname ~ '^(events|ledger_entries|__)' AND s.nspname = 'public'",
    "SELECT md5(string_agg(j::text, ',' ORDER BY j.id)) FROM public.__glowplug_journal j WHERE j.id <= 1",
];

fn truth(admin: &Url) -> String {
    let mut truth: Vec<String> =
        TRUTH.iter().map(|sql| try_psql_at(admin, sql).unwrap_or_else(|error| error)).collect();
    for role in ["ledger_owner", "app_rw"] {
        for sql in [
            "UPDATE public.events SET payload = '{}' WHERE id = 1",
            "DELETE FROM public.events WHERE id = 52",
            "UPDATE public.ledger_entries SET status = 'void' WHERE id = 1",
            "DELETE FROM public.ledger_entries WHERE id = 2",
            "TRUNCATE public.events CASCADE",
        ] {
            let tried =
                try_psql_at(admin, &format!("BEGIN; SET LOCAL ROLE {role}; {sql}; ROLLBACK"));
            truth.push(format!("{role} {}", if tried.is_err() { "refused" } else { "DONE" }));
        }
    }
    truth.join("\n")
}

struct Arena {
    server: &'static Scratch,
    /// Not sealed yet, and sealed.
    bases: [String; 2],
}

impl Arena {
    fn of(major: u32) -> &'static Self {
        static ARENAS: Mutex<BTreeMap<u32, &'static Arena>> = Mutex::new(BTreeMap::new());
        let mut arenas = ARENAS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        arenas.entry(major).or_insert_with(|| Box::leak(Box::new(Self::new(major))))
    }

    fn new(major: u32) -> Self {
        let server = server(major);
        let outside = server.url("template1");
        psql_at(&outside, "CREATE DATABASE open");
        for file in ["baseline.sql", "baseline_hardened.sql"] {
            psql_at(
                &server.url("open"),
                &fs::read_to_string(fixtures().join("redteam").join(file)).unwrap(),
            );
        }
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
        let pre = case.file("pre.sql");
        let base = &self.bases[usize::from(pre.is_none())];
        let owner = if pre.is_some() { "ledger_owner" } else { "closed_database" };
        psql_at(&outside, &format!("CREATE DATABASE {name} OWNER {owner} TEMPLATE {base}"));
        if let Some(pre) = pre {
            psql_at(&admin, &pre);
            self.seal(&name);
        }
        let (socket, port) =
            (psql_at(&admin, "SHOW unix_socket_directories"), psql_at(&admin, "SHOW port"));
        let place = |sql: &str| sql.replace("SOCKET_DIR", &socket).replace("SOCKET_PORT", &port);
        let project = self.project(&name);
        project.migration("0_zero", "SELECT 1;", "");
        let (up, down) =
            (place(&case.file("up.sql").unwrap()), place(&case.file("down.sql").unwrap()));
        let write = |name: &str, up: &str, down: &str| match case.meta.transactional {
            true => drop(project.migration(name, up, down)),
            false => drop(project.piecewise(name, up, down)),
        };
        write("1_case", &up, &down);
        let before = truth(&admin);
        let first = project.run("upgrade");
        let mut said = format!("{first:#?}");
        for number in 2.. {
            let Some(up) = case.file(&format!("m{number}.up.sql")) else {
                break;
            };
            let down = case.file(&format!("m{number}.down.sql")).unwrap_or_default();
            write(&format!("{number}_later"), &place(&up), &place(&down));
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
            for sql in [Some(up.clone()), Some(down.clone()), case.file("strike.sql")]
                .into_iter()
                .flatten()
            {
                try_psql_at(&url, &place(&sql)).unwrap_or_default();
            }
        }
        let after = truth(&admin);
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
    let (few, more) = if turn == 0 { (20, 65) } else { (6, 25) };
    let arena = Arena::of(major);
    let (mut complaints, mut refused, mut through) = (Vec::new(), 0, 0);
    let set = |case: &Case| case.dir.parent().map(|it| it.display().to_string());
    let class = |case: &Case| format!("{:?} {}", set(case), case.meta.group);
    let mut cases = cases();
    cases.retain(|it| it.meta.min_major <= major);
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
