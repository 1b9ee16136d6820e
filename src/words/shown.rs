//! Text from elsewhere, as it may stand on a terminal.
//!
//! Names, scripts, notices, settings and whatever a server says may hold control characters: a terminal would obey them, and marks
//! of direction make it show another text than is there. Nothing of it reaches people but through [`Shown`].

use std::fmt::{self, Write as _};

/// Text from elsewhere. Displays itself with every character visible that a terminal would obey or hide.
///
/// Line feeds and tabs stay what they are, and a carriage return that only ends a line is left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'t>(pub &'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(is_special) {
            f.write_str(&rest[..at])?;
            let mut behind = rest[at..].chars();
            let special = behind.next();
            rest = behind.as_str();
            match special {
                Some('\r') if rest.starts_with('\n') => {}
                Some(c) => escape(c, f)?,
                None => {}
            }
        }
        f.write_str(rest)
    }
}

impl Shown<'_> {
    /// The text on one line: line feeds and tabs are made visible, too.
    #[must_use]
    pub(crate) fn on_one_line(self) -> String {
        let lines = self.0.replace('\n', "\\n").replace('\t', "\\t");
        Shown(&lines).to_string()
    }
}

/// A JSON document with the same content, in which every special character stands as an escape of JSON's.
#[must_use]
pub(crate) fn json(document: &str) -> String {
    let mut text = String::with_capacity(document.len());
    for c in document.chars() {
        if is_special(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // a String takes all text
                write!(text, "\\u{unit:04x}").unwrap_or_default();
            }
        } else {
            text.push(c);
        }
    }
    text
}

fn escape(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match c {
        '\r' => f.write_str("\\r"),
        c if c.is_ascii() => write!(f, "\\x{:02x}", u32::from(c)),
        c => write!(f, "\\u{{{:x}}}", u32::from(c)),
    }
}

/// Whether a terminal obeys the character, or shows nothing where it stands, or other characters in another order because of it.
#[must_use]
pub(crate) fn is_special(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // marks and embeddings of direction
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        // the ends of lines and paragraphs, and what is not seen: fillers, annotations, tags
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' => {
            true
        }
        '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for (text, shown) in [
            ("plain, größer, 日本, 👩‍💻", "plain, größer, 日本, 👩‍💻"),
            ("\u{1b}]0;TITLE\u{7}", "\\x1b]0;TITLE\\x07"),
            ("a\u{9b}31mb", "a\\u{9b}31mb"),
            ("one\r\ntwo\tthree\n", "one\ntwo\tthree\n"),
            ("hidden\rseen", "hidden\\rseen"),
            ("user\u{202e}nimda", "user\\u{202e}nimda"),
            ("\0\u{7f}", "\\x00\\x7f"),
        ] {
            assert_eq!(Shown(text).to_string(), shown);
        }
        assert_eq!(Shown("a\nb").on_one_line(), "a\\nb");
    }

    #[test]
    fn json_means_the_same_afterwards() {
        let value = serde_json::json!({"name": "a\u{202e}\u{7f}\u{9b}\u{e0041}\u{1b}\nb"});
        let document = serde_json::to_string_pretty(&value).expect("a document");
        let safe = json(&document);
        assert!(!safe.contains(is_special), "{safe}");
        let back: serde_json::Value = serde_json::from_str(&safe).expect("still a document");
        assert_eq!(back, value);
    }
}
