//! The layout of a `schema.rs`: the text of rustfmt, without rustfmt.
//!
//! `diesel print-schema` writes a text and pipes it through `rustfmt`, which reads the
//! `rustfmt.toml` of the project. The functions of [`Layout`] print the pieces of that text the
//! way rustfmt 1.9 (Rust 1.95) leaves them. Everything else of the file (the header, `pub mod`,
//! `pub struct`, `diesel::joinable!`, doc comments in front of a type) comes out of rustfmt as
//! Diesel writes it, after the indentation of [`Layout::indent`].
//!
//! When rustfmt refuses the text, Diesel prints it as it was. [`literal_is_valid`] and
//! [`identifier_is_valid`] tell when that happens, and with [`Layout::enabled`] off the same
//! functions print the text of that case.
//!
//! Not covered: lines with less than 14 columns between the indentation and `max_width`, derives
//! that are no paths, the widths of emoji sequences and of other ligatures, and the options that
//! only a nightly rustfmt reads.

mod lines;
mod lists;
mod valid;
mod width;

use self::{
    lines::{End, classified_lines},
    lists::ALLOW_TABLES,
};

pub(crate) use self::valid::{
    comment_is_valid, identifier_is_valid, literal_is_valid, token_is_valid,
};

/// The line ends of rustfmt's `newline_style`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Newline {
    /// As in the text that Diesel writes, which has Unix line ends on every platform.
    #[default]
    Auto,
    /// `\n`.
    Unix,
    /// `\r\n`.
    Windows,
    /// `\r\n` on Windows, else `\n`.
    Native,
}

/// rustfmt's `use_small_heuristics`: the widths that are not set one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Heuristics {
    /// In proportion to `max_width`.
    #[default]
    Default,
    /// No limit but the line.
    Off,
    /// `max_width`.
    Max,
}

/// The layout options of rustfmt that show in a `schema.rs`.
///
/// The default is rustfmt's, without a `rustfmt.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Whether rustfmt formats the text. Off with `disable_all_formatting`, and for a text that
    /// rustfmt refuses.
    pub enabled: bool,
    /// `max_width`.
    pub max_width: usize,
    /// `tab_spaces`.
    pub tab_spaces: usize,
    /// `hard_tabs`.
    pub hard_tabs: bool,
    /// `newline_style`.
    pub newline: Newline,
    /// `use_small_heuristics`.
    pub heuristics: Heuristics,
    /// `fn_call_width`, if set.
    pub fn_call_width: Option<usize>,
    /// `attr_fn_like_width`, if set.
    pub attr_fn_like_width: Option<usize>,
    /// `merge_derives`.
    pub merge_derives: bool,
    /// Whether the style edition is 2024 or later: from `style_edition`, else whether `version`
    /// is `"Two"`, else from `edition`.
    pub style_2024: bool,
    /// `edition`: which words are reserved. 2015 without one.
    pub edition: u16,
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            enabled: true,
            max_width: 100,
            tab_spaces: 4,
            hard_tabs: false,
            newline: Newline::Auto,
            heuristics: Heuristics::Default,
            fn_call_width: None,
            attr_fn_like_width: None,
            merge_derives: true,
            style_2024: false,
            edition: 2015,
        }
    }
}

impl Layout {
    /// The text in front of a line at `level`.
    pub(crate) fn indent(&self, level: usize) -> String {
        if !self.formats() {
            return raw_indent(level);
        }
        self.indent_columns(level * self.tab_spaces)
    }

    /// A `#[derive(...)]` with the line end, wrapped if it is too long.
    ///
    /// ```text
    /// #[derive(Debug, diesel::sql_types::SqlType)]
    /// ```
    pub(crate) fn derive(&self, level: usize, derives: &[String]) -> String {
        let list = derives.join(", ");
        let indent = self.indent(level);
        let text = self.derive_arguments(level, &list).unwrap_or_else(|| format!("derive({list})"));
        format!("{indent}#[{text}]\n")
    }

    /// A `#[diesel(postgres_type(...))]` with the line end, wrapped if it is too long.
    ///
    /// The arguments are `name = "x"` and maybe `schema = "y"`, with literals that hold the names
    /// as they are: a line end in one is indented here, as Diesel does.
    pub(crate) fn postgres_type(&self, level: usize, arguments: &[String]) -> String {
        let arguments: Vec<String> =
            arguments.iter().map(|argument| self.pad_lines(argument, level)).collect();
        let indent = self.indent(level);
        let text = self
            .diesel_attribute(level, &arguments)
            .unwrap_or_else(|| format!("diesel(postgres_type({}))", arguments.join(", ")));
        format!("{indent}#[{text}]\n")
    }

