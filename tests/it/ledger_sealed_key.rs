//! Structural changes of sealed ledgers: over the second key, in some forms, and in no other way.

use crate::{
    ledger_sealed::Sealed,
    support::{Database, INSTALLED, Project, text},
};

/// A sealed database whose project names a second key, and the URL of it.
fn sealed(major: u32) -> (Sealed, String) {
    let it = Sealed::with(major, |name| {
        format!("[ledger_admin]\nurl_env = \"GLOWPLUG_LEDGER_URL\"\nrole = \"{name}_key\"\n")
    });
    let mut url = it.database.owner().clone();
    url.user = Some(format!("{}_key", it.database.name));
    it.project.run_with(&["ledger", "verify", "--accept", "sealed"]).ok();
    (it, text(&url))
}

fn change(project: &Project, name: &str, transactional: bool, up: &str, down: &str) {
    project.migration(name, up, down);
    let metadata = format!("run_in_transaction = {transactional}\nledger = true\n");
    project.write(&format!("migrations/{name}/metadata.toml"), &metadata);
}

const CHANGE: &str = "ALTER TABLE public.events ADD COLUMN note text, ADD COLUMN n int NOT NULL DEFAULT 0;
ALTER TABLE public.events ADD CONSTRAINT events_note CHECK (pg_catalog.length(note) < 1000) NOT VALID;
ALTER TABLE public.events VALIDATE CONSTRAINT events_note;
CREATE INDEX events_lower ON public.events (lower(note));
CREATE STATISTICS public.events_stats ON corrects, n FROM public.events;
COMMENT ON COLUMN public.events.note IS 'a note';
GRANT SELECT ON public.events TO READER;
";

const BACK: &str = "COMMENT ON COLUMN public.events.note IS NULL;
DROP STATISTICS public.events_stats;
DROP INDEX public.events_lower;
ALTER TABLE public.events DROP CONSTRAINT events_note;
ALTER TABLE public.events DROP COLUMN note, DROP COLUMN n;
";

const PARTITION: &str = "CREATE TABLE public.entries_2025 PARTITION OF public.entries FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TRIGGER entries_no_truncate BEFORE TRUNCATE ON public.entries_2025 FOR EACH STATEMENT EXECUTE FUNCTION public.entries_refuse();
ALTER TABLE public.entries_2025 ENABLE ALWAYS TRIGGER entries_no_truncate;
ALTER TABLE public.entries_2025 ENABLE ALWAYS TRIGGER entries_append_only;
";

#[test]
fn forms_go_up_and_down_with_the_second_key() {
    for major in crate::sample::majors() {
        let (it, key) = sealed(major);
        let reader = format!("{}_reader", it.database.name);
        it.database.query(&format!("CREATE ROLE {reader}"));
        let fill = |sql: &str| sql.replace("READER", &reader);
        it.project.migration("2_before", "CREATE TABLE more (id int);", "DROP TABLE more;");
        change(&it.project, "3_change", true, &fill(CHANGE), BACK);
        change(
            &it.project,
            "4_index",
            false,
            "CREATE INDEX CONCURRENTLY events_kind ON public.events (kind);",
            "DROP INDEX CONCURRENTLY public.events_kind;",
        );
        change(&it.project, "5_partition", true, PARTITION, "DROP TABLE public.entries_2025;");
        it.project.migration("6_after", "ALTER TABLE more ADD n int;", "ALTER TABLE more DROP n;");

        // without the key nothing runs, and what is missing is named
        it.project
            .run("upgrade")
            .code(1)
            .says(&["`3_change` has `ledger = true`, but GLOWPLUG_LEDGER_URL is not set"]);
        assert_eq!(it.database.query("SELECT to_regclass('more')"), "NULL");

        let project = WithKey { it: &it, key: &key };
        project.run("upgrade");
        let owner = format!("{}_ledger", it.database.name);
        assert_eq!(
            it.database.query("SELECT DISTINCT relowner::regrole FROM pg_class WHERE relname IN ('events_lower', 'events_kind', 'entries_2025')"),
            owner
        );
        assert_eq!(
            it.database.query("SELECT tableowner FROM pg_tables WHERE tablename = 'more'"),
            it.database.name
        );
        let (is_sealed, told) = it.roads();
        assert!(is_sealed, "{major}: {told}");
        project.run("ledger verify");
        project.run("redo");
        project.run("redo -n 2");
        project.run("downgrade 2");
        project.run("upgrade");
        assert!(it.roads().0);
        it.database.execute("INSERT INTO entries (id, booked) VALUES (9, '2025-05-05'); INSERT INTO events (kind, amount, note) VALUES ('opened', 1, 'a')");
        // the key is not the application's, and what it makes is protected
        for sql in ["TRUNCATE entries_2025", "DELETE FROM entries_2025"] {
            let tried = crate::support::try_psql_at(&it.database.owner().clone(), sql);
            assert!(tried.is_err(), "{sql}");
        }
        // events stay
        let ran = project.try_run("downgrade 4");
        assert_ne!(ran.code, Some(0), "{ran:#?}");
        assert_eq!(it.database.query("SELECT count(*) FROM entries_2025"), "1");
    }
}

