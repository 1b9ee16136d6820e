//! What `compat` says of a column, and what a program that Diesel compiled does there.
//!
//! Each case is a program of its own: a `table!`, and the statements of an application with it, which run on the real structure after the
//! change. That they fail, or read other values than were written, is what `compat` must have said.

use std::{collections::BTreeMap, fmt::Debug};

use diesel::{
    ExpressionMethods as _, QueryDsl as _,
    data_types::{PgDate, PgInterval, PgMoney, PgNumeric, PgTime, PgTimestamp},
};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _};
use serde_json::json;

use super::{findings, report, verdicts};
use crate::support::{Database, Project};

/// What went wrong, if anything did.
type Wrong = Vec<String>;

/// What a statement of a program came to.
fn check<T>(wrong: &mut Wrong, what: &str, done: Result<T, diesel::result::Error>) -> Option<T> {
    match done {
        Ok(value) => Some(value),
        Err(error) => {
            wrong.push(format!("{what}: {error}"));
            None
        }
    }
}

fn same<T: PartialEq + Debug>(wrong: &mut Wrong, read: &T, written: &T) {
    if read != written {
        wrong.push(format!("wrote {written:?} and read {read:?}"));
    }
}

/// Programs: the name of the table, the type of its column in SQL, in schema.rs and in Rust, a value, and changes.
macro_rules! programs {
    ($($name:ident: $sql:literal, [$($diesel:tt)+], $rust:ty = $value:expr => $change:literal;)*) => {
        $(mod $name {
            #![allow(unused_imports)]
            diesel::table! {
                use diesel::sql_types::*;
                $name (id) {
                    id -> Int4,
                    v -> $($diesel)+,
                    d -> Text,
                }
            }
        })*

        /// Every case: its name, the type of its column, that in schema.rs, and the change.
        const CASES: &[(&str, &str, &str, &str)] =
            &[$((stringify!($name), $sql, stringify!($($diesel)+), $change)),*];

        /// Runs one program.
        async fn run(name: &str, conn: &mut AsyncPgConnection) -> Wrong {
            let mut wrong = Wrong::new();
            $(if name == stringify!($name) {
                use self::$name::$name as t;
                let value: $rust = $value;
                let rows = t::table.order(t::id).load::<(i32, $rust, String)>(conn).await;
                if let Some(rows) = check(&mut wrong, "select", rows) {
                    rows.iter().for_each(|it| same(&mut wrong, &it.1, &value));
                }
                let new = (t::id.eq(100), t::v.eq(value.clone()), t::d.eq("e"));
                let new = diesel::insert_into(t::table).values(new).execute(conn).await;
                check(&mut wrong, "insert with a key", new);
                let new = diesel::insert_into(t::table).values(t::v.eq(value.clone()));
                let new = new.returning(t::v).get_result::<$rust>(conn).await;
                if let Some(read) = check(&mut wrong, "insert", new) {
                    same(&mut wrong, &read, &value);
                }
                let one = t::table.find(100);
                let set = diesel::update(one).set(t::v.eq(value)).execute(conn).await;
                check(&mut wrong, "update", set);
                let set = diesel::update(t::table.find(100)).set(t::d.eq("f")).execute(conn).await;
                check(&mut wrong, "update another column", set);
                check(&mut wrong, "delete", diesel::delete(t::table.find(100)).execute(conn).await);
            })*
            wrong
        }
    };
}

