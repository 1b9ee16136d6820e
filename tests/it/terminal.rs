//! What a person sees: nothing that comes from elsewhere reaches a terminal raw, whatever command shows it.
//!
//! Names and texts are random; a failure prints its seed. `GLOWPLUG_TEST_CASES` sets how many there are, `GLOWPLUG_TEST_SEED` the
//! first. The pseudo-terminal is util-linux's `script`.

use std::{fmt::Write as _, fs, path::Path, process::Stdio};

use crate::{
    random_schema::dice::Dice,
    sample,
    support::{Database, GLOWPLUG, Project, number, peer},
};

/// So many names where nothing else is said.
const CASES: (u64, u64) = (30, 60);

/// Pieces of which some are harmless and most are not.
const PIECES: [&str; 26] = [
    "a",
    "ü",
    "日本",
    " ",
    "'",
    "\"",
    "`",
    "\\",
    "; ",
    "--",
    "\u{1b}]0;TITLE\u{7}",
    "\u{1b}[8m",
    "\u{1b}[2J",
    "\u{1b}",
    "\u{9b}7m",
    "\u{90}q",
    "\u{8}\u{8}",
    "\r",
    "\n",
    "\t",
    "\u{7f}",
    "\u{1}",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{2028}",
];

/// The colours of glowplug's own; no piece makes one of them.
const COLORS: [&str; 8] = ["0", "1", "2", "4", "31", "33", "36", "35;1"];

fn text(dice: &mut Dice) -> String {
    let count = dice.between(1..=8);
    (0..count).map(|_| dice.word(&PIECES)).collect()
}

