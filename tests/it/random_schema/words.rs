//! What random schemas are made of.

/// Ordinary names.
#[rustfmt::skip]
pub const PLAIN: &[&str] = &[
    "account", "address", "amount", "author", "body", "book", "category", "city", "code", "color",
    "country", "created_at", "currency", "customer", "deleted_at", "description", "email", "event",
    "first_name", "flags", "height", "id", "invoice", "is_active", "item", "kind", "label",
    "language", "ledger_entry", "level", "message", "name", "note", "order_line", "owner", "parent",
    "payload", "person", "phone", "post", "price", "product", "quantity", "rating", "session",
    "slug", "state", "status", "tag", "title", "token", "total", "updated_at", "users", "version",
    "weight", "zone",
];

/// Names of at most nine letters.
#[rustfmt::skip]
pub const SHORT: &[&str] = &[
    "a", "b", "c", "x", "y", "ab", "foo", "bar", "baz", "item", "tag", "post", "user", "users",
    "city", "state", "node", "edge", "event", "author", "country", "language", "currency", "ledger",
    "customer", "products", "sessions", "invoices", "addresses", "documents",
];

/// What `syn` takes for no identifier, but for `_`.
#[rustfmt::skip]
pub const RUST_KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "Self", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe",
    "unsized", "use", "virtual", "where", "while", "yield",
];

/// What Diesel reserves besides.
#[rustfmt::skip]
pub const RESERVED: &[&str] = &["table", "columns", "is_nullable"];

/// Keywords of SQL.
#[rustfmt::skip]
pub const SQL_KEYWORDS: &[&str] = &[
    "all", "analyze", "array", "asc", "between", "case", "check", "column", "constraint", "current",
    "default", "desc", "distinct", "end", "foreign", "from", "grant", "group", "having", "insert",
    "join", "limit", "not", "null", "offset", "order", "primary", "references", "select", "then",
    "to", "union", "unique", "user", "values", "when", "window", "with",
];

/// Names that mean something to Diesel, to Rust or to PostgreSQL, or nearly do.
#[rustfmt::skip]
pub const SPECIAL: &[&str] = &[
    "table", "columns", "is_nullable", "table_", "columns_", "_", "__", "___", "_x", "x__y", "_1",
    "star", "all_columns", "dsl", "SqlType", "BoxedQuery", "gen", "raw", "safe", "bool", "i32",
    "str", "Option", "String", "None", "Some", "macro_rules", "diesel", "std", "core", "oid",
    "proc", "pure", "sizeof", "alignof", "offsetof", "auto", "public", "sql_types", "TABLE",
    "Columns", "SELF", "Type", "ASYNC", "static_", "type_", "1", "-", "--", " ", "$", "\"", "é",
];

/// Names with capitals.
#[rustfmt::skip]
pub const MIXED: &[&str] = &[
    "createdAt", "UserProfile", "HTTPServer", "iOS", "ID", "Users", "userId", "XMLHttpRequest",
    "Order_Line", "URL", "aB", "Ab", "x86_64", "V2Api", "snake_Case", "SHOUTING_CASE",
];

/// Names with other letters than those of English.
#[rustfmt::skip]
pub const FOREIGN: &[&str] = &[
    "größe", "имя", "名前", "naïve", "ñandú", "straße", "Ωmega", "Ünlü Ad", "価格-税込", "emoji 🦀",
    "🦀", "façade_id", "id_дом", "élève", "цена_товара", "テーブル",
];

/// What stands between two words of an odd name.
#[rustfmt::skip]
pub const BETWEEN: &[&str] = &[
    " ", " ", "-", "-", "--", "__", "__", "\"", "\"\"", "'", ".", "$", "é", "€", "名", "#", "\"#",
    "\"##", "%", "`", "/", ";", "(", ")", ",", "?", "!", "{", "}", "*/", "/*", "//", ":", "::",
    "&", "<", ">", "=", "@", "~", "|", "+", "  ", " - ", "_-_", "[", "]", "{}", "\u{a0}",
];

/// Names of schemas.
#[rustfmt::skip]
pub const SCHEMAS: &[&str] = &[
    "audit", "other", "billing", "Mixed Case", "2nd", "type", "my-schema", "größe", "a\"b", "self",
    "crate", "_", "table", "x__y", "データ", "app.v2", "quite_a_long_name_of_a_schema_of_the_application",
];

