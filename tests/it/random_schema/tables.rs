//! Tables: ordinary, partitioned, inheriting and copied ones.

use super::{
    Column, Draft, Table,
    kinds::Kind,
    names::{Style, cut, ident},
};

/// What a table must be; everything else is drawn.
#[derive(Default)]
pub struct Plan {
    pub space: Option<usize>,
    pub name: Option<String>,
    /// Whether it has no primary key.
    pub keyless: bool,
    /// Whether Diesel sees it, it is logged, and it references nothing.
    pub plain: bool,
    /// What its primary key is called.
    pub key_name: Option<String>,
    /// Columns that it has, of a given or of any name.
    pub columns: Vec<(Option<String>, Kind)>,
}

/// A table and the parts of the statement that creates it.
struct Sketch {
    table: Table,
    constraints: Vec<String>,
    /// Columns that are dropped at once.
    gone: Vec<String>,
    /// Statements that follow.
    after: Vec<String>,
}

impl Draft {
    /// A table of any sort.
    pub fn any_table(&mut self) {
        let kin = |table: &Table| !table.leaf && !table.keys.is_empty();
        let parents = self.tables_that(kin);
        match self.dice.below(100) {
            0..5 if !parents.is_empty() => {
                let parent = *self.dice.pick(&parents);
                self.copy(parent);
            }
            5..12 if parents.iter().any(|&it| !self.tables[it].split) => {
                let parents = self.tables_that(|table| kin(table) && !table.split);
                let parent = *self.dice.pick(&parents);
                self.heir(parent);
            }
            _ => {
                self.table(Plan::default());
            }
        }
    }

    pub fn tables_that(&self, holds: impl Fn(&Table) -> bool) -> Vec<usize> {
        let all = 0..self.tables.len();
        all.filter(|&index| holds(&self.tables[index])).collect()
    }

    /// A new table. Its index is returned.
    pub fn table(&mut self, plan: Plan) -> usize {
        let space = plan.space.unwrap_or_else(|| self.any_space());
        let name = match plan.name {
            Some(name) => {
                self.spaces[space].take(&name);
                name
            }
            None => loop {
                let name = self.relation(space, None);
                if !(plan.plain && name.starts_with("__")) {
                    break name;
                }
            },
        };
        let split = self.dice.percent(7);
        let mut sketch = Sketch {
            table: Table {
                space,
                name,
                columns: Vec::new(),
                keys: Vec::new(),
                split,
                leaf: false,
                unlogged: !split && !plan.plain && self.dice.percent(4),
                above: None,
            },
            constraints: Vec::new(),
            gone: Vec::new(),
            after: Vec::new(),
        };
        for (name, kind) in plan.columns {
            let name = name.unwrap_or_else(|| self.column_name(&sketch.table));
            let definition = self.definition(&name, &kind, false);
            sketch.table.columns.push(Column { name, kind, definition });
        }
        let key = if plan.keyless { Vec::new() } else { self.key_columns(&mut sketch.table) };
        let most = *self.dice.weigh(&[(80, 5), (17, 9), (3, 25)]);
        for _ in 0..self.dice.below(most + 1) {
            let kind = self.kind();
            self.column(&mut sketch.table, kind);
        }
        sketch.table.split &= divided_by(&sketch.table).is_some();
        if !plan.plain {
            self.inline_keys(&mut sketch.table, &key, &mut sketch.constraints);
        }
        self.dice.shuffle(&mut sketch.table.columns);
        self.primary_key(&mut sketch, key, plan.key_name);
        if !sketch.table.split {
            self.constraints(&mut sketch);
        }
        if self.dice.percent(6) {
            let gone = self.numbered("gone");
            sketch.gone.push(gone);
        }
        self.create(sketch)
    }

    fn column_name(&mut self, table: &Table) -> String {
        loop {
            let name = if self.dice.percent(3) {
                table.name.clone()
            } else {
                self.style.name(&mut self.dice)
            };
            if table.admits(&name) {
                return name;
            }
            if self.dice.percent(20) {
                self.style = Style::Plain;
            }
        }
    }

    /// A name for a column that references a table.
    pub fn reference_name(&mut self, table: &Table, parent: &str) -> String {
        let usual = format!("{}_id", cut(parent, 60));
        if table.admits(&usual) && (self.style != Style::Odd || self.dice.percent(50)) {
            usual
        } else {
            self.column_name(table)
        }
    }

    /// Adds a column of a type. Its name is returned.
    fn column(&mut self, table: &mut Table, kind: Kind) -> String {
        let name = self.column_name(table);
        let definition = self.definition(&name, &kind, false);
        table.columns.push(Column { name: name.clone(), kind, definition });
        name
    }

