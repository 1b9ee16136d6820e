//! The tables of a schema.rs: which ones, under which names, with which types.

mod keys;
mod named;

use std::collections::{BTreeMap, BTreeSet};

use self::{
    keys::{PrimaryKeys, view_key},
    named::{free_name, is_no_column, type_of},
};

use crate::{
    catalog::{Catalog, Column, ForeignKey, Relation, RelationKind},
    schema_rs::{
        Compat,
        config::{ColumnSorting, PrintSchema, matches_any},
        names::rust_name,
        style::{PrintError, Style},
        types,
    },
    tools::table::tracking,
};

/// The schema whose name is left out.
pub(super) const PUBLIC: &str = "public";

/// Everything that is printed into one file.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) tables: Vec<Table>,
    pub(super) joins: Vec<Join>,
    /// Pairs of tables, by their place in `tables`, that a foreign key connects.
    pub(super) related: Vec<(usize, usize)>,
    pub(super) notes: Vec<String>,
}

/// A table, or a view that is printed like one.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) sql_name: String,
    pub(super) rust_name: String,
    /// The schema, where it is not `public`.
    pub(super) schema: Option<String>,
    /// The columns of the key, in its order.
    key: Vec<String>,
    pub(super) columns: Vec<TableColumn>,
    pub(super) comment: Option<String>,
}

#[derive(Debug)]
pub(super) struct TableColumn {
    pub(super) sql_name: String,
    pub(super) rust_name: String,
    pub(super) tpe: Type,
    pub(super) is_nullable: bool,
    pub(super) max_length: Option<u64>,
    pub(super) comment: Option<String>,
}

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Type {
    /// What it is called in Rust.
    pub(super) rust_name: String,
    pub(super) sql_name: String,
    /// Its schema, where it is not `public`.
    pub(super) schema: Option<String>,
    pub(super) is_array: bool,
    /// Whether the file has to define it.
    pub(super) is_custom: bool,
}

/// A `joinable!`.
#[derive(Debug)]
pub(super) struct Join {
    pub(super) child: String,
    pub(super) parent: String,
    pub(super) column: String,
}

impl Table {
    /// The columns of the key, by their Rust names.
    pub(super) fn rust_key(&self) -> Vec<String> {
        let rust_of = |sql: &String| {
            let found = self.columns.iter().find(|it| it.sql_name == *sql);
            found.map_or_else(|| rust_name(sql, Some(&self.rust_name)), |it| it.rust_name.clone())
        };
        self.key.iter().map(rust_of).collect()
    }

    /// The name with its schema in front, where it is not `public`.
    pub(super) fn full_sql_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.sql_name),
            None => self.sql_name.clone(),
        }
    }
}

/// The tables of other migration tools, which no application reads. Diesel prints them, and so does a file that names them.
fn others(
    catalog: &Catalog,
    schema: &str,
    config: &PrintSchema,
    style: &Style,
) -> BTreeSet<String> {
    if style.compat == Compat::Diesel || config.filter.names_tables() {
        return BTreeSet::new();
    }
    let all = tracking(catalog).into_iter().filter(|it| it.schema == schema);
    all.map(|it| it.name).collect()
}

impl Tables {
    pub(super) fn of(
        catalog: &Catalog,
        config: &PrintSchema,
        style: &Style,
    ) -> Result<Self, PrintError> {
        let schema = config.schema_name();
        let mut found = Self::default();
        let mut keys: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let primary_keys = PrimaryKeys::of(catalog, style.compat);
        let others = others(catalog, schema, config, style);
        for relation in catalog.relations(schema) {
            let wanted = match relation.kind() {
                RelationKind::Table | RelationKind::PartitionedTable => true,
                _ => style.views,
            };
            let name = relation.name();
            let is_admitted = config.filter.admits(name) && !others.contains(name);
            if !wanted || name.starts_with("__") || !is_admitted {
                continue;
            }
            let key = match relation.kind() {
                RelationKind::Table | RelationKind::PartitionedTable => {
                    primary_keys.of_table(&relation)
                }
                _ => view_key(&relation, style),
            };
            if key.is_empty() {
                found.without_key(&relation, style)?;
                continue;
            }
            let table = found.table(&relation, &key, config, style);
            keys.insert(name, key);
            found.tables.push(table);
        }
        if style.compat == Compat::Right {
            found.tell_tables_apart();
            found.tell_types_apart();
            found.tell_columns_apart();
            found.count_columns();
            found.check_schema(schema);
        }
        found.joins(catalog, schema, &keys, style);
        Ok(found)
    }

    fn without_key(&mut self, relation: &Relation<'_>, style: &Style) -> Result<(), PrintError> {
        let schema = Some(relation.schema()).filter(|it| *it != PUBLIC);
        let name = relation.name();
        if style.compat == Compat::Diesel {
            let rust = rust_name(name, None);
            let schema = schema.map(|it| format!("{}.", rust_name(it, None)));
            let table = format!("{}{rust}", schema.unwrap_or_default());
            return Err(PrintError::NoPrimaryKey { table });
        }
        let name = schema.map_or(name.to_owned(), |it| format!("{it}.{name}"));
        self.notes
            .push(format!("table {name} has no primary key and is left out: Diesel needs one"));
        Ok(())
    }

