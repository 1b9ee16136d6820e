//! From syn's tree to tables, keys and joins.

use std::collections::{BTreeMap, BTreeSet};

use diesel_table_macro_syntax::{ColumnDef, TableDecl};
use proc_macro2::Span;
use syn::{
    Attribute, Expr, ExprLit, Ident, Item, ItemStruct, Lit, Macro, Meta, Path, Token,
    ext::IdentExt as _,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use crate::schema_rs::{
    parse::{
        Column, CustomType, File, Join, ParseError, Source, Table, TableName, Type,
        types::{
            Brought, Declared, Import, PG_CATALOG, Scope, Shape, WITH_LENGTH, absolute, nearest,
        },
    },
    tables::PUBLIC,
};

/// Reads a file.
pub(super) fn read(file: &File<'_>, elsewhere: &[CustomType]) -> Result<Source, ParseError> {
    let tree: syn::File = syn::parse_str(file.text).map_err(|error| file.syntax(&error))?;
    let mut written = Written::default();
    written.take(file, tree.items, &[])?;
    let mut tables: Vec<Built> = Vec::new();
    let mut names = BTreeSet::new();
    for one in &written.tables {
        let built = file.table(one, &written.types, elsewhere)?;
        if !names.insert(built.table.name.clone()) {
            return Err(ParseError::Twice {
                what: format!("table {}", built.table.name),
                text: file.source(),
                at: at(one.decl.table_name.span()),
            });
        }
        tables.push(built);
    }
    let mut joins = Vec::new();
    for join in &written.joins {
        joins.extend(file.join(join, &tables, &written)?);
    }
    Ok(Source {
        tables: tables.into_iter().map(|it| it.table).collect(),
        joins,
        types: written.types.into_iter().map(|it| it.tpe).collect(),
    })
}

/// What stands in the file, before names are looked up.
#[derive(Default)]
struct Written {
    tables: Vec<WrittenTable>,
    joins: Vec<WrittenJoin>,
    types: Vec<Declared>,
    /// What the `use` items of the file bring.
    imports: Vec<Import>,
}

struct WrittenTable {
    module: Vec<String>,
    decl: TableDecl,
    is_view: bool,
}

struct WrittenJoin {
    module: Vec<String>,
    syntax: Joinable,
}

/// What stands in the parentheses of `joinable!`.
struct Joinable {
    child: Path,
    parent: Path,
    column: Ident,
}

impl Parse for Joinable {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let child = input.call(Path::parse_mod_style)?;
        input.parse::<Token![->]>()?;
        let parent = input.call(Path::parse_mod_style)?;
        let inner;
        syn::parenthesized!(inner in input);
        let column = inner.parse()?;
        Ok(Self { child, parent, column })
    }
}

