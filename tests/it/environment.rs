//! The twin: what is replayed behaves as the database does, whatever it has set, and what was there before it.

use std::path::PathBuf;

use glowplug::internal::{
    cluster::{Scratch, ScratchOptions},
    migration::environment::Locale,
    words::url::Url,
};

use crate::support::{Database, GLOWPLUG, INSTALLED, Project, psql_at, scratch, server};

/// Settings that change what SQL means, with a value that is not PostgreSQL's own.
const SETTINGS: [(&str, &str); 18] = [
    ("search_path", "t1, public"),
    ("DateStyle", "SQL, DMY"),
    ("IntervalStyle", "sql_standard"),
    ("TimeZone", "Asia/Tokyo"),
    ("array_nulls", "off"),
    ("backslash_quote", "on"),
    ("bytea_output", "escape"),
    ("check_function_bodies", "off"),
    ("default_text_search_config", "pg_catalog.german"),
    ("escape_string_warning", "off"),
    ("extra_float_digits", "0"),
    ("lc_monetary", "C.UTF-8"),
    ("quote_all_identifiers", "on"),
    ("row_security", "off"),
    ("standard_conforming_strings", "off"),
    ("transform_null_equals", "on"),
    ("xmlbinary", "hex"),
    ("xmloption", "document"),
];

/// A project that names its database in `.env`.
fn at(url: &str) -> Project {
    let project = Project::new();
    with_database(&project, url);
    project
}

fn with_database(project: &Project, url: &str) {
    project.write(".env", &format!("DATABASE_URL='{url}'\n"));
}

/// The same project where no database is named.
fn without_database(project: &Project) -> &Project {
    std::fs::remove_file(project.path().join(".env")).unwrap();
    project
}

/// A migration that keeps what each setting was, and what it made of some texts.
fn keeps_settings() -> String {
    let names: Vec<String> = SETTINGS.iter().map(|(name, _)| format!("'{name}'")).collect();
    format!(
        "CREATE TABLE kept (id int PRIMARY KEY, was text, day date DEFAULT '02/03/2024', long interval DEFAULT '-1 2:03:04',
            slash text DEFAULT 'a\\\\b', bits text);
        DO $$ BEGIN
            EXECUTE format('ALTER TABLE kept ALTER was SET DEFAULT %L, ALTER bits SET DEFAULT %L',
                (SELECT string_agg(n || ' is ' || current_setting(n), '; ') FROM unnest(ARRAY[{}]) n), ''::bytea || 'A'::bytea);
            PERFORM set_config('glowplug.was', (SELECT string_agg(a::text, '') FROM unnest('{{1,NULL}}'::text[]) a), true);
        END $$;",
        names.join(", ")
    )
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Server,
    Database,
    Role,
    Url,
}

/// A database that has all settings from one source, and a URL that leads there.
fn set(source: Source) -> (Database, String, Option<Scratch>) {
    let own = (source == Source::Server).then(|| scratch(&INSTALLED[0], &SETTINGS));
    let database = match &own {
        Some(own) => Database::on(own),
        None => Database::new(),
    };
    let (name, role) = (&database.name, &database.role);
    database.query(&format!("CREATE SCHEMA t1 AUTHORIZATION {role}"));
    let mut url = database.url();
    for (setting, value) in SETTINGS {
        let value = match setting {
            "search_path" => value.to_owned(),
            _ => format!("'{value}'"),
        };
        match source {
            Source::Database => {
                drop(database.query(&format!("ALTER DATABASE {name} SET {setting} = {value}")))
            }
            Source::Role => {
                drop(database.query(&format!("ALTER ROLE {role} SET {setting} = {value}")))
            }
            Source::Server | Source::Url => {}
        }
    }
    if source == Source::Url {
        let options =
            SETTINGS.iter().map(|(name, value)| format!("-c{name}={}", value.replace(' ', "\\ ")));
        let options = options.collect::<Vec<_>>().join(" ");
        let options = options
            .replace('\\', "%5C")
            .replace(' ', "%20")
            .replace('=', "%3D")
            .replace(',', "%2C")
            .replace('/', "%2F");
        url = format!("{url}&options={options}");
    }
    (database, url, own)
}

