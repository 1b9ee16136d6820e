//! From the names of types in Rust to those in PostgreSQL.

use std::cmp::Reverse;

use syn::{
    GenericArgument, Path, PathArguments, PathSegment, TypePath, UseTree, ext::IdentExt as _,
};

use crate::{
    catalog::{Catalog, ObjectKind},
    schema_rs::{
        parse::CustomType,
        tables::PUBLIC,
        types::{BUILT_IN, camel},
    },
};

/// The schema of PostgreSQL's own types.
pub(super) const PG_CATALOG: &str = "pg_catalog";

/// Types of pg_catalog that have a length.
pub(super) const WITH_LENGTH: [&str; 4] = ["bit", "bpchar", "varbit", "varchar"];

/// Diesel's further names for PostgreSQL's types, beside those that are printed.
///
/// Source: <https://docs.diesel.rs/2.3.x/diesel/sql_types/index.html>
const ALIASES: [(&str, &str); 25] = [
    ("BigInt", "int8"),
    ("BigSerial", "int8"),
    ("Bigint", "int8"),
    ("Binary", "bytea"),
    ("Bit", "bit"),
    ("Blob", "bytea"),
    ("CChar", "char"),
    ("Decimal", "numeric"),
    ("Double", "float8"),
    ("Float", "float4"),
    ("Integer", "int4"),
    ("Longblob", "bytea"),
    ("Longtext", "text"),
    ("MacAddr", "macaddr"),
    ("MacAddr8", "macaddr8"),
    ("Mediumblob", "bytea"),
    ("Mediumtext", "text"),
    ("Serial", "int4"),
    ("SmallInt", "int2"),
    ("SmallSerial", "int2"),
    ("Smallint", "int2"),
    ("Tinyblob", "bytea"),
    ("Tinytext", "text"),
    ("VarChar", "varchar"),
    ("Varbinary", "bytea"),
];

/// Those of Diesel's names that mean a sequence, too.
const SERIAL: [&str; 3] = ["BigSerial", "Serial", "SmallSerial"];

/// Types of pg_catalog that Diesel does not have.
const NOT_OF_DIESEL: [&str; 39] = [
    "aclitem",
    "bit",
    "box",
    "cid",
    "circle",
    "int2vector",
    "jsonpath",
    "line",
    "lseg",
    "name",
    "oidvector",
    "path",
    "pg_dependencies",
    "pg_mcv_list",
    "pg_ndistinct",
    "pg_node_tree",
    "pg_snapshot",
    "point",
    "polygon",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "tid",
    "timetz",
    "tsquery",
    "tsvector",
    "txid_snapshot",
    "varbit",
    "xid",
    "xml",
];

impl CustomType {
    /// The types of a catalog, by the names that they get in Rust; those of `public` first.
    #[must_use]
    pub(crate) fn of(catalog: &Catalog) -> Vec<Self> {
        const KINDS: [ObjectKind; 5] = [
            ObjectKind::Enum,
            ObjectKind::Domain,
            ObjectKind::Composite,
            ObjectKind::Range,
            ObjectKind::BaseType,
        ];
        let keys = KINDS.into_iter().flat_map(|kind| catalog.of_kind(kind)).map(|(key, _)| key);
        let mut types: Vec<Self> = keys
            .map(|key| Self {
                rust_name: camel(key.name()),
                schema: Some(key.part(0).to_owned()),
                name: key.name().to_owned(),
                line: 0,
            })
            .collect();
        types.sort_by_key(|it| it.schema.as_deref() != Some(PUBLIC));
        types
    }

    /// The schema that PostgreSQL finds it in.
    #[must_use]
    pub(crate) fn schema_name(&self) -> &str {
        match &self.schema {
            Some(schema) => schema,
            None if is_of_postgres(&self.name) => PG_CATALOG,
            None => PUBLIC,
        }
    }
}

