//! Scripts as they are replayed: without the extensions that something stands in for, and with others in the versions that the database has.

use std::collections::BTreeMap;

use crate::{
    migration::source::{Migration, Migrations, Script},
    words::{
        ident::Literal,
        sql::{self, Piece},
    },
};

/// What becomes of statements about extensions.
#[derive(Debug, Default)]
pub(crate) struct Extensions<'e> {
    /// Those that something stands in for: statements about them do nothing.
    pub(crate) stand_ins: &'e [String],
    /// The versions of others, where the statement leaves it to the server.
    pub(crate) versions: BTreeMap<&'e str, &'e str>,
}

impl Extensions<'_> {
    /// Migrations as they are replayed. Every place in a script stays what it is, up to the first version that is added.
    pub(crate) fn migrations(&self, all: &Migrations) -> Migrations {
        let replaced = |script: &Script| Script { text: self.text(&script.text), ..script.clone() };
        let list = all.iter().map(|it| Migration {
            up: replaced(&it.up),
            down: it.down.as_ref().map(replaced),
            ..it.clone()
        });
        // the versions are those that were one of a kind before
        Migrations::new(list.collect()).unwrap_or_else(|_| all.clone())
    }

    /// A script as it is replayed.
    pub(crate) fn text(&self, script: &str) -> String {
        let Ok(statements) = sql::split(script) else {
            return script.to_owned();
        };
        let mut text = script.to_owned();
        // the last one first: places before it stay
        for statement in statements.into_iter().rev() {
            let written = &script[statement.span.clone()];
            let Some(about) = About::of(written) else {
                continue;
            };
            if self.stand_ins.contains(&about.name) {
                text.replace_range(statement.span, &nothing(written));
            } else if let Some(version) = self.versions.get(about.name.as_str())
                && let Some(word) = about.wants_version()
            {
                text.insert_str(statement.span.end, &format!(" {word} {}", Literal(version)));
            }
        }
        text
    }
}

/// A statement of the same length that does nothing, for a script has to have one.
fn nothing(written: &str) -> String {
    const NOTHING: &str = "SELECT";
    let blank = |c: char| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) };
    let rest: String = written.chars().map(blank).collect();
    format!("{NOTHING}{}", rest.get(NOTHING.len()..).unwrap_or_default())
}

/// What a statement about an extension does.
struct About {
    verb: String,
    name: String,
    /// The words behind the name.
    words: Vec<String>,
}

impl About {
    /// Reads a statement that makes, changes, drops or comments on an extension.
    fn of(statement: &str) -> Option<Self> {
        let pieces = sql::pieces(statement).ok()?;
        let (verb, rest) = match &pieces[..] {
            [Piece::Word(verb), rest @ ..]
                if ["create", "alter", "drop"].contains(&verb.as_str()) =>
            {
                (verb, rest)
            }
            [Piece::Word(verb), on, rest @ ..] if verb == "comment" && on.is("on") => (verb, rest),
            _ => return None,
        };
        let [extension, rest @ ..] = rest else {
            return None;
        };
        let is_filler = |it: &Piece<'_>| ["if", "not", "exists"].iter().any(|word| it.is(word));
        let at = rest.iter().position(|it| !is_filler(it))?;
        let (Piece::Word(name) | Piece::Name(name)) = &rest[at] else {
            return None;
        };
        let words = rest[at + 1..].iter().filter_map(|it| match it {
            Piece::Word(word) => Some(word.clone()),
            _ => None,
        });
        extension.is("extension").then(|| Self {
            verb: verb.clone(),
            name: name.clone(),
            words: words.collect(),
        })
    }

    /// The word that a version follows, where the statement leaves the version to the server.
    fn wants_version(&self) -> Option<&'static str> {
        let has = |word: &str| self.words.iter().any(|it| it == word);
        match self.verb.as_str() {
            "create" if !has("version") => Some("VERSION"),
            "alter" if has("update") && !has("to") => Some("TO"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_about_an_extension_become_nothing_and_places_stay() {
        let script = "CREATE EXTENSION IF NOT EXISTS\n  \"postgis\" WITH SCHEMA é;\nCREATE EXTENSION citext; COMMENT ON EXTENSION postgis IS 'x';
DROP EXTENSION postgis CASCADE;\nCREATE TABLE postgis (id int);";
        let stand_ins = ["postgis".to_owned()];
        let extensions = Extensions { stand_ins: &stand_ins, ..Extensions::default() };
        let text = extensions.text(script);
        assert_eq!(text.len(), script.len());
        let pieces: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        assert_eq!(
            pieces.join(" "),
            "SELECT ; CREATE EXTENSION citext; SELECT ; SELECT ; CREATE TABLE postgis (id int);"
        );
        assert_eq!(text.find("CREATE TABLE"), script.find("CREATE TABLE"));
    }

    #[test]
    fn an_extension_is_made_in_the_version_that_is_known() {
        let versions = [("citext", "1.4")].into();
        let extensions = Extensions { versions, ..Extensions::default() };
        for (script, replayed) in [
            ("CREATE EXTENSION citext;", "CREATE EXTENSION citext VERSION '1.4';"),
            (
                "CREATE EXTENSION IF NOT EXISTS \"citext\" WITH SCHEMA x -- why\n; SELECT 1;",
                "CREATE EXTENSION IF NOT EXISTS \"citext\" WITH SCHEMA x VERSION '1.4' -- why\n; SELECT 1;",
            ),
            ("ALTER EXTENSION citext UPDATE", "ALTER EXTENSION citext UPDATE TO '1.4'"),
        ] {
            let text = extensions.text(script);
            let flat = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(flat(&text), flat(replayed));
        }
        for script in [
            "CREATE EXTENSION citext VERSION '1.6'",
            "ALTER EXTENSION citext UPDATE TO '1.6'",
            "ALTER EXTENSION citext SET SCHEMA x",
            "CREATE EXTENSION hstore",
            "DROP EXTENSION citext",
        ] {
            assert_eq!(extensions.text(script), script);
        }
    }
}
