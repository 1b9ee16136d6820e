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
        match self.random.usize(..14) {
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
            10 => (
                format!(
                    "CREATE TABLE m{count} (id int PRIMARY KEY, v text);\nINSERT INTO m{count} SELECT i, i % 3 FROM generate_series(1, 9) i;\nCREATE MATERIALIZED VIEW w{count} AS SELECT v, count(*) AS n FROM m{count} GROUP BY v;\nCREATE MATERIALIZED VIEW v{count} AS SELECT sum(n) AS n FROM w{count};"
                ),
                format!(
                    "DROP MATERIALIZED VIEW v{count};\nDROP MATERIALIZED VIEW w{count};\nDROP TABLE m{count};"
                ),
            ),
            11 => (
                format!(
                    "CREATE TABLE a{count} (id int PRIMARY KEY, b int);\nCREATE TABLE b{count} (id int PRIMARY KEY, a int NOT NULL REFERENCES a{count});\nINSERT INTO a{count} VALUES (1, NULL), (2, 2);\nINSERT INTO b{count} VALUES (1, 1), (2, 1);\nUPDATE a{count} SET b = 1 WHERE id = 1;\nALTER TABLE a{count} ADD FOREIGN KEY (b) REFERENCES b{count};"
                ),
                format!("DROP TABLE a{count}, b{count};"),
            ),
            12 => (
                format!(
                    "CREATE TABLE s{count} (id int PRIMARY KEY, up int REFERENCES s{count});\nINSERT INTO s{count} SELECT i, nullif(i + 1, 701) FROM generate_series(1, 700) i;\nCREATE SEQUENCE q{count} START 5;\nSELECT setval('q{count}', 40, false);"
                ),
                format!("DROP TABLE s{count};\nDROP SEQUENCE q{count};"),
            ),
            13 => (
                format!(
                    "CREATE TABLE z{count} (id int PRIMARY KEY) PARTITION BY RANGE (id);\nCREATE TABLE z{count}_1 PARTITION OF z{count} FOR VALUES FROM (0) TO (9);\nINSERT INTO z{count} VALUES (1), (2);\nCREATE TABLE p{count} (id int, z int REFERENCES z{count} DEFERRABLE INITIALLY DEFERRED, k \"char\") PARTITION BY LIST (id);\nCREATE TABLE p{count}_1 PARTITION OF p{count} FOR VALUES IN (1, 2);\nINSERT INTO p{count} VALUES (1, 2, 'x'), (2, NULL, '''');\nCREATE TRIGGER g{count} BEFORE UPDATE ON p{count}_1 FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();"
                ),
                format!("DROP TABLE p{count};\nDROP TABLE z{count};"),
            ),
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
    let tables = database.query("SELECT relname FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace = 'public'::regnamespace AND relname !~ '^__' ORDER BY 1");
    let rows = tables.lines().map(|table| {
        let rows = database
            .query(&format!("SELECT to_jsonb(t) FROM \"{table}\" t ORDER BY to_jsonb(t)::text"));
        format!("{table}\n{rows}")
    });
    let rows: Vec<String> = rows.collect();
    format!("{structure}\n{}", rows.join("\n"))
}
