//! Connection strings of `key=value` pairs, with
//! [libpq's quoting](https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE).

use crate::words::url::{
    error::UrlError,
    keywords,
    pair::{Pair, is_name, is_secret},
    part::Part,
};

/// Splits `host=h password='it\'s'` into pairs.
pub(super) fn parse(text: Part<'_>) -> Result<Vec<Pair>, UrlError> {
    let mut pairs = Vec::new();
    let mut after_secret = false;
    let mut rest = trim(text);
    while !rest.text.is_empty() {
        let start = rest.at;
        let key_end = |c: char| c == '=' || is_space(c);
        let (key, after) = rest.split(rest.text.find(key_end).unwrap_or(rest.text.len()), 0);
        let after = trim(after);
        let Some(equals) = after.text.strip_prefix('=') else {
            return Err(not_a_pair("no `=` after a parameter's name", start));
        };
        if !is_name(key.text) {
            return Err(not_a_pair("no parameter's name before `=`", start));
        }
        let (value, after) = value(trim(Part { text: equals, at: after.at + 1 }))?;
        pairs.push(Pair {
            key: key.text.into(),
            value,
            doubt: after_secret.then(|| not_a_pair("an unknown parameter after a password", start)),
        });
        // A password may have been cut more than once.
        after_secret = is_secret(key.text) || (after_secret && keywords::find(key.text).is_none());
        rest = trim(after);
    }
    Ok(pairs)
}

/// Reads one value: quoted up to the closing quote, bare up to white space; a backslash escapes in both.
fn value(text: Part<'_>) -> Result<(String, Part<'_>), UrlError> {
    let quoted = text.text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.text.char_indices().skip(usize::from(quoted));
    while let Some((offset, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, text.split(offset, 1).1)),
            c if !quoted && is_space(c) => return Ok((value, text.split(offset, 0).1)),
            c => value.push(c),
        }
    }
    if quoted {
        return Err(not_a_pair("a quoted value without its closing quote", text.at));
    }
    Ok((value, text.split(text.text.len(), 0).1))
}

/// C's `isspace`, which libpq goes by.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

fn trim(part: Part<'_>) -> Part<'_> {
    let trimmed = part.text.trim_start_matches(is_space);
    Part { text: trimmed, at: part.at + (part.text.len() - trimmed.len()) }
}

fn not_a_pair(what: &'static str, at: usize) -> UrlError {
    let help =
        "Write `key=value`; a value with spaces goes into '…', with \\' for ' and \\\\ for \\.";
    UrlError::Syntax { what, at, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&[(&str, &str)], usize>) {
        let outcome = parse(Part::whole(text));
        match (outcome, expected) {
            (Ok(pairs), Ok(expected)) => {
                let pairs: Vec<_> =
                    pairs.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())).collect();
                assert_eq!(pairs, expected);
            }
            (Err(UrlError::Syntax { at, .. }), Err(expected)) => assert_eq!(at, expected),
            (outcome, _) => panic!("{text}: {:?} is not {expected:?}", outcome.map(|p| p.len())),
        }
    }

    #[test]
    fn values_are_quoted_and_escaped_as_in_libpq() {
        check("host=h port=1", Ok(&[("host", "h"), ("port", "1")]));
        check("  host = h\n\tport\x0b=  1 ", Ok(&[("host", "h"), ("port", "1")]));
        check("password='a b'", Ok(&[("password", "a b")]));
        check(r"password='it\'s \\ ok'", Ok(&[("password", r"it's \ ok")]));
        check(r"password=it\'s\ ok", Ok(&[("password", "it's ok")]));
        check("password='' host=h", Ok(&[("password", ""), ("host", "h")]));
        check("password='a'host=h", Ok(&[("password", "a"), ("host", "h")]));
        check("password=a=b", Ok(&[("password", "a=b")]));
        check(r"password=a\", Ok(&[("password", "a")]));
        check("password=it's", Ok(&[("password", "it's")]));
        check("password=ключ", Ok(&[("password", "ключ")]));
    }

    #[test]
    fn what_is_not_a_pair_is_reported_by_position() {
        check("host=h port", Err(7));
        check("password=a b host=h", Err(11));
        check("=x", Err(0));
        check("url:postgres://u:p@h/db?a=b", Err(0));
        check("host=h a/b=c", Err(7));
        check("password='a", Err(9));
        check(r"password='a\'", Err(9));
    }
}
