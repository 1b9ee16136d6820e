//! Privileges on objects, beyond those that an object of its kind has by default; or defaults that were revoked.
//!
//! A key is the kind of the object, the parts of its name, the grantee and the privilege. Who granted it is not known.

use crate::{
    catalog::{Attribute, Catalog, Key, ObjectKind},
    ddl::{
        routine,
        rules::{Alter, Change, KindRules, Object, Statement, Steps},
    },
    words::ident::{Ident, Qualified},
};

/// Grants.
pub(crate) struct Grant;

impl KindRules for Grant {
    // The object; and for a column the grant on its whole table, for whoever revokes that revokes this, too.
    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        let mut owners: Vec<Key> = self::object(object.key, object.catalog).into_iter().collect();
        let Some(parts) = parts(object.key) else {
            return owners;
        };
        if let ("column", &[schema, relation, _]) = (parts.kind, parts.object.as_slice()) {
            owners.push(Key::new(ObjectKind::Relation, &[schema, relation]));
            let of_table = ["table", schema, relation, parts.grantee, parts.privilege];
            let whole = Key::new(ObjectKind::Grant, &of_table);
            let fact = object.catalog.get(&whole);
            if fact.is_some_and(|it| !it.is(Attribute::Revoked)) {
                owners.push(whole);
            }
        }
        owners
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let statement = if object.is(Attribute::Revoked) {
            revoke(object, "", false)
        } else {
            grant(object, object.is(Attribute::Grantable))
        };
        statement.into_iter().collect()
    }

    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        let statement = if object.is(Attribute::Revoked) {
            grant(object, false)
        } else if is_own(object) {
            // an owner has it by default, only not to grant it on
            revoke(object, "GRANT OPTION FOR ", true)
        } else {
            revoke(object, "", object.is(Attribute::Grantable))
        };
        statement.into_iter().collect()
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let to = &change.to;
        let statement = if to.is(Attribute::Revoked) {
            revoke(to, "", change.from.is(Attribute::Grantable))
        } else if to.is(Attribute::Grantable) || change.from.is(Attribute::Revoked) {
            grant(to, to.is(Attribute::Grantable))
        } else {
            revoke(to, "GRANT OPTION FOR ", true)
        };
        Alter::By(Steps::late(statement))
    }
}

/// Takes away that a privilege may be granted on.
pub(crate) fn without_option(object: &Object<'_>) -> Option<Statement> {
    revoke(object, "GRANT OPTION FOR ", true)
}

/// What the key of a grant says.
struct Parts<'k> {
    kind: &'k str,
    object: Vec<&'k str>,
    grantee: &'k str,
    privilege: &'k str,
}

/// The object of a grant, as far as the catalog has it.
pub(crate) fn object(key: &Key, catalog: &Catalog) -> Option<Key> {
    let parts = parts(key)?;
    let kinds: &[ObjectKind] = match parts.kind {
        "schema" => &[ObjectKind::Schema],
        "table" => &[ObjectKind::Relation],
        "sequence" => &[ObjectKind::Sequence],
        "column" => &[ObjectKind::Column],
        "function" | "procedure" => &[ObjectKind::Routine],
        // the last for its row type
        "type" => &[
            ObjectKind::Enum,
            ObjectKind::Domain,
            ObjectKind::Composite,
            ObjectKind::Range,
            ObjectKind::BaseType,
            ObjectKind::Relation,
        ],
        "language" => &[ObjectKind::Language],
        "foreign data wrapper" => &[ObjectKind::ForeignDataWrapper],
        "foreign server" => &[ObjectKind::ForeignServer],
        _ => &[],
    };
    kinds.iter().map(|kind| Key::new(*kind, &parts.object)).find(|it| catalog.get(it).is_some())
}

/// A grantee as GRANT and REVOKE take it. The role that runs the statements may have another name elsewhere.
pub(crate) fn role(grantee: &str, own: &str) -> String {
    match grantee {
        name if name == own => "CURRENT_USER".to_owned(),
        "PUBLIC" => grantee.to_owned(),
        name => Ident(name).to_string(),
    }
}

/// The statement that grants it.
fn grant(object: &Object<'_>, is_grantable: bool) -> Option<Statement> {
    let parts = parts(object.key)?;
    let (privilege, on) = target(&parts)?;
    let option = if is_grantable { " WITH GRANT OPTION" } else { "" };
    let to = role(parts.grantee, object.role);
    Some(Statement::new(format!("GRANT {privilege} ON {on} TO {to}{option}")))
}

/// The statement that revokes it, or what is named before it; with what was granted on, where that may be.
fn revoke(object: &Object<'_>, what: &str, cascades: bool) -> Option<Statement> {
    let parts = parts(object.key)?;
    let (privilege, on) = target(&parts)?;
    let cascade = if cascades { " CASCADE" } else { "" };
    let from = role(parts.grantee, object.role);
    Some(Statement::new(format!("REVOKE {what}{privilege} ON {on} FROM {from}{cascade}")))
}

/// The privilege, with the column that it is for, and the words for the object.
fn target(parts: &Parts<'_>) -> Option<(String, String)> {
    let word = parts.kind.to_ascii_uppercase();
    let privilege = parts.privilege.to_owned();
    match (parts.kind, parts.object.as_slice()) {
        ("column", &[schema, name, column]) => Some((
            format!("{privilege} ({})", Ident(column)),
            format!("TABLE {}", Qualified { schema, name }),
        )),
        (_, &[schema, name, arguments]) => {
            let routine = routine::granted(schema, name, arguments);
            Some((privilege, format!("{word} {routine}")))
        }
        (_, &[schema, name]) => Some((privilege, format!("{word} {}", Qualified { schema, name }))),
        (_, &[name]) => Some((privilege, format!("{word} {}", Ident(name)))),
        _ => None,
    }
}

/// Whether it is a grant to the object's owner, who has every privilege by default; but none on a column alone.
fn is_own(object: &Object<'_>) -> bool {
    let Some(parts) = parts(object.key) else {
        return false;
    };
    let key = self::object(object.key, object.catalog);
    let fact = key.and_then(|it| object.catalog.get(&it));
    let owner = fact.and_then(|it| it.get(Attribute::Owner));
    parts.kind != "column" && owner == Some(parts.grantee)
}

/// Takes the key of a grant apart.
fn parts(key: &Key) -> Option<Parts<'_>> {
    let all: Vec<&str> = key.parts().collect();
    let &[kind, ref object @ .., grantee, privilege] = all.as_slice() else {
        return None;
    };
    Some(Parts { kind, object: object.to_vec(), grantee, privilege })
}
