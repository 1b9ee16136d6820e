//! Extensions, and what is tied to one by DEPENDS ON EXTENSION.
//!
//! The members of an extension are its own business. `configuration` is, too: its scripts say what it is.

use std::collections::BTreeSet;

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind, RelationKind},
    ddl::{
        rules::needs,
        rules::{Alter, Change, KindRules, LockMode, Loss, Object, Statement, Steps, Work},
    },
    words::ident::{Ident, Literal},
};

/// Extensions.
pub(crate) struct Extension;

impl KindRules for Extension {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(words(object))
    }

    // Makes it, in the version that the catalog says, or the usual one of the server.
    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let mut sql = format!("CREATE {}", words(object));
        if let Some(schema) = object.get(Attribute::Schema) {
            sql += &format!(" WITH SCHEMA {}", Ident(schema));
        }
        if let Some(version) = object.get(Attribute::Version) {
            sql += &format!(" VERSION {}", Literal(version));
        }
        vec![Statement::new(sql)]
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        let dropped = Statement::new(format!("DROP {}", words(object)));
        let lost = tables(object.catalog, object.key).map(|it| Loss::Rows(it.clone()));
        vec![lost.fold(dropped, |statement, rows| statement.losing(rows))]
    }

    // Moves and updates it. Where no update leads to a version, it is made anew in that if nothing uses it.
    fn alter(&self, change: &Change<'_>) -> Alter {
        let (from, to) = (&change.from, &change.to);
        let updates = change.differs(Attribute::Version);
        if updates && !has_update(from.fact, to.fact) {
            if is_replaceable(from.catalog, from.key) {
                return Alter::Replace;
            }
            let [was, is] = [from, to].map(|it| version(it.fact));
            return Alter::Impossible(format!(
                "version {was} is installed, and there is no update from it to {is}"
            ));
        }
        let words = words(to);
        let mut statements = Vec::new();
        if let (true, Some(schema)) = (change.differs(Attribute::Schema), to.get(Attribute::Schema))
        {
            let sql = format!("ALTER {words} SET SCHEMA {}", Ident(schema));
            statements.push(Statement::new(sql));
        }
        if updates {
            let version = to.get(Attribute::Version);
            let version = version.map_or_else(String::new, |it| format!(" TO {}", Literal(it)));
            statements.push(Statement::new(format!("ALTER {words} UPDATE{version}")));
        }
        Alter::By(Steps::late(statements))
    }
}

/// The extensions that take an object away with them although it is no member: it was made to depend on them.
pub(crate) fn tied(object: &Object<'_>) -> Vec<Key> {
    needs(object)
        .filter(|it| it.bond == 'x' && it.referenced.kind() == ObjectKind::Extension)
        .map(|it| it.referenced.clone())
        .collect()
}

/// The statements that tie a new object to extensions. `words` name it: `FUNCTION "s"."f"()`.
pub(crate) fn ties(object: &Object<'_>, words: &str) -> Vec<Statement> {
    tied(object).iter().map(|it| tie(object, words, "", it)).collect()
}

/// The statements that tie and untie an object that stays.
pub(crate) fn retie(change: &Change<'_>, words: &str) -> Vec<Statement> {
    let before: BTreeSet<Key> = tied(&change.from).into_iter().collect();
    let after: BTreeSet<Key> = tied(&change.to).into_iter().collect();
    let gone = before.difference(&after).map(|it| tie(&change.to, words, "NO ", it));
    let new = after.difference(&before).map(|it| tie(&change.to, words, "", it));
    gone.chain(new).collect()
}

/// One tie, or the end of one.
fn tie(object: &Object<'_>, words: &str, no: &str, extension: &Key) -> Statement {
    let name = Ident(extension.name());
    let statement = Statement::new(format!("ALTER {words} {no}DEPENDS ON EXTENSION {name}"));
    let relation = object.key.relation(object.fact);
    match relation
        .filter(|_| matches!(object.key.kind(), ObjectKind::Relation | ObjectKind::Trigger))
    {
        Some(relation) => statement.touching(&relation, LockMode::AccessExclusive, Work::Catalog),
        None => statement,
    }
}

/// The version that it is in.
fn version(extension: &Fact) -> &str {
    let said = extension.get(Attribute::Version);
    said.or(extension.get(Attribute::Installed)).unwrap_or("?")
}

/// Whether an update leads from one version to the other, as far as either server tells.
fn has_update(from: &Fact, to: &Fact) -> bool {
    let targets = from.list(Attribute::UpdateTo);
    match to.get(Attribute::Version) {
        // the usual one of the server that it is on
        None => !targets.is_empty(),
        Some(new) => {
            let sources = to.list(Attribute::UpdateFrom);
            targets.iter().any(|it| it == new) || sources.iter().any(|it| it == version(from))
        }
    }
}

/// Whether nothing is lost when it is dropped and made again.
fn is_replaceable(catalog: &Catalog, extension: &Key) -> bool {
    !is_used(catalog, extension) && tables(catalog, extension).next().is_none()
}

/// The extensions in use that no update leads to the version that is wanted.
pub(crate) fn no_update(from: &Catalog, to: &Catalog) -> Vec<Key> {
    let all = from.of_kind(ObjectKind::Extension);
    let stuck = all.filter(|(key, was)| {
        let is = to.get(key);
        let is_another = |is: &&Fact| is.get(Attribute::Version) != was.get(Attribute::Version);
        is.filter(is_another).is_some_and(|is| !has_update(was, is)) && !is_replaceable(from, key)
    });
    stuck.map(|(key, _)| key.clone()).collect()
}

/// Whether something that is no member needs it or one of its members.
fn is_used(catalog: &Catalog, extension: &Key) -> bool {
    // whether a key is the extension or a member of it
    let belongs = |key: &Key| {
        let fact = catalog.get(key);
        let of = fact.and_then(|it| it.get(Attribute::Extension));
        key == extension || of == Some(extension.name())
    };
    let mut all = catalog.dependencies.iter();
    all.any(|it| belongs(&it.referenced) && !belongs(&it.dependent))
}

/// The tables among its members.
fn tables<'c>(catalog: &'c Catalog, extension: &'c Key) -> impl Iterator<Item = &'c Key> {
    let all = catalog.of_kind(ObjectKind::Relation).filter(move |(_, fact)| {
        let is_table = fact.relation_kind().is_some_and(RelationKind::is_table);
        is_table && fact.get(Attribute::Extension) == Some(extension.name())
    });
    all.map(|(key, _)| key)
}

/// The words that name it after COMMENT ON, CREATE, ALTER and DROP.
fn words(object: &Object<'_>) -> String {
    format!("EXTENSION {}", Ident(object.key.name()))
}
