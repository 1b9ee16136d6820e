//! The rules: one file each.

mod adds_enum_value;
mod ban_char_field;
mod builds_index;
mod changes_access;
mod changes_default;
mod changes_generated;
mod copies_rows;
mod creates_extension;
mod disables_trigger;
mod domain_with_constraint;
mod down_loses_data;
mod drops_column;
mod drops_dependents;
mod drops_not_null;
mod drops_object;
mod drops_primary_key;
mod drops_schema;
mod drops_table;
mod enum_value_order;
mod fails;
mod fails_on_rows;
mod foreign_key_without_index;
mod identifier_too_long;
mod if_not_exists;
mod keeps_lock;
mod key_runs_out;
mod locks_many_tables;
mod locks_rows;
mod lossy_type_change;
mod lost_writes;
mod moves_schema;
mod no_down;
mod prefer_bigint_over_int;
mod prefer_identity;
mod prefer_jsonb;
mod prefer_lookup_table;
mod prefer_text_field;
mod prefer_timestamp_tz;
mod recreates_table;
mod redundant_index;
mod renames;
mod renames_enum_value;
mod replaces_routine;
mod restricts_writes;
mod rewrites_table;
mod scans_repeatedly;
mod scans_under_lock;
mod swallows_errors;
mod table_without_key;
mod truncates;
mod unnamed_constraint;
mod validates_at_once;

use super::rule::Rule;
use crate::words::near::distance;

/// All, in the order of their names.
const ALL: &[Rule] = &[
    adds_enum_value::RULE,
    ban_char_field::RULE,
    builds_index::RULE,
    changes_access::RULE,
    changes_default::RULE,
    changes_generated::RULE,
    copies_rows::RULE,
    creates_extension::RULE,
    disables_trigger::RULE,
    domain_with_constraint::RULE,
    down_loses_data::RULE,
    drops_column::RULE,
    drops_dependents::RULE,
    drops_not_null::RULE,
    drops_object::RULE,
    drops_primary_key::RULE,
    drops_schema::RULE,
    drops_table::RULE,
    enum_value_order::RULE,
    fails::RULE,
    fails_on_rows::RULE,
    foreign_key_without_index::RULE,
    identifier_too_long::RULE,
    if_not_exists::RULE,
    keeps_lock::RULE,
    key_runs_out::RULE,
    locks_many_tables::RULE,
    locks_rows::RULE,
    lossy_type_change::RULE,
    lost_writes::RULE,
    moves_schema::RULE,
    no_down::RULE,
    prefer_bigint_over_int::RULE,
    prefer_identity::RULE,
    prefer_jsonb::RULE,
    prefer_lookup_table::RULE,
    prefer_text_field::RULE,
    prefer_timestamp_tz::RULE,
    recreates_table::RULE,
    redundant_index::RULE,
    renames::RULE,
    renames_enum_value::RULE,
    replaces_routine::RULE,
    restricts_writes::RULE,
    rewrites_table::RULE,
    scans_repeatedly::RULE,
    scans_under_lock::RULE,
    swallows_errors::RULE,
    table_without_key::RULE,
    truncates::RULE,
    unnamed_constraint::RULE,
    validates_at_once::RULE,
];

/// Every rule, in the order of their names.
#[must_use]
pub fn all() -> &'static [Rule] {
    ALL
}

/// The rule of a name, or the first that another linter's name stands for.
#[must_use]
pub fn of_name(name: &str) -> Option<&'static Rule> {
    let name = name.strip_prefix("lint::").unwrap_or(name);
    let own = ALL.iter().find(|it| it.name == name);
    own.or_else(|| ALL.iter().find(|it| it.is_called(name)))
}

/// The name that is nearest to one that is none.
#[must_use]
pub fn near(name: &str) -> Option<&'static str> {
    let asked: Vec<char> = name.chars().collect();
    let named = ALL.iter().flat_map(|it| it.aliases.iter().copied().chain([it.name]));
    let distances = named.map(|it| (distance(&asked, &it.chars().collect::<Vec<char>>()), it));
    distances.min().filter(|(far, _)| *far <= 3).map(|(_, near)| near)
}
