//! What the protection and the rows of ledgers rest on, as a server told it at one moment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of the query")]
pub enum FactKind {
    Session,
    Relation,
    Rows,
    Column,
    Trigger,
    KeyCheck,
    Function,
    Rule,
    Policy,
    Constraint,
    Index,
    Type,
    Sequence,
    Reached,
    Grant,
    Role,
    Setting,
    Namesake,
    Decoy,
    Tracking,
    TrackedRows,
    EventTrigger,
    Extension,
    Subscription,
    Database,
    LaterGrant,
    StandIn,
    Language,
    Parameter,
    NewFunction,
    CatalogWrite,
    /// A kind that this version does not know: any difference counts.
    Unknown,
}

impl FactKind {
    fn of(word: &str) -> Self {
        let word = Value::String(word.replace(' ', "-"));
        serde_json::from_value(word).unwrap_or(Self::Unknown)
    }

    /// Whether it belongs to the protection: what a run must find as the last one left it. The others are of one
    /// transaction, or change with every append.
    #[must_use]
    pub fn lasts(self) -> bool {
        !matches!(
            self,
            Self::Session
                | Self::Rows
                | Self::Reached
                | Self::Decoy
                | Self::NewFunction
                | Self::CatalogWrite
                | Self::TrackedRows
        )
    }
}

/// Which fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The declared ledger, counted from 0; none for what belongs to all.
    pub ledger: Option<usize>,
    /// Its kind.
    pub kind: FactKind,
    /// The object's name.
    pub object: String,
}

/// The attributes of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fact(pub serde_json::Map<String, Value>);

impl Fact {
    /// An attribute as text; empty if it is absent.
    #[must_use]
    pub fn text(&self, attribute: &str) -> &str {
        self.0.get(attribute).and_then(Value::as_str).unwrap_or_default()
    }

    /// An attribute that is true or false.
    #[must_use]
    pub fn is(&self, attribute: &str) -> bool {
        self.0.get(attribute).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A number.
    #[must_use]
    pub fn number(&self, attribute: &str) -> Option<i64> {
        self.0.get(attribute).and_then(Value::as_i64)
    }

    /// The attributes that differ.
    pub(super) fn differing<'f>(&'f self, other: &'f Self) -> Vec<&'f str> {
        let names = self.0.keys().chain(other.0.keys());
        let mut names: Vec<&str> = names
            .filter(|name| self.0.get(*name) != other.0.get(*name))
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Everything that ledgers rest on, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    facts: BTreeMap<Address, Fact>,
}

impl FromIterator<(Address, Fact)> for Snapshot {
    fn from_iter<I: IntoIterator<Item = (Address, Fact)>>(facts: I) -> Self {
        Self { facts: facts.into_iter().collect() }
    }
}

impl Snapshot {
    /// Reads the rows of the query. A row that cannot be read becomes a fact of unknown kind, so that it is not passed over.
    #[must_use]
    pub fn read(rows: Vec<Vec<Option<String>>>) -> Self {
        let facts = rows.into_iter().map(|row| {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || row.next().unwrap_or_default();
            let (ledger, kind, object, value) = (next(), next(), next(), next());
            let address =
                Address { ledger: ledger.parse().ok(), kind: FactKind::of(&kind), object };
            let fact = serde_json::from_str(&value).unwrap_or_else(|_| {
                Fact([("unreadable".to_owned(), Value::String(value))].into_iter().collect())
            });
            (address, fact)
        });
        Self { facts: facts.collect() }
    }

    /// The same with the names that partitions had in `before`: renaming one changes nothing.
    pub(super) fn named_as(&self, before: &Self) -> Option<Self> {
        let relations = |snapshot: &Self| -> BTreeMap<(Option<usize>, String), String> {
            let of = |(at, fact): (&Address, &Fact)| {
                let is_part = at.kind == FactKind::Relation && !fact.is("root");
                let is_part = is_part && !fact.text("identity").is_empty();
                is_part.then(|| ((at.ledger, fact.text("identity").to_owned()), at.object.clone()))
            };
            snapshot.iter().filter_map(of).collect()
        };
        let old = relations(before);
        let renamed: BTreeMap<(Option<usize>, String), String> = relations(self)
            .into_iter()
            .filter_map(|(at, now)| {
                let then = old.get(&at).filter(|then| **then != now)?;
                Some(((at.0, now), then.clone()))
            })
            .collect();
        if renamed.is_empty() {
            return None;
        }
        let then = |ledger: Option<usize>, now: &str| renamed.get(&(ledger, now.to_owned()));
        let facts = self.iter().map(|(address, fact)| {
            let (mut address, mut fact) = (address.clone(), fact.clone());
            let now = match address.kind {
                FactKind::Relation | FactKind::Rows => address.object.clone(),
                _ => fact.text("relation").to_owned(),
            };
            if let Some(then) = then(address.ledger, &now) {
                if let Some(rest) = address.object.strip_prefix(&now)
                    && (rest.is_empty() || rest.starts_with(' '))
                {
                    address.object = format!("{then}{rest}");
                }
                for attribute in ["relation", "definition"] {
                    let text = fact.text(attribute).to_owned();
                    if text.is_empty() {
                        continue;
                    }
                    let text = match attribute {
                        "relation" => then.clone(),
                        _ => text
                            .replace(&format!(" ON {now} "), &format!(" ON {then} "))
                            .replace(&format!(" ON ONLY {now} "), &format!(" ON ONLY {then} ")),
                    };
                    fact.0.insert(attribute.to_owned(), Value::String(text));
                }
            }
            (address, fact)
        });
        Some(facts.collect())
    }

    /// One fact.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Fact> {
        self.facts.get(address)
    }

    /// All facts, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Fact)> {
        self.facts.iter()
    }