/// Lines of comments.
#[rustfmt::skip]
pub const LINES: &[&str] = &[
    "What this is.", "A comment", "  leading spaces", "trailing spaces   ", "", "", "   ",
    "with `code` in it", "it's \"quoted\", 'twice'", "ends */ here", "/* opens", "größe → 名前 🦀",
    "\ta tab, and one at the end\t", "# A heading", "- one of a list", "```rust", "```",
    "a backslash \\ and \\n and \\u{1}", "!bang", "/slash", "// comment", "<b>bold</b>",
    "see [`other`](https://example.org)", "\u{a0}a no-break space\u{a0}", "{} %s $1 :name",
    "\"", "'", "`", "*", "#[sql_name = \"x\"]", "r#\"raw\"#",
    "A long line, longer than any formatter would like it to be, so that it would be broken if \
     anything broke it; and nothing does.",
];

/// Types of every day: how they are written, whether B-trees hold them, and a default.
#[rustfmt::skip]
pub const COMMON: &[(&str, bool, &str)] = &[
    ("int", true, "0"), ("integer", true, "42"), ("bigint", true, "0"), ("smallint", true, "1"),
    ("text", true, "'x'"), ("text", true, "''"), ("varchar", true, "'x'"),
    ("varchar(20)", true, "'a'"), ("varchar(255)", true, "''"), ("char(3)", true, "'EUR'"),
    ("boolean", true, "false"), ("uuid", true, "gen_random_uuid()"), ("date", true, "current_date"),
    ("timestamptz", true, "now()"), ("timestamp", true, "now()"), ("numeric", true, "0"),
    ("numeric(10,2)", true, "0.00"), ("double precision", true, "0"), ("real", true, "1.5"),
    ("bytea", true, "''"), ("json", false, "'{}'"), ("jsonb", true, "'{}'"),
];

/// All other types, but for those of bits.
#[rustfmt::skip]
pub const RARE: &[(&str, bool, &str)] = &[
    ("time", true, "'12:00'"), ("time(3)", true, ""), ("timetz", true, ""), ("timetz(2)", true, ""),
    ("timestamp(3)", true, ""), ("timestamptz(0)", true, "now()"), ("interval", true, "'1 day'"),
    ("interval day to second", true, ""), ("interval(3)", true, ""), ("char", true, "'x'"),
    ("bpchar", true, ""), ("national character varying(5)", true, ""), ("float(10)", true, ""),
    ("dec(5)", true, "1"), ("varbit", true, ""), ("varbit(5)", true, "B'101'"),
    ("money", true, "0"), ("inet", true, "'10.0.0.1'"), ("cidr", true, ""), ("macaddr", true, ""),
    ("macaddr8", true, ""), ("pg_lsn", true, "'0/0'"), ("\"char\"", true, "'a'"),
    ("name", true, "'n'"), ("oid", true, "0"), ("tsvector", true, "''"), ("tsquery", true, ""),
    ("xml", false, ""), ("jsonpath", false, "'$'"), ("point", false, "'(0,0)'"),
    ("line", false, ""), ("lseg", false, ""), ("box", false, ""), ("path", false, ""),
    ("polygon", false, ""), ("circle", false, ""), ("int4range", true, "'empty'"),
    ("int8range", true, ""), ("numrange", true, ""), ("tsrange", true, ""), ("tstzrange", true, ""),
    ("daterange", true, ""), ("int4multirange", true, "'{}'"), ("int8multirange", true, ""),
    ("nummultirange", true, ""), ("tsmultirange", true, ""), ("tstzmultirange", true, ""),
    ("datemultirange", true, ""), ("regclass", true, ""), ("regtype", true, ""),
    ("regproc", true, ""), ("regprocedure", true, ""), ("regrole", true, ""),
    ("regnamespace", true, ""), ("regconfig", true, ""), ("xid", false, ""), ("xid8", true, ""),
    ("cid", false, ""), ("tid", true, ""), ("pg_snapshot", false, ""), ("txid_snapshot", false, ""),
    ("refcursor", false, ""), ("aclitem", false, ""), ("int2vector", false, ""),
    ("oidvector", false, ""), ("information_schema.sql_identifier", true, ""),
    ("information_schema.yes_or_no", true, ""), ("information_schema.cardinal_number", true, ""),
];

