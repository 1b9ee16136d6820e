//! Whose objects are: who runs migrations owns what they make, here and in the shadow.

use std::collections::BTreeSet;

use crate::catalog::{Attribute, Catalog, Fact, Key, ObjectKind};

/// The role of the shadow's own server.
pub(crate) const ROLE: &str = "postgres";

/// The role that made the tracking table.
pub(crate) fn runner(live: &Catalog) -> Option<String> {
    let mut relations = live.of_kind(ObjectKind::Relation);
    let (_, fact) = relations.find(|(key, _)| key.part(1) == "__diesel_schema_migrations")?;
    fact.get(Attribute::Owner).map(str::to_owned)
}

/// The same with the shadow's role in the place of another.
pub(crate) fn owned_by(mut catalog: Catalog, role: &str) -> Catalog {
    catalog.map(|key, fact| {
        if key.kind() == ObjectKind::Schema && key.name() == "public" {
            // whose it is was decided when the database was made
            let rest = fact.iter().filter(|(name, _)| *name != Attribute::Owner);
            *fact = Fact::of(rest.map(|(name, value)| (name, Some(value.to_owned()))));
        }
        if role == ROLE {
            return;
        }
        if fact.get(Attribute::Owner) == Some(role) {
            fact.set(Attribute::Owner, ROLE.to_owned());
        }
        if key.kind() == ObjectKind::Grant && grantee(key) == Some(role) {
            let mut parts: Vec<&str> = key.parts().collect();
            let at = parts.len() - 2;
            parts[at] = ROLE;
            *key = Key::new(key.kind(), &parts);
        }
        if key.kind() == ObjectKind::DefaultPrivilege && key.part(0) == role {
            let mut parts: Vec<&str> = key.parts().collect();
            parts[0] = ROLE;
            *key = Key::new(key.kind(), &parts);
        }
    });
    catalog
}

/// The same of a database that is compared with a replay: what was granted to the role that runs migrations, so that it can, is no drift. In
/// the replay it may do everything.
pub(crate) fn live_for(catalog: Catalog, role: &str) -> Catalog {
    owned_by(without_own_grants(catalog, role), role)
}

/// A catalog without what a role was granted.
fn without_own_grants(mut catalog: Catalog, role: &str) -> Catalog {
    if role != ROLE {
        catalog.retain(|key, fact| {
            let is_own = key.kind() == ObjectKind::Grant && grantee(key) == Some(role);
            !is_own || fact.is(Attribute::Revoked)
        });
    }
    catalog
}

/// The same of a replay, where scripts may name the role that is in their place somebody else here. What they grant to it, it has
/// there as the owner.
pub(crate) fn replayed_for(catalog: Catalog, role: &str) -> Catalog {
    owned_by(owned_by(without_own_grants(catalog, role), role), ROLE)
}

/// Whom a privilege is given to.
fn grantee(key: &Key) -> Option<&str> {
    key.parts().rev().nth(1)
}

/// The roles that a database speaks of.
pub(crate) fn roles(catalog: &Catalog) -> BTreeSet<String> {
    let of = |(key, fact): (&Key, &Fact)| {
        let owner = fact.get(Attribute::Owner).map(str::to_owned);
        let grantee = match key.kind() {
            ObjectKind::Grant => grantee(key).map(str::to_owned),
            ObjectKind::DefaultPrivilege => Some(key.part(0).to_owned()),
            _ => None,
        };
        let to = match key.kind() {
            ObjectKind::Policy => fact.list(Attribute::Roles),
            _ => Vec::new(),
        };
        owner.into_iter().chain(grantee).chain(to)
    };
    let is_role = |it: &String| !(it.is_empty() || it == "PUBLIC" || it.starts_with("pg_"));
    catalog.iter().flat_map(of).filter(is_role).collect()
}
