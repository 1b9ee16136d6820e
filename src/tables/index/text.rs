//! The text of an index, taken apart and put together again.

use std::fmt;

use crate::{
    catalog::{Attribute, Key, ObjectKind},
    ddl::rules::Object,
    tables::names,
    words::ident::{Ident, Qualified},
};

/// The statement that makes an index. `how` stands behind INDEX: `CONCURRENTLY`, for example.
pub(crate) fn create(index: &Object<'_>, how: &[&str], only: bool) -> String {
    let definition = index.get(Attribute::Definition).unwrap_or_default();
    let Some(body) = body(definition) else {
        return definition.to_owned();
    };
    let (body, condition) = split_condition(body, index.get(Attribute::Predicate));
    let unique = if index.is(Attribute::Unique) { "UNIQUE " } else { "" };
    let how: String = how.iter().map(|it| format!("{it} ")).collect();
    let only = if only { "ONLY " } else { "" };
    let (name, table) = (Ident(index.key.name()), table(index));
    let space = tablespace(index);
    format!("CREATE {unique}INDEX {how}{name} ON {only}{table}{body}{space}{condition}")
}

/// What tells an index from another besides the attributes of its columns: without options, tablespace and condition.
pub(crate) fn core<'c>(index: &Object<'c>) -> &'c str {
    let definition = index.get(Attribute::Definition).unwrap_or_default();
    let body = body(definition).unwrap_or(definition);
    let (body, _) = split_condition(body, index.get(Attribute::Predicate));
    match body.rsplit_once(" WITH (") {
        Some((core, _)) if index.is(Attribute::Options) => core,
        _ => body,
    }
}

/// `"schema"."table"` of an index.
pub(crate) fn table<'c>(index: &Object<'c>) -> Qualified<'c> {
    Qualified { schema: index.key.part(0), name: index.get(Attribute::Table).unwrap_or_default() }
}

/// ` TABLESPACE "x"` where it is not the usual one. `pg_get_indexdef` leaves that out.
fn tablespace(index: &Object<'_>) -> String {
    let space = index.get(Attribute::Tablespace);
    space.map_or_else(String::new, |it| format!(" TABLESPACE {}", Ident(it)))
}

/// What PostgreSQL calls an index that it makes for a partition by itself. None where it is not plain to see: for
/// expressions. Source: `ChooseIndexName` in `src/backend/commands/indexcmds.c`.
pub(crate) fn automatic_name(index: &Object<'_>) -> Option<String> {
    let table = index.get(Attribute::Table)?;
    if index.is(Attribute::Primary) {
        let name = format!("{table}_pkey");
        // a longer one is cut
        return (name.len() < 64).then_some(name);
    }
    let mut columns = index.list(Attribute::Columns);
    columns.extend(index.list(Attribute::Include));
    let columns: Option<Vec<String>> = columns.iter().map(|it| column(index, it)).collect();
    let label = match (index.is(Attribute::OfConstraint), index.is(Attribute::Unique)) {
        (false, _) => "idx",
        (true, true) => "key",
        (true, false) => "excl",
    };
    Some(names::made(table, &columns?.join("_"), label))
}

/// The name of a column that an index shows as it stands in SQL. None for an expression.
fn column(index: &Object<'_>, text: &str) -> Option<String> {
    let quoted = text.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let name = quoted.map_or_else(|| text.to_owned(), |it| it.replace("\"\"", "\""));
    let key = super::relation(index);
    let key = Key::new(ObjectKind::Column, &[key.part(0), key.part(1), &name]);
    index.catalog.get(&key).map(|_| name)
}

/// The text from USING on.
fn body(definition: &str) -> Option<&str> {
    let rest = definition.strip_prefix("CREATE ")?;
    let rest = rest.strip_prefix("UNIQUE ").unwrap_or(rest);
    let rest = after_name(rest.strip_prefix("INDEX ")?)?.strip_prefix(" ON ")?;
    let rest = after_name(rest.strip_prefix("ONLY ").unwrap_or(rest))?;
    match rest.strip_prefix('.') {
        Some(table) => after_name(table),
        None => Some(rest),
    }
}

/// What follows an identifier, quoted or not.
fn after_name(text: &str) -> Option<&str> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([' ', '.'])?;
        return text.get(end..);
    };
    loop {
        let (_, after) = rest.split_once('"')?;
        match after.strip_prefix('"') {
            Some(more) => rest = more,
            None => return Some(after),
        }
    }
}

/// Cuts off the condition of a partial index, with its WHERE.
fn split_condition<'t>(body: &'t str, predicate: Option<&str>) -> (&'t str, &'t str) {
    let Some(predicate) = predicate else {
        return (body, "");
    };
    let condition = format!(" WHERE {predicate}");
    match body.strip_suffix(condition.as_str()) {
        Some(head) => body.split_at(head.len()),
        None => (body, ""),
    }
}

/// `INDEX "schema"."name"`.
pub(crate) struct Designation<'c>(pub(crate) &'c Key);

impl fmt::Display for Designation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Qualified { schema: self.0.part(0), name: self.0.name() };
        write!(f, "INDEX {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_begins_after_the_table() {
        let plain = "CREATE INDEX i ON public.t USING btree (a)";
        assert_eq!(body(plain), Some(" USING btree (a)"));
        let quoted =
            "CREATE UNIQUE INDEX \"i \"\"ON x\" ON ONLY \"S.\".\"t \" USING hash (\"ON y\")";
        assert_eq!(body(quoted), Some(" USING hash (\"ON y\")"));
        assert_eq!(body("CREATE STATISTICS s"), None);
    }

    #[test]
    fn the_condition_is_cut_off() {
        let body = " USING btree (a) WHERE (a > 1)";
        assert_eq!(split_condition(body, Some("(a > 1)")), (" USING btree (a)", " WHERE (a > 1)"));
        assert_eq!(split_condition(body, None), (body, ""));
    }
}
