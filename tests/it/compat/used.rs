//! What `--used` leaves out, and what it does not.

use std::path::PathBuf;

use glowplug::internal::compat::{
    Program,
    program::{Column, Name, Table, Type},
    used::{Columns, used},
};

use super::{findings, project, report};
use crate::support::Database;

/// Tables with an id and some columns of text.
fn program() -> Program {
    let table = |name: &str, columns: &[&str]| Table {
        path: format!("schema::{name}"),
        name: Name { schema: None, name: name.to_owned() },
        columns: columns
            .iter()
            .map(|it| Column {
                rust_name: (*it).to_owned(),
                name: (*it).to_owned(),
                tpe: Type { schema: "pg_catalog".into(), name: "text".into(), is_array: false },
                nullable: false,
            })
            .collect(),
        key: vec![0],
    };
    Program {
        tables: vec![
            table("users", &["id", "name", "email", "age", "nick"]),
            table("posts", &["id", "user_id", "title", "body"]),
        ],
        joins: Vec::new(),
    }
}

/// What is read, written, inserted and always given of `users`, in words; or of another table.
fn told_of(table: usize, source: &str) -> String {
    let program = program();
    let used = used(&program, &[(PathBuf::from("src/a.rs"), source.to_owned())]);
    let Some(it) = used.tables.get(&table) else {
        return "unused".to_owned();
    };
    let name = |at: &usize| program.tables[table].columns[*at].name.clone();
    let words = |columns: &Columns| match columns {
        Columns::All => "all".to_owned(),
        Columns::Some(some) => some.iter().map(name).collect::<Vec<_>>().join(" "),
    };
    let inserts = if it.inserts { " inserts" } else { "" };
    let given: Vec<String> = it.given.iter().map(name).collect();
    format!(
        "reads [{}] writes [{}]{inserts} given [{}]",
        words(&it.reads),
        words(&it.writes),
        given.join(" ")
    )
}

#[track_caller]
fn says(source: &str, expected: &str) {
    assert_eq!(told_of(0, source), expected, "{source}");
}

#[test]
fn what_a_query_selects_is_read_and_without_a_selection_everything() {
    says("fn f() {}", "unused");
    says("use crate::handlers::users; fn f() { users::list(); }", "unused");
    let all = "reads [all] writes [all] given []";
    says("use crate::schema::users; fn f() { users::table.load::<U>(c); }", all);
    says("fn f() { crate::schema::users::table.filter(x).first(c) }", all);
    says("use crate::schema::users::dsl::*; fn f() { users.load(c) }", all);
    says(
        "use crate::schema::*; fn f() { let q = users::table.into_boxed(); q.select(users::id) }",
        all,
    );
    says("use crate::schema::users::dsl as u; fn f() { u::users.load(c) }", all);
    says("use crate::schema::users::table as t; fn f() { t.load(c) }", all);
    says("use crate::schema::users; fn f() { helper(users::table) }", all);
    says(
        "use crate::schema::users; fn f() { users::table.select(users::all_columns).load(c) }",
        all,
    );
    says(
        "use crate::schema::users; fn f() { diesel::select(exists(users::table.find(1))).get_result(c) }",
        all,
    );
    says("use crate::schema::users; fn f() -> users::BoxedQuery<'static, Pg> { todo!() }", all);
    says(
        "use crate::schema::users; custom!(users, x => y);",
        "reads [all] writes [all] inserts given []",
    );
    says(
        "use crate::schema::users; fn f() { users::table.filter(users::age.gt(1)).select(users::name).load(c) }",
        "reads [name age] writes [name age] given []",
    );
    says(
        "use crate::schema::users::dsl::*; async fn f() { users.find(1).select((name, email)).first(c).await?; }",
        "reads [name email] writes [name email] given []",
    );
    says(
        "use crate::schema::users; fn f() { users::table.select(U::as_select()).load(c) }
         #[derive(Queryable, Selectable)] #[diesel(table_name = users)] struct U { id: i32, #[diesel(column_name = nick)] n: String }",
        "reads [id nick] writes [] given []",
    );
    says(
        "use crate::schema::users; fn f() { users::table.count().get_result(c) }",
        "reads [] writes [] given []",
    );
    let joined = "use crate::schema::*; fn f() { posts::table.inner_join(users::table.on(posts::user_id.eq(users::id))).select((posts::title, users::name)).load(c) }";
    says(joined, "reads [id name] writes [id name] given []");
    assert_eq!(told_of(1, joined), "reads [user_id title] writes [user_id title] given []");
    let whole = "use crate::schema::*; fn f() { posts::table.inner_join(users::table).load(c) }";
    says(whole, all);
}

