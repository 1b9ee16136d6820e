//! Differences as they are listed: what comes (`+`), what goes (`-`), what changes (`~`).

use std::collections::BTreeSet;

use crate::{
    catalog::{
        Attribute, Catalog, Changed, ConstraintKind, Difference, Fact, How, Key, ObjectKind,
    },
    words::ident::Ident,
};

/// The list. What comes, goes or changes with something else is not listed by itself.
pub(crate) fn listed(differences: &[Difference], from: &Catalog, to: &Catalog) -> Vec<String> {
    let of = |wanted: fn(&How) -> bool| -> BTreeSet<&Key> {
        let all = differences.iter().filter(|it| wanted(&it.how));
        all.map(|it| &it.key).collect()
    };
    let (changed, moved) =
        (of(|how| matches!(how, How::Other(_))), of(|how| !matches!(how, How::Other(_))));
    // what tables have of their own: partitions and heirs follow
    let own: BTreeSet<(char, &str)> = differences
        .iter()
        .filter_map(|it| {
            let (sign, catalog) = side(&it.how, from, to);
            let is_own = it.key.kind() == ObjectKind::Column
                && !catalog.get(&it.key)?.is(Attribute::Inherited);
            is_own.then(|| (sign, it.key.part(2)))
        })
        .collect();
    let mut lines = Vec::new();
    for difference in differences {
        let key = &difference.key;
        let (sign, catalog) = side(&difference.how, from, to);
        let Some(fact) = catalog.get(key) else {
            continue;
        };
        if fact.is(Attribute::Extension) {
            continue;
        }
        let whole = whole(key, fact);
        let is_part = whole.as_ref().is_some_and(|whole| {
            moved.contains(whole)
                || key.kind() == ObjectKind::Constraint
                    && fact.is_constraint(ConstraintKind::NotNull)
        });
        // the columns of a view are in its definition
        let is_of_view = key.kind() == ObjectKind::Column
            && whole.as_ref().is_some_and(|whole| {
                changed.contains(whole)
                    && catalog.get(whole).is_some_and(|it| it.is(Attribute::Definition))
            });
        let is_heir = key.kind() == ObjectKind::Column
            && fact.is(Attribute::Inherited)
            && own.contains(&(sign, key.part(2)));
        if sign != '~' && is_part || is_of_view || is_heir {
            continue;
        }
        let mut line = format!("{sign} {}", name(key, fact));
        match &difference.how {
            How::Other(attributes) => {
                let has_type = attributes.iter().any(|(name, ..)| *name == Attribute::Type);
                let is_attribute = key.kind() == ObjectKind::CompositeAttribute;
                let says = |name: Attribute| {
                    (name != Attribute::Position || is_attribute) && !(has_type && is_of_type(name))
                };
                let changes = attributes.iter().filter(|(name, ..)| says(*name));
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

/// The sign of a difference, and the catalog that has the object.
fn side<'c>(how: &How, from: &'c Catalog, to: &'c Catalog) -> (char, &'c Catalog) {
    match how {
        How::New => ('+', to),
        How::Gone => ('-', from),
        How::Other(_) => ('~', to),
    }
}

/// Whether an attribute of a column follows from its type.
fn is_of_type(name: Attribute) -> bool {
    let heads = ["type_", "element_", "base_", "max_length", "domain_"];
    heads.iter().any(|it| name.name().starts_with(it))
}

fn change((name, was, is): &Changed) -> String {
    let name = name.name().replace('_', " ");
    match (was.as_deref(), is.as_deref()) {
        (None, Some("true")) => name,
        (Some("true"), None) => format!("no longer {name}"),
        (None, Some(is)) => format!("{name} {}", short(is)),
        (Some(was), None) => format!("no {name} (it was {})", short(was)),
        (Some(was), Some(is)) => {
            let (is, was) = apart(is, was);
            format!("{name} {is} instead of {was}")
        }
        (None, None) => name,
    }
}

/// So many characters of a value are shown.
const SHOWN: usize = 60;

/// A value on one line.
fn short(text: &str) -> String {
    cut(&on_one_line(text))
}

/// Two values, from shortly before the place where they part.
fn apart(one: &str, other: &str) -> (String, String) {
    let (one, other) = (on_one_line(one), on_one_line(other));
    let alike = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    let start = alike.count().saturating_sub(SHOWN / 4);
    let is_long = |text: &str| text.chars().count() > SHOWN;
    if start == 0 || !(is_long(&one) || is_long(&other)) {
        return (cut(&one), cut(&other));
    }
    let from = |text: &str| {
        let rest: String = text.chars().skip(start).collect();
        format!("… {}", cut(&rest))
    };
    (from(&one), from(&other))
}

fn on_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// What CREATE INDEX says after the name: `UNIQUE ON public.t USING btree (a)`.
fn indexed(definition: &str) -> String {
    let is_unique = definition.starts_with("CREATE UNIQUE ");
    let Some((_, rest)) = definition.split_once(" ON ") else {
        return short(definition);
    };
    format!("{}on {}", if is_unique { "unique " } else { "" }, on_one_line(rest))
}

/// What an object is, and its name: `table "public"."users"`.
fn name(key: &Key, fact: &Fact) -> String {
    let label = match key.kind() {
        ObjectKind::Relation | ObjectKind::Routine => {
            fact.get(Attribute::Kind).unwrap_or_else(|| key.kind().label())
        }
        ObjectKind::Constraint => fact.get(Attribute::Type).unwrap_or("constraint"),
        ObjectKind::Grant => return format!("grant {}", parts(key)),
        kind => kind.label(),
    };
    match key.kind() {
        ObjectKind::Routine => {
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
        ObjectKind::Relation => {
            let columns = catalog.below(ObjectKind::Column, &[key.part(0), key.part(1)]);
            let mut columns: Vec<(usize, &str)> = columns
                .map(|(key, fact)| {
                    let position = fact.get(Attribute::Position).and_then(|it| it.parse().ok());
                    (position.unwrap_or_default(), key.part(2))
                })
                .collect();
            columns.sort_unstable();
            let names: Vec<&str> = columns.into_iter().map(|(_, name)| name).collect();
            Some(names.join(", "))
        }
        ObjectKind::Column => {
            let null = if fact.is(Attribute::NotNull) { " not null" } else { "" };
            Some(format!("{}{null}", fact.get(Attribute::Type)?))
        }
        ObjectKind::Index => Some(indexed(fact.get(Attribute::Definition)?)),
        ObjectKind::Constraint => Some(short(fact.get(Attribute::Definition)?)),
        ObjectKind::Enum => Some(fact.list(Attribute::Labels).join(", ")),
        _ => None,
    }
}

/// What an object comes and goes with.
fn whole(key: &Key, fact: &Fact) -> Option<Key> {
    let relation = |name: &str| Key::new(ObjectKind::Relation, &[key.part(0), name]);
    match key.kind() {
        ObjectKind::Constraint if fact.is_constraint(ConstraintKind::NotNull) => {
            let column = fact.list(Attribute::Columns).into_iter().next()?;
            Some(Key::new(ObjectKind::Column, &[key.part(0), key.part(1), &column]))
        }
        ObjectKind::Column
        | ObjectKind::Constraint
        | ObjectKind::Trigger
        | ObjectKind::Rule
        | ObjectKind::Policy
        | ObjectKind::Inheritance => Some(relation(key.part(1))),
        ObjectKind::Index => match fact.get(Attribute::OfConstraint) {
            Some(constraint) => Some(Key::new(
                ObjectKind::Constraint,
                &[key.part(0), fact.get(Attribute::Table)?, constraint],
            )),
            None => Some(relation(fact.get(Attribute::Table)?)),
        },
        ObjectKind::Statistics => Some(relation(fact.get(Attribute::Table)?)),
        ObjectKind::CompositeAttribute => {
            Some(Key::new(ObjectKind::Composite, &[key.part(0), key.part(1)]))
        }
        ObjectKind::DomainConstraint => {
            Some(Key::new(ObjectKind::Domain, &[key.part(0), key.part(1)]))
        }
        ObjectKind::Sequence => {
            let owner = fact.get(Attribute::OwnedBy).or_else(|| fact.get(Attribute::IdentityOf))?;
            let parts: Vec<String> = serde_json::from_str(owner).ok()?;
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            Some(Key::new(ObjectKind::Column, &parts))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_shown_where_they_part() {
        let long = "SELECT a, b, c, d, e FROM some_schema.some_table_with_a_long_name WHERE a > 1";
        let (is, was) = apart(&long.replace("> 1", "> 2"), long);
        assert_eq!(is, "… name WHERE a > 2");
        assert_eq!(was, "… name WHERE a > 1");
        assert_eq!(apart("1", "2"), ("1".to_owned(), "2".to_owned()));
        let (is, was) = apart("x", long);
        assert_eq!(is, "x");
        assert!(was.ends_with('…'), "{was}");
    }

    #[test]
    fn an_index_is_what_it_is_on() {
        assert_eq!(
            indexed("CREATE UNIQUE INDEX i ON public.t USING btree (a)"),
            "unique on public.t USING btree (a)"
        );
    }
}
