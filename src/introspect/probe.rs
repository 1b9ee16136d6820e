//! Asks a server what it would do with the statements of programs: they are prepared, and nothing runs.
//!
//! All statements are one exchange; each has a Sync of its own, so that one error does not hide the next. The types of results are
//! those that the server describes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    compat::{
        Answer, ColumnFacts, Demand, Output, Program, Refusal, State, Statement, TableFacts, Zone,
        program::Type, statements,
    },
    postgres::session::{Failure, Message, PROBE, ROLLBACK_PROBE, Row, Session},
};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The programs.
    pub(crate) programs: &'a [&'a Program],
    /// The tables that statements are asked about, by their places in each program; none for all.
    pub(crate) only: Option<&'a [BTreeSet<usize>]>,
    /// Statements as they were written.
    pub(crate) queries: &'a [&'a str],
    /// The numbers of tables that were there earlier.
    pub(crate) earlier: &'a BTreeSet<String>,
    /// Whether a transaction is open, which must survive a refusal.
    pub(crate) is_in_transaction: bool,
    /// What is known of time zones.
    pub(crate) zone: Zone,
}

/// What was answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answered {
    /// A state for each program.
    pub(crate) states: Vec<State>,
    /// An answer for each query.
    pub(crate) queries: Vec<Answer>,
}

impl Session<'_> {
    /// Asks what would become of statements.
    ///
    /// # Errors
    /// The loss of the connection.
    pub(crate) async fn probe(&mut self, asked: &Asked<'_>) -> Result<Answered, Failure> {
        let mut states = self.facts(asked).await?;
        let mut wanted: Vec<(usize, Statement)> = Vec::new();
        for (at, program) in asked.programs.iter().enumerate() {
            let is_asked =
                |it: &Statement| asked.only.is_none_or(|only| only[at].contains(&it.table));
            let of_program = statements(program).into_iter().filter(is_asked);
            wanted.extend(of_program.map(|it| (at, it)));
        }
        let own = wanted.iter().map(|(at, it)| it.sql(asked.programs[*at]));
        let texts: Vec<String> = own.chain(asked.queries.iter().map(|&it| it.to_owned())).collect();
        let mut answers = self.prepare_all(&texts, asked.is_in_transaction).await?;
        let queries = answers.split_off(wanted.len());
        keep(&mut states, wanted, answers);
        let mut singles = Vec::new();
        for (at, state) in states.iter().enumerate() {
            singles.extend(state.to_split().into_iter().map(|it| (at, it)));
        }
        if !singles.is_empty() {
            let texts: Vec<String> =
                singles.iter().map(|(at, it)| it.sql(asked.programs[*at])).collect();
            let answers = self.prepare_all(&texts, asked.is_in_transaction).await?;
            keep(&mut states, singles, answers);
        }
        Ok(Answered { states, queries })
    }

    /// Prepares statements, and lets the server forget them.
    async fn prepare_all(
        &mut self,
        texts: &[String],
        is_in_transaction: bool,
    ) -> Result<Vec<Answer>, Failure> {
        let mut messages = Vec::new();
        for text in texts {
            if is_in_transaction {
                messages.push(Message::Batch(PROBE));
            }
            messages.push(Message::Describe(text));
            if is_in_transaction {
                messages.push(Message::Batch(ROLLBACK_PROBE));
            }
        }
        let replies = self.exchange(&messages, &mut |_| {}).await;
        let mut answers = Vec::with_capacity(texts.len());
        for (message, reply) in messages.iter().zip(replies) {
            match (message, reply) {
                (Message::Describe(_), Ok(rows)) => {
                    answers.push(Ok(rows.into_iter().map(output).collect()));
                }
                (Message::Describe(_), Err(Failure::Server(error))) => {
                    answers.push(Err(Refusal { code: error.code, message: error.message }));
                }
                (_, Ok(_)) => {}
                (_, Err(failure)) => return Err(failure),
            }
        }
        Ok(answers)
    }

    /// Reads the facts about the tables of each program, and has the types of their columns known before statements ask for them.
    async fn facts(&mut self, asked: &Asked<'_>) -> Result<Vec<State>, Failure> {
        let sql = include_str!("probe/facts.sql");
        let earlier = Value::from_iter(asked.earlier.iter().cloned()).to_string();
        let values = asked.programs.iter().map(|program| {
            let names = program.tables.iter().map(|it| it.name.to_string());
            vec![Some(Value::from_iter(names).to_string()), Some(earlier.clone())]
        });
        let messages: Vec<Message<'_>> = values.map(|it| Message::Query(sql, it)).collect();
        let mut states = Vec::new();
        let mut types = BTreeSet::new();
        for reply in self.exchange(&messages, &mut |_| {}).await {
            states.push(State { zone: asked.zone, ..state(reply?, &mut types) });
        }
        if !types.is_empty() {
            let nulls: Vec<String> = types.iter().map(|it| format!("NULL::{it}")).collect();
            let text = [format!("SELECT {}", nulls.join(", "))];
            self.prepare_all(&text, asked.is_in_transaction).await?;
        }
        Ok(states)
    }
}

