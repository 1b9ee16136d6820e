//! What names in a source file mean: the modules of tables, what is in them, and what `use` brings of it.

use std::collections::{BTreeMap, BTreeSet};

use syn::{UseTree, ext::IdentExt as _};

use crate::compat::program::Program;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A table as a value.
    Table(usize),
    /// One of its columns.
    Column(usize, usize),
    /// All of its columns, or a type that stands for them.
    All(usize),
}

/// What stands for all columns of a table in its module.
const WHOLE: [&str; 6] = ["all_columns", "star", "All", "AllColumns", "BoxedQuery", "SqlType"];

/// The tables of a program by their names in Rust.
pub(super) struct Tables {
    by_name: BTreeMap<String, Vec<usize>>,
    columns: Vec<BTreeMap<String, usize>>,
}

/// What the `use` items of a file bring.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// The tables whose columns are known by their bare names.
    bare: BTreeSet<usize>,
    /// Other names of modules of tables.
    modules: BTreeMap<String, Vec<usize>>,
    /// Other names of what is in them.
    items: BTreeMap<String, Vec<Meaning>>,
}

impl Tables {
    pub(super) fn of(program: &Program) -> Self {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, table) in program.tables.iter().enumerate() {
            let name = table.path.rsplit("::").next().unwrap_or_default();
            by_name.entry(name.to_owned()).or_default().push(at);
        }
        let columns = program.tables.iter().map(|table| {
            let columns = table.columns.iter().enumerate();
            columns.map(|(at, it)| (it.rust_name.clone(), at)).collect()
        });
        Self { by_name, columns: columns.collect() }
    }

    /// The tables of a name.
    pub(super) fn named(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The place of a column of a table.
    pub(super) fn column(&self, table: usize, name: &str) -> Option<usize> {
        self.columns[table].get(name).copied()
    }

    /// What a path within the module of a table leads to.
    fn within(&self, table: usize, rest: &[String]) -> Option<Meaning> {
        let inner = ["dsl", "columns"];
        let rest = match rest {
            [first, rest @ ..] if inner.contains(&first.as_str()) => rest,
            rest => rest,
        };
        match rest {
            [] => None,
            [name, ..] if name == "table" => Some(Meaning::Table(table)),
            [name, ..] if WHOLE.contains(&name.as_str()) => Some(Meaning::All(table)),
            [name, ..] => match self.column(table, name) {
                Some(column) => Some(Meaning::Column(table, column)),
                // in `dsl`, the table has its own name
                None => self.named(name).contains(&table).then_some(Meaning::Table(table)),
            },
        }
    }
}

impl Names {
    /// Takes in a `use`.
    pub(super) fn take(&mut self, tables: &Tables, tree: &UseTree) {
        self.walk(tables, tree, &mut Vec::new());
    }

    fn walk(&mut self, tables: &Tables, tree: &UseTree, path: &mut Vec<String>) {
        match tree {
            UseTree::Path(step) => {
                path.push(step.ident.unraw().to_string());
                self.walk(tables, &step.tree, path);
                path.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.walk(tables, tree, path);
                }
            }
            UseTree::Glob(_) => {
                let (found, rest) = self.module(tables, path);
                if rest.iter().all(|it| it == "dsl" || it == "columns") {
                    self.bare.extend(found);
                }
            }
            UseTree::Name(name) => {
                let name = name.ident.unraw().to_string();
                self.one(tables, path, &name, &name);
            }
            UseTree::Rename(name) => {
                let (name, alias) = (name.ident.unraw(), name.rename.unraw());
                self.one(tables, path, &name.to_string(), &alias.to_string());
            }
        }
    }

    fn one(&mut self, tables: &Tables, path: &[String], name: &str, alias: &str) {
        let mut whole = path.to_vec();
        if name != "self" {
            whole.push(name.to_owned());
        }
        let alias = match (alias, whole.last()) {
            ("self", Some(last)) => last.clone(),
            (alias, _) => alias.to_owned(),
        };
        let (found, rest) = self.module(tables, &whole);
        let is_module = rest.iter().all(|it| it == "dsl" || it == "columns");
        if found.is_empty() {
            return;
        }
        if is_module {
            self.modules.insert(alias, found);
            return;
        }
        let meanings: Vec<Meaning> =
            found.iter().filter_map(|it| tables.within(*it, &rest)).collect();
        if !meanings.is_empty() {
            self.items.insert(alias, meanings);
        }
    }

    /// The tables whose module a path names, and what follows in it.
    fn module(&self, tables: &Tables, path: &[String]) -> (Vec<usize>, Vec<String>) {
        for (at, step) in path.iter().enumerate() {
            let found = match self.modules.get(step) {
                Some(found) => found,
                None => tables.named(step),
            };
            if !found.is_empty() {
                return (found.to_vec(), path[at + 1..].to_vec());
            }
        }
        (Vec::new(), Vec::new())
    }

    /// What a path in an expression or a type leads to.
    pub(super) fn meanings(&self, tables: &Tables, path: &[String]) -> Vec<Meaning> {
        if let [name] = path {
            return self.bare(tables, name);
        }
        let (found, rest) = self.module(tables, path);
        found.iter().filter_map(|it| tables.within(*it, &rest)).collect()
    }

    /// What a single name leads to.
    fn bare(&self, tables: &Tables, name: &str) -> Vec<Meaning> {
        if let Some(known) = self.items.get(name) {
            return known.clone();
        }
        let path = [name.to_owned()];
        self.bare.iter().filter_map(|it| tables.within(*it, &path)).collect()
    }

    /// The tables that a name of a struct's attribute leads to: `users`, `crate::schema::users`.
    pub(super) fn tables(&self, tables: &Tables, path: &[String]) -> Vec<usize> {
        let Some(last) = path.last() else {
            return Vec::new();
        };
        match self.modules.get(last) {
            Some(found) => found.clone(),
            None => tables.named(last).to_vec(),
        }
    }
}
