//! What stands behind the table of a CREATE INDEX.

use super::token::{Class, token};

/// Cuts `CREATE [UNIQUE] INDEX … ON [ONLY] table` off: whether it is unique, and what follows the table.
#[must_use]
pub(crate) fn index_definition(text: &str) -> Option<(bool, &str)> {
    let mut at = 0;
    let mut next = || -> Option<(Class, &str, usize)> {
        loop {
            let token = token(text, at).ok()??;
            at = token.end;
            if !matches!(token.class, Class::Space | Class::Comment) {
                return Some((token.class, token.text(text), token.end));
            }
        }
    };
    let mut is_unique = false;
    loop {
        let (class, word, _) = next()?;
        if class == Class::Word && word.eq_ignore_ascii_case("on") {
            break;
        }
        is_unique |= class == Class::Word && word.eq_ignore_ascii_case("unique");
    }
    let (_, first, mut end) = next()?;
    if first.eq_ignore_ascii_case("only") {
        end = next()?.2;
    }
    while let Some((_, ".", _)) = next() {
        end = next()?.2;
    }
    Some((is_unique, text[end..].trim_end().trim_end_matches(';')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_table_is_cut_off() {
        for (text, expected) in [
            ("CREATE INDEX CONCURRENTLY a ON t (x);", (false, " (x)")),
            (
                "create unique index concurrently if not exists \"On\" on only \"S\" . t using gin ((a || 'on')) where b",
                (true, " using gin ((a || 'on')) where b"),
            ),
            ("CREATE INDEX CONCURRENTLY ON /* on */ s.t(x)", (false, "(x)")),
        ] {
            assert_eq!(index_definition(text), Some(expected), "{text}");
        }
        assert_eq!(index_definition("CREATE INDEX"), None);
    }
}