    fn table(
        &mut self,
        relation: &Relation<'_>,
        key: &[String],
        config: &PrintSchema,
        style: &Style,
    ) -> Table {
        let rust = rust_name(relation.name(), None);
        let mut columns = relation.columns();
        if config.column_sorting == ColumnSorting::Name {
            columns.sort_by_key(Column::name);
        }
        let columns: Vec<TableColumn> =
            columns.iter().map(|column| self.column(column, &rust, config, style)).collect();
        Table {
            sql_name: relation.name().to_owned(),
            schema: Some(relation.schema().to_owned()).filter(|it| it != PUBLIC),
            key: key.to_vec(),
            columns,
            comment: relation.comment().map(str::to_owned),
            rust_name: rust,
        }
    }

    fn column(
        &mut self,
        column: &Column<'_>,
        table: &str,
        config: &PrintSchema,
        style: &Style,
    ) -> TableColumn {
        let declared = column.declared_type();
        let base = column.base_type();
        let printed = match base {
            Some(base) if !matches_any(&config.pg_domains_as_custom_types, declared.name) => base,
            _ => declared,
        };
        let mut tpe = type_of(printed, style.compat);
        tpe.is_custom &= config.generate_missing_sql_type_definitions != Some(false)
            && !matches_any(&config.except_custom_type_definitions, &tpe.rust_name);
        let coerced = ["varchar", "citext"].contains(&tpe.sql_name.to_lowercase().as_str());
        if tpe.is_array && coerced {
            self.notes.push(format!(
                "The column `{}` is of type `{}[]`. This will cause problems when using Diesel. You should consider changing the column type to `text[]`.",
                column.name(),
                tpe.sql_name
            ));
        }
        TableColumn {
            sql_name: column.name().to_owned(),
            rust_name: rust_name(column.name(), Some(table)),
            tpe,
            is_nullable: !column.is_not_null(),
            max_length: column.max_length(),
            comment: column.comment().map(str::to_owned),
        }
    }

    /// Gives columns whose Rust names became equal, or do not compile, names of their own.
    fn tell_columns_apart(&mut self) {
        for table in &mut self.tables {
            let columns = &table.columns;
            let custom = columns.iter().map(|it| &it.tpe).filter(|it| it.is_custom);
            let imported: Vec<String> = custom.map(|it| it.rust_name.clone()).collect();
            let types = imported.iter().map(String::as_str).collect();
            let has_max_length = columns.iter().any(|it| it.max_length.is_some());
            let mut taken: BTreeSet<String> = BTreeSet::new();
            for column in &mut table.columns {
                let mut name = column.rust_name.clone();
                let mut why = "`table!` cannot take the name";
                if is_no_column(&name, &types, has_max_length) || name == table.rust_name {
                    name.push('_');
                }
                if taken.contains(&name) {
                    why = "another column has the name";
                    name = free_name(&name, &taken);
                }
                if name != column.rust_name {
                    self.notes.push(format!(
                        "column {} of table {} is called {name}: {why}",
                        column.sql_name, table.sql_name
                    ));
                    column.rust_name.clone_from(&name);
                }
                taken.insert(name);
            }
        }
    }

    /// `table!` takes no other name of a schema than the one that is an identifier.
    fn check_schema(&mut self, schema: &str) {
        if schema == PUBLIC {
            return;
        }
        let rust = rust_name(schema, None);
        if rust != schema && !self.tables.is_empty() {
            self.notes.push(format!(
                "schema {schema} cannot be named in `table!`: queries will ask for {rust}"
            ));
        }
    }

    fn tell_tables_apart(&mut self) {
        let columns = self.tables.iter().flat_map(|table| &table.columns);
        let defines_types = columns.map(|it| &it.tpe).any(|it| it.is_custom);
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for table in &mut self.tables {
            let mut name = table.rust_name.clone();
            let mut why = "`table!` cannot take the name";
            // the crate itself, a parameter of a macro, and a word of edition 2024
            if ["diesel", "TSM", "gen"].contains(&name.as_str()) {
                name.push('_');
            }
            if name == "sql_types" && defines_types {
                why = "the module of the types has the name";
                name.push('_');
            }
            if taken.contains(&name) {
                why = "another table has the name";
                name = free_name(&name, &taken);
            }
            if name != table.rust_name {
                self.notes.push(format!("table {} is called {name}: {why}", table.sql_name));
                table.rust_name.clone_from(&name);
            }
            taken.insert(name);
        }
    }

