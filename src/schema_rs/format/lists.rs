//! Lists in parentheses: on one line, one item to a line, or packed.

use super::{Heuristics, Layout, width::width};

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
    fn line(&self, level: usize) -> Room {
        Room { width: self.max_width.saturating_sub(level * self.tab_spaces), level }
    }

    pub(super) fn width_of(&self, set: Option<usize>, usual: usize) -> usize {
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

    pub(super) fn derive_arguments(&self, level: usize, list: &str) -> Option<String> {
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

    pub(super) fn diesel_attribute(&self, level: usize, arguments: &[String]) -> Option<String> {
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

    pub(super) fn tables_call(&self, level: usize, names: &[&str]) -> Option<String> {
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
}

pub(super) const ALLOW_TABLES: &str = "diesel::allow_tables_to_appear_in_same_query!";

/// The longest name that rustfmt packs with others on a line.
const SHORT_ITEM: usize = 10;

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
