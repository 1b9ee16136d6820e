use super::*;
use crate::{
    catalog::{Coverage, Dependency, Fact, Key},
    schema_rs::{
        PrintSchema, Style,
        config::Docs,
        parse::{CustomType, Source, parse},
        print,
    },
};

fn read(text: &str, catalog: &Catalog) -> Source {
    parse(text, "schema.rs", &CustomType::of(catalog)).expect("the text is a schema.rs")
}

fn printed(catalog: &Catalog) -> Source {
    let config = PrintSchema { with_docs: Docs::Comments, ..PrintSchema::default() };
    let printed = print(catalog, &config, &Style::default()).expect("it can be printed");
    read(&printed.text, catalog)
}

fn laid(text: &str, catalog: &Catalog) -> Result<Catalog, ApplyError> {
    let edits = read(text, catalog).changes(&printed(catalog));
    apply(&edits, catalog)
}

/// The catalog that a schema.rs asks for: printed again, it says the same.
#[track_caller]
fn check(text: &str, catalog: &Catalog) -> Catalog {
    let wanted = laid(text, catalog).expect("the edits can be had");
    let left = read(text, &wanted).changes(&printed(&wanted));
    assert!(left.is_empty(), "{left:?}");
    wanted
}

fn with_mood() -> Catalog {
    let mut catalog = Catalog::new(Coverage::all());
    let owner = || (Attribute::Owner, Some("me".to_owned()));
    catalog.insert(Key::new(ObjectKind::Schema, &["public"]), Fact::of([owner()]));
    let mood = Fact::of([owner(), (Attribute::Labels, Some("[\"a\"]".to_owned()))]);
    catalog.insert(Key::new(ObjectKind::Enum, &["public", "mood"]), mood);
    catalog
}

const TWO: &str = "
    pub mod sql_types {
        #[derive(diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = \"mood\"))]
        pub struct Mood;
    }
    table! {
        users (id) {
            id -> Int4,
            #[max_length = 20]
            name -> Varchar,
        }
    }
    table! {
        use diesel::sql_types::*;
        use super::sql_types::Mood;
        /// What they say.
        posts (id) {
            id -> Serial,
            #[sql_name = \"userId\"]
            user_id -> Int4,
            moods -> Nullable<Array<Nullable<Mood>>>,
        }
    }
    joinable!(posts -> users (user_id));
";

fn get<'c>(
    catalog: &'c Catalog,
    kind: ObjectKind,
    parts: &[&str],
    name: Attribute,
) -> Option<&'c str> {
    catalog.get(&Key::new(kind, parts))?.get(name)
}

#[test]
fn new_tables_are_told_as_postgres_tells_them() {
    let wanted = check(TWO, &with_mood());
    let key = ["public", "posts", "posts_userId_fkey"];
    assert_eq!(
        get(&wanted, ObjectKind::Constraint, &key, Attribute::Definition),
        Some("FOREIGN KEY (\"userId\") REFERENCES public.users(id)")
    );
    let index = ["public", "users_pkey"];
    assert_eq!(
        get(&wanted, ObjectKind::Index, &index, Attribute::Definition),
        Some("CREATE UNIQUE INDEX users_pkey ON public.users USING btree (id)")
    );
    let classes = get(&wanted, ObjectKind::Index, &index, Attribute::Opclasses);
    assert_eq!(classes, Some("[\"pg_catalog.int4_ops\"]"));
    let moods = ["public", "posts", "moods"];
    assert_eq!(get(&wanted, ObjectKind::Column, &moods, Attribute::Type), Some("public.mood[]"));
    assert_eq!(get(&wanted, ObjectKind::Column, &moods, Attribute::TypeName), Some("_mood"));
    let name = ["public", "users", "name"];
    let name = get(&wanted, ObjectKind::Column, &name, Attribute::Type);
    assert_eq!(name, Some("character varying(20)"));
    let id = get(&wanted, ObjectKind::Column, &["public", "posts", "id"], Attribute::Default);
    assert_eq!(id, Some("nextval('public.posts_id_seq'::regclass)"));
    let needs = |kind, parts: &[&str], bond| {
        wanted.dependencies.contains(&Dependency {
            dependent: Key::new(ObjectKind::Constraint, &key),
            referenced: Key::new(kind, parts),
            bond,
        })
    };
    assert!(needs(ObjectKind::Column, &["public", "posts", "userId"], 'a'));
    assert!(needs(ObjectKind::Column, &["public", "users", "id"], 'n'));
    assert!(needs(ObjectKind::Index, &index, 'n'));
}