/// Whether pg_catalog, which comes first wherever no schema is named, has a type of the name.
fn is_of_postgres(name: &str) -> bool {
    let of_diesel = || BUILT_IN.iter().any(|(it, _)| *it == name && name != "citext");
    NOT_OF_DIESEL.contains(&name) || of_diesel()
}

/// A type that the file defines, and the module that it stands in.
pub(super) struct Declared {
    pub(super) module: Vec<String>,
    pub(super) tpe: CustomType,
}

/// A name, or all names, that a `use` brings.
pub(super) struct Import {
    /// The modules in front of it.
    pub(super) path: Vec<String>,
    pub(super) brought: Brought,
}

pub(super) enum Brought {
    All,
    One { name: String, alias: String },
}

impl Import {
    /// Everything that a `use` brings.
    pub(super) fn of(tree: &UseTree, path: &[String], found: &mut Vec<Self>) {
        let brought = match tree {
            UseTree::Path(step) => {
                let mut path = path.to_vec();
                path.push(step.ident.unraw().to_string());
                return Self::of(&step.tree, &path, found);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    Self::of(tree, path, found);
                }
                return;
            }
            UseTree::Glob(_) => Brought::All,
            UseTree::Name(name) => Brought::One {
                name: name.ident.unraw().to_string(),
                alias: name.ident.unraw().to_string(),
            },
            UseTree::Rename(name) => Brought::One {
                name: name.ident.unraw().to_string(),
                alias: name.rename.unraw().to_string(),
            },
        };
        found.push(Self { path: path.to_vec(), brought });
    }

    fn is_diesels(&self) -> bool {
        is_diesels(&self.path)
    }
}

fn is_diesels(path: &[String]) -> bool {
    path.first().is_some_and(|it| it == "diesel")
}

/// What a type is made of: `Nullable<Array<Nullable<base>>>`.
pub(super) struct Shape<'t> {
    pub(super) nullable: bool,
    pub(super) array: bool,
    pub(super) element_nullable: bool,
    pub(super) base: &'t Path,
}

impl<'t> Shape<'t> {
    pub(super) fn of(tpe: &'t TypePath) -> Self {
        let mut shape =
            Self { nullable: false, array: false, element_nullable: false, base: &tpe.path };
        while let Some((name, inner)) = shape.base.segments.last().and_then(with_argument) {
            match name.as_str() {
                "Nullable" if shape.array => shape.element_nullable = true,
                "Nullable" => shape.nullable = true,
                "Array" if !shape.array => shape.array = true,
                _ => break,
            }
            shape.base = inner;
        }
        shape
    }
}

/// The name and the argument of `Name<Argument>`.
fn with_argument(segment: &PathSegment) -> Option<(String, &Path)> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(syn::Type::Path(inner)) => {
            Some((segment.ident.unraw().to_string(), &inner.path))
        }
        _ => None,
    }
}

/// A type that is no array.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) serial: bool,
}

/// What names mean within one `table!`.
pub(super) struct Scope<'s> {
    /// The modules of the file that it stands in, and itself.
    pub(super) here: Vec<String>,
    pub(super) imports: Vec<Import>,
    pub(super) declared: &'s [Declared],
    pub(super) elsewhere: &'s [CustomType],
}

