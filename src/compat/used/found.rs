//! What was found of each table, and what structs add to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::compat::{
    program::Program,
    used::{
        TableUse, Used,
        names::{Names, Tables},
        structs::Model,
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
    /// For each table, what each struct that is inserted gives a value.
    given: BTreeMap<usize, Vec<BTreeSet<usize>>>,
    /// The tables into which rows are inserted that are no structs.
    pub(super) loose: BTreeSet<usize>,
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
            reads_back: false,
            is_generic: false,
        }
    }

    /// What is used of a table.
    pub(super) fn of(&mut self, table: usize) -> &mut TableUse {
        self.used.tables.entry(table).or_default()
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
        let given = std::mem::take(&mut self.given);
        for (table, shapes) in given {
            let all = shapes.into_iter().reduce(|one, other| &one & &other).unwrap_or_default();
            if !self.loose.contains(&table) {
                self.of(table).given = all;
            }
        }
        self.used
    }

    fn model(&mut self, table: usize, model: &Model) {
        let has = |name: &str| model.derives.contains(name);
        let columns = |names: &[(String, bool)], tables: &Tables| -> Vec<(usize, bool)> {
            let known = names.iter();
            known.filter_map(|(name, may)| Some((tables.column(table, name)?, *may))).collect()
        };
        let fields = columns(&model.fields, &self.tables);
        let keys: Vec<(String, bool)> = model.keys.iter().map(|it| (it.clone(), false)).collect();
        let keys = columns(&keys, &self.tables);
        let own_key = self.program.tables[table].key.clone();
        let reads_back = self.reads_back && (has("AsChangeset") || has("Identifiable"));
        let of_table = self.of(table);
        for (column, _) in &fields {
            if has("Selectable") || has("QueryableByName") || has("HasQuery") {
                of_table.reads.add(*column);
            }
            if has("Insertable") || has("AsChangeset") {
                of_table.writes.add(*column);
            }
        }
        keys.iter().for_each(|(column, _)| of_table.name(*column));
        if has("Identifiable") || has("AsChangeset") {
            own_key.iter().for_each(|it| of_table.reads.add(*it));
        }
        of_table.inserts |= has("Insertable");
        if reads_back {
            of_table.take_all();
        }
        if has("Insertable") {
            let always = fields.iter().filter(|(_, may_be_none)| !may_be_none);
            self.given.entry(table).or_default().push(always.map(|(it, _)| *it).collect());
        }
    }
}
