//! The house rules: rooms, floors and absences.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{spanned::Spanned as _, visit::Visit};

/// The floor that prints and exits.
const TOP: u32 = 13;

/// The rooms, each with its floor.
const ROOMS: [(&str, u32); 25] = [
    ("cli", TOP),
    ("testing", TOP),
    ("history", 12),
    ("render", 12),
    ("autogenerate", 11),
    ("replay", 10),
    ("job", 9),
    ("introspect", 8),
    ("postgres", 7),
    ("events", 7),
    ("cluster", 6),
    ("connect", 6),
    ("project", 6),
    ("planner", 5),
    ("schema_rs", 4),
    ("ledger", 4),
    ("lint", 4),
    ("compat", 4),
    ("tables", 4),
    ("ddl", 3),
    ("report", 3),
    ("tools", 3),
    ("catalog", 2),
    ("migration", 2),
    ("words", 1),
];

/// A source file: its path below `src`, and its lines without comments and tests.
struct File {
    path: PathBuf,
    lines: Vec<(usize, String)>,
}

fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                let code = if is_test { "" } else { code };
                let lines = code
                    .lines()
                    .enumerate()
                    .map(|(at, line)| {
                        (at + 1, line.split("//").next().unwrap_or_default().to_owned())
                    })
                    .collect();
                found.push(File { path: path.strip_prefix(&root).unwrap().to_owned(), lines });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn room(path: &Path) -> Option<&'static (&'static str, u32)> {
    let first = path.components().next()?.as_os_str().to_str()?;
    ROOMS.iter().find(|(name, _)| *name == first.trim_end_matches(".rs"))
}

/// Every path below `crate::` that a file names, imports spelled out: `postgres::lock::Locked`.
fn paths(file: &File) -> BTreeSet<String> {
    let code: Vec<&str> = file.lines.iter().map(|(_, line)| line.trim()).collect();
    let code = code.join(" ");
    let mut found = BTreeSet::new();
    for (at, mark) in code.match_indices("crate::") {
        expand("", &code[at + mark.len()..], &mut found);
    }
    found
}

/// Spells out one path, with what stands in its braces. Gives what follows it.
fn expand<'t>(prefix: &str, text: &'t str, found: &mut BTreeSet<String>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = expand(prefix, rest, found).trim_start();
            match rest.strip_prefix(',') {
                Some(next) if !next.trim_start().starts_with('}') => rest = next,
                Some(next) => return &next.trim_start()[1..],
                None => return rest.strip_prefix('}').unwrap_or_default(),
            }
        }
    }
    let end =
        text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*')).unwrap_or(text.len());
    let path = format!("{prefix}{}", &text[..end]);
    match text[end..].strip_prefix("::") {
        Some(rest) => expand(&format!("{path}::"), rest, found),
        None => {
            found.insert(path);
            let rest = text[end..].trim_start();
            // an alias belongs to the import
            rest.strip_prefix("as ")
                .map_or(rest, |alias| &alias[alias.find([',', '}', ';', ' ']).unwrap_or(0)..])
        }
    }
}

