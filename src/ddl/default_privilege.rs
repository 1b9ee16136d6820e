//! What ALTER DEFAULT PRIVILEGES gives to objects that are made later, or keeps from them.
//!
//! A key is the role that makes them, the schema (empty: all of them), what they are, the grantee and the privilege.

use std::collections::BTreeMap;

use crate::{
    catalog::{Attribute, Catalog, Key, ObjectKind},
    ddl::{
        grant::role,
        rules::{Alter, Change, KindRules, Object, Statement, Steps},
    },
    words::ident::Ident,
};

/// Default privileges.
pub(crate) struct DefaultPrivilege;

impl KindRules for DefaultPrivilege {
    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        match object.key.part(1) {
            "" => Vec::new(),
            schema => vec![Key::new(ObjectKind::Schema, &[schema])],
        }
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![if object.is(Attribute::Revoked) { revoke(object, "") } else { grant(object) }]
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        // the role itself has it by default, only not to grant it on
        let is_own = object.key.part(0) == object.key.part(3) && object.key.part(1).is_empty();
        vec![if object.is(Attribute::Revoked) {
            grant(object)
        } else if is_own {
            revoke(object, "GRANT OPTION FOR ")
        } else {
            revoke(object, "")
        }]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let to = &change.to;
        let statement = if to.is(Attribute::Revoked) {
            revoke(to, "")
        } else if to.is(Attribute::Grantable) || change.from.is(Attribute::Revoked) {
            grant(to)
        } else {
            revoke(to, "GRANT OPTION FOR ")
        };
        Alter::By(Steps::late([statement]))
    }
}

/// What a new object of a role gets beyond the usual: grantee, privilege, and whether it may be granted on.
///
/// `object_kind` is the word of the keys: `table` (views, too), `sequence`, `function` (procedures, too), `type`, `schema`.
pub(crate) fn given(
    catalog: &Catalog,
    schema: &str,
    owner: &str,
    object_kind: &str,
) -> Vec<(String, String, bool)> {
    let mut all: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for place in ["", schema] {
        let entries = catalog.below(ObjectKind::DefaultPrivilege, &[owner, place, object_kind]);
        for (key, fact) in entries.filter(|(_, fact)| !fact.is(Attribute::Revoked)) {
            *all.entry((key.part(3), key.part(4))).or_default() |= fact.is(Attribute::Grantable);
        }
    }
    all.into_iter()
        .filter(|((grantee, _), grantable)| *grantable || !is_usual(owner, object_kind, grantee))
        .map(|((grantee, privilege), grantable)| (grantee.into(), privilege.into(), grantable))
        .collect()
}

/// What a new object of a role does not have although it is usual: grantee and privilege.
pub(crate) fn withheld(
    catalog: &Catalog,
    schema: &str,
    owner: &str,
    object_kind: &str,
) -> Vec<(String, String)> {
    let is_given = |key: &Key| {
        let parts = [owner, schema, object_kind, key.part(3), key.part(4)];
        !schema.is_empty() && catalog.get(&Key::new(ObjectKind::DefaultPrivilege, &parts)).is_some()
    };
    catalog
        .below(ObjectKind::DefaultPrivilege, &[owner, "", object_kind])
        .filter(|(key, fact)| fact.is(Attribute::Revoked) && !is_given(key))
        .map(|(key, _)| (key.part(3).to_owned(), key.part(4).to_owned()))
        .collect()
}

/// Whether PostgreSQL itself gives a grantee privileges on such an object.
fn is_usual(owner: &str, object_kind: &str, grantee: &str) -> bool {
    grantee == owner || grantee == "PUBLIC" && matches!(object_kind, "function" | "type")
}

/// The statement that grants it.
fn grant(object: &Object<'_>) -> Statement {
    let option = if object.is(Attribute::Grantable) { " WITH GRANT OPTION" } else { "" };
    let (scope, on, grantee) = words(object);
    let privilege = object.key.part(4);
    Statement::new(format!("{scope} GRANT {privilege} ON {on} TO {grantee}{option}"))
}

/// The statement that revokes it, or what is named before it.
fn revoke(object: &Object<'_>, what: &str) -> Statement {
    let (scope, on, grantee) = words(object);
    let privilege = object.key.part(4);
    Statement::new(format!("{scope} REVOKE {what}{privilege} ON {on} FROM {grantee}"))
}

/// What the statement is about: whose objects and where, which objects, and for whom.
fn words(object: &Object<'_>) -> (String, String, String) {
    let key = object.key;
    let mut scope = "ALTER DEFAULT PRIVILEGES".to_owned();
    // it may have another name elsewhere
    if key.part(0) != object.role {
        scope += &format!(" FOR ROLE {}", Ident(key.part(0)));
    }
    if !key.part(1).is_empty() {
        scope += &format!(" IN SCHEMA {}", Ident(key.part(1)));
    }
    let on = format!("{}S", key.part(2).to_ascii_uppercase());
    (scope, on, role(key.part(3), object.role))
}
