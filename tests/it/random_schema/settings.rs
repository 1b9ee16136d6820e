//! Random settings of `print-schema`, in diesel.toml and as flags.

use super::{
    Draft,
    words::{BUILT_IN, KEYS},
};

/// What settings can name.
struct World {
    spaces: Vec<String>,
    tables: Vec<String>,
    domains: Vec<String>,
    /// In UpperCamelCase.
    types: Vec<String>,
}

const DOCS: [&str; 3] = [
    "database-comments-fallback-to-auto-generated-doc-comment",
    "only-database-comments",
    "no-doc-comments",
];
const GROUPS: [&str; 3] = ["all_tables", "fk_related_tables", "none"];
const SORTINGS: [&str; 2] = ["ordinal_position", "name"];
const IMPORTS: [&str; 5] = [
    "diesel::sql_types::*",
    "crate::db::types::*",
    "crate::db::Mood",
    "super::sql_types::Name as Named",
    "pgvector::sql_types::*",
];
const DERIVES: [&str; 6] = [
    "diesel::query_builder::QueryId",
    "Clone",
    "Debug",
    "diesel::sql_types::SqlType",
    "std::fmt::Debug",
    "a_crate_with_a_long_name::and_a_module::ADerive",
];

/// A diesel.toml, and flags.
pub fn random(draft: &mut Draft) -> (String, Vec<String>) {
    let domains = draft.types.iter().filter(|it| it.domain);
    let mut types: Vec<String> = draft.camels.iter().cloned().collect();
    types.extend(BUILT_IN.iter().take(20).map(|&name| name.to_owned()));
    let world = World {
        spaces: draft.spaces.iter().map(|it| it.name.clone()).collect(),
        tables: draft.tables.iter().map(|it| it.name.clone()).collect(),
        domains: domains.map(|it| it.name.clone()).collect(),
        types,
    };
    let mut keys = vec!["default"];
    let mut toml = String::new();
    if draft.dice.percent(85) {
        toml += &table(draft, &world, "print_schema", 100);
        let mut flags = Vec::new();
        if draft.dice.percent(30) {
            flags = alone(draft, &world);
        }
        return (toml, flags);
    }
    if draft.dice.percent(70) {
        toml += &table(draft, &world, "print_schema", 50);
    }
    let count = draft.dice.between(1..=3);
    for key in draft.dice.some(KEYS, count) {
        let name = match key {
            "2" => "print_schema.\"2\"".to_owned(),
            key => format!("print_schema.{key}"),
        };
        toml += &table(draft, &world, &name, 100);
        if key != "default" {
            keys.push(key);
        }
    }
    let mut flags = Vec::new();
    if draft.dice.percent(30) {
        // Each flag is meant for the key before it.
        let most = draft.dice.between(1..=2);
        for key in draft.dice.some(&keys, most) {
            flags.extend(["--schema-key".to_owned(), key.to_owned()]);
            flags.extend(common(draft, &world).concat());
        }
    }
    (toml, flags)
}

/// A table of diesel.toml with some of its keys, the more the larger the share.
fn table(draft: &mut Draft, world: &World, name: &str, share: usize) -> String {
    let mut lines = Vec::new();
    let mut add = |key: &str, value: String| lines.push(format!("{key} = {value}"));
    let dice = &mut draft.dice;
    if dice.percent(45 * share / 100) {
        let value = match dice.below(5) {
            0 | 1 => "true".to_owned(),
            2 => "false".to_owned(),
            _ => quoted(dice.word(&DOCS)),
        };
        add("with_docs", value);
    }
    if dice.percent(30 * share / 100) {
        let value = quoted(dice.word(&GROUPS));
        add("allow_tables_to_appear_in_same_query_config", value);
    }
    if dice.percent(15 * share / 100) {
        add("column_sorting", quoted(dice.word(&SORTINGS)));
    }
    if dice.percent(if world.spaces.len() > 1 { 45 } else { 10 }) {
        add("schema", quoted(dice.pick::<String>(&world.spaces)));
    }
    if dice.percent(12 * share / 100) {
        let count = dice.below(3);
        let types = dice.some(&IMPORTS, count);
        add("import_types", array(&types));
    }
    if dice.percent(15 * share / 100) {
        let value = *dice.weigh(&[(2, "false"), (1, "true")]);
        add("generate_missing_sql_type_definitions", value.to_owned());
    }
    if dice.percent(12 * share / 100) {
        let rules = rules(draft, &world.types, 2);
        add("except_custom_type_definitions", array(&rules));
    }
    let dice = &mut draft.dice;
    if dice.percent(35 * share / 100) {
        let count = dice.below(5);
        let derives = dice.some(&DERIVES, count);
        add("custom_type_derives", array(&derives));
    }
    if dice.percent(2) {
        let value = dice.word(&["true", "false"]);
        add("sqlite_integer_primary_key_is_bigint", value.to_owned());
    }
    if dice.percent(if world.domains.is_empty() { 5 } else { 45 }) {
        let rules = rules(draft, &world.domains, 2);
        add("pg_domains_as_custom_types", array(&rules));
    }
    if draft.dice.percent(20 * share / 100) {
        let rules = rules(draft, &world.tables, 4);
        let value = match draft.dice.below(20) {
            0 => "{}".to_owned(),
            1..9 => format!("{{ only_tables = {} }}", array(&rules)),
            _ => format!("{{ except_tables = {} }}", array(&rules)),
        };
        add("filter", value);
    }
    draft.dice.shuffle(&mut lines);
    let mut text = format!("[{name}]\n");
    for line in lines {
        text += &line;
        text.push('\n');
    }
    text
}