impl Written {
    fn take(
        &mut self,
        file: &File<'_>,
        items: Vec<Item>,
        module: &[String],
    ) -> Result<(), ParseError> {
        for item in items {
            match item {
                Item::Macro(item) => self.invocation(file, &item.mac, module)?,
                Item::Struct(item) => self.types.extend(custom_type(&item, module)),
                Item::Use(item) => Import::of(&item.tree, &[], &mut self.imports),
                Item::Mod(item) => {
                    let mut inner = module.to_vec();
                    inner.push(item.ident.unraw().to_string());
                    let items = item.content.map(|(_, items)| items);
                    self.take(file, items.unwrap_or_default(), &inner)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn invocation(
        &mut self,
        file: &File<'_>,
        invoked: &Macro,
        module: &[String],
    ) -> Result<(), ParseError> {
        let name = invoked.path.segments.last().map(|it| it.ident.to_string());
        let refused = |error: syn::Error| file.syntax(&error);
        match name.as_deref() {
            Some(name @ ("table" | "view")) => self.tables.push(WrittenTable {
                module: module.to_vec(),
                decl: invoked.parse_body().map_err(refused)?,
                is_view: name == "view",
            }),
            Some("joinable") => self.joins.push(WrittenJoin {
                module: module.to_vec(),
                syntax: invoked.parse_body().map_err(refused)?,
            }),
            _ => {}
        }
        Ok(())
    }

    /// Whether a name may come from another file.
    fn is_imported(&self, name: &str) -> bool {
        self.imports.iter().any(|it| match &it.brought {
            Brought::All => true,
            Brought::One { alias, .. } => alias == name,
        })
    }
}

/// A table, and what its columns are called in Rust.
struct Built {
    module: Vec<String>,
    rust_name: String,
    /// From names in Rust to names in SQL.
    columns: BTreeMap<String, String>,
    table: Table,
}

impl File<'_> {
    fn table(
        &self,
        written: &WrittenTable,
        declared: &[Declared],
        elsewhere: &[CustomType],
    ) -> Result<Built, ParseError> {
        let decl = &written.decl;
        let rust_name = decl.table_name.unraw().to_string();
        let schema = decl.schema.as_ref().map(|it| it.unraw().to_string());
        // Diesel prints the schema into the name once more
        let doubled = schema.as_ref().map(|it| format!("{it}."));
        let doubled = doubled.and_then(|it| decl.sql_name.strip_prefix(&it));
        let name = TableName {
            name: doubled.unwrap_or(&decl.sql_name).to_owned(),
            schema: schema.filter(|it| it != PUBLIC),
        };
        let mut imports = Vec::new();
        for item in &decl.use_statements {
            Import::of(&item.tree, &[], &mut imports);
        }
        let mut here = written.module.clone();
        here.push(rust_name.clone());
        let scope = Scope { here, imports, declared, elsewhere };
        let mut columns = BTreeMap::new();
        let mut table = Table {
            rust_name: rust_name.clone(),
            module: written.module.clone(),
            primary_key: Vec::new(),
            columns: Vec::new(),
            comment: comment(&decl.meta),
            is_view: written.is_view,
            line: line(decl.table_name.span()),
            name,
        };
        for def in &decl.column_defs {
            let column = self.column(def, &scope, &table.name)?;
            if table.columns.iter().any(|it| it.name == column.name) {
                return Err(ParseError::Twice {
                    what: format!("column {} of table {}", column.name, table.name),
                    text: self.source(),
                    at: at(def.column_name.span()),
                });
            }
            columns.insert(def.column_name.unraw().to_string(), column.name.clone());
            table.columns.push(column);
        }
        let mut built = Built { module: written.module.clone(), rust_name, columns, table };
        built.table.primary_key = match &decl.primary_keys {
            Some(key) => {
                let columns = key.keys.iter().map(|it| self.sql_name(&built, it));
                columns.collect::<Result<_, _>>()?
            }
            None if written.is_view => Vec::new(),
            // Diesel's default
            None => vec![self.sql_name(&built, &Ident::new("id", decl.table_name.span()))?],
        };
        Ok(built)
    }

    fn column(
        &self,
        def: &ColumnDef,
        scope: &Scope<'_>,
        table: &TableName,
    ) -> Result<Column, ParseError> {
        let length = def.max_length.as_ref();
        let max_length = length
            .map(|it| it.base10_parse::<u32>())
            .transpose()
            .map_err(|error| self.syntax(&error))?;
        let shape = Shape::of(&def.tpe);
        let Some(base) = scope.base(shape.base, max_length.is_some()) else {
            let written = shape.base.segments.last().map(|it| &it.ident);
            return Err(ParseError::UnknownType {
                name: written.map(Ident::to_string).unwrap_or_default(),
                column: def.sql_name.clone(),
                table: table.clone(),
                text: self.source(),
                at: at(written.map_or_else(|| def.column_name.span(), Ident::span)),
            });
        };
        let has_length = base.schema != PG_CATALOG || WITH_LENGTH.contains(&base.name.as_str());
        if let Some(length) = length.filter(|_| !has_length) {
            return Err(ParseError::NoLength {
                column: def.sql_name.clone(),
                table: table.clone(),
                text: self.source(),
                at: at(length.span()),
            });
        }
        Ok(Column {
            name: def.sql_name.clone(),
            rust_name: def.column_name.unraw().to_string(),
            nullable: shape.nullable,
            array_element_nullable: shape.element_nullable,
            serial: base.serial && !shape.array,
            tpe: match shape.array {
                true => Type::array_of(base.schema, base.name),
                false => Type { schema: base.schema, name: base.name, element: None },
            },
            max_length,
            comment: comment(&def.meta),
            line: line(def.column_name.span()),
        })
    }

    /// What a column is called in SQL.
    fn sql_name(&self, table: &Built, column: &Ident) -> Result<String, ParseError> {
        let name = column.unraw().to_string();
        let found = table.columns.get(&name).cloned();
        found.ok_or_else(|| ParseError::UnknownColumn {
            table: table.table.name.clone(),
            column: name,
            text: self.source(),
            at: at(column.span()),
        })
    }

    /// A join; none if one of its tables is in another file.
    fn join(
        &self,
        written: &WrittenJoin,
        tables: &[Built],
        all: &Written,
    ) -> Result<Option<Join>, ParseError> {
        let Joinable { child, parent, column } = &written.syntax;
        let child = self.joined(child, &written.module, tables, all)?;
        let parent = self.joined(parent, &written.module, tables, all)?;
        let (Some(child), Some(parent)) = (child, parent) else {
            return Ok(None);
        };
        Ok(Some(Join {
            child: child.table.name.clone(),
            parent: parent.table.name.clone(),
            column: self.sql_name(child, column)?,
            line: line(column.span()),
        }))
    }

    fn joined<'t>(
        &self,
        path: &Path,
        module: &[String],
        tables: &'t [Built],
        all: &Written,
    ) -> Result<Option<&'t Built>, ParseError> {
        let steps = path.segments.iter().map(|it| it.ident.unraw().to_string());
        let mut steps: Vec<String> = steps.collect();
        let name = steps.pop().unwrap_or_default();
        let named = tables.iter().filter(|it| it.rust_name == name);
        let wanted = absolute(module, &steps);
        let found = nearest(named, |it| it.module.as_slice(), &wanted, module);
        if found.is_some() || !steps.is_empty() || all.is_imported(&name) {
            return Ok(found);
        }
        let last = path.segments.last().map(|it| it.ident.span());
        Err(ParseError::UnknownTable {
            name,
            file: self.name.to_owned(),
            text: self.source(),
            at: at(last.unwrap_or_else(Span::call_site)),
        })
    }
}

/// What a struct is in PostgreSQL, if it says so.
fn custom_type(item: &ItemStruct, module: &[String]) -> Option<Declared> {
    let metas = |attribute: &Attribute| {
        attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()
    };
    let of_diesel = item.attrs.iter().filter(|it| it.path().is_ident("diesel"));
    let mut settings = of_diesel.filter_map(metas).flatten();
    let list = settings.find_map(|it| match it {
        Meta::List(list) if list.path.is_ident("postgres_type") => Some(list),
        _ => None,
    })?;
    let pairs = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let value = |name: &str| pairs.iter().find_map(|it| text_of(it, name));
    Some(Declared {
        module: module.to_vec(),
        tpe: CustomType {
            rust_name: item.ident.unraw().to_string(),
            schema: value("schema"),
            name: value("name")?,
            line: line(item.ident.span()),
        },
    })
}

/// The text in `name = "text"`.
fn text_of(meta: &Meta, name: &str) -> Option<String> {
    match meta {
        Meta::NameValue(pair) if pair.path.is_ident(name) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The comment of the database in doc comments; Diesel's own sentences are none.
fn comment(attributes: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for text in attributes.iter().filter_map(|it| text_of(&it.meta, "doc")) {
        match text.as_str() {
            "" => lines.push(String::new()),
            text => lines.extend(text.lines().map(|it| it.trim().to_owned())),
        }
    }
    let first = lines.first()?;
    let generated = lines.last().is_some_and(|it| it == GENERATED)
        && ["Representation of the `", "The `"].iter().any(|it| first.starts_with(it));
    let is_empty = lines.iter().all(String::is_empty);
    (!generated && !is_empty).then(|| lines.join("\n"))
}

/// The last line of the sentences that are printed where there is no comment.
const GENERATED: &str = "(Automatically generated by Diesel.)";

fn at(span: Span) -> miette::SourceSpan {
    span.byte_range().into()
}

fn line(span: Span) -> usize {
    span.start().line
}
