//! What a flag can rename: where it is, and the statements that give it another name or another schema.

use std::fmt;

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind, RelationKind},
    words::ident::{Ident, Literal, Qualified},
};

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// An object of a catalog.
    Object(ObjectKind),
    /// A value of an enum type.
    Value,
}

/// Something that a flag can rename, by its place: schema, table, column. A routine is named without its arguments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thing {
    pub(super) what: What,
    pub(super) path: Vec<String>,
}

/// What stands in a schema.
const IN_A_SCHEMA: [ObjectKind; 9] = [
    ObjectKind::Relation,
    ObjectKind::Sequence,
    ObjectKind::Index,
    ObjectKind::Enum,
    ObjectKind::Domain,
    ObjectKind::Composite,
    ObjectKind::Range,
    ObjectKind::BaseType,
    ObjectKind::Routine,
];

/// What is a part of something in a schema.
const PARTS: [What; 5] = [
    What::Object(ObjectKind::Column),
    What::Value,
    What::Object(ObjectKind::CompositeAttribute),
    What::Object(ObjectKind::Constraint),
    What::Object(ObjectKind::DomainConstraint),
];

impl Thing {
    /// Everything that a catalog has at a place.
    pub(super) fn at(catalog: &Catalog, path: &[String]) -> Vec<Self> {
        let of = |what| Self { what, path: path.to_vec() };
        let kinds: Vec<What> = match path.len() {
            1 => vec![What::Object(ObjectKind::Schema)],
            2 => IN_A_SCHEMA.map(What::Object).to_vec(),
            3 => PARTS.to_vec(),
            _ => Vec::new(),
        };
        let all = kinds.into_iter().map(of);
        all.filter(|it| it.is_in(catalog)).collect()
    }

    /// Everything that a catalog has so many names deep: schemas, or what is in them.
    pub(super) fn all(catalog: &Catalog, depth: usize) -> impl Iterator<Item = Self> {
        let kinds = match depth {
            1 => &[ObjectKind::Schema][..],
            _ => &IN_A_SCHEMA[..],
        };
        kinds.iter().flat_map(move |kind| {
            let all = catalog.of_kind(*kind).map(move |(key, _)| Self {
                what: What::Object(*kind),
                path: key.parts().take(depth).map(str::to_owned).collect(),
            });
            all.collect::<Vec<_>>()
        })
    }

    /// The parts of something, of one kind.
    pub(super) fn inside(catalog: &Catalog, what: What, around: &[String]) -> Vec<Self> {
        let around: Vec<&str> = around.iter().map(String::as_str).collect();
        let names: Vec<String> = match what {
            What::Object(kind) => {
                let all = catalog.below(kind, &around);
                all.map(|(key, _)| key.name().to_owned()).collect()
            }
            What::Value => {
                let of_type = catalog.get(&Key::new(ObjectKind::Enum, &around));
                of_type.map(|it| it.list(Attribute::Labels)).unwrap_or_default()
            }
        };
        let place = |name: &String| {
            around.iter().copied().chain([name.as_str()]).map(str::to_owned).collect()
        };
        let all = names.iter().map(|name| Self { what, path: place(name) });
        all.collect()
    }

    /// Whether a catalog has it.
    pub(super) fn is_in(&self, catalog: &Catalog) -> bool {
        self.count(catalog) > 0
    }

    /// How many a catalog has: more than one only of routines.
    pub(super) fn count(&self, catalog: &Catalog) -> usize {
        match self.what {
            What::Object(ObjectKind::Routine) => {
                catalog.below(ObjectKind::Routine, &self.parts()).count()
            }
            What::Object(_) => usize::from(self.fact(catalog).is_some()),
            What::Value => {
                let labels = self.fact(catalog).map(|it| it.list(Attribute::Labels));
                usize::from(labels.is_some_and(|it| it.contains(self.name())))
            }
        }
    }