    /// A type, and what is said about the column.
    pub fn definition(&mut self, name: &str, kind: &Kind, key: bool) -> String {
        let mut text = kind.sql.clone();
        if ["text", "varchar", "varchar(20)"].contains(&text.as_str()) && self.dice.percent(5) {
            text += " COLLATE \"C\"";
        }
        if !key && kind.sql == "int" && self.dice.percent(8) {
            text += " GENERATED ALWAYS AS (1 + 2) STORED";
        } else if !kind.sample.is_empty() && self.dice.percent(25) {
            text += &format!(" DEFAULT {}", kind.sample);
        }
        match self.dice.below(100) {
            0..45 => text += " NOT NULL",
            45..48 if !key => text += " NULL",
            _ => {}
        }
        if self.dice.percent(4) {
            text += &format!(" CHECK ({} IS NOT NULL)", ident(name));
        }
        text
    }

    /// Adds the columns of the primary key.
    fn key_columns(&mut self, table: &mut Table) -> Vec<String> {
        let mut key = Vec::new();
        for index in 0..*self.dice.weigh(&[(72, 1), (18, 2), (7, 3), (3, 4)]) {
            let usual = index == 0 && self.style != Style::Odd && self.dice.percent(70);
            let name =
                if usual && table.admits("id") { "id".to_owned() } else { self.column_name(table) };
            let (kind, definition) = match self.dice.below(100) {
                // A partitioned table is divided by the first column.
                _ if index == 0 && table.split => (Kind::new("int"), "int".to_owned()),
                0..30 => {
                    let (serial, of) = *self.dice.pick(&[
                        ("serial", "int"),
                        ("bigserial", "bigint"),
                        ("smallserial", "smallint"),
                        ("serial8", "bigint"),
                    ]);
                    (Kind::new(of), serial.to_owned())
                }
                30..50 if !table.split => {
                    let of = self.dice.word(&["int", "bigint", "smallint"]);
                    let how = self.dice.word(&["ALWAYS", "BY DEFAULT"]);
                    let identity = format!("{of} GENERATED {how} AS IDENTITY");
                    (Kind::new(of), identity)
                }
                which => {
                    let kind = match which {
                        50..65 => Kind::new("int"),
                        65..75 => Kind::new("uuid"),
                        _ => self.sorted_kind(),
                    };
                    let definition = self.definition(&name, &kind, true);
                    (kind, definition)
                }
            };
            table.columns.push(Column { name: name.clone(), kind, definition });
            key.push(name);
        }
        key
    }

    /// Declares the primary key in one of the ways.
    fn primary_key(&mut self, sketch: &mut Sketch, mut key: Vec<String>, name: Option<String>) {
        if key.is_empty() {
            return;
        }
        let columns = &mut sketch.table.columns;
        if key.len() == 1 && name.is_none() && self.dice.percent(60) {
            let mut columns = columns.iter_mut();
            let column = columns.find(|column| column.name == key[0]);
            column.expect("the key").definition += " PRIMARY KEY";
        } else {
            self.dice.shuffle(&mut key);
            let name = match name {
                None if self.dice.percent(30) => Some(self.numbered("primary")),
                given => given,
            };
            let constraint = format!("{}PRIMARY KEY ({})", named(name.as_deref()), list(&key));
            // Keys that reference the table itself come later.
            if self.dice.percent(12) {
                let path = self.path(sketch.table.space, &sketch.table.name, true);
                sketch.after.push(format!("ALTER TABLE {path} ADD {constraint}"));
            } else {
                sketch.constraints.push(constraint);
            }
        }
        sketch.table.keys.push(key);
    }

    /// Unique, check and exclusion constraints.
    fn constraints(&mut self, sketch: &mut Sketch) {
        let sorted: Vec<String> = sketch
            .table
            .columns
            .iter()
            .filter(|column| column.kind.sorted)
            .map(|column| column.name.clone())
            .collect();
        if sorted.is_empty() {
            return;
        }
        if self.dice.percent(25) {
            let width = self.dice.between(1..=2);
            let columns = self.dice.some(&sorted, width);
            let name = self.dice.percent(40).then(|| self.numbered("unique"));
            sketch.constraints.push(format!(
                "{}UNIQUE ({})",
                named(name.as_deref()),
                list(&columns)
            ));
            // What has no primary key is not to be referenced.
            if !sketch.table.keys.is_empty() {
                sketch.table.keys.push(columns);
            }
        }
        let column = ident(self.dice.pick::<String>(&sorted));
        if self.dice.percent(6) {
            let name = self.numbered("check");
            sketch.constraints.push(format!("{}CHECK ({column} IS NOT NULL)", named(Some(&name))));
        }
        if self.dice.percent(3) {
            sketch.constraints.push(format!("EXCLUDE USING btree ({column} WITH =)"));
        }
    }

