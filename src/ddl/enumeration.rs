//! Enumerated types.
//!
//! Labels can only be added. To lose one, or to put them in another order, another type takes its place.

use crate::{
    catalog::{Attribute, Key},
    ddl::{
        rules::{Alter, Boundary, Change, KindRules, Object, Statement, Steps, Swap},
        stored::users,
    },
    words::ident::{Literal, Qualified},
};

/// Enumerated types.
pub(crate) struct Enum;

impl KindRules for Enum {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let labels = object.list(Attribute::Labels);
        let labels: Vec<String> = labels.iter().map(|it| Literal(it).to_string()).collect();
        let name = qualified(object.key);
        vec![Statement::new(format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", ")))]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let (from, to) = (change.from.list(Attribute::Labels), change.to.list(Attribute::Labels));
        if from == to {
            return Alter::By(Steps::default());
        }
        let is_late = change.to.in_one && is_used_anew(change);
        if is_within(&from, &to) && !is_late {
            return Alter::By(Steps::late(added(change.to.key, &from, &to)));
        }
        let gone = from.iter().filter(|it| !to.contains(it)).cloned();
        Alter::Swap(Swap { gone: gone.collect(), ..Swap::default() })
    }
}

/// The name of a type.
pub(crate) fn qualified(key: &Key) -> Qualified<'_> {
    Qualified { schema: key.part(0), name: key.part(1) }
}

/// The words for a type of any kind but a domain.
pub(crate) fn designation(object: &Object<'_>) -> Option<String> {
    Some(format!("TYPE {}", qualified(object.key)))
}

/// Whether something that uses the type comes or changes with it: it may use a value that is added.
fn is_used_anew(change: &Change<'_>) -> bool {
    let (from, to) = (change.from.catalog, change.to.catalog);
    users(to, change.to.key).iter().any(|it| from.get(it) != to.get(it))
}

/// Whether all of `few` stand in `all`, in the same order.
fn is_within(few: &[String], all: &[String]) -> bool {
    let mut rest = all.iter();
    few.iter().all(|label| rest.any(|it| it == label))
}

/// Labels that are new, each put beside one that is there by then. They must be committed before anything uses them.
fn added(key: &Key, from: &[String], to: &[String]) -> Vec<Statement> {
    let is_old = |label: &String| from.contains(label);
    let mut statements: Vec<Statement> = Vec::new();
    for (at, label) in to.iter().enumerate().filter(|(_, it)| !is_old(it)) {
        let next = to[at + 1..].iter().find(|it| is_old(it));
        let place = match (next, at.checked_sub(1).map(|it| &to[it])) {
            (None, _) => String::new(),
            (Some(_), Some(before)) => format!(" AFTER {}", Literal(before)),
            (Some(after), None) => format!(" BEFORE {}", Literal(after)),
        };
        statements.push(Statement::new(format!(
            "ALTER TYPE {} ADD VALUE {}{place}",
            qualified(key),
            Literal(label)
        )));
    }
    if let Some(last) = statements.pop() {
        statements.push(last.at(Boundary::After));
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ObjectKind;

    fn labels(all: &str) -> Vec<String> {
        all.chars().map(String::from).collect()
    }

    #[test]
    fn labels_come_to_their_place_one_after_the_other() {
        let key = Key::new(ObjectKind::Enum, &["s", "e"]);
        let texts: Vec<String> = added(&key, &labels("cf"), &labels("abcdefg"))
            .into_iter()
            .map(|it| it.sql().replace("ALTER TYPE \"s\".\"e\" ADD VALUE ", ""))
            .collect();
        let expected = ["'a' BEFORE 'c'", "'b' AFTER 'a'", "'d' AFTER 'c'", "'e' AFTER 'd'", "'g'"];
        assert_eq!(texts, expected);
    }

    #[test]
    fn another_order_is_no_addition() {
        assert!(is_within(&labels("ac"), &labels("abc")));
        assert!(!is_within(&labels("ca"), &labels("abc")));
        assert!(!is_within(&labels("ad"), &labels("abc")));
    }
}
