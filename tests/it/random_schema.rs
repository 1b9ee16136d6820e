//! Random schemas, to compare what is printed of them with what Diesel prints.
//!
//! A [`Case`] is a function of its seed alone. It is a script that a role may run which owns the
//! database, in one transaction, on PostgreSQL 14 to 18, and the settings to print what it made.

pub mod dice;
mod extras;
mod keys;
mod kinds;
mod names;
mod settings;
mod situations;
mod tables;
mod words;

use std::collections::BTreeSet;

use dice::Dice;
use kinds::{Kind, UserType};
use names::{Style, ident, rust_name};

/// A table that Diesel sees has no primary key: Diesel prints nothing and fails.
pub const NO_KEY: &str = "table without key";
/// A foreign key or a unique constraint is called what the primary key of another table is called.
pub const SHARED_NAME: &str = "shared constraint name";
/// There are two foreign keys between two tables, in one direction or in both.
pub const TWO_KEYS: &str = "two keys to one parent";
/// Two types of one table have the same UpperCamelCase name.
pub const ONE_NAME: &str = "types of one name";
/// Two columns of a table, or two tables of a schema, have the same Rust name.
pub const COLLISION: &str = "name collision";
/// The name of a type starts with an underscore, as do those of arrays.
pub const UNDERSCORE: &str = "underscore type";
/// A type is called what Diesel takes for a type that it has, or is one of bits.
pub const FALSE_FRIEND: &str = "false friend";
/// The UpperCamelCase name of a type is no identifier: Diesel prints the schema unformatted.
pub const UNPRINTABLE: &str = "unprintable type name";

/// All situations that occur only on purpose.
pub const TRAITS: [&str; 8] =
    [NO_KEY, SHARED_NAME, TWO_KEYS, ONE_NAME, COLLISION, UNDERSCORE, FALSE_FRIEND, UNPRINTABLE];

/// One random schema, and the settings to print it with.
#[derive(Debug, Clone)]
pub struct Case {
    /// The statements, in order, without semicolons.
    pub sql: Vec<String>,
    /// A diesel.toml: `[print_schema]`, maybe with sub-tables.
    pub toml: String,
    /// Arguments of `print-schema`.
    pub flags: Vec<String>,
    /// Which of [`TRAITS`] occur in the schema, whatever the settings show of it.
    pub traits: BTreeSet<&'static str>,
}

impl Case {
    /// The case of a seed.
    pub fn random(seed: u64) -> Self {
        let mut draft = Draft::new(seed);
        let wanted: Vec<&str> = TRAITS.into_iter().filter(|_| draft.dice.percent(3)).collect();
        draft.spaces();
        draft.types();
        for _ in 0..*draft.dice.weigh(&SIZES) {
            draft.any_table();
        }
        if draft.style == Style::Short && draft.dice.percent(20) {
            for _ in 0..20 {
                draft.any_table();
            }
        }
        for situation in wanted {
            draft.situation(situation);
        }
        draft.late_keys();
        draft.extras();
        let (toml, flags) = settings::random(&mut draft);
        Self { sql: draft.sql, toml, flags, traits: draft.traits }
    }
}

/// How many tables are drawn, with weights.
const SIZES: [(usize, usize); 12] = [
    (2, 0),
    (14, 1),
    (18, 2),
    (18, 3),
    (12, 4),
    (10, 5),
    (8, 6),
    (6, 7),
    (5, 8),
    (3, 10),
    (2, 12),
    (1, 18),
];

/// A schema in the making.
struct Draft {
    dice: Dice,
    style: Style,
    sql: Vec<String>,
    traits: BTreeSet<&'static str>,
    /// The first is `public`.
    spaces: Vec<Space>,
    tables: Vec<Table>,
    types: Vec<UserType>,
    /// The UpperCamelCase names of all types.
    camels: BTreeSet<String>,
    /// Between which tables there are foreign keys, the smaller index first.
    pairs: BTreeSet<(usize, usize)>,
    /// How many things were given a name of their number.
    numbered: usize,
}

/// A schema of the database.
struct Space {
    name: String,
    /// The names of relations and types.
    taken: BTreeSet<String>,
    /// The Rust names of tables.
    rust: BTreeSet<String>,
}

#[derive(Clone)]
struct Table {
    space: usize,
    name: String,
    columns: Vec<Column>,
    /// The columns of the primary key, if there is one, and of unique constraints.
    keys: Vec<Vec<String>>,
    /// Whether it is partitioned.
    split: bool,
    /// Whether it is a partition.
    leaf: bool,
    unlogged: bool,
    /// What it inherits from, or is a partition of.
    above: Option<usize>,
}

#[derive(Clone)]
struct Column {
    name: String,
    /// What a column that references it must be.
    kind: Kind,
    /// What follows its name where it is defined.
    definition: String,
}

impl Table {
    fn rust_name(&self) -> String {
        rust_name(&self.name, None)
    }

