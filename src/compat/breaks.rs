//! What of a program does not work in one state of a database, and works in the one that it was compiled for.

use std::collections::{BTreeMap, BTreeSet};

use crate::compat::{
    decode::{Decoded, decoded},
    program::Program,
    state::{ColumnFacts, Demand, Refused, State, TableFacts},
    statement::{Kind, Statement, statements},
};

/// What happens to a program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The table is missing.
    NoTable,
    /// The column is missing.
    NoColumn,
    /// Values are read as those of another type.
    Type {
        /// The type in schema.rs.
        wanted: String,
        /// The type that the server sends.
        sent: String,
        /// Whether some values are read right.
        may_work: bool,
    },
    /// A type of several attributes has others.
    Attributes,
    /// The server refuses statements.
    Refused {
        /// Those that are refused, in order.
        kinds: Vec<Kind>,
        /// What the server says of the first.
        message: String,
    },
    /// Rows are inserted without a value for this column, which has no default; the name is for one that the program does not know.
    Required {
        /// The column, by its name in SQL.
        column: String,
        /// Whether a trigger may give it a value.
        may_be_filled: bool,
    },
    /// NULL may be read, and the program does not expect it.
    NullRead,
    /// NULL may be written, and the server refuses it.
    NullWritten,
    /// Labels of an enum that the program does not know may be read.
    NewLabels(Vec<String>),
    /// Labels of an enum that the program knows are refused.
    GoneLabels(Vec<String>),
    /// Rows must comply with something new: its definition.
    Demanded(String),
    /// No two rows had the same values in these columns, so that ON CONFLICT could name them.
    NoConflict(Vec<String>),
}

/// What does not work of a column, or of a table as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Break {
    /// The place of the table.
    pub table: usize,
    /// The place of the column; none for the table as a whole.
    pub column: Option<usize>,
    /// What happens.
    pub effect: Effect,
}

impl Effect {
    /// Whether it happens whatever the values are.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self {
            Self::NoTable | Self::NoColumn | Self::Attributes => true,
            Self::Type { may_work, .. } => !may_work,
            // not every type has an operator, and not every program compares
            Self::Refused { kinds, .. } => kinds.iter().any(|it| *it != Kind::Filter),
            Self::Required { may_be_filled, .. } => !may_be_filled,
            Self::NullRead
            | Self::NullWritten
            | Self::NewLabels(_)
            | Self::GoneLabels(_)
            | Self::Demanded(_)
            | Self::NoConflict(_) => false,
        }
    }
}

/// What does not work of a program in the state `now`, and works in `own`, the one that it was compiled for.
#[must_use]
pub(crate) fn breaks(program: &Program, own: &State, now: &State) -> BTreeSet<Break> {
    let looked = Looked { program, own, now };
    let all = statements(program);
    let mut of_table: BTreeMap<usize, Vec<&Statement>> = BTreeMap::new();
    for statement in &all {
        of_table.entry(statement.table).or_default().push(statement);
    }
    let tables = of_table.iter();
    tables.flat_map(|(table, statements)| looked.table(*table, statements)).collect()
}

/// By the columns that are to blame, or none for the table as a whole: what is refused, and what the server says.
type RefusedColumns = BTreeMap<Option<usize>, (Vec<Kind>, String)>;

struct Looked<'s> {
    program: &'s Program,
    own: &'s State,
    now: &'s State,
}