impl Scope<'_> {
    /// The type that a path means, if there is one.
    pub(super) fn base(&self, path: &Path, has_length: bool) -> Option<Base> {
        let last = path.segments.last()?;
        if let Some((name, inner)) = with_argument(last) {
            return range_of(&name, &inner.segments.last()?.ident.to_string());
        }
        let written = last.ident.unraw().to_string();
        let modules: Vec<String> = path
            .segments
            .iter()
            .take(path.segments.len() - 1)
            .map(|it| it.ident.unraw().to_string())
            .collect();
        let explicit = self.imports.iter().find_map(|it| match &it.brought {
            Brought::One { name, alias } if *alias == written => Some((it.path.clone(), name)),
            _ => None,
        });
        let (modules, name) = match explicit {
            Some((path, name)) if modules.is_empty() => (path, name.clone()),
            _ => (modules, written),
        };
        let of_diesel = || built_in(&name, has_length);
        if is_diesels(&modules) {
            return of_diesel();
        }
        let all_of_diesel = |it: &Import| matches!(it.brought, Brought::All) && it.is_diesels();
        // `table!` imports Diesel's types where it imports nothing
        let diesel_first = modules.is_empty()
            && (self.imports.is_empty() || self.imports.iter().any(all_of_diesel));
        let own = || self.own(&modules, &name);
        match diesel_first {
            true => of_diesel().or_else(own),
            false => own().or_else(of_diesel),
        }
    }

    /// A type of the file, or else one that is known from elsewhere.
    fn own(&self, modules: &[String], name: &str) -> Option<Base> {
        let declared = self.declared.iter().filter(|it| it.tpe.rust_name == name);
        let found = nearest(
            declared,
            |it| it.module.as_slice(),
            &absolute(&self.here, modules),
            &self.here,
        );
        let custom = found.map(|it| &it.tpe);
        let custom = custom.or_else(|| self.elsewhere.iter().find(|it| it.rust_name == name));
        if let Some(custom) = custom {
            return Some(Base {
                schema: custom.schema_name().to_owned(),
                name: custom.name.clone(),
                serial: false,
            });
        }
        let mut others = NOT_OF_DIESEL.into_iter();
        let other = others.find(|it| camel(it).eq_ignore_ascii_case(name))?;
        Some(of_postgres(other))
    }
}

fn of_postgres(name: &str) -> Base {
    Base { schema: PG_CATALOG.to_owned(), name: name.to_owned(), serial: false }
}

/// PostgreSQL's type for one of Diesel's.
fn built_in(name: &str, has_length: bool) -> Option<Base> {
    if name == "Citext" {
        // of an extension
        return Some(Base { schema: PUBLIC.to_owned(), ..of_postgres("citext") });
    }
    if name == "Char" && has_length {
        // printed for "char", but that one has no length
        return Some(of_postgres("bpchar"));
    }
    let alias = ALIASES.iter().find(|(rust, _)| *rust == name);
    let printed = || BUILT_IN.iter().find(|(_, rust)| *rust == name);
    let sql = alias.map(|(_, sql)| *sql);
    let sql = sql.or_else(|| printed().map(|(sql, _)| *sql))?;
    Some(Base { serial: SERIAL.contains(&name), ..of_postgres(sql) })
}

/// PostgreSQL's type for `Range<Inner>` and `Multirange<Inner>`.
fn range_of(name: &str, inner: &str) -> Option<Base> {
    let suffix = match name {
        "Range" => "range",
        "Multirange" => "multirange",
        _ => return None,
    };
    let element = built_in(inner, false)?.name;
    let prefix = match element.as_str() {
        "date" | "int4" | "int8" => element.as_str(),
        "numeric" => "num",
        "timestamp" => "ts",
        "timestamptz" => "tstz",
        _ => return None,
    };
    Some(of_postgres(&format!("{prefix}{suffix}")))
}

/// Where a path leads from here.
pub(super) fn absolute(here: &[String], path: &[String]) -> Vec<String> {
    let mut at = here.to_vec();
    for step in path {
        match step.as_str() {
            "super" => {
                at.pop();
            }
            "self" => {}
            "crate" => at.clear(),
            name => at.push(name.to_owned()),
        }
    }
    at
}

/// What stands in the wanted module; else what is nearest to here, for the file's own place in its crate is not known.
pub(super) fn nearest<'t, T>(
    found: impl Iterator<Item = &'t T>,
    module: impl Fn(&T) -> &[String],
    wanted: &[String],
    here: &[String],
) -> Option<&'t T> {
    found.min_by_key(|it| {
        let module = module(it);
        let shared = module.iter().zip(here).take_while(|(a, b)| a == b);
        (module != wanted, Reverse(shared.count()))
    })
}
