//! What is in a schema besides types, tables and keys.

use super::{
    Draft,
    names::{ident, literal},
    words::LINES,
};

impl Draft {
    /// Columns that come late, comments, views, indexes and sequences.
    pub fn extras(&mut self) {
        self.added_columns();
        if self.dice.percent(50) {
            self.comments();
        }
        for table in 0..self.tables.len() {
            match self.dice.below(100) {
                0..6 => self.view("VIEW", table),
                6..10 => self.view("MATERIALIZED VIEW", table),
                10..20 => self.index(table),
                _ => {}
            }
        }
        if self.dice.percent(5) {
            let name = self.numbered("sequence");
            self.run(format!("CREATE SEQUENCE {}", ident(&name)));
        }
    }

    fn added_columns(&mut self) {
        for table in self.tables_that(|table| !table.leaf) {
            if self.dice.percent(5) {
                let kind = self.kind();
                let of = kind.clone();
                self.add_column(table, kind, |draft, name| draft.definition(name, &of, false));
            }
        }
    }

    fn comments(&mut self) {
        for table in 0..self.tables.len() {
            let path = self.table_path(table);
            self.comment_on("TABLE", &path, 50);
            let columns = self.tables[table].columns.clone();
            for column in columns {
                let column = format!("{path}.{}", ident(&column.name));
                self.comment_on("COLUMN", &column, 30);
            }
        }
    }

    /// A comment, so many times in a hundred.
    pub fn comment_on(&mut self, what: &str, path: &str, share: usize) {
        if self.dice.percent(share) {
            let comment = self.comment();
            self.run(format!("COMMENT ON {what} {path} IS {comment}"));
        }
    }

    fn comment(&mut self) -> String {
        if self.dice.percent(2) {
            return "NULL".to_owned();
        }
        let count = *self.dice.weigh(&[(60, 1), (15, 2), (15, 3), (10, 6)]);
        let lines: Vec<&str> = (0..count).map(|_| self.dice.word(LINES)).collect();
        let end = *self.dice.weigh(&[(95, "\n"), (5, "\r\n")]);
        let mut text = lines.join(end);
        if self.dice.percent(10) {
            text += end;
        }
        literal(&text)
    }

    fn view(&mut self, what: &str, table: usize) {
        let space = self.any_space();
        let name = self.relation(space, None);
        let path = self.path(space, &name, true);
        let of = self.table_path(table);
        let query = if self.tables[table].columns.is_empty() || self.dice.percent(30) {
            format!("SELECT count(*) AS n FROM {of}")
        } else {
            format!("SELECT * FROM {of}")
        };
        self.run(format!("CREATE {what} {path} AS {query}"));
        self.comment_on(what, &path, 20);
    }

    fn index(&mut self, table: usize) {
        let mut columns = self.tables[table].columns.iter();
        let Some(column) = columns.find(|column| column.kind.sorted) else {
            return;
        };
        let column = ident(&column.name);
        let path = self.table_path(table);
        let name = match self.dice.percent(60) {
            true => ident(&self.numbered("index")),
            false => String::new(),
        };
        let end = self.dice.word(&["", "", " DESC", " NULLS FIRST"]);
        let condition = if self.dice.percent(20) {
            format!(" WHERE {column} IS NOT NULL")
        } else {
            String::new()
        };
        // One that is unique would have to hold the columns by which the table is divided.
        let unique = !self.tables[table].split && self.dice.percent(25);
        self.run(format!(
            "CREATE {}INDEX {name} ON {path} ({column}{end}){condition}",
            if unique { "UNIQUE " } else { "" }
        ));
    }
}