impl Looked<'_> {
    fn table(&self, table: usize, statements: &[&Statement]) -> Vec<Break> {
        let whole = |effect| Break { table, column: None, effect };
        let facts = match (self.own.tables.get(&table), self.now.tables.get(&table)) {
            // it does not fit what it was compiled for
            (None, _) => return Vec::new(),
            (Some(_), None) => return vec![whole(Effect::NoTable)],
            (Some(own), Some(now)) => (own, now),
        };
        let mut found: Vec<Break> = Vec::new();
        let mut refused = self.all_refused(statements);
        for column in 0..self.program.tables[table].columns.len() {
            let one = |effect| Break { table, column: Some(column), effect };
            let (own, now) = (
                self.own.column(self.program, table, column),
                self.now.column(self.program, table, column),
            );
            let is_gone = own.is_some() && now.is_none();
            if is_gone {
                refused.remove(&Some(column));
                found.push(one(Effect::NoColumn));
                continue;
            }
            found.extend(self.read(table, column, own, now).map(one));
            if let (Some(own), Some(now)) = (own, now) {
                let effects = self.values((table, column), (own, now));
                found.extend(effects.into_iter().map(one));
            }
        }
        found.extend(refused.into_iter().map(|(column, (kinds, message))| Break {
            table,
            column,
            effect: Effect::Refused { kinds, message },
        }));
        found.extend(self.unknown(table, facts).into_iter().map(whole));
        found.extend(self.demands(table, facts));
        found
    }

    /// What rows have to comply with now and did not, and the unique keys that are gone.
    fn demands(&self, table: usize, (own, now): (&TableFacts, &TableFacts)) -> Vec<Break> {
        if !own.stores_rows || !now.stores_rows {
            return Vec::new();
        }
        let known = &self.program.tables[table].columns;
        let place = |name: &String| known.iter().position(|it| it.name == *name);
        let is_known = |it: &&Demand| {
            !it.columns.is_empty()
                && it.columns.iter().all(|name| {
                    place(name).is_some()
                        && own.columns.contains_key(name)
                        && now.columns.contains_key(name)
                })
        };
        let new = now.demands.difference(&own.demands).filter(is_known);
        // a key of some of the columns is stricter
        let is_implied = |it: &&Demand, others: &TableFacts| {
            it.is_unique
                && others.demands.iter().any(|other| {
                    other.is_unique
                        && !other.columns.is_empty()
                        && other.columns.iter().all(|name| it.columns.contains(name))
                })
        };
        let new = new.filter(|it| !is_implied(it, own));
        let found = |it: &Demand, effect| match &it.columns[..] {
            [one] => Break { table, column: place(one), effect },
            _ => Break { table, column: None, effect },
        };
        let gone = own.demands.iter().filter(is_known).filter(|it| {
            let has_same = |other: &Demand| {
                let mut columns = other.columns.clone();
                columns.sort();
                let mut own = it.columns.clone();
                own.sort();
                other.is_unique && columns == own
            };
            it.is_unique && !now.demands.iter().any(has_same)
        });
        let new = new.map(|it| found(it, Effect::Demanded(it.definition.clone())));
        let gone = gone.map(|it| found(it, Effect::NoConflict(it.columns.clone())));
        new.chain(gone).collect()
    }

    /// What the server refuses of a table's statements now and does not in their own state, by the columns that are to blame.
    fn all_refused(&self, statements: &[&Statement]) -> RefusedColumns {
        let mut all = RefusedColumns::new();
        let mut note = |column: Option<usize>, kind: Kind, message: &str| {
            let (kinds, _) = all.entry(column).or_insert_with(|| (Vec::new(), message.to_owned()));
            kinds.push(kind);
        };
        let delete = statements.iter().find(|it| it.kind == Kind::Delete);
        let key = delete.map(|it| self.refused(it)).unwrap_or_default();
        for statement in statements {
            let kind = statement.kind;
            match kind {
                // every update names the key, too
                Kind::Update | Kind::Delete if !key.is_empty() => {
                    let columns = &self.program.tables[statement.table].key;
                    let is_gone = |it: &&usize| {
                        self.now.column(self.program, statement.table, **it).is_none()
                    };
                    if !columns.iter().any(|it| is_gone(&it)) {
                        note(columns.first().copied(), kind, &key[0].1);
                    }
                }
                Kind::Join => {
                    let join = statement.columns[0];
                    for (_, message) in self.refused(statement) {
                        if !self.is_implied(join) {
                            note(Some(self.program.joins[join].column), kind, &message);
                        }
                    }
                }
                _ => {
                    for (column, message) in self.refused(statement) {
                        note(column, kind, &message);
                    }
                }
            }
        }
        all
    }

    /// What the server refuses of a statement now and does not in its own state: the column, or none for all of it.
    fn refused(&self, statement: &Statement) -> Vec<(Option<usize>, String)> {
        let Some(Err(_)) = self.now.answers.get(statement) else {
            return Vec::new();
        };
        match (self.own.refused(statement), self.now.refused(statement)) {
            (Refused::Whole(_), _) => Vec::new(),
            (Refused::Columns(own), Refused::Whole(_)) if !own.is_empty() => Vec::new(),
            (Refused::Columns(_), Refused::Whole(now)) => vec![(None, now.message.clone())],
            (Refused::Columns(own), Refused::Columns(now)) => {
                let new = now.into_iter().filter(|(column, _)| !own.contains_key(column));
                new.map(|(column, it)| (Some(column), it.message.clone())).collect()
            }
        }
    }

    /// Whether a join is refused because of something that is reported of the parent, or of a column that is gone.
    fn is_implied(&self, join: usize) -> bool {
        let program = self.program;
        let join = &program.joins[join];
        let has_changed = |table: usize, column: usize| {
            let declared =
                |state: &State| state.column(program, table, column).map(|it| it.declared.clone());
            declared(self.now) != declared(self.own)
        };
        let mut key = program.tables[join.parent].key.iter();
        key.any(|it| has_changed(join.parent, *it))
            || self.now.column(program, join.child, join.column).is_none()
    }

    fn read(
        &self,
        table: usize,
        column: usize,
        own: Option<&ColumnFacts>,
        now: Option<&ColumnFacts>,
    ) -> Option<Effect> {
        let wanted = &self.program.tables[table].columns[column].tpe;
        let before = self.own.read(self.program, table, column)?;
        let sent = self.now.read(self.program, table, column)?;
        let is_enum = |it: Option<&ColumnFacts>| it.is_some_and(|it| !it.labels.is_empty());
        let zone = self.now.zone;
        let reads = decoded(wanted, sent, is_enum(now), zone);
        let worse = before != sent && reads > decoded(wanted, before, is_enum(own), zone);
        worse.then(|| Effect::Type {
            wanted: wanted.words(),
            sent: sent.words(),
            may_work: reads == Decoded::Maybe,
        })
    }

    /// What depends on values, or is seen in the catalog only.
    fn values(
        &self,
        (table, column): (usize, usize),
        (own, now): (&ColumnFacts, &ColumnFacts),
    ) -> Vec<Effect> {
        let known = &self.program.tables[table].columns[column];
        let mut found = Vec::new();
        if !own.attributes.is_empty()
            && !now.attributes.is_empty()
            && own.attributes != now.attributes
        {
            found.push(Effect::Attributes);
        }
        if own.not_null && !now.not_null && !known.nullable {
            found.push(Effect::NullRead);
        }
        let is_required = |it: &ColumnFacts| it.not_null && !it.has_default;
        if is_required(now) && own.has_default && !own.is_generated {
            found.push(Effect::Required {
                column: known.name.clone(),
                may_be_filled: now.may_be_filled,
            });
        }
        if now.not_null && !own.not_null {
            found.push(Effect::NullWritten);
        }
        if !own.labels.is_empty() && !now.labels.is_empty() {
            let without = |all: &[String], others: &[String]| -> Vec<String> {
                all.iter().filter(|it| !others.contains(it)).cloned().collect()
            };
            let (new, gone) =
                (without(&now.labels, &own.labels), without(&own.labels, &now.labels));
            found.extend((!new.is_empty()).then_some(Effect::NewLabels(new)));
            found.extend((!gone.is_empty()).then_some(Effect::GoneLabels(gone)));
        }
        found
    }

    /// Columns that the program does not know, and that want a value now.
    fn unknown(&self, table: usize, (own, now): (&TableFacts, &TableFacts)) -> Vec<Effect> {
        let known = &self.program.tables[table].columns;
        let is_known = |name: &String| known.iter().any(|it| it.name == *name);
        let is_required = |it: &ColumnFacts| it.not_null && !it.has_default && !it.is_generated;
        let was_required = |name: &String| own.columns.get(name).is_some_and(is_required);
        let columns = now.columns.iter().filter(|_| now.stores_rows);
        let unknown = columns.filter(|(name, it)| !is_known(name) && is_required(it));
        // under its old name it is reported as a column that is gone
        let is_renamed = |it: &ColumnFacts| {
            let mut same = own.columns.iter().filter(|(_, own)| own.number == it.number);
            own.number == now.number
                && same.any(|(name, _)| is_known(name) && !now.columns.contains_key(name))
        };
        let new = unknown.filter(|(name, it)| !was_required(name) && !is_renamed(it));
        let effect = |(name, it): (&String, &ColumnFacts)| Effect::Required {
            column: name.clone(),
            may_be_filled: it.may_be_filled,
        };
        new.map(effect).collect()
    }
}
