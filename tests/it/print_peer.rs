//! schema.rs of random schemas, byte by byte against the real `diesel print-schema`.
//!
//! `GLOWPLUG_TEST_CASES` sets how many schemas there are, `GLOWPLUG_TEST_SEED` the first.

use std::{collections::BTreeMap, path::Path, sync::Mutex, thread};

use crate::{
    random_schema::{self, Case},
    sample,
    support::{Database, GLOWPLUG, INSTALLED, Project, Ran, number, peer, psql_at, server},
};

/// So many schemas are compared where nothing else is said.
const CASES: (u64, u64) = (40, 120);

/// Why the default is not what Diesel prints; README.md lists the same.
const DELIBERATE: [&str; 8] = random_schema::TRAITS;

#[test]
fn random_schemas_are_printed_as_diesel_prints_them() {
    let Some(diesel) = peer("diesel") else { return };
    let first = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    let count = sample::count(CASES.0, CASES.1);
    eprintln!("{count} schemas, GLOWPLUG_TEST_SEED={first}");
    let next = Mutex::new(0..count);
    let seen: Mutex<BTreeMap<&str, u64>> = Mutex::default();
    let threads = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let stage = Stage::new();
                loop {
                    // a poisoned lock means that another thread has failed
                    let Some(number) = next.lock().unwrap().next() else {
                        break;
                    };
                    let seed = first.wrapping_add(number);
                    let case = Case::random(seed);
                    stage.check(&case, seed, &diesel);
                    let mut seen = seen.lock().unwrap();
                    for name in &case.traits {
                        *seen.entry(name).or_default() += 1;
                    }
                }
            });
        }
    });
    eprintln!("of them with {:?}", seen.into_inner().unwrap());
}

/// A database that is emptied for each schema, and a directory.
struct Stage {
    database: Database,
    project: Project,
}

impl Stage {
    fn new() -> Self {
        let database = Database::on(server(INSTALLED[0].major()));
        let project = Project::at(&database);
        Self { database, project }
    }

    fn check(&self, case: &Case, seed: u64, diesel: &Path) {
        self.database.query(EMPTY);
        let url = self.database.owner();
        psql_at(url, &format!("BEGIN;\n{};\nCOMMIT", case.sql.join(";\n")));
        self.project.write("diesel.toml", &case.toml);
        let run = |program: &Path, more: &[&str]| {
            let mut command = self.project.command(program);
            command.arg("print-schema").args(&case.flags).args(more);
            Ran::of(command.output().unwrap(), self.project.path())
        };
        let theirs = run(diesel, &[]);
        let same = run(Path::new(GLOWPLUG), &["--compat", "diesel"]);
        let told =
            || format!("seed {seed}\n{}\n{}\n{:?}", case.sql.join(";\n"), case.toml, case.flags);
        if theirs.code == Some(2) {
            // Diesel refuses a second --schema, even behind another --schema-key
            return;
        }
        if theirs.code != Some(0) {
            assert!(case.traits.contains(random_schema::NO_KEY), "{}\n{theirs:?}", told());
            assert_eq!(same.code, theirs.code, "{}", told());
        } else {
            assert_eq!(same.code, Some(0), "{}\n{same:?}", told());
            if case.traits.contains(random_schema::SHARED_NAME) {
                equal(&keys_sorted(&same.stdout), &keys_sorted(&theirs.stdout), &told);
            } else {
                equal(&same.stdout, &theirs.stdout, &told);
            }
        }
        let ours = run(Path::new(GLOWPLUG), &[]);
        assert_eq!(ours.code, Some(0), "{}\n{ours:?}", told());
        // a name that does not compile, or that two have, is another one; a note says so
        let renamed = ours.stderr.contains(" is called ");
        if !renamed && !case.traits.iter().any(|it| DELIBERATE.contains(it)) {
            equal(&ours.stdout, &schemas_once(&theirs.stdout, &ours.stdout), &told);
        }
    }
}

/// Diesel's text with the schema taken out of the `sql_name` of its tables: the macro puts it in front by itself.
fn schemas_once(theirs: &str, ours: &str) -> String {
    let name = |line: &str| -> Option<String> {
        let (_, rest) = line.trim_start().strip_prefix("#[sql_name = ")?.split_once('"')?;
        rest.rsplit_once('"').map(|(name, _)| name.to_owned())
    };
    let line = |(theirs, ours): (&str, Option<&str>)| {
        let names = name(theirs).zip(ours.and_then(name));
        let is_full = names.is_some_and(|(theirs, ours)| theirs.ends_with(&format!(".{ours}")));
        let line = if is_full { ours.unwrap_or(theirs) } else { theirs };
        format!("{line}\n")
    };
    let ours = ours.lines().map(Some).chain(std::iter::repeat(None));
    theirs.lines().zip(ours).map(line).collect()
}

/// The text with the columns of each key in the order of their names: where Diesel mixes two constraints, it leaves
/// the order to the server's plan.
fn keys_sorted(text: &str) -> String {
    let line = |line: &str| match (line.find(" ("), line.ends_with(") {")) {
        (Some(at), true) => {
            let mut names: Vec<&str> = line[at + 2..line.len() - 3].split(", ").collect();
            names.sort_unstable();
            format!("{} ({}) {{\n", &line[..at], names.join(", "))
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[track_caller]
fn equal(ours: &str, theirs: &str, told: &dyn Fn() -> String) {
    if ours != theirs {
        let (one, other) = ours
            .lines()
            .zip(theirs.lines())
            .find(|(one, other)| one != other)
            .unwrap_or(("the end", "the end"));
        panic!(
            "{}\n--- glowplug\n{ours}\n--- diesel\n{theirs}\n--- first: {one:?} against {other:?}",
            told()
        );
    }
}

/// Drops everything that a schema may have left.
pub const EMPTY: &str = "DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
    EXECUTE format('CREATE SCHEMA public AUTHORIZATION %I', (SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()));
END $$";
