//! Which relation a bare name means, for each role, through search_path.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::snapshot::{FactKind, Snapshot};

/// What PostgreSQL uses where nobody set anything.
const DEFAULT: &str = "\"$user\", public";

/// For every role, the schema in which the bare name of a ledger is found; none where it is not found.
pub(super) fn resolved(
    snapshot: &Snapshot,
    ledger: usize,
    schema: &str,
) -> BTreeMap<String, Option<String>> {
    let mut holding: BTreeSet<&str> = snapshot
        .of(Some(ledger), FactKind::Namesake)
        .map(|(_, fact)| fact.text("schema"))
        .collect();
    holding.insert(schema);
    let paths: BTreeMap<(&str, bool), &str> = snapshot
        .of(None, FactKind::Setting)
        .filter(|(_, fact)| fact.text("name") == "search_path")
        .map(|(_, fact)| ((fact.text("role"), fact.is("here")), fact.text("value")))
        .collect();
    let roles = snapshot.of(Some(ledger), FactKind::Role);
    let found = roles.map(|(label, _)| {
        let role = label.trim_matches('"').replace("\"\"", "\"");
        // from the strongest setting to the weakest
        let path = [(role.as_str(), true), (role.as_str(), false), ("", true), ("", false)]
            .iter()
            .find_map(|scope| paths.get(scope))
            .copied()
            .unwrap_or(DEFAULT);
        let schemas = path.split(',').map(|name| {
            let name = name.trim();
            match name.trim_matches('"') {
                "$user" => role.clone(),
                quoted if name.starts_with('"') => quoted.replace("\"\"", "\""),
                plain => plain.to_lowercase(),
            }
        });
        let found = schemas.into_iter().find(|schema| holding.contains(schema.as_str()));
        (role, found)
    });
    found.collect()
}