#[track_caller]
fn check(source: Source) {
    let (database, url, _own) = set(source);
    let project = at(&url);
    project.write("diesel.toml", "[print_schema]\nschema = \"t1\"\n");
    project.migration("1_kept", &keeps_settings(), "DROP TABLE kept;");
    project.run("upgrade").ok();
    let was = database.query(
        "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE attname = 'was'",
    );
    for (name, value) in SETTINGS {
        let value = if name == "TimeZone" { "UTC" } else { value };
        assert!(was.contains(&format!("{name} is {value}")), "{source:?}: {name} in {was}");
    }

    // drift, verify, schema
    let drift = project.run("drift").ok();
    let name = &database.name;
    assert!(drift.stdout.contains(&format!("environment of {name}.")), "{source:?} {drift:#?}");
    project.run("verify").ok();
    let of_database = project.run("schema --stdout").ok().stdout;
    assert!(of_database.contains("kept (id)"), "{of_database}");
    assert_eq!(project.run("schema --stdout --from migrations").ok().stdout, of_database);

    // check, revision
    let truth = format!(
        "{} CREATE TABLE more (id int PRIMARY KEY, day date DEFAULT '05/06/2024');",
        keeps_settings()
    );
    project.write("schema.sql", &keeps_settings());
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    project.run("check").ok();
    project.write("schema.sql", &truth);
    project.run("check").code(3);
    project.run("revision --autogenerate -m more").ok();
    project.run("check").ok();
    project.run("upgrade").ok();
    project.run("drift").ok();
    assert_eq!(database.query("SELECT to_regclass('t1.more') IS NOT NULL"), "t");

    // the same without the database, once it is pinned
    project.run("shadow pin").ok();
    let lock = std::fs::read_to_string(project.path().join("glowplug.lock")).unwrap();
    assert!(lock.contains("\"search_path\" = \"t1,") && !lock.contains("://"), "{lock}");
    let pinned = without_database(&project);
    let checked = pinned.run("check").ok();
    assert!(checked.stdout.contains(&format!("environment of {name} (pinned 20")), "{checked:#?}");
    pinned.run("verify").ok();
    let printed = pinned.run("schema --stdout --from migrations").ok().stdout;
    assert!(printed.contains("kept (id)") && printed.contains("more (id)"), "{printed}");
}

#[test]
fn a_twin_has_the_settings_of_the_server() {
    check(Source::Server);
}

#[test]
fn a_twin_has_the_settings_of_the_database() {
    check(Source::Database);
}

#[test]
fn a_twin_has_the_settings_of_the_role() {
    check(Source::Role);
}

#[test]
fn a_twin_has_the_settings_of_the_url() {
    check(Source::Url);
}

/// Values of one's own are given to the twin, and written nowhere.
#[test]
fn a_setting_of_ones_own_is_in_the_twin_and_not_in_the_lock() {
    let database = Database::new();
    database.query(&format!("ALTER DATABASE {} SET app.tenant = 's3cret'", database.name));
    let project = at(&database.url());
    let up = "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY)', current_setting('app.tenant')); END $$;";
    project.migration("1_a", up, "DROP TABLE s3cret;");
    project.run("upgrade").ok();
    project.run("drift").ok();
    project.run("verify").ok();
    let pinned = project.run("shadow pin").ok();
    assert!(pinned.stdout.contains("app.tenant was not written"), "{pinned:#?}");
    let lock = std::fs::read_to_string(project.path().join("glowplug.lock")).unwrap();
    assert!(!lock.contains("s3cret") && !pinned.stdout.contains("s3cret"), "{lock}");
}

#[test]
fn a_setting_of_ones_own_may_come_with_the_url() {
    let database = Database::new();
    let options = "-c%20app.tenant%3Dthree%20--app.other-one%3Dfour";
    let url = format!("{}&options={options}", database.url());
    let project = at(&url);
    let up = "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (%I int PRIMARY KEY)', current_setting('app.tenant'), current_setting('app.other_one')); END $$;";
    project.migration("1_a", up, "DROP TABLE three;");
    project.run("upgrade").ok();
    project.run("drift").ok();
    project.run("verify").ok();
}

