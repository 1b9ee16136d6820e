//! The picture of a terminal on the front page: an SVG of what the program really prints.

use std::{fmt::Write as _, path::Path};

use crate::{
    docs::{
        page::{self, Step},
        shell::{Shell, covered},
    },
    support::peer,
};

const PICTURE: &str = "docs/src/terminal.svg";

/// The size of a character, in pixels.
const WIDTH: f64 = 8.0;
const HEIGHT: usize = 19;
const COLUMNS: f64 = 92.0;
/// What is around the text.
const MARGIN: usize = 16;

/// How a piece of a line looks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Look {
    bold: bool,
    dim: bool,
    underlined: bool,
    color: Option<&'static str>,
}

impl Look {
    /// Reads the numbers of an escape sequence for colours.
    fn change(&mut self, numbers: &str) {
        for number in numbers.split(';') {
            match number {
                "" | "0" => *self = Self::default(),
                "1" => self.bold = true,
                "2" => self.dim = true,
                "4" => self.underlined = true,
                "31" | "91" => self.color = Some("#f38ba8"),
                "32" | "92" => self.color = Some("#a6e3a1"),
                "33" | "93" => self.color = Some("#f9e2af"),
                "34" | "94" => self.color = Some("#89b4fa"),
                "35" | "95" => self.color = Some("#cba6f7"),
                "36" | "96" => self.color = Some("#94e2d5"),
                _ => {}
            }
        }
    }

    fn attributes(self) -> String {
        let mut out = String::new();
        let mut add = |wanted: bool, text: &str| out.push_str(if wanted { text } else { "" });
        add(self.bold, " font-weight=\"bold\"");
        add(self.dim, " opacity=\"0.6\"");
        add(self.underlined, " text-decoration=\"underline\"");
        if let Some(color) = self.color {
            write!(out, " fill=\"{color}\"").unwrap();
        }
        out
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// One line of a terminal as SVG.
fn line(text: &str, look: &mut Look) -> String {
    let mut out = String::new();
    let mut piece = |text: &str, look: Look| {
        let text = escaped(text);
        match look.attributes() {
            _ if text.is_empty() => {}
            plain if plain.is_empty() => out.push_str(&text),
            styled => write!(out, "<tspan{styled}>{text}</tspan>").unwrap(),
        }
    };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        piece(before, *look);
        let end = after.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(after.len() - 1);
        if after[end..].starts_with('m') {
            look.change(&after[..end]);
        }
        rest = &after[end + 1..];
    }
    piece(rest, *look);
    out
}

fn svg(screen: &str) -> String {
    let lines: Vec<&str> = screen.trim_end().lines().collect();
    let width = COLUMNS * WIDTH + 2.0 * MARGIN as f64;
    let height = lines.len() * HEIGHT + 2 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"13.3\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1e1e2e\"/>\n\
         <g fill=\"#cdd6f4\" xml:space=\"preserve\">\n"
    );
    let mut look = Look::default();
    for (at, text) in lines.into_iter().enumerate() {
        let y = MARGIN + at * HEIGHT + 14;
        writeln!(out, "<text x=\"{MARGIN}\" y=\"{y}\">{}</text>", line(text, &mut look)).unwrap();
    }
    out + "</g>\n</svg>\n"
}

#[test]
fn the_picture_shows_what_the_program_prints() {
    if peer("script").is_none() {
        return;
    }
    let mut shell = Shell::new();
    let hide = |shell: &mut Shell, commands: &str| {
        shell.step(&Step::Hidden(commands.to_owned()));
    };
    let name = "migrations/2026-11-24-101500-0000_add_accounts";
    let up = "CREATE TABLE accounts (\n    id bigint PRIMARY KEY,\n    opened_by bigint REFERENCES event (id)\n);\n";
    hide(&mut shell, "glowplug init\nglowplug upgrade");
    hide(&mut shell, "export DATABASE_URL=$(glowplug db url)");
    let file = |name: &str, text: &str| Step::File { path: name.to_owned(), text: text.to_owned() };
    shell.step(&file(&format!("{name}/up.sql"), up));
    shell.step(&file(&format!("{name}/down.sql"), "DROP TABLE accounts;\n"));
    let mut screen = String::new();
    let mut show = |shell: &mut Shell, command: &str| {
        let said = shell.colored(command);
        write!(screen, "\u{1b}[1m$ {command}\u{1b}[0m\n{}\n", said.trim_end()).unwrap();
    };
    show(&mut shell, "glowplug upgrade");
    shell.step(&file(&format!("{name}/up.sql"), &up.replace("event ", "events ")));
    show(&mut shell, "glowplug upgrade");
    hide(
        &mut shell,
        "sed -i 's/opened_by -> .*/&\\n        owner -> Nullable<Text>,/' src/schema.rs",
    );
    show(&mut shell, "glowplug revision --autogenerate -m owners");
    hide(&mut shell, "glowplug upgrade");
    show(&mut shell, "glowplug verify");
    let new = svg(&screen);
    let same = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PICTURE))
        .is_ok_and(|old| covered(&old) == covered(&new));
    if page::updates() && !same {
        page::write(PICTURE, &new);
    } else {
        assert!(same, "{new}\nGLOWPLUG_UPDATE_DOCS=1 draws it anew");
    }
}
