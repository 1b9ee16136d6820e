//! Takes secrets out of text that is about to be shown: SQL, settings files, arguments.
//!
//! An error report quotes the lines around the failure, and such a line may be
//! `CREATE ROLE app PASSWORD '…'` or the connection string of a subscription. Better a word too many is covered
//! than a password too few.

use std::ops::Range;

use crate::words::url::Url;

/// Covers every password in `text` with `*`, keeping each byte offset where it was.
///
/// Covered is what follows the word `PASSWORD`: a literal of any kind, comments in between; a value after `=`, `:`
/// or, of a key in quotes, after a comma; a bare word where a role is made or changed. And the password of a URL.
#[must_use]
pub(crate) fn cover(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for secret in secrets(text) {
        bytes[secret].fill(b'*');
    }
    String::from_utf8(bytes).unwrap_or_else(|_| stars(text))
}

/// Takes the passwords that stand in `sql` out of a message that quotes it: `syntax error at or near "…"`.
#[must_use]
pub(crate) fn take_out(message: &str, sql: &str) -> String {
    let pieces = secrets(sql).into_iter().map(|secret| &sql[secret]);
    let pieces = pieces.filter(|piece| !piece.is_empty());
    pieces.fold(message.to_owned(), |message, piece| message.replace(piece, "***"))
}

fn secrets(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let words = lower.match_indices("password");
    let words = words.filter_map(|(at, word)| behind_word(&lower, at, at + word.len()));
    let urls = lower.match_indices("://");
    words.chain(urls.filter_map(|(at, _)| in_url(&lower, at))).collect()
}

/// Covers the secrets of an argument that may be, or may hold, a connection string: all of it in case of doubt.
#[must_use]
pub(crate) fn cover_argument(argument: &str) -> String {
    let lower = argument.to_ascii_lowercase();
    let suspicious = ["://", "passw", "pasw", "pwd"].iter().any(|word| lower.contains(word))
        || (argument.contains('@') && argument.contains(':'));
    if !suspicious {
        return argument.to_owned();
    }
    match argument.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") && !flag.contains("://") => {
            format!("{flag}={}", cover_connection(value))
        }
        _ => cover_connection(argument),
    }
}

/// Covers the password of what is meant to be a connection string; all of one that cannot be read.
#[must_use]
pub(crate) fn cover_connection(text: &str) -> String {
    let secrets = |url: &Url| {
        let secrets = [&url.password, &url.params.ssl_password];
        secrets.map(|secret| secret.as_ref().map(|secret| secret.reveal().to_owned()))
    };
    let Ok(url) = text.parse::<Url>() else {
        return stars(text);
    };
    if secrets(&url) == [None, None] {
        return text.to_owned();
    }
    let covered = cover(text);
    let is_stars = |secret: &Option<String>| {
        secret.as_ref().is_none_or(|secret| secret.bytes().all(|byte| byte == b'*'))
    };
    match covered.parse::<Url>() {
        Ok(url) if secrets(&url).iter().all(is_stars) => covered,
        _ => stars(text),
    }
}

fn stars(text: &str) -> String {
    "*".repeat(text.len())
}

/// The secret that follows the word `PASSWORD`, which stands from `start` to `end`.
fn behind_word(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let quotes = run(text, end, b"'\"");
    let behind_key = gap(text, end + quotes);
    if quotes > 0 && matches!(text.as_bytes().get(behind_key), Some(b',' | b':' | b'=')) {
        return value(text, separator(text, behind_key), Bare::No);
    }
    let at = gap(text, end);
    let bare = match text.as_bytes().get(at) {
        Some(b':') if text[at..].starts_with("::") => return None,
        Some(b':' | b'=') => return value(text, separator(text, at), Bare::Anything),
        _ if is_about_a_role(&text[..start]) && at > end => Bare::Word,
        _ => Bare::No,
    };
    value(text, at, bare)
}

/// What a value without quotes may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bare {
    No,
    Word,
    Anything,
}