/// Of the kind that a role gets with its name.
#[test]
fn a_schema_of_the_roles_name_is_where_things_are_made() {
    let database = Database::new();
    let role = &database.role;
    database.query(&format!("CREATE SCHEMA {role} AUTHORIZATION {role}"));
    let project = at(&database.url());
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("upgrade").ok();
    assert_eq!(database.query(&format!("SELECT to_regclass('{role}.a') IS NOT NULL")), "t");
    project.run("drift").ok();
}

#[test]
fn a_schema_of_the_search_path_that_a_migration_makes_is_made_by_it() {
    for create in [
        "CREATE SCHEMA t1;",
        "CREATE SCHEMA IF NOT EXISTS t1;",
        "DO $$ BEGIN EXECUTE 'CREATE SCHEMA t1'; END $$;",
    ] {
        let database = Database::new();
        database.query(&format!("ALTER DATABASE {} SET search_path = t1, public", database.name));
        database.query(&format!("GRANT CREATE ON DATABASE {} TO {}", database.name, database.role));
        let project = at(&database.url());
        project.migration("1_schema", create, "DROP SCHEMA t1;");
        project.migration("2_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
        project.run("upgrade").ok();
        assert_eq!(database.query("SELECT to_regclass('t1.a') IS NOT NULL"), "t");
        project.run("drift").ok();
        project.run("verify").ok();
    }
}

/// What is made there is gone with the session, and so is the record of it.
#[test]
fn a_search_path_that_leads_into_pg_temp_is_refused() {
    let (by_database, by_role) = (Database::new(), Database::new());
    by_database
        .query(&format!("ALTER DATABASE {} SET search_path = pg_temp, public", by_database.name));
    by_role.query(&format!("ALTER ROLE {} SET search_path = nowhere, pg_temp", by_role.role));
    let by_url = Database::new();
    let url = format!("{}&options=-csearch_path%3Dpg_temp%2Cpublic", by_url.url());
    for (database, url) in
        [(&by_database, by_database.url()), (&by_role, by_role.url()), (&by_url, url)]
    {
        let project = at(&url);
        project.migration("1_a", "CREATE TABLE public.a (id int PRIMARY KEY);", "DROP TABLE a;");
        for command in ["upgrade", "current", "drift", "stamp head", "downgrade base"] {
            let refused = project.run(command).code(1);
            let refused = refused.says(&["creates objects in pg_temp", "search_path = "]);
            assert!(refused.stderr.contains("session::temporary_schema"), "{refused:#?}");
        }
        assert_eq!(database.query("SELECT to_regclass('public.a') IS NULL"), "t");
    }
    // where it comes later it is in nobody's way
    by_url.query(&format!("ALTER ROLE {} SET search_path = public, pg_temp", by_url.role));
    let project = at(&by_url.url());
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("upgrade").ok();
    project.run("drift").ok();
}

const THEIRS: &str = "CREATE SCHEMA auth;
CREATE TABLE auth.users (id uuid PRIMARY KEY);
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid';
CREATE FUNCTION public.theirs() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TYPE public.mood AS ENUM ('calm', 'wild');
";

const OURS: &str = "CREATE TABLE p (id int PRIMARY KEY, u uuid REFERENCES auth.users, m mood, n int DEFAULT theirs());
    ALTER TABLE p ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON p USING (u = auth.uid());
    CREATE FUNCTION welcome() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER welcome AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION welcome();";

#[test]
fn prerequisites_are_there_before_the_first_migration_and_are_never_compared() {
    let database = Database::new();
    database.query(THEIRS);
    let role = &database.role;
    database.query(&format!(
        "GRANT USAGE ON SCHEMA auth TO {role}; GRANT REFERENCES, TRIGGER ON auth.users TO {role}"
    ));
    let project = at(&database.url());
    project.migration(
        "1_p",
        OURS,
        "DROP TRIGGER welcome ON auth.users; DROP FUNCTION welcome(); DROP TABLE p;",
    );
    project.write("schema.sql", &OURS.replace("m mood", "m mood, o int"));
    project.run("upgrade").ok();
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    project.run("verify").code(1).says(&["type \"mood\" does not exist"]);
    let (first, second) = THEIRS.split_at(THEIRS.find("CREATE FUNCTION public").unwrap());
    project.write("before.sql", THEIRS).write("before/1.sql", first).write("before/2.sql", second);
    for sql in ["\"before.sql\"", "[\"before/1.sql\", \"before/2.sql\"]", "\"before\""] {
        project.write(
            "glowplug.toml",
            &format!("[schema]\nsource = \"schema.sql\"\n[shadow]\nsql = {sql}\n"),
        );
        project.run("drift").ok();
        project.run("verify").ok();
        let checked = project.run("check").code(3);
        assert!(
            checked.stdout.contains("\"o\"") && !checked.stdout.contains("auth"),
            "{checked:#?}"
        );
    }
    // what the provider adds is the provider's, what somebody adds to ours is drift
    database.query("CREATE TABLE auth.sessions (id int); ALTER TABLE auth.users ADD COLUMN mail text; CREATE INDEX ON auth.users (mail)");
    project.run("drift").ok();
    project.run("schema --stdout --from migrations").ok();
    project.run("revision --autogenerate -m o").ok();
    let up = project.run("show head").ok();
    assert!(up.stdout.contains("ADD COLUMN \"o\"") && !up.stdout.contains("auth"), "{up:#?}");
    project.run("upgrade").ok();
    project.run("drift").ok();
    project.run("check").ok();
    database.query("ALTER TABLE p ADD COLUMN by_hand int; CREATE TABLE by_hand (id int)");
    let drift = project.run("drift").code(3);
    assert!(drift.stdout.contains("by_hand") && !drift.stdout.contains("auth"), "{drift:#?}");
    // the whole dump of such a database makes them, too
    let up = "ALTER TABLE p ADD COLUMN o int;";
    project.write("schema.sql", &format!("{THEIRS}{OURS}{up}"));
    project.run("check").ok();
}

/// One command keeps all that is needed to replay without the database.
#[test]
fn what_the_database_has_and_no_migration_makes_is_pinned_with_one_command() {
    let database = Database::new();
    let role = database.role.clone();
    database.query(&format!(
        "{THEIRS} CREATE ROLE {role}_anon; CREATE ROLE {role}_admin;
        CREATE TABLE auth.sessions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, u uuid REFERENCES auth.users);
        CREATE VIEW auth.active AS SELECT * FROM auth.sessions; CREATE INDEX ON auth.sessions (u);
        ALTER TABLE auth.sessions OWNER TO {role}_admin; GRANT USAGE ON SCHEMA auth TO {role}_anon, {role};
        GRANT REFERENCES, TRIGGER ON auth.users TO {role}; ALTER DATABASE {role} SET app.secret = 'hush'"
    ));
    let project = at(&database.url());
    let down = "DROP TRIGGER welcome ON auth.users; DROP FUNCTION welcome(); DROP TABLE p;";
    project.migration("1_p", OURS, down);
    project.migration(
        "2_more",
        &format!("GRANT SELECT ON p TO {role}_anon; CREATE SCHEMA IF NOT EXISTS ours; CREATE TABLE ours.t (id serial PRIMARY KEY, p int REFERENCES p); CREATE INDEX ON ours.t (p);"),
        &format!("DROP SCHEMA ours CASCADE; REVOKE SELECT ON p FROM {role}_anon;"),
    );
    database.query(&format!("GRANT CREATE ON DATABASE {role} TO {role}"));
    project.run("upgrade").ok();
    project.write("glowplug.toml", "[shadow]\n# ours\nroles = []\n");
    let pinned = project.run("shadow pin --from-database").ok();
    assert!(pinned.stdout.contains("Wrote prerequisites.sql"), "{pinned:#?}");
    assert!(!pinned.stdout.contains("still fails"), "{pinned:#?}");
    let sql = std::fs::read_to_string(project.path().join("prerequisites.sql")).unwrap();
    for theirs in
        ["\"auth\".\"users\"", "\"auth\".\"sessions\"", "\"auth\".\"active\"", "theirs", "mood"]
    {
        assert!(sql.contains(theirs), "{theirs}: {sql}");
    }
    for ours in ["\"p\"", "\"ours\"", "welcome", "__diesel", "__glowplug", "hush"] {
        assert!(!sql.contains(ours), "{ours}: {sql}");
    }
    let toml = std::fs::read_to_string(project.path().join("glowplug.toml")).unwrap();
    assert_eq!(toml, "[shadow]\nsql = \"prerequisites.sql\"\n# ours\nroles = []\n");
    project.run("drift").ok();
    project.run("shadow pin --from-database").ok();
    let again = std::fs::read_to_string(project.path().join("prerequisites.sql")).unwrap();
    assert_eq!(again, sql);
    let printed = project.run("schema --stdout").ok().stdout;
    without_database(&project);
    project.run("verify").ok();
    assert_eq!(project.run("schema --stdout --from migrations").ok().stdout, printed);
    // what a person wrote is not overwritten
    project.write("prerequisites.sql", "CREATE SCHEMA auth;");
    with_database(&project, &database.url());
    project
        .run("shadow pin --from-database")
        .code(1)
        .says(&["prerequisites.sql was not written by glowplug"]);
}

