//! PostgreSQL's types and Diesel's names for them: one table for both directions.

use heck::ToUpperCamelCase as _;

/// Types of pg_catalog that Diesel knows, each with the name that schema.rs prints for it.
///
/// Source: <https://docs.diesel.rs/2.3.x/diesel/sql_types/index.html>
pub(crate) const BUILT_IN: [(&str, &str); 41] = [
    ("bool", "Bool"),
    ("bpchar", "Bpchar"),
    ("bytea", "Bytea"),
    ("char", "Char"),
    ("cidr", "Cidr"),
    ("date", "Date"),
    ("datemultirange", "Datemultirange"),
    ("daterange", "Daterange"),
    ("float4", "Float4"),
    ("float8", "Float8"),
    ("inet", "Inet"),
    ("int2", "Int2"),
    ("int4", "Int4"),
    ("int4multirange", "Int4multirange"),
    ("int4range", "Int4range"),
    ("int8", "Int8"),
    ("int8multirange", "Int8multirange"),
    ("int8range", "Int8range"),
    ("interval", "Interval"),
    ("json", "Json"),
    ("jsonb", "Jsonb"),
    ("macaddr", "Macaddr"),
    ("macaddr8", "Macaddr8"),
    ("money", "Money"),
    ("numeric", "Numeric"),
    ("nummultirange", "Nummultirange"),
    ("numrange", "Numrange"),
    ("oid", "Oid"),
    ("pg_lsn", "PgLsn"),
    ("record", "Record"),
    ("text", "Text"),
    ("time", "Time"),
    ("timestamp", "Timestamp"),
    ("timestamptz", "Timestamptz"),
    ("tsmultirange", "Tsmultirange"),
    ("tsrange", "Tsrange"),
    ("tstzmultirange", "Tstzmultirange"),
    ("tstzrange", "Tstzrange"),
    ("uuid", "Uuid"),
    ("varchar", "Varchar"),
    // of an extension, but Diesel has it
    ("citext", "Citext"),
];

/// Further names that `diesel print-schema` takes for types of Diesel's, whatever type has them.
const FALSE_FRIENDS: [&str; 26] = [
    "Integer",
    "SmallInt",
    "BigInt",
    "Binary",
    "Double",
    "Float",
    "Smallint",
    "Bigint",
    "Decimal",
    "VarChar",
    "Tinytext",
    "Mediumtext",
    "Longtext",
    "Tinyblob",
    "Blob",
    "Mediumblob",
    "Longblob",
    "Varbinary",
    "Bit",
    "MacAddr",
    "MacAddr8",
    "Range",
    "SmallSerial",
    "BigSerial",
    "Serial",
    "Citext",
];

/// The Rust name that Diesel gives to a type.
#[must_use]
pub(super) fn camel(name: &str) -> String {
    name.to_upper_camel_case()
}

/// Whether `diesel print-schema` takes a Rust name for one of Diesel's own types.
#[must_use]
pub(super) fn diesel_takes_for_known(rust_name: &str) -> bool {
    BUILT_IN.iter().any(|(_, name)| *name == rust_name) || FALSE_FRIENDS.contains(&rust_name)
}

/// Diesel's own type for a type of PostgreSQL, if it has one.
#[must_use]
pub(crate) fn diesel_type(schema: &str, name: &str) -> Option<&'static str> {
    let found = BUILT_IN.iter().find(|(it, _)| *it == name)?;
    (schema == "pg_catalog" || name == "citext").then_some(found.1)
}

/// Whether a type of the project cannot have a Rust name, because it means something else where a table is defined.
#[must_use]
pub(super) fn is_taken(rust_name: &str) -> bool {
    is_sql_type(rust_name) || NO_TYPE.contains(&rust_name)
}

/// Whether `use diesel::sql_types::*` brings the name.
#[must_use]
pub(super) fn is_sql_type(rust_name: &str) -> bool {
    BUILT_IN.iter().any(|(_, name)| *name == rust_name)
        || FALSE_FRIENDS.contains(&rust_name)
        || SQL_TYPES.contains(&rust_name)
}

/// What `diesel::sql_types` holds beyond the types above.
const SQL_TYPES: [&str; 26] = [
    "AllAreNullable",
    "Array",
    "BoolOrNullableBool",
    "CChar",
    "Foldable",
    "HasSqlType",
    "IntoNotNullable",
    "IntoNullable",
    "MaybeNullableType",
    "Multirange",
    "NullValueTreatment",
    "NullValueTreatmentEnum",
    "Nullable",
    "OneIsNullable",
    "RangeBound",
    "RangeBoundEnum",
    "SingleValue",
    "SqlOrd",
    "SqlType",
    "TinyInt",
    "Tinyint",
    "TypeMetadata",
    "Untyped",
    "Datetime",
    "Unsigned",
    "PgTypeMetadata",
];

/// Names of structs that the derive or `table!` cannot take.
const NO_TYPE: [&str; 5] = ["None", "BoxedQuery", "Ok", "T", "PgMetadataLookup"];
