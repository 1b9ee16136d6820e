//! The house rules: rooms, floors and absences.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The rooms, each with its floor.
const ROOMS: [(&str, u32); 19] = [
    ("cli", 8),
    ("testing", 8),
    ("job", 7),
    ("postgres", 6),
    ("events", 6),
    ("cluster", 5),
    ("connect", 5),
    ("project", 5),
    ("schema_rs", 4),
    ("ledger", 4),
    ("planner", 4),
    ("lint", 4),
    ("compat", 4),
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
            room(path).is_none() && !["lib.rs", "main.rs"].contains(&path.to_str().unwrap())
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

/// Every module that a file names, spelled out from the root: `ddl::column::retype`. `super` and `self` are followed.
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
        let is_planner = ["ddl", "planner"].iter().any(|it| file.path.starts_with(it))
            || file.path.starts_with("job/autogenerate");
        let mut asked = line.match_indices(".sql()");
        is_planner
            && asked.any(|(at, mark)| {
                let rest = line[at + mark.len()..].trim_start_matches('.');
                questions.iter().any(|it| rest.starts_with(it))
            })
    });
}

#[test]
fn floors_one_to_four_are_pure() {
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
    check("no async, files, environment, clock or randomness below floor 5", |file, line| {
        room(&file.path).is_some_and(|(_, floor)| *floor <= 4)
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
        room(&file.path).is_some_and(|(_, floor)| *floor < 8)
            && words.iter().any(|it| line.contains(it))
    });
}

#[test]
fn there_is_no_mod_rs_and_no_file_beyond_six_hundred_lines() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|file| file.lines.len() > 600 || file.path.ends_with("mod.rs"))
        .map(|file| file.path)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}