#[test]
fn prerequisites_that_do_not_load_are_named() {
    let project = Project::new();
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.write("glowplug.toml", "[shadow]\nsql = \"before.sql\"\n");
    project.run("verify").code(1).says(&["before.sql"]);
    project.write("before.sql", "CREATE TABLE x (id int);\nCREATE TABLE x (id int);\n");
    project.run("verify").code(1).says(&[
        "the prerequisites cannot be loaded: before.sql",
        "line 2",
        "`sql` in [shadow]",
    ]);
}

#[test]
fn an_extension_that_this_machine_lacks_is_named_with_both_ways_out() {
    let project = Project::new();
    project.migration(
        "1_a",
        "CREATE TABLE a (id int PRIMARY KEY);\nCREATE EXTENSION nobody_has_it;",
        "DROP TABLE a;",
    );
    let ways = [
        "the extension nobody_has_it is not installed on this machine",
        "up.sql:2",
        "Install the extension",
        "stand_ins",
    ];
    for command in ["verify", "schema --from migrations"] {
        project.run(command).code(1).says(&ways);
    }
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.write(
        "schema.sql",
        "CREATE TABLE a (id int PRIMARY KEY);\nCREATE EXTENSION IF NOT EXISTS nobody_has_it;",
    );
    project.run("check --source schema.sql").code(1).says(&["nobody_has_it", "schema.sql:2"]);
    project.write("glowplug.toml", "[shadow]\nsql = \"schema.sql\"\n");
    project.run("verify").code(1).says(&["nobody_has_it", "schema.sql:2"]);
}

