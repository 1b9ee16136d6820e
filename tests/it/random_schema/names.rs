//! Names: random ones, how they are quoted, and what Diesel makes of them.

use super::{
    dice::Dice,
    words::{
        BETWEEN, FOREIGN, MIXED, PLAIN, RESERVED, RUST_KEYWORDS, SHORT, SPECIAL, SQL_KEYWORDS,
    },
};

/// What the names of one case are like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Words of at most ten letters.
    Short,
    /// Words and pairs of words, seldom something else.
    Plain,
    /// Anything, often.
    Odd,
}

impl Style {
    pub fn random(dice: &mut Dice) -> Self {
        *dice.weigh(&[(15, Self::Short), (50, Self::Plain), (35, Self::Odd)])
    }

    /// A name of 1 to 63 bytes.
    pub fn name(self, dice: &mut Dice) -> String {
        let odd = match self {
            Self::Short => 0,
            Self::Plain => 8,
            Self::Odd => 55,
        };
        if dice.percent(odd) {
            return odd_name(dice);
        }
        let name = match self {
            Self::Short => (dice.word(SHORT)).to_owned(),
            _ if dice.percent(60) => (dice.word(PLAIN)).to_owned(),
            _ => format!("{}_{}", dice.word(PLAIN), dice.word(PLAIN)),
        };
        if dice.percent(10) { format!("{name}{}", dice.below(10)) } else { name }
    }
}

fn odd_name(dice: &mut Dice) -> String {
    let (word, other) = (dice.word(PLAIN), dice.word(PLAIN));
    match dice.below(11) {
        0 => (dice.word(RUST_KEYWORDS)).to_owned(),
        1 => (dice.word(SQL_KEYWORDS)).to_owned(),
        2 => (dice.word(SPECIAL)).to_owned(),
        3 => (dice.word(MIXED)).to_owned(),
        4 => (dice.word(FOREIGN)).to_owned(),
        5 => format!("{}{word}", dice.word(&["2", "007 ", "1st_", "4-", "_", " ", "9é"])),
        6 => format!("{word}{}", dice.word(&["_", "__", " ", "!", "\"", "?é", "#", "'", "_1"])),
        7 => long_name(dice),
        8 => {
            let third = dice.word(PLAIN);
            format!("{word}__{other}{}{third}", dice.word(BETWEEN))
        }
        _ => format!("{word}{}{other}", dice.word(BETWEEN)),
    }
}

/// A name of exactly 63 bytes, or nearly so.
fn long_name(dice: &mut Dice) -> String {
    let between = dice.word(&["_", "_", "_", " ", "-", "é", "名"]);
    let mut name = String::new();
    while name.len() < 63 {
        name += dice.word(PLAIN);
        name += between;
    }
    cut(&name, 63 - dice.weigh(&[(8, 0), (1, 1), (1, 2)])).to_owned()
}

/// The start of a text, of at most so many bytes.
pub fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// An identifier of SQL.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string of SQL.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The Rust name that Diesel gives a table, or a column of the table of a Rust name.
pub fn rust_name(sql_name: &str, table: Option<&str>) -> String {
    let maps = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut name = String::new();
    let mut joined = false;
    if sql_name.starts_with(|c: char| c.is_ascii_digit()) {
        name.push('_');
    }
    for c in sql_name.chars() {
        if maps(c) {
            name.push(c);
        } else if !joined {
            name.push('_');
        }
        joined = !maps(c);
    }
    let reserved = name == "_"
        || RUST_KEYWORDS.contains(&name.as_str())
        || RESERVED.contains(&name.as_str())
        || (name.starts_with("__") && !name.ends_with('_'));
    if reserved || table == Some(&name) {
        name.push('_');
    }
    name
}

/// Another name that Diesel gives the same Rust name, whatever the table.
pub fn twins(dice: &mut Dice) -> [String; 2] {
    let (word, other) = (dice.word(PLAIN), dice.word(PLAIN));
    let [first, second] =
        *dice.pick(&[["-", " "], ["_", "-"], ["-", "--"], ["é", "_"], ["\"", "."]]);
    [format!("{word}{first}{other}"), format!("{word}{second}{other}")]
}

/// The name of a type in UpperCamelCase, as the crate heck has it.
pub fn camel(name: &str) -> String {
    let mut out = String::new();
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        let letters: Vec<char> = part.chars().collect();
        let mut start = 0;
        // Whether the last cased letter of the word was lower, if there was one.
        let mut lower: Option<bool> = None;
        for (at, &c) in letters.iter().enumerate() {
            let Some(&next) = letters.get(at + 1) else {
                capitalize(&letters[start..], &mut out);
                break;
            };
            let with_this = match () {
                () if c.is_lowercase() => Some(true),
                () if c.is_uppercase() => Some(false),
                () => lower,
            };
            if with_this == Some(true) && next.is_uppercase() {
                capitalize(&letters[start..=at], &mut out);
                (start, lower) = (at + 1, None);
            } else if lower == Some(false) && c.is_uppercase() && next.is_lowercase() {
                capitalize(&letters[start..at], &mut out);
                (start, lower) = (at, None);
            } else {
                lower = with_this;
            }
        }
    }
    out
}

fn capitalize(word: &[char], out: &mut String) {
    if let Some((first, rest)) = word.split_first() {
        out.extend(first.to_uppercase());
        out.extend(rest.iter().flat_map(|c| c.to_lowercase()));
    }
}

/// Whether Diesel can print a type of a name: its UpperCamelCase is an identifier.
pub fn printable(camel: &str) -> bool {
    camel != "Self" && camel.starts_with(char::is_alphabetic)
}
