//! The veto: whether a transaction has touched anything that ledgers rest on, asked in one query of less than a millisecond.
//!
//! Before the run the [objects](state) are found that the protection consists of, and the versions of their rows in the catalogs are
//! read. At the end of each migration they are [asked for again](veto), with what else would be a trace: a lock on a ledger, a trigger
//! that is put off, another transaction, a row of the tracking tables that is not our own, a sequence that was set back. If there is
//! any, the server refuses to go on, and the migration is run with the whole guard.

use crate::{
    ledger::Recorded,
    postgres::{
        guard::{Guard, SETTINGS},
        journal::Place,
        known::State,
        session::Row,
    },
    words::ident::Literal,
};

/// Pins that every part is found by an index, whatever the statistics of the catalogs say, and that the plan is kept. All other
/// settings that the answer depends on are pinned where the script ends.
pub(crate) fn by_index() -> String {
    let planned = ["jit", "plan_cache_mode", "enable_hashjoin", "enable_mergejoin"];
    let pinned = SETTINGS.iter().filter(|(name, _)| planned.contains(name));
    let off = ["enable_seqscan", "enable_material", "enable_bitmapscan"].map(|name| (name, "off"));
    let set = |(name, value): (&str, &str)| format!("SET LOCAL {name} = {value}");
    pinned.copied().chain(off).map(set).collect::<Vec<_>>().join("; ")
}

/// The query for the objects that ledgers rest on, with its values.
pub(crate) fn state(guard: &Guard, place: &Place) -> (&'static str, Row) {
    (include_str!("state.sql"), vec![Some(guard.names()), Some(place.schema.clone())])
}

/// How many values the [veto] takes.
pub(crate) const VETO_VALUES: usize = 16;

/// The query that fails where something was touched. Where it is to [refuse nothing](look), it tells the versions as they are.
pub(crate) fn veto(state: &State, place: &Place, server_version: u32) -> String {
    let parameters = "UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_parameter_acl";
    let parameters = if server_version >= 150_000 { parameters } else { "" };
    let mut versions = String::new();
    for line in include_str!("versions.sql").lines() {
        let wanted = line.split_once(" -- where $").and_then(|(_, rest)| rest.split(' ').next());
        let wanted = wanted.and_then(|number| number.parse::<usize>().ok());
        let objects =
            wanted.and_then(|number| state.objects.get(number.checked_sub(1)?)?.as_deref());
        if objects != Some("{}") {
            versions.push_str(line);
            versions.push('\n');
        }
    }
    versions.replace("{parameters}", parameters)
        + &include_str!("veto.sql").replace("{transaction}", &transaction(place, 12))
}

/// The objects whose versions are asked for.
fn asked(state: &State) -> Row {
    state.objects[..state.objects.len().min(VERSIONED)].to_vec()
}

/// How many kinds of objects have versions that are asked for; what a lock would be on comes after them.
const VERSIONED: usize = 10;

/// The query that fails where the transaction holds a lock that tells of a change, with its values.
pub(crate) fn locks(state: &State) -> (&'static str, Row) {
    (include_str!("locks.sql"), vec![state.objects.get(VERSIONED).cloned().flatten()])
}

/// The values with which the [veto] refuses nothing.
pub(crate) fn look(state: &State) -> Row {
    let mut values = asked(state);
    values.resize(VETO_VALUES, None);
    values
}

/// The values with which the [veto] refuses whatever was touched. `secret` is known to this run alone.
pub(crate) fn demand(state: &State, secret: &str, written: Recorded) -> Row {
    let mut values = asked(state);
    values.extend([Some(state.versions.clone()), Some(secret.to_owned())]);
    let own = [written.journal.0, written.journal.1, written.diesel.0, written.diesel.1];
    values.extend(own.map(|count| Some(count.to_string())));
    values
}

/// Notes how far sequences are, before a transaction; with its values. There is no answer.
pub(crate) fn numbered(state: &State) -> (&'static str, Row) {
    (include_str!("numbered.sql"), vec![Some(state.sequences.clone())])
}

/// How many values the [note] takes.
pub(crate) const NOTE_VALUES: usize = 5;

/// Notes which transaction this is, what was written to the tracking tables before it, and how far sequences were: in a setting that
/// ends with it. The answer are the sequences.
pub(crate) fn note(place: &Place) -> String {
    format!(
        "SELECT pg_catalog.current_setting('glowplug.numbers', true) WHERE pg_catalog.set_config('glowplug.transaction', {}, true) IS NOT NULL",
        transaction(place, 1)
    )
}

/// The values of the [note].
pub(crate) fn noted(secret: &str) -> Row {
    let mut values = vec![Some(secret.to_owned())];
    values.resize(NOTE_VALUES, Some("0".to_owned()));
    values
}

/// A digest of what names the transaction, less what we have written ourselves: the secret is value `first`, and the counts follow.
fn transaction(place: &Place, first: usize) -> String {
    let own = first + 1;
    let counted = |table: &str, own: usize| {
        let table = Literal(table).to_string();
        let count = |what: &str, own: &str| {
            format!(
                "pg_catalog.pg_stat_get_xact_tuples_{what}({table}::pg_catalog.regclass) OPERATOR(pg_catalog.-) {own}"
            )
        };
        let value = |own: usize| format!("${own}::pg_catalog.text::pg_catalog.int8");
        format!(
            "{}, ' ', {}, ' ', {}, ' ', pg_catalog.pg_relation_filenode({table}::pg_catalog.regclass)",
            count("inserted", &value(own)),
            count("updated", "0"),
            count("deleted", &value(own + 1))
        )
    };
    format!(
        "pg_catalog.md5(pg_catalog.concat(pg_catalog.pg_current_xact_id(), ' ', ${first}::pg_catalog.text, ' ', {}, ' ', {}, ' ', pg_catalog.current_setting('glowplug.numbers', true)))",
        counted(&place.journal(), own),
        counted(&place.diesel(), own + 2)
    )
}