#[test]
fn nothing_edited_is_nothing_changed() {
    let catalog = check(TWO, &with_mood());
    assert_eq!(check(TWO, &catalog), catalog);
}

#[test]
fn a_dropped_table_takes_along_what_belongs_to_it() {
    let catalog = check(TWO, &with_mood());
    let users = "table! { users (id) { id -> Int4, #[max_length = 20] name -> Varchar, } }";
    let wanted = check(users, &catalog);
    assert_eq!(wanted.of_kind(ObjectKind::Sequence).count(), 0);
    assert_eq!(wanted.of_kind(ObjectKind::Index).count(), 1);
    assert_eq!(wanted.of_kind(ObjectKind::Constraint).count(), 1);
    let empty = check("", &catalog);
    assert_eq!(empty, with_mood());
}

#[test]
fn columns_close_up_and_new_ones_come_last() {
    let catalog = check(TWO, &with_mood());
    let text = TWO
        .replace("moods -> Nullable<Array<Nullable<Mood>>>,", "mood -> Mood,")
        .replace("#[sql_name = \"userId\"]", "#[sql_name = \"authorId\"]");
    let wanted = check(&text, &catalog);
    let position =
        |name| get(&wanted, ObjectKind::Column, &["public", "posts", name], Attribute::Position);
    assert_eq!(position("id"), Some("1"));
    assert_eq!(position("authorId"), Some("2"));
    assert_eq!(position("mood"), Some("3"));
    let old = Key::new(ObjectKind::Constraint, &["public", "posts", "posts_userId_fkey"]);
    assert!(wanted.get(&old).is_none());
}

#[test]
fn a_changed_type_changes_the_operators_of_its_index() {
    let catalog = check(TWO, &with_mood());
    let wanted = check(&TWO.replacen("id -> Int4", "id -> Int8", 1), &catalog);
    let classes = get(&wanted, ObjectKind::Index, &["public", "users_pkey"], Attribute::Opclasses);
    assert_eq!(classes, Some("[\"pg_catalog.int8_ops\"]"));
    let wider = check(&TWO.replace("= 20", "= 30"), &catalog);
    let name = get(&wider, ObjectKind::Column, &["public", "users", "name"], Attribute::Type);
    assert_eq!(name, Some("character varying(30)"));
}

#[test]
fn a_key_that_is_referred_to_stays() {
    let catalog = check(TWO, &with_mood());
    let text = TWO.replace("users (id) {", "users (id, name) {");
    assert!(matches!(
        laid(&text, &catalog),
        Err(ApplyError::NoKey { .. } | ApplyError::Needed { .. })
    ));
    let free = text.replace("joinable!(posts -> users (user_id));", "");
    let wanted = check(&free, &catalog);
    let index = get(&wanted, ObjectKind::Index, &["public", "users_pkey"], Attribute::Columns);
    assert_eq!(index, Some("[\"id\", \"name\"]"));
}

#[test]
fn a_type_that_the_database_lacks_is_named() {
    let empty = Catalog::new(Coverage::all());
    let error = laid(TWO, &empty).expect_err("there is no type mood");
    assert_eq!(
        error.to_string(),
        "the database has no type public.mood[], which column moods of table posts needs"
    );
}

#[test]
fn a_view_is_not_changed() {
    let mut catalog = check(TWO, &with_mood());
    let view = Fact::of([(Attribute::Kind, Some("view".to_owned()))]);
    catalog.insert(Key::new(ObjectKind::Relation, &["public", "users"]), view);
    let edit = Edit::ChangedNullability {
        table: TableName { schema: None, name: "users".to_owned() },
        column: "name".to_owned(),
        nullable: true,
    };
    let error = apply(&[edit], &catalog).expect_err("it is a view");
    assert_eq!(error.to_string(), "users is a view, and schema.rs cannot change it");
}
