//! Triggers of a foreign key that ALTER TABLE has switched off, or to another session role.
//!
//! Their names hold numbers that are others in every database, so that they are looked up when the statement runs.

use crate::{
    catalog::{Attribute, Key, ObjectKind},
    ddl::rules::{Change, LockMode, Object, Statement, Work},
    tables::names,
    words::ident::Literal,
};

/// A relation as PostgreSQL prints it, and what became of the triggers there.
type State = (String, String);

/// Switches the triggers of a new foreign key.
pub(super) fn set(constraint: &Object<'_>) -> Vec<Statement> {
    let wanted = states(constraint);
    wanted.iter().map(|it| switch(constraint, it)).collect()
}

/// Switches those of one that stays.
pub(super) fn change(change: &Change<'_>) -> Vec<Statement> {
    let (from, to) = (states(&change.from), states(&change.to));
    // PostgreSQL makes them anew when it is enforced again
    let is_anew = change.differs(Attribute::NotEnforced);
    let gone = from
        .iter()
        .filter(|(relation, _)| !to.iter().any(|(it, _)| it == relation))
        .map(|(relation, _)| (relation.clone(), String::new()));
    let new = to.iter().filter(|it| is_anew || !from.contains(it)).cloned();
    let all: Vec<State> = gone.chain(new).collect();
    all.iter().map(|it| switch(&change.to, it)).collect()
}

/// Reads `[["public.t", "disabled"]]`.
fn states(constraint: &Object<'_>) -> Vec<State> {
    let text = constraint.get(Attribute::TriggerStates).unwrap_or("[]");
    serde_json::from_str(text).unwrap_or_default()
}

/// Switches all triggers of a foreign key on one of its two tables.
fn switch(constraint: &Object<'_>, (printed, state): &State) -> Statement {
    let what = match state.as_str() {
        "disabled" => "DISABLE",
        "replica" => "ENABLE REPLICA",
        "always" => "ENABLE ALWAYS",
        _ => "ENABLE",
    };
    let table = names::relation(constraint).to_string();
    let (name, table) = (Literal(constraint.key.name()), Literal(&table));
    let alter = format!("ALTER TABLE ONLY {} {what} TRIGGER %I", printed.replace('%', "%%"));
    let (relation, alter) = (Literal(printed), Literal(&alter));
    let body = format!(
        "DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT t.tgname
        FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_constraint c ON c.oid = t.tgconstraint
        WHERE c.conrelid = {table}::regclass AND c.conname = {name} AND t.tgrelid = {relation}::regclass
    LOOP
        EXECUTE pg_catalog.format({alter}, name);
    END LOOP;
END"
    );
    let tag = "$switch$";
    let sql = if body.contains(tag) {
        format!("DO {}", Literal(&body))
    } else {
        format!("DO {tag}\n{body}\n{tag}")
    };
    let mut statement = Statement::new(sql);
    if let Some((schema, name)) = names::split(printed) {
        let relation = Key::new(ObjectKind::Relation, &[&schema, &name]);
        statement = statement.touching(&relation, LockMode::ShareRowExclusive, Work::Catalog);
    }
    statement.remarking("only a superuser can enable or disable the triggers of a foreign key")
}
