//! The attacks on ledgers and what they look like: migrations on disk, the databases that they meet, and the truth of what they did.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Mutex};

use glowplug::internal::words::url::Url;

use crate::support::{psql_at, try_psql_at};

/// How a case is to be run.
#[derive(serde::Deserialize)]
pub struct Meta {
    #[serde(default)]
    pub group: String,
    pub role: String,
    pub phase: String,
    pub transactional: bool,
    pub cleanup: Option<String>,
    #[serde(default)]
    pub levels: Vec<String>,
    #[serde(default)]
    pub min_major: u32,
    /// From the next version on it is no attack.
    pub max_major: Option<u32>,
    /// Whether a superuser does what no rollback takes back: then it has to be reported.
    #[serde(default)]
    pub lasting: bool,
    /// Arguments of upgrade, downgrade and redo.
    #[serde(default)]
    pub args: Vec<String>,
    /// What is run, where it is not what the phase says: arguments, or `@sql role text`.
    #[serde(default)]
    pub steps: Vec<Vec<String>>,
    /// Whether the steps go on after a failure.
    #[serde(default)]
    pub go_on: bool,
    /// Queries of a superuser for what is asked after the run: name, query, answer.
    #[serde(default)]
    pub check: Vec<[String; 3]>,
}

/// A migration that attacks, or looks so.
pub struct Case {
    pub set: &'static str,
    pub name: String,
    pub up: String,
    pub down: String,
    pub allow: bool,
    pub meta: Meta,
    /// What a superuser has done before.
    pub pre: Option<String>,
    /// Further migrations, each run by an upgrade of its own.
    pub later: Vec<(String, String)>,
    /// What sets off what was planted.
    pub strike: Option<String>,
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ledger")
}

/// All cases, by name.
pub fn cases() -> Vec<Case> {
    let mut found = Vec::new();
    for set in ["redteam", "more", "redteam2"] {
        let Ok(dir) = fs::read_dir(fixtures().join(set)) else {
            continue;
        };
        for entry in dir.map(Result::unwrap).filter(|it| it.path().is_dir()) {
            let there = |file: &str| fs::read_to_string(entry.path().join(file)).ok();
            let read = |file: &str| there(file).unwrap();
            let name = entry.file_name().into_string().unwrap();
            let later = (2..).map_while(|number| {
                let read = |way| there(&format!("m{number}.{way}.sql"));
                Some((read("up")?, read("down").unwrap_or_default()))
            });
            found.push(Case {
                set,
                pre: there("pre.sql"),
                strike: there("strike.sql"),
                later: later.collect(),
                up: read("up.sql"),
                down: read("down.sql"),
                allow: read("expect.txt").starts_with("allow"),
                meta: serde_json::from_str(&read("meta.json"))
                    .unwrap_or_else(|error| panic!("{name}: {error}")),
                name,
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() >= 80);
    found
}

/// Loads the ledgers of a level, their rows and their roles.
pub fn baseline(url: &Url, level: &str) {
    let read = |file: &str| fs::read_to_string(fixtures().join("redteam").join(file)).unwrap();
    psql_at(url, &read("baseline.sql"));
    if level == "hardened" {
        psql_at(url, &read("baseline_hardened.sql"));
    }
}

/// What is found over a fresh connection: the rows, as text, and what the owner and the application get for their attempts.
pub fn truth(admin: &Url) -> String {
    let rows = "SELECT count(*), md5(string_agg(e.id || e.stream_id::text || e.kind || e.payload::text || e.occurred_at || COALESCE(e.corrects, 0), ',' ORDER BY e.id)) FROM public.events e WHERE id BETWEEN 1 AND 52";
    let entries = "SELECT count(*), md5(string_agg(e.id || e.status::text || e.amount || e.fee || e.booked_on, ',' ORDER BY e.id)) \
        FROM public.ledger_entries e WHERE id BETWEEN 1 AND 15 AND booked_on = date '2024-06-01' + (id * 30)::int";
    let mut truth = Vec::new();
    for sql in [rows, entries] {
        truth.push(try_psql_at(admin, sql).unwrap_or_else(|error| error));
    }
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

/// Whether rows are others than before, or an attempt is no longer refused.
pub fn is_harmed(before: &str, after: &str) -> bool {
    let is_worse = |(before, after): (&str, &str)| {
        before != after && !(before.ends_with("DONE") && after.ends_with("refused"))
    };
    before.lines().count() != after.lines().count()
        || before.lines().zip(after.lines()).any(is_worse)
}

/// Something that is made once for each server of this process.
pub struct PerServer<T: 'static>(Mutex<BTreeMap<u32, &'static T>>);

impl<T> PerServer<T> {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub fn of(&self, major: u32, make: impl FnOnce(u32) -> T) -> &'static T {
        let mut made = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        made.entry(major).or_insert_with(|| Box::leak(Box::new(make(major))))
    }
}
