//! Types of columns, and the types of users among them.

use super::{
    Draft,
    names::{camel, ident, literal, printable},
    words::{BUILT_IN, COMMON, KNOWN, LABELS, RARE, TYPES},
};

/// A type as it is written.
#[derive(Clone)]
pub struct Kind {
    pub sql: String,
    /// Whether a key can be of it.
    pub sorted: bool,
    pub array: bool,
    /// A default that fits it, or nothing.
    pub sample: &'static str,
}

/// A type that the schema has of its own.
pub struct UserType {
    pub name: String,
    pub kind: Kind,
    pub domain: bool,
}

impl Kind {
    pub fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), sorted: true, array: false, sample: "" }
    }

    fn built_in((sql, sorted, sample): (&str, bool, &'static str)) -> Self {
        Self { sql: sql.to_owned(), sorted, array: false, sample }
    }
}

impl Draft {
    /// Any type.
    pub fn kind(&mut self) -> Kind {
        let which = self.dice.below(100);
        let mut kind = if which < 20 && !self.types.is_empty() {
            self.dice.pick(&self.types).kind.clone()
        } else if which < 42 {
            Kind::built_in(*self.dice.pick(RARE))
        } else {
            Kind::built_in(*self.dice.pick(COMMON))
        };
        if self.dice.percent(10) {
            kind.sql +=
                self.dice.word(&["[]", "[]", "[][]", "[3]", "[2][2]", " ARRAY", " ARRAY[4]"]);
            kind.array = true;
            kind.sample = "'{}'";
        }
        kind
    }

    /// A type that a key can be of.
    pub fn sorted_kind(&mut self) -> Kind {
        loop {
            let kind = self.kind();
            if kind.sorted {
                return kind;
            }
        }
    }

    pub fn types(&mut self) {
        for _ in 0..*self.dice.weigh(&[(40, 0), (25, 1), (18, 2), (10, 3), (7, 5)]) {
            self.user_type();
        }
    }

    /// A name for a type that Diesel prints as it is.
    fn type_name(&mut self, space: usize) -> String {
        loop {
            let name = if self.dice.percent(60) {
                (self.dice.word(TYPES)).to_owned()
            } else {
                self.style.name(&mut self.dice)
            };
            let rust = camel(&name);
            // The name of the array type is one byte longer, and would be cut.
            if name.len() < 63
                && !name.starts_with('_')
                && printable(&rust)
                && !KNOWN.contains(&rust.as_str())
                && !BUILT_IN.contains(&rust.as_str())
                && !self.camels.contains(&rust)
                && self.free(space, &name)
            {
                self.enter_type(space, &name);
                return name;
            }
        }
    }

    fn enter_type(&mut self, space: usize, name: &str) {
        self.camels.insert(camel(name));
        self.spaces[space].taken.insert(name.to_owned());
    }

    fn user_type(&mut self) {
        let space = self.any_space();
        let name = self.type_name(space);
        let sql = self.path(space, &name, false);
        match self.dice.below(100) {
            0..40 => self.create_enum(&sql),
            40..52 => self.create_composite(&sql),
            52..88 => return self.create_domain(name, &sql),
            _ => self.create_range(space, &sql),
        }
        self.comment_on("TYPE", &sql, 10);
        self.types.push(UserType { name, kind: Kind::new(&sql), domain: false });
    }

    /// A type of a given name, which is no domain; nothing if something else has the name.
    pub fn type_called(&mut self, space: usize, name: &str) -> Option<Kind> {
        if !self.free(space, name) {
            return None;
        }
        self.enter_type(space, name);
        let sql = self.path(space, name, false);
        if self.dice.percent(75) {
            self.create_enum(&sql);
        } else {
            self.create_composite(&sql);
        }
        let kind = Kind::new(&sql);
        self.types.push(UserType { name: name.to_owned(), kind: kind.clone(), domain: false });
        Some(kind)
    }

    fn create_enum(&mut self, sql: &str) {
        let count = self.dice.below(5);
        let labels = self.dice.some(LABELS, count);
        let labels: Vec<String> = labels.into_iter().map(literal).collect();
        self.run(format!("CREATE TYPE {sql} AS ENUM ({})", labels.join(", ")));
    }

    fn create_composite(&mut self, sql: &str) {
        let mut fields = Vec::new();
        for name in ["x", "a field", "Y"].iter().take(self.dice.below(4)) {
            fields.push(format!("{} {}", ident(name), self.kind().sql));
        }
        self.run(format!("CREATE TYPE {sql} AS ({})", fields.join(", ")));
    }

    fn create_range(&mut self, space: usize, sql: &str) {
        let of = self.dice.word(&["float8", "time", "text", "inet", "uuid", "int2", "bool"]);
        let name = self.type_name(space);
        let many = self.path(space, &name, false);
        self.run(format!(
            "CREATE TYPE {sql} AS RANGE (subtype = {of}, multirange_type_name = {many})"
        ));
        self.types.push(UserType { name, kind: Kind::new(&many), domain: false });
    }

    fn create_domain(&mut self, name: String, sql: &str) {
        let base = match self.dice.below(4) {
            0 => Kind::new("text"),
            1 => Kind::new(&format!("varchar({})", self.dice.between(1..=300))),
            _ => self.kind(),
        };
        // PostgreSQL cannot compare domains over enums, arrays and ranges for foreign keys.
        let common = COMMON.iter().any(|it| it.1 && it.0 == base.sql);
        let sorted = common || (base.sql.starts_with("varchar(") && base.sql.ends_with(')'));
        let mut statement = format!("CREATE DOMAIN {sql} AS {}", base.sql);
        if !base.sample.is_empty() && self.dice.percent(15) {
            statement += &format!(" DEFAULT {}", base.sample);
        }
        if self.dice.percent(25) {
            statement += " NOT NULL";
        }
        if self.dice.percent(30) {
            statement += " CHECK (VALUE IS NOT NULL)";
        }
        self.run(statement);
        self.comment_on("DOMAIN", sql, 10);
        self.types.push(UserType {
            name,
            kind: Kind { sql: sql.to_owned(), sorted, array: false, sample: "" },
            domain: true,
        });
    }
}