fn value(text: &str, at: usize, bare: Bare) -> Option<Range<usize>> {
    let rest = &text[at..];
    let until = |from: usize, ends: &[char]| {
        let end = text[from..].find(ends).map_or(text.len(), |length| from + length);
        Some(from..end)
    };
    match rest.as_bytes() {
        [b'\'', ..] => literal(text, at, bare == Bare::Anything),
        [b'e', b'\'', ..] => literal(text, at + 1, true),
        [b'u', b'&', b'\'', ..] => literal(text, at + 2, false),
        [b'$', ..] if dollar_tag(rest).is_some() => {
            let tag = dollar_tag(rest)?;
            let body = at + tag.len();
            let end = text[body..].find(tag).map_or(text.len(), |length| body + length);
            Some(body..end)
        }
        [b'"', ..] if bare != Bare::No || text[..at].trim_end().ends_with([':', ',']) => {
            until(at + 1, &['"', '\n'])
        }
        _ if bare == Bare::Anything => until(at, &[' ', '\t', '\n', '\r', '\'', '"', '&']),
        _ if bare == Bare::Word && !rest.starts_with("null") => {
            until(at, &[' ', '\t', '\n', '\r', ';'])
        }
        _ => None,
    }
}

/// The inside of a literal that starts at `at`. Inside another literal its quotes are doubled, maybe more than once.
fn literal(text: &str, at: usize, backslashes: bool) -> Option<Range<usize>> {
    let opening = run(text, at, b"'");
    let delimiter = if opening % 2 == 1 { 1 } else { opening };
    let from = at + delimiter;
    let ends_here = text[from..].starts_with([' ', '\n', '\r', ')', ',', ';']);
    if delimiter > 1 && (ends_here || from == text.len()) {
        return None;
    }
    let bytes = text.as_bytes();
    let mut end = from;
    while end < bytes.len() {
        match bytes[end] {
            b'\\' if backslashes => end = (end + 2).min(bytes.len()),
            b'\'' => {
                let quotes = run(text, end, b"'");
                // in pairs they stand for quotes
                if !quotes.is_multiple_of(2 * delimiter) {
                    break;
                }
                end += quotes;
            }
            _ => end += 1,
        }
    }
    Some(from..end)
}

/// `$tag$` at the start of a text.
fn dollar_tag(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('$')?;
    let tag = &inner[..inner.find('$')?];
    let named = |c: char| c.is_alphanumeric() || c == '_';
    (tag.chars().all(named) && !tag.starts_with(|c: char| c.is_ascii_digit()))
        .then(|| &text[..tag.len() + 2])
}

/// Whether the statement that `before` is the start of makes or changes a role.
fn is_about_a_role(before: &str) -> bool {
    let statement = before.rsplit(';').next().unwrap_or_default();
    let words: Vec<&str> = statement.split_whitespace().collect();
    words.windows(2).any(|pair| {
        matches!(pair[0].trim_matches(['\'', '(']), "create" | "alter")
            && matches!(pair[1], "role" | "user" | "group")
    })
}

/// Skips `=`, `:`, `,`, `:=` or `=>`, and the gap behind it.
fn separator(text: &str, at: usize) -> usize {
    gap(text, at + run(text, at, b"=:,>"))
}

/// Skips white space and comments.
fn gap(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        let skipped = if trimmed.starts_with("--") {
            trimmed.find('\n')
        } else if trimmed.starts_with("/*") {
            trimmed.find("*/").map(|end| end + 2)
        } else {
            None
        };
        at += rest.len() - trimmed.len();
        match skipped {
            Some(length) => at += length,
            None => return at,
        }
    }
}

/// How many of these bytes stand at `at`.
fn run(text: &str, at: usize, of: &[u8]) -> usize {
    let rest = &text.as_bytes()[at..];
    rest.iter().take_while(|byte| of.contains(byte)).count()
}