/// What a terminal gets from a command.
fn on_a_terminal(script: &Path, project: &Project, arguments: &[&str], color: bool) -> String {
    let quoted = |text: &&str| format!("'{}'", text.replace('\'', "'\\''"));
    let words: Vec<String> = arguments.iter().map(quoted).collect();
    let line = format!("stty cols 90 rows 24; '{GLOWPLUG}' {}", words.join(" "));
    let mut command = project.command(script);
    command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm");
    if !color {
        command.env("NO_COLOR", "1");
    }
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[track_caller]
fn assert_harmless(shown: &str, what: &str) {
    assert!(!shown.contains("panicked"), "{what}\n{shown}");
    // the bar of a run wipes its own line
    let mut rest = shown.replace("\r\n", "\n").replace("\r\u{1b}[2K", "");
    for color in COLORS.into_iter().chain(["36;1;4", "32", "33"]) {
        rest = rest.replace(&format!("\u{1b}[{color}m"), "");
    }
    let is_raw = |c: &char| match c {
        '\n' | '\t' => false,
        '\u{200b}' | '\u{2028}' | '\u{202e}' | '\u{2066}' => true,
        c => c.is_control(),
    };
    if let Some(at) = rest.find(|c| is_raw(&c)) {
        let around = rest.get(rest.floor_char_boundary(at.saturating_sub(400))..);
        let around: String = around.unwrap_or_default().chars().take(600).collect();
        panic!("{what}: {:?} reached the terminal\n{around:?}", rest[at..].chars().next());
    }
}

/// How many names stand in one project, and how many errors on one terminal: a run takes longer than a name.
const BATCH: u64 = 500;

/// The same for objects of a server, of which each has several names.
const OBJECTS: u64 = 200;

/// The seed and the sizes of the batches that `GLOWPLUG_TEST_CASES` is made of.
fn batches(size: u64) -> (u64, Vec<u64>) {
    let count = sample::count(CASES.0, CASES.1);
    let seed = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    eprintln!("seed {seed}");
    (seed, (0..count.div_ceil(size)).map(|batch| size.min(count - batch * size)).collect())
}

#[test]
fn no_control_character_of_a_name_or_a_text_reaches_a_terminal() {
    let Some(script) = peer("script") else { return };
    let (seed, batches) = batches(BATCH);
    for (batch, size) in batches.into_iter().enumerate() {
        let mut dice = Dice::new(seed.wrapping_add(batch as u64));
        let project = Project::new();
        for case in 0..size {
            let name = format!("{:04}_{}", case + 1, text(&mut dice));
            let sql = format!("SELECT $x${}$x$;\n-- {}\n", text(&mut dice), text(&mut dice));
            project.migration(&name, &sql, &sql);
        }
        let odd = text(&mut dice);
        for arguments in [
            vec!["history", "--offline", "-v"],
            vec!["history", "--offline", "-r", "base:head"],
            vec!["heads"],
            vec!["show", "0007"],
            vec!["upgrade", "--sql", "base:head"],
            vec!["--format", "json", "history", "--offline"],
            vec!["--format", "json", "show", &odd],
        ] {
            let shown = on_a_terminal(&script, &project, &arguments, batch % 2 == 1);
            assert_harmless(&shown, &format!("seed {seed}, batch {batch}: {arguments:?}"));
        }
    }
}

#[test]
fn no_control_character_of_an_error_reaches_a_terminal() {
    let Some(script) = peer("script") else { return };
    let (seed, batches) = batches(BATCH);
    for (batch, size) in batches.into_iter().enumerate() {
        let mut dice = Dice::new(seed.wrapping_add(batch as u64));
        let project = Project::new();
        project.migration("1_a", "SELECT 1;", "");
        let mut errors = String::from("stty cols 90 rows 24\n");
        for case in 0..size {
            let odd = text(&mut dice);
            let broken = format!("broken/{case}/1_a");
            let arguments = match case % 11 {
                0 => vec!["show", &odd],
                1 => vec!["upgrade", "--sql", &odd],
                2 => vec!["--format", "json", "show", &odd],
                3 => vec!["history", &odd],
                4 => vec!["--migration-dir", &odd, "heads"],
                5 => vec!["--config", &odd, "heads"],
                6 => vec!["url", &odd],
                7 => vec!["completions", &odd],
                // files that cannot be read as what they are
                kind => {
                    let (file, what) = match kind {
                        8 => ("metadata.toml", odd.clone()),
                        9 => ("glowplug.toml", format!("[schema]\nignore = {odd}\n")),
                        _ => ("down.sql", format!("{odd} \\nope")),
                    };
                    project.write(&format!("{broken}/up.sql"), "SELECT 1;");
                    project.write(&format!("{broken}/{file}"), &what);
                    match kind {
                        9 => vec!["--config", "glowplug.toml", "heads"],
                        8 => vec!["--migration-dir", "..", "heads"],
                        _ => vec!["--migration-dir", "..", "downgrade", "--sql", "head:base"],
                    }
                }
            };
            let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
            let words: Vec<String> = arguments.iter().map(|it| quoted(it)).collect();
            let place = if case % 11 < 8 { "." } else { &broken };
            writeln!(errors, "(cd {place}; '{GLOWPLUG}' {})", words.join(" ")).unwrap();
        }
        project.write("errors", &errors);
        let mut command = project.command(&script);
        command.args(["-qc", "sh errors", "/dev/null"]).env("TERM", "xterm");
        if batch % 2 == 0 {
            command.env("NO_COLOR", "1");
        }
        let shown = String::from_utf8(command.output().unwrap().stdout).expect("UTF-8");
        let count = shown.matches('×').count() + shown.matches("error: ").count();
        assert!(count as u64 > size / 2, "seed {seed}, batch {batch}: {count} errors\n{shown}");
        assert_harmless(&shown, &format!("seed {seed}, batch {batch}"));
    }
}

#[test]
fn no_control_character_of_a_server_reaches_a_terminal() {
    let Some(script) = peer("script") else { return };
    let (seed, batches) = batches(OBJECTS);
    for (batch, size) in batches.into_iter().enumerate() {
        let mut dice = Dice::new(seed.wrapping_add(batch as u64));
        let database = Database::new();
        let project = Project::at(&database);
        let notices: String = (0..size)
            .map(|_| {
                let mut said = || text(&mut dice).replace('\'', "''").replace("$x$", "");
                let (message, detail, hint) = (said(), said(), said());
                format!("RAISE NOTICE USING MESSAGE = '{message}.', DETAIL = '{detail}', HINT = '{hint}';\n")
            })
            .collect();
        let odd = text(&mut dice).replace('"', "");
        project.migration("1_notice", &format!("DO $x$ BEGIN {notices} END $x$;"), "");
        project.migration("2_error", &format!("SELECT * FROM \"t{odd}\";"), "");
        let mut name = |kind: char, case: u64| {
            let odd: String = text(&mut dice).replace('"', "\"\"").chars().take(12).collect();
            let odd = odd.trim_end_matches('"');
            format!("\"{odd}{kind}{case}\"")
        };
        let objects: String = (0..size)
            .map(|case| {
                let (table, column, index, kind) =
                    (name('t', case), name('c', case), name('i', case), name('l', case));
                let label = kind.trim_matches('"').replace('\'', "''");
                format!(
                    "CREATE TABLE {table} (id int PRIMARY KEY, {column} text);
                     CREATE INDEX {index} ON {table} ({column});
                     COMMENT ON COLUMN {table}.{column} IS '{label}';
                     CREATE TYPE {kind} AS ENUM ('{label}');\n"
                )
            })
            .collect();
        let color = batch % 2 == 1;
        for arguments in [vec!["upgrade"], vec!["current", "-v"]] {
            let shown = on_a_terminal(&script, &project, &arguments, color);
            assert_harmless(&shown, &format!("seed {seed}, batch {batch}: {arguments:?}"));
        }
        project.write("objects.sql", &objects);
        project.write("empty.sql", "");
        database.execute(&objects);
        for arguments in [
            vec!["schema"],
            vec!["schema", "--check", "--from", "migrations"],
            vec!["drift"],
            vec!["diff", "objects.sql", "empty.sql"],
            vec!["current"],
        ] {
            let shown = on_a_terminal(&script, &project, &arguments, color);
            assert_harmless(&shown, &format!("seed {seed}, batch {batch}: {arguments:?}"));
        }
    }
}

#[test]
fn a_message_has_the_width_of_its_terminal_and_a_log_has_none() {
    let Some(script) = peer("script") else { return };
    let project = Project::new();
    project.write("migrations/2026-11-29-173701-0000_some_longer_name/down.sql", "");
    let shown = on_a_terminal(&script, &project, &["heads"], false);
    let widest = shown.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|it| it > 60 && it <= 90), "{shown}");
    assert!(shown.contains("2026-11-29-173701-0000_some_longer_name"), "{shown}");
    let log = project.run("heads").code(1).stderr;
    let help = "  help: Write it, or move the directory away: everything here that is not hidden is a migration.\n";
    assert!(log.contains(help), "{log}");
}