programs! {
    // types of numbers
    int4_to_int8: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER v TYPE int8";
    int8_to_int4: "int8", [Int8], i64 = 7 => "ALTER TABLE {t} ALTER v TYPE int4";
    int2_to_int4: "int2", [Int2], i16 = 7 => "ALTER TABLE {t} ALTER v TYPE int4";
    int4_to_numeric: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER v TYPE numeric";
    int4_to_text: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER v TYPE text";
    int4_to_float4: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER v TYPE float4";
    int4_to_domain: "int4", [Int4], i32 = 7 => "CREATE DOMAIN small AS int4 CHECK (VALUE < 100); ALTER TABLE {t} ALTER v TYPE small";
    float4_to_float8: "float4", [Float4], f32 = 1.5 => "ALTER TABLE {t} ALTER v TYPE float8";
    float8_to_numeric: "float8", [Float8], f64 = 1.5 => "ALTER TABLE {t} ALTER v TYPE numeric";
    numeric_scale: "numeric", [Numeric], PgNumeric = PgNumeric::Positive { weight: 0, scale: 0, digits: vec![7] } => "ALTER TABLE {t} ALTER v TYPE numeric(10)";
    money_to_int8: "money", [Money], PgMoney = PgMoney(700) => "ALTER TABLE {t} ALTER v TYPE int8 USING v::numeric::int8";
    oid_to_int8: "oid", [Oid], u32 = 7 => "ALTER TABLE {t} ALTER v TYPE int8";
    bool_to_int4: "bool", [Bool], bool = true => "ALTER TABLE {t} ALTER v TYPE int4 USING v::int4";
    // texts
    text_to_varchar: "text", [Text], String = "a".into() => "ALTER TABLE {t} ALTER v TYPE varchar(20)";
    varchar_to_text: "varchar(5)", [Varchar], String = "a".into() => "ALTER TABLE {t} ALTER v TYPE text";
    varchar_longer: "varchar(5)", [Varchar], String = "a".into() => "ALTER TABLE {t} ALTER v TYPE varchar(50)";
    text_to_enum: "text", [Text], String = "a".into() => "CREATE TYPE abc AS ENUM ('a'); ALTER TABLE {t} ALTER v TYPE abc USING v::abc";
    text_to_json: "text", [Text], String = "{}".into() => "ALTER TABLE {t} ALTER v TYPE json USING v::json";
    text_to_jsonb: "text", [Text], String = "{}".into() => "ALTER TABLE {t} ALTER v TYPE jsonb USING v::jsonb";
    text_to_bytea: "text", [Text], String = "a".into() => "ALTER TABLE {t} ALTER v TYPE bytea USING v::bytea";
    text_to_int4: "text", [Text], String = "5".into() => "ALTER TABLE {t} ALTER v TYPE int4 USING v::int4";
    text_to_uuid: "text", [Text], String = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11".into() => "ALTER TABLE {t} ALTER v TYPE uuid USING v::uuid";
    bytea_to_text: "bytea", [Bytea], Vec<u8> = vec![200] => "ALTER TABLE {t} ALTER v TYPE text USING encode(v, 'hex')";
    // documents
    json_to_jsonb: "json", [Json], serde_json::Value = json!({}) => "ALTER TABLE {t} ALTER v TYPE jsonb";
    jsonb_to_json: "jsonb", [Jsonb], serde_json::Value = json!({}) => "ALTER TABLE {t} ALTER v TYPE json";
    // times
    timestamp_to_timestamptz: "timestamp", [Timestamp], PgTimestamp = PgTimestamp(7) => "SET timezone = 'Asia/Tokyo'; ALTER TABLE {t} ALTER v TYPE timestamptz; RESET timezone";
    timestamptz_to_timestamp: "timestamptz", [Timestamptz], PgTimestamp = PgTimestamp(7) => "SET timezone = 'Asia/Tokyo'; ALTER TABLE {t} ALTER v TYPE timestamp; RESET timezone";
    timestamp_precision: "timestamp", [Timestamp], PgTimestamp = PgTimestamp(7_000_000) => "ALTER TABLE {t} ALTER v TYPE timestamp(0)";
    date_to_timestamp: "date", [Date], PgDate = PgDate(7) => "ALTER TABLE {t} ALTER v TYPE timestamp";
    time_to_interval: "time", [Time], PgTime = PgTime(7) => "ALTER TABLE {t} ALTER v TYPE interval";
    interval_to_text: "interval", [Interval], PgInterval = PgInterval::new(7, 0, 0) => "ALTER TABLE {t} ALTER v TYPE text";
    // arrays
    int4_to_array: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER v TYPE int4[] USING ARRAY[v]";
    array_to_int8: "int4[]", [Array<Nullable<Int4>>], Vec<Option<i32>> = vec![Some(7)] => "ALTER TABLE {t} ALTER v TYPE int8[]";
    array_of_varchar: "text[]", [Array<Nullable<Text>>], Vec<Option<String>> = vec![Some("a".into())] => "ALTER TABLE {t} ALTER v TYPE varchar(9)[]";
    // names and places
    renamed: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} RENAME v TO w";
    dropped: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} DROP v";
    dropped_and_added: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} DROP v; ALTER TABLE {t} ADD v int4 NOT NULL DEFAULT 7";
    table_renamed: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} RENAME TO {t}_new";
    table_dropped: "int4", [Int4], i32 = 7 => "DROP TABLE {t}";
    table_in_a_view: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} RENAME TO {t}_new; CREATE VIEW {t} AS SELECT * FROM {t}_new";
    view_that_only_reads: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} RENAME TO {t}_new; CREATE VIEW {t} AS SELECT DISTINCT * FROM {t}_new";
    moved_away: "int4", [Int4], i32 = 7 => "CREATE SCHEMA elsewhere; ALTER TABLE {t} SET SCHEMA elsewhere";
    // what rows must have
    added: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ADD w int4";
    added_with_default: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ADD w int4 NOT NULL DEFAULT 1";
    added_generated: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ADD w int4 NOT NULL GENERATED ALWAYS AS (v + 1) STORED";
    added_identity: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ADD w int4 GENERATED BY DEFAULT AS IDENTITY";
    added_required: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ADD w int4 NOT NULL DEFAULT 1; ALTER TABLE {t} ALTER w DROP DEFAULT";
    added_domain: "int4", [Int4], i32 = 7 => "CREATE DOMAIN whole AS int4 DEFAULT 3 NOT NULL; ALTER TABLE {t} ADD w whole";
    default_of_key_lost: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER id DROP DEFAULT";
    default_of_another_lost: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER d DROP DEFAULT";
    default_changed: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER d SET DEFAULT 'x'";
    default_lost_but_nullable: "int4", [Nullable<Int4>], Option<i32> = Some(7) => "ALTER TABLE {t} ALTER v SET DEFAULT 1; ALTER TABLE {t} ALTER v DROP DEFAULT";
    identity_instead_of_serial: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER id DROP DEFAULT; ALTER TABLE {t} ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (START 10)";
    identity_always: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER id DROP DEFAULT; ALTER TABLE {t} ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 10)";
    generated: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} DROP v; ALTER TABLE {t} ADD v int4 NOT NULL GENERATED ALWAYS AS (7) STORED";
    // the key
    key_retyped: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER id TYPE int8";
    key_renamed: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} RENAME id TO number";
    key_is_text: "int4", [Int4], i32 = 7 => "ALTER TABLE {t} ALTER id DROP DEFAULT; ALTER TABLE {t} ALTER id TYPE text USING id::text; ALTER TABLE {t} ALTER id SET DEFAULT gen_random_uuid()::text";
    // what no program sees
    index: "int4", [Int4], i32 = 7 => "CREATE INDEX ON {t} (v)";
    comment: "int4", [Int4], i32 = 7 => "COMMENT ON TABLE {t} IS 'x'";
    column_made_anew: "text", [Nullable<Text>], Option<String> = Some("a".into()) => "ALTER TABLE {t} RENAME v TO o; ALTER TABLE {t} ADD v text; UPDATE {t} SET v = o; ALTER TABLE {t} DROP o";
}

