//! The cases of `print-schema`.

use super::{Case, case};

/// A little of everything that the flags are about.
const SHOP: &str = "
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TYPE colour AS ENUM ('red');
    CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE TABLE users (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail email NOT NULL, age positive,
        \"type\" mood, born date, tags text[] NOT NULL, name varchar(20));
    CREATE TABLE posts (
        id serial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, title text NOT NULL,
        tint colour, v tsvector);
    CREATE TABLE \"odd name\" (\"an id\" uuid, k text, PRIMARY KEY (k, \"an id\"));
    CREATE TABLE alone (id int PRIMARY KEY, z int, a int);
    CREATE TABLE __hidden (id int PRIMARY KEY);
    CREATE VIEW seen AS SELECT * FROM users;
    COMMENT ON TABLE users IS 'Who is here.';
    COMMENT ON COLUMN users.mail IS E'Where to.\nA second line.';
    CREATE SCHEMA s;
    CREATE TYPE s.kind AS ENUM ('a');
    CREATE TABLE s.things (id int PRIMARY KEY, kind s.kind, owner bigint REFERENCES public.users);
    CREATE TABLE s.parts (id int PRIMARY KEY, thing int NOT NULL REFERENCES s.things);";

fn shop(name: &'static str) -> Case {
    case(name).diesel_toml("").sql(SHOP)
}

/// Two keys, and the default beside them.
const KEYS: &str = "[print_schema.one]\nfilter = { only_tables = [\"^users$\"] }\n\
    [print_schema.two]\nschema = \"s\"\n\
    [print_schema.default]\nfilter = { only_tables = [\"^alone$\", \"^posts$\"] }\n";

fn keys(name: &'static str) -> Case {
    case(name).diesel_toml(KEYS).sql(SHOP)
}

pub(super) fn flags() -> Vec<Case> {
    vec![
        shop("print-schema").run("print-schema"),
        case("print-schema outside of a project").sql(SHOP).run("print-schema"),
        case("print-schema of an empty database").run("print-schema"),
        case("print-schema of a database with tracking")
            .diesel_toml("")
            .up("1_a", "CREATE TABLE a (id int PRIMARY KEY);")
            .run("migration run")
            .run("print-schema"),
        shop("print-schema --schema").run("print-schema --schema s"),
        shop("print-schema -s").run("print-schema -s s"),
        shop("print-schema --schema public").run("print-schema --schema=public"),
        shop("print-schema of a schema that is not there").run("print-schema -s nowhere"),
        shop("print-schema of names only").run("print-schema users alone"),
        shop("print-schema -o").run("print-schema -o ^users$ posts"),
        shop("print-schema -o behind the names").run("print-schema users -o"),
        shop("print-schema --only-tables").run("print-schema --only-tables s$"),
        shop("print-schema -o of nothing").run("print-schema -o"),
        shop("print-schema -e").run("print-schema -e users odd"),
        shop("print-schema --except-tables").run("print-schema --except-tables ^a"),
        shop("print-schema -e of nothing").run("print-schema -e"),
        shop("print-schema -o and -e").run("print-schema -o -e users"),
        shop("print-schema -o of a wrong expression").run("print-schema -o ("),
        shop("print-schema with a wrong expression and no flag").run("print-schema ("),
        shop("print-schema --with-docs").run("print-schema --with-docs"),
        shop("print-schema --with-docs of a schema").run("print-schema --with-docs -s s"),
        shop("print-schema --with-docs-config, only comments")
            .run("print-schema --with-docs-config only-database-comments"),
        shop("print-schema --with-docs-config, comments or others").run(
            "print-schema \
                 --with-docs-config=database-comments-fallback-to-auto-generated-doc-comment",
        ),
        shop("print-schema --with-docs-config, none")
            .run("print-schema --with-docs --with-docs-config no-doc-comments"),
        shop("print-schema --with-docs-config of another kind")
            .run("print-schema --with-docs-config nonsense"),
        shop("print-schema with related tables together")
            .run("print-schema --allow-tables-to-appear-in-same-query-config fk_related_tables"),
        shop("print-schema with all tables together")
            .run("print-schema --allow-tables-to-appear-in-same-query-config all_tables"),
        shop("print-schema with no tables together")
            .run("print-schema --allow-tables-to-appear-in-same-query-config none"),
        shop("print-schema with tables together in another way")
            .run("print-schema --allow-tables-to-appear-in-same-query-config nonsense"),
        shop("print-schema --column-sorting name").run("print-schema --column-sorting name"),
        shop("print-schema --column-sorting ordinal_position")
            .run("print-schema --column-sorting ordinal_position"),
        shop("print-schema --column-sorting of another kind")
            .run("print-schema --column-sorting nonsense"),
        shop("print-schema --patch-file")
            .file("src/fix.patch", PATCH)
            .within("src")
            .run("print-schema --patch-file fix.patch -o alone"),
        shop("print-schema --patch-file that does not fit")
            .file("fix.patch", PATCH)
            .run("print-schema --patch-file fix.patch -o posts"),
        shop("print-schema --patch-file that is not there").run("print-schema --patch-file none"),
        shop("print-schema --import-types")
            .run("print-schema --import-types diesel::sql_types::* --import-types crate::types::*"),
        shop("print-schema --no-generate-missing-sql-type-definitions")
            .run("print-schema --no-generate-missing-sql-type-definitions"),
        shop("print-schema --no-generate-missing-sql-type-definitions with types")
            .run("print-schema --no-generate-missing-sql-type-definitions --import-types x::*"),
        shop("print-schema --except-custom-type-definitions")
            .run("print-schema --except-custom-type-definitions Mood ^T"),
        shop("print-schema --except-custom-type-definitions of a wrong expression")
            .run("print-schema --except-custom-type-definitions ("),
        shop("print-schema --custom-type-derives")
            .run("print-schema --custom-type-derives Clone --custom-type-derives Debug"),
        shop("print-schema --custom-type-derives with Diesel's own")
            .run("print-schema --custom-type-derives diesel::sql_types::SqlType"),
        shop("print-schema --pg-domains-as-custom-types")
            .run("print-schema --pg-domains-as-custom-types ^email$"),
        shop("print-schema --pg-domains-as-custom-types, several")
            .run("print-schema --pg-domains-as-custom-types email positive"),
        shop("print-schema --sqlite-integer-primary-key-is-bigint")
            .run("print-schema --sqlite-integer-primary-key-is-bigint"),
        shop("print-schema --schema-key without keys").run("print-schema --schema-key default"),
        shop("print-schema --schema-key that is not there, without keys")
            .run("print-schema --schema-key nonsense"),
        shop("print-schema with many flags").run(
            "print-schema --with-docs --column-sorting name --custom-type-derives Debug \
             --pg-domains-as-custom-types email -e odd",
        ),
        shop("print-schema of a table without a primary key")
            .then_sql("CREATE TABLE keyless (id int)")
            .run("print-schema -o alone keyless")
            .differs("a table without a primary key is left out, with a note")
            .exit(0)
            .stdout(ALONE),
        shop("print-schema without the table that has no primary key")
            .then_sql("CREATE TABLE keyless (id int)")
            .run("print-schema -e keyless"),
    ]
}

const PATCH: &str = "\
--- schema.rs
+++ schema.rs
@@ -4,5 +4,5 @@
     alone (id) {
         id -> Int4,
-        z -> Nullable<Int4>,
+        z -> Int4,
         a -> Nullable<Int4>,
     }
";

/// The table `alone`.
const ALONE: &str = "\
// @generated automatically by Diesel CLI.

diesel::table! {
    alone (id) {
        id -> Int4,
        z -> Nullable<Int4>,
        a -> Nullable<Int4>,
    }
}
";
/// The table `alone`, and `users` without a definition of its type.
const ALONE_AND_USERS: &str = "\
// @generated automatically by Diesel CLI.

diesel::table! {
    alone (id) {
        id -> Int4,
        z -> Nullable<Int4>,
        a -> Nullable<Int4>,
    }
}
// @generated automatically by Diesel CLI.

diesel::table! {
    users (id) {
        id -> Int8,
        mail -> Text,
        age -> Nullable<Int4>,
        #[sql_name = \"type\"]
        type_ -> Nullable<Mood>,
        born -> Nullable<Date>,
        tags -> Array<Nullable<Text>>,
        #[max_length = 20]
        name -> Nullable<Varchar>,
    }
}
";

pub(super) fn settings() -> Vec<Case> {
    let filter = "filter = { except_tables = [\"o\"] }\n";
    let with =
        |name, toml: &str| case(name).diesel_toml(&format!("[print_schema]\n{toml}")).sql(SHOP);
    vec![
        with("with_docs = true", "with_docs = true\n").run("print-schema"),
        with("with_docs as a text", "with_docs = \"only-database-comments\"\n").run("print-schema"),
        with("with_docs of another kind", "with_docs = \"nonsense\"\n").run("print-schema"),
        with("filter", filter).run("print-schema"),
        with("filter under a flag", filter).run("print-schema -o users"),
        with("column_sorting", "column_sorting = \"name\"\n").run("print-schema"),
        with("schema", "schema = \"s\"\n").run("print-schema"),
        with("schema under a flag", "schema = \"s\"\n").run("print-schema -s public"),
        with("import_types", "import_types = [\"x::*\", \"y::Z\"]\n").run("print-schema"),
        with("missing definitions", "generate_missing_sql_type_definitions = false\n")
            .run("print-schema"),
        with("except_custom_type_definitions", "except_custom_type_definitions = [\"Tsvector\"]\n")
            .run("print-schema"),
        with(
            "custom_type_derives",
            "custom_type_derives = [\"diesel::query_builder::QueryId\", \"Clone\"]\n",
        )
        .run("print-schema"),
        with(
            "allow_tables_to_appear_in_same_query_config",
            "allow_tables_to_appear_in_same_query_config = \"fk_related_tables\"\n",
        )
        .run("print-schema"),
        with("pg_domains_as_custom_types", "pg_domains_as_custom_types = [\".\"]\n")
            .run("print-schema"),
        with("a key of SQLite", "sqlite_integer_primary_key_is_bigint = true\n")
            .run("print-schema"),
        with("patch_file", "patch_file = \"fix.patch\"\nfilter = { only_tables = [\"alone\"] }\n")
            .file("fix.patch", PATCH)
            .within("src")
            .run("print-schema"),
        keys("several keys").run("print-schema"),
        keys("a flag without its key").run("print-schema --with-docs"),
        keys("a flag for a key").run("print-schema --schema-key one --with-docs"),
        keys("flags for several keys").run(
            "print-schema --schema-key one --with-docs --schema-key two \
             --column-sorting name -e parts",
        ),
        keys("a filter for a key").run("print-schema --schema-key default -o posts"),
        keys("a schema for a key").run("print-schema --schema-key one --schema s -o things"),
        keys("a key that is not there").run("print-schema --schema-key nonsense"),
        case("exceptions for a key")
            .diesel_toml(
                "[print_schema.one]\nfilter = { only_tables = [\"^users$\"] }\n\
                 [print_schema.default]\nfilter = { only_tables = [\"^alone$\"] }\n",
            )
            .sql(SHOP)
            .run("print-schema --schema-key one --except-custom-type-definitions Mood")
            .differs("--except-custom-type-definitions works beside --schema-key")
            .exit(0)
            .stdout(ALONE_AND_USERS),
        keys("derives and imports for a key").run(
            "print-schema --schema-key two --custom-type-derives Debug --import-types x::* \
             --allow-tables-to-appear-in-same-query-config none",
        ),
        case("keys without a default")
            .diesel_toml("[print_schema.one]\nfilter = { only_tables = [\"^users$\"] }\n")
            .sql(SHOP)
            .run("print-schema"),
        case("keys beside settings of their own")
            .diesel_toml(
                "[print_schema]\nwith_docs = true\n\
                 [print_schema.one]\nfilter = { only_tables = [\"^alone$\"] }\n",
            )
            .sql(SHOP)
            .run("print-schema"),
    ]
}
