//! The settings of somebody's own that scripts ask for. A server does not list those that only its configuration has; it tells the value of
//! one that is named.

use std::collections::BTreeSet;

use super::{Environment, needs::inside};
use crate::words::sql::{self, Piece};

/// The names of the settings of one's own, such as `app.tenant`, that may be asked for in some scripts: texts and words of that form.
#[must_use]
pub(crate) fn own_settings<'t>(scripts: impl IntoIterator<Item = &'t str>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    scripts.into_iter().for_each(|it| read(it, &mut names));
    names
}

fn read(text: &str, names: &mut BTreeSet<String>) {
    let pieces = sql::pieces(text).unwrap_or_default();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            // SHOW app.tenant
            Piece::Word(first) if at > 0 && pieces[at - 1].is("show") => {
                let mut name = first.clone();
                let mut rest = pieces[at + 1..].chunks_exact(2);
                while let Some([Piece::Sign("."), Piece::Word(next) | Piece::Name(next)]) =
                    rest.next()
                {
                    name = format!("{name}.{next}");
                }
                names.extend(Some(name).filter(|it| is_own(it)));
            }
            Piece::Text(written) => {
                let inner = inside(written);
                if is_own(&inner) {
                    names.insert(inner);
                } else if inner.contains(char::is_whitespace) {
                    read(&inner, names);
                }
            }
            _ => {}
        }
    }
}

/// Whether a text has the form of such a name.
fn is_own(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
    };
    Environment::is_custom(text) && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::own_settings;

    #[test]
    fn settings_of_ones_own_are_found_where_they_are_asked_for() {
        let found = own_settings([
            "SELECT current_setting('app.tenant'); SHOW app.other; SHOW search_path; SELECT 'a b.c', '1.5', 'plpgsql.x', 'x@y.z'",
            "DO $$ BEGIN EXECUTE format('%s', current_setting('app.deep.name', true)); END $$",
        ]);
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["app.deep.name", "app.other", "app.tenant"]
        );
    }
}