    fn column(&self, name: &str) -> &Column {
        let found = self.columns.iter().find(|column| column.name == name);
        found.expect("a column of the table")
    }

    /// Whether Diesel would give a new column a name of its own.
    fn admits(&self, column: &str) -> bool {
        let table = self.rust_name();
        let rust = rust_name(column, Some(&table));
        let mut others = self.columns.iter();
        column.len() <= 63 && others.all(|other| rust_name(&other.name, Some(&table)) != rust)
    }

    /// Whether Diesel would give all columns names of their own if this were the table's name.
    fn could_be(&self, name: &str) -> bool {
        let table = rust_name(name, None);
        let mut seen = BTreeSet::new();
        let mut columns = self.columns.iter();
        columns.all(|column| seen.insert(rust_name(&column.name, Some(&table))))
    }

    /// Whether Diesel leaves it out.
    fn hidden(&self) -> bool {
        self.name.starts_with("__")
    }
}

impl Draft {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let style = Style::random(&mut dice);
        let mut draft = Self {
            dice,
            style,
            sql: Vec::new(),
            traits: BTreeSet::new(),
            spaces: Vec::new(),
            tables: Vec::new(),
            types: Vec::new(),
            camels: BTreeSet::new(),
            pairs: BTreeSet::new(),
            numbered: 0,
        };
        draft.spaces.push(Space::new("public"));
        draft
    }

    fn run(&mut self, statement: impl Into<String>) {
        self.sql.push(statement.into());
    }

    /// The schemas besides `public`.
    fn spaces(&mut self) {
        for _ in 0..*self.dice.weigh(&[(55, 0), (25, 1), (15, 2), (5, 3)]) {
            self.space();
        }
    }

    /// A new schema.
    fn space(&mut self) -> usize {
        let name = loop {
            let name = *self.dice.pick(words::SCHEMAS);
            let rust = rust_name(name, None);
            let mut others = self.spaces.iter();
            if others.all(|other| rust_name(&other.name, None) != rust) {
                break name;
            }
        };
        self.run(format!("CREATE SCHEMA {}", ident(name)));
        self.spaces.push(Space::new(name));
        self.spaces.len() - 1
    }

    /// One of the schemas, most often `public`.
    fn any_space(&mut self) -> usize {
        if self.dice.percent(70) { 0 } else { self.dice.below(self.spaces.len()) }
    }

    /// Whether a relation or a type can get a name without that the array type of another loses its.
    fn free(&self, space: usize, name: &str) -> bool {
        let taken = &self.spaces[space].taken;
        let array_of = name.strip_prefix('_');
        name.len() <= 63
            && !taken.contains(name)
            && !taken.contains(&format!("_{name}"))
            && !array_of.is_some_and(|element| taken.contains(element))
    }

    /// A name for a relation, maybe with the columns of a table, whose names stay apart if they are.
    fn relation(&mut self, space: usize, like: Option<&Table>) -> String {
        loop {
            let mut name = self.style.name(&mut self.dice);
            if self.dice.percent(4) {
                name = format!("__{name}");
            } else if self.dice.percent(15) {
                name = names::cut(&format!("{name}s"), 63).to_owned();
            }
            if self.free(space, &name)
                && !self.spaces[space].rust.contains(&rust_name(&name, None))
                && like.is_none_or(|table| table.could_be(&name) || !table.could_be(&table.name))
            {
                self.spaces[space].take(&name);
                return name;
            }
            // So that it ends, however many tables there are.
            if self.dice.percent(30) {
                self.style = Style::Plain;
            }
        }
    }

    /// A name that nothing else in the database has.
    fn numbered(&mut self, kind: &str) -> String {
        self.numbered += 1;
        let joint = *self.dice.pick(&["_", "_", " ", "-", "\""]);
        format!("{kind}{joint}{}", self.numbered)
    }

    /// How a thing of a schema is named in SQL. What is in `public` is found without its schema; but
    /// a type of `pg_catalog` is found sooner than one of `public`.
    fn path(&self, space: usize, name: &str, bare: bool) -> String {
        if space == 0 && bare {
            ident(name)
        } else {
            format!("{}.{}", ident(&self.spaces[space].name), ident(name))
        }
    }

    fn table_path(&self, table: usize) -> String {
        let Table { space, name, .. } = &self.tables[table];
        self.path(*space, name, true)
    }

    /// A table, and all that inherit from it or are partitions of it.
    fn family(&self, table: usize) -> Vec<usize> {
        let mut family = vec![table];
        // Heirs come after what they inherit from.
        for (index, other) in self.tables.iter().enumerate() {
            if other.above.is_some_and(|above| family.contains(&above)) {
                family.push(index);
            }
        }
        family
    }
}

impl Space {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), taken: BTreeSet::new(), rust: BTreeSet::new() }
    }

    fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
        self.rust.insert(rust_name(name, None));
    }
}
