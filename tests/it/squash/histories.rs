//! Random histories, and what a database is made of in the end.

use crate::support::{Database, number};

/// One migration.
pub struct Made {
    pub name: String,
    pub up: String,
    pub down: String,
}

/// Makes random migrations, each of which can run after those before it.
pub struct History {
    pub seed: u64,
    random: fastrand::Rng,
    /// Tables with the columns that were added.
    tables: Vec<(String, Vec<String>)>,
    count: usize,
}

impl History {
    pub fn new(case: u64) -> Self {
        let seed = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..)) ^ case;
        eprintln!("seed {}", seed ^ case);
        Self { seed, random: fastrand::Rng::with_seed(seed), tables: Vec::new(), count: 0 }
    }

    /// A number, both ends included.
    pub fn range(&mut self, from: usize, to: usize) -> usize {
        self.random.usize(from..=to)
    }

    pub fn migrations(&mut self, length: usize) -> Vec<Made> {
        (0..length).map(|at| self.migration(at)).collect()
    }

    fn migration(&mut self, at: usize) -> Made {
        let name = format!("2024{:04}_step_{at}", at + 1);
        let steps = if at == 0 {
            vec![self.table()]
        } else {
            (0..self.random.usize(1..4)).map(|_| self.step()).collect()
        };
        let up = steps.iter().map(|it| it.0.as_str()).collect::<Vec<_>>().join("\n");
        let down = steps.iter().rev().map(|it| it.1.as_str()).collect::<Vec<_>>().join("\n");
        let down = if down.trim().is_empty() { "SELECT 1;".to_owned() } else { down };
        Made { name, up, down }
    }

    fn table(&mut self) -> (String, String) {
        self.count += 1;
        let table = format!("t{}", self.count);
        let key = ["serial", "bigint GENERATED ALWAYS AS IDENTITY", "bigserial"];
        let key = key[self.random.usize(..key.len())];
        self.tables.push((table.clone(), Vec::new()));
        (
            format!(
                "CREATE TABLE {table} (id {key} PRIMARY KEY, v text NOT NULL DEFAULT 'v', n integer);"
            ),
            format!("DROP TABLE {table};"),
        )
    }

    fn step(&mut self) -> (String, String) {
        self.count += 1;
        let count = self.count;
        let which = self.random.usize(..self.tables.len());
        let table = self.tables[which].0.clone();
        let nothing = String::new;
        match self.random.usize(..10) {
            0 => self.table(),
            1 => {
                self.tables[which].1.push(format!("c{count}"));
                (
                    format!(
                        "ALTER TABLE {table} ADD COLUMN c{count} numeric(8,2) DEFAULT {count} CHECK (c{count} > 0);"
                    ),
                    format!("ALTER TABLE {table} DROP COLUMN c{count};"),
                )
            }
            2 => (
                format!("CREATE INDEX i{count} ON {table} (lower(v), n DESC);"),
                format!("DROP INDEX i{count};"),
            ),
            3 => (
                format!(
                    "CREATE TYPE e{count} AS ENUM ('a', 'b');\nALTER TABLE {table} ADD COLUMN e{count} e{count} DEFAULT 'b';"
                ),
                format!("ALTER TABLE {table} DROP COLUMN e{count};\nDROP TYPE e{count};"),
            ),
            4 => {
                let other = self.tables[self.random.usize(..self.tables.len())].0.clone();
                (
                    format!(
                        "ALTER TABLE {table} ADD COLUMN r{count} bigint;\nCREATE UNIQUE INDEX u{count} ON {other} (id, v);\nALTER TABLE {table} ADD CONSTRAINT f{count} FOREIGN KEY (r{count}, v) REFERENCES {other} (id, v) NOT VALID;"
                    ),
                    format!(
                        "ALTER TABLE {table} DROP CONSTRAINT f{count};\nDROP INDEX u{count};\nALTER TABLE {table} DROP COLUMN r{count};"
                    ),
                )
            }
            5 => (
                format!(
                    "CREATE FUNCTION f{count}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := coalesce(NEW.n, 0) + 1; RETURN NEW; END $$;\nCREATE TRIGGER g{count} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION f{count}();"
                ),
                format!("DROP TRIGGER g{count} ON {table};\nDROP FUNCTION f{count}();"),
            ),
            6 => (
                format!("UPDATE {table} SET v = v || '''\\\n{count}', n = n + 1 WHERE id % 2 = 0;"),
                nothing(),
            ),
            7 => (format!("DELETE FROM {table} WHERE id % 5 = 4;"), nothing()),
            _ => (
                format!(
                    "INSERT INTO {table} (v, n) SELECT 'row ' || i, i * {count} FROM generate_series(1, {}) i;",
                    count % 7 + 1
                ),
                nothing(),
            ),
        }
    }
}

/// The structure and the rows of a database, without the tracking tables and whatever the order of columns.
pub fn state(database: &Database) -> String {
    let structure = database.query(include_str!("state.sql"));
    let tables = database.query("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname !~ '^__' ORDER BY 1");
    let rows = tables.lines().map(|table| {
        let rows = database
            .query(&format!("SELECT to_jsonb(t) FROM \"{table}\" t ORDER BY to_jsonb(t)::text"));
        format!("{table}\n{rows}")
    });
    let rows: Vec<String> = rows.collect();
    format!("{structure}\n{}", rows.join("\n"))
}
