//! Scripts without the extensions that something stands in for.

use crate::{
    migration::source::{Migration, Migrations, Script},
    words::sql::{self, Piece},
};

/// Migrations in which statements about these extensions do nothing. Every place in a script stays what it is.
pub(super) fn migrations(all: &Migrations, extensions: &[String]) -> Migrations {
    let replaced =
        |script: &Script| Script { text: text(&script.text, extensions), ..script.clone() };
    let list = all.iter().map(|it| Migration {
        up: replaced(&it.up),
        down: it.down.as_ref().map(replaced),
        ..it.clone()
    });
    // the versions are those that were one of a kind before
    Migrations::new(list.collect()).unwrap_or_else(|_| all.clone())
}

/// A script in which statements about these extensions do nothing.
pub(super) fn text(script: &str, extensions: &[String]) -> String {
    let Ok(statements) = sql::split(script) else {
        return script.to_owned();
    };
    let mut text = script.to_owned();
    for statement in statements {
        let written = &script[statement.span.clone()];
        if !is_about(written, extensions) {
            continue;
        }
        // a statement all the same, for a script has to have one
        let blank = |c: char| {
            if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) }
        };
        let rest: String = written.chars().map(blank).collect();
        let nothing = format!("SELECT{}", rest.get(NOTHING..).unwrap_or_default());
        text.replace_range(statement.span, &nothing);
    }
    text
}

/// How long `SELECT` is.
const NOTHING: usize = 6;

/// Whether a statement makes, changes or drops one of these extensions.
fn is_about(statement: &str, extensions: &[String]) -> bool {
    let Ok(pieces) = sql::pieces(statement) else {
        return false;
    };
    let rest = match &pieces[..] {
        [verb, rest @ ..] if ["create", "alter", "drop"].iter().any(|it| verb.is(it)) => rest,
        [comment, on, rest @ ..] if comment.is("comment") && on.is("on") => rest,
        _ => return false,
    };
    let [extension, rest @ ..] = rest else {
        return false;
    };
    let is_filler = |it: &&Piece<'_>| ["if", "not", "exists"].iter().any(|word| it.is(word));
    let name = rest.iter().find(|it| !is_filler(it));
    let is_one = |name: &String| extensions.contains(name);
    extension.is("extension")
        && matches!(name, Some(Piece::Word(name) | Piece::Name(name)) if is_one(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_about_an_extension_become_nothing_and_places_stay() {
        let script = "CREATE EXTENSION IF NOT EXISTS\n  \"postgis\" WITH SCHEMA é;\nCREATE EXTENSION citext; COMMENT ON EXTENSION postgis IS 'x';
DROP EXTENSION postgis CASCADE;\nCREATE TABLE postgis (id int);";
        let text = text(script, &["postgis".to_owned()]);
        assert_eq!(text.len(), script.len());
        let pieces: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        assert_eq!(
            pieces.join(" "),
            "SELECT ; CREATE EXTENSION citext; SELECT ; SELECT ; CREATE TABLE postgis (id int);"
        );
        assert_eq!(text.find("CREATE TABLE"), script.find("CREATE TABLE"));
    }
}
