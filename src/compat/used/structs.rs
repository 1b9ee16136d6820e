//! What structs say of tables: the derives of Diesel.

use std::collections::BTreeSet;

use heck::ToSnakeCase as _;
use syn::{
    Attribute, Expr, ExprLit, Field, Fields, ItemStruct, Lit, Meta, Path, Token, Type,
    ext::IdentExt as _, punctuated::Punctuated,
};

/// A struct that stands for a table.
#[derive(Default)]
pub(super) struct Model {
    /// Its name.
    pub(super) name: String,
    /// The path of the table.
    pub(super) table: Vec<String>,
    /// The derives that are about the table.
    pub(super) derives: BTreeSet<String>,
    /// What stands for columns.
    pub(super) fields: Vec<ModelField>,
    /// The names of further columns that attributes name.
    pub(super) keys: Vec<String>,
    /// Expressions in attributes.
    pub(super) expressions: Vec<Expr>,
}

/// A field that stands for a column.
pub(super) struct ModelField {
    /// The name of the column.
    pub(super) column: String,
    /// Whether it may be None.
    pub(super) may_be_none: bool,
    /// Whether it is part of what is inserted.
    pub(super) is_inserted: bool,
    /// Whether it is part of what is changed.
    pub(super) is_changed: bool,
}

/// The derives that name columns of a table.
const DERIVES: [&str; 7] = [
    "AsChangeset",
    "Associations",
    "HasQuery",
    "Identifiable",
    "Insertable",
    "QueryableByName",
    "Selectable",
];

/// Reads a struct; none if it has none of these derives.
pub(super) fn model(item: &ItemStruct) -> Option<Model> {
    let mut model = Model { name: item.ident.unraw().to_string(), ..Model::default() };
    for attribute in &item.attrs {
        attribute_of_struct(attribute, &mut model);
    }
    if model.derives.is_empty() {
        return None;
    }
    if model.table.is_empty() {
        // Diesel's rule
        model.table = vec![format!("{}s", model.name.to_snake_case())];
    }
    let fields = match &item.fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unnamed(fields) => &fields.unnamed,
        Fields::Unit => return Some(model),
    };
    for field in fields {
        of_field(field, &mut model);
    }
    Some(model)
}

fn attribute_of_struct(attribute: &Attribute, model: &mut Model) {
    if attribute.path().is_ident("derive") {
        let paths = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
        let paths = paths.into_iter().flatten();
        let names = paths.filter_map(|it| it.segments.last().map(|it| it.ident.to_string()));
        model.derives.extend(names.filter(|it| DERIVES.contains(&it.as_str())));
        return;
    }
    if let Meta::NameValue(pair) = &attribute.meta
        && pair.path.is_ident("table_name")
    {
        // Diesel 1
        model.table = text(&pair.value).into_iter().collect();
    }
    if attribute.path().is_ident("cfg_attr") {
        let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        for meta in metas.into_iter().flatten().skip(1) {
            let inner = Attribute { meta, ..attribute.clone() };
            attribute_of_struct(&inner, model);
        }
    }
    for meta in metas(attribute) {
        match meta {
            Meta::NameValue(pair) if pair.path.is_ident("table_name") => {
                model.table = match &pair.value {
                    Expr::Path(path) => steps(&path.path),
                    other => text(other).into_iter().collect(),
                };
            }
            Meta::List(list) if list.path.is_ident("primary_key") => {
                let keys = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
                let keys = keys.into_iter().flatten();
                model.keys.extend(keys.filter_map(|it| steps(&it).pop()));
            }
            Meta::List(list) if list.path.is_ident("belongs_to") => {
                belongs_to(&list.tokens.to_string(), model);
            }
            Meta::NameValue(pair) if pair.path.is_ident("base_query") => {
                model.expressions.push(pair.value);
            }
            _ => {}
        }
    }
}

/// The foreign key of `belongs_to(Parent, foreign_key = column)`.
fn belongs_to(tokens: &str, model: &mut Model) {
    let mut parts = tokens.split(',');
    let parent = parts.next().unwrap_or_default();
    let parent = parent.split('<').next().unwrap_or_default();
    let parent = parent.rsplit("::").next().unwrap_or_default().trim();
    let named = parts.filter_map(|it| it.split_once('='));
    let key = named.map(|(name, value)| (name.trim(), value.trim().trim_matches('"')));
    let key = key.into_iter().find(|(name, _)| *name == "foreign_key").map(|(_, it)| it.to_owned());
    model.keys.push(key.unwrap_or_else(|| format!("{}_id", parent.to_snake_case())));
}

fn of_field(field: &Field, model: &mut Model) {
    let mut name = field.ident.as_ref().map(|it| it.unraw().to_string());
    let (mut is_own, mut is_inserted, mut is_changed) = (true, true, true);
    for attribute in &field.attrs {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("column_name")
        {
            name = text(&pair.value).or(name);
        }
        for meta in metas(attribute) {
            match meta {
                Meta::NameValue(pair) if pair.path.is_ident("column_name") => {
                    name = match &pair.value {
                        Expr::Path(path) => steps(&path.path).pop(),
                        other => text(other),
                    };
                }
                Meta::NameValue(pair) if pair.path.is_ident("select_expression") => {
                    is_own = false;
                    model.expressions.push(pair.value);
                }
                Meta::Path(path) if path.is_ident("skip_insertion") => is_inserted = false,
                Meta::Path(path) if path.is_ident("skip_update") => is_changed = false,
                // another struct stands for its columns
                Meta::Path(path) if path.is_ident("embed") => is_own = false,
                _ => {}
            }
        }
    }
    if let Some(column) = name.filter(|_| is_own) {
        let may_be_none = is_option(&field.ty);
        model.fields.push(ModelField { column, may_be_none, is_inserted, is_changed });
    }
}

/// Whether a field may be None, or what it is cannot be seen.
fn is_option(tpe: &Type) -> bool {
    match tpe {
        Type::Reference(inner) => is_option(&inner.elem),
        Type::Path(path) => path.path.segments.last().is_none_or(|it| it.ident == "Option"),
        _ => false,
    }
}

/// What stands in `#[diesel(…)]`. What is not of the form of others, such as `belongs_to(a, b = c)`, stays a list of tokens.
fn metas(attribute: &Attribute) -> Vec<Meta> {
    if !attribute.path().is_ident("diesel") {
        return Vec::new();
    }
    let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    metas.into_iter().flatten().collect()
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// The names of a path.
pub(super) fn steps(path: &Path) -> Vec<String> {
    path.segments.iter().map(|it| it.ident.unraw().to_string()).collect()
}
