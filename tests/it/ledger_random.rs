//! Random migrations against the ledger guard: whatever it lets through has kept every row and all protection.
//!
//! The truth is established over fresh connections: rows compared one by one, UPDATE, DELETE and TRUNCATE attempted as owner and as
//! application. `GLOWPLUG_TEST_CASES` sets how many migrations there are, `GLOWPLUG_TEST_SEED` the first.

use std::{sync::Mutex, thread};

use glowplug::internal::words::url::Url;

use crate::{
    ledger_redteam::{Arena, PROJECT},
    random_schema::dice::Dice,
    sample,
    support::{INSTALLED, Project, number, psql_at, text, try_psql_at},
};

/// So many migrations are tried where nothing else is said.
const CASES: (u64, u64) = (40, 150);

/// What harms nobody.
const BENIGN: [&str; 22] = [
    "CREATE INDEX {new} ON public.events (kind)",
    "CREATE INDEX {new} ON public.events ((payload ->> 'amount')) WHERE corrects IS NULL",
    "ALTER TABLE public.events ADD COLUMN {new} text",
    "ALTER TABLE public.events ADD COLUMN {new} int NOT NULL DEFAULT 7",
    "ALTER TABLE public.events ADD COLUMN {new} uuid DEFAULT gen_random_uuid()",
    "COMMENT ON TABLE public.events IS 'x'",
    "INSERT INTO public.events (stream_id, kind, payload) VALUES ('00000000-0000-4000-8000-000000000001', 'x', '{}')",
    "INSERT INTO public.events (stream_id, kind, payload, corrects) SELECT stream_id, 'corrected', payload, id FROM public.events WHERE id = 5",
    "INSERT INTO public.ledger_entries (id, status, amount, booked_on) VALUES (9000, 'void', 5, '2025-12-01')",
    "UPDATE public.accounts SET name = name || '!'",
    "DELETE FROM public.balances WHERE account_id = 2",
    "CREATE TABLE public.{new} (id int PRIMARY KEY, e bigint REFERENCES public.events (id))",
    "CREATE VIEW public.{new} AS SELECT * FROM public.events",
    "ALTER TABLE public.events ADD CONSTRAINT {new} CHECK (kind <> '') NOT VALID",
    "ALTER TYPE public.entry_status ADD VALUE IF NOT EXISTS 'disputed'",
    "CLUSTER public.events USING events_pkey",
    "ALTER TABLE public.events ALTER COLUMN payload SET STORAGE EXTERNAL",
    "GRANT SELECT ON public.events TO app_ro",
    "CREATE OR REPLACE FUNCTION public.ledger_block() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no %', TG_OP; END $$",
    "CREATE STATISTICS public.{new} ON stream_id, kind FROM public.events",
    "SET LOCAL work_mem = '8MB'",
    "SELECT count(*) FROM public.events",
];