struct WithKey<'s> {
    it: &'s Sealed,
    key: &'s str,
}

impl WithKey<'_> {
    fn try_run(&self, arguments: &str) -> crate::support::Ran {
        let mut command = self.it.project.command(crate::support::GLOWPLUG);
        command.env("GLOWPLUG_LEDGER_URL", self.key).args(arguments.split_whitespace());
        crate::support::Ran::of(command.output().unwrap(), self.it.project.path())
    }

    #[track_caller]
    fn run(&self, arguments: &str) -> crate::support::Ran {
        self.try_run(arguments).ok()
    }
}

/// What is planted behind an append would run as whoever tries one.
#[test]
fn nothing_that_is_planted_runs_with_the_second_key() {
    let (it, key) = sealed(INSTALLED[0].major());
    let (owner, keeper) = (&it.database.name, format!("{}_ledger", it.database.name));
    it.database.query(&format!(
        "CREATE TABLE projection (id bigint); ALTER TABLE projection OWNER TO {owner}; GRANT INSERT ON projection TO PUBLIC; \
         CREATE FUNCTION project() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.projection VALUES (NEW.id); RETURN NULL; END'; \
         ALTER FUNCTION project() OWNER TO {keeper}; CREATE TRIGGER project AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION project()"
    ));
    it.project.run_with(&["ledger", "verify", "--accept", "projection"]).ok();
    it.database.execute(&format!(
        "CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN EXECUTE $q$ GRANT UPDATE ON public.events TO {owner} $q$; RETURN NEW; EXCEPTION WHEN OTHERS THEN RETURN NEW; END'; \
         CREATE TRIGGER strike BEFORE INSERT ON projection FOR EACH ROW EXECUTE FUNCTION strike()"
    ));
    change(
        &it.project,
        "2_change",
        true,
        "ALTER TABLE public.events ADD COLUMN note text;",
        "ALTER TABLE public.events DROP COLUMN note;",
    );
    let project = WithKey { it: &it, key: &key };
    project.run("upgrade");
    project.run("redo");
    let (is_sealed, told) = it.roads();
    assert!(is_sealed, "{told}");
}

#[test]
fn other_forms_are_refused_before_anything_runs() {
    let (it, key) = sealed(INSTALLED[0].major());
    it.project.migration("2_before", "CREATE TABLE more (id int);", "DROP TABLE more;");
    change(
        &it.project,
        "3_change",
        true,
        "ALTER TABLE public.events ADD COLUMN note text;\nUPDATE public.events SET note = 'x';",
        "",
    );
    let project = WithKey { it: &it, key: &key };
    let ran = project.try_run("upgrade").code(1);
    let ran = ran.says(&[
        "3_change/up.sql:2",
        "is not allowed in a migration with `ledger = true`",
        "CREATE STATISTICS",
    ]);
    assert!(ran.stderr.contains("UPDATE public.events"), "{ran:#?}");
    assert_eq!(it.database.query("SELECT to_regclass('more')"), "NULL");
}

#[test]
fn without_ledger_true_the_server_refuses_and_the_advice_names_it() {
    let (it, key) = sealed(INSTALLED[0].major());
    it.project.migration("2_change", "ALTER TABLE public.events ADD COLUMN note text;", "");
    let project = WithKey { it: &it, key: &key };
    project
        .try_run("upgrade")
        .code(1)
        .says(&["must be owner of table events", "set `ledger = true` in metadata.toml"]);
}

#[test]
fn a_key_that_does_not_fit_is_refused_before_anything_runs() {
    let (it, _) = sealed(INSTALLED[0].major());
    change(&it.project, "2_change", true, "ALTER TABLE public.events ADD COLUMN note text;", "");
    let other = Database::new();
    other.query(&format!("GRANT {}_ledger TO {}", it.database.name, other.role));
    for key in [it.database.url(), other.url()] {
        let ran = WithKey { it: &it, key: &key }.try_run("upgrade").code(1);
        assert!(!ran.stderr.contains("must be owner"), "{ran:#?}");
    }
    it.database.query(&format!("REVOKE {}_ledger FROM {}", it.database.name, other.role));
    let ran = WithKey { it: &it, key: &it.database.admin_url() }.run("upgrade");
    assert!(ran.stdout.contains("Applied 1 migration"), "{ran:#?}");
    assert_eq!(
        it.database.query("SELECT relowner::regrole FROM pg_class WHERE relname = 'events'"),
        format!("{}_ledger", it.database.name)
    );
}

#[test]
fn where_the_ledger_is_not_sealed_no_key_is_needed() {
    let database = Database::new();
    let project = Project::at(&database);
    project.write("glowplug.toml", "[[ledger]]\ntable = \"public.t\"\nlevel = \"sealed\"\n[ledger_admin]\nurl_env = \"GLOWPLUG_LEDGER_URL\"\n");
    project.migration("1_make", "CREATE TABLE t (id bigserial PRIMARY KEY);", "DROP TABLE t;");
    change(
        &project,
        "2_change",
        true,
        "ALTER TABLE public.t ADD COLUMN note text;",
        "ALTER TABLE public.t DROP COLUMN note;",
    );
    project.run("upgrade").ok();
    project.run("redo").ok();
    project.run("verify").ok();
}