/// Flags for a diesel.toml without sub-tables.
fn alone(draft: &mut Draft, world: &World) -> Vec<String> {
    let mut groups = common(draft, world);
    if draft.dice.percent(15) {
        let mut group = vec!["--except-custom-type-definitions".to_owned()];
        group.extend(rules(draft, &world.types, 2));
        if group.len() > 1 {
            groups.push(group);
        }
    }
    if draft.dice.percent(if world.domains.is_empty() { 5 } else { 30 }) {
        let mut group = Vec::new();
        for rule in rules(draft, &world.domains, 2) {
            group.extend(["--pg-domains-as-custom-types".to_owned(), rule]);
        }
        groups.push(group);
    }
    draft.dice.shuffle(&mut groups);
    groups.concat()
}

/// Flags for any diesel.toml; what belongs together is together.
fn common(draft: &mut Draft, world: &World) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut add = |words: &[&str]| groups.push(words.iter().map(|&it| it.to_owned()).collect());
    let dice = &mut draft.dice;
    match dice.below(10) {
        0 | 1 => add(&["--with-docs"]),
        2 | 3 => add(&["--with-docs-config", dice.word(&DOCS)]),
        _ => {}
    }
    if dice.percent(25) {
        let group = dice.word(&GROUPS);
        add(&["--allow-tables-to-appear-in-same-query-config", group]);
    }
    if dice.percent(15) {
        add(&["--column-sorting", dice.word(&SORTINGS)]);
    }
    if dice.percent(15) {
        let flag = dice.word(&["--schema", "-s"]);
        add(&[flag, dice.pick::<String>(&world.spaces)]);
    }
    if dice.percent(10) {
        add(&["--no-generate-missing-sql-type-definitions"]);
    }
    for (flag, values) in
        [("--import-types", &IMPORTS[..]), ("--custom-type-derives", &DERIVES[..])]
    {
        if dice.percent(12) {
            let count = dice.between(1..=3);
            let values = dice.some(values, count);
            let words: Vec<&str> = values.into_iter().flat_map(|it| [flag, it]).collect();
            add(&words);
        }
    }
    if dice.percent(20) {
        let flag = dice.word(&["-o", "--only-tables", "-e", "--except-tables"]);
        let mut group = vec![flag.to_owned()];
        group.extend(rules(draft, &world.tables, 3));
        groups.push(group);
    }
    draft.dice.shuffle(&mut groups);
    groups
}

/// Regular expressions that match some of the names.
fn rules(draft: &mut Draft, names: &[String], most: usize) -> Vec<String> {
    let mut rules = Vec::new();
    let dice = &mut draft.dice;
    for _ in 0..dice.between(1..=most) {
        if names.is_empty() || dice.percent(30) {
            let general = ["^[a-m]", "s$", "(?i)^P", ".{12}", "[^a-z_]", "a|e", "^", "__", "\\d"];
            rules.push(dice.word(&general).to_owned());
        } else {
            let name = escaped(dice.pick::<String>(names));
            rules.push(match dice.below(3) {
                0 => format!("(?:{name})"),
                1 => format!("^{name}"),
                _ => format!("^{name}$"),
            });
        }
    }
    rules
}

/// A regular expression that matches a text.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\.+*?()|[]{}^$#&-~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// An array of strings of TOML.
fn array(texts: &[impl AsRef<str>]) -> String {
    let texts: Vec<String> = texts.iter().map(|it| quoted(it.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}
