//! Views and materialized views: what the rule of relations leaves to them.
//!
//! A definition names every column of its view, so that no list of names is needed. What CREATE OR REPLACE VIEW allows is
//! in <https://www.postgresql.org/docs/current/sql-createview.html>.

use crate::{
    catalog::{Attribute, Key, ObjectKind, RelationKind},
    ddl::{
        extension,
        rules::{Alter, Change, Object, Statement, Steps, needs},
    },
    words::ident::{Ident, Literal, Qualified},
};

/// Names it in COMMENT ON.
pub(crate) fn comment(object: &Object<'_>) -> Option<String> {
    Some(words(object))
}

/// Names it in ALTER … OWNER TO.
pub(crate) fn owner(object: &Object<'_>) -> Option<String> {
    Some(words(object))
}

/// Makes it; the defaults of the columns of a view are its columns' business.
pub(crate) fn create(object: &Object<'_>) -> Vec<Statement> {
    if !is_materialized(object) {
        return vec![Statement::new(view("CREATE VIEW", object))];
    }
    let words = words(object);
    let method = object
        .get(Attribute::AccessMethod)
        .map(|it| format!(" USING {}", Ident(it)))
        .unwrap_or_default();
    let space = object
        .get(Attribute::Tablespace)
        .map(|it| format!(" TABLESPACE {}", Ident(it)))
        .unwrap_or_default();
    let options = with(&settings(object));
    let select = definition(object);
    let data = if object.is(Attribute::Unpopulated) { "NO DATA" } else { "DATA" };
    let sql = format!("CREATE {words}{method}{options}{space} AS\n{select}\nWITH {data}");
    let mut statements = vec![Statement::new(sql)];
    if matches!(object.get(Attribute::ReplicaIdentity), Some("full" | "nothing")) {
        statements.push(replica_identity(object));
    }
    statements.extend(extension::ties(object, &words));
    statements
}

/// Takes it away: a view holds no rows, a materialized one none that cannot be had again.
pub(crate) fn drop(object: &Object<'_>) -> Vec<Statement> {
    vec![Statement::new(format!("DROP {}", words(object)))]
}

/// Replaces the query where the columns allow it, and sets the rest.
pub(crate) fn alter(change: &Change<'_>) -> Alter {
    if change.differs(Attribute::Kind) {
        return Alter::Replace;
    }
    if is_materialized(&change.to) {
        return alter_materialized(change);
    }
    if !change.differs(Attribute::Definition) {
        return Alter::By(Steps::late(reset(change)));
    }
    if !keeps_columns(change) {
        return Alter::Replace;
    }
    let sql = view("CREATE OR REPLACE VIEW", &change.to);
    Alter::By(timely(change, vec![Statement::new(sql)]))
}

/// Puts the statements of a change where they belong: early when they only give something up, so that it can be dropped
/// after them; or else late, when everything new is there.
pub(crate) fn timely(change: &Change<'_>, statements: Vec<Statement>) -> Steps {
    let needed = |object: &Object<'_>| -> Vec<Key> {
        needs(object).map(|it| it.referenced.clone()).collect()
    };
    let (before, after) = (needed(&change.from), needed(&change.to));
    let gives_up = before.iter().any(|it| !after.contains(it));
    let wants = after.iter().any(|it| !before.contains(it));
    if gives_up && !wants {
        Steps { early: statements, ..Steps::default() }
    } else {
        Steps::late(statements)
    }
}

/// All that a materialized view can change without being made again. Whether it holds rows is nothing to change.
fn alter_materialized(change: &Change<'_>) -> Alter {
    let to = &change.to;
    let moves = change.differs(Attribute::AccessMethod);
    if change.differs(Attribute::Definition) || moves && to.major < 15 {
        return Alter::Replace;
    }
    let words = words(to);
    let mut statements = Vec::new();
    if moves {
        let method = Ident(to.get(Attribute::AccessMethod).unwrap_or("heap"));
        statements.push(Statement::new(format!("ALTER {words} SET ACCESS METHOD {method}")));
    }
    if change.differs(Attribute::Tablespace) {
        let space = Ident(to.get(Attribute::Tablespace).unwrap_or("pg_default"));
        statements.push(Statement::new(format!("ALTER {words} SET TABLESPACE {space}")));
    }
    statements.extend(reset(change));
    // one by an index is the index's to set
    if change.differs(Attribute::ReplicaIdentity)
        && to.get(Attribute::ReplicaIdentity) != Some("index")
    {
        statements.push(replica_identity(to));
    }
    statements.extend(extension::retie(change, &words));
    Alter::By(Steps::late(statements))
}