    /// A whole `diesel::allow_tables_to_appear_in_same_query!(...);` with the line end.
    pub(crate) fn allow_tables(&self, level: usize, names: &[&str]) -> String {
        let indent = self.indent(level);
        let text = self.tables_call(level, names).unwrap_or_else(|| {
            // A name does not fit: rustfmt leaves the call as Diesel wrote it.
            let list: String = names.iter().map(|name| format!("{name},")).collect();
            format!("{ALLOW_TABLES}(\n{}{list})", raw_indent(level + 1))
        });
        format!("{indent}{text};\n")
    }

    /// A braced macro call, `diesel::table! { ... }` with the line end, at `level`.
    ///
    /// `text` is what Diesel writes for level 0: lines indented by four and eight spaces. rustfmt
    /// keeps these relative widths whatever `tab_spaces` is, and only moves the lines.
    pub(crate) fn braced_macro(&self, level: usize, text: &str) -> String {
        let text = self.pad_lines(text.trim_end_matches('\n'), level);
        let body = if self.formats() { self.moved(level, &text) } else { text };
        format!("{}{body}\n", self.indent(level))
    }

    /// A `pub mod x { ... }` with the line end, around the finished lines of its body.
    pub(crate) fn module(&self, level: usize, name: &str, body: &str) -> String {
        let indent = self.indent(level);
        if body.is_empty() && self.formats() {
            format!("{indent}pub mod {name} {{}}\n")
        } else {
            format!("{indent}pub mod {name} {{\n{body}{indent}}}\n")
        }
    }

    /// The end of the work: trailing blank lines and line ends of the whole file.
    pub(crate) fn finish(&self, mut text: String) -> String {
        if !self.formats() {
            return text;
        }
        while text.ends_with("\n\n") {
            text.pop();
        }
        let windows = match self.newline {
            Newline::Auto | Newline::Unix => false,
            Newline::Windows => true,
            Newline::Native => cfg!(windows),
        };
        if windows { text.replace('\n', "\r\n") } else { text }
    }

    /// Indents the lines behind the first one as Diesel does: also those inside a literal, but not
    /// the empty ones.
    fn pad_lines(&self, text: &str, level: usize) -> String {
        let pad = raw_indent(level);
        let mut padded = String::new();
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                padded.push('\n');
                if !line.is_empty() {
                    padded.push_str(&pad);
                }
            }
            padded.push_str(line);
        }
        // The Rust lexer reads a file with Windows line ends as one with Unix ones.
        if self.formats() { padded.replace("\r\n", "\n") } else { padded }
    }

    /// rustfmt divides by the width of a tab, and panics.
    fn formats(&self) -> bool {
        self.enabled && !(self.hard_tabs && self.tab_spaces == 0)
    }

    fn indent_columns(&self, columns: usize) -> String {
        if self.hard_tabs {
            let tabs = "\t".repeat(columns / self.tab_spaces);
            tabs + &" ".repeat(columns % self.tab_spaces)
        } else {
            " ".repeat(columns)
        }
    }

    /// The lines of a macro call behind the first one, moved to `level`.
    fn moved(&self, level: usize, text: &str) -> String {
        let mut lines = classified_lines(text).into_iter();
        let Some((_, first)) = lines.next() else {
            return String::new();
        };
        let mut verbatim = false;
        let mut moved = Vec::new();
        let mut least = usize::MAX;
        for (end, line) in lines {
            let columns = (!line.trim().is_empty()).then(|| self.columns(line));
            if !matches!(end, End::Inside | End::Closed) {
                least = least.min(columns.unwrap_or(usize::MAX));
            }
            let inside = end == End::Inside && !line.ends_with('\\');
            let keep = verbatim || inside;
            if keep {
                verbatim = inside;
            }
            moved.push((keep, line, columns));
        }
        let mut result = first.trim_end().to_owned();
        for (keep, line, columns) in moved {
            result.push('\n');
            match columns {
                _ if keep => result.push_str(line),
                Some(columns) => {
                    let columns = level * self.tab_spaces + columns.saturating_sub(least);
                    result.push_str(&self.indent_columns(columns));
                    result.push_str(line.trim());
                }
                None => {}
            }
        }
        result
    }

    fn columns(&self, line: &str) -> usize {
        line.chars()
            .map_while(|c| match c {
                ' ' => Some(1),
                '\t' => Some(self.tab_spaces),
                _ => None,
            })
            .sum()
    }
}

fn raw_indent(level: usize) -> String {
    " ".repeat(4 * level)
}

#[cfg(test)]
mod tests;