#[test]
fn something_may_stand_in_for_an_extension_that_this_machine_lacks() {
    let project = Project::new();
    let up = "CREATE EXTENSION IF NOT EXISTS \"nobody_has_it\";";
    project.migration("1_extension", up, "DROP EXTENSION nobody_has_it;");
    let table = "CREATE TABLE a (id int PRIMARY KEY, at place DEFAULT nowhere());";
    project.migration("2_a", table, "DROP TABLE a;");
    project.write("schema.sql", &format!("{up} {table} CREATE INDEX i ON a (at);"));
    project.write(
        "stand_in.sql",
        "CREATE DOMAIN place AS text; CREATE FUNCTION nowhere() RETURNS place LANGUAGE sql AS 'SELECT NULL::place';",
    );
    let toml = "[schema]\nsource = \"schema.sql\"\n[shadow]\nsql = \"stand_in.sql\"\n";
    project.write("glowplug.toml", toml);
    project.run("verify").code(1).says(&["nobody_has_it"]);
    project.write("glowplug.toml", &format!("{toml}stand_ins = [\"nobody_has_it\"]\n"));
    project.run("verify").ok();
    project.run("check").code(3);
    project.run("revision --autogenerate -m i").ok();
    project.run("check").ok();
    project.run("schema --from migrations --stdout").ok();
}

