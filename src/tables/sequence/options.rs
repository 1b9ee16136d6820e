//! What a sequence counts: its type, bounds, step and start.

use super::{counter, designation, identity_of};
use crate::{
    catalog::Attribute,
    ddl::rules::{Change, Object, Statement},
    words::ident::{Literal, Qualified},
};

/// The numbers of a sequence, those that PostgreSQL leaves to its rules included.
struct Numbers {
    increment: i64,
    minimum: i64,
    maximum: i64,
    start: i64,
}

impl Numbers {
    /// Those of a sequence, as they are with a type.
    /// Source: <https://www.postgresql.org/docs/current/sql-createsequence.html>
    fn of(sequence: &Object<'_>, of_type: &str) -> Self {
        let number = |name: Attribute| sequence.get(name).and_then(|it| it.parse::<i64>().ok());
        let (lowest, highest) = match of_type {
            "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
            "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let increment = number(Attribute::Increment).unwrap_or(1);
        let is_up = increment > 0;
        let usual = if is_up { (1, highest) } else { (lowest, -1) };
        let minimum = number(Attribute::Minimum).unwrap_or(usual.0);
        let maximum = number(Attribute::Maximum).unwrap_or(usual.1);
        let first = if is_up { minimum } else { maximum };
        Self { increment, minimum, maximum, start: number(Attribute::Start).unwrap_or(first) }
    }

    /// Whether a number is within the bounds.
    fn holds(&self, number: i64) -> bool {
        (self.minimum..=self.maximum).contains(&number)
    }
}

/// The type.
fn type_of<'c>(sequence: &Object<'c>) -> &'c str {
    sequence.get(Attribute::Type).unwrap_or("bigint")
}

/// The options of a new sequence, each after a blank: what is not PostgreSQL's default.
pub(super) fn given(sequence: &Object<'_>) -> String {
    const WORDS: [(Attribute, &str); 5] = [
        (Attribute::Increment, "INCREMENT BY"),
        (Attribute::Minimum, "MINVALUE"),
        (Attribute::Maximum, "MAXVALUE"),
        (Attribute::Start, "START WITH"),
        (Attribute::Cache, "CACHE"),
    ];
    let mut text = String::new();
    if type_of(sequence) != "bigint" {
        text += &format!(" AS {}", type_of(sequence));
    }
    for (name, word) in WORDS {
        if let Some(value) = sequence.get(name) {
            text += &format!(" {word} {value}");
        }
    }
    if sequence.is(Attribute::Cycle) {
        text += " CYCLE";
    }
    text
}

/// The statements that lead from some options to others. The counter is kept where it can be.
pub(super) fn changed(change: &Change<'_>) -> Vec<Statement> {
    let to = &change.to;
    let new = Numbers::of(to, type_of(to));
    // the sequence of an identity column gets its type from the column's
    let is_carried = change.differs(Attribute::Type) && is_retyped_with_column(change);
    let of_type = if is_carried { type_of(to) } else { type_of(&change.from) };
    let old = Numbers::of(&change.from, of_type);
    let is_retyped = change.differs(Attribute::Type) && !is_carried;
    let mut words = Vec::new();
    if is_retyped {
        words.push(format!("AS {}", type_of(to)));
    }
    if old.increment != new.increment {
        words.push(format!("INCREMENT BY {}", new.increment));
    }
    if is_retyped || old.minimum != new.minimum {
        words.push(bound("MINVALUE", to.get(Attribute::Minimum)));
    }
    if is_retyped || old.maximum != new.maximum {
        words.push(bound("MAXVALUE", to.get(Attribute::Maximum)));
    }
    if old.start != new.start {
        words.push(format!("START WITH {}", new.start));
    }
    if change.differs(Attribute::Cache) {
        words.push(format!("CACHE {}", to.get(Attribute::Cache).unwrap_or("1")));
    }
    if change.differs(Attribute::Cycle) {
        let no = if to.is(Attribute::Cycle) { "" } else { "NO " };
        words.push(format!("{no}CYCLE"));
    }
    if words.is_empty() {
        return Vec::new();
    }
    let is_apart = new.maximum < old.minimum || new.minimum > old.maximum;
    if is_apart {
        words.push("RESTART".to_owned());
    }
    let sql = format!("ALTER {} {}", designation(to), words.join(" "));
    let statement = Statement::new(sql);
    if is_apart {
        return vec![statement.losing(counter(to))];
    }
    let mut all = Vec::new();
    if !new.holds(old.start) {
        all.push(moved(to, &new));
    }
    all.push(statement);
    all
}

/// A bound, or that there is none but the type's.
fn bound(word: &str, value: Option<&str>) -> String {
    value.map_or_else(|| format!("NO {word}"), |it| format!("{word} {it}"))
}

/// Moves the counter of a sequence that has not come far into the new bounds: PostgreSQL refuses them otherwise.
fn moved(sequence: &Object<'_>, bounds: &Numbers) -> Statement {
    let name = Qualified { schema: sequence.key.part(0), name: sequence.key.part(1) };
    let Numbers { minimum, maximum, .. } = bounds;
    let text = name.to_string();
    let text = Literal(&text);
    Statement::new(format!(
        "SELECT pg_catalog.setval({text}, LEAST(GREATEST(last_value, {minimum}), {maximum})::bigint, is_called) \
         FROM {name} WHERE last_value NOT BETWEEN {minimum} AND {maximum}"
    ))
}

/// Whether ALTER COLUMN … TYPE has changed the type of the sequence, too.
fn is_retyped_with_column(change: &Change<'_>) -> bool {
    let Some(key) = identity_of(change.to.fact) else {
        return false;
    };
    let of = |it: &Object<'_>| {
        let fact = it.catalog.get(&key)?;
        fact.get(Attribute::Type).map(str::to_owned)
    };
    of(&change.from) != of(&change.to)
}
