//! An error as text: its code, the message with its causes, the place in the file, and what to do.

use miette::Diagnostic;

use super::{snippet::Snippet, wrap::wrap};
use crate::{render::covers::Covers, words::shown::Shown};

/// How messages are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// The columns of a line; none in a log, so that names stay searchable.
    pub(crate) width: Option<usize>,
    /// Whether to use colors.
    pub(crate) color: bool,
}

/// A terminal style, as its escape sequence.
#[derive(Debug, Clone, Copy)]
enum Style {
    Error,
    Help,
    Number,
    Place,
    Mark,
    Plain,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Error => "31",
            Self::Help => "36",
            Self::Number => "2",
            Self::Place => "36;1;4",
            Self::Mark => "35;1",
            Self::Plain => "",
        }
    }
}

/// The text of an error, with no control sequences except our own colors.
pub(crate) fn diagnostic(error: &dyn Diagnostic, covers: &Covers, look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    if let Some(code) = error.code() {
        page.put(Style::Error, &shown(covers, &code.to_string()));
        page.text.push_str("\n\n");
    }
    let message = shown(covers, &error.to_string());
    page.block(Style::Error, ("  × ", "  │ "), &message, Style::Plain);
    let mut cause = error.source();
    while let Some(error) = cause {
        cause = error.source();
        let marks =
            if cause.is_some() { ("  ├─▶ ", "  │   ") } else { ("  ╰─▶ ", "      ") };
        let message = shown(covers, &error.to_string());
        page.block(Style::Error, marks, &message, Style::Plain);
    }
    page.snippets(error);
    if let Some(help) = error.help() {
        let help = shown(covers, &help.to_string());
        page.block(Style::Help, ("  help: ", "        "), &help, Style::Plain);
    }
    page.text
}

fn shown(covers: &Covers, text: &str) -> String {
    Shown(&covers.over(text)).to_string()
}

/// The text so far.
struct Page {
    text: String,
    look: Look,
}

impl Page {
    fn put(&mut self, style: Style, text: &str) {
        if self.look.color && !style.code().is_empty() && !text.trim().is_empty() {
            let code = style.code();
            self.text += &format!("\u{1b}[{code}m{text}\u{1b}[0m");
        } else {
            self.text += text;
        }
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    /// Lines with one prefix for the first and another for the rest.
    fn block(&mut self, of_mark: Style, (first, rest): (&str, &str), text: &str, style: Style) {
        let indent = first.chars().count();
        let lines = wrap(text.trim_end_matches('\n'), indent, self.look.width);
        for (at, line) in lines.iter().enumerate() {
            let mark = if at == 0 { first } else { rest };
            self.put(of_mark, if line.is_empty() { mark.trim_end() } else { mark });
            self.put(style, line);
            self.end_line();
        }
    }

    fn snippets(&mut self, error: &dyn Diagnostic) {
        let (Some(source), Some(labels)) = (error.source_code(), error.labels()) else {
            return;
        };
        for label in labels {
            if let Some(snippet) = Snippet::of(source, &label, self.look.width) {
                self.snippet(&snippet);
            }
        }
    }

    fn snippet(&mut self, snippet: &Snippet) {
        let digits = snippet.lines.last().map_or(1, |(number, _)| number.to_string().len());
        let space = " ".repeat(digits + 2);
        self.text += &format!("{space}╭─[");
        self.put(Style::Place, &snippet.place);
        self.text += "]\n";
        for (number, line) in &snippet.lines {
            self.put(Style::Number, &format!(" {number:digits$}"));
            self.text += &format!(" │ {line}");
            self.end_line();
            if *number == snippet.line {
                let (column, pointer) = &snippet.pointer;
                let middle = column + pointer.middle();
                self.text += &format!("{space}· {}", " ".repeat(*column));
                self.put(Style::Mark, &pointer.text());
                self.end_line();
                self.text += &format!("{space}· {}", " ".repeat(middle));
                self.put(Style::Mark, &format!("╰── {}", snippet.label));
                self.end_line();
            }
        }
        self.text += &format!("{space}╰────\n");
    }
}

#[cfg(test)]
mod tests {
    use miette::{LabeledSpan, MietteDiagnostic};

