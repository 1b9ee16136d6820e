//! One migration with the structure of a database.

use glowplug::internal::{cluster::Binaries, words::url::Url};

use super::{adopt_and_undo, bare, database, files, is_judged, picture};
use crate::{
    introspect::{Pair, pairs},
    sample,
    support::{Database, INSTALLED, scratch, try_psql_at},
};

/// What is in a database of some age, of every sort that a role that is no superuser can make.
const STRUCTURE: &str = "
CREATE SCHEMA shop;
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'it''s');
CREATE DOMAIN shop.positive AS integer CHECK (VALUE > 0) DEFAULT 1;
CREATE TYPE shop.pair AS (a integer, b text);
CREATE TYPE shop.span AS RANGE (subtype = float8);
CREATE SEQUENCE shop.numbers INCREMENT 5 START 100;
CREATE TABLE shop.users (
    id bigserial PRIMARY KEY,
    mail text NOT NULL UNIQUE,
    mood shop.mood NOT NULL DEFAULT 'ok',
    number bigint NOT NULL DEFAULT nextval('shop.numbers'),
    lower_mail text GENERATED ALWAYS AS (lower(mail)) STORED,
    CONSTRAINT has_at CHECK (mail LIKE '%@%')
);
COMMENT ON TABLE shop.users IS 'who buys';
COMMENT ON COLUMN shop.users.mail IS 'it''s \"quoted\"';
CREATE TABLE shop.events (at timestamptz NOT NULL, what jsonb, id bigint GENERATED ALWAYS AS IDENTITY) PARTITION BY RANGE (at);
CREATE TABLE shop.events_2024 PARTITION OF shop.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.events_rest PARTITION OF shop.events DEFAULT;
CREATE INDEX events_what ON shop.events USING gin (what jsonb_path_ops);
CREATE TABLE \"Odd Name\" (\"Id\" integer PRIMARY KEY, \"user\" bigint REFERENCES shop.users ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, pos shop.positive, p shop.pair);
CREATE INDEX odd ON \"Odd Name\" ((\"Id\" % 10)) WHERE \"user\" IS NOT NULL;
CREATE STATISTICS shop.stat (ndistinct) ON mail, mood FROM shop.users;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.mood := 'ok'; RETURN NEW; END $f$;
CREATE TRIGGER touch BEFORE INSERT ON shop.users FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE FUNCTION shop.total(n integer DEFAULT 1, VARIADIC rest integer[] DEFAULT '{}') RETURNS bigint LANGUAGE sql STABLE AS 'SELECT n + cardinality(rest)::bigint';
CREATE PROCEDURE shop.nothing() LANGUAGE sql AS '';
CREATE AGGREGATE shop.sum_of (integer) (SFUNC = int4pl, STYPE = integer);
CREATE VIEW shop.glad WITH (security_barrier) AS SELECT id, mail FROM shop.users WHERE mood = 'ok';
CREATE MATERIALIZED VIEW shop.counted AS SELECT mood, count(*) FROM shop.users GROUP BY mood;
CREATE UNIQUE INDEX ON shop.counted (mood);
CREATE RULE keep AS ON DELETE TO \"Odd Name\" DO INSTEAD NOTHING;
ALTER TABLE shop.users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.users FOR SELECT USING (mail = CURRENT_USER);
GRANT SELECT ON shop.users TO PUBLIC;
CREATE TABLE parent (a integer);
CREATE TABLE child (b integer) INHERITS (parent);
CREATE UNLOGGED TABLE fast (a integer) WITH (fillfactor = 70);
CREATE TABLE roles (id integer PRIMARY KEY, name text NOT NULL, made timestamptz, raw bytea);
INSERT INTO roles VALUES (1, 'admin', '2024-01-01 10:00Z', '\\x00ff'), (2, 'it''s; a \\ role', NULL, NULL);
CREATE TABLE counters (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, role integer REFERENCES roles, label text);
INSERT INTO counters (role, label) VALUES (1, 'one'), (2, 'two');
CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE 'no more rows'; END $f$;
CREATE TRIGGER no_more BEFORE INSERT ON counters EXECUTE FUNCTION no_more();
INSERT INTO shop.users (mail) VALUES ('a@b');
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
";

#[test]
fn a_structure_of_every_sort_is_baselined_and_given_back() {
    let database = database();
    let project = bare(&database);
    database.execute(STRUCTURE);
    project.run("init").code(1).says(&["already has tables", "glowplug adopt"]);
    let adopted = adopt_and_undo(&database, &project, "");
    assert!(adopted.stdout.contains("Recognized: no migration tool"), "{}", adopted.stdout);
    assert!(adopted.stdout.contains("1 generated and proved"), "{}", adopted.stdout);
}