/// What may harm: in a good order some of it does not.
const HARMFUL: [&str; 44] = [
    "ALTER TABLE public.events DISABLE TRIGGER USER",
    "ALTER TABLE public.events DISABLE TRIGGER events_immutable",
    "ALTER TABLE public.events ENABLE TRIGGER events_immutable",
    "ALTER TABLE public.events ENABLE ALWAYS TRIGGER events_immutable",
    "ALTER TABLE public.events ENABLE TRIGGER USER",
    "ALTER TABLE public.events ENABLE REPLICA TRIGGER events_immutable",
    "DROP TRIGGER events_immutable ON public.events",
    "CREATE TRIGGER events_immutable BEFORE UPDATE OR DELETE ON public.events FOR EACH ROW EXECUTE FUNCTION public.ledger_block()",
    "GRANT ALL ON public.events TO ledger_owner",
    "REVOKE UPDATE, DELETE, TRUNCATE ON public.events FROM ledger_owner",
    "UPDATE public.events SET payload = '{\"forged\": true}' WHERE id = {row}",
    "UPDATE public.events SET kind = kind",
    "DELETE FROM public.events WHERE id = {row}",
    "TRUNCATE public.events CASCADE",
    "INSERT INTO public.events (id, stream_id, kind, payload) OVERRIDING SYSTEM VALUE VALUES (-{row}, '00000000-0000-4000-8000-000000000001', 'x', '{}')",
    "INSERT INTO public.events (id, stream_id, kind, payload) OVERRIDING SYSTEM VALUE VALUES ({row}, '00000000-0000-4000-8000-000000000001', 'x', '{}')",
    "CREATE OR REPLACE FUNCTION public.ledger_block() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN COALESCE(NEW, OLD); END $$",
    "CREATE OR REPLACE FUNCTION public.ledger_block() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id = {row} THEN RETURN COALESCE(NEW, OLD); END IF; RAISE EXCEPTION 'no'; END $$",
    "CREATE OR REPLACE FUNCTION public.ledger_block() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
    "ALTER TABLE public.events ALTER COLUMN kind TYPE text USING upper(kind)",
    "ALTER TABLE public.events ALTER COLUMN payload TYPE jsonb USING payload",
    "ALTER TABLE public.events ALTER COLUMN payload TYPE json",
    "ALTER TABLE public.events RENAME COLUMN kind TO kind_old",
    "ALTER TABLE public.events RENAME COLUMN kind_old TO kind",
    "ALTER TABLE public.events DROP COLUMN corrects",
    "ALTER TABLE public.events RENAME TO events_old",
    "ALTER TABLE public.events_old RENAME TO events",
    "CREATE TABLE public.events AS SELECT * FROM public.events_old",
    "CREATE RULE {new} AS ON UPDATE TO public.events DO INSTEAD NOTHING",
    "CREATE TRIGGER {new} BEFORE UPDATE ON public.events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "ALTER TABLE public.events ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE public.events DISABLE ROW LEVEL SECURITY",
    "GRANT UPDATE ON public.events TO app_rw",
    "ALTER TABLE public.ledger_entries DETACH PARTITION public.ledger_entries_2024",
    "ALTER TABLE public.ledger_entries ATTACH PARTITION public.ledger_entries_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    "UPDATE public.ledger_entries_2024 SET status = 'void'",
    "ALTER TABLE public.ledger_entries_2024 DISABLE TRIGGER USER",
    "ALTER TABLE public.ledger_entries_2024 ENABLE TRIGGER USER",
    "ALTER TYPE public.entry_status RENAME VALUE 'void' TO 'pending2'",
    "ALTER TYPE public.entry_status RENAME VALUE 'pending2' TO 'void'",
    "CREATE OR REPLACE FUNCTION public.fee_of(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint'",
    "ALTER TABLE public.ledger_entries ALTER COLUMN id TYPE numeric",
    "ALTER TABLE public.events ALTER COLUMN id RESTART WITH 1",
    "CREATE UNLOGGED TABLE public.{new} PARTITION OF public.ledger_entries FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
];

/// Code that strikes a ledger, whole or at a moment of its own choice.
const BOMB: &str = "CREATE FUNCTION public.strike() RETURNS int LANGUAGE plpgsql AS $b$ BEGIN IF {when} THEN
    EXECUTE 'ALTER TABLE public.ev' || 'ents DISABLE TRIGGER USER'; EXECUTE 'GRANT UPD' || 'ATE ON public.ev' || 'ents TO ledger_owner';
    EXECUTE 'UPD' || 'ATE public.ev' || 'ents SET payload = ''[]'' WHERE id = {row}';
    EXECUTE 'ALTER TABLE public.ev' || 'ents ENABLE TRIGGER USER'; {undo} END IF; RETURN 1; END $b$;