    /// The facts of one kind about one ledger, in order.
    pub fn of(&self, ledger: Option<usize>, kind: FactKind) -> impl Iterator<Item = (&str, &Fact)> {
        let first = Address { ledger, kind, object: String::new() };
        self.facts
            .range(first..)
            .take_while(move |(address, _)| address.ledger == ledger && address.kind == kind)
            .map(|(address, fact)| (address.object.as_str(), fact))
    }

    /// The ledger's own table.
    #[must_use]
    pub fn root(&self, ledger: usize) -> Option<(&str, &Fact)> {
        self.of(Some(ledger), FactKind::Relation).find(|(_, fact)| fact.is("root"))
    }

    /// Whether this role may read the rows of a ledger.
    #[must_use]
    pub fn is_readable(&self, ledger: usize) -> bool {
        self.of(Some(ledger), FactKind::Rows).all(|(_, it)| it.is("readable"))
    }

    /// What the session said of itself.
    #[must_use]
    pub fn session(&self) -> Fact {
        let found = self.of(None, FactKind::Session).next();
        found.map(|(_, fact)| fact.clone()).unwrap_or_default()
    }

    /// The columns of the ledger's own table that order its rows, with their types.
    #[must_use]
    pub fn key(&self, ledger: usize, declared: &[String]) -> Vec<(String, String)> {
        let Some((root, relation)) = self.root(ledger) else {
            return Vec::new();
        };
        let columns: Vec<&Fact> = self
            .of(Some(ledger), FactKind::Column)
            .map(|(_, fact)| fact)
            .filter(|fact| fact.text("relation") == root && !fact.is("dropped"))
            .collect();
        let found =
            |column: &&Fact| (column.text("name").to_owned(), column.text("type").to_owned());
        if declared.is_empty() {
            let numbers = relation.0.get("key").and_then(Value::as_array);
            let numbers = numbers.into_iter().flatten().filter_map(Value::as_i64);
            let by_number =
                |number: i64| columns.iter().find(|it| it.number("number") == Some(number));
            return numbers.filter_map(by_number).map(found).collect();
        }
        let by_name = |name: &String| columns.iter().find(|it| it.text("name") == name);
        declared.iter().filter_map(by_name).map(found).collect()
    }
}
