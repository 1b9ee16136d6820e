//! Ledgers that PostgreSQL itself seals: the SQL for that, the roads around it, and attacks with the guard switched off.

use glowplug::internal::words::url::Url;

use crate::support::{Database, INSTALLED, Project, Ran, psql_at, server, try_psql_at};

const MAKE: &str = "
CREATE TYPE kind AS ENUM ('opened', 'closed');
CREATE DOMAIN cents AS bigint CHECK (VALUE <> 0);
CREATE FUNCTION fee_of(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 100';
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind kind NOT NULL,
    amount cents NOT NULL,
    fee bigint GENERATED ALWAYS AS (fee_of(amount)) STORED,
    corrects bigint REFERENCES events (id)
);
CREATE TABLE entries (id bigserial, booked date NOT NULL, note text, PRIMARY KEY (id, booked)) PARTITION BY RANGE (booked);
CREATE TABLE entries_2024 PARTITION OF entries FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE balances (event bigint PRIMARY KEY REFERENCES events (id), amount bigint);
INSERT INTO events (kind, amount) VALUES ('opened', 100), ('closed', 200);
INSERT INTO entries (booked, note) VALUES ('2024-02-02', 'a');
";

const UNMAKE: &str = "DROP TABLE balances, entries, events; DROP FUNCTION fee_of(bigint); DROP DOMAIN cents; DROP TYPE kind;";

/// A database with two sealed ledgers, the project that works on it, and a role that appends.
pub struct Sealed {
    pub database: Database,
    pub project: Project,
    pub app: String,
}

impl Sealed {
    fn on(major: u32) -> Self {
        Self::with(major, |_| String::new())
    }

    /// With settings, by the name of the database.
    pub fn with(major: u32, settings: impl Fn(&str) -> String) -> Self {
        let database = Database::on(server(major));
        let project = Project::at(&database);
        project.write("glowplug.toml", &settings(&database.name));
        project.migration("1_make", MAKE, UNMAKE);
        project.run("upgrade").ok();
        let app = format!("{}_app", database.name);
        database.query(&format!(
            "CREATE ROLE {app} LOGIN; GRANT USAGE ON SCHEMA public TO {app}; GRANT ALL ON events, entries, entries_id_seq TO {app}; \
             GRANT UPDATE, DELETE ON events TO PUBLIC"
        ));
        let sealed = Self { database, project, app };
        for table in ["events", "entries"] {
            let sql =
                sealed.project.run(&format!("ledger protect {table} --level sealed")).ok().stdout;
            sealed.database.query(&sql);
            // once more changes nothing
            sealed.database.query(&sql);
        }
        sealed
    }

    fn new() -> Self {
        Self::on(INSTALLED[0].major())
    }

    fn app(&self) -> Url {
        let mut url = self.database.owner().clone();
        url.user = Some(self.app.clone());
        url
    }

    fn status(&self) -> Ran {
        self.project.run("ledger status --format json")
    }

    /// Whether both are sealed, and what is told of ways around.
    pub fn roads(&self) -> (bool, String) {
        let status = self.status();
        let report: serde_json::Value =
            serde_json::from_str(&status.stdout).unwrap_or_else(|_| panic!("{status:#?}"));
        let report = &report["report"];
        let ledgers = report["ledgers"].as_array().unwrap_or_else(|| panic!("{report:#}"));
        assert_eq!(ledgers.len(), 2);
        let is_sealed = ledgers.iter().all(|it| it["sealed"] == true);
        assert_eq!(status.code, Some(if is_sealed { 0 } else { 3 }), "{report:#}");
        (is_sealed, self.project.run("ledger status").stdout)
    }

    #[track_caller]
    fn refuses(&self, url: &Url, sql: &str) {
        let tried = try_psql_at(url, sql);
        assert!(tried.as_ref().is_err_and(|it| it.contains("42501")), "{sql}: {tried:?}");
    }
}

