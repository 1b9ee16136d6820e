//! A page of the documentation as its test reads it: fences, and the comments that tell what to do with them.
//!
//! | comment | effect |
//! |---|---|
//! | `<!-- run: COMMAND -->`, also over several lines | runs it unseen, before what follows |
//! | `<!-- file: PATH -->` | the next fence is written to that file; one `*` stands for what is there |
//! | `<!-- terminal -->` | the next console block runs in a terminal of 90 columns |
//! | `<!-- needs: PROGRAM -->` | the next console block runs only where that program is installed |
//! | `<!-- not run: REASON -->` | the next console block is not run |

use std::ops::Range;

/// Something that the test does, in the order of the page.
#[derive(Debug)]
pub enum Step {
    /// Runs commands that the page does not show.
    Hidden(String),
    /// Writes a file that the page shows.
    File { path: String, text: String },
    /// Runs a console block and compares what it shows.
    Console { block: Console, how: How },
    /// A console block that cannot run here.
    NotRun(String),
}

/// How a console block is run.
#[derive(Debug, Clone, Default)]
pub struct How {
    pub terminal: bool,
    pub needs: Option<String>,
}

/// A console block: its commands with what each prints.
#[derive(Debug)]
pub struct Console {
    /// Where its text is in the page, without the fences.
    pub span: Range<usize>,
    pub commands: Vec<(String, String)>,
}

/// Reads a page.
pub fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut how, mut file, mut not_run) = (How::default(), None, None);
    let mut at = 0;
    while let Some(line) = text[at..].split_inclusive('\n').next() {
        let next = at + line.len();
        if line.starts_with("<!-- ") {
            let end = at + text[at..].find("-->").expect("a comment ends");
            let comment = text[at + 4..end].trim();
            at = end + text[end..].find('\n').map_or(3, |it| it + 1);
            match comment.split_once(':').unwrap_or((comment, "")) {
                ("run", commands) => steps.push(Step::Hidden(commands.trim().to_owned())),
                ("file", path) => file = Some(path.trim().to_owned()),
                ("needs", program) => how.needs = Some(program.trim().to_owned()),
                ("not run", reason) => not_run = Some(reason.trim().to_owned()),
                ("terminal", _) => how.terminal = true,
                _ => {}
            }
            continue;
        }
        if !line.starts_with("```") {
            at = next;
            continue;
        }
        let fence = line[..line.len() - line.trim_start_matches('`').len()].to_owned();
        let end = next + text[next..].find(&format!("\n{fence}\n")).map_or(0, |it| it + 1);
        let body = &text[next..end];
        if let Some(path) = file.take() {
            steps.push(Step::File { path, text: body.to_owned() });
        } else if line.trim_start_matches('`').trim() == "console" {
            let how = std::mem::take(&mut how);
            steps.push(match not_run.take() {
                Some(reason) => Step::NotRun(reason),
                None => Step::Console { block: console(body, next..end), how },
            });
        }
        at = end + fence.len() + 1;
        if at >= text.len() {
            break;
        }
    }
    steps
}

fn console(body: &str, span: Range<usize>) -> Console {
    let mut commands: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in body.split_inclusive('\n') {
        match commands.last_mut() {
            Some((command, _)) if open => command.push_str(line),
            Some((_, output)) if !line.starts_with("$ ") => output.push_str(line),
            _ => {
                let command = line.strip_prefix("$ ").expect("a block begins with a command");
                commands.push((command.to_owned(), String::new()));
            }
        }
        let (command, output) = commands.last().expect("there is one");
        open = output.is_empty() && command.ends_with("\\\n");
    }
    Console { span, commands }
}

/// All pages: the front page, the map, and what is below `docs/src`, with their paths from the root.
pub fn all() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("docs/src")];
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|it| it == "md") {
            pages.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
    pages.sort();
    pages
}

/// The text of a page.
pub fn read(page: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// Writes a page, or a part of it, where that was asked for: `GLOWPLUG_UPDATE_DOCS=1`.
pub fn write(page: &str, text: &str) {
    std::fs::write(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(page), text).unwrap();
}

/// Whether pages are written anew instead of compared.
pub fn updates() -> bool {
    std::env::var_os("GLOWPLUG_UPDATE_DOCS").is_some()
}