fn keep(states: &mut [State], asked: Vec<(usize, Statement)>, answers: Vec<Answer>) {
    for ((at, statement), answer) in asked.into_iter().zip(answers) {
        states[at].answers.insert(statement, answer);
    }
}

/// A column of a result, from what the session says of it.
fn output(row: Row) -> Output {
    let mut texts = row.into_iter();
    let mut next = || texts.next().flatten();
    let (name, schema, own) = (next(), next(), next());
    let (element_schema, element) = (next(), next());
    let is_array = element.is_some();
    let schema = element_schema.or(schema);
    let tpe = Type {
        schema: schema.unwrap_or_default(),
        name: element.or(own).unwrap_or_default(),
        is_array,
    };
    Output { name: name.unwrap_or_default(), tpe }
}

/// The facts of rows; `types` takes the types that a driver has to ask for.
fn state(rows: Vec<Row>, types: &mut BTreeSet<String>) -> State {
    let mut state = State::default();
    let mut columns: BTreeMap<usize, BTreeMap<String, ColumnFacts>> = BTreeMap::new();
    let mut demands: BTreeMap<usize, BTreeSet<Demand>> = BTreeMap::new();
    for row in rows {
        let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let is = |at: usize| text(at) == "true";
        let place = || text(1).parse::<usize>().unwrap_or_default().saturating_sub(1);
        match text(0).as_str() {
            "table" => {
                let facts = TableFacts {
                    number: text(2),
                    name: text(3),
                    columns: BTreeMap::new(),
                    stores_rows: is(4),
                    demands: BTreeSet::new(),
                };
                state.tables.insert(place(), facts);
            }
            "column" => {
                let facts = ColumnFacts {
                    number: text(3),
                    declared: text(4),
                    not_null: is(5),
                    has_default: is(6),
                    default: row.get(7).cloned().flatten(),
                    is_generated: is(8),
                    labels: serde_json::from_str(&text(9)).unwrap_or_default(),
                    attributes: serde_json::from_str(&text(10)).unwrap_or_default(),
                    may_be_filled: is(11),
                };
                types.extend(row.get(12).cloned().flatten());
                columns.entry(place()).or_default().insert(text(2), facts);
            }
            "demand" => {
                let demand = Demand {
                    is_unique: is(2),
                    columns: serde_json::from_str(&text(3)).unwrap_or_default(),
                    definition: text(4),
                };
                demands.entry(place()).or_default().insert(demand);
            }
            _ => {
                state.renamed.insert(text(1), text(2));
            }
        }
    }
    for (place, columns) in columns {
        if let Some(table) = state.tables.get_mut(&place) {
            table.columns = columns;
            table.demands = demands.remove(&place).unwrap_or_default();
        }
    }
    state
}