/// Roles belong to a server, and each side has its own.
#[test]
fn scripts_may_make_and_change_roles_on_both_sides() {
    let roles = "CREATE ROLE boss NOLOGIN; CREATE ROLE worker LOGIN CONNECTION LIMIT 3 IN ROLE boss; CREATE USER \"the third\";
        ALTER ROLE boss CREATEDB; GRANT boss TO \"the third\"; CREATE GROUP many USER worker; ALTER ROLE worker SET search_path = public;";
    let gone = "DROP ROLE many; DROP ROLE \"the third\"; DROP ROLE worker; DROP ROLE boss;";
    let table = "CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t OWNER TO boss; GRANT SELECT ON t TO worker;";
    let project = Project::new();
    project.migration("1_roles", roles, gone);
    project.migration("2_t", table, "DROP TABLE t;");
    project.write("schema.sql", &format!("{roles} {table}"));
    project.write("glowplug.toml", "[schema]\nsource = \"schema.sql\"\n");
    project.run("check").ok();
    project.run("verify").ok();
    project.write(
        "schema.sql",
        &format!("{roles} CREATE ROLE fourth; {table} GRANT INSERT ON t TO fourth;"),
    );
    // one that only the truth makes is nobody's of the migrations
    project.write(
        "glowplug.toml",
        "[schema]\nsource = \"schema.sql\"\n[shadow]\nroles = [\"fourth\", \"worker\"]\n",
    );
    project.run("revision --autogenerate -m fourth").ok();
    project.run("diff migrations schema.sql").ok();
}

/// Whoever runs the migrations is somebody else in the twin.
#[test]
fn roles_of_the_server_that_scripts_speak_of_are_in_the_twin() {
    let database = Database::new();
    let role = &database.role;
    database.query(&format!(
        "CREATE ROLE {role}_boss CREATEDB; CREATE ROLE {role}_reader; GRANT {role}_boss TO {role}"
    ));
    let project = at(&database.url());
    project.migration(
        "1_t",
        &format!(
            "CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t OWNER TO {role}; GRANT SELECT ON t TO {role}_reader, {role};
            CREATE TABLE b (id int PRIMARY KEY); CREATE POLICY p ON b TO {role}_reader;
            ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT SELECT ON TABLES TO {role}_reader;
            DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}_reader') THEN RAISE EXCEPTION 'nobody reads'; END IF; END $$;"
        ),
        "DROP TABLE t; DROP TABLE b;",
    );
    project.run("upgrade").ok();
    project.run("drift").ok();
    project.run("shadow pin").ok();
    let lock = std::fs::read_to_string(project.path().join("glowplug.lock")).unwrap();
    assert!(lock.contains(&format!("\"{role}_reader\" = ")), "{lock}");
    without_database(&project).run("schema --from migrations --stdout").ok();
}

/// Of the kind that everybody writes since PostgreSQL 15, where nobody but the owner of the database may make things in public.
#[test]
fn what_the_role_that_migrates_was_granted_is_no_drift() {
    let database = Database::new();
    let role = &database.role;
    database.query(&format!(
        "CREATE SCHEMA theirs; CREATE TABLE theirs.t (id int); ALTER SCHEMA public OWNER TO pg_database_owner;
         ALTER DATABASE {role} OWNER TO CURRENT_USER; GRANT ALL ON SCHEMA public TO {role}; GRANT SELECT ON theirs.t TO {role};"
    ));
    let project = at(&database.url());
    project.write("glowplug.toml", "[schema]\nignore = [\"theirs\"]\n");
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("upgrade").ok();
    project.run("drift").ok();
    assert_eq!(project.run_with(&["diff", &database.url(), "migrations"]).code(0).stdout, "");
    // what somebody else was granted is
    database
        .query(&format!("CREATE ROLE {role}_other; GRANT USAGE ON SCHEMA public TO {role}_other"));
    project.run("drift").code(3);
}