#[test]
fn structs_say_what_is_written_and_what_is_always_given() {
    says(
        "#[derive(Insertable)] #[diesel(table_name = crate::schema::users)] struct New<'a> { name: &'a str, email: Option<String> }
         fn f() { diesel::insert_into(crate::schema::users::table).values(&new).execute(c) }",
        "reads [] writes [name email] inserts given [name]",
    );
    // what a struct leaves out is not given
    says(
        "#[derive(Insertable, AsChangeset)] #[diesel(table_name = users)]
         struct A { name: String, #[diesel(skip_insertion)] #[diesel(skip_update)] email: String, #[diesel(skip_insertion)] nick: String }",
        "reads [id] writes [name nick] inserts given [name]",
    );
    // so do rows of other kinds
    let row = "#[derive(Insertable)] #[diesel(table_name = users)] struct A { name: String }";
    for other in [
        "diesel::insert_into(crate::schema::users::table).default_values().execute(c)",
        "sql_query(\"INSERT INTO users (name) SELECT 1\").execute(c)",
    ] {
        let told = told_of(0, &format!("{row} fn f() {{ {other}; }}"));
        assert!(told.ends_with("inserts given []"), "{other}: {told}");
    }
    // two kinds of rows: what both give
    says(
        "#[derive(Insertable)] #[diesel(table_name = users)] struct A { name: String, email: String }
         #[derive(Insertable)] #[diesel(table_name = users)] struct B { name: String }",
        "reads [] writes [name email] inserts given [name]",
    );
    // a row that is written out gives what it names
    says(
        "use crate::schema::users::dsl::*; #[derive(Insertable)] #[diesel(table_name = users)] struct A { name: String, email: String }
         fn f() { insert_into(users).values((email.eq(x),)).execute(c) }",
        "reads [email] writes [name email] inserts given [email]",
    );
    says(
        "use crate::schema::users::dsl::*; fn f() { insert_into(users).values(&vec![(name.eq(x), age.eq(1)), (age.eq(2), nick.eq(y))]).execute(c);
         diesel::update(users.find(1)).set((email.eq(x), nick.eq(y))).execute(c) }",
        "reads [name email age nick] writes [name email age nick] inserts given [age]",
    );
    // of one that is not known as a whole, nothing is
    says(
        "use crate::schema::users::dsl::*; fn f() { insert_into(users).values((name.eq(x), more)).execute(c) }",
        "reads [name] writes [name] inserts given []",
    );
    // what is returned is everything, unless it is said
    says(
        "use crate::schema::users; fn f() { diesel::insert_into(users::table).values(&n).get_result::<U>(c) }",
        "reads [all] writes [all] inserts given []",
    );
    says(
        "use crate::schema::users; fn f() { diesel::update(users::table.find(1)).set(users::age.eq(1)).returning(users::id).get_result(c) }",
        "reads [id age] writes [id age] given []",
    );
    says(
        "#[derive(AsChangeset, Identifiable)] #[diesel(table_name = users)] struct C { id: i32, nick: String }
         fn f() { diesel::update(&c).set(&c).execute(d) }",
        "reads [id] writes [id nick] given []",
    );
    says(
        "#[derive(AsChangeset, Identifiable)] #[diesel(table_name = users)] struct C { id: i32, nick: String }
         fn f() { c.save_changes::<U>(d) }",
        "reads [all] writes [all] given []",
    );
    says(
        "#[derive(AsChangeset, Identifiable)] #[diesel(table_name = users)] struct C { id: i32, nick: String }
         fn f() { diesel::update(&c).set(&c).get_result::<U>(d) }",
        "reads [all] writes [all] given []",
    );
    // Diesel's rule for the name of the table
    says(
        "#[derive(Insertable)] struct User { name: String }",
        "reads [] writes [name] inserts given [name]",
    );
    let belongs = "#[derive(Associations, Identifiable)] #[diesel(belongs_to(User), table_name = posts)] struct Post { id: i32, user_id: i32 }";
    assert_eq!(told_of(1, belongs), "reads [id user_id] writes [user_id] given []");
    let loaded = format!("{belongs} fn f() {{ Post::belonging_to(&user).load::<Post>(c) }}");
    assert_eq!(told_of(1, &loaded), "reads [all] writes [all] given []");
}