/// The password of the URL whose `://` stands at `at`. It may hold what should have been encoded.
fn in_url(text: &str, at: usize) -> Option<Range<usize>> {
    let start = at + "://".len();
    let stop = |c: char| c.is_whitespace() || c == '\'';
    let end = text[start..].find(stop).map_or(text.len(), |length| start + length);
    let host = start + text[start..end].rfind('@')?;
    let colon = start + text[start..host].find(':')?;
    Some(colon + 1..host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, covered: &str) {
        assert_eq!(cover(sql), covered);
        assert_eq!(cover(sql).len(), sql.len(), "offsets stay");
    }

    #[test]
    fn passwords_are_covered_where_they_stand() {
        check("CREATE ROLE a PASSWORD 'sécret' LOGIN", "CREATE ROLE a PASSWORD '*******' LOGIN");
        check("alter role a password E'x'", "alter role a password E'*'");
        check("OPTIONS (user 'a', password 'b')", "OPTIONS (user 'a', password '*')");
        check(
            "CONNECTION 'host=h password=xyz dbname=d'",
            "CONNECTION 'host=h password=*** dbname=d'",
        );
        check("SELECT dblink('postgres://u:pw@h/d')", "SELECT dblink('postgres://u:**@h/d')");
        check("'postgres://u:p/w@h/d'", "'postgres://u:***@h/d'");
        check("PASSWORD $x$pw$x$", "PASSWORD $x$**$x$");
        check("PASSWORD $x$p$w$x$", "PASSWORD $x$***$x$");
    }

    #[test]
    fn quotes_in_quotes_do_not_end_a_password() {
        check("PASSWORD 'a''b' x", "PASSWORD '****' x");
        check("PASSWORD '''a' x", "PASSWORD '***' x");
        check(r"PASSWORD E'a\'b' x", r"PASSWORD E'****' x");
        check(r"PASSWORD 'a\' x", r"PASSWORD '**' x");
        check("'PASSWORD ''ab'' LOGIN'", "'PASSWORD ''**'' LOGIN'");
        check("'PASSWORD ''a''''b'' x'", "'PASSWORD ''******'' x'");
        check("PASSWORD '' LOGIN 'x'", "PASSWORD '' LOGIN 'x'");
        check("PASSWORD 'open", "PASSWORD '****");
        check(r"password='a\'b' x", r"password='****' x");
    }

    #[test]
    fn comments_keys_and_bare_words_do_not_hide_a_password() {
        check("PASSWORD/* 'x' */'y'", "PASSWORD/* 'x' */'*'");
        check("PASSWORD -- 'x'\n 'y'", "PASSWORD -- 'x'\n 'y'".replace("'y'", "'*'").as_str());
        check("('app.password', 'x')", "('app.password', '*')");
        check(r#"{"password": "x"}"#, r#"{"password": "*"}"#);
        check("SET a.password = 'x'", "SET a.password = '*'");
        check("CREATE USER a PASSWORD xy;", "CREATE USER a PASSWORD **;");
        check("ALTER ROLE a PASSWORD NULL;", "ALTER ROLE a PASSWORD NULL;");
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "ALTER TABLE users ADD password_hash text",
            "CREATE TABLE t (password text NOT NULL)",
            "SELECT password, 'x' FROM t",
            "SELECT password::text FROM t",
            "COMMENT ON TABLE t IS 'http://example.org:80/'",
            "password authentication failed for user \"app\"",
            "password",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn of_an_argument_everything_is_covered_in_case_of_doubt() {
        for (argument, covered) in [
            ("upgrade", "upgrade"),
            ("--wait=5s", "--wait=5s"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://u:pw@h/d", "postgres://u:**@h/d"),
            ("--database-url=postgres://u:pw@h", "--database-url=postgres://u:**@h"),
            ("host=h password='a b'", "host=h password='***'"),
            (r"host=h password=a\ b", r"********************"),
            ("postgres://u:p/w@h/d", "********************"),
            ("u:pw@h", "******"),
        ] {
            assert_eq!(cover_argument(argument), covered);
        }
    }
}
