//! What an object is called.

use std::fmt;
use std::sync::Arc;

use crate::{
    catalog::{Attribute, Fact, ObjectKind},
    words::ident::{Ident, split},
};

/// The kind of an object and its name, part by part: schema, table, column.
///
/// Keys are ordered by kind and then part by part, so that what belongs together stands together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    kind: ObjectKind,
    /// The parts, separated by a character that no name can hold.
    path: Arc<str>,
}

const SEPARATOR: char = '\0';

impl Key {
    /// Names an object.
    #[must_use]
    pub fn new(kind: ObjectKind, parts: &[&str]) -> Self {
        Self { kind, path: parts.join("\0").into() }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ObjectKind {
        self.kind
    }

    /// The parts of its name.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.path.split(SEPARATOR)
    }

    /// One part of its name; empty where it has no such part.
    #[must_use]
    pub fn part(&self, index: usize) -> &str {
        self.parts().nth(index).unwrap_or_default()
    }

    /// The last part of its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.parts().next_back().unwrap_or_default()
    }

    /// The relation that an object is, or is a part of, or belongs to.
    #[must_use]
    pub fn relation(&self, fact: &Fact) -> Option<Self> {
        let relation =
            |schema: &str, name: &str| Some(Self::new(ObjectKind::Relation, &[schema, name]));
        match self.kind {
            ObjectKind::Relation
            | ObjectKind::Column
            | ObjectKind::Constraint
            | ObjectKind::Trigger
            | ObjectKind::Rule
            | ObjectKind::Policy
            | ObjectKind::Inheritance => relation(self.part(0), self.part(1)),
            ObjectKind::Index => relation(self.part(0), fact.get(Attribute::Table)?),
            ObjectKind::Statistics => {
                let table = fact.get(Attribute::Table)?;
                let (schema, name) = split(table)?;
                relation(&schema, &name)
            }
            ObjectKind::Sequence => {
                let owners = [Attribute::OwnedBy, Attribute::IdentityOf];
                let owner = owners.map(|name| fact.list(name));
                let owner = owner.iter().find(|it| !it.is_empty())?;
                relation(owner.first()?, owner.get(1)?)
            }
            // what it is for stands in front
            ObjectKind::Grant if matches!(self.part(0), "table" | "column") => {
                relation(self.part(1), self.part(2))
            }
            ObjectKind::PublicationTable => relation(self.part(1), self.part(2)),
            _ => None,
        }
    }

    /// What the names of everything below it begin with.
    pub(super) fn prefix(&self) -> String {
        match &*self.path {
            "" => String::new(),
            path => format!("{path}{SEPARATOR}"),
        }
    }

    pub(super) fn is_below(&self, prefix: &str) -> bool {
        self.path.starts_with(prefix)
    }
}

/// For people: `column "public"."users"."id"`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.label())?;
        for (index, part) in self.parts().enumerate() {
            let before = if index == 0 { ' ' } else { '.' };
            write!(f, "{before}{}", Ident(part))?;
        }
        Ok(())
    }
}