    /// What a catalog knows of it; of a value, what it knows of its type.
    pub(super) fn fact<'c>(&self, catalog: &'c Catalog) -> Option<&'c Fact> {
        match self.what {
            What::Object(kind) => catalog.get(&Key::new(kind, &self.parts())),
            What::Value => catalog.get(&Key::new(ObjectKind::Enum, &self.parts()[..2])),
        }
    }

    /// The names of what, where no two may be the same; those of relations and types are one.
    pub(super) fn namespace(&self) -> What {
        match self.what {
            What::Object(kind) if IN_A_SCHEMA.contains(&kind) && kind != ObjectKind::Routine => {
                What::Object(ObjectKind::Relation)
            }
            what => what,
        }
    }

    pub(super) fn name(&self) -> &String {
        self.path.last().expect("a place has a name")
    }

    /// What it is in; nothing for a schema.
    pub(super) fn around(&self) -> &[String] {
        &self.path[..self.path.len() - 1]
    }

    fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// The same at another place.
    pub(super) fn moved_to(&self, path: Vec<String>) -> Self {
        Self { what: self.what, path }
    }

    /// The statement that gives it another name.
    pub(super) fn renamed(&self, words: &Words, to: &str) -> String {
        let whole = |name| Qualified { schema: &self.path[0], name };
        let words = words.0;
        match (self.what, self.path.as_slice()) {
            (What::Value, [_, of_type, name]) => format!(
                "ALTER TYPE {} RENAME VALUE {} TO {}",
                whole(of_type),
                Literal(name),
                Literal(to)
            ),
            (What::Object(kind), [_, of, name]) => {
                let (part, tail) = match kind {
                    ObjectKind::Column => ("COLUMN", ""),
                    // the columns of typed tables go along
                    ObjectKind::CompositeAttribute => ("ATTRIBUTE", " CASCADE"),
                    _ => ("CONSTRAINT", ""),
                };
                let (name, to) = (Ident(name), Ident(to));
                format!("ALTER {words} {} RENAME {part} {name} TO {to}{tail}", whole(of))
            }
            (_, [_, name]) => format!("ALTER {words} {} RENAME TO {}", whole(name), Ident(to)),
            _ => format!("ALTER {words} {} RENAME TO {}", Ident(self.name()), Ident(to)),
        }
    }

    /// The statement that puts it into another schema.
    pub(super) fn put_into(&self, words: &Words, schema: &str) -> String {
        let name = Qualified { schema: &self.path[0], name: self.name() };
        format!("ALTER {} {name} SET SCHEMA {}", words.0, Ident(schema))
    }
}

/// Whether the name of a relation or a type is taken.
pub(in crate::autogenerate) fn is_taken(catalog: &Catalog, schema: &str, name: &str) -> bool {
    let place = [schema.to_owned(), name.to_owned()];
    let routine = What::Object(ObjectKind::Routine);
    Thing::at(catalog, &place).iter().any(|it| it.what != routine)
}

/// The words after ALTER, for something or for what it is a part of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(&'static str);

impl Words {
    /// Those for something of a catalog.
    pub(super) fn of(thing: &Thing, catalog: &Catalog) -> Self {
        let relation = || {
            let relation = Key::new(ObjectKind::Relation, &thing.parts()[..2]);
            catalog.relation_kind(&relation).unwrap_or(RelationKind::Table).keyword()
        };
        Self(match thing.what {
            What::Object(ObjectKind::Schema) => "SCHEMA",
            What::Object(ObjectKind::Relation | ObjectKind::Column) => relation(),
            What::Object(ObjectKind::Constraint) => "TABLE",
            What::Object(ObjectKind::Sequence) => "SEQUENCE",
            What::Object(ObjectKind::Index) => "INDEX",
            What::Object(ObjectKind::Domain | ObjectKind::DomainConstraint) => "DOMAIN",
            What::Object(ObjectKind::Routine) => "ROUTINE",
            What::Object(_) | What::Value => "TYPE",
        })
    }
}

/// For people: `column "public"."users"."id"`.
impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.what, self.path.as_slice()) {
            (What::Value, [schema, name, value]) => {
                let of = Qualified { schema, name };
                write!(f, "value {} of enum type {of}", Literal(value))
            }
            (What::Object(kind), _) => Key::new(kind, &self.parts()).fmt(f),
            (What::Value, _) => f.write_str(self.name()),
        }
    }
}
