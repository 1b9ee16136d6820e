//! The migration that protects an existing table.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::{
    job::{JobError, Watch, attest::failed, declared, failure::LedgerError, open::Endpoint},
    ledger::{self, Declaration, Fact, FactKind, Snapshot},
    postgres::{guard::Guard, lock::Facts, session::Session},
    report::ledger::{Level, Strength},
    words::ident::{Ident, Literal, Qualified},
};

/// The texts of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Protection {
    /// `up.sql`.
    pub up: String,
    /// `down.sql`.
    pub down: String,
    /// What should be known besides.
    pub notes: Vec<String>,
}

/// Writes the way to a protected table, and back.
///
/// # Errors
/// When the server cannot be reached or refuses, there is no such table, or it is already protected.
pub(crate) async fn protect(
    endpoint: &Endpoint,
    ledger: &Declaration,
    watch: Watch<'_>,
) -> Result<Protection, JobError> {
    let (mut session, facts, _) = endpoint.read(watch).await?;
    match written(&mut session, &facts, ledger).await? {
        Some((texts, _)) => Ok(texts),
        None => Err(LedgerError::Protected { table: ledger.label() }.into()),
    }
}

/// What is missing of the protection of a ledger, with the name of the refusing function; none if nothing is.
pub(super) async fn written(
    session: &mut Session<'_>,
    facts: &Facts,
    ledger: &Declaration,
) -> Result<Option<(Protection, String)>, JobError> {
    let guard = Guard::of(std::slice::from_ref(ledger));
    declared::demand(session, &guard, &[]).await?;
    let now = guard.observe(session, facts, None).await.map_err(failed)?;
    let Some((root, relation)) = now.root(0) else {
        return Err(LedgerError::Missing { table: ledger.label() }.into());
    };
    let found = ledger::protection(&now, 0).weakest();
    let wanted = match ledger.level {
        Level::Minimal => found.rows(),
        Level::Hardened | Level::Sealed => {
            [found.update, found.delete, found.truncate].iter().all(|it| *it == Strength::Always)
        }
    };
    if wanted {
        return Ok(None);
    }
    let others = || now.of(Some(0), FactKind::Relation).filter(|(label, _)| *label != root);
    let of_kind = |is_wanted: fn(&Fact) -> bool| {
        others().filter(|(_, it)| is_wanted(it)).map(|(label, _)| label).collect::<Vec<&str>>()
    };
    let foreign = of_kind(|it| it.text("kind") == "f");
    let tables = Tables {
        root: ledger.sql(),
        partitions: of_kind(|it| it.is("partition") && it.text("kind") != "f"),
        children: of_kind(|it| !it.is("partition") && it.text("kind") != "f"),
    };
    let granted: Vec<(String, String)> = now
        .of(Some(0), FactKind::Grant)
        .filter(|(_, it)| it.0.get("column").is_none_or(serde_json::Value::is_null))
        .filter(|(_, it)| matches!(it.text("privilege"), "UPDATE" | "DELETE" | "TRUNCATE"))
        .filter(|(_, it)| it.text("grantee") != relation.text("owner"))
        .map(|(_, it)| {
            let grantee = match it.text("grantee") {
                "public" => "PUBLIC".to_owned(),
                role => Ident(role).to_string(),
            };
            (format!("{} ON {}", it.text("privilege"), it.text("relation")), grantee)
        })
        .collect();
    let mut notes = Vec::new();
    for table in foreign {
        notes.push(format!("{table} is a foreign table: its rows cannot be protected here"));
    }
    let functions = session.query(FUNCTIONS, vec![Some(ledger.schema.clone())]).await;
    let functions = functions.map_err(failed)?.into_iter().flatten().flatten().collect();
    let older = older(&now);
    for trigger in older.keys() {
        notes.push(format!(
            "the trigger {trigger} also fires before UPDATE or DELETE of a row and is not proved to refuse it: the new one is named so that it fires first"
        ));
    }
    let names = Names::free(&ledger.table, &now, &functions, &older);
    let refers = now.of(Some(0), FactKind::Constraint).any(|(_, it)| it.text("type") == "f");
    if ledger.level == Level::Hardened {
        let why = if refers { ", and foreign keys are checked as this role" } else { "" };
        notes.push(format!(
            "{} keeps its privileges as the owner: the triggers refuse it anyway{why}",
            relation.text("owner")
        ));
    }
    let function = Qualified { schema: &ledger.schema, name: &names.function }.to_string();
    Ok(Some((texts(ledger, &tables, &names, &granted, notes), function)))
}

/// The names of a schema's functions.
const FUNCTIONS: &str = "SELECT ARRAY[p.proname::text] AS \"row\" FROM pg_catalog.pg_proc p \
    JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) p.pronamespace WHERE s.nspname OPERATOR(pg_catalog.=) $1::text";

