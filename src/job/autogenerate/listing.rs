//! Differences as they are listed: what comes (`+`), what goes (`-`), what changes (`~`).

use std::collections::BTreeSet;

use crate::{
    catalog::{Catalog, Difference, Fact, How, Key, Kind, fact::EXTENSION},
    words::ident::Ident,
};

/// The list. What comes or goes with something else is not listed by itself.
pub(in crate::job) fn listed(
    differences: &[Difference],
    from: &Catalog,
    to: &Catalog,
) -> Vec<String> {
    let moved: BTreeSet<&Key> = differences
        .iter()
        .filter(|it| !matches!(it.how, How::Other(_)))
        .map(|it| &it.key)
        .collect();
    let mut lines = Vec::new();
    for difference in differences {
        let key = &difference.key;
        let (sign, catalog) = match difference.how {
            How::New => ('+', to),
            How::Gone => ('-', from),
            How::Other(_) => ('~', to),
        };
        let Some(fact) = catalog.get(key) else {
            continue;
        };
        if fact.is(EXTENSION) {
            continue;
        }
        let is_part = whole(key, fact).is_some_and(|whole| {
            moved.contains(&whole)
                || key.kind() == Kind::Constraint && fact.get("type") == Some("not null")
        });
        if sign != '~' && is_part {
            continue;
        }
        let mut line = format!("{sign} {}", name(key, fact));
        match &difference.how {
            How::Other(attributes) => {
                let changes = attributes.iter().filter(|(name, ..)| *name != "position");
                let changes: Vec<String> = changes.map(change).collect();
                line = format!("{line}: {}", changes.join(", "));
            }
            _ => {
                if let Some(what) = contents(key, fact, catalog) {
                    line = format!("{line}: {what}");
                }
            }
        }
        lines.push(line);
    }
    lines
}

fn change((name, was, is): &(&'static str, Option<String>, Option<String>)) -> String {
    let name = name.replace('_', " ");
    match (was.as_deref(), is.as_deref()) {
        (None, Some("true")) => name,
        (Some("true"), None) => format!("no longer {name}"),
        (None, Some(is)) => format!("{name} {}", short(is)),
        (Some(was), None) => format!("no {name} (it was {})", short(was)),
        (Some(was), Some(is)) => format!("{name} {} instead of {}", short(is), short(was)),
        (None, None) => name,
    }
}

/// A value on one line.
fn short(text: &str) -> String {
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = text.join(" ");
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

/// What an object is, and its name: `table "public"."users"`.
fn name(key: &Key, fact: &Fact) -> String {
    let label = match key.kind() {
        Kind::Relation | Kind::Routine => fact.get("kind").unwrap_or_else(|| key.kind().label()),
        Kind::Constraint => fact.get("type").unwrap_or("constraint"),
        Kind::Grant => return format!("grant {}", parts(key)),
        kind => kind.label(),
    };
    match key.kind() {
        Kind::Routine => {
            let name = format!("{}.{}", Ident(key.part(0)), Ident(key.part(1)));
            format!("{label} {name}({})", key.part(2))
        }
        _ => format!("{label} {}", parts(key)),
    }
}

fn parts(key: &Key) -> String {
    let parts: Vec<String> = key.parts().map(|part| Ident(part).to_string()).collect();
    parts.join(".")
}

/// What a new or dropped object consists of.
fn contents(key: &Key, fact: &Fact, catalog: &Catalog) -> Option<String> {
    match key.kind() {
        Kind::Relation => {
            let columns = catalog.below(Kind::Column, &[key.part(0), key.part(1)]);
            let mut columns: Vec<(usize, &str)> = columns
                .map(|(key, fact)| {
                    let position = fact.get("position").and_then(|it| it.parse().ok());
                    (position.unwrap_or_default(), key.part(2))
                })
                .collect();
            columns.sort_unstable();
            let names: Vec<&str> = columns.into_iter().map(|(_, name)| name).collect();
            Some(names.join(", "))
        }
        Kind::Column => {
            let null = if fact.is("not_null") { " not null" } else { "" };
            Some(format!("{}{null}", fact.get("type")?))
        }
        Kind::Constraint | Kind::Index => Some(short(fact.get("definition")?)),
        Kind::Enum => Some(fact.list("labels").join(", ")),
        _ => None,
    }
}

/// What an object comes and goes with.
fn whole(key: &Key, fact: &Fact) -> Option<Key> {
    let relation = |name: &str| Key::new(Kind::Relation, &[key.part(0), name]);
    match key.kind() {
        Kind::Constraint if fact.get("type") == Some("not null") => {
            let column = fact.list("columns").into_iter().next()?;
            Some(Key::new(Kind::Column, &[key.part(0), key.part(1), &column]))
        }
        Kind::Column
        | Kind::Constraint
        | Kind::Trigger
        | Kind::Rule
        | Kind::Policy
        | Kind::Inheritance => Some(relation(key.part(1))),
        Kind::Index => match fact.get("of_constraint") {
            Some(constraint) => Some(Key::new(
                Kind::Constraint,
                &[key.part(0), fact.get("table")?, constraint],
            )),
            None => Some(relation(fact.get("table")?)),
        },
        Kind::Statistics => Some(relation(fact.get("table")?)),
        Kind::CompositeAttribute => Some(Key::new(Kind::Composite, &[key.part(0), key.part(1)])),
        Kind::DomainConstraint => Some(Key::new(Kind::Domain, &[key.part(0), key.part(1)])),
        Kind::Sequence => {
            let owner = fact.get("owned_by").or_else(|| fact.get("identity_of"))?;
            let parts: Vec<String> = serde_json::from_str(owner).ok()?;
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            Some(Key::new(Kind::Column, &parts))
        }
        _ => None,
    }
}