/// Collects every line that breaks a rule, so that one run shows all of them.
#[track_caller]
fn check(rule: &str, breaks: impl Fn(&File, &str) -> bool) {
    let broken: Vec<String> = sources()
        .iter()
        .flat_map(|file| {
            file.lines
                .iter()
                .filter(|(_, line)| breaks(file, line))
                .map(|(at, line)| format!("src/{}:{at}: {}", file.path.display(), line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

#[test]
fn every_file_lives_in_a_room() {
    let homeless: Vec<_> = sources()
        .into_iter()
        .map(|file| file.path)
        .filter(|path| {
            room(path).is_none()
                && !["lib.rs", "internal.rs", "main.rs"].contains(&path.to_str().unwrap())
        })
        .collect();
    assert!(homeless.is_empty(), "{homeless:?}");
}

#[test]
fn a_room_uses_its_own_inside_and_lower_floors() {
    let mut broken = Vec::new();
    for file in sources() {
        let Some((name, floor)) = room(&file.path) else {
            continue;
        };
        for path in paths(&file) {
            let other = path.split("::").next().unwrap_or_default();
            let upwards =
                ROOMS.iter().any(|(it, other_floor)| *it == other && other_floor >= floor);
            if other != *name && upwards {
                broken.push(format!("src/{} names {path}", file.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Every module that a file names, spelled out from the root: `tables::column::retype`. `super` and `self` are followed.
fn named(file: &File, module: &[String]) -> BTreeSet<Vec<String>> {
    let code: Vec<&str> = file.lines.iter().map(|(_, line)| line.trim()).collect();
    let code = code.join(" ");
    let mut found = BTreeSet::new();
    for root in ["crate::", "super::", "self::"] {
        for (at, mark) in code.match_indices(root) {
            let before = &code[..at];
            // part of a longer path, or of a word
            if before.ends_with("::") || before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
            {
                continue;
            }
            let mut paths = BTreeSet::new();
            expand("", &code[at + mark.len()..], &mut paths);
            for path in paths {
                let mut from = match root {
                    "crate::" => Vec::new(),
                    "super::" => module[..module.len() - 1].to_vec(),
                    _ => module.to_vec(),
                };
                for part in path.split("::") {
                    match part {
                        "super" => drop(from.pop()),
                        part => from.push(part.to_owned()),
                    }
                }
                found.insert(from);
            }
        }
    }
    found
}

/// At every depth: the files and directories below one module, each with the siblings that it or what is below it names.
#[test]
fn within_a_room_there_are_no_circles_from_file_to_file() {
    let sources = sources();
    let module = |file: &File| -> Vec<String> {
        let path = file.path.with_extension("");
        path.iter().filter_map(|part| part.to_str().map(str::to_owned)).collect()
    };
    let modules: BTreeSet<Vec<String>> = sources.iter().map(module).collect();
    let mut uses: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for file in &sources {
        let own = module(file);
        for other in named(file, &own) {
            let alike = own.iter().zip(&other).take_while(|(a, b)| a == b).count();
            if alike == 0 || alike == own.len() || alike == other.len() {
                continue;
            }
            let ends = (own[..=alike].to_vec(), other[..=alike].to_vec());
            if modules.contains(&ends.1) {
                uses.entry(ends.0).or_default().insert(ends.1);
            }
        }
    }
    let mut circles = Vec::new();
    for start in uses.keys() {
        let mut open = vec![start];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            for next in uses.get(at).into_iter().flatten() {
                if next == start {
                    circles.push(format!(
                        "{} is named by {}, which it leads to",
                        start.join("::"),
                        at.join("::")
                    ));
                } else if seen.insert(next) {
                    open.push(next);
                }
            }
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn no_statement_is_read_back_out_of_its_own_sql() {
    let questions = ["contains(", "starts_with(", "ends_with(", "strip_", "split", "find("];
    check("statements are values: ask them", |file, line| {
        let is_planner = ["ddl", "planner", "tables"].iter().any(|it| file.path.starts_with(it))
            || file.path.starts_with("autogenerate");
        let mut asked = line.match_indices(".sql()");
        is_planner
            && asked.any(|(at, mark)| {
                let rest = line[at + mark.len()..].trim_start_matches('.');
                questions.iter().any(|it| rest.starts_with(it))
            })
    });
}

#[test]
fn floors_one_to_five_are_pure() {
    let forbidden = [
        "async fn",
        ".await",
        "std::fs",
        "std::env",
        "SystemTime",
        "Instant::now",
        "fastrand",
        "tokio",
    ];
    check("no async, files, environment, clock or randomness below floor 6", |file, line| {
        room(&file.path).is_some_and(|(_, floor)| *floor <= 5)
            && forbidden.iter().any(|word| line.contains(word))
    });
}

#[test]
fn only_some_rooms_name_some_crates() {
    let in_one_of = |file: &File, rooms: &[&str]| {
        room(&file.path).is_some_and(|(name, _)| rooms.contains(name))
    };
    check("only postgres and events name Diesel's connections", |file, line| {
        let named = ["diesel_async", "bb8"].iter().any(|name| line.contains(name));
        named && !in_one_of(file, &["postgres", "events"])
    });
    check("only connect, cluster and postgres name tokio-postgres", |file, line| {
        line.contains("tokio_postgres") && !in_one_of(file, &["connect", "cluster", "postgres"])
    });
    check("only project names walkdir", |file, line| {
        line.contains("walkdir") && room(&file.path).is_none_or(|(name, _)| *name != "project")
    });
}

#[test]
fn nothing_below_the_top_floor_prints_or_exits() {
    let words = ["println!", "eprintln!", "print!(", "process::exit"];
    check("only cli prints and exits", |file, line| {
        room(&file.path).is_some_and(|(_, floor)| *floor < TOP)
            && words.iter().any(|it| line.contains(it))
    });
}

#[test]
fn there_is_no_mod_rs_and_no_long_file() {
    let long: BTreeMap<_, _> = sources()
        .into_iter()
        .map(|file| (file.path.display().to_string(), file.lines.len()))
        .filter(|(path, lines)| *lines > 450 || path.ends_with("mod.rs"))
        .collect();
    compare("files of more than 450 lines", &long, &[]);
}

#[test]
fn a_room_has_at_most_8000_lines() {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for file in sources() {
        if let Some((name, _)) = room(&file.path) {
            *lines.entry((*name).to_owned()).or_default() += file.lines.len();
        }
    }
    lines.retain(|_, lines| *lines > 8_000);
    compare("rooms of more than 8,000 lines", &lines, &LARGE_ROOMS);
}

#[test]
fn functions_are_short_and_take_few_parameters() {
    let (mut long, mut wide) = (BTreeMap::new(), BTreeMap::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources().iter().filter(|file| !file.lines.is_empty()) {
        let parsed = syn::parse_file(&fs::read_to_string(root.join(&file.path)).unwrap()).unwrap();
        let mut functions = Functions::default();
        functions.visit_file(&parsed);
        for (name, lines, parameters) in functions.found {
            let name = format!("{} {name}", file.path.display());
            if lines > 80 {
                long.insert(name.clone(), lines);
            }
            if parameters > 5 {
                wide.insert(name, parameters);
            }
        }
    }
    compare("functions of more than 80 lines", &long, &LONG_FUNCTIONS);
    compare("functions of more than 5 parameters", &wide, &WIDE_FUNCTIONS);
}

/// Name, lines and parameters without `self` of each function outside of tests.
#[derive(Default)]
struct Functions {
    found: Vec<(String, usize, usize)>,
}

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line - signature.span().start().line + 1;
        let typed = signature.inputs.iter().filter(|it| matches!(it, syn::FnArg::Typed(_)));
        self.found.push((signature.ident.to_string(), lines, typed.count()));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, it: &'ast syn::ItemFn) {
        self.add(&it.sig, &it.block);
        syn::visit::visit_item_fn(self, it);
    }

    fn visit_impl_item_fn(&mut self, it: &'ast syn::ImplItemFn) {
        self.add(&it.sig, &it.block);
        syn::visit::visit_impl_item_fn(self, it);
    }

    fn visit_item_mod(&mut self, it: &'ast syn::ItemMod) {
        if it.ident != "tests" {
            syn::visit::visit_item_mod(self, it);
        }
    }
}

/// What is over a limit today is listed until it is split, and nothing may join it.
#[track_caller]
fn compare(what: &str, found: &BTreeMap<String, usize>, known: &[&str]) {
    let new: Vec<_> = found.iter().filter(|(name, _)| !known.contains(&name.as_str())).collect();
    assert!(new.is_empty(), "{what}: split {new:#?}");
    let gone: Vec<_> = known.iter().filter(|name| !found.contains_key(**name)).collect();
    assert!(gone.is_empty(), "{what}: remove from the list {gone:?}");
}

const LARGE_ROOMS: [&str; 0] = [];

const LONG_FUNCTIONS: [&str; 16] = [
    "cli/settings.rs resolve",
    "cli/upgrade.rs execute",
    "tables/column/using.rs way",
    "job/advice.rs advice",
    "job/attest/rows.rs compare",
    "autogenerate/proof.rs draft",
    "autogenerate/diff.rs diff",
    "job/explain.rs migration_error",
    "job/run.rs run_attested",
    "ledger/change/columns.rs column",
    "ledger/delayed_code.rs is_plain",
    "ledger/sealing.rs sealing",
    "postgres/exec.rs run_together",
    "postgres/exec/guarded.rs try_guarded",
    "postgres/exec/together.rs run_together_guarded",
    // one row of a table for each kind of object
    "introspect/queries.rs of",
];

const WIDE_FUNCTIONS: [&str; 32] = [
    "cli/check.rs with_request",
    "cli/compat.rs report",
    "cli/revision.rs autogenerated",
    "cli/upgrade.rs execute",
    "cli/upgrade.rs sql",
    "history/adopt/prove.rs walk",
    "job/attest.rs attest",
    "job/attest/rows.rs compare",
    "job/attest/rows.rs layer",
    "autogenerate.rs drafted",
    "autogenerate/drift.rs beside",
    "autogenerate/drift.rs drift",
    "replay/locate.rs locate",
    "job/offline.rs pending",
    "autogenerate/prerequisites.rs prerequisites",
    "job/run.rs run_attested",
    "job/run.rs run_locked",
    "job/run.rs run_settled",
    "replay/schema.rs demand_unchanged",
    "job/second_key.rs open",
    "history/squash.rs draft",
    "history/squash.rs prove",
    "job/stamp.rs stamp",
    "replay/verify.rs walk_lane",
    "ledger/sealing.rs privileges",
    "postgres/exec/row_checks.rs append_again",
    "postgres/exec/row_checks.rs appends",
    "postgres/exec/row_checks.rs backdated",
    "postgres/exec/row_checks.rs check_rows_before",
    "postgres/exec/row_checks.rs fingerprint",
    "postgres/exec/verdict.rs probed",
    "introspect/observe.rs outside",
];
