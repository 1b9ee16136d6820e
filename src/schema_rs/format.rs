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

use std::iter::Peekable;
use std::str::Chars;

/// The line ends of rustfmt's `newline_style`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Newline {
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
pub enum Heuristics {
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
pub struct Layout {
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

/// The room for a piece of code: its columns up to the limit, and the level of its lines.
#[derive(Clone, Copy)]
struct Room {
    width: usize,
    level: usize,
}

impl Room {
    fn less(self, columns: usize) -> Option<Room> {
        Some(Room {
            width: self.width.checked_sub(columns)?,
            ..self
        })
    }
}

/// An item of a parenthesized list.
enum Item<'a> {
    Word(&'a str),
    Value { name: &'a str, text: &'a str },
    List { name: &'a str, items: Vec<Item<'a>> },
}

impl Item<'_> {
    fn is_simple(&self) -> bool {
        matches!(self, Item::Word(text) if !text.contains("::"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tactic {
    Horizontal,
    Vertical,
    Packed,
}

/// What distinguishes a list of macro arguments from one of attribute arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Macro,
    Attribute,
}

impl Layout {
    /// The text in front of a line at `level`.
    pub fn indent(&self, level: usize) -> String {
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
    pub fn derive(&self, level: usize, derives: &[String]) -> String {
        let list = derives.join(", ");
        let indent = self.indent(level);
        let text = self
            .derive_arguments(level, &list)
            .unwrap_or_else(|| format!("derive({list})"));
        format!("{indent}#[{text}]\n")
    }

    /// A `#[diesel(postgres_type(...))]` with the line end, wrapped if it is too long.
    ///
    /// The arguments are `name = "x"` and maybe `schema = "y"`, with literals that hold the names
    /// as they are: a line end in one is indented here, as Diesel does.
    pub fn postgres_type(&self, level: usize, arguments: &[String]) -> String {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| self.pad_lines(argument, level))
            .collect();
        let indent = self.indent(level);
        let text = self
            .diesel_attribute(level, &arguments)
            .unwrap_or_else(|| format!("diesel(postgres_type({}))", arguments.join(", ")));
        format!("{indent}#[{text}]\n")
    }

    /// A whole `diesel::allow_tables_to_appear_in_same_query!(...);` with the line end.
    pub fn allow_tables(&self, level: usize, names: &[&str]) -> String {
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
    pub fn braced_macro(&self, level: usize, text: &str) -> String {
        let text = self.pad_lines(text.trim_end_matches('\n'), level);
        let body = if self.formats() {
            self.moved(level, &text)
        } else {
            text
        };
        format!("{}{body}\n", self.indent(level))
    }

    /// A `pub mod x { ... }` with the line end, around the finished lines of its body.
    pub fn module(&self, level: usize, name: &str, body: &str) -> String {
        let indent = self.indent(level);
        if body.is_empty() && self.formats() {
            format!("{indent}pub mod {name} {{}}\n")
        } else {
            format!("{indent}pub mod {name} {{\n{body}{indent}}}\n")
        }
    }

    /// The end of the work: trailing blank lines and line ends of the whole file.
    pub fn finish(&self, mut text: String) -> String {
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
        if windows {
            text.replace('\n', "\r\n")
        } else {
            text
        }
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
        if self.formats() {
            padded.replace("\r\n", "\n")
        } else {
            padded
        }
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

    fn line(&self, level: usize) -> Room {
        Room {
            width: self.max_width.saturating_sub(level * self.tab_spaces),
            level,
        }
    }

    fn width_of(&self, set: Option<usize>, usual: usize) -> usize {
        match (set, self.heuristics) {
            (Some(width), _) => width.min(self.max_width),
            (None, Heuristics::Off) => usize::MAX,
            (None, Heuristics::Max) => self.max_width,
            (None, Heuristics::Default) if self.max_width <= 100 => usual,
            (None, Heuristics::Default) => {
                // rustfmt computes with tenths in f32, and the products are rounded.
                let ratio = (self.max_width as f32 / 100.0 * 10.0).round() / 10.0;
                (usual as f32 * ratio).round() as usize
            }
        }
    }

    fn attribute_width(&self) -> usize {
        self.width_of(self.attr_fn_like_width, 70)
    }

    fn derive_arguments(&self, level: usize, list: &str) -> Option<String> {
        let mut items: Vec<&str> = list.split(',').map(str::trim).collect();
        if items.len() > 1 && items.last() == Some(&"") {
            items.pop();
        }
        if !self.formats() || !items.iter().all(|item| is_path(item)) {
            return None;
        }
        if !self.merge_derives {
            let items = items.into_iter().map(Item::Word).collect();
            return self.item(
                &Item::List {
                    name: "derive",
                    items,
                },
                self.line(level).less(2)?,
            );
        }
        let inner = self.line(level + 1);
        let one_line = self
            .line(level)
            .less("#[derive()]".len())?
            .less("()]".len())?;
        let columns = items.iter().map(|item| width(item) + 2).sum::<usize>() - 2;
        let newline = format!("\n{}", self.indent(level + 1));
        let separator = if columns <= inner.width {
            " "
        } else {
            &newline
        };
        let text = items.join(&format!(",{separator}")) + ",";
        Some(if text.contains('\n') || text.len() > one_line.width {
            format!("derive({newline}{text}\n{})", self.indent(level))
        } else {
            format!("derive({})", &text[..text.len() - 1])
        })
    }

    fn diesel_attribute(&self, level: usize, arguments: &[String]) -> Option<String> {
        if !self.formats() {
            return None;
        }
        let items = arguments
            .iter()
            .map(|argument| match argument.split_once(" = ") {
                Some((name, text)) => Item::Value { name, text },
                None => Item::Word(argument),
            })
            .collect();
        let items = vec![Item::List {
            name: "postgres_type",
            items,
        }];
        self.item(
            &Item::List {
                name: "diesel",
                items,
            },
            self.line(level).less(2)?,
        )
    }

    fn tables_call(&self, level: usize, names: &[&str]) -> Option<String> {
        if !self.formats() {
            return None;
        }
        let items: Vec<Item> = names.iter().map(|name| Item::Word(name)).collect();
        self.call(
            ALLOW_TABLES,
            &items,
            self.line(level).less(1)?,
            self.width_of(self.fn_call_width, 60),
            Kind::Macro,
        )
    }

    /// An item in the given room, or `None` if it does not fit at all.
    fn item(&self, item: &Item, room: Room) -> Option<String> {
        match item {
            Item::Word(text) => room.less(text.len()).map(|_| (*text).to_owned()),
            Item::Value { name, text } => room
                .less(name.len() + 3)
                .map(|_| format!("{name} = {text}")),
            Item::List { name, items } => {
                room.less(name.len())?;
                self.call(
                    name,
                    items,
                    room.less(1)?,
                    self.attribute_width(),
                    Kind::Attribute,
                )
            }
        }
    }

    /// A list in parentheses behind `name`.
    fn call(
        &self,
        name: &str,
        items: &[Item],
        room: Room,
        limit: usize,
        kind: Kind,
    ) -> Option<String> {
        let one_line_width = room.width.saturating_sub(name.len() + 2);
        let inner = Room {
            width: self.line(room.level + 1).width.saturating_sub(1),
            level: room.level + 1,
        };
        let mut texts: Vec<Option<String>> =
            items.iter().map(|item| self.item(item, inner)).collect();
        let limit = limit.min(one_line_width);

        let all = || texts.iter().flatten().map(String::as_str);
        let tactic = match items {
            [only] => {
                let one_line = Room {
                    width: one_line_width,
                    ..room
                };
                let alone = (kind == Kind::Attribute)
                    .then(|| self.item(only, one_line))
                    .flatten();
                let nested = all().next().unwrap_or("");
                match alone {
                    Some(alone) if fits(alone.lines().take(1), limit) => {
                        if alone.matches('\n').count() != 1 || nested.contains('\n') {
                            texts = vec![Some(alone)];
                        }
                        Tactic::Horizontal
                    }
                    _ if one_line_width != 0 && fits([nested].into_iter(), one_line_width) => {
                        Tactic::Horizontal
                    }
                    _ => Tactic::Vertical,
                }
            }
            _ if fits(all(), limit) => Tactic::Horizontal,
            _ if items.iter().all(Item::is_simple)
                && all().all(|text| text.len() <= SHORT_ITEM) =>
            {
                Tactic::Packed
            }
            _ => Tactic::Vertical,
        };

        let texts: Vec<String> = texts.into_iter().collect::<Option<_>>()?;
        let list = self.list(&texts, inner, tactic, kind);
        let room = room.width.saturating_sub(width(name));
        let first_line = width(list.lines().next().unwrap_or("")) + 1;
        let fits_in_macro = kind == Kind::Macro
            && !self.style_2024
            && !list.contains('\n')
            && list.len() + 2 <= room;
        if fits_in_macro || (tactic == Tactic::Horizontal && first_line <= room) {
            Some(format!("{name}({list})"))
        } else {
            let (inner, outer) = (self.indent(inner.level), self.indent(inner.level - 1));
            Some(format!("{name}(\n{inner}{list}\n{outer})"))
        }
    }

    /// The items with their separators. Diesel ends the macro arguments with a comma, and rustfmt
    /// keeps it.
    fn list(&self, texts: &[String], room: Room, tactic: Tactic, kind: Kind) -> String {
        let newline = format!("\n{}", self.indent(room.level));
        let mut list = String::new();
        let mut column = 0;
        for (index, text) in texts.iter().enumerate() {
            let columns = width(text) + 1;
            if index > 0 {
                list.push(',');
                match tactic {
                    Tactic::Horizontal => list.push(' '),
                    Tactic::Vertical => list.push_str(&newline),
                    Tactic::Packed if column + 1 + columns > room.width => {
                        list.push_str(&newline);
                        column = 0;
                    }
                    Tactic::Packed => {
                        list.push(' ');
                        column += 1;
                    }
                }
            }
            column += columns;
            list.push_str(text);
        }
        if kind == Kind::Macro {
            list.push(',');
        }
        list
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

/// Whether rustfmt can read a string literal as Diesel writes it.
///
/// Diesel does not escape: a type or column name with a backslash or a lone carriage return makes
/// a literal that the lexer refuses, and with it rustfmt the whole text.
pub fn literal_is_valid(literal: &str) -> bool {
    if has_bare_return(literal) {
        return false;
    }
    if let Some(raw) = literal.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        return hashes <= 255;
    }
    let inner = literal
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else {
        return false;
    };
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '"' || (c == '\\' && !escape_is_valid(&mut chars)) {
            return false;
        }
    }
    true
}

/// Whether rustfmt can read a doc comment: one with a lone carriage return is refused.
pub fn comment_is_valid(comment: &str) -> bool {
    !has_bare_return(comment)
}

/// Whether rustfmt can read the name among the tokens of a macro: it need not be an identifier there.
pub fn token_is_valid(name: &str) -> bool {
    if !name.chars().all(unicode_ident::is_xid_continue) {
        return false;
    }
    let digits = name.trim_start_matches(|c: char| c.is_ascii_digit());
    if digits.len() == name.len() {
        return true;
    }
    // a number: what looks like an exponent or another base needs digits of its own
    let rest = digits.trim_start_matches('_');
    let needs = |prefix: char| {
        let after = rest.strip_prefix(prefix)?;
        Some(
            after
                .trim_start_matches('_')
                .starts_with(|c: char| c.is_ascii_digit()),
        )
    };
    needs('e').or(needs('E')).unwrap_or(true)
        && (!name.starts_with("0b") && !name.starts_with("0o") && !name.starts_with("0x")
            || name[2..].starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether rustfmt can read the name in a `pub struct X;` or a `pub mod x {`.
///
/// `edition` is the one of the `rustfmt.toml`, 2015 without it.
pub fn identifier_is_valid(name: &str, edition: u16) -> bool {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
    // Numeric for `char`, but not for an identifier: superscripts, fractions, circled digits.
    let numeral = |c| matches!(c, '²' | '³' | '¹' | '¼'..='¾' | '⁰'..='₉' | '⅐'..='⅟' | '①'..='⓿');
    let reserved = KEYWORDS.contains(&name)
        || (edition >= 2018 && KEYWORDS_2018.contains(&name))
        || (edition >= 2024 && name == "gen");
    starts
        && name != "_"
        && !reserved
        && chars.all(|c| c == '_' || (c.is_alphanumeric() && !numeral(c)))
}

fn escape_is_valid(chars: &mut Peekable<Chars<'_>>) -> bool {
    match chars.next() {
        Some('n' | 'r' | 't' | '\\' | '0' | '\'' | '"' | '\n') => true,
        Some('x') => {
            let high = chars.next().and_then(|c| c.to_digit(16));
            let low = chars.next().and_then(|c| c.to_digit(16));
            matches!((high, low), (Some(0..=7), Some(_)))
        }
        Some('u') => {
            if chars.next() != Some('{') || chars.peek() == Some(&'_') {
                return false;
            }
            let (mut value, mut digits) = (0, 0);
            for c in chars {
                match (c, c.to_digit(16)) {
                    ('}', _) => return digits > 0 && char::from_u32(value).is_some(),
                    ('_', _) => {}
                    (_, Some(digit)) if digits < 6 => {
                        value = value * 16 + digit;
                        digits += 1;
                    }
                    _ => return false,
                }
            }
            false
        }
        _ => false,
    }
}

fn has_bare_return(text: &str) -> bool {
    text.replace("\r\n", "\n").contains('\r')
}

const ALLOW_TABLES: &str = "diesel::allow_tables_to_appear_in_same_query!";

/// The longest name that rustfmt packs with others on a line.
const SHORT_ITEM: usize = 10;

const KEYWORDS: [&str; 48] = [
    "Self", "abstract", "as", "become", "box", "break", "const", "continue", "crate", "do", "else",
    "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield", "_",
];

const KEYWORDS_2018: [&str; 4] = ["async", "await", "dyn", "try"];

fn raw_indent(level: usize) -> String {
    " ".repeat(4 * level)
}

fn is_path(text: &str) -> bool {
    text.split("::").enumerate().all(|(index, segment)| {
        let mut chars = segment.chars();
        let starts = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
        // The first segment of `::std::fmt::Debug` is empty.
        (starts && chars.all(|c| c == '_' || c.is_alphanumeric()))
            || (index == 0 && segment.is_empty() && !text.is_empty())
    })
}

fn fits<'a>(texts: impl Iterator<Item = &'a str>, limit: usize) -> bool {
    let mut columns = 0;
    for (index, text) in texts.enumerate() {
        if text.contains('\n') {
            return false;
        }
        columns += width(text) + if index > 0 { 2 } else { 0 };
    }
    columns <= limit
}

/// Where the end of a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// In code or in a comment.
    Code,
    /// In a string that starts on this line.
    Opened,
    /// In a string that started on an earlier line.
    Inside,
    /// In code, after a string from an earlier line.
    Closed,
}

/// The lines of a macro call with rustfmt's view of their ends.
fn classified_lines(text: &str) -> Vec<(End, &str)> {
    let mut lines = Vec::new();
    let mut scanner = Scanner::Code;
    for line in text.split('\n') {
        let started = scanner.in_string();
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            scanner = scanner.next(c, &mut chars);
        }
        let end = match (started, scanner.in_string()) {
            (false, false) => End::Code,
            (false, true) => End::Opened,
            (true, true) => End::Inside,
            (true, false) => End::Closed,
        };
        scanner = scanner.end_of_line();
        lines.push((end, line));
    }
    lines
}

#[derive(Clone, Copy)]
enum Scanner {
    Code,
    Comment,
    Str,
    Escape,
    Raw { hashes: usize },
}

impl Scanner {
    fn in_string(self) -> bool {
        matches!(self, Scanner::Str | Scanner::Escape | Scanner::Raw { .. })
    }

    fn end_of_line(self) -> Scanner {
        match self {
            Scanner::Comment => Scanner::Code,
            Scanner::Escape => Scanner::Str,
            other => other,
        }
    }

    fn next(self, c: char, rest: &mut Peekable<Chars<'_>>) -> Scanner {
        match (self, c) {
            (Scanner::Code, '"') => Scanner::Str,
            (Scanner::Code, '/') if rest.peek() == Some(&'/') => Scanner::Comment,
            (Scanner::Code, 'r') if matches!(rest.peek(), Some('#' | '"')) => {
                let mut hashes = 0;
                while rest.next_if_eq(&'#').is_some() {
                    hashes += 1;
                }
                match rest.next() {
                    Some('"') => Scanner::Raw { hashes },
                    _ => Scanner::Code,
                }
            }
            (Scanner::Str, '"') => Scanner::Code,
            (Scanner::Str, '\\') => Scanner::Escape,
            (Scanner::Escape, _) => Scanner::Str,
            (Scanner::Raw { hashes }, '"')
                if rest.clone().take(hashes).filter(|&c| c == '#').count() == hashes =>
            {
                for _ in 0..hashes {
                    rest.next();
                }
                Scanner::Code
            }
            (state, _) => state,
        }
    }
}

/// The columns of a text on a terminal.
fn width(text: &str) -> usize {
    let columns = |c: char| {
        let inside = |bounds: &[u32]| bounds.partition_point(|&bound| bound <= c.into()) % 2 == 1;
        match c {
            _ if c.is_ascii() => 1,
            _ if inside(&WIDE) => 2,
            _ if inside(&ZERO) => 0,
            _ => 1,
        }
    };
    text.chars().map(columns).sum()
}

/// The characters of two columns: the first of a range, and the one behind its last. rustfmt 1.9
/// knows Unicode 15.1.
const WIDE: [u32; 248] = [
    0x1100, 0x1160, 0x17a4, 0x17a5, 0x17d8, 0x17d9, 0x231a, 0x231c, 0x2329, 0x232b, 0x23e9, 0x23ed,
    0x23f0, 0x23f1, 0x23f3, 0x23f4, 0x25fd, 0x25ff, 0x2614, 0x2616, 0x2648, 0x2654, 0x267f, 0x2680,
    0x2693, 0x2694, 0x26a1, 0x26a2, 0x26aa, 0x26ac, 0x26bd, 0x26bf, 0x26c4, 0x26c6, 0x26ce, 0x26cf,
    0x26d4, 0x26d5, 0x26ea, 0x26eb, 0x26f2, 0x26f4, 0x26f5, 0x26f6, 0x26fa, 0x26fb, 0x26fd, 0x26fe,
    0x2705, 0x2706, 0x270a, 0x270c, 0x2728, 0x2729, 0x274c, 0x274d, 0x274e, 0x274f, 0x2753, 0x2756,
    0x2757, 0x2758, 0x2795, 0x2798, 0x27b0, 0x27b1, 0x27bf, 0x27c0, 0x2b1b, 0x2b1d, 0x2b50, 0x2b51,
    0x2b55, 0x2b56, 0x2e80, 0x2e9a, 0x2e9b, 0x2ef4, 0x2f00, 0x2fd6, 0x2ff0, 0x302a, 0x3030, 0x303f,
    0x3041, 0x3097, 0x309b, 0x3100, 0x3105, 0x3130, 0x3131, 0x3164, 0x3165, 0x318f, 0x3190, 0x31e4,
    0x31ef, 0x321f, 0x3220, 0x3248, 0x3250, 0x4dc0, 0x4e00, 0xa48d, 0xa490, 0xa4c7, 0xa960, 0xa97d,
    0xac00, 0xd7a4, 0xf900, 0xfb00, 0xfe10, 0xfe1a, 0xfe30, 0xfe53, 0xfe54, 0xfe67, 0xfe68, 0xfe6c,
    0xff01, 0xff61, 0xffe0, 0xffe7, 0x16fe0, 0x16fe4, 0x16ff0, 0x16ff2, 0x17000, 0x187f8, 0x18800,
    0x18cd6, 0x18d00, 0x18d09, 0x1aff0, 0x1aff4, 0x1aff5, 0x1affc, 0x1affd, 0x1afff, 0x1b000,
    0x1b123, 0x1b132, 0x1b133, 0x1b150, 0x1b153, 0x1b155, 0x1b156, 0x1b164, 0x1b168, 0x1b170,
    0x1b2fc, 0x1f004, 0x1f005, 0x1f0cf, 0x1f0d0, 0x1f18e, 0x1f18f, 0x1f191, 0x1f19b, 0x1f200,
    0x1f203, 0x1f210, 0x1f23c, 0x1f240, 0x1f249, 0x1f250, 0x1f252, 0x1f260, 0x1f266, 0x1f300,
    0x1f321, 0x1f32d, 0x1f336, 0x1f337, 0x1f37d, 0x1f37e, 0x1f394, 0x1f3a0, 0x1f3cb, 0x1f3cf,
    0x1f3d4, 0x1f3e0, 0x1f3f1, 0x1f3f4, 0x1f3f5, 0x1f3f8, 0x1f43f, 0x1f440, 0x1f441, 0x1f442,
    0x1f4fd, 0x1f4ff, 0x1f53e, 0x1f54b, 0x1f54f, 0x1f550, 0x1f568, 0x1f57a, 0x1f57b, 0x1f595,
    0x1f597, 0x1f5a4, 0x1f5a5, 0x1f5fb, 0x1f650, 0x1f680, 0x1f6c6, 0x1f6cc, 0x1f6cd, 0x1f6d0,
    0x1f6d3, 0x1f6d5, 0x1f6d8, 0x1f6dc, 0x1f6e0, 0x1f6eb, 0x1f6ed, 0x1f6f4, 0x1f6fd, 0x1f7e0,
    0x1f7ec, 0x1f7f0, 0x1f7f1, 0x1f90c, 0x1f93b, 0x1f93c, 0x1f946, 0x1f947, 0x1fa00, 0x1fa70,
    0x1fa7d, 0x1fa80, 0x1fa89, 0x1fa90, 0x1fabe, 0x1fabf, 0x1fac6, 0x1face, 0x1fadc, 0x1fae0,
    0x1fae9, 0x1faf0, 0x1faf9, 0x20000, 0x2fffe, 0x30000, 0x3fffe,
];

/// The characters without a column of their own, in the form of [`WIDE`].
const ZERO: [u32; 748] = [
    0xa, 0xb, 0xad, 0xae, 0x300, 0x370, 0x483, 0x48a, 0x591, 0x5be, 0x5bf, 0x5c0, 0x5c1, 0x5c3,
    0x5c4, 0x5c6, 0x5c7, 0x5c8, 0x605, 0x606, 0x610, 0x61b, 0x61c, 0x61d, 0x64b, 0x660, 0x670,
    0x671, 0x6d6, 0x6dd, 0x6df, 0x6e5, 0x6e7, 0x6e9, 0x6ea, 0x6ee, 0x70f, 0x710, 0x711, 0x712,
    0x730, 0x74b, 0x7a6, 0x7b1, 0x7eb, 0x7f4, 0x7fd, 0x7fe, 0x816, 0x81a, 0x81b, 0x824, 0x825,
    0x828, 0x829, 0x82e, 0x859, 0x85c, 0x890, 0x892, 0x898, 0x8a0, 0x8ca, 0x903, 0x93a, 0x93b,
    0x93c, 0x93d, 0x941, 0x949, 0x94d, 0x94e, 0x951, 0x958, 0x962, 0x964, 0x981, 0x982, 0x9bc,
    0x9bd, 0x9be, 0x9bf, 0x9c1, 0x9c5, 0x9cd, 0x9ce, 0x9d7, 0x9d8, 0x9e2, 0x9e4, 0x9fe, 0x9ff,
    0xa01, 0xa03, 0xa3c, 0xa3d, 0xa41, 0xa43, 0xa47, 0xa49, 0xa4b, 0xa4e, 0xa51, 0xa52, 0xa70,
    0xa72, 0xa75, 0xa76, 0xa81, 0xa83, 0xabc, 0xabd, 0xac1, 0xac6, 0xac7, 0xac9, 0xacd, 0xace,
    0xae2, 0xae4, 0xafa, 0xb00, 0xb01, 0xb02, 0xb3c, 0xb3d, 0xb3e, 0xb40, 0xb41, 0xb45, 0xb4d,
    0xb4e, 0xb55, 0xb58, 0xb62, 0xb64, 0xb82, 0xb83, 0xbbe, 0xbbf, 0xbc0, 0xbc1, 0xbcd, 0xbce,
    0xbd7, 0xbd8, 0xc00, 0xc01, 0xc04, 0xc05, 0xc3c, 0xc3d, 0xc3e, 0xc41, 0xc46, 0xc49, 0xc4a,
    0xc4e, 0xc55, 0xc57, 0xc62, 0xc64, 0xc81, 0xc82, 0xcbc, 0xcbd, 0xcbf, 0xcc1, 0xcc2, 0xcc3,
    0xcc6, 0xcc9, 0xcca, 0xcce, 0xcd5, 0xcd7, 0xce2, 0xce4, 0xd00, 0xd02, 0xd3b, 0xd3d, 0xd3e,
    0xd3f, 0xd41, 0xd45, 0xd4d, 0xd4f, 0xd57, 0xd58, 0xd62, 0xd64, 0xd81, 0xd82, 0xdca, 0xdcb,
    0xdcf, 0xdd0, 0xdd2, 0xdd5, 0xdd6, 0xdd7, 0xddf, 0xde0, 0xe31, 0xe32, 0xe34, 0xe3b, 0xe47,
    0xe4f, 0xeb1, 0xeb2, 0xeb4, 0xebd, 0xec8, 0xecf, 0xf18, 0xf1a, 0xf35, 0xf36, 0xf37, 0xf38,
    0xf39, 0xf3a, 0xf71, 0xf7f, 0xf80, 0xf85, 0xf86, 0xf88, 0xf8d, 0xf98, 0xf99, 0xfbd, 0xfc6,
    0xfc7, 0x102d, 0x1031, 0x1032, 0x1038, 0x1039, 0x103b, 0x103d, 0x103f, 0x1058, 0x105a, 0x105e,
    0x1061, 0x1071, 0x1075, 0x1082, 0x1083, 0x1085, 0x1087, 0x108d, 0x108e, 0x109d, 0x109e, 0x1160,
    0x1200, 0x135d, 0x1360, 0x1712, 0x1715, 0x1732, 0x1734, 0x1752, 0x1754, 0x1772, 0x1774, 0x17b4,
    0x17b6, 0x17b7, 0x17be, 0x17c6, 0x17c7, 0x17c9, 0x17d4, 0x17dd, 0x17de, 0x180b, 0x1810, 0x1885,
    0x1887, 0x18a9, 0x18aa, 0x1920, 0x1923, 0x1927, 0x1929, 0x1932, 0x1933, 0x1939, 0x193c, 0x1a17,
    0x1a19, 0x1a1b, 0x1a1c, 0x1a56, 0x1a57, 0x1a58, 0x1a5f, 0x1a60, 0x1a61, 0x1a62, 0x1a63, 0x1a65,
    0x1a6d, 0x1a73, 0x1a7d, 0x1a7f, 0x1a80, 0x1ab0, 0x1acf, 0x1b00, 0x1b04, 0x1b34, 0x1b3e, 0x1b42,
    0x1b44, 0x1b6b, 0x1b74, 0x1b80, 0x1b82, 0x1ba2, 0x1ba6, 0x1ba8, 0x1baa, 0x1bab, 0x1bae, 0x1be6,
    0x1be7, 0x1be8, 0x1bea, 0x1bed, 0x1bee, 0x1bef, 0x1bf2, 0x1c2c, 0x1c34, 0x1c36, 0x1c38, 0x1cd0,
    0x1cd3, 0x1cd4, 0x1ce1, 0x1ce2, 0x1ce9, 0x1ced, 0x1cee, 0x1cf4, 0x1cf5, 0x1cf8, 0x1cfa, 0x1dc0,
    0x1e00, 0x200b, 0x2010, 0x202a, 0x202f, 0x2060, 0x2070, 0x20d0, 0x20f1, 0x2cef, 0x2cf2, 0x2de0,
    0x2e00, 0x302a, 0x3030, 0x3099, 0x309b, 0x3164, 0x3165, 0xa66f, 0xa673, 0xa674, 0xa67e, 0xa69e,
    0xa6a0, 0xa6f0, 0xa6f2, 0xa802, 0xa803, 0xa806, 0xa807, 0xa80b, 0xa80c, 0xa825, 0xa827, 0xa82c,
    0xa82d, 0xa8c4, 0xa8c6, 0xa8e0, 0xa8f2, 0xa8fa, 0xa8fb, 0xa8ff, 0xa900, 0xa926, 0xa92e, 0xa947,
    0xa952, 0xa980, 0xa983, 0xa9b3, 0xa9b4, 0xa9b6, 0xa9ba, 0xa9bc, 0xa9be, 0xa9e5, 0xa9e6, 0xaa29,
    0xaa2f, 0xaa31, 0xaa33, 0xaa35, 0xaa37, 0xaa43, 0xaa44, 0xaa4c, 0xaa4d, 0xaa7c, 0xaa7d, 0xaab0,
    0xaab1, 0xaab2, 0xaab5, 0xaab7, 0xaab9, 0xaabe, 0xaac0, 0xaac1, 0xaac2, 0xaaec, 0xaaee, 0xaaf6,
    0xaaf7, 0xabe5, 0xabe6, 0xabe8, 0xabe9, 0xabed, 0xabee, 0xd7b0, 0xd7c7, 0xd7cb, 0xd7fc, 0xfb1e,
    0xfb1f, 0xfe00, 0xfe10, 0xfe20, 0xfe30, 0xfeff, 0xff00, 0xff9e, 0xffa1, 0xfff0, 0xfff9,
    0x101fd, 0x101fe, 0x102e0, 0x102e1, 0x10376, 0x1037b, 0x10a01, 0x10a04, 0x10a05, 0x10a07,
    0x10a0c, 0x10a10, 0x10a38, 0x10a3b, 0x10a3f, 0x10a40, 0x10ae5, 0x10ae7, 0x10d24, 0x10d28,
    0x10eab, 0x10ead, 0x10efd, 0x10f00, 0x10f46, 0x10f51, 0x10f82, 0x10f86, 0x11001, 0x11002,
    0x11038, 0x11047, 0x11070, 0x11071, 0x11073, 0x11075, 0x1107f, 0x11082, 0x110b3, 0x110b7,
    0x110b9, 0x110bb, 0x110c2, 0x110c3, 0x11100, 0x11103, 0x11127, 0x1112c, 0x1112d, 0x11135,
    0x11173, 0x11174, 0x11180, 0x11182, 0x111b6, 0x111bf, 0x111c2, 0x111c4, 0x111c9, 0x111cd,
    0x111cf, 0x111d0, 0x1122f, 0x11232, 0x11234, 0x11235, 0x11236, 0x11238, 0x1123e, 0x1123f,
    0x11241, 0x11242, 0x112df, 0x112e0, 0x112e3, 0x112eb, 0x11300, 0x11302, 0x1133b, 0x1133d,
    0x1133e, 0x1133f, 0x11340, 0x11341, 0x11357, 0x11358, 0x11366, 0x1136d, 0x11370, 0x11375,
    0x11438, 0x11440, 0x11442, 0x11445, 0x11446, 0x11447, 0x1145e, 0x1145f, 0x114b0, 0x114b1,
    0x114b3, 0x114b9, 0x114ba, 0x114bb, 0x114bd, 0x114be, 0x114bf, 0x114c1, 0x114c2, 0x114c4,
    0x115af, 0x115b0, 0x115b2, 0x115b6, 0x115bc, 0x115be, 0x115bf, 0x115c1, 0x115dc, 0x115de,
    0x11633, 0x1163b, 0x1163d, 0x1163e, 0x1163f, 0x11641, 0x116ab, 0x116ac, 0x116ad, 0x116ae,
    0x116b0, 0x116b6, 0x116b7, 0x116b8, 0x1171d, 0x11720, 0x11722, 0x11726, 0x11727, 0x1172c,
    0x1182f, 0x11838, 0x11839, 0x1183b, 0x11930, 0x11931, 0x1193b, 0x1193d, 0x1193e, 0x11940,
    0x11941, 0x11942, 0x11943, 0x11944, 0x119d4, 0x119d8, 0x119da, 0x119dc, 0x119e0, 0x119e1,
    0x11a01, 0x11a0b, 0x11a33, 0x11a39, 0x11a3a, 0x11a3f, 0x11a47, 0x11a48, 0x11a51, 0x11a57,
    0x11a59, 0x11a5c, 0x11a84, 0x11a97, 0x11a98, 0x11a9a, 0x11c30, 0x11c37, 0x11c38, 0x11c3e,
    0x11c3f, 0x11c40, 0x11c92, 0x11ca8, 0x11caa, 0x11cb1, 0x11cb2, 0x11cb4, 0x11cb5, 0x11cb7,
    0x11d31, 0x11d37, 0x11d3a, 0x11d3b, 0x11d3c, 0x11d3e, 0x11d3f, 0x11d48, 0x11d90, 0x11d92,
    0x11d95, 0x11d96, 0x11d97, 0x11d98, 0x11ef3, 0x11ef5, 0x11f00, 0x11f03, 0x11f36, 0x11f3b,
    0x11f40, 0x11f41, 0x11f42, 0x11f43, 0x13440, 0x13441, 0x13447, 0x13456, 0x16af0, 0x16af5,
    0x16b30, 0x16b37, 0x16f4f, 0x16f50, 0x16f8f, 0x16f93, 0x16fe4, 0x16fe5, 0x1bc9d, 0x1bc9f,
    0x1bca0, 0x1bca4, 0x1cf00, 0x1cf2e, 0x1cf30, 0x1cf47, 0x1d165, 0x1d166, 0x1d167, 0x1d16a,
    0x1d16e, 0x1d183, 0x1d185, 0x1d18c, 0x1d1aa, 0x1d1ae, 0x1d242, 0x1d245, 0x1da00, 0x1da37,
    0x1da3b, 0x1da6d, 0x1da75, 0x1da76, 0x1da84, 0x1da85, 0x1da9b, 0x1daa0, 0x1daa1, 0x1dab0,
    0x1e000, 0x1e007, 0x1e008, 0x1e019, 0x1e01b, 0x1e022, 0x1e023, 0x1e025, 0x1e026, 0x1e02b,
    0x1e08f, 0x1e090, 0x1e130, 0x1e137, 0x1e2ae, 0x1e2af, 0x1e2ec, 0x1e2f0, 0x1e4ec, 0x1e4f0,
    0x1e8d0, 0x1e8d7, 0x1e944, 0x1e94b, 0xe0000, 0xe1000,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn of_length(length: usize) -> String {
        "x".repeat(length)
    }

    #[test]
    fn a_derive_stays_on_a_line_with_room_for_a_comma() {
        let layout = Layout::default();
        let short = layout.derive(1, &[of_length(81)]);
        assert_eq!(short, format!("    #[derive({})]\n", of_length(81)));
        let long = layout.derive(1, &[of_length(82)]);
        assert_eq!(
            long,
            format!("    #[derive(\n        {},\n    )]\n", of_length(82))
        );
    }

    #[test]
    fn derives_share_a_line_of_their_own_or_have_one_each() {
        let layout = Layout::default();
        let two = layout.derive(1, &[String::from("Debug"), of_length(85)]);
        assert_eq!(
            two,
            format!("    #[derive(\n        Debug, {},\n    )]\n", of_length(85))
        );
        let two = layout.derive(1, &[String::from("Debug"), of_length(86)]);
        let expected = format!(
            "    #[derive(\n        Debug,\n        {},\n    )]\n",
            of_length(86)
        );
        assert_eq!(two, expected);
    }

    #[test]
    fn derives_that_are_not_merged_are_attribute_arguments() {
        let layout = Layout {
            merge_derives: false,
            ..Layout::default()
        };
        let two = layout.derive(1, &[String::from("Debug"), of_length(63)]);
        assert_eq!(two, format!("    #[derive(Debug, {})]\n", of_length(63)));
        let two = layout.derive(1, &[String::from("Debug"), of_length(64)]);
        let expected = format!(
            "    #[derive(\n        Debug,\n        {}\n    )]\n",
            of_length(64)
        );
        assert_eq!(two, expected);
    }

    #[test]
    fn a_type_without_a_schema_is_wrapped_from_the_inside() {
        let layout = Layout::default();
        let name = |length| [format!("name = \"{}\"", of_length(length))];
        let short = layout.postgres_type(1, &name(60));
        assert_eq!(
            short,
            format!(
                "    #[diesel(postgres_type(name = \"{}\"))]\n",
                of_length(60)
            )
        );
        let long = layout.postgres_type(1, &name(61));
        let expected = format!(
            "    #[diesel(postgres_type(\n        name = \"{}\"\n    ))]\n",
            of_length(61)
        );
        assert_eq!(long, expected);
    }

    #[test]
    fn a_type_with_a_schema_has_a_line_for_each_argument() {
        let arguments = [
            format!("name = \"{}\"", of_length(30)),
            format!("schema = \"{}\"", of_length(30)),
        ];
        let expected = format!(
            "\t#[diesel(postgres_type(\n\t\tname = \"{0}\",\n\t\tschema = \"{0}\"\n\t))]\n",
            of_length(30)
        );
        let layout = Layout {
            hard_tabs: true,
            ..Layout::default()
        };
        assert_eq!(layout.postgres_type(1, &arguments), expected);
    }

    #[test]
    fn few_tables_fit_on_a_line() {
        let layout = Layout::default();
        let names = [of_length(25), of_length(25)];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let line = layout.allow_tables(0, &names);
        assert_eq!(
            line,
            format!("{ALLOW_TABLES}({}, {},);\n", names[0], names[1])
        );
        let longer = of_length(26);
        let lines = layout.allow_tables(0, &[names[0], &longer]);
        assert_eq!(
            lines,
            format!("{ALLOW_TABLES}(\n    {},\n    {longer},\n);\n", names[0])
        );
    }

    #[test]
    fn short_table_names_are_packed() {
        let layout = Layout {
            max_width: 60,
            ..Layout::default()
        };
        let names = ["aaaaaaaaaa"; 6];
        let expected = "diesel::allow_tables_to_appear_in_same_query!(\n    \
            aaaaaaaaaa, aaaaaaaaaa, aaaaaaaaaa, aaaaaaaaaa,\n    aaaaaaaaaa, aaaaaaaaaa,\n);\n";
        assert_eq!(layout.allow_tables(0, &names), expected);
    }

    #[test]
    fn packed_names_that_fit_on_the_line_depend_on_the_style() {
        let names = ["rdbdbc_q", "hbe", "udab_eeq", "u1deq"];
        let old = Layout {
            fn_call_width: Some(26),
            max_width: 117,
            ..Layout::default()
        };
        let list = "rdbdbc_q, hbe, udab_eeq, u1deq,";
        assert_eq!(
            old.allow_tables(0, &names),
            format!("{ALLOW_TABLES}({list});\n")
        );
        let new = Layout {
            style_2024: true,
            ..old
        };
        assert_eq!(
            new.allow_tables(0, &names),
            format!("{ALLOW_TABLES}(\n    {list}\n);\n")
        );
    }

    #[test]
    fn a_table_name_that_does_not_fit_leaves_the_call_alone() {
        let layout = Layout {
            max_width: 40,
            hard_tabs: true,
            ..Layout::default()
        };
        let name = of_length(60);
        let expected = format!("\t{ALLOW_TABLES}(\n        a,{name},);\n");
        assert_eq!(layout.allow_tables(1, &["a", &name]), expected);
    }

    #[test]
    fn a_table_keeps_its_relative_indentation() {
        let text = "diesel::table! {\n    a (id) {\n        id -> Int4,\n    }\n}\n";
        let layout = Layout {
            tab_spaces: 3,
            ..Layout::default()
        };
        assert_eq!(layout.braced_macro(0, text), text);
        let expected =
            "   diesel::table! {\n       a (id) {\n           id -> Int4,\n       }\n   }\n";
        assert_eq!(layout.braced_macro(1, text), expected);
        let tabs = Layout {
            hard_tabs: true,
            ..layout
        };
        let expected = "\tdiesel::table! {\n\t\t a (id) {\n\t\t\t  id -> Int4,\n\t\t }\n\t}\n";
        assert_eq!(tabs.braced_macro(1, text), expected);
    }

    #[test]
    fn lines_inside_a_string_stay() {
        let text =
            "diesel::table! {\n    #[sql_name = \"a \n\n  b\n c\"]\n    a (id) {\n    }\n}\n";
        let expected = "\tdiesel::table! {\n\t\t#[sql_name = \"a\n\n      b\n     c\"]\n\
             \t\ta (id) {\n\t\t}\n\t}\n";
        let layout = Layout {
            hard_tabs: true,
            ..Layout::default()
        };
        assert_eq!(layout.braced_macro(1, text), expected);
    }

    #[test]
    fn widths_are_columns() {
        assert_eq!(width("aé日🎉e\u{301}"), 7);
        let wide = "日".repeat(31);
        let layout = Layout::default();
        let text = layout.postgres_type(1, &[format!("name = \"{wide}\"")]);
        assert!(text.contains("postgres_type(\n"), "{text}");
    }

    #[test]
    fn heuristics_follow_the_width() {
        let layout = Layout {
            max_width: 143,
            ..Layout::default()
        };
        assert_eq!(layout.width_of(None, 70), 98);
        assert_eq!(layout.width_of(Some(150), 70), 143);
        let layout = Layout {
            max_width: 80,
            ..Layout::default()
        };
        assert_eq!(layout.width_of(None, 70), 70);
    }

    #[test]
    fn a_refused_text_is_the_one_of_diesel() {
        let raw = Layout {
            enabled: false,
            hard_tabs: true,
            ..Layout::default()
        };
        let long = strings(&["Debug", &of_length(100)]);
        assert_eq!(
            raw.derive(1, &long),
            format!("    #[derive({})]\n", long.join(", "))
        );
        assert_eq!(
            raw.allow_tables(1, &["a", "b"]),
            format!("    {ALLOW_TABLES}(\n        a,b,);\n")
        );
        let arguments = strings(&["name = \"a\nb\"", "schema = \"c\""]);
        let expected = "    #[diesel(postgres_type(name = \"a\n    b\", schema = \"c\"))]\n";
        assert_eq!(raw.postgres_type(1, &arguments), expected);
        assert_eq!(raw.finish(String::from("a\n\n")), "a\n\n");
        let panics = Layout {
            tab_spaces: 0,
            enabled: true,
            ..raw
        };
        assert_eq!(panics.indent(1), "    ");
    }

    #[test]
    fn empty_ends_are_closed_up() {
        let layout = Layout::default();
        assert_eq!(layout.module(0, "a", ""), "pub mod a {}\n");
        assert_eq!(layout.finish(String::from("// x\n\n")), "// x\n");
        let windows = Layout {
            newline: Newline::Windows,
            ..layout
        };
        assert_eq!(windows.finish(String::from("a\nb\n")), "a\r\nb\r\n");
    }

    #[test]
    fn literals_are_not_escaped() {
        for valid in [
            r#""a""#,
            r#""\n\\\u{e_9}\x7f""#,
            "\"a\\\n b\"",
            "r#\"\"\\\"#",
            "\"a\r\nb\"",
        ] {
            assert!(literal_is_valid(valid), "{valid}");
        }
        for invalid in [
            r#""a\""#,
            r#""\q""#,
            r#""\xff""#,
            r#""\u{d800}""#,
            r#""\u{}""#,
            "\"a\rb\"",
            "r#\"\"\r\"#",
        ] {
            assert!(!literal_is_valid(invalid), "{invalid}");
        }
        assert!(!comment_is_valid("a\rb"));
    }

    #[test]
    fn names_may_be_keywords() {
        for (name, edition, valid) in [
            ("Größe", 2015, true),
            ("Self", 2015, false),
            ("2d", 2015, false),
            ("", 2015, false),
            ("a²", 2015, false),
            ("async", 2015, true),
            ("async", 2018, false),
            ("gen", 2021, true),
            ("gen", 2024, false),
        ] {
            assert_eq!(identifier_is_valid(name, edition), valid, "{name}");
        }
    }
}