fn table(case: &(&str, &str, &str, &str)) -> String {
    let (name, sql, diesel, _) = case;
    let null = if diesel.starts_with("Nullable") { "" } else { " NOT NULL" };
    format!(
        "CREATE TABLE {name} (id serial PRIMARY KEY, v {sql}{null}, d text NOT NULL DEFAULT 'd');\n"
    )
}

fn change(case: &(&str, &str, &str, &str)) -> String {
    case.3.replace("{t}", case.0)
}

/// Runs every program. One row of each stays, if all went well.
fn run_all(database: &Database) -> BTreeMap<&'static str, Wrong> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut found = BTreeMap::new();
        for (name, ..) in CASES {
            let conn = AsyncPgConnection::establish(&database.url()).await;
            let mut conn = conn.expect("the server answers");
            let wrong = run(name, &mut conn).await;
            found.insert(*name, wrong);
        }
        found
    })
}

#[test]
fn a_compiled_program_fails_exactly_where_compat_says_so() {
    let database = Database::new();
    let first: String = CASES.iter().map(table).collect();
    let schema = CASES.iter().map(|(name, _, diesel, _)| {
        format!("diesel::table! {{ use diesel::sql_types::*; {name} (id) {{ id -> Int4, v -> {diesel}, d -> Text, }} }}\n")
    });
    let project = Project::at(&database);
    project.migration("00_first", &first, "");
    project.write("old.rs", &schema.collect::<String>());
    project.run("upgrade").ok();
    for (at, case) in CASES.iter().enumerate() {
        project.migration(&format!("{:02}_{}", at + 1, case.0), &change(case), "");
    }
    let found = report(&project, "--from old.rs");

    // they all work before, and leave a row to be read
    let before = run_all(&database);
    assert!(before.values().all(Vec::is_empty), "{before:#?}");
    for case in CASES {
        Database::execute(&database, &change(case));
    }
    let after = run_all(&database);

    let mut differ = Vec::new();
    for (name, verdict) in verdicts(&found) {
        let case = name.split_once('_').unwrap().1;
        let breaks = ["deploy-first", "neither"].contains(&verdict.as_str());
        let wrong = &after[case];
        if breaks == wrong.is_empty() {
            let said = findings(&found, &name);
            differ.push(format!("{name}: {verdict} {said:#?}, and in fact {wrong:#?}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    let broken = after.values().filter(|it| !it.is_empty()).count();
    assert!((20..50).contains(&broken), "{broken} of {}", after.len());
}