CREATE FUNCTION public.struck() RETURNS trigger LANGUAGE plpgsql AS $b$ BEGIN PERFORM public.strike(); RETURN NEW; END $b$;
CREATE FUNCTION public.seems(x text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $b$ BEGIN RETURN (SELECT public.strike()); END $b$;
CREATE FUNCTION public.holds(x text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $b$ BEGIN RETURN (SELECT public.strike()) = 1; END $b$;
CREATE TABLE public.fuse (n int, t text);
INSERT INTO public.fuse VALUES (0, 'x')";

/// What puts the protection back as it was.
const UNDO: &str = "EXECUTE 'REVOKE UPDATE ON public.ev' || 'ents FROM ledger_owner'; EXECUTE 'GRANT UPDATE (id) ON public.ev' || 'ents TO ledger_owner'; EXECUTE 'ALTER TABLE public.ev' || 'ents ENABLE ALWAYS TRIGGER events_immutable';";

/// When it strikes.
const MOMENTS: [&str; 8] = [
    "true",
    "pg_trigger_depth() > 0",
    "pg_trigger_depth() = 0",
    "current_query() LIKE '%journal%'",
    "current_query() NOT LIKE '%fuse%'",
    "current_setting('glowplug.pending', true) IS NOT NULL",
    "(SELECT count(*) FROM public.fuse) > 1",
    "current_setting('search_path') LIKE 'pg_catalog%'",
];

/// Where it is planted, and mostly fired.
const PLANTS: [&str; 34] = [
    "CREATE CONSTRAINT TRIGGER f AFTER INSERT OR UPDATE ON public.fuse DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.struck(); UPDATE public.fuse SET n = 1",
    "CREATE FUNCTION public.again() RETURNS trigger LANGUAGE plpgsql AS $r$ BEGIN IF NEW.n < {row} % 7 THEN SET CONSTRAINTS ALL DEFERRED; UPDATE public.fuse SET n = NEW.n + 1; ELSE PERFORM public.strike(); END IF; RETURN NULL; END $r$; CREATE CONSTRAINT TRIGGER f AFTER UPDATE ON public.fuse DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.again(); UPDATE public.fuse SET n = 1",
    "CREATE FUNCTION public.swap() RETURNS trigger LANGUAGE plpgsql AS $r$ BEGIN SET CONSTRAINTS ALL DEFERRED; PERFORM public.strike(); TRUNCATE public.fuse; INSERT INTO public.fuse VALUES (NEW.n + 1); RETURN NULL; END $r$; CREATE CONSTRAINT TRIGGER f AFTER INSERT ON public.fuse DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.n < 9) EXECUTE FUNCTION public.swap(); INSERT INTO public.fuse VALUES (5)",
    "ALTER TABLE public.__glowplug_journal ADD COLUMN z int DEFAULT public.strike()",
    "ALTER TABLE public.__glowplug_journal ADD COLUMN z int; ALTER TABLE public.__glowplug_journal ALTER COLUMN z SET DEFAULT public.strike()",
    "ALTER TABLE public.__glowplug_journal ALTER COLUMN actor SET DEFAULT public.strike()::text",
    "ALTER TABLE public.__glowplug_journal ADD COLUMN z int GENERATED ALWAYS AS (public.seems(kind)) STORED",
    "ALTER TABLE public.__glowplug_journal ADD CHECK (public.holds(kind)) NOT VALID",
    "ALTER TABLE public.__diesel_schema_migrations ADD CHECK (public.holds(version)) NOT VALID",
    "CREATE INDEX ON public.__glowplug_journal (public.seems(kind))",
    "CREATE INDEX ON public.__diesel_schema_migrations (version) WHERE public.holds(version)",
    "CREATE TRIGGER z AFTER INSERT ON public.__glowplug_journal FOR EACH ROW EXECUTE FUNCTION public.struck()",
    "CREATE TRIGGER z BEFORE INSERT ON public.__diesel_schema_migrations FOR EACH STATEMENT EXECUTE FUNCTION public.struck()",
    "CREATE CONSTRAINT TRIGGER z AFTER INSERT ON public.__diesel_schema_migrations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.struck()",
    "CREATE RULE z AS ON INSERT TO public.__glowplug_journal DO ALSO SELECT public.strike()",
    "CREATE POLICY z ON public.__glowplug_journal USING (public.holds(kind)) WITH CHECK (public.holds(kind)); ALTER TABLE public.__glowplug_journal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "ALTER TABLE public.fuse ADD UNIQUE (t); INSERT INTO public.fuse VALUES (1, 'up'), (1, 'attest'); CREATE POLICY z ON public.fuse USING (public.holds(t)); ALTER TABLE public.fuse ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; ALTER TABLE public.__glowplug_journal ADD FOREIGN KEY (kind) REFERENCES public.fuse (t) NOT VALID",
    "CREATE DOMAIN public.kind AS text CHECK (public.holds(VALUE)); ALTER TABLE public.__glowplug_journal ALTER COLUMN tool TYPE public.kind",
    "CREATE TABLE public.child () INHERITS (public.__glowplug_journal); CREATE TRIGGER z AFTER INSERT ON public.child FOR EACH ROW EXECUTE FUNCTION public.struck()",
    "ALTER TABLE public.events ADD CHECK (public.holds(kind)) NOT VALID",
    "CREATE TRIGGER z AFTER INSERT ON public.events FOR EACH ROW EXECUTE FUNCTION public.struck()",
    "CREATE TRIGGER z AFTER INSERT ON public.events FOR EACH ROW EXECUTE FUNCTION public.struck(); INSERT INTO public.events (stream_id, kind, payload) VALUES ('00000000-0000-4000-8000-000000000001', 'x', '{}')",
    "ALTER TABLE public.events ADD COLUMN z int DEFAULT public.strike()",
    "CREATE INDEX ON public.events (public.seems(kind))",
    "CREATE STATISTICS public.z ON (public.seems(t)), n FROM public.fuse; ANALYZE public.fuse",
    "CREATE MATERIALIZED VIEW public.z AS SELECT public.strike()",
    "CREATE DOMAIN public.d AS text CHECK (public.holds(VALUE)); SELECT 'x'::public.d",
    "CREATE FUNCTION public.joins(text, text) RETURNS int LANGUAGE sql AS 'SELECT public.strike()'; CREATE OPERATOR public.<~> (LEFTARG = text, RIGHTARG = text, FUNCTION = public.joins); SELECT 'a'::text OPERATOR(public.<~>) 'b'::text",
    "CREATE FUNCTION public.to_fuse(text) RETURNS public.fuse LANGUAGE plpgsql AS $r$ BEGIN PERFORM public.strike(); RETURN NULL; END $r$; CREATE CAST (text AS public.fuse) WITH FUNCTION public.to_fuse(text); SELECT 'x'::text::public.fuse",
    "CREATE VIEW public.z AS SELECT 1 AS a; CREATE RULE z AS ON UPDATE TO public.z DO INSTEAD SELECT public.strike(); UPDATE public.z SET a = 2",
    "DECLARE z CURSOR WITH HOLD FOR SELECT public.strike()",
    "CREATE TEMP TABLE tt (n int); CREATE TRIGGER z AFTER INSERT ON tt FOR EACH ROW EXECUTE FUNCTION public.struck(); INSERT INTO tt VALUES (1)",
    "CREATE TEMP TABLE tt (n int) ON COMMIT DELETE ROWS; CREATE CONSTRAINT TRIGGER z AFTER INSERT OR DELETE ON tt DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.struck(); INSERT INTO tt VALUES (1)",
    "DO $r$ BEGIN PERFORM public.strike(); EXCEPTION WHEN OTHERS THEN NULL; END $r$",
];

fn migration(dice: &mut Dice) -> String {
    if dice.percent(50) {
        let row = dice.between(1..=52).to_string();
        let undo = if dice.percent(50) { UNDO } else { "" };
        let bomb = BOMB.replace("{when}", dice.pick::<&str>(&MOMENTS)).replace("{undo}", undo);
        let mut statements = vec![bomb];
        for _ in 0..dice.between(1..=2) {
            statements.push((*dice.pick(&PLANTS)).to_owned());
        }
        if dice.percent(30) {
            let benign = dice.pick(&BENIGN).replace("{new}", "new");
            let at = dice.below(statements.len());
            statements.insert(at + 1, benign);
        }
        return statements.join(";\n").replace("{row}", &row) + ";\n";
    }
    let mut statements = Vec::new();
    for at in 0..dice.between(1..=6) {
        let template = if dice.percent(45) { *dice.pick(&BENIGN) } else { *dice.pick(&HARMFUL) };
        let sql = template
            .replace("{new}", &format!("new{at}"))
            .replace("{row}", &dice.between(1..=52).to_string());
        let wrapped = match dice.below(10) {
            0 if !sql.contains("$$") => {
                format!(
                    "DO $do$ BEGIN EXECUTE {}; END $do$",
                    glowplug::internal::words::ident::Literal(&sql)
                )
            }
            1 => format!("SAVEPOINT s{at};\n{sql};\nROLLBACK TO s{at}"),
            2 => format!("SAVEPOINT s{at};\n{sql};\nRELEASE s{at}"),
            _ => sql,
        };
        statements.push(wrapped);
    }
    statements.join(";\n") + ";\n"
}

/// The old rows, and what an attempt of each kind comes to.
fn truth(admin: &Url, level: &str) -> Vec<String> {
    let mut truth = Vec::new();
    for sql in [
        "SELECT id, stream_id, kind, payload::text, occurred_at, corrects FROM public.events WHERE id <= 52 ORDER BY id",
        "SELECT id, status, amount, fee, booked_on FROM public.ledger_entries WHERE id <= 15 ORDER BY id, booked_on",
        "SELECT count(*) FROM public.events WHERE id < 1",
    ] {
        truth.push(try_psql_at(admin, sql).unwrap_or_else(|error| error));
    }
    for role in ["ledger_owner", "app_rw"] {
        let mut attempts = vec![
            "UPDATE public.events SET payload = '[]' WHERE id = 3".to_owned(),
            "UPDATE public.events SET kind = kind WHERE id = 52".to_owned(),
            "DELETE FROM public.events WHERE id = 51".to_owned(),
            "UPDATE public.ledger_entries SET status = status WHERE id = 4".to_owned(),
            "DELETE FROM public.ledger_entries_2024 WHERE id = 2".to_owned(),
            "DELETE FROM public.ledger_entries_2025 WHERE id = 12".to_owned(),
        ];
        if level == "hardened" {
            attempts.extend(
                ["events", "ledger_entries", "ledger_entries_2024"]
                    .map(|it| format!("TRUNCATE public.{it} CASCADE")),
            );
            attempts.push(
                "SET LOCAL session_replication_role = origin; DELETE FROM public.events".into(),
            );
        }
        for sql in attempts {
            let tried =
                try_psql_at(admin, &format!("BEGIN; SET LOCAL ROLE {role}; {sql}; ROLLBACK"));
            truth.push(format!(
                "{role}: {sql}: {}",
                if tried.is_err() { "refused" } else { "DONE" }
            ));
        }
    }
    let append = "BEGIN; SET LOCAL ROLE app_rw; INSERT INTO public.events (stream_id, kind, payload) VALUES ('00000000-0000-4000-8000-000000000001', 'x', '{}'); ROLLBACK";
    truth.push(format!(
        "append: {}",
        if try_psql_at(admin, append).is_ok() { "done" } else { "REFUSED" }
    ));
    truth
}

#[test]
fn whatever_is_let_through_has_kept_every_row_and_all_protection() {
    let first = number("GLOWPLUG_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    let count = sample::count(CASES.0, CASES.1);
    let arena = Arena::of(INSTALLED[0].major());
    eprintln!("{count} migrations, GLOWPLUG_TEST_SEED={first}");
    let next = Mutex::new(0..count);
    let passed = Mutex::new((0_u64, 0_u64, 0_u64));
    let threads = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    // a poisoned lock means that another thread has failed
                    let Some(number) = next.lock().unwrap().next() else {
                        break;
                    };
                    let code = check(arena, first.wrapping_add(number));
                    let mut passed = passed.lock().unwrap();
                    match code {
                        Some(0) => passed.0 += 1,
                        Some(3) => passed.1 += 1,
                        _ => passed.2 += 1,
                    }
                }
            });
        }
    });
    let (kept, refused, failed) = *passed.lock().unwrap();
    eprintln!("let through {kept}, refused {refused}, refused by the server {failed}");
    assert!(count < 100 || kept > 0 && refused > 0, "both verdicts were seen");
}

