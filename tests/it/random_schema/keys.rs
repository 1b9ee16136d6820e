//! Foreign keys, at most one between two tables unless told otherwise.

use super::{
    Column, Draft, Table,
    kinds::Kind,
    names::ident,
    tables::{list, named},
};

impl Draft {
    /// Foreign keys of a new table, declared as it is created.
    pub fn inline_keys(
        &mut self,
        table: &mut Table,
        key: &[String],
        constraints: &mut Vec<String>,
    ) {
        let unlogged = table.unlogged;
        let parents = self.tables_that(|it| it.may_be_referenced() && (!it.unlogged || unlogged));
        let most = *self.dice.weigh(&[(42, 0), (36, 1), (16, 2), (6, 3)]);
        for parent in self.dice.some(&parents, most) {
            let target = self.target(parent);
            let of = self.tables[parent].clone();
            let kinds: Vec<Kind> = target.iter().map(|it| of.column(it).kind.clone()).collect();
            let one = target.len() == 1;
            if one
                && key.len() == 1
                && table.column(&key[0]).kind.sql == kinds[0].sql
                && self.dice.percent(15)
            {
                let clause = self.foreign_key(parent, key, &target, None);
                constraints.push(clause);
            } else {
                let mut columns = Vec::new();
                for kind in kinds {
                    let name = self.reference_name(table, &of.name);
                    let null = self.dice.word(&["", " NOT NULL"]);
                    table.columns.push(Column {
                        name: name.clone(),
                        definition: format!("{}{null}", kind.sql),
                        kind,
                    });
                    columns.push(name);
                }
                if one && self.dice.percent(40) {
                    let clause = self.references(parent, &target);
                    let last = table.columns.last_mut().expect("the column");
                    last.definition += &format!(" {clause}");
                } else {
                    let clause = self.foreign_key(parent, &columns, &target, None);
                    constraints.push(clause);
                }
            }
            self.pairs.insert((parent, self.tables.len()));
        }
    }

    /// Foreign keys that are added when all tables are there.
    pub fn late_keys(&mut self) {
        for _ in 0..*self.dice.weigh(&[(60, 0), (28, 1), (12, 2)]) {
            let children = self.tables_that(|table| !table.leaf);
            let parents = self.tables_that(|table| table.may_be_referenced() && !table.unlogged);
            if parents.is_empty() {
                return;
            }
            let parent = *self.dice.pick(&parents);
            let child = if self.dice.percent(40) { parent } else { *self.dice.pick(&children) };
            let itself = child == parent && self.tables[child].split;
            if !itself && !self.pairs.contains(&pair(child, parent)) {
                self.late_key(child, parent, None);
            }
        }
    }

    /// Adds columns and a foreign key.
    pub fn late_key(&mut self, child: usize, parent: usize, name: Option<String>) {
        let target = self.target(parent);
        let mut columns = Vec::new();
        for column in &target {
            let kind = self.tables[parent].column(column).kind.clone();
            let sql = kind.sql.clone();
            columns.push(self.add_column(child, kind, |_, _| sql));
        }
        let path = self.table_path(child);
        let mut clause = self.foreign_key(parent, &columns, &target, name);
        if !self.tables[child].split && self.dice.percent(10) {
            clause += " NOT VALID";
        }
        self.run(format!("ALTER TABLE {path} ADD {clause}"));
        self.pairs.insert(pair(child, parent));
    }

    /// Adds a column to a table and what inherits from it. Its name is returned.
    pub fn add_column(
        &mut self,
        table: usize,
        kind: Kind,
        define: impl FnOnce(&mut Self, &str) -> String,
    ) -> String {
        let family = self.family(table);
        let name = loop {
            let name = self.style.name(&mut self.dice);
            if family.iter().all(|&it| self.tables[it].admits(&name)) {
                break name;
            }
        };
        let definition = define(self, &name);
        let path = self.table_path(table);
        let column = ident(&name);
        self.run(format!("ALTER TABLE {path} ADD COLUMN {column} {definition}"));
        for it in family {
            self.tables[it].columns.push(Column {
                name: name.clone(),
                kind: kind.clone(),
                definition: definition.clone(),
            });
        }
        name
    }

    /// The columns of a key of a table, most often the primary one.
    fn target(&mut self, parent: usize) -> Vec<String> {
        let table = &self.tables[parent];
        let other = self.dice.pick(&table.keys);
        if table.comparable(other) && self.dice.percent(20) {
            other.clone()
        } else {
            table.keys[0].clone()
        }
    }

    fn foreign_key(
        &mut self,
        parent: usize,
        columns: &[String],
        target: &[String],
        name: Option<String>,
    ) -> String {
        let name = match name {
            None if self.dice.percent(30) => Some(self.numbered("reference")),
            given => given,
        };
        let mut couples: Vec<(&String, &String)> = columns.iter().zip(target).collect();
        let reordered = couples.len() > 1 && self.dice.percent(30);
        if reordered {
            self.dice.shuffle(&mut couples);
        }
        let (columns, target): (Vec<String>, Vec<String>) =
            couples.into_iter().map(|(column, of)| (column.clone(), of.clone())).unzip();
        format!(
            "{}FOREIGN KEY ({}) {}",
            named(name.as_deref()),
            list(&columns),
            self.references(parent, &target)
        )
    }

    fn references(&mut self, parent: usize, target: &[String]) -> String {
        let path = self.table_path(parent);
        let mut clause = format!("REFERENCES {path}");
        if self.tables[parent].keys[0] != target || self.dice.percent(40) {
            clause += &format!(" ({})", list(target));
        }
        if self.dice.percent(5) {
            clause += " MATCH FULL";
        }
        for event in ["DELETE", "UPDATE"] {
            if self.dice.percent(25) {
                let action = self.dice.word(&[
                    "CASCADE",
                    "CASCADE",
                    "SET NULL",
                    "SET DEFAULT",
                    "RESTRICT",
                    "NO ACTION",
                ]);
                clause += &format!(" ON {event} {action}");
            }
        }
        if self.dice.percent(8) {
            clause += self.dice.word(&[" DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"]);
        }
        clause
    }
}

impl Table {
    pub fn may_be_referenced(&self) -> bool {
        !self.leaf && self.keys.first().is_some_and(|key| self.comparable(key))
    }

    /// Whether foreign keys to a key can be added: PostgreSQL cannot check that arrays exist.
    fn comparable(&self, key: &[String]) -> bool {
        key.iter().all(|column| !self.column(column).kind.array)
    }
}

fn pair(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}
