//! The situations that occur only on purpose.

use super::{
    COLLISION, Draft, FALSE_FRIEND, NO_KEY, ONE_NAME, SHARED_NAME, TWO_KEYS, UNDERSCORE,
    UNPRINTABLE,
    kinds::Kind,
    names::{ident, twins},
    tables::Plan,
    words::{BITS, FRIENDS, UNDERSCORED, UNPRINTABLE as NO_IDENTIFIERS},
};

impl Draft {
    /// Makes a situation occur.
    pub fn situation(&mut self, which: &'static str) {
        let occurs = match which {
            NO_KEY => self.table_without_key(),
            SHARED_NAME => self.shared_name(),
            TWO_KEYS => self.two_keys(),
            ONE_NAME => self.types_of_one_name(),
            COLLISION => self.collision(),
            UNDERSCORE => self.odd_type(UNDERSCORED),
            FALSE_FRIEND if self.dice.percent(50) => {
                let bits = Kind::new(self.dice.word(BITS));
                self.holder(vec![bits])
            }
            FALSE_FRIEND => self.odd_type(FRIENDS),
            UNPRINTABLE => self.odd_type(NO_IDENTIFIERS),
            _ => unreachable!("{which} is no situation"),
        };
        if occurs {
            self.traits.insert(which);
        }
    }

    fn table_without_key(&mut self) -> bool {
        let plain = self.dice.percent(80);
        self.table(Plan { space: Some(0), keyless: true, plain, ..Plan::default() });
        true
    }

    fn shared_name(&mut self) -> bool {
        let name = self.numbered("shared");
        let space = self.any_space();
        let of_key = self.table(Plan {
            space: Some(space),
            plain: true,
            key_name: Some(name.clone()),
            ..Plan::default()
        });
        let away = self.tables_that(|it| !it.leaf && !it.split && it.space != space);
        if !away.is_empty() && self.dice.percent(60) {
            let table = *self.dice.pick(&away);
            let path = self.table_path(table);
            let sql = "int".to_owned();
            let column = self.add_column(table, Kind::new("int"), |_, _| sql);
            self.run(format!(
                "ALTER TABLE {path} ADD CONSTRAINT {} UNIQUE ({})",
                ident(&name),
                ident(&column)
            ));
            return true;
        }
        let child = self.visible(space, of_key);
        let parent = if self.tables[of_key].may_be_referenced() && self.dice.percent(50) {
            of_key
        } else {
            self.plain_table(space)
        };
        self.late_key(child, parent, Some(name));
        true
    }

    fn two_keys(&mut self) -> bool {
        let space = self.any_space();
        let parent = self.plain_table(space);
        let child = self.visible(space, parent);
        self.late_key(child, parent, None);
        if self.dice.percent(35) {
            self.late_key(parent, child, None);
        } else {
            self.late_key(child, parent, None);
        }
        true
    }

    /// A new table that can be referenced.
    fn plain_table(&mut self, space: usize) -> usize {
        loop {
            let table = self.table(Plan { space: Some(space), plain: true, ..Plan::default() });
            if self.tables[table].may_be_referenced() {
                return table;
            }
        }
    }

    /// A table of a schema that Diesel sees and that can reference and be referenced.
    fn visible(&mut self, space: usize, but: usize) -> usize {
        let tables = self.tables_that(|it| {
            it.space == space && !it.unlogged && !it.hidden() && it.may_be_referenced()
        });
        let others: Vec<usize> = tables.into_iter().filter(|&it| it != but).collect();
        if others.is_empty() { self.plain_table(space) } else { *self.dice.pick(&others) }
    }

    fn types_of_one_name(&mut self) -> bool {
        let mut kinds = Vec::new();
        match self.dice.below(3) {
            0 => {
                let (one, other) = *self.dice.pick(&[
                    ("foo_bar", "FooBar"),
                    ("foo bar", "foo-bar"),
                    ("twofold", "Twofold"),
                    ("HTTPCode", "http_code"),
                ]);
                kinds.extend(self.type_called(0, one));
                kinds.extend(self.type_called(0, other));
            }
            1 => {
                if self.spaces.len() < 2 {
                    self.space();
                }
                let space = self.spaces.len() - 1;
                let name = self.dice.word(&["twofold", "Two Fold", "two_fold", "zwei"]);
                kinds.extend(self.type_called(0, name));
                kinds.extend(self.type_called(space, name));
            }
            _ => {
                let (name, built_in) = *self.dice.pick(&[
                    ("point", "point"),
                    ("Xml", "xml"),
                    ("TSVECTOR", "tsvector"),
                    ("name", "name"),
                    ("path-", "path"),
                    ("timetz", "timetz"),
                ]);
                kinds.extend(self.type_called(0, name));
                kinds.push(Kind { sorted: false, ..Kind::new(built_in) });
            }
        }
        kinds.len() == 2 && self.holder(kinds)
    }

    fn odd_type(&mut self, names: &[&'static str]) -> bool {
        let name = self.dice.word(names);
        let space = self.any_space();
        let kind = self.type_called(space, name);
        kind.is_some_and(|kind| self.holder(vec![kind]))
    }

    /// A table with columns of these types.
    fn holder(&mut self, mut kinds: Vec<Kind>) -> bool {
        self.dice.shuffle(&mut kinds);
        let space = self.any_space();
        self.table(Plan {
            space: Some(space),
            plain: true,
            columns: kinds.into_iter().map(|kind| (None, kind)).collect(),
            ..Plan::default()
        });
        true
    }

    fn collision(&mut self) -> bool {
        let names = twins(&mut self.dice);
        let space = self.any_space();
        if self.dice.percent(60) {
            let mut columns = Vec::new();
            for name in names {
                columns.push((Some(name), self.kind()));
            }
            self.table(Plan { space: Some(space), plain: true, columns, ..Plan::default() });
            return true;
        }
        let free = names.iter().all(|name| self.free(space, name));
        for name in names.into_iter().filter(|_| free) {
            self.table(Plan {
                space: Some(space),
                name: Some(name),
                plain: true,
                ..Plan::default()
            });
        }
        free
    }
}
