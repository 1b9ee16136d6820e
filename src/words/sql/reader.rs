//! Reads one statement token by token, for patterns of keywords and names.

use super::{
    Name, name,
    token::{Class, Token, token},
};

/// The tokens of one statement that are neither blank nor comment. What is asked for and not there
/// stays unread.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first token of a statement that the splitter has found.
    pub(super) fn new(sql: &'a str) -> Self {
        Self { sql, at: 0 }
    }

    /// The statement.
    pub(super) fn sql(&self) -> &'a str {
        self.sql
    }

    /// Reads the next token.
    pub(super) fn next(&mut self) -> Option<Token> {
        loop {
            // The splitter has read the same text without an error.
            let token = token(self.sql, self.at).ok().flatten()?;
            self.at = token.end;
            if !matches!(token.class, Class::Space | Class::Comment) {
                return Some(token);
            }
        }
    }

    fn peek(mut self) -> Option<Token> {
        self.next()
    }

    /// True if the keyword follows.
    pub(super) fn next_is(self, keyword: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(self.sql, keyword))
    }

    /// Reads the keyword.
    pub(super) fn word(&mut self, keyword: &str) -> bool {
        self.words(&[keyword])
    }

    /// Reads all of the keywords or none.
    pub(super) fn words(&mut self, keywords: &[&str]) -> bool {
        let mut ahead = *self;
        let sql = self.sql;
        let found =
            keywords.iter().all(|word| ahead.next().is_some_and(|token| token.is_word(sql, word)));
        if found {
            *self = ahead;
        }
        found
    }

    /// Reads a token of the class.
    pub(super) fn class(&mut self, class: Class) -> bool {
        let mut ahead = *self;
        let found = ahead.next().is_some_and(|token| token.class == class);
        if found {
            *self = ahead;
        }
        found
    }

    /// Reads up to the first of the keywords that stands outside parentheses.
    pub(super) fn find(&mut self, keywords: &[&'static str]) -> Option<&'static str> {
        let mut depth = 0_usize;
        loop {
            let token = self.next()?;
            match token.class {
                Class::Open => depth += 1,
                Class::Close => depth = depth.saturating_sub(1),
                Class::Word if depth == 0 => {
                    let found = keywords.iter().find(|word| token.is_word(self.sql, word));
                    if let Some(keyword) = found {
                        return Some(*keyword);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads one identifier in any spelling.
    pub(super) fn identifier(&mut self) -> Option<String> {
        let mut ahead = *self;
        let token = ahead.next()?;
        let text = token.text(self.sql);
        let name = match token.class {
            Class::Word => name::fold(text),
            Class::Quoted => name::unquote(text),
            Class::UnicodeQuoted => {
                let escape =
                    if ahead.word("uescape") { ahead.next()?.text(self.sql) } else { "'\\'" };
                name::unquote_unicode(text, escape.chars().nth(1)?)
            }
            _ => return None,
        };
        *self = ahead;
        Some(name)
    }

    /// Reads a name with its schema; a catalog in front is left out.
    pub(super) fn name(&mut self) -> Option<Name> {
        let mut name = Name { schema: None, name: self.identifier()? };
        while self.class(Class::Dot) {
            name = Name { schema: Some(name.name), name: self.identifier()? };
        }
        Some(name)
    }

    /// Reads `[ONLY] name [*]`, the name perhaps in parentheses.
    pub(super) fn relation(&mut self) -> Option<Name> {
        let parenthesised = self.word("only") && self.class(Class::Open);
        let name = self.name()?;
        if parenthesised {
            self.class(Class::Close).then_some(())?;
        }
        if self.peek().is_some_and(|token| token.text(self.sql) == "*") {
            let _star = self.next();
        }
        Some(name)
    }

    /// Reads `(name [=] [value], …)`, or nothing if no parenthesis follows.
    pub(super) fn options(&mut self) -> Options<'a> {
        let mut options = Options::default();
        if !self.class(Class::Open) {
            return options;
        }
        let mut option: Option<(Token, Option<Token>)> = None;
        while let Some(token) = self.next() {
            match (token.class, &mut option) {
                (Class::Comma | Class::Close, _) => {
                    if let Some((name, value)) = option.take() {
                        let value = value.map(|value| value.text(self.sql));
                        options.0.push((name.text(self.sql), value));
                    }
                    if token.class == Class::Close {
                        break;
                    }
                }
                (_, None) => option = Some((token, None)),
                (_, Some((_, value))) if token.text(self.sql) != "=" => *value = Some(token),
                _ => {}
            }
        }
        options
    }
}

/// Options in parentheses, as written.
#[derive(Default)]
pub(super) struct Options<'a>(Vec<(&'a str, Option<&'a str>)>);

impl Options<'_> {
    /// The option as a Boolean, true without a value; `None` if it is not given.
    pub(super) fn get(&self, name: &str) -> Option<bool> {
        let (_, value) =
            self.0.iter().rfind(|(key, _)| key.trim_matches('"').eq_ignore_ascii_case(name))?;
        let value = value.unwrap_or("true").trim_matches('\'').to_ascii_lowercase();
        Some(!matches!(value.as_str(), "false" | "off" | "0"))
    }
}