#[test]
fn scripts_may_become_the_owner_of_the_database() {
    let database = Database::new();
    let role = database.role.clone();
    let owner = format!("{role}_owner");
    database.query(&format!(
        "CREATE ROLE {owner}; GRANT {owner} TO {role}; ALTER DATABASE {role} OWNER TO {owner}"
    ));
    let project = at(&database.url());
    let as_owner = format!("SET ROLE {owner};");
    let up = "CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY);";
    project.migration(
        "1_a",
        &format!("{as_owner} {up}"),
        &format!("{as_owner} DROP SCHEMA s CASCADE;"),
    );
    let no_way_back = format!("{as_owner} CREATE TABLE s.b (id int PRIMARY KEY);");
    project.migration("2_b", &no_way_back, "SELECT 1;");
    project.migration("3_c", &format!("{as_owner} ALTER TABLE s.b ADD c int;"), "SELECT 1;");
    project.run("upgrade").ok();
    project.run("drift").ok();
    project.run("shadow pin").ok();
    for _ in 0..2 {
        let verified = project.run("verify").code(3);
        assert!(verified.stdout.contains("2 problems"), "{verified:#?}");
        if project.path().join(".env").exists() {
            without_database(&project);
        }
    }
}

#[test]
fn a_twin_sorts_and_folds_letters_as_the_database_does() {
    let mut options = ScratchOptions::new(PathBuf::from(GLOWPLUG));
    options.locale =
        Locale { collate: "C.UTF-8".into(), ctype: "C.UTF-8".into(), ..Locale::default() };
    let own = Scratch::start(&INSTALLED[0], &options).expect("a server starts");
    let database = Database::on(&own);
    let project = at(&database.url());
    let up =
        "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY)', upper('é')); END $$;";
    project.migration("1_a", up, "DROP TABLE \"É\";");
    project.run("upgrade").ok();
    assert_eq!(
        database
            .query("SELECT relname FROM pg_class WHERE relname IN ('é', 'É') AND relkind = 'r'"),
        "É"
    );
    project.run("drift").ok();
    project.run("verify").ok();
}

#[test]
fn a_twin_has_the_tablespaces_that_scripts_name() {
    if INSTALLED[0].major() < 15 {
        return;
    }
    let own = scratch(&INSTALLED[0], &[("allow_in_place_tablespaces", "on")]);
    let database = Database::on(&own);
    let url: Url = own.url("template1");
    psql_at(&url, "CREATE TABLESPACE fast LOCATION ''");
    psql_at(&url, "CREATE TABLESPACE slow LOCATION ''");
    let role = &database.role;
    database.query(&format!(
        "GRANT CREATE ON TABLESPACE fast TO {role}; GRANT CREATE ON TABLESPACE slow TO {role}"
    ));
    database.query(&format!("ALTER ROLE {role} SET default_tablespace = slow"));
    let project = at(&database.url());
    project.migration(
        "1_a",
        "CREATE TABLE a (id int PRIMARY KEY, n int); CREATE INDEX i ON a (n) TABLESPACE fast;",
        "DROP TABLE a;",
    );
    project.run("upgrade").ok();
    project.run("drift").ok();
    project.run("verify").ok();
}

/// The day and the name are all that a lock says of where it comes from.
#[test]
fn a_lock_that_is_malformed_or_of_another_version_is_named() {
    let project = at(&Database::on(server(INSTALLED[0].major())).url());
    project.migration("1_a", "CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
    project.run("shadow pin").ok();
    let lock = std::fs::read_to_string(project.path().join("glowplug.lock")).unwrap();
    let major = INSTALLED[0].major();
    without_database(&project);
    project
        .write("glowplug.lock", &lock.replace(&format!("postgresql = {major}"), "postgresql = 13"));
    let verified = project.run("verify").ok();
    assert!(verified.stdout.contains("glowplug.lock pins PostgreSQL 13"), "{verified:#?}");
    project.write("glowplug.lock", "pinned = 1\n");
    project.run("verify").code(1).says(&["glowplug.lock cannot be used", "glowplug shadow pin"]);
}
