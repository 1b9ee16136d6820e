//! Takes secrets out of SQL that is about to be shown.
//!
//! An error report quotes the lines around the failure, and such a line may be
//! `CREATE ROLE app PASSWORD '…'` or the connection string of a subscription.

/// Covers every password in `sql` with `*`, keeping each byte offset where it was.
///
/// Covered are string literals after the word `PASSWORD` (also in `OPTIONS (password '…')`), what follows
/// `password=` inside a literal, and the password of a URL inside a literal.
#[must_use]
pub fn cover(sql: &str) -> String {
    let mut bytes = sql.as_bytes().to_vec();
    let lower = sql.to_ascii_lowercase();
    for (at, word) in lower.match_indices("password") {
        let rest = &lower[at + word.len()..];
        let gap = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_whitespace() || c == '=')
                .len();
        let start = at + word.len() + gap;
        match lower.as_bytes().get(start) {
            Some(b'\'') => hide(&mut bytes, start + 1, |b| b == b'\''),
            Some(b'e') if lower.as_bytes().get(start + 1) == Some(&b'\'') => {
                hide(&mut bytes, start + 2, |b| b == b'\'');
            }
            Some(b'$') => {
                let body = lower[start + 1..]
                    .find('$')
                    .map_or(start, |end| start + end + 2);
                hide(&mut bytes, body, |b| b == b'$');
            }
            Some(_) if rest.trim_start().starts_with('=') => {
                hide(&mut bytes, start, |b| {
                    b.is_ascii_whitespace() || b == b'\'' || b == b'&'
                });
            }
            _ => {}
        }
    }
    for (at, mark) in lower.match_indices("://") {
        let authority = at + mark.len();
        let stop = |c: char| c.is_whitespace() || matches!(c, '/' | '\'' | '"');
        let end = lower[authority..]
            .find(stop)
            .map_or(lower.len(), |n| authority + n);
        if let Some(host) = lower[authority..end].rfind('@')
            && let Some(colon) = lower[authority..authority + host].find(':')
        {
            bytes[authority + colon + 1..authority + host].fill(b'*');
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| "*".repeat(sql.len()))
}

fn hide(bytes: &mut [u8], from: usize, ends: impl Fn(u8) -> bool) {
    for byte in bytes.iter_mut().skip(from).take_while(|byte| !ends(**byte)) {
        *byte = b'*';
    }
}

#[cfg(test)]
mod tests {
    use super::cover;

    #[track_caller]
    fn check(sql: &str, covered: &str) {
        assert_eq!(cover(sql), covered);
        assert_eq!(cover(sql).len(), sql.len(), "offsets stay");
    }

    #[test]
    fn passwords_are_covered_where_they_stand() {
        check(
            "CREATE ROLE a PASSWORD 'sécret' LOGIN",
            "CREATE ROLE a PASSWORD '*******' LOGIN",
        );
        check("alter role a password E'x'", "alter role a password E'*'");
        check(
            "OPTIONS (user 'a', password 'b')",
            "OPTIONS (user 'a', password '*')",
        );
        check(
            "CONNECTION 'host=h password=xyz dbname=d'",
            "CONNECTION 'host=h password=*** dbname=d'",
        );
        check(
            "SELECT dblink('postgres://u:pw@h/d')",
            "SELECT dblink('postgres://u:**@h/d')",
        );
        check("PASSWORD $x$pw$x$", "PASSWORD $x$**$x$");
    }

    #[test]
    fn other_text_stays() {
        check(
            "ALTER TABLE users ADD password_hash text",
            "ALTER TABLE users ADD password_hash text",
        );
        check(
            "CREATE TABLE t (password text NOT NULL)",
            "CREATE TABLE t (password text NOT NULL)",
        );
    }
}
