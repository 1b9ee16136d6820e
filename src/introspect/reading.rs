//! The answers to the queries, joined by the server's numbers.

use std::collections::HashMap;

use super::{Part, queries};
use crate::{
    catalog::{Aspect, Attribute, Catalog, Coverage, Dependency, Fact, Key, ObjectKind},
    postgres::session::Row,
};

/// Where an object is in the system catalogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Address {
    /// The catalog.
    pub(super) class: u32,
    /// The row in it.
    pub(super) object: u32,
    /// The column, where it is one.
    part: i32,
}

/// The catalog of relations: pg_class.
pub(super) const RELATIONS: u32 = 1259;

impl Address {
    /// Reads `classid.objid.objsubid`. None for what cannot be pointed at, which is at `0.0.0`.
    fn of(text: &str) -> Option<Self> {
        let mut numbers = text.split('.');
        let address = Self {
            class: numbers.next()?.parse().ok()?,
            object: numbers.next()?.parse().ok()?,
            part: numbers.next()?.parse().ok()?,
        };
        (address.class != 0).then_some(address)
    }

    /// The relation of this number.
    pub(super) fn of_relation(oid: u32) -> Self {
        Self { class: RELATIONS, object: oid, part: 0 }
    }
}

/// A row of pg_depend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bond {
    pub(super) dependent: Address,
    pub(super) referenced: Address,
    /// `deptype`.
    how: char,
}

/// A catalog that is being read, and where its objects are on the server.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) catalog: Catalog,
    /// Which object stands at an address; kept only where something is joined to it.
    pub(super) places: HashMap<Address, Key>,
    /// Addresses of what is part of something else, and the address of that.
    pub(super) aliases: HashMap<Address, Address>,
    /// What needs what.
    pub(super) bonds: Vec<Bond>,
    joins: bool,
}

impl Reading {
    pub(super) fn of(coverage: &Coverage) -> Self {
        let aspects = [Aspect::Comments, Aspect::Extensions, Aspect::Dependencies];
        Self {
            catalog: Catalog::new(coverage.clone()),
            places: HashMap::new(),
            aliases: HashMap::new(),
            bonds: Vec::new(),
            joins: coverage.has(ObjectKind::Grant) || aspects.iter().any(|it| coverage.tells(*it)),
        }
    }

    pub(super) fn take(&mut self, part: &Part, rows: Vec<Row>) {
        for row in rows {
            match part {
                Part::Kind(query) => self.object(query, row),
                Part::Comments => self.attribute(Attribute::Comment, row),
                Part::Members => self.attribute(Attribute::Extension, row),
                Part::Grants => self.grant(row),
                Part::Aliases => {
                    let [alias, whole] = super::texts(row);
                    if let (Some(alias), Some(whole)) = (Address::of(&alias), Address::of(&whole)) {
                        self.aliases.insert(alias, whole);
                    }
                }
                Part::Dependencies => {
                    let [dependent, referenced, how] = super::texts(row);
                    if let (Some(dependent), Some(referenced)) =
                        (Address::of(&dependent), Address::of(&referenced))
                    {
                        self.bonds.push(Bond {
                            dependent,
                            referenced,
                            how: how.chars().next().unwrap_or_default(),
                        });
                    }
                }
                Part::Unread => {
                    let [kind, name] = super::texts(row);
                    self.catalog.unread.entry(kind).or_default().insert(name);
                }
            }
        }
    }

    fn object(&mut self, query: &queries::KindQuery, row: Row) {
        let mut values = row.into_iter();
        let address = values.next().flatten().unwrap_or_default();
        let name: Vec<String> =
            values.by_ref().take(query.key).map(Option::unwrap_or_default).collect();
        let parts: Vec<&str> = name.iter().map(String::as_str).collect();
        let key = Key::new(query.kind, &parts);
        let fact = Fact::of(query.attributes.iter().copied().zip(values));
        if self.joins
            && let Some(address) = Address::of(&address)
        {
            self.places.insert(address, key.clone());
        }
        self.catalog.insert(key, fact);
    }

    /// The object at an address, or the one that stands for what is there: a table for its row type, a sequence for its columns.
    pub(super) fn at(&self, address: Address) -> Option<&Key> {
        let mut at = address;
        // the array of a row type of a table: more than one step, and never many
        for _ in 0..4 {
            if let Some(key) = self.places.get(&at) {
                return Some(key);
            }
            at = match self.aliases.get(&at) {
                Some(whole) => *whole,
                None if at.part != 0 => Address { part: 0, ..at },
                None => return None,
            };
        }
        None
    }

    fn attribute(&mut self, name: Attribute, row: Row) {
        let [address, value] = super::texts(row);
        if let Some(fact) = Address::of(&address)
            .and_then(|it| self.places.get(&it))
            .and_then(|key| self.catalog.get_mut(key))
        {
            fact.set(name, value);
        }
    }

    fn grant(&mut self, row: Row) {
        let mut values = row.into_iter();
        let [address, kind, grantee, privilege] = super::texts(values.by_ref().take(4).collect());
        let Some(object) = Address::of(&address).and_then(|it| self.at(it)) else {
            return;
        };
        let mut parts = vec![kind.as_str()];
        parts.extend(object.parts());
        parts.extend([grantee.as_str(), privilege.as_str()]);
        let fact = Fact::of([Attribute::Grantable, Attribute::Revoked].into_iter().zip(values));
        self.catalog.insert(Key::new(ObjectKind::Grant, &parts), fact);
    }

    /// What a type that an extension brings is made of comes with it, too.
    fn members_of_members(&mut self) {
        let parts = [
            (ObjectKind::CompositeAttribute, ObjectKind::Composite),
            (ObjectKind::DomainConstraint, ObjectKind::Domain),
        ];
        let mut all = Vec::new();
        for (part, whole) in parts {
            for (key, _) in self.catalog.of_kind(part) {
                let of = Key::new(whole, &[key.part(0), key.part(1)]);
                let extension = self.catalog.get(&of).and_then(|it| it.get(Attribute::Extension));
                all.extend(extension.map(|it| (key.clone(), it.to_owned())));
            }
        }
        for (key, extension) in all {
            if let Some(fact) = self.catalog.get_mut(&key) {
                fact.set(Attribute::Extension, extension);
            }
        }
    }

    /// Says in the catalog what needs what, after all parts were taken.
    pub(super) fn tie(&mut self) {
        let mut taken_away = Vec::new();
        let tied = self.bonds.iter().filter_map(|bond| {
            let dependent = self.at(bond.dependent)?;
            let referenced = self.at(bond.referenced)?;
            // parts of one object need each other; only a routine can need itself
            if dependent == referenced && dependent.kind() != ObjectKind::Routine {
                return None;
            }
            if bond.how == 'x' && referenced.kind() == ObjectKind::Extension {
                taken_away.push((dependent.clone(), referenced.name().to_owned()));
            }
            Some(Dependency {
                dependent: dependent.clone(),
                referenced: referenced.clone(),
                bond: bond.how,
            })
        });
        self.catalog.dependencies = tied.collect();
        self.members_of_members();
        for (dependent, extension) in taken_away {
            if let Some(fact) = self.catalog.get_mut(&dependent) {
                let mut names = fact.list(Attribute::Extensions);
                names.push(extension);
                names.sort();
                names.dedup();
                fact.set(Attribute::Extensions, serde_json::json!(names).to_string());
            }
        }
    }
}