/// Triggers that come before UPDATE or DELETE of a row and may swallow it, with their names: PostgreSQL fires triggers in the
/// order of their names.
fn older(now: &Snapshot) -> BTreeMap<String, String> {
    let proved = ledger::protection(now, 0).unproved;
    let triggers = now.of(Some(0), FactKind::Trigger);
    triggers
        .filter(|(label, it)| {
            let bits = it.number("bits").unwrap_or_default();
            let is_before = bits & ledger::bits::ROW != 0 && bits & ledger::bits::BEFORE != 0;
            let writes = bits & (ledger::bits::UPDATE | ledger::bits::DELETE) != 0;
            let is_proved = ledger::firmness(it).is_some() && !proved.contains_key(*label);
            is_before && writes && it.text("enabled") != "D" && !is_proved
        })
        .map(|(label, it)| (label.to_owned(), it.text("name").to_owned()))
        .collect()
}

/// The tables of a ledger.
struct Tables<'t> {
    /// The declared one.
    root: String,
    /// Its partitions, which get copies of its triggers for rows.
    partitions: Vec<&'t str>,
    /// Tables that inherit from it, which do not.
    children: Vec<&'t str>,
}

/// What is made.
struct Names {
    function: String,
    rows: String,
    truncate: String,
}

impl Names {
    /// Names that nothing has; the trigger for rows comes before every older one that may swallow what it refuses.
    fn free(
        table: &str,
        now: &Snapshot,
        functions: &BTreeSet<String>,
        older: &BTreeMap<String, String>,
    ) -> Self {
        let taken: BTreeSet<&str> =
            now.of(Some(0), FactKind::Trigger).map(|(_, it)| it.text("name")).collect();
        let first = older.values().min();
        let comes_first = |name: &str| first.is_none_or(|first| name < first.as_str());
        let is_free = |name: &str| !taken.contains(name);
        Self {
            function: named(table, "_refuse", |name| !functions.contains(name)),
            rows: named(table, "_append_only", |name| is_free(name) && comes_first(name)),
            truncate: named(table, "_no_truncate", is_free),
        }
    }
}

/// The first name that will do: plain, with a number, then with something in front of it.
fn named(table: &str, suffix: &str, will_do: impl Fn(&str) -> bool) -> String {
    let name = |prefix: &str, number: &str| {
        let room = 63 - suffix.len() - prefix.len() - number.len();
        format!("{prefix}{}{suffix}{number}", &table[..table.floor_char_boundary(room)])
    };
    let prefixes = ["", "_", "0_", "00_", "!", " "];
    let numbers = (1..100).map(|it| if it == 1 { String::new() } else { format!("_{it}") });
    let numbers: Vec<String> = numbers.collect();
    let names = prefixes.iter().flat_map(|prefix| numbers.iter().map(|it| name(prefix, it)));
    names.into_iter().find(|it| will_do(it)).unwrap_or_else(|| name("", ""))
}

fn texts(
    ledger: &Declaration,
    all: &Tables<'_>,
    names: &Names,
    granted: &[(String, String)],
    notes: Vec<String>,
) -> Protection {
    let function = Qualified { schema: &ledger.schema, name: &names.function };
    let (rows, truncate) = (Ident(&names.rows), Ident(&names.truncate));
    let on = &all.root;
    let label = ledger.label();
    let hardened = ledger.level >= Level::Hardened;
    let hint = Literal("Append a correction: a new row that points at the wrong one.");
    let mut up = format!(
        "-- Makes {label} append-only: its rows are history, and a wrong one is corrected by another.\n\
         CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql\n    SET search_path = pg_catalog, pg_temp AS $body$\n\
         BEGIN\n    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP\n        USING ERRCODE = 'GP001', HINT = {hint};\nEND\n$body$;\n\n"
    );
    let mut down = format!(
        "-- Removes the protection of {label}; its rows stay. The ledger guard refuses this without a reason:\n\
         --   glowplug downgrade … --allow-ledger-change \"reason\"\n"
    );
    let mut line = |text: String| writeln!(up, "{text}").unwrap_or_default();
    let with_rows = || std::iter::once(on.as_str()).chain(all.children.iter().copied());
    for table in with_rows() {
        line(format!(
            "CREATE TRIGGER {rows} BEFORE UPDATE OR DELETE ON {table}\n    FOR EACH ROW EXECUTE FUNCTION {function}();"
        ));
    }
    if hardened {
        let tables = || with_rows().chain(all.partitions.iter().copied());
        if all.partitions.is_empty() {
            line(String::new());
        } else {
            line(
                "\n-- a trigger for TRUNCATE is not copied to partitions: new ones need their own"
                    .into(),
            );
        }
        for table in tables() {
            line(format!(
                "CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table}\n    FOR EACH STATEMENT EXECUTE FUNCTION {function}();"
            ));
        }
        line("\n-- ALWAYS: session_replication_role = replica must not bypass them".into());
        for table in tables() {
            line(format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {rows};"));
            line(format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {truncate};"));
        }
        if !granted.is_empty() {
            line("\n-- a second lock: roles that append need none of these".into());
        }
        for (what, role) in granted {
            line(format!("REVOKE {what} FROM {role};"));
        }
        for table in tables() {
            writeln!(down, "DROP TRIGGER {truncate} ON {table};").unwrap_or_default();
        }
        for (what, role) in granted {
            writeln!(down, "GRANT {what} TO {role};").unwrap_or_default();
        }
    }
    for table in with_rows() {
        writeln!(down, "DROP TRIGGER {rows} ON {table};").unwrap_or_default();
    }
    writeln!(down, "DROP FUNCTION {function}();").unwrap_or_default();
    Protection { up, down, notes }
}