/// Types of bits, which Diesel takes for a type of MySQL's.
#[rustfmt::skip]
pub const BITS: &[&str] = &["bit", "bit(8)", "bit[]", "bit(3)[][]"];

/// What no type of a schema may be called in UpperCamelCase, unless it is to be mistaken: the types
/// that Diesel knows, and what stands for types of `pg_catalog` and `information_schema`.
#[rustfmt::skip]
pub const KNOWN: &[&str] = &[
    "Bool", "Integer", "SmallInt", "BigInt", "Binary", "Text", "Double", "Float", "Numeric",
    "Timestamp", "Date", "Time", "Float4", "Smallint", "Int2", "Int4", "Int8", "Bigint", "Float8",
    "Decimal", "VarChar", "Varchar", "Char", "Tinytext", "Mediumtext", "Longtext", "Tinyblob",
    "Blob", "Mediumblob", "Longblob", "Varbinary", "Bit", "Cidr", "Citext", "Inet", "Jsonb",
    "MacAddr", "MacAddr8", "Money", "Oid", "Range", "Timestamptz", "Uuid", "Json", "PgLsn",
    "Record", "Interval", "Int4range", "Int8range", "Daterange", "Numrange", "Tsrange", "Tstzrange",
    "Int4multirange", "Int8multirange", "Datemultirange", "Nummultirange", "Tsmultirange",
    "Tstzmultirange", "SmallSerial", "BigSerial", "Serial", "Bytea", "Bpchar", "Macaddr",
    "Macaddr8",
];

/// Types that are no types of Diesel's, in UpperCamelCase; and words that mean something in its
/// macros.
#[rustfmt::skip]
pub const BUILT_IN: &[&str] = &[
    "Timetz", "Varbit", "Name", "Tsvector", "Tsquery", "Xml", "Jsonpath", "Point", "Line", "Lseg",
    "Box", "Path", "Polygon", "Circle", "Regclass", "Regtype", "Regproc", "Regprocedure", "Regrole",
    "Regnamespace", "Regconfig", "Xid", "Xid8", "Cid", "Tid", "PgSnapshot", "TxidSnapshot",
    "Refcursor", "Aclitem", "Int2vector", "Oidvector", "SqlIdentifier", "YesOrNo", "CardinalNumber",
    "Array", "Nullable", "Multirange", "SqlType", "QueryId", "Clone", "Option", "String", "None",
    "Some", "Bool",
];

/// Names of types that are mistaken for one that Diesel knows.
#[rustfmt::skip]
pub const FRIENDS: &[&str] = &[
    "range", "blob", "record", "serial", "BigSerial", "citext", "decimal", "double", "binary",
    "Date", "time_", "longblob", "Tinytext", "mac_addr", "pg lsn", "VarChar", "bit", "json",
];

/// Names of types that begin like the names of arrays.
#[rustfmt::skip]
pub const UNDERSCORED: &[&str] = &["_mood", "_Kind of", "__private", "_user_role", "_größe", "_X"];

/// Names of types that are no identifiers in UpperCamelCase.
#[rustfmt::skip]
pub const UNPRINTABLE: &[&str] = &["1abc", "self", "Self", "---", "½", "2 fast", "!", " 9", "0"];

/// Names of types besides the ordinary ones.
#[rustfmt::skip]
pub const TYPES: &[&str] = &[
    "mood", "user_role", "order_state", "Color", "currencyCode", "my type", "weird-type", "a\"b\"c",
    "größe", "цвет", "色", "HTTPStatus", "geo.point2", "x_1", "type", "table", "trait", "ImplFor",
    "quite_a_long_name_of_a_type_that_makes_the_attribute_long", "box_of \"things\"", "kind_",
    "価格_の_とても_長い_名前", "float_range", "semver", "e_mail", "iOSVersion", "t 1",
];

/// Labels of enums.
#[rustfmt::skip]
pub const LABELS: &[&str] = &["sad", "ok", "happy", "Not So", "it's", "größe", "a-b", "1", "", "\""];

/// Names of sub-tables of `[print_schema]`.
#[rustfmt::skip]
pub const KEYS: &[&str] = &["default", "a", "app", "zebra", "z-1", "B", "2"];
