//! Renames: never guessed, asked for as `old=new`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, Kind},
    job::{JobError, failure::AutogenerateError},
    ledger::Declaration,
    words::ident::{Ident, Literal, Qualified},
};

/// The statements of confirmed renames.
#[derive(Debug, Clone, Default)]
pub(super) struct Renames {
    pub(super) up: Vec<String>,
    /// The way back, in the order in which it runs.
    pub(super) down: Vec<String>,
}

/// What can be renamed.
enum Named<'n> {
    Table(Qualified<'n>),
    Column(Qualified<'n>, &'n str),
    Type(Qualified<'n>),
    /// A value of an enum type.
    Label(Qualified<'n>, &'n str),
}

impl<'n> Named<'n> {
    /// Finds what a text names: a table, one of its columns, a type, or a value of an enum type, with the schema or without.
    fn find(text: &'n str, catalog: &Catalog) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(3, '.').collect();
        let has = |kind: Kind, parts: &[&str]| catalog.get(&Key::new(kind, parts)).is_some();
        let whole = |schema: &'n str, name: &'n str| {
            let it = Qualified { schema, name };
            let is_type = TYPES.iter().any(|kind| has(*kind, &[schema, name]));
            match () {
                () if has(Kind::Relation, &[schema, name]) => Some(Named::Table(it)),
                () => is_type.then_some(Named::Type(it)),
            }
        };
        let part = |schema: &'n str, name: &'n str, part: &'n str| {
            let it = Qualified { schema, name };
            if has(Kind::Column, &[schema, name, part]) {
                return Some(Named::Column(it, part));
            }
            let labels = catalog
                .get(&Key::new(Kind::Enum, &[schema, name]))?
                .list(Attribute::Labels);
            labels
                .iter()
                .any(|it| it == part)
                .then_some(Named::Label(it, part))
        };
        match *parts.as_slice() {
            [name] => whole("public", name),
            [one, two] => whole(one, two).or_else(|| part("public", one, two)),
            [schema, name, last] => part(schema, name, last),
            _ => None,
        }
    }

    /// The statements there and back.
    fn to(&self, new: &str) -> (String, String) {
        let both =
            |of: &dyn Fn(&str, &str) -> String, old: &str, new: &str| (of(old, new), of(new, old));
        let inside = |place: &Qualified<'n>, words: &str, old: &str| {
            let of = |from: &str, to: &str| {
                format!(
                    "ALTER TABLE {place} RENAME {words} {} TO {}",
                    Ident(from),
                    Ident(to)
                )
            };
            both(&of, old, new)
        };
        let alone = |place: &Qualified<'n>, word: &str| {
            let of = |from: &str, to: &str| {
                let schema = place.schema;
                format!(
                    "ALTER {word} {} RENAME TO {}",
                    Qualified { schema, name: from },
                    Ident(to)
                )
            };
            both(&of, place.name, new)
        };
        match self {
            Self::Table(table) => alone(table, "TABLE"),
            Self::Type(it) => alone(it, "TYPE"),
            Self::Column(table, column) => inside(table, "COLUMN", column),
            Self::Label(of_type, label) => {
                let of = |from: &str, to: &str| {
                    format!(
                        "ALTER TYPE {of_type} RENAME VALUE {} TO {}",
                        Literal(from),
                        Literal(to)
                    )
                };
                both(&of, label, new)
            }
        }
    }
}

/// Types that columns may have, and that keep their values under another name.
const TYPES: [Kind; 5] = [
    Kind::Enum,
    Kind::Domain,
    Kind::Composite,
    Kind::Range,
    Kind::BaseType,
];

/// Reads `table=new`, `schema.table=new`, `table.column=new` and `schema.table.column=new`; the same of types and the values of enum
/// types.
pub(super) fn statements(renames: &[String], catalog: &Catalog) -> Result<Renames, JobError> {
    let mut all = Renames::default();
    for text in renames {
        let unknown = || AutogenerateError::Rename { text: text.clone() };
        let (old, new) = text.split_once('=').ok_or_else(unknown)?;
        let named = Named::find(old, catalog).ok_or_else(unknown)?;
        let new = match named {
            Named::Label(..) => new,
            _ => new.rsplit('.').next().unwrap_or(new),
        };
        let (there, back) = named.to(new);
        all.up.push(there);
        all.down.insert(0, back);
    }
    Ok(all)
}

