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
mod valid;
mod width;

use self::{
    lines::{End, classified_lines},
    width::width,
};

pub use self::valid::{comment_is_valid, identifier_is_valid, literal_is_valid, token_is_valid};

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
        Some(Room { width: self.width.checked_sub(columns)?, ..self })
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
        let text = self.derive_arguments(level, &list).unwrap_or_else(|| format!("derive({list})"));
        format!("{indent}#[{text}]\n")
    }

    /// A `#[diesel(postgres_type(...))]` with the line end, wrapped if it is too long.
    ///
    /// The arguments are `name = "x"` and maybe `schema = "y"`, with literals that hold the names
    /// as they are: a line end in one is indented here, as Diesel does.
    pub fn postgres_type(&self, level: usize, arguments: &[String]) -> String {
        let arguments: Vec<String> =
            arguments.iter().map(|argument| self.pad_lines(argument, level)).collect();
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
        let body = if self.formats() { self.moved(level, &text) } else { text };
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

    fn line(&self, level: usize) -> Room {
        Room { width: self.max_width.saturating_sub(level * self.tab_spaces), level }
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
            return self.item(&Item::List { name: "derive", items }, self.line(level).less(2)?);
        }
        let inner = self.line(level + 1);
        let one_line = self.line(level).less("#[derive()]".len())?.less("()]".len())?;
        let columns = items.iter().map(|item| width(item) + 2).sum::<usize>() - 2;
        let newline = format!("\n{}", self.indent(level + 1));
        let separator = if columns <= inner.width { " " } else { &newline };
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
        let items = vec![Item::List { name: "postgres_type", items }];
        self.item(&Item::List { name: "diesel", items }, self.line(level).less(2)?)
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
            Item::Value { name, text } => {
                room.less(name.len() + 3).map(|_| format!("{name} = {text}"))
            }
            Item::List { name, items } => {
                room.less(name.len())?;
                self.call(name, items, room.less(1)?, self.attribute_width(), Kind::Attribute)
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
                let one_line = Room { width: one_line_width, ..room };
                let alone = (kind == Kind::Attribute).then(|| self.item(only, one_line)).flatten();
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

const ALLOW_TABLES: &str = "diesel::allow_tables_to_appear_in_same_query!";

/// The longest name that rustfmt packs with others on a line.
const SHORT_ITEM: usize = 10;

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
        assert_eq!(long, format!("    #[derive(\n        {},\n    )]\n", of_length(82)));
    }

    #[test]
    fn derives_share_a_line_of_their_own_or_have_one_each() {
        let layout = Layout::default();
        let two = layout.derive(1, &[String::from("Debug"), of_length(85)]);
        assert_eq!(two, format!("    #[derive(\n        Debug, {},\n    )]\n", of_length(85)));
        let two = layout.derive(1, &[String::from("Debug"), of_length(86)]);
        let expected =
            format!("    #[derive(\n        Debug,\n        {},\n    )]\n", of_length(86));
        assert_eq!(two, expected);
    }

    #[test]
    fn derives_that_are_not_merged_are_attribute_arguments() {
        let layout = Layout { merge_derives: false, ..Layout::default() };
        let two = layout.derive(1, &[String::from("Debug"), of_length(63)]);
        assert_eq!(two, format!("    #[derive(Debug, {})]\n", of_length(63)));
        let two = layout.derive(1, &[String::from("Debug"), of_length(64)]);
        let expected =
            format!("    #[derive(\n        Debug,\n        {}\n    )]\n", of_length(64));
        assert_eq!(two, expected);
    }

    #[test]
    fn a_type_without_a_schema_is_wrapped_from_the_inside() {
        let layout = Layout::default();
        let name = |length| [format!("name = \"{}\"", of_length(length))];
        let short = layout.postgres_type(1, &name(60));
        assert_eq!(short, format!("    #[diesel(postgres_type(name = \"{}\"))]\n", of_length(60)));
        let long = layout.postgres_type(1, &name(61));
        let expected =
            format!("    #[diesel(postgres_type(\n        name = \"{}\"\n    ))]\n", of_length(61));
        assert_eq!(long, expected);
    }

    #[test]
    fn a_type_with_a_schema_has_a_line_for_each_argument() {
        let arguments =
            [format!("name = \"{}\"", of_length(30)), format!("schema = \"{}\"", of_length(30))];
        let expected = format!(
            "\t#[diesel(postgres_type(\n\t\tname = \"{0}\",\n\t\tschema = \"{0}\"\n\t))]\n",
            of_length(30)
        );
        let layout = Layout { hard_tabs: true, ..Layout::default() };
        assert_eq!(layout.postgres_type(1, &arguments), expected);
    }

    #[test]
    fn few_tables_fit_on_a_line() {
        let layout = Layout::default();
        let names = [of_length(25), of_length(25)];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let line = layout.allow_tables(0, &names);
        assert_eq!(line, format!("{ALLOW_TABLES}({}, {},);\n", names[0], names[1]));
        let longer = of_length(26);
        let lines = layout.allow_tables(0, &[names[0], &longer]);
        assert_eq!(lines, format!("{ALLOW_TABLES}(\n    {},\n    {longer},\n);\n", names[0]));
    }

    #[test]
    fn short_table_names_are_packed() {
        let layout = Layout { max_width: 60, ..Layout::default() };
        let names = ["aaaaaaaaaa"; 6];
        let expected = "diesel::allow_tables_to_appear_in_same_query!(\n    \
            aaaaaaaaaa, aaaaaaaaaa, aaaaaaaaaa, aaaaaaaaaa,\n    aaaaaaaaaa, aaaaaaaaaa,\n);\n";
        assert_eq!(layout.allow_tables(0, &names), expected);
    }

    #[test]
    fn packed_names_that_fit_on_the_line_depend_on_the_style() {
        let names = ["rdbdbc_q", "hbe", "udab_eeq", "u1deq"];
        let old = Layout { fn_call_width: Some(26), max_width: 117, ..Layout::default() };
        let list = "rdbdbc_q, hbe, udab_eeq, u1deq,";
        assert_eq!(old.allow_tables(0, &names), format!("{ALLOW_TABLES}({list});\n"));
        let new = Layout { style_2024: true, ..old };
        assert_eq!(new.allow_tables(0, &names), format!("{ALLOW_TABLES}(\n    {list}\n);\n"));
    }

    #[test]
    fn a_table_name_that_does_not_fit_leaves_the_call_alone() {
        let layout = Layout { max_width: 40, hard_tabs: true, ..Layout::default() };
        let name = of_length(60);
        let expected = format!("\t{ALLOW_TABLES}(\n        a,{name},);\n");
        assert_eq!(layout.allow_tables(1, &["a", &name]), expected);
    }

    #[test]
    fn a_table_keeps_its_relative_indentation() {
        let text = "diesel::table! {\n    a (id) {\n        id -> Int4,\n    }\n}\n";
        let layout = Layout { tab_spaces: 3, ..Layout::default() };
        assert_eq!(layout.braced_macro(0, text), text);
        let expected =
            "   diesel::table! {\n       a (id) {\n           id -> Int4,\n       }\n   }\n";
        assert_eq!(layout.braced_macro(1, text), expected);
        let tabs = Layout { hard_tabs: true, ..layout };
        let expected = "\tdiesel::table! {\n\t\t a (id) {\n\t\t\t  id -> Int4,\n\t\t }\n\t}\n";
        assert_eq!(tabs.braced_macro(1, text), expected);
    }

    #[test]
    fn lines_inside_a_string_stay() {
        let text =
            "diesel::table! {\n    #[sql_name = \"a \n\n  b\n c\"]\n    a (id) {\n    }\n}\n";
        let expected = "\tdiesel::table! {\n\t\t#[sql_name = \"a\n\n      b\n     c\"]\n\
             \t\ta (id) {\n\t\t}\n\t}\n";
        let layout = Layout { hard_tabs: true, ..Layout::default() };
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
        let layout = Layout { max_width: 143, ..Layout::default() };
        assert_eq!(layout.width_of(None, 70), 98);
        assert_eq!(layout.width_of(Some(150), 70), 143);
        let layout = Layout { max_width: 80, ..Layout::default() };
        assert_eq!(layout.width_of(None, 70), 70);
    }

    #[test]
    fn a_refused_text_is_the_one_of_diesel() {
        let raw = Layout { enabled: false, hard_tabs: true, ..Layout::default() };
        let long = strings(&["Debug", &of_length(100)]);
        assert_eq!(raw.derive(1, &long), format!("    #[derive({})]\n", long.join(", ")));
        assert_eq!(
            raw.allow_tables(1, &["a", "b"]),
            format!("    {ALLOW_TABLES}(\n        a,b,);\n")
        );
        let arguments = strings(&["name = \"a\nb\"", "schema = \"c\""]);
        let expected = "    #[diesel(postgres_type(name = \"a\n    b\", schema = \"c\"))]\n";
        assert_eq!(raw.postgres_type(1, &arguments), expected);
        assert_eq!(raw.finish(String::from("a\n\n")), "a\n\n");
        let panics = Layout { tab_spaces: 0, enabled: true, ..raw };
        assert_eq!(panics.indent(1), "    ");
    }

    #[test]
    fn empty_ends_are_closed_up() {
        let layout = Layout::default();
        assert_eq!(layout.module(0, "a", ""), "pub mod a {}\n");
        assert_eq!(layout.finish(String::from("// x\n\n")), "// x\n");
        let windows = Layout { newline: Newline::Windows, ..layout };
        assert_eq!(windows.finish(String::from("a\nb\n")), "a\r\nb\r\n");
    }

    #[test]
    fn literals_are_not_escaped() {
        for valid in [r#""a""#, r#""\n\\\u{e_9}\x7f""#, "\"a\\\n b\"", "r#\"\"\\\"#", "\"a\r\nb\""]
        {
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
