//! The veto: whether a transaction has touched anything that ledgers rest on, asked in one query of a millisecond.
//!
//! Before the run the [versions](state) of all catalog rows are read that the protection consists of, and at the end of each migration
//! [asked again](veto), with what else would be a trace: a lock on a ledger, a trigger that is put off, another transaction, a row of the
//! tracking tables that is not our own. If there is any, the server refuses to go on, and the migration is run with the whole guard.

use crate::{
    ledger::Recorded,
    postgres::{
        guard::{Guard, pins},
        journal::Place,
        known::State,
    },
    words::ident::Literal,
};

/// Pins what the answer depends on, and that every part is found by an index, whatever the statistics of the catalogs say.
pub(crate) fn by_index() -> String {
    let settings = ["enable_seqscan", "enable_material", "enable_bitmapscan"];
    let off = settings.map(|name| format!("; SET LOCAL {name} = off"));
    pins() + &off.concat()
}

fn versions(server_version: u32) -> String {
    let parameters = "UNION ALL SELECT ctid, xmin, tableoid FROM pg_catalog.pg_parameter_acl";
    let parameters = if server_version >= 150_000 { parameters } else { "" };
    include_str!("versions.sql").replace("{parameters}", parameters)
}

/// The query for what is known between two migrations, with its values.
pub(crate) fn state(
    guard: &Guard,
    place: &Place,
    server_version: u32,
) -> (String, Vec<Option<String>>) {
    let sql = versions(server_version) + include_str!("state.sql");
    (sql, vec![Some(guard.names()), Some(place.schema.clone())])
}

/// The query that fails where something was touched, with its values. `secret` is known to this run alone.
pub(crate) fn veto(
    guard: &Guard,
    place: &Place,
    server_version: u32,
    (state, secret, written): (&State, &str, Recorded),
) -> (String, Vec<Option<String>>) {
    let sql = versions(server_version)
        + &include_str!("veto.sql").replace("{transaction}", &transaction(place, "$4", written));
    let values = vec![
        Some(guard.names()),
        Some(place.schema.clone()),
        Some(state.versions.clone()),
        Some(secret.to_owned()),
        Some(state.numbers.clone()),
    ];
    (sql, values)
}

/// Notes which transaction this is, and what was written to the tracking tables before it: in a setting that ends with it.
pub(crate) fn note(place: &Place, secret: &str) -> (String, Vec<Option<String>>) {
    let sql = format!(
        "SELECT ARRAY[pg_catalog.set_config('glowplug.transaction', {}, true)] AS \"row\"",
        transaction(place, "$1", Recorded::default())
    );
    (sql, vec![Some(secret.to_owned())])
}

/// A digest of what names the transaction, less what we have written ourselves.
fn transaction(place: &Place, secret: &str, written: Recorded) -> String {
    let counted = |table: &str, (inserted, deleted): (i64, i64)| {
        let table = Literal(table).to_string();
        let count = |what: &str, own: i64| {
            format!(
                "pg_catalog.pg_stat_get_xact_tuples_{what}({table}::pg_catalog.regclass) OPERATOR(pg_catalog.-) {own}"
            )
        };
        format!(
            "{}, ' ', {}, ' ', {}, ' ', pg_catalog.pg_relation_filenode({table}::pg_catalog.regclass)",
            count("inserted", inserted),
            count("updated", 0),
            count("deleted", deleted)
        )
    };
    format!(
        "pg_catalog.md5(pg_catalog.concat(pg_catalog.pg_current_xact_id(), ' ', {secret}::pg_catalog.text, ' ', {}, ' ', {}))",
        counted(&place.journal(), written.journal),
        counted(&place.diesel(), written.diesel)
    )
}