impl Renames {
    /// Adds more that run after these.
    pub(super) fn extend(&mut self, more: Self) {
        self.up.extend(more.up);
        self.down.splice(0..0, more.down);
    }

    fn push(&mut self, of: impl Fn(&str, &str) -> String, old: &str, new: &str) {
        self.up.push(of(old, new));
        self.down.insert(0, of(new, old));
    }
}

/// Constraints, or else indexes and sequences, that differ in nothing but their names: nothing is built anew for a name.
pub(super) fn alike(from: &Catalog, to: &Catalog, kinds: &[Kind]) -> Renames {
    let mut all = Renames::default();
    for kind in kinds {
        let only = |one: &Catalog, other: &Catalog| -> Vec<(Key, Fact)> {
            let entries = one.of_kind(*kind);
            entries
                .filter(|(key, fact)| {
                    let goes_along = fact.is(Attribute::OfPartitioned)
                        || fact.is(Attribute::Inherited)
                        || key.kind() == Kind::Index && fact.is(Attribute::OfConstraint);
                    other.get(key).is_none() && !goes_along
                })
                .map(|(key, fact)| (key.clone(), fact.clone()))
                .collect()
        };
        let (gone, new) = (only(from, to), only(to, from));
        let same = |one: &(Key, Fact), other: &(Key, Fact)| {
            let place = |key: &Key| -> Vec<String> {
                let parts: Vec<String> = key.parts().map(str::to_owned).collect();
                parts[..parts.len() - 1].to_vec()
            };
            place(&one.0) == place(&other.0) && nameless(one) == nameless(other)
        };
        for old in &gone {
            let mut found = new.iter().filter(|it| same(old, it));
            let (Some(new), None) = (found.next(), found.next()) else {
                continue;
            };
            if gone.iter().filter(|it| same(it, new)).count() > 1 {
                continue;
            }
            let schema = old.0.part(0);
            let of = |from: &str, to: &str| match kind {
                Kind::Constraint => {
                    let table = Qualified {
                        schema,
                        name: old.0.part(1),
                    };
                    format!(
                        "ALTER TABLE {table} RENAME CONSTRAINT {} TO {}",
                        Ident(from),
                        Ident(to)
                    )
                }
                _ => {
                    let word = match kind {
                        Kind::Index => "INDEX",
                        _ => "SEQUENCE",
                    };
                    let name = Qualified { schema, name: from };
                    format!("ALTER {word} {name} RENAME TO {}", Ident(to))
                }
            };
            all.push(of, old.0.name(), new.0.name());
        }
    }
    all
}

/// The attributes of a constraint, an index or a sequence, without its name in them.
fn nameless((key, fact): &(Key, Fact)) -> BTreeMap<Attribute, String> {
    let attributes = fact.iter().filter_map(|(name, value)| match name {
        // a constraint and its index have one name
        Attribute::Index | Attribute::OfConstraint if value == key.name() => {
            Some((name, String::new()))
        }
        // by which one CLUSTER goes is no structure
        Attribute::Clustered => None,
        Attribute::Definition if key.kind() == Kind::Index => {
            let (head, rest) = value.split_once("INDEX ")?;
            let (_, tail) = rest.split_once(" ON ")?;
            Some((name, format!("{head}{tail}")))
        }
        _ => Some((name, value.to_owned())),
    });
    attributes.collect()
}

/// How the names of what is renamed aside begin: nothing compares them afterwards.
pub(super) const KEPT: &str = "glowplug_kept_";

/// Whether something was renamed aside, or belongs to what was.
pub(super) fn is_kept(key: &Key, fact: &Fact) -> bool {
    let is_aside = |name: &str| name.starts_with(KEPT);
    let owners = [Attribute::OwnedBy, Attribute::IdentityOf];
    match key.kind() {
        Kind::Column => is_aside(key.part(1)) || is_aside(key.part(2)),
        Kind::Index => fact.get(Attribute::Table).is_some_and(is_aside),
        Kind::Sequence => owners
            .iter()
            .flat_map(|name| fact.list(*name).into_iter().skip(1))
            .any(|it| is_aside(&it)),
        _ => is_aside(key.part(1)),
    }
}