    /// Gives types of several schemas, or with names that mean something else, names of their own.
    fn tell_types_apart(&mut self) {
        let mut custom: BTreeSet<(String, Option<String>, String)> = BTreeSet::new();
        let columns = || self.tables.iter().flat_map(|table| &table.columns);
        for tpe in columns().map(|it| &it.tpe).filter(|it| it.is_custom) {
            // public comes first and keeps the short name
            custom.insert((tpe.rust_name.clone(), tpe.schema.clone(), tpe.sql_name.clone()));
        }
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut renamed: BTreeMap<(Option<String>, String), String> = BTreeMap::new();
        for (wanted, schema, sql_name) in custom {
            let mut name = wanted.clone();
            if types::is_taken(&name) || taken.contains(&name) {
                let mut prefix = types::camel(schema.as_deref().unwrap_or(PUBLIC));
                // Diesel's derive cannot take a first letter beyond ASCII
                if !prefix.is_char_boundary(1) {
                    prefix.insert(0, '_');
                }
                name = free_name(&format!("{prefix}{wanted}"), &taken);
                let full = schema.as_deref().unwrap_or(PUBLIC);
                self.notes.push(format!(
                    "type {full}.{sql_name} is called {name}: {wanted} is another type"
                ));
                renamed.insert((schema, sql_name), name.clone());
            } else if name != types::camel(&sql_name) || !name.is_char_boundary(1) {
                // Diesel's derive cannot take a first letter beyond ASCII
                if !name.is_char_boundary(1) {
                    name.insert(0, '_');
                }
                self.notes.push(format!(
                    "type {sql_name} is called {name}: its own name does not compile"
                ));
                renamed.insert((schema, sql_name), name.clone());
            }
            taken.insert(name);
        }
        let columns = self.tables.iter_mut().flat_map(|table| &mut table.columns);
        for tpe in columns.map(|it| &mut it.tpe).filter(|it| it.is_custom) {
            if let Some(name) = renamed.get(&(tpe.schema.clone(), tpe.sql_name.clone())) {
                tpe.rust_name.clone_from(name);
            }
        }
    }

    /// Diesel's `table!` takes as many columns as its features say.
    fn count_columns(&mut self) {
        let wide = self.tables.iter().max_by_key(|table| table.columns.len());
        let Some((name, count)) = wide.map(|table| (&table.sql_name, table.columns.len())) else {
            return;
        };
        let feature = match count {
            0..=32 => return,
            33..=64 => "64-column-tables",
            65..=128 => "128-column-tables",
            _ => {
                let note = format!(
                    "table {name} has {count} columns; Diesel takes 128: leave it out with `filter`"
                );
                self.notes.push(note);
                return;
            }
        };
        self.notes.push(format!(
            "table {name} has {count} columns: Diesel needs its feature `{feature}`"
        ));
    }

    fn joins(
        &mut self,
        catalog: &Catalog,
        schema: &str,
        keys: &BTreeMap<&str, Vec<String>>,
        style: &Style,
    ) {
        let mut between: BTreeMap<(&str, &str), Vec<ForeignKey<'_>>> = BTreeMap::new();
        for key in catalog.foreign_keys(schema) {
            if key.parent.0 == schema && key.parent.1 != key.child.1 {
                let pair = (key.child.1, key.parent.1);
                between.entry((pair.0.min(pair.1), pair.0.max(pair.1))).or_default().push(key);
            }
        }
        let at: BTreeMap<&str, usize> = self
            .tables
            .iter()
            .enumerate()
            .map(|(index, table)| (table.sql_name.as_str(), index))
            .collect();
        let mut joins = Vec::new();
        let mut related = Vec::new();
        let mut notes = Vec::new();
        for ((one, other), foreign) in &between {
            let (Some(one), Some(other)) = (at.get(one), at.get(other)) else {
                continue;
            };
            let leads_to_key = |it: &&ForeignKey<'_>| {
                it.columns.len() == 1 && keys.get(it.parent.1) == Some(&it.referenced)
            };
            let mut usable: Vec<&ForeignKey<'_>> = foreign.iter().filter(leads_to_key).collect();
            match style.compat {
                // any second key between the tables makes Diesel give up
                Compat::Diesel if foreign.len() > 1 => continue,
                Compat::Diesel => {}
                Compat::Right => {
                    // the same key declared twice is one way to join
                    usable.sort();
                    usable.dedup();
                }
            }
            match usable.as_slice() {
                [] => {}
                [key] => {
                    let (child, parent) = (at[key.child.1], at[key.parent.1]);
                    related.push((*one, *other));
                    joins.push((child, parent, key.columns[0].clone()));
                }
                several => {
                    related.push((*one, *other));
                    notes.push(format!(
                        "{} foreign keys connect {} and {}: no joinable!, join them with an explicit .on(…)",
                        several.len(),
                        self.tables[*one].sql_name,
                        self.tables[*other].sql_name
                    ));
                }
            }
        }
        joins.sort();
        for (child, parent, column) in joins {
            let child = &self.tables[child];
            let found = child.columns.iter().find(|it| it.sql_name == column);
            let column = found.map_or(column, |it| it.rust_name.clone());
            self.joins.push(Join {
                child: child.rust_name.clone(),
                parent: self.tables[parent].rust_name.clone(),
                column,
            });
        }
        self.related = related;
        self.notes.extend(notes);
    }
}
