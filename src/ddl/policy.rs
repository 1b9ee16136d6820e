//! Row security policies.

use crate::{
    catalog::Attribute,
    ddl::{
        rules::{Alter, Change, KindRules, Object, Statement},
        view::timely,
    },
    words::ident::{Ident, Qualified},
};

/// Policies.
pub(crate) struct Policy;

impl KindRules for Policy {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(words(object))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let mut sql = format!("CREATE {}", words(object));
        if object.is(Attribute::Restrictive) {
            sql += " AS RESTRICTIVE";
        }
        if let Some(command) = object.get(Attribute::Command) {
            sql += &format!(" FOR {}", command.to_ascii_uppercase());
        }
        if object.is(Attribute::Roles) {
            sql += &roles(object);
        }
        sql += &using(object);
        sql += &check(object);
        vec![object.alone_on_relation(sql)]
    }

    // Sets what differs. Its command and its nature are fixed, and a condition can be exchanged but not removed.
    fn alter(&self, change: &Change<'_>) -> Alter {
        let is_removed = |name: Attribute| change.from.is(name) && !change.to.is(name);
        let is_fixed = change.differs(Attribute::Command) || change.differs(Attribute::Restrictive);
        if is_fixed || is_removed(Attribute::Using) || is_removed(Attribute::Check) {
            return Alter::Replace;
        }
        let to = &change.to;
        type Words = fn(&Object<'_>) -> String;
        let clauses: [(Attribute, Words); 3] =
            [(Attribute::Roles, roles), (Attribute::Using, using), (Attribute::Check, check)];
        let differing: String = clauses
            .into_iter()
            .filter(|(name, _)| change.differs(*name))
            .map(|(_, clause)| clause(to))
            .collect();
        let sql = format!("ALTER {}{differing}", words(to));
        Alter::By(timely(change, vec![to.alone_on_relation(sql)]))
    }
}

/// Whom it is for.
fn roles(object: &Object<'_>) -> String {
    let roles = object.list(Attribute::Roles);
    if roles.is_empty() {
        return " TO PUBLIC".to_owned();
    }
    let names: Vec<String> = roles.iter().map(|it| Ident(it).to_string()).collect();
    format!(" TO {}", names.join(", "))
}

/// Which rows there are.
fn using(object: &Object<'_>) -> String {
    let condition = object.get(Attribute::Using);
    condition.map(|it| format!(" USING ({it})")).unwrap_or_default()
}

/// Which rows may be written.
fn check(object: &Object<'_>) -> String {
    let condition = object.get(Attribute::Check);
    condition.map(|it| format!(" WITH CHECK ({it})")).unwrap_or_default()
}

/// The words that name it after COMMENT ON, CREATE, ALTER and DROP.
fn words(object: &Object<'_>) -> String {
    let table = Qualified { schema: object.key.part(0), name: object.key.part(1) };
    format!("POLICY {} ON {table}", Ident(object.key.part(2)))
}