/// Tables and columns that go, but for those of ledgers: renamed aside.
pub(super) fn aside(from: &Catalog, to: &Catalog, ledgers: &[Declaration]) -> Renames {
    let mut all = Renames::default();
    let is_ledger = |key: &Key| {
        let mut ledgers = ledgers.iter();
        ledgers.any(|it| it.schema == key.part(0) && it.table == key.part(1))
    };
    let kept = |name: &str, is_taken: &dyn Fn(&str) -> bool| {
        let mut number = 1;
        loop {
            let end = if number == 1 {
                String::new()
            } else {
                format!("_{number}")
            };
            let mut name = format!("{KEPT}{name}");
            while name.len() + end.len() > 63 {
                name.pop();
            }
            name += &end;
            if !is_taken(&name) {
                return name;
            }
            number += 1;
        }
    };
    for (key, fact) in from.of_kind(Kind::Relation) {
        let is_table = matches!(
            fact.get(Attribute::Kind),
            Some("table" | "partitioned table")
        );
        let stays = to.get(&Key::new(Kind::Schema, &[key.part(0)])).is_some();
        if !is_table || !stays || to.get(key).is_some() || is_kept(key, fact) || is_ledger(key) {
            continue;
        }
        let is_taken = |name: &str| {
            let key = Key::new(Kind::Relation, &[key.part(0), name]);
            from.get(&key).is_some()
        };
        let of = |from: &str, to: &str| {
            let name = Qualified {
                schema: key.part(0),
                name: from,
            };
            format!("ALTER TABLE {name} RENAME TO {}", Ident(to))
        };
        all.push(of, key.part(1), &kept(key.part(1), &is_taken));
    }
    for (key, fact) in from.of_kind(Kind::Column) {
        let relation = Key::new(Kind::Relation, &[key.part(0), key.part(1)]);
        let both = [from, to].map(|it| {
            let kind = it.get(&relation).and_then(|it| it.get(Attribute::Kind));
            matches!(kind, Some("table" | "partitioned table"))
        });
        let has_values = !fact.is(Attribute::Inherited) && !fact.is(Attribute::Generated);
        let goes = both == [true, true] && to.get(key).is_none();
        if !goes || !has_values || is_kept(key, fact) || is_ledger(key) {
            continue;
        }
        let is_taken = |name: &str| {
            let key = Key::new(Kind::Column, &[key.part(0), key.part(1), name]);
            from.get(&key).is_some()
        };
        let table = Qualified {
            schema: key.part(0),
            name: key.part(1),
        };
        let of = |from: &str, to: &str| {
            format!(
                "ALTER TABLE {table} RENAME COLUMN {} TO {}",
                Ident(from),
                Ident(to)
            )
        };
        all.push(of, key.part(2), &kept(key.part(2), &is_taken));
    }
    all
}

/// The wanted catalog with all that was renamed aside: columns that may be NULL and have no default, tables without ties to others.
pub(super) fn with_kept(to: &Catalog, from: &Catalog) -> Catalog {
    let mut to = to.clone();
    let mut kept = BTreeSet::new();
    for (key, fact) in from.iter().filter(|(key, fact)| is_kept(key, fact)) {
        let is_tie = match key.kind() {
            Kind::Constraint => fact.get(Attribute::Type) == Some("foreign key"),
            Kind::Trigger | Kind::Rule | Kind::Policy => true,
            _ => false,
        };
        if is_tie || to.get(key).is_some() {
            continue;
        }
        let in_kept_table = key.part(1).starts_with(KEPT);
        let fact = if key.kind() == Kind::Column && !in_kept_table {
            let left_out = [Attribute::NotNull, Attribute::Default, Attribute::Identity];
            let attributes = fact.iter().filter(|(name, _)| !left_out.contains(name));
            Fact::of(attributes.map(|(name, value)| (name, Some(value.to_owned()))))
        } else {
            fact.clone()
        };
        to.insert(key.clone(), fact);
        kept.insert(key.clone());
    }
    let within = from
        .dependencies
        .iter()
        .filter(|it| kept.contains(&it.dependent) && to.get(&it.referenced).is_some());
    to.dependencies.extend(within.cloned().collect::<Vec<_>>());
    to
}
