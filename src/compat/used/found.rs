//! What was found of each table, and what structs add to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::compat::{
    program::Program,
    used::{
        TableUse, Used,
        names::{Names, Tables},
        structs::Model,
        tokens,
    },
};

/// Everything is used.
pub(super) fn everything(program: &Program) -> Used {
    let mut used = Used::default();
    for table in 0..program.tables.len() {
        let of_table = used.tables.entry(table).or_default();
        of_table.take_all();
        of_table.inserts = true;
    }
    used
}

/// What was found so far.
pub(super) struct Found<'p> {
    pub(super) program: &'p Program,
    pub(super) tables: Tables,
    used: Used,
    pub(super) models: Vec<(Model, Names)>,
    /// For each table, what each struct or row that is inserted gives a value.
    given: BTreeMap<usize, Vec<BTreeSet<usize>>>,
    /// The tables into which rows are inserted that are neither structs nor written out.
    pub(super) loose: BTreeSet<usize>,
    /// Pieces of SQL in queries, each with the tables that its file names.
    pub(super) fragments: Vec<(String, BTreeSet<usize>)>,
    /// Whether rows are read back whole whose table is not named: `update(&user)…get_result()`.
    pub(super) reads_back: bool,
    /// Whether tables are named by type parameters.
    pub(super) is_generic: bool,
}

impl<'p> Found<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        Self {
            program,
            tables: Tables::of(program),
            used: Used::default(),
            models: Vec::new(),
            given: BTreeMap::new(),
            loose: BTreeSet::new(),
            fragments: Vec::new(),
            reads_back: false,
            is_generic: false,
        }
    }

    /// What is used of a table.
    pub(super) fn of(&mut self, table: usize) -> &mut TableUse {
        self.used.tables.entry(table).or_default()
    }

    /// Notes what a row that is inserted has, without a struct.
    pub(super) fn row(&mut self, table: usize, columns: BTreeSet<usize>) {
        self.given.entry(table).or_default().push(columns);
    }

    /// What structs say, and what follows from all of it.
    pub(super) fn finish(mut self) -> Used {
        if self.is_generic {
            return everything(self.program);
        }
        let models = std::mem::take(&mut self.models);
        for (model, names) in &models {
            for table in names.tables(&self.tables, &model.table) {
                self.model(table, model);
            }
        }
        for (text, tables) in std::mem::take(&mut self.fragments) {
            self.fragment(&text, &tables);
        }
        let given = std::mem::take(&mut self.given);
        for (table, shapes) in given {
            let all = shapes.into_iter().reduce(|one, other| &one & &other).unwrap_or_default();
            if !self.loose.contains(&table) {
                self.of(table).given = all;
            }
        }
        self.used
    }

    /// Names the columns in a piece of SQL: those of the tables that its file names, or, if they have none of them, of all that are used.
    fn fragment(&mut self, text: &str, tables: &BTreeSet<usize>) {
        let mut named = tokens::columns(self.program, text);
        let is_here = named.iter().any(|(table, _)| tables.contains(table));
        named.retain(|(table, _)| match is_here {
            true => tables.contains(table),
            false => self.used.tables.contains_key(table),
        });
        named.into_iter().for_each(|(table, column)| self.of(table).name(column));
    }

    fn model(&mut self, table: usize, model: &Model) {
        let has = |name: &str| model.derives.contains(name);
        let column = |name: &str| self.tables.column(table, name);
        let fields = model.fields.iter().filter_map(|it| Some((column(&it.column)?, it)));
        let fields: Vec<_> = fields.collect();
        let keys: Vec<usize> = model.keys.iter().filter_map(|it| column(it)).collect();
        let own_key = self.program.tables[table].key.clone();
        let reads_back = self.reads_back && (has("AsChangeset") || has("Identifiable"));
        let of_table = self.of(table);
        for (column, field) in &fields {
            if has("Selectable") || has("QueryableByName") || has("HasQuery") {
                of_table.reads.add(*column);
            }
            if has("Insertable") && field.is_inserted || has("AsChangeset") && field.is_changed {
                of_table.writes.add(*column);
            }
        }
        keys.iter().for_each(|it| of_table.name(*it));
        if has("Identifiable") || has("AsChangeset") {
            own_key.iter().for_each(|it| of_table.reads.add(*it));
        }
        of_table.inserts |= has("Insertable");
        if reads_back {
            of_table.take_all();
        }
        if has("Insertable") {
            let always = fields.iter().filter(|(_, it)| it.is_inserted && !it.may_be_none);
            self.given.entry(table).or_default().push(always.map(|(it, _)| *it).collect());
        }
    }
}
