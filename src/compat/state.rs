//! What a server says of a program at one moment: its answers to the statements, and the facts that preparing does not show.

use std::collections::{BTreeMap, BTreeSet};

use crate::compat::{
    decode::Zone,
    program::{Program, Type},
    statement::{Kind, Statement},
};

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    /// What it is called.
    pub name: String,
    /// The type of its values; of a domain, its base type.
    pub tpe: Type,
}

/// Why the server refused a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The SQLSTATE.
    pub code: String,
    /// The message.
    pub message: String,
}

/// The answer to a statement that was prepared.
pub(crate) type Answer = Result<Vec<Output>, Refusal>;

/// What the catalog says of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnFacts {
    /// Its number, which a rename leaves as it is.
    pub number: String,
    /// Its type, as it is declared.
    pub declared: String,
    /// Whether it refuses NULL.
    pub not_null: bool,
    /// Whether it gets a value where a statement gives none.
    pub has_default: bool,
    /// Its default, as it is declared.
    pub default: Option<String>,
    /// Whether no statement may give it a value.
    pub is_generated: bool,
    /// The labels of its enum, in order.
    pub labels: Vec<String>,
    /// The attributes of its composite type, in order, each with its type.
    pub attributes: Vec<String>,
    /// Whether a trigger may give it a value before a row is inserted.
    pub may_be_filled: bool,
}

/// What the catalog says of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableFacts {
    /// Its number, which a rename leaves as it is.
    pub number: String,
    /// Its name, as SQL.
    pub name: String,
    /// Its columns by their names.
    pub columns: BTreeMap<String, ColumnFacts>,
    /// Whether rows are inserted into it itself: it is no view.
    pub stores_rows: bool,
    /// What its rows have to comply with.
    pub demands: BTreeSet<Demand>,
}

/// What the rows of a table have to comply with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Demand {
    /// Its columns; none where it is about something else, too.
    pub columns: Vec<String>,
    /// Whether no two rows have the same values in its columns.
    pub is_unique: bool,
    /// Its definition, without a name.
    pub definition: String,
}

/// What a server says of a program at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The answers to its statements.
    pub answers: BTreeMap<Statement, Answer>,
    /// The facts about its tables, by their places; none for one that is missing.
    pub tables: BTreeMap<usize, TableFacts>,
    /// What tables that were there earlier are called now, by their numbers.
    pub renamed: BTreeMap<String, String>,
    /// What is known of time zones.
    pub zone: Zone,
}

/// Which columns the server refuses in statements of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused<'s> {
    /// These, each alone.
    Columns(BTreeMap<usize, &'s Refusal>),
    /// The statement as a whole.
    Whole(&'s Refusal),
}

impl State {
    /// The statements about single columns that have to be asked because those about many were refused.
    #[must_use]
    pub(crate) fn to_split(&self) -> Vec<Statement> {
        let refused = self.answers.iter().filter(|(_, answer)| answer.is_err());
        refused.flat_map(|(statement, _)| statement.singles()).collect()
    }

    /// What is refused of a statement.
    pub(super) fn refused(&self, statement: &Statement) -> Refused<'_> {
        let Some(Err(whole)) = self.answers.get(statement) else {
            return Refused::Columns(BTreeMap::new());
        };
        if statement.columns.len() == 1 && !matches!(statement.kind, Kind::Delete | Kind::Join) {
            return Refused::Columns([(statement.columns[0], whole)].into());
        }
        let singles = statement.singles();
        let refusal = |it: &Statement| match self.answers.get(it) {
            Some(Err(refusal)) => Some((it.columns[0], refusal)),
            _ => None,
        };
        let columns: BTreeMap<usize, &Refusal> = singles.iter().filter_map(refusal).collect();
        match columns.is_empty() {
            true => Refused::Whole(whole),
            false => Refused::Columns(columns),
        }
    }

    /// The type of the values of a column, as it is read.
    pub(super) fn read(&self, program: &Program, table: usize, column: usize) -> Option<&Type> {
        let all = (0..program.tables[table].columns.len()).collect();
        let whole = Statement { table, kind: Kind::Select, columns: all };
        let single = Statement { columns: vec![column], ..whole.clone() };
        match (self.answers.get(&whole), self.answers.get(&single)) {
            (Some(Ok(outputs)), _) => outputs.get(column).map(|it| &it.tpe),
            (_, Some(Ok(outputs))) => outputs.first().map(|it| &it.tpe),
            _ => None,
        }
    }

    /// The facts about a column.
    pub(super) fn column(
        &self,
        program: &Program,
        table: usize,
        column: usize,
    ) -> Option<&ColumnFacts> {
        let name = &program.tables[table].columns[column].name;
        self.tables.get(&table)?.columns.get(name)
    }

    /// What a program names that is missing, by its path in Rust: its schema.rs does not fit this structure.
    #[must_use]
    pub(crate) fn missing(&self, program: &Program) -> Vec<String> {
        let tables = program.tables.iter().enumerate();
        let missing = tables.flat_map(|(at, table)| match self.tables.get(&at) {
            None => vec![table.path.clone()],
            Some(facts) => {
                let columns = table.columns.iter().enumerate();
                let gone = columns.filter(|(_, it)| !facts.columns.contains_key(&it.name));
                gone.map(|(at, _)| table.path_of(at)).collect()
            }
        });
        missing.collect()
    }
}