/// Sets or takes back what tells the rows of a materialized view apart in replication.
fn replica_identity(object: &Object<'_>) -> Statement {
    let identity = match object.get(Attribute::ReplicaIdentity) {
        Some("full") => "FULL",
        Some("nothing") => "NOTHING",
        _ => "DEFAULT",
    };
    Statement::new(format!("ALTER {} REPLICA IDENTITY {identity}", words(object)))
}

/// Whether the old columns are the first of the new ones: then whatever reads the view still can.
fn keeps_columns(change: &Change<'_>) -> bool {
    let (before, after) = (columns(&change.from), columns(&change.to));
    after.starts_with(&before)
}

/// The name, type and collation of every column, in their order.
fn columns<'c>(object: &Object<'c>) -> Vec<(&'c str, Option<&'c str>, Option<&'c str>)> {
    let parts = [object.key.part(0), object.key.part(1)];
    let below = object.catalog.below(ObjectKind::Column, &parts);
    let mut columns: Vec<_> = below.collect();
    columns.sort_by_key(|(_, fact)| {
        let position = fact.get(Attribute::Position);
        position.and_then(|it| it.parse::<usize>().ok())
    });
    columns
        .into_iter()
        .map(|(key, fact)| (key.part(2), fact.get(Attribute::Type), fact.get(Attribute::Collation)))
        .collect()
}

/// The statement that makes a view, or makes it anew: its options are reset by that, and so are part of it.
fn view(verb: &str, object: &Object<'_>) -> String {
    let name = name(object);
    let options = with(&settings(object));
    format!("{verb} {name}{options} AS\n{}", definition(object))
}

/// The query.
fn definition<'c>(object: &Object<'c>) -> &'c str {
    let text = object.get(Attribute::Definition).unwrap_or_default().trim_end();
    text.strip_suffix(';').unwrap_or(text)
}

/// Whether it keeps rows.
fn is_materialized(object: &Object<'_>) -> bool {
    object.fact.relation_kind() == Some(RelationKind::MaterializedView)
}

/// The words that name it after ALTER, DROP, COMMENT ON.
fn words(object: &Object<'_>) -> String {
    let word = if is_materialized(object) { "MATERIALIZED VIEW" } else { "VIEW" };
    format!("{word} {}", name(object))
}

/// Its name.
fn name(object: &Object<'_>) -> String {
    let qualified = Qualified { schema: object.key.part(0), name: object.key.part(1) };
    qualified.to_string()
}

/// The options, those of its TOAST table included: names as SQL, and values.
fn settings(object: &Object<'_>) -> Vec<(String, String)> {
    let given = |attribute: Attribute, before: &str| -> Vec<(String, String)> {
        let options = object.list(attribute);
        options
            .iter()
            .map(|it| it.split_once('=').unwrap_or((it.as_str(), "true")))
            .map(|(name, value)| (format!("{before}{}", Ident(name)), value.to_owned()))
            .collect()
    };
    let mut settings = given(Attribute::Options, "");
    settings.extend(given(Attribute::ToastOptions, "toast."));
    settings
}

/// A list of options as SET and WITH take it.
fn assignments<'s>(settings: impl IntoIterator<Item = &'s (String, String)>) -> String {
    let all: Vec<String> =
        settings.into_iter().map(|(name, value)| format!("{name} = {}", Literal(value))).collect();
    all.join(", ")
}

/// The options of a CREATE statement; nothing where there are none.
fn with(settings: &[(String, String)]) -> String {
    if settings.is_empty() {
        return String::new();
    }
    format!(" WITH ({})", assignments(settings))
}

/// What becomes of the options.
fn reset(change: &Change<'_>) -> Vec<Statement> {
    let (before, after) = (settings(&change.from), settings(&change.to));
    let words = words(&change.to);
    let gone: Vec<&str> = before
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| after.iter().all(|(kept, _)| kept != name))
        .collect();
    let new: Vec<&(String, String)> = after.iter().filter(|it| !before.contains(it)).collect();
    let mut statements = Vec::new();
    if !gone.is_empty() {
        let sql = format!("ALTER {words} RESET ({})", gone.join(", "));
        statements.push(Statement::new(sql));
    }
    if !new.is_empty() {
        let sql = format!("ALTER {words} SET ({})", assignments(new));
        statements.push(Statement::new(sql));
    }
    statements
}