#[test]
fn rows_of_named_tables_come_along() {
    let database = database();
    let project = bare(&database);
    database.execute(STRUCTURE);
    project.run("adopt --yes --rows nowhere").code(1).says(&["there is no table nowhere"]);
    let adopted = project.run("adopt --yes --rows counters --rows public.roles").ok().stdout;
    assert!(adopted.contains("public.counters: 2 inserted by migrations, equal"), "{adopted}");
    assert!(adopted.contains("public.roles: 2 inserted by migrations, equal"), "{adopted}");
    // a new database gets them, and goes on where the old one is
    let other = super::database();
    let mut upgrade = project.command(crate::support::GLOWPLUG);
    let ran = upgrade.args(["upgrade", "--database-url", &other.url()]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    for table in ["roles", "counters"] {
        let rows = format!("SELECT t::text FROM {table} t ORDER BY id");
        assert_eq!(other.query(&rows), database.query(&rows));
    }
    other.execute(
        "ALTER TABLE counters DISABLE TRIGGER no_more; INSERT INTO counters (role) VALUES (1)",
    );
    assert_eq!(other.query("SELECT max(id) FROM counters"), "3");
}

#[test]
fn the_table_of_a_tool_without_sql_stays_and_is_ignored() {
    for (tool, tables) in [
        (
            "SeaORM",
            "CREATE TABLE seaql_migrations (version varchar PRIMARY KEY, applied_at bigint NOT NULL)",
        ),
        (
            "Rails",
            "CREATE TABLE schema_migrations (version varchar PRIMARY KEY); CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar, created_at timestamp NOT NULL, updated_at timestamp NOT NULL)",
        ),
        (
            "Django",
            "CREATE TABLE django_migrations (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied timestamptz NOT NULL)",
        ),
    ] {
        let database = database();
        let project = bare(&database);
        database.execute(tables);
        database.execute("CREATE TABLE visits (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now()); CREATE INDEX visits_at ON visits (at)");
        let adopted = project.run("adopt --yes").ok().stdout;
        assert!(adopted.contains(&format!("Recognized: {tool} (table")), "{adopted}");
        project.run("drift").ok();
        let up =
            files(&project).into_iter().find(|it| it.0.ends_with("baseline/up.sql")).unwrap().1;
        assert!(up.contains("visits") && !up.contains("_migrations"), "{up}");
        let printed = files(&project).into_iter().find(|it| it.0 == "src/schema.rs").unwrap().1;
        assert!(printed.contains("visits (id)") && !printed.contains("migrations"), "{printed}");
    }
}

/// What no migration of a database makes: it belongs to a server, is a secret, or only a failure leaves it.
const NOT_MADE: [&str; 9] = [
    "unread__",
    "subscription__",
    "relation__tablespace",
    "index__tablespace",
    "index__invalid",
    "index__not_ready",
    "relation__detach_pending",
    "extension__configuration",
    "extension__member",
];

#[test]
fn structures_of_the_catalog_are_baselined() {
    let pairs = pairs("introspect");
    let has_dump = |it: &&Binaries| it.dir().join("pg_dump").is_file();
    let binaries = INSTALLED.iter().find(has_dump).unwrap_or(&INSTALLED[0]);
    let is_made = |it: &&Pair| {
        it.first_major <= binaries.major() && !NOT_MADE.iter().any(|no| it.name.starts_with(no))
    };
    let wanted = std::env::var("GLOWPLUG_TEST_CASE").ok();
    let is_wanted = |it: &&Pair| wanted.as_ref().is_none_or(|name| it.name.contains(name));
    let all: Vec<&Pair> = pairs.iter().filter(is_made).filter(is_wanted).collect();
    let some = sample::of(all, |pair| pair.kind(), 0, 4, 12);
    let server = scratch(binaries, &[]);
    let (mut wrong, mut skipped, mut count) = (Vec::new(), Vec::new(), 0);
    for pair in some {
        let database = Database::on(&server);
        let url = Url::parse(&database.admin_url()).unwrap().url;
        if try_psql_at(&url, &pair.new).is_err() {
            skipped.push(&pair.name);
            continue;
        }
        let project = bare(&database).env("DATABASE_URL", &database.admin_url());
        let ran = project.run("adopt --yes");
        let is_empty = ran.stderr.contains("has nothing to adopt");
        let is_right = ran.code == Some(0) && is_judged(&ran.stdout);
        if !is_empty && !is_right {
            wrong.push(format!("{}: {}{}", pair.name, ran.stdout, ran.stderr));
        }
        count += usize::from(!is_empty);
        database.remove(&server);
    }
    eprintln!("{count} structures baselined; skipped: {skipped:?}");
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_edited_or_used_is_not_removed() {
    let database = database();
    let project = bare(&database);
    database.execute("CREATE TABLE a (id integer PRIMARY KEY)");
    project.run("adopt --undo --yes").code(1).says(&["nothing was adopted here"]);
    project.run("adopt --yes").ok();
    let up = files(&project).into_iter().find(|it| it.0.ends_with("/up.sql")).unwrap();
    project.write(&up.0, &format!("{}-- more\n", up.1));
    project.run("adopt --undo --yes").code(1).says(&["files have changed", "up.sql"]);
    project.write(&up.0, &up.1);
    project.migration(
        "2999-01-01-000000-0000_b",
        "CREATE TABLE b (id integer PRIMARY KEY);",
        "DROP TABLE b;",
    );
    project.run("upgrade").ok();
    let before = picture(&database);
    project.run("adopt --undo --yes").code(1).says(&["has run or recorded more"]);
    assert_eq!(before, picture(&database));
}