#[test]
fn what_an_administrator_runs_seals_and_work_goes_on() {
    for major in crate::sample::majors() {
        let it = Sealed::on(major);
        let (is_sealed, told) = it.roads();
        assert!(is_sealed, "{major}: {told}");
        let owner = it.database.owner();
        for sql in [
            "UPDATE events SET amount = 1",
            "DELETE FROM events",
            "TRUNCATE events CASCADE",
            "ALTER TABLE events DISABLE TRIGGER ALL",
            "DROP TABLE events CASCADE",
            "DROP SCHEMA public CASCADE",
            "DROP TYPE kind CASCADE",
            "ALTER TYPE kind RENAME VALUE 'opened' TO 'shut'",
            "CREATE OR REPLACE FUNCTION fee_of(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1'",
            "CREATE OR REPLACE FUNCTION events_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "UPDATE __glowplug_journal SET note = ''",
            "UPDATE __diesel_schema_migrations SET version = '9'",
            "ALTER SEQUENCE events_id_seq RESTART",
            "UPDATE entries_2024 SET note = ''",
            "DROP TABLE __glowplug_journal",
        ] {
            it.refuses(owner, sql);
            it.refuses(&it.app(), sql);
        }
        // the application appends, the migrating role as well
        for url in [owner, &it.app()] {
            psql_at(
                url,
                "INSERT INTO events (kind, amount, corrects) VALUES ('opened', 5, 1); INSERT INTO entries (booked) VALUES ('2024-03-03')",
            );
        }
        assert_eq!(it.database.query("SELECT count(*) FROM events"), "4");
        it.project.run_with(&["ledger", "verify", "--accept", "sealed"]).ok();
        it.project.migration(
            "2_more",
            "CREATE TABLE more (id int PRIMARY KEY, event bigint); INSERT INTO balances SELECT max(id), 1 FROM events; INSERT INTO events (kind, amount) VALUES ('closed', 7);",
            "DROP TABLE more; DELETE FROM balances; INSERT INTO events (kind, amount, corrects) VALUES ('opened', -7, 5);",
        );
        it.project.run("upgrade").ok();
        it.project.run("downgrade -1").ok();
        it.project.run("upgrade").ok();
        it.project.run("redo").ok();
        it.project.piecewise(
            "3_index",
            "CREATE INDEX CONCURRENTLY more_event ON more (event);",
            "DROP INDEX CONCURRENTLY more_event;",
        );
        it.project.run("upgrade").ok();
        it.project.run("redo").ok();
        it.project.run("current").ok();
        it.project.run("ledger verify").ok();
        it.project.run("ledger seal -o seals").ok();
        it.project.run("ledger verify --against seals").ok();
        it.project.run("downgrade -1").ok();
        it.project.run("stamp 3").ok();
        it.project.run("stamp 2").ok();
        assert!(it.roads().0);
    }
}

/// Whoever may make a foreign key to a table runs code as its owner: the check casts the column's type to the key's.
#[test]
fn a_foreign_key_with_a_cast_of_ones_own_runs_no_code_as_the_owner() {
    let it = Sealed::new();
    let name = &it.database.name;
    let attack = format!(
        "CREATE TYPE mine AS (v bigint); \
         CREATE FUNCTION strike(mine) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN EXECUTE $q$ GRANT UPDATE ON public.events TO {name} $q$; RETURN $1.v; END'; \
         CREATE CAST (mine AS bigint) WITH FUNCTION strike(mine) AS IMPLICIT; \
         CREATE TABLE child (event mine REFERENCES events (id)); INSERT INTO child VALUES (ROW(1)::mine)"
    );
    it.project.migration("2_strike", &attack, "");
    it.project.run_with(&["ledger", "verify", "--accept", "sealed"]).ok();
    it.project.run("upgrade").code(1).says(&["permission denied for table events"]);
    it.refuses(it.database.owner(), &attack);
    // a column that refers to it already cannot get such a type either
    it.database.execute("CREATE TYPE mine AS (v bigint); CREATE FUNCTION strike(mine) RETURNS bigint LANGUAGE sql AS 'SELECT $1.v'; CREATE CAST (mine AS bigint) WITH FUNCTION strike(mine) AS IMPLICIT");
    it.refuses(
        it.database.owner(),
        "ALTER TABLE balances ALTER event TYPE mine USING ROW(event)::mine",
    );
    // nor is a cast from a type of PostgreSQL's own to one of theirs a way
    it.database.execute("CREATE FUNCTION back(bigint) RETURNS mine LANGUAGE sql AS 'SELECT ROW($1)::mine'; CREATE CAST (bigint AS mine) WITH FUNCTION back(bigint)");
    assert!(it.roads().0);
}

#[test]
fn the_shadow_replays_a_sealed_project() {
    let it = Sealed::new();
    it.project.run("schema --from migrations").ok();
    it.project.run("verify").ok();
    it.project.run("schema").ok();
}

#[test]
fn each_road_is_named_and_withdraws_sealed() {
    each_road(INSTALLED[0].major());
}

#[test]
fn each_road_is_named_and_withdraws_sealed_before_16() {
    match INSTALLED.iter().map(|it| it.major()).find(|it| *it < 16) {
        Some(major) => each_road(major),
        None => eprintln!("skipped: no PostgreSQL before 16 is installed"),
    }
}

