//! How values are kept and counted: storage, compression, statistics, options.

use crate::{
    catalog::{Attribute, Key, ObjectKind, RelationKind},
    ddl::rules::{Action, Change, LockMode, Object, Statement},
    tables::{
        column::{altered, column_all, column_only, only, relation_kind},
        options,
    },
};

/// What the definition of a column has no words for.
pub(super) fn given(object: &Object<'_>) -> Vec<Statement> {
    let mut all = Vec::new();
    all.extend(object.is(Attribute::Storage).then(|| storage(object)));
    all.extend(object.is(Attribute::StatisticsTarget).then(|| statistics(object)));
    all.extend(options_between(&[], object));
    all
}

/// What a column has that its type just has been set for: PostgreSQL gives it the storage of the type then.
pub(super) fn after_type(object: &Object<'_>) -> Vec<Statement> {
    let mut all = Vec::new();
    all.extend(object.is(Attribute::Storage).then(|| storage(object)));
    all.extend(object.is(Attribute::Compression).then(|| compression(object)));
    all
}

/// What a column that came from parents must be given, or freed from, to be as it should.
pub(super) fn unlike(object: &Object<'_>, parents: &[Object<'_>]) -> Vec<Statement> {
    let is_other = |name: Attribute| parents.iter().any(|it| it.get(name) != object.get(name));
    let mut all = Vec::new();
    // one that is set has been said already
    if is_other(Attribute::Storage) && !object.is(Attribute::Storage) {
        all.push(storage(object));
    }
    if is_other(Attribute::Compression) {
        all.push(compression(object));
    }
    all.extend(foreign(&[], object));
    all
}

/// What differs.
pub(super) fn changed(change: &Change<'_>, is_retyped: bool) -> Vec<Statement> {
    let to = &change.to;
    let mut all = Vec::new();
    if change.differs(Attribute::Storage) && !is_retyped {
        all.push(storage(to));
    }
    if change.differs(Attribute::Compression) && !is_retyped {
        all.push(compression(to));
    }
    if change.differs(Attribute::StatisticsTarget) {
        all.push(statistics(to));
    }
    all.extend(options_between(&change.from.list(Attribute::Options), to));
    all.extend(foreign(&change.from.list(Attribute::ForeignOptions), to));
    all
}

/// SET STORAGE.
fn storage(object: &Object<'_>) -> Statement {
    let word = object
        .get(Attribute::Storage)
        .map_or_else(|| usual_storage(object), str::to_ascii_uppercase);
    column_only(object, &format!("SET STORAGE {word}"))
}

/// The storage of a type. Before 16 there is no word for it, and only types that can have another one are asked for.
fn usual_storage(object: &Object<'_>) -> String {
    if object.major >= 16 && !object.portable {
        return "DEFAULT".to_owned();
    }
    let (schema, name) = if object.is(Attribute::BaseName) {
        (object.get(Attribute::BaseSchema), object.get(Attribute::BaseName))
    } else {
        (object.get(Attribute::TypeSchema), object.get(Attribute::TypeName))
    };
    let (schema, name) = (schema.unwrap_or_default(), name.unwrap_or_default());
    let own = object.catalog.get(&Key::new(ObjectKind::BaseType, &[schema, name]));
    match own.and_then(|it| it.get(Attribute::Storage)) {
        Some(word) => word.to_ascii_uppercase(),
        None if matches!(name, "numeric" | "inet" | "cidr") => "MAIN".to_owned(),
        None => "EXTENDED".to_owned(),
    }
}

/// SET COMPRESSION.
fn compression(object: &Object<'_>) -> Statement {
    let method = object.get(Attribute::Compression).unwrap_or("DEFAULT");
    column_only(object, &format!("SET COMPRESSION {method}"))
}

/// SET STATISTICS.
fn statistics(object: &Object<'_>) -> Statement {
    let target = object.get(Attribute::StatisticsTarget).unwrap_or("-1");
    only(object, shared(altered(object, &format!("SET STATISTICS {target}"))))
}

/// What lets readers and writers go on.
fn shared(action: Action) -> Action {
    action.under(LockMode::ShareUpdateExclusive)
}

/// SET and RESET of options.
fn options_between(from: &[String], to: &Object<'_>) -> Vec<Statement> {
    let found = options::difference(from, &to.list(Attribute::Options), "");
    [("RESET", found.reset), ("SET", found.set)]
        .iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(word, list)| format!("{word} ({})", list.join(", ")))
        .map(|what| only(to, shared(altered(to, &what))))
        .collect()
}

/// OPTIONS of a column of a foreign table.
fn foreign(from: &[String], to: &Object<'_>) -> Option<Statement> {
    if relation_kind(to) != RelationKind::ForeignTable {
        return None;
    }
    let options = options::changed(from, &to.list(Attribute::ForeignOptions))?;
    Some(column_all(to, &options))
}
