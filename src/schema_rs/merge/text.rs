//! How PostgreSQL writes names and types, and which names it chooses.

/// The schema of PostgreSQL's own types.
pub(super) const PG_CATALOG: &str = "pg_catalog";

/// How long a name can be, in bytes.
const NAME_LENGTH: usize = 63;

/// A name with quotes, where `quote_identifier` of the server sets them.
pub(super) fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_safe = name.chars().all(is_plain)
        && !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && RESERVED.binary_search(&name).is_err();
    match is_safe {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A name with its schema, as the server writes it.
pub(super) fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quoted(schema), quoted(name))
}

/// A list of names, as the server writes it into a definition.
pub(super) fn quoted_list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|it| quoted(it)).collect();
    names.join(", ")
}

/// A list of texts in JSON: `to_json` of an array separates them with `,`, `json_agg` and `json_build_array` with `, `.
pub(super) fn json<T: AsRef<str>>(texts: &[T], separator: &str) -> String {
    let texts = texts.iter().map(|it| serde_json::Value::from(it.as_ref()));
    let texts: Vec<String> = texts.map(|it| it.to_string()).collect();
    format!("[{}]", texts.join(separator))
}

/// What `format_type` prints for a type that is no array, with a search path of `pg_catalog`.
pub(super) fn format_type(schema: &str, name: &str, max_length: Option<u32>) -> String {
    if schema != PG_CATALOG {
        return qualified(schema, name);
    }
    let plain = match (name, max_length) {
        ("bit", Some(length)) => return format!("bit({length})"),
        ("bpchar", Some(length)) => return format!("character({length})"),
        ("varbit", Some(length)) => return format!("bit varying({length})"),
        ("varchar", Some(length)) => return format!("character varying({length})"),
        ("bool", _) => "boolean",
        ("float4", _) => "real",
        ("float8", _) => "double precision",
        ("int2", _) => "smallint",
        ("int4", _) => "integer",
        ("int8", _) => "bigint",
        // keywords, and still not quoted
        ("interval" | "numeric", _) => name,
        ("time", _) => "time without time zone",
        ("timestamp", _) => "timestamp without time zone",
        ("timestamptz", _) => "timestamp with time zone",
        ("timetz", _) => "time with time zone",
        ("varbit", None) => "bit varying",
        ("varchar", None) => "character varying",
        _ => return quoted(name),
    };
    plain.to_owned()
}

/// The name that PostgreSQL gives to an object: `first_second_label`, cut, and with a number if it is taken.
pub(super) fn choose_name(
    first: &str,
    second: &str,
    label: &str,
    is_taken: impl Fn(&str) -> bool,
) -> String {
    let numbered = (1..).map(|number: u32| format!("{label}{number}"));
    std::iter::once(label.to_owned())
        .chain(numbered)
        .map(|label| object_name(first, second, &label))
        .find(|name| !is_taken(name))
        .expect("there are more numbers than names")
}

/// `makeObjectName` of the server: the longer part gives way.
fn object_name(first: &str, second: &str, label: &str) -> String {
    let separators = if second.is_empty() { 1 } else { 2 };
    let room = NAME_LENGTH.saturating_sub(label.len() + separators);
    let (mut a, mut b) = (first.len(), second.len());
    while a + b > room {
        if a > b {
            a -= 1;
        } else {
            b -= 1;
        }
    }
    let mut name = clipped(first, a).to_owned();
    if !second.is_empty() {
        name.push('_');
        name.push_str(clipped(second, b));
    }
    format!("{name}_{label}")
}

/// The first bytes of a text, as far as they are whole characters.
fn clipped(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Keywords that PostgreSQL quotes: all but the unreserved ones. In order.
///
/// Source: <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_the_server_does_it() {
        assert!(RESERVED.is_sorted());
        let names = ["users", "userId", "order", "1st", "a\"b", "name", "_x", ""];
        let written = names.map(quoted);
        let expected =
            ["users", "\"userId\"", "\"order\"", "\"1st\"", "\"a\"\"b\"", "name", "_x", "\"\""];
        assert_eq!(written.to_vec(), expected);
    }

    #[test]
    fn types_are_written_as_the_server_does_it() {
        let written = |name, length| format_type(PG_CATALOG, name, length);
        assert_eq!(written("int4", None), "integer");
        assert_eq!(written("varchar", Some(3)), "character varying(3)");
        assert_eq!(written("bpchar", None), "bpchar");
        assert_eq!(written("char", None), "\"char\"");
        assert_eq!(written("interval", None), "interval");
        assert_eq!(format_type("public", "Mood", None), "public.\"Mood\"");
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number_and_a_long_one_is_cut() {
        let choose = |first: &str, second: &str, label| {
            choose_name(first, second, label, |it| it == "t_pkey")
        };
        assert_eq!(choose("t", "", "pkey"), "t_pkey1");
        assert_eq!(choose("posts", "user_id", "fkey"), "posts_user_id_fkey");
        let cut = choose(&"t".repeat(60), &"c".repeat(40), "fkey");
        assert_eq!(cut, format!("{}_{}_fkey", "t".repeat(29), "c".repeat(28)));
    }
}
