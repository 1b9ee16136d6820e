//! What differs between two catalogs, object by object.

use std::{collections::BTreeMap, fmt};

use crate::catalog::{Attribute, Catalog, Fact, Key, ObjectKind};

/// One object that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The object.
    pub key: Key,
    /// What became of it.
    pub how: How,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It is only in the first catalog.
    Gone,
    /// It is only in the second.
    New,
    /// Attributes that differ: their name, and what they were and are.
    Other(Vec<Changed>),
}

/// An attribute that differs, with what it was and what it is.
pub(crate) type Changed = (Attribute, Option<String>, Option<String>);

impl Difference {
    /// Whether only the place among the columns of its table differs: PostgreSQL cannot put one back.
    #[must_use]
    pub fn is_only_position(&self) -> bool {
        match &self.how {
            How::Other(attributes) => {
                attributes.iter().all(|(name, ..)| *name == Attribute::Position)
            }
            _ => false,
        }
    }

    /// Whether it counts: the place of a column does not, and that of an attribute does, for a row is written by it.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.key.kind() == ObjectKind::CompositeAttribute || !self.is_only_position()
    }
}

/// For people: `index "public"."t_x" is left behind`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.how {
            How::Gone => write!(f, "{} is gone", self.key),
            How::New => write!(f, "{} is left behind", self.key),
            How::Other(attributes) => {
                write!(f, "{} differs:", self.key)?;
                for (at, (name, was, is)) in attributes.iter().enumerate() {
                    let value = |value: &Option<String>| {
                        value.clone().unwrap_or_else(|| "the default".into())
                    };
                    let before = if at == 0 { "" } else { "," };
                    write!(f, "{before} {name} was {}, is {}", value(was), value(is))?;
                }
                Ok(())
            }
        }
    }
}

impl Catalog {
    /// What is different in `other`, in order.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut pairs: BTreeMap<&Key, (Option<&Fact>, Option<&Fact>)> = BTreeMap::new();
        for (key, fact) in self.iter() {
            pairs.entry(key).or_default().0 = Some(fact);
        }
        for (key, fact) in other.iter() {
            pairs.entry(key).or_default().1 = Some(fact);
        }
        let differing = pairs.into_iter().filter(|(_, (was, is))| was != is);
        differing
            .map(|(key, (was, is))| Difference {
                key: key.clone(),
                how: match (was, is) {
                    (Some(was), Some(is)) => How::Other(attributes(was, is)),
                    (Some(_), None) => How::Gone,
                    _ => How::New,
                },
            })
            .filter(|it| !matches!(&it.how, How::Other(attributes) if attributes.is_empty()))
            .collect()
    }
}

fn attributes(was: &Fact, is: &Fact) -> Vec<Changed> {
    let mut names: Vec<Attribute> = was.iter().chain(is.iter()).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let text = |fact: &Fact, name: Attribute| {
        // the usual one of a server is left out, and is one for people
        let said = match name {
            Attribute::Version => fact.get(name).or(fact.get(Attribute::Installed)),
            _ => fact.get(name),
        };
        said.map(str::to_owned)
    };
    let differing =
        names.into_iter().filter(|name| was.get(*name) != is.get(*name) && !name.is_of_server());
    differing.map(|name| (name, text(was, name), text(is, name))).collect()
}