#[test]
fn sql_and_schema_rs_leave_the_program_byte_for_byte() {
    let database = Database::new();
    let project = Project::at(&database);
    let up = "CREATE TABLE a (id int PRIMARY KEY, \"o\u{7f}dd\" text DEFAULT '\u{1b}[31mred\u{1b}[0m|\u{1}|\u{202e}');\n";
    project.migration("1_a", up, "DROP TABLE a;");
    let script = project.run("upgrade --sql base:head").ok().stdout;
    assert!(script.contains(up.trim_end().trim_end_matches(';')), "{script:?}");
    let json = project.run("--format json upgrade --sql base:head").ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["report"]["sql"].as_str(), Some(script.as_str()));
    project.run("upgrade").ok();
    let schema = project.run("print-schema").ok().stdout;
    assert!(schema.contains("#[sql_name = \"o\\u{7f}dd\"]"), "{schema:?}");
}

/// What is wrong with the machine, and what that does to a command that would end with a code, and say something or nothing.
struct Fault {
    name: &'static str,
    stdout: fn() -> Stdio,
    env: fn(&Path) -> Vec<(&'static str, String)>,
    /// What is said of an answer, where it is lost.
    loses: Option<&'static str>,
}

const CLOSED: &str = "it is closed";

const FAULTS: [Fault; 6] = [
    Fault {
        name: "stdout is full",
        stdout: || fs::File::options().write(true).open("/dev/full").unwrap().into(),
        env: |_| Vec::new(),
        loses: Some("No space left"),
    },
    Fault { name: CLOSED, stdout: Stdio::piped, env: |_| Vec::new(), loses: Some("it is closed") },
    Fault {
        name: "nobody reads stdout",
        stdout: || {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            writer.into()
        },
        env: |_| Vec::new(),
        loses: None,
    },
    Fault {
        name: "TMPDIR is not there",
        stdout: Stdio::piped,
        env: |_| vec![("TMPDIR", "/nonexistent/tmp".into())],
        loses: None,
    },
    Fault {
        name: "HOME cannot be written",
        stdout: Stdio::piped,
        env: |_| vec![("HOME", "/dev/null".into())],
        loses: None,
    },
    Fault {
        name: "others can write the cache",
        stdout: Stdio::piped,
        env: |dir| {
            use std::os::unix::fs::PermissionsExt as _;
            let cache = dir.join("cache/glowplug");
            fs::create_dir_all(&cache).unwrap();
            fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
            let cache = cache.parent().unwrap().display().to_string();
            vec![("XDG_CACHE_HOME", cache)]
        },
        loses: None,
    },
];

/// Commands that leave everything as it is, and how they end.
const COMMANDS: [(&str, i32); 31] = [
    ("--version", 0),
    ("upgrade --help", 0),
    ("completions bash", 0),
    ("man", 0),
    ("url", 0),
    ("init", 0),
    ("heads", 0),
    ("history", 0),
    ("history --offline", 0),
    ("show 1", 0),
    ("show nothing", 1),
    ("current", 0),
    ("--format json current", 0),
    ("upgrade", 0),
    ("upgrade --dry-run", 0),
    ("upgrade --sql base:head", 0),
    ("downgrade -1 --dry-run", 0),
    ("redo --dry-run", 0),
    ("stamp current", 0),
    ("schema --from migrations", 0),
    ("schema", 0),
    ("print-schema", 0),
    ("check --source truth.sql", 3),
    ("diff --help", 0),
    ("drift", 0),
    ("verify", 0),
    ("ledger status", 0),
    ("migration list", 0),
    ("migration pending", 0),
    ("db status", 0),
    ("merge a b", 1),
];

#[test]
fn each_command_ends_as_it_should_whatever_is_wrong_with_the_machine() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.write("truth.sql", "CREATE TABLE b (id int PRIMARY KEY);");
    project.run("upgrade").ok();
    let mut wrong = String::new();
    for (arguments, code) in COMMANDS {
        let said = project.run(arguments);
        if said.code != Some(code) {
            writeln!(wrong, "{arguments}: {said:#?}").unwrap();
            continue;
        }
        for fault in &FAULTS {
            let mut command = match fault.name {
                CLOSED => project.command("sh"),
                _ => project.command(GLOWPLUG),
            };
            if fault.name == CLOSED {
                command.args(["-c", "exec \"$0\" \"$@\" >&-", GLOWPLUG]);
            }
            command.args(arguments.split(' '));
            command.envs((fault.env)(project.path()));
            command.stdout((fault.stdout)()).stderr(Stdio::piped());
            let output = command.spawn().unwrap().wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            let lost = fault.loses.filter(|_| !said.stdout.is_empty());
            let expected = if lost.is_some() { 1 } else { code };
            let is_said = lost.is_none_or(|it| stderr.contains("stdout") && stderr.contains(it));
            if output.status.code() != Some(expected) || !is_said || stderr.contains("panicked") {
                writeln!(wrong, "{}: {arguments}: {}\n{stderr}", fault.name, output.status)
                    .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