fn each_road(major: u32) {
    let it = Sealed::on(major);
    let (name, app) = (it.database.name.as_str(), it.app.as_str());
    let keeper = format!("{name}_ledger");
    let admin_only = if major >= 16 {
        " WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"
    } else {
        " WITH ADMIN OPTION"
    };
    let mut roads: Vec<(String, String, String)> = Vec::new();
    let mut road = |open: &str, close: &str, says: &str| {
        let fill =
            |text: &str| text.replace("KEEPER", &keeper).replace("APP", app).replace("MIG", name);
        roads.push((fill(open), fill(close), fill(says)));
    };
    road(
        &format!("CREATE ROLE MIG_ops; GRANT MIG_ops TO APP{admin_only}; GRANT KEEPER TO MIG_ops"),
        "REVOKE KEEPER FROM MIG_ops; REVOKE MIG_ops FROM APP; DROP ROLE MIG_ops",
        "APP -> member of MIG_ops (ADMIN) -> member of KEEPER",
    );
    road("GRANT KEEPER TO MIG", "REVOKE KEEPER FROM MIG", "MIG -> member of KEEPER");
    road("ALTER ROLE KEEPER LOGIN", "ALTER ROLE KEEPER NOLOGIN", "KEEPER: KEEPER owns");
    road(
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION f() OWNER TO KEEPER",
        "DROP FUNCTION f()",
        "public -> runs public.f(), which is SECURITY DEFINER of KEEPER",
    );
    road(
        "ALTER SCHEMA public OWNER TO MIG",
        "ALTER SCHEMA public OWNER TO KEEPER",
        "MIG owns the schema public",
    );
    road(
        "ALTER DATABASE MIG OWNER TO MIG",
        "ALTER DATABASE MIG OWNER TO MIG_database",
        "MIG owns the database MIG",
    );
    road(
        "ALTER TYPE kind OWNER TO MIG",
        "ALTER TYPE kind OWNER TO KEEPER",
        "MIG owns the type public.kind",
    );
    road(
        "ALTER DOMAIN cents OWNER TO MIG",
        "ALTER DOMAIN cents OWNER TO KEEPER",
        "MIG owns the type public.cents",
    );
    road(
        "ALTER FUNCTION fee_of(bigint) OWNER TO MIG",
        "ALTER FUNCTION fee_of(bigint) OWNER TO KEEPER",
        "MIG owns the function public.fee_of",
    );
    road(
        "CREATE TABLE parent (id int PRIMARY KEY); ALTER TABLE parent OWNER TO APP; ALTER TABLE events ADD COLUMN of int REFERENCES parent ON DELETE CASCADE",
        "ALTER TABLE events DROP COLUMN of; DROP TABLE parent",
        "APP owns the table public.parent",
    );
    road(
        "CREATE TABLE above (id bigint); ALTER TABLE above OWNER TO APP; ALTER TABLE above ALTER id SET NOT NULL; ALTER TABLE events INHERIT above",
        "ALTER TABLE events NO INHERIT above; DROP TABLE above",
        "APP owns the table public.above",
    );
    road(
        "CREATE FUNCTION part(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1'; ALTER FUNCTION part(bigint) OWNER TO APP; \
         CREATE OR REPLACE FUNCTION fee_of(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.part($1) / 100; END'",
        "CREATE OR REPLACE FUNCTION fee_of(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 100'; DROP FUNCTION part(bigint)",
        "APP owns the function public.part",
    );
    // an index on another table of that role runs as that role, too
    road(
        "CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1'; ALTER FUNCTION norm(text) OWNER TO APP; \
         CREATE TABLE kept (name text); ALTER TABLE kept OWNER TO KEEPER; CREATE INDEX ON kept (norm(name))",
        "DROP TABLE kept; DROP FUNCTION norm(text)",
        "APP owns the function public.norm",
    );
    // a foreign key is checked as the owner of what it refers to, with the casts of the column's type
    road(
        "CREATE TYPE mine AS (v bigint); ALTER TYPE mine OWNER TO APP; CREATE FUNCTION of(mine) RETURNS bigint LANGUAGE sql AS 'SELECT $1.v'; \
         ALTER FUNCTION of(mine) OWNER TO APP; CREATE CAST (mine AS bigint) WITH FUNCTION of(mine) AS IMPLICIT; \
         CREATE TABLE child (event mine REFERENCES events (id)); ALTER TABLE child OWNER TO APP",
        "DROP TABLE child; DROP TYPE mine CASCADE",
        "APP owns the function public.of(public.mine), the type public.mine",
    );
    if major < 17 {
        road(
            "CREATE FUNCTION norm(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT abs($1)'; ALTER FUNCTION norm(bigint) OWNER TO KEEPER; \
             CREATE INDEX by_norm ON events (norm(fee))",
            "ALTER FUNCTION norm(bigint) SET search_path = pg_catalog, pg_temp",
            "public.norm(bigint) sets no search_path",
        );
    }
    if major >= 15 {
        road(
            "GRANT ALTER SYSTEM ON PARAMETER archive_command TO APP",
            "REVOKE ALTER SYSTEM ON PARAMETER archive_command FROM APP",
            "APP has been granted ALTER SYSTEM on archive_command",
        );
    }
    road(
        "CREATE FUNCTION hook() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; ALTER FUNCTION hook() OWNER TO APP; \
         CREATE EVENT TRIGGER MIG_hook ON ddl_command_end EXECUTE FUNCTION hook()",
        "DROP EVENT TRIGGER MIG_hook; DROP FUNCTION hook()",
        "APP owns the function public.hook",
    );
    for privilege in ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"] {
        road(
            &format!("GRANT {privilege} ON events TO APP"),
            &format!("REVOKE {privilege} ON events FROM APP"),
            &format!("APP: APP has been granted {privilege} on public.events"),
        );
    }
    if major >= 17 {
        road(
            "GRANT MAINTAIN ON events TO APP",
            "REVOKE MAINTAIN ON events FROM APP",
            "granted MAINTAIN on",
        );
    }
    road(
        "GRANT UPDATE (kind) ON events TO PUBLIC",
        "REVOKE UPDATE (kind) ON events FROM PUBLIC",
        "public has been granted UPDATE (\"kind\")",
    );
    road(
        "GRANT DELETE ON entries_2024 TO APP",
        "REVOKE DELETE ON entries_2024 FROM APP",
        "DELETE on public.entries_2024",
    );
    road(
        "GRANT UPDATE ON SEQUENCE events_id_seq TO APP",
        "REVOKE UPDATE ON SEQUENCE events_id_seq FROM APP",
        "UPDATE on public.events_id_seq",
    );
    road(
        "GRANT DELETE ON __glowplug_journal TO MIG",
        "REVOKE DELETE ON __glowplug_journal FROM MIG",
        "DELETE on public.__glowplug_journal",
    );
    road(
        "ALTER DEFAULT PRIVILEGES FOR ROLE KEEPER GRANT UPDATE ON TABLES TO APP",
        "ALTER DEFAULT PRIVILEGES FOR ROLE KEEPER REVOKE UPDATE ON TABLES FROM APP",
        "on every table that KEEPER makes later",
    );
    road(
        "GRANT pg_write_all_data TO APP",
        "REVOKE pg_write_all_data FROM APP",
        "pg_write_all_data updates and deletes in every table",
    );
    road(
        "CREATE ROLE MIG_su SUPERUSER; GRANT MIG_su TO APP",
        "DROP ROLE MIG_su",
        "MIG_su is a superuser",
    );
    if major < 16 {
        road(
            "ALTER ROLE APP CREATEROLE",
            "ALTER ROLE APP NOCREATEROLE",
            "APP -> grants itself KEEPER (CREATEROLE)",
        );
    }
    assert!(it.roads().0);
    for (open, close, says) in roads {
        it.database.query(&open);
        let (is_sealed, told) = it.roads();
        assert!(!is_sealed, "{open}\n{told}");
        assert!(told.contains(&says), "{says}\n{told}");
        it.database.query(&close);
        assert!(it.roads().0, "{close}\n{}", it.roads().1);
    }
}

#[test]
fn declared_as_sealed_and_not_sealed_is_a_finding_and_no_refusal() {
    let database = Database::new();
    let project = Project::at(&database);
    project.migration("1_make", MAKE, UNMAKE);
    project.write("glowplug.toml", "[[ledger]]\ntable = \"public.events\"\nlevel = \"sealed\"\n");
    let ran = project.run("upgrade").ok();
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("declared as sealed"), "{ran:#?}");
    let status = project.run("ledger status").code(3);
    assert!(status.stdout.contains("declared as sealed"), "{status:#?}");
    project.run("ledger verify").code(3);
    let sql = project.run("ledger protect events --level sealed -o seal.sql").ok();
    assert!(sql.stdout.contains("wrote seal.sql"), "{sql:#?}");
    let sql = std::fs::read_to_string(project.path().join("seal.sql")).unwrap();
    database.query(&sql);
    project.run_with(&["ledger", "verify", "--accept", "sealed"]).ok();
    project.run("ledger status").ok();
    project.run("ledger verify").ok();
    project
        .run("ledger protect events --level sealed")
        .code(1)
        .says(&["public.events is already sealed"]);
}
