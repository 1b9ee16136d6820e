//! Which types PostgreSQL converts how.

/// Types between which assignment knows the way.
pub(super) const FAMILIES: [&[&str]; 7] = [
    &["int2", "int4", "int8", "numeric", "float4", "float8"],
    STRINGS,
    &["date", "timestamp", "timestamptz"],
    &["time", "timetz"],
    &["bit", "varbit"],
    &["json", "jsonb"],
    &["inet", "cidr"],
];

/// Types that anything can be written as.
pub(super) const STRINGS: &[&str] = &["text", "varchar", "bpchar"];

/// Pairs with a cast of their own that text does not stand in for.
/// Source: `src/include/catalog/pg_cast.dat`.
pub(super) const CASTS: [(&str, &[&str]); 20] = [
    ("bool", &["int4"]),
    ("int4", &["bool", "bit", "money", "bytea"]),
    ("int8", &["bit", "money", "bytea"]),
    ("int2", &["bytea"]),
    ("numeric", &["money"]),
    ("money", &["numeric"]),
    ("bit", &["int4", "int8"]),
    ("bytea", &["int2", "int4", "int8"]),
    ("timestamp", &["time"]),
    ("timestamptz", &["time", "timetz"]),
    ("time", &["interval"]),
    ("interval", &["time"]),
    ("lseg", &["point"]),
    ("path", &["polygon"]),
    ("box", &["point", "lseg", "circle", "polygon"]),
    ("polygon", &["point", "path", "box", "circle"]),
    ("circle", &["point", "box", "polygon"]),
    ("point", &["box"]),
    ("macaddr", &["macaddr8"]),
    ("macaddr8", &["macaddr"]),
];

/// Shapes whose texts are those of others, too.
pub(super) const SHAPES: [(&str, &[&str]); 5] = [
    ("box", &["line", "path"]),
    ("lseg", &["line", "path"]),
    ("path", &["line", "lseg"]),
    ("point", &["path", "polygon"]),
    ("polygon", &["line", "lseg"]),
];

/// Ranges by what they are of.
pub(super) const RANGES: [&[&str]; 2] =
    [&["int4range", "int8range", "numrange"], &["daterange", "tsrange", "tstzrange"]];