#[test]
fn what_is_not_understood_counts_as_everything() {
    let all = "reads [all] writes [all] inserts given []";
    says("this is not Rust", all);
    says("fn f<T: HasTable>() { T::table().load(c) }", all);
    says("fn f() { sql_query(\"SELECT * FROM users\") }", "reads [all] writes [all] given []");
    says("fn f() { sql_query(\"SELECT name FROM users\") }", "reads [name] writes [name] given []");
    says("fn f() { log(\"users have a name\") }", "unused");
    // a piece of SQL is about the tables that its file names
    let by_sql = "use crate::schema::users; fn f() { users::table.select(users::id).filter(sql::<Bool>(\"lower(email) = \").bind::<Text, _>(x).sql(\" AND age > 1\")).load(c) }";
    says(by_sql, "reads [id email age] writes [id email age] given []");
    assert_eq!(told_of(1, by_sql), "unused");
    says("diesel::table! { users (id) { id -> Int4, name -> Text, } }", "unused");
    says("diesel::alias!(users as other: Other);", all);
}

#[test]
fn only_what_the_source_uses_breaks() {
    let database = Database::new();
    let first = "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, age int NOT NULL, nick text);
        CREATE TABLE logs (id serial PRIMARY KEY, line text NOT NULL);";
    let old = "diesel::table! { users (id) { id -> Int4, name -> Text, age -> Int4, nick -> Nullable<Text>, } }
        diesel::table! { logs (id) { id -> Int4, line -> Text, } }";
    let project = project(&database, first, old);
    project.write(
        "src/main.rs",
        "use crate::schema::users;
         #[derive(Insertable)] #[diesel(table_name = users)] struct New { name: String, age: i32 }
         fn f() { users::table.select((users::id, users::name)).load::<(i32, String)>(c); }",
    );
    project.migration("2_nick", "ALTER TABLE users DROP COLUMN nick;", "");
    project.migration("3_logs", "DROP TABLE logs;", "");
    project.migration("4_age", "ALTER TABLE users ALTER COLUMN age TYPE bigint;", "");
    project.migration("5_name", "ALTER TABLE users DROP COLUMN name;", "");
    let verdicts = |arguments: &str| -> Vec<String> {
        let found = report(&project, arguments);
        super::verdicts(&found).into_iter().map(|(name, it)| format!("{name} {it}")).collect()
    };
    assert_eq!(
        verdicts("--from old.rs"),
        ["2_nick deploy-first", "3_logs deploy-first", "4_age neither", "5_name neither"]
    );
    let narrow = verdicts("--from old.rs --used src");
    // age is written only, and an int4 can be written to a bigint
    assert_eq!(narrow, ["2_nick either", "3_logs either", "4_age migrate-first", "5_name neither"]);
    let found = report(&project, "--from old.rs --used src");
    assert!(findings(&found, "5_name")[0].contains("old::users::name"));
}
