//! Extensions, and what is tied to one by DEPENDS ON EXTENSION.
//!
//! The members of an extension are its own business. `configuration` is, too: its scripts say what it is.

use std::collections::BTreeSet;

use crate::{
    catalog::{Attribute, Key, Kind},
    ddl::{
        rule::needs,
        rule::{Alter, Change, Loss, Object, Rule, Statement, Steps, no_parent, nobody, nothing},
    },
    words::ident::{Ident, Literal},
};

/// Extensions.
pub(super) const RULE: Rule = Rule {
    comment,
    owner: nothing,
    born_with: no_parent,
    dies_with: nobody,
    create,
    drop,
    alter,
};

/// The extensions that take an object away with them although it is no member: it was made to depend on them.
pub(super) fn tied(object: &Object<'_>) -> Vec<Key> {
    needs(object)
        .filter(|it| it.bond == 'x' && it.referenced.kind() == Kind::Extension)
        .map(|it| it.referenced.clone())
        .collect()
}

/// The statements that tie a new object to extensions. `words` name it: `FUNCTION "s"."f"()`.
pub(super) fn ties(object: &Object<'_>, words: &str) -> Vec<Statement> {
    tied(object).iter().map(|it| tie(words, "", it)).collect()
}

/// The statements that tie and untie an object that stays.
pub(super) fn retie(change: &Change<'_>, words: &str) -> Vec<Statement> {
    let before: BTreeSet<Key> = tied(&change.from).into_iter().collect();
    let after: BTreeSet<Key> = tied(&change.to).into_iter().collect();
    let gone = before.difference(&after).map(|it| tie(words, "NO ", it));
    let new = after.difference(&before).map(|it| tie(words, "", it));
    gone.chain(new).collect()
}

/// One tie, or the end of one.
fn tie(words: &str, no: &str, extension: &Key) -> Statement {
    let name = Ident(extension.name());
    Statement::new(format!("ALTER {words} {no}DEPENDS ON EXTENSION {name}"))
}

/// Names it in COMMENT ON.
fn comment(object: &Object<'_>) -> Option<String> {
    Some(words(object))
}

/// Makes it, in the version that the catalog says, or the usual one of the server.
fn create(object: &Object<'_>) -> Vec<Statement> {
    let mut sql = format!("CREATE {}", words(object));
    if let Some(schema) = object.get(Attribute::Schema) {
        sql += &format!(" WITH SCHEMA {}", Ident(schema));
    }
    if let Some(version) = object.get(Attribute::Version) {
        sql += &format!(" VERSION {}", Literal(version));
    }
    vec![Statement::new(sql)]
}

/// Takes it away, with its members.
fn drop(object: &Object<'_>) -> Vec<Statement> {
    let dropped = Statement::new(format!("DROP {}", words(object)));
    let lost = tables(object).map(|it| Loss::Rows(it.clone()));
    vec![lost.fold(dropped, |statement, rows| statement.losing(rows))]
}

/// Moves and updates it. An older version is made anew where nothing uses it, for few extensions have a script that leads back.
fn alter(change: &Change<'_>) -> Alter {
    let (from, to) = (&change.from, &change.to);
    // the usual one is not said, and taken for the newest
    let goes_back = match (from.get(Attribute::Version), to.get(Attribute::Version)) {
        (Some(was), Some(is)) => numbers(is) < numbers(was),
        (was, is) => was.is_none() && is.is_some(),
    };
    if goes_back && !is_used(from) && tables(from).next().is_none() {
        return Alter::Replace;
    }
    let words = words(to);
    let mut statements = Vec::new();
    if let (true, Some(schema)) = (change.differs(Attribute::Schema), to.get(Attribute::Schema)) {
        let sql = format!("ALTER {words} SET SCHEMA {}", Ident(schema));
        statements.push(Statement::new(sql));
    }
    if change.differs(Attribute::Version) {
        let version = to.get(Attribute::Version);
        let version = version.map_or_else(String::new, |it| format!(" TO {}", Literal(it)));
        let update = Statement::new(format!("ALTER {words} UPDATE{version}"));
        statements.push(if goes_back {
            update.remarking("this works only if the extension has a script that leads back")
        } else {
            update
        });
    }
    Alter::By(Steps::late(statements))
}

/// Whether something that is no member needs it or one of its members.
fn is_used(object: &Object<'_>) -> bool {
    object
        .catalog
        .dependencies
        .iter()
        .any(|it| belongs(object, &it.referenced) && !belongs(object, &it.dependent))
}

/// Whether a key is the extension or a member of it.
fn belongs(object: &Object<'_>, key: &Key) -> bool {
    let fact = object.catalog.get(key);
    let extension = fact.and_then(|it| it.get(Attribute::Extension));
    key == object.key || extension == Some(object.key.name())
}

/// The tables among its members.
fn tables<'c>(object: &Object<'c>) -> impl Iterator<Item = &'c Key> + use<'c> {
    let name = object.key.name();
    object
        .catalog
        .of_kind(Kind::Relation)
        .filter(move |(_, fact)| fact.get(Attribute::Extension) == Some(name))
        .filter(|(_, fact)| {
            matches!(
                fact.get(Attribute::Kind),
                Some("table" | "partitioned table")
            )
        })
        .map(|(key, _)| key)
}

/// A version as numbers, for `1.10` comes after `1.9`.
fn numbers(version: &str) -> Vec<u64> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|it| it.parse().ok())
        .collect()
}

/// The words that name it after COMMENT ON, CREATE, ALTER and DROP.
fn words(object: &Object<'_>) -> String {
    format!("EXTENSION {}", Ident(object.key.name()))
}
