//! Publications, and the tables and schemas that they name.

use crate::{
    catalog::{Attribute, Key, ObjectKind},
    ddl::rules::{Alter, Change, KindRules, Object, Statement, Steps},
    words::ident::{Ident, Qualified},
};

/// Publications.
pub(crate) struct Publication;

impl KindRules for Publication {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(publication(object.key))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        create(object)
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        alter(change)
    }
}

/// Tables of publications.
pub(crate) struct PublicationTable;

impl KindRules for PublicationTable {
    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        let (schema, table) = (object.key.part(1), object.key.part(2));
        vec![publication_of(object.key), Key::new(ObjectKind::Relation, &[schema, table])]
    }

    // Without the tables that inherit from it: each is named by itself.
    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let mut sql =
            format!("ALTER {} ADD TABLE ONLY {}", publication(object.key), table(object.key));
        let columns = object.list(Attribute::Columns);
        if object.is(Attribute::Columns) {
            let columns: Vec<String> = columns.iter().map(|it| Ident(it).to_string()).collect();
            sql += &format!(" ({})", columns.join(", "));
        }
        if let Some(condition) = object.get(Attribute::Condition) {
            sql += &format!(" WHERE ({condition})");
        }
        vec![Statement::new(sql)]
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![Statement::new(format!(
            "ALTER {} DROP TABLE ONLY {}",
            publication(object.key),
            table(object.key)
        ))]
    }
}

/// Schemas of publications.
pub(crate) struct PublicationSchema;

impl KindRules for PublicationSchema {
    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        vec![publication_of(object.key), Key::new(ObjectKind::Schema, &[object.key.part(1)])]
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![schema(object, "ADD")]
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![schema(object, "DROP")]
    }
}

fn publication(key: &Key) -> String {
    format!("PUBLICATION {}", Ident(key.part(0)))
}

fn publication_of(member: &Key) -> Key {
    Key::new(ObjectKind::Publication, &[member.part(0)])
}

/// What a publication shows of the changes, or a list without all of them.
fn operations(object: &Object<'_>) -> String {
    let all = [
        ("insert", Attribute::NoInsert),
        ("update", Attribute::NoUpdate),
        ("delete", Attribute::NoDelete),
        ("truncate", Attribute::NoTruncate),
    ];
    let shown: Vec<&str> = all
        .iter()
        .filter(|(_, without)| !object.is(*without))
        .map(|(operation, _)| *operation)
        .collect();
    format!("publish = '{}'", shown.join(", "))
}

const OPERATIONS: &[Attribute] =
    &[Attribute::NoInsert, Attribute::NoUpdate, Attribute::NoDelete, Attribute::NoTruncate];

/// The options for which `is_wanted`, whatever their values are.
fn options(object: &Object<'_>, is_wanted: impl Fn(Attribute) -> bool) -> Vec<String> {
    let mut options = Vec::new();
    if OPERATIONS.iter().any(|it| is_wanted(*it)) {
        options.push(operations(object));
    }
    if is_wanted(Attribute::ViaRoot) {
        let value = object.is(Attribute::ViaRoot);
        options.push(format!("publish_via_partition_root = {value}"));
    }
    if is_wanted(Attribute::GeneratedColumns) {
        let value = object.get(Attribute::GeneratedColumns).unwrap_or("none");
        options.push(format!("publish_generated_columns = {value}"));
    }
    options
}

fn create(object: &Object<'_>) -> Vec<Statement> {
    let mut sql = format!("CREATE {}", publication(object.key));
    if object.is(Attribute::AllTables) {
        sql += " FOR ALL TABLES";
    }
    let options = options(object, |it| object.is(it));
    if !options.is_empty() {
        sql += &format!(" WITH ({})", options.join(", "));
    }
    vec![Statement::new(sql)]
}

fn alter(change: &Change<'_>) -> Alter {
    if change.differs(Attribute::AllTables) {
        return Alter::Replace;
    }
    let options = options(&change.to, |it| change.differs(it));
    if options.is_empty() {
        return Alter::By(Steps::default());
    }
    Alter::By(Steps::late([Statement::new(format!(
        "ALTER {} SET ({})",
        publication(change.to.key),
        options.join(", ")
    ))]))
}

fn table(key: &Key) -> Qualified<'_> {
    Qualified { schema: key.part(1), name: key.part(2) }
}

fn schema(object: &Object<'_>, verb: &str) -> Statement {
    Statement::new(format!(
        "ALTER {} {verb} TABLES IN SCHEMA {}",
        publication(object.key),
        Ident(object.key.part(1))
    ))
}
