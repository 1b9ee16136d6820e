//! The house rules: rooms, floors and absences.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The rooms, each with its floor.
const ROOMS: [(&str, u32); 12] = [
    ("cli", 7),
    ("job", 6),
    ("postgres", 5),
    ("project", 5),
    ("events", 5),
    ("schema_rs", 4),
    ("ledger", 4),
    ("lint", 4),
    ("report", 3),
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
                let code = text
                    .split("#[cfg(test)]\nmod tests {")
                    .next()
                    .unwrap_or_default();
                let code = if is_test { "" } else { code };
                let lines = code
                    .lines()
                    .enumerate()
                    .map(|(at, line)| {
                        (
                            at + 1,
                            line.split("//").next().unwrap_or_default().to_owned(),
                        )
                    })
                    .collect();
                found.push(File {
                    path: path.strip_prefix(&root).unwrap().to_owned(),
                    lines,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn room(path: &Path) -> Option<&'static (&'static str, u32)> {
    let first = path.components().next()?.as_os_str().to_str()?;
    ROOMS
        .iter()
        .find(|(name, _)| *name == first.trim_end_matches(".rs"))
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
    check("a room looks down only", |file, line| {
        let Some((name, floor)) = room(&file.path) else {
            return false;
        };
        ROOMS.iter().any(|(other, other_floor)| {
            other != name
                && other_floor >= floor
                && (line.contains(&format!("crate::{other}::")) || line.trim() == format!("{other}::{{"))
                // an import block names rooms one level in
                || (other != name
                    && other_floor >= floor
                    && line.starts_with("    ")
                    && !line.starts_with("     ")
                    && line.trim_start().starts_with(&format!("{other}::")))
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
    check(
        "no async, files, environment, clock or randomness below floor 5",
        |file, line| {
            room(&file.path).is_some_and(|(_, floor)| *floor <= 4)
                && forbidden.iter().any(|word| line.contains(word))
        },
    );
}

#[test]
fn only_some_rooms_name_some_crates() {
    check(
        "only postgres and events name the database's crates",
        |file, line| {
            let named = ["diesel_async", "bb8", "tokio_postgres"]
                .iter()
                .any(|name| line.contains(name));
            named
                && !room(&file.path).is_some_and(|(name, _)| ["postgres", "events"].contains(name))
        },
    );
    check("only project names walkdir", |file, line| {
        line.contains("walkdir") && !room(&file.path).is_some_and(|(name, _)| *name == "project")
    });
}

#[test]
fn nothing_below_the_top_floor_prints_or_exits() {
    let words = ["println!", "eprintln!", "print!(", "process::exit"];
    check("only cli prints and exits", |file, line| {
        room(&file.path).is_some_and(|(_, floor)| *floor < 7)
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