    fn create(&mut self, sketch: Sketch) -> usize {
        let Sketch { table, constraints, gone, after } = sketch;
        let mut parts: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("{} {}", ident(&column.name), column.definition))
            .collect();
        for column in &gone {
            let at = self.dice.below(parts.len() + 1);
            parts.insert(at, format!("{} text", ident(column)));
        }
        parts.extend(constraints);
        let path = self.path(table.space, &table.name, true);
        let first = if self.dice.percent(4) { self.numbered("was") } else { table.name.clone() };
        let first_path = self.path(table.space, &first, true);
        let mut statement = format!(
            "CREATE {}TABLE {first_path} ({})",
            if table.unlogged { "UNLOGGED " } else { "" },
            parts.join(", ")
        );
        let how = self.dice.word(&["RANGE", "LIST", "HASH"]);
        let how = if table.keys.is_empty() { "LIST" } else { how };
        if table.split {
            let by = ident(&divided_by(&table).expect("a column to divide it by"));
            statement += &format!(" PARTITION BY {how} ({by})");
        }
        self.run(statement);
        if first != table.name {
            self.run(format!("ALTER TABLE {first_path} RENAME TO {}", ident(&table.name)));
        }
        for column in gone {
            self.run(format!("ALTER TABLE {path} DROP COLUMN {}", ident(&column)));
        }
        for statement in after {
            self.run(statement);
        }
        let (split, keyless) = (table.split, table.keys.is_empty());
        self.tables.push(table);
        let index = self.tables.len() - 1;
        if split && keyless {
            self.partition(index, "DEFAULT".to_owned());
        } else if split {
            self.partitions(index, how);
        }
        index
    }

    fn partitions(&mut self, parent: usize, how: &str) {
        for part in 0..self.dice.below(4) {
            let bound = match how {
                "RANGE" => format!("FOR VALUES FROM ({}) TO ({})", part * 10, part * 10 + 10),
                "LIST" => format!("FOR VALUES IN ({part}, {})", part + 100),
                _ => format!("FOR VALUES WITH (MODULUS 4, REMAINDER {part})"),
            };
            self.partition(parent, bound);
        }
        if how != "HASH" && self.dice.percent(30) {
            self.partition(parent, "DEFAULT".to_owned());
        }
    }

    fn partition(&mut self, parent: usize, bound: String) {
        let of = self.tables[parent].clone();
        let space = if self.dice.percent(85) { of.space } else { self.any_space() };
        let name = self.relation(space, Some(&of));
        let (path, above) = (self.path(space, &name, true), self.table_path(parent));
        if self.dice.percent(25) {
            self.run(format!("CREATE TABLE {path} (LIKE {above} INCLUDING ALL)"));
            self.run(format!("ALTER TABLE {above} ATTACH PARTITION {path} {bound}"));
        } else {
            self.run(format!("CREATE TABLE {path} PARTITION OF {above} {bound}"));
        }
        self.tables.push(Table {
            space,
            name,
            split: false,
            leaf: true,
            above: Some(parent),
            ..of
        });
    }

    /// A table that inherits from another, and has the same primary key.
    fn heir(&mut self, parent: usize) {
        let mut table = self.tables[parent].clone();
        table.space = self.any_space();
        table.name = self.relation(table.space, Some(&table));
        (table.unlogged, table.above) = (false, Some(parent));
        table.keys.truncate(1);
        let inherited = table.columns.len();
        for _ in 0..self.dice.below(4) {
            let kind = self.kind();
            self.column(&mut table, kind);
        }
        let mut parts: Vec<String> = table.columns[inherited..]
            .iter()
            .map(|column| format!("{} {}", ident(&column.name), column.definition))
            .collect();
        parts.push(format!("PRIMARY KEY ({})", list(&table.keys[0])));
        let statement = format!(
            "CREATE TABLE {} ({}) INHERITS ({})",
            self.path(table.space, &table.name, true),
            parts.join(", "),
            self.table_path(parent)
        );
        self.run(statement);
        self.tables.push(table);
    }

    /// A table with the columns, keys and comments of another.
    fn copy(&mut self, of: usize) {
        let mut table = self.tables[of].clone();
        table.space = self.any_space();
        table.name = self.relation(table.space, Some(&table));
        (table.split, table.unlogged, table.above) = (false, false, None);
        let path = self.path(table.space, &table.name, true);
        let model = self.table_path(of);
        self.run(format!("CREATE TABLE {path} (LIKE {model} INCLUDING ALL)"));
        self.tables.push(table);
    }
}

/// The column by which a partitioned table can be divided: an `int` of the key, or any without one.
fn divided_by(table: &Table) -> Option<String> {
    let fits = |column: &&Column| column.kind.sorted && !column.definition.contains("GENERATED");
    let name = match table.keys.first() {
        Some(key) => key.iter().find(|name| table.column(name).kind.sql == "int"),
        None => table.columns.iter().find(fits).map(|column| &column.name),
    };
    name.cloned()
}

/// The start of a constraint.
pub fn named(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("CONSTRAINT {} ", ident(name)))
}

/// Columns, with commas.
pub fn list(columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| ident(column)).collect();
    columns.join(", ")
}