    use super::*;
    use crate::words::shown::is_special;

    /// Everything that a terminal could interpret, and ordinary text.
    const PIECES: [&str; 22] = [
        "a",
        "word ",
        "größer",
        "日本",
        "\u{1b}[7m",
        "\u{1b}]0;T\u{7}",
        "\u{1b}",
        "\u{9b}m",
        "\r",
        "\n",
        "\r\n",
        "\t",
        "\u{8}",
        "\0",
        "\u{7f}",
        "\u{202e}",
        "\u{2069}",
        "\u{200b}",
        "`",
        "\"",
        "(SQLSTATE 42601)",
        "2026-11-29-000000_x",
    ];

    fn random(dice: &mut fastrand::Rng, most: usize) -> String {
        let count = dice.usize(0..=most);
        (0..count).map(|_| PIECES[dice.usize(0..PIECES.len())]).collect()
    }

    fn number(variable: &str) -> Option<u64> {
        std::env::var(variable).ok()?.parse().ok()
    }

    #[test]
    fn whatever_an_error_says_nothing_of_it_is_obeyed() {
        let count = number("GLOWPLUG_TEST_CASES").unwrap_or(500);
        let seed = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
        let mut dice = fastrand::Rng::with_seed(seed);
        for case in 0..count {
            let text = random(&mut dice, if case % 50 == 0 { 20_000 } else { 30 });
            let at = dice.usize(0..=text.len());
            let length = dice.usize(0..=text.len() - at);
            let error = MietteDiagnostic::new(random(&mut dice, 20))
                .with_code(random(&mut dice, 3))
                .with_help(random(&mut dice, 20))
                .with_label(LabeledSpan::new(Some(random(&mut dice, 3)), at, length));
            let error =
                Located { error, text: miette::NamedSource::new(random(&mut dice, 4), text) };
            let color = dice.bool();
            let width = dice.bool().then(|| dice.usize(1..150));
            let mut page = diagnostic(&error, &Covers::default(), Look { width, color });
            if color {
                for style in ["0", "31", "36", "2", "36;1;4", "35;1"] {
                    page = page.replace(&format!("\u{1b}[{style}m"), "");
                }
            }
            let raw = page.chars().find(|c| is_special(*c));
            assert_eq!(raw, None, "seed {seed}, case {case}: {page:?}");
        }
    }

    /// An error with a place.
    #[derive(Debug)]
    struct Located {
        error: MietteDiagnostic,
        text: miette::NamedSource<String>,
    }

    impl std::fmt::Display for Located {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.error.fmt(f)
        }
    }

    impl std::error::Error for Located {}

    impl Diagnostic for Located {
        fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
            self.error.code()
        }
        fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
            self.error.help()
        }
        fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
            self.error.labels()
        }
        fn source_code(&self) -> Option<&dyn miette::SourceCode> {
            Some(&self.text)
        }
    }

    #[test]
    fn an_error_is_laid_out_with_its_place_and_its_help() {
        let text = "SELECT 1;\nSELECT nope;\n".to_owned();
        let error = MietteDiagnostic::new("it failed\non two lines")
            .with_code("a::b")
            .with_help("Mend it.")
            .with_label(LabeledSpan::new(Some("here".into()), 17, 4));
        let error = Located { error, text: miette::NamedSource::new("up.sql", text) };
        let plain = Look { width: None, color: false };
        let expected = "\
a::b

  × it failed
  │ on two lines
   ╭─[up.sql:2:8]
 1 │ SELECT 1;
 2 │ SELECT nope;
   ·        ──┬─
   ·          ╰── here
   ╰────
  help: Mend it.
";
        assert_eq!(diagnostic(&error, &Covers::default(), plain), expected);
    }
}
