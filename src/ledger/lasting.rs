//! What of a snapshot lasts from run to run, told by content: a copy of a database that was dumped and restored has other object
//! identifiers, other numbers of columns and another name, and the same protection.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::ledger::snapshot::{Address, Fact, FactKind, Snapshot};

/// The names of columns by table and number.
type Columns<'s> = BTreeMap<(String, i64), String>;

/// What is not of one transaction, of one copy, and does not change with every append.
pub(super) fn lasting(snapshot: &Snapshot) -> Snapshot {
    let columns: Columns<'_> = snapshot
        .iter()
        .filter(|(address, fact)| address.kind == FactKind::Column && !fact.is("dropped"))
        .filter_map(|(_, fact)| {
            let place = (fact.text("relation").to_owned(), fact.number("number")?);
            Some((place, fact.text("name").to_owned()))
        })
        .collect();
    snapshot.iter().filter_map(|(address, fact)| one(address, fact, &columns)).collect()
}

fn one(address: &Address, fact: &Fact, columns: &Columns<'_>) -> Option<(Address, Fact)> {
    let mut address = address.clone();
    let mut fact = fact.clone();
    match address.kind {
        FactKind::Rows => {
            let empty = Value::Bool(fact.is("empty"));
            fact = Fact([("empty".to_owned(), empty)].into_iter().collect());
        }
        kind if !kind.lasts() => return None,
        FactKind::Column if fact.is("dropped") => return None,
        FactKind::Column => {
            let relation = fact.text("relation").to_owned();
            address.object = format!("{relation} {}", fact.text("name"));
            // the place among the columns that are there
            let number = fact.number("number")?;
            let before = columns.range((relation.clone(), 0)..(relation, number)).count();
            fact.0.insert("number".into(), Value::from(before + 1));
            // how a default that was added later is kept, not what it is
            fact.0.remove("missing value");
        }
        FactKind::Relation => {
            let numbers = fact.0.get("key").and_then(Value::as_array);
            let key: Option<Vec<Value>> = numbers.map(|all| {
                let numbers = all.iter().filter_map(Value::as_i64);
                let place =
                    |it| columns.range((address.object.clone(), 0)..=(address.object.clone(), it));
                numbers.map(|it| Value::from(place(it).count())).collect()
            });
            if let Some(key) = key {
                fact.0.insert("key".into(), Value::from(key));
            }
        }
        FactKind::Type => {
            let labels = fact.0.get("labels").and_then(Value::as_object);
            let named: Option<Map<String, Value>> = labels.map(|labels| {
                let names = labels.values().filter_map(Value::as_str);
                names.map(|it| (it.to_owned(), Value::from(it))).collect()
            });
            if let Some(named) = named {
                fact.0.insert("labels".into(), Value::from(named));
            }
        }
        FactKind::Sequence => {
            let of = fact.text("of").to_owned();
            let column = of.rsplit_once('.').and_then(|(relation, number)| {
                columns.get(&(relation.to_owned(), number.parse().ok()?))
            });
            if let (Some(column), Some((relation, _))) = (column, of.rsplit_once('.')) {
                fact.0.insert("of".into(), Value::from(format!("{relation}.{column}")));
            }
        }
        FactKind::Database => address.object.clear(),
        _ => {}
    }
    if address.kind != FactKind::Column {
        fact.0.remove("identity");
    }
    fact.0.remove("type identity");
    Some((address, fact))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(facts: &[(&str, &str, &str)]) -> Snapshot {
        let row = |(kind, object, value): &(&str, &str, &str)| {
            let texts = ["0", kind, object, value];
            texts.iter().map(|it| Some((*it).to_owned())).collect()
        };
        Snapshot::read(facts.iter().map(row).collect())
    }

    #[test]
    fn a_restored_copy_is_the_same() {
        let here = snapshot(&[
            ("relation", "a.t", r#"{"identity": "100", "root": true, "key": [3]}"#),
            (
                "column",
                "a.t 0001",
                r#"{"relation": "a.t", "name": "gone", "number": 1, "dropped": true}"#,
            ),
            (
                "column",
                "a.t 0003",
                r#"{"relation": "a.t", "name": "id", "number": 3, "type identity": "20"}"#,
            ),
            (
                "column",
                "a.t 0004",
                r#"{"relation": "a.t", "name": "b", "number": 4, "missing value": "{x}"}"#,
            ),
            ("type", "a.e", r#"{"identity": "7", "labels": {"8": "x", "9": "y"}}"#),
            ("sequence", "a.s", r#"{"identity": "9", "of": "a.t.3"}"#),
            ("rows", "a.t", r#"{"file": "100", "empty": false, "updated": 3}"#),
            ("reached", "a.s", r#"{"value": 3}"#),
        ]);
        let there = snapshot(&[
            ("relation", "a.t", r#"{"identity": "200", "root": true, "key": [1]}"#),
            (
                "column",
                "a.t 0001",
                r#"{"relation": "a.t", "name": "id", "number": 1, "type identity": "20"}"#,
            ),
            (
                "column",
                "a.t 0002",
                r#"{"relation": "a.t", "name": "b", "number": 2, "missing value": null}"#,
            ),
            ("type", "a.e", r#"{"identity": "17", "labels": {"22": "x", "21": "y"}}"#),
            ("sequence", "a.s", r#"{"identity": "19", "of": "a.t.1"}"#),
            ("rows", "a.t", r#"{"file": "200", "empty": false}"#),
        ]);
        assert_eq!(lasting(&here), lasting(&there));
        let other = snapshot(&[("type", "a.e", r#"{"labels": {"22": "x", "21": "z"}}"#)]);
        let same = snapshot(&[("type", "a.e", r#"{"labels": {"22": "x", "21": "y"}}"#)]);
        assert_ne!(lasting(&other), lasting(&same));
    }
}