fn check(arena: &Arena, seed: u64) -> Option<i32> {
    let mut dice = Dice::new(seed);
    let level = *dice.pick(&["minimal", "hardened"]);
    let up = migration(&mut dice);
    let name = format!("random_{seed}");
    let outside = arena.server.url("template1");
    // two copies of one template cannot be made at once
    static TURN: Mutex<()> = Mutex::new(());
    {
        let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        psql_at(
            &outside,
            &format!("CREATE DATABASE {name} OWNER ledger_owner TEMPLATE {}", arena.levels[level]),
        );
    }
    let admin = arena.server.url(&name);
    let mut owner = admin.clone();
    owner.user = Some("ledger_owner".into());
    let project =
        Project::new().env("DATABASE_URL", &text(&owner)).env("GLOWPLUG_POSTGRES_BIN", "/nowhere");
    project.write("glowplug.toml", &PROJECT.replace("LEVEL", level));
    project.migration("1_random", &up, "");

    let before = truth(&admin, level);
    let ran = project.run("upgrade");
    let after = truth(&admin, level);

    assert!(matches!(ran.code, Some(0 | 1 | 3)), "seed {seed} at {level}\n{up}\n{ran:#?}");
    for (was, is) in before.iter().zip(&after) {
        assert_eq!(was, is, "seed {seed} at {level}, exit {:?}\n{up}\n{}", ran.code, ran.stderr);
    }
    psql_at(&outside, &format!("DROP DATABASE {name} WITH (FORCE)"));
    ran.code
}
