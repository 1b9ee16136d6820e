//! The SQL that seals a ledger: an administrator runs it once, and everything that the ledger rests on belongs to a role that nobody
//! can log in as.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::{
    ledger::powers::{Grant, Owned, PUBLIC, Powers, Role},
    report::ledger::Road,
    words::ident::{Ident, Literal},
};

/// The roles that own everything afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hands {
    /// Owns the ledger, and what it rests on.
    pub keeper: String,
    /// Owns the database.
    pub database: String,
    /// Holds the second key: logs in, and may become the keeper.
    pub key: Option<String>,
}

/// What is to be sealed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealing<'s> {
    /// The ledger, for people.
    pub label: &'s str,
    /// The tracking tables' schema, and the SQL that makes them where they are missing.
    pub tracking: (&'s str, &'s str),
    /// The SQL that makes the triggers where they are missing, and the function that they call.
    pub hardening: Option<(&'s str, &'s str)>,
    /// Who owns it afterwards.
    pub hands: &'s Hands,
}

const REVERT: [&str; 3] = ["SELECT", "INSERT", "DELETE"];
const APPEND: [&str; 2] = ["SELECT", "INSERT"];
const WRITE: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];

/// What roles keep, or get, on a table.
fn kept(part: &str) -> &'static [&'static str] {
    match part {
        "ledger" | "journal" => &APPEND,
        "diesel" => &REVERT,
        _ => &WRITE,
    }
}

impl Hands {
    /// Finds roles: those that have sealed something here already, or names that are free.
    #[must_use]
    pub(crate) fn of(powers: &Powers, key: Option<&str>) -> Self {
        let is_plain = |name: &str| {
            let role = powers.roles.get(name);
            role.is_some_and(|it| {
                !it.login && !it.superuser && !it.creates && !name.starts_with("pg_")
            })
        };
        let has_members = |name: &str| {
            powers.members.iter().any(|it| it.role == name && Some(it.member.as_str()) != key)
        };
        let closed = |name: &str| is_plain(name) && !has_members(name);
        let owner_of = |part: &str| {
            let found = powers.owned.iter().find(|it| it.part == part && closed(&it.owner));
            found.map(|it| it.owner.clone())
        };
        let free = |suffix: &str| {
            let name = |number: usize| {
                let number = if number == 1 { String::new() } else { format!("_{number}") };
                let room = 63 - suffix.len() - number.len();
                let database = &powers.database[..powers.database.floor_char_boundary(room)];
                format!("{database}{suffix}{number}")
            };
            // whoever is a member of a role of such a name is one no longer
            let fits = |name: &String| !powers.roles.contains_key(name) || is_plain(name);
            (1..100).map(name).find(fits).unwrap_or_else(|| name(1))
        };
        Self {
            keeper: owner_of("ledger")
                .or_else(|| owner_of("journal"))
                .unwrap_or_else(|| free("_ledger")),
            database: owner_of("database").unwrap_or_else(|| free("_database")),
            key: key.map(str::to_owned),
        }
    }
}

impl Powers {
    /// The same after the SQL was run, as far as that changes it.
    fn sealed(&self, hands: &Hands) -> Self {
        let mut after = self.of_others();
        for name in [&hands.keeper, &hands.database] {
            let role = Role { name: name.clone(), ..Role::default() };
            after.roles.insert(name.clone(), role);
        }
        let moved: BTreeSet<String> = self
            .owned
            .iter()
            .filter(|it| it.of == "function" && it.definer && self.moves(it))
            .map(|it| it.identity.clone())
            .collect();
        for it in &mut after.owned {
            if it.part == "database" && !self.is_superuser(&it.owner) {
                it.owner.clone_from(&hands.database);
            } else if self.moves(it) {
                it.owner.clone_from(&hands.keeper);
            }
        }
        after
            .grants
            .retain(|it| !it.is_too_much() || matches!(it.part.as_str(), "parameter" | "kept"));
        after.later.retain(|it| it.owner != hands.keeper);
        let is_hands = |role: &str| role == hands.keeper || role == hands.database;
        after.members.retain(|it| !is_hands(&it.role) || hands.key.as_ref() == Some(&it.member));
        after.definers.retain(|it| !moved.contains(&it.function) && !is_hands(&it.owner));
        after
    }

    /// Whether something is given to the ledger's role: what is a superuser's is safe there already.
    fn moves(&self, it: &Owned) -> bool {
        let is_movable =
            !it.member && it.part != "kept" && !matches!(it.of.as_str(), "extension" | "database");
        is_movable && (it.part != "needed" || !self.is_superuser(&it.owner))
    }

    /// Roles that migrate or own: they append, and make other things, as before.
    fn migrators(&self, hands: &Hands) -> BTreeSet<String> {
        let database = self.owned.iter().find(|it| it.part == "database").map(|it| &it.owner);
        let tables = self.owned.iter().filter(|it| {
            matches!(it.part.as_str(), "ledger" | "journal" | "diesel" | "database")
                || it.of == "schema"
        });
        let owners = tables.map(|it| &it.owner);
        let own = |it: &String| match it.as_str() {
            "pg_database_owner" => database.cloned().unwrap_or_default(),
            _ => it.clone(),
        };
        let is_one = |it: &String| {
            !it.is_empty()
                && !self.is_superuser(it)
                && *it != hands.keeper
                && *it != hands.database
                && !it.starts_with("pg_")
        };
        owners.chain([&self.session]).map(own).filter(is_one).collect()
    }

    /// The roads that stay open whatever that SQL does: they are somebody else's to close.
    #[must_use]
    pub(crate) fn left_open(&self, ledger: usize, hands: &Hands) -> Vec<Road> {
        self.sealed(hands).roads(ledger, hands.key.as_deref())
    }
}

/// Who is granted something, for SQL.
fn grantee(name: &str) -> String {
    if name == PUBLIC { "PUBLIC".to_owned() } else { Ident(name).to_string() }
}

fn list(privileges: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let privileges = privileges.into_iter().map(|it| it.as_ref().to_owned());
    privileges.collect::<Vec<_>>().join(", ")
}

/// Writes the SQL.
#[must_use]
pub(crate) fn sealing(powers: &Powers, what: &Sealing<'_>) -> String {
    let Sealing { label, tracking: (schema, made), hardening, hands } = *what;
    let (keeper, database) = (Ident(&hands.keeper), Ident(&hands.database));
    let migrators = powers.migrators(hands);
    let mut sql = format!(
        "-- Seals the ledger {label}: PostgreSQL itself refuses everything but reading and appending, to every role but superusers.\n\
         -- An administrator runs this once, as a superuser, in the database {}: psql -v ON_ERROR_STOP=1 -f FILE.\n\
         -- Running it again changes nothing. Afterwards `glowplug ledger status` lists what is still open.\n\
         BEGIN;\n\n",
        powers.database
    );
    let mut line = |text: &str| writeln!(sql, "{text}").unwrap_or_default();
    line(
        "-- Two roles that nobody can log in as: one owns the ledger and everything that it rests on, one owns the database.",
    );
    for name in [&hands.keeper, &hands.database] {
        line(&make_role(name, "NOLOGIN"));
    }
    if let Some(key) = &hands.key {
        line(
            "-- The second key: it logs in, and structural changes (`ledger = true`) are made through it. Give it a way to log in.",
        );
        line(&make_role(key, "LOGIN"));
        line(&format!("GRANT {keeper} TO {};", Ident(key)));
    }
    line(&format!(
        "-- A role that is not a superuser has to be a member of both while this runs.\n\
         DO $glowplug$ BEGIN\n    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN\n        \
         EXECUTE pg_catalog.format('GRANT %I, %I TO %I', {0}, {1}, current_user);\n    END IF;\nEND $glowplug$;",
        Literal(&hands.keeper),
        Literal(&hands.database)
    ));
    for it in &powers.members {
        let is_hands = it.role == hands.keeper || it.role == hands.database;
        if is_hands && hands.key.as_ref() != Some(&it.member) && !powers.is_superuser(&it.member) {
            line(&format!("REVOKE {} FROM {} CASCADE;", Ident(&it.role), Ident(&it.member)));
        }
    }

    line("\n-- The tables in which migrations are recorded, where they are missing.");
    line(made.trim_end());
    if let Some((triggers, _)) = hardening {
        line("\n-- The triggers that refuse UPDATE, DELETE and TRUNCATE, always.");
        line(triggers.trim_end());
    }

    line(
        "\n-- The owner of a schema, a type or a function can drop it together with a column or a table that needs it: all of them\n-- belong to the ledger's role.",
    );
    let schemas = powers.owned.iter().filter(|it| it.of == "schema" && powers.moves(it));
    let mut schemas: BTreeSet<String> = schemas.map(|it| it.identity.clone()).collect();
    if !powers.owned.iter().any(|it| it.part == "diesel" || it.part == "journal") {
        schemas.insert(Ident(schema).to_string());
    }
    for schema in &schemas {
        line(&format!("ALTER SCHEMA {schema} OWNER TO {keeper};"));
    }
    let tracking = |part: &str, name: &str| {
        let found = powers.owned.iter().find(|it| it.part == part).map(|it| it.identity.clone());
        found.unwrap_or_else(|| format!("{}.{}", Ident(schema), Ident(name)))
    };
    let journal = tracking("journal", "__glowplug_journal");
    let diesel = tracking("diesel", "__diesel_schema_migrations");
    let moved = || {
        let rest = powers.owned.iter().filter(|it| it.of != "schema" && powers.moves(it));
        rest.filter(|it| !it.linked && it.part != "journal" && it.part != "diesel")
    };
    let mut given: BTreeSet<(&str, String)> =
        moved().map(|it| (it.of.as_str(), it.identity.clone())).collect();
    given.extend([("table", journal.clone()), ("table", diesel.clone())]);
    for (of, identity) in &given {
        line(&format!("ALTER {} {identity} OWNER TO {keeper};", of.to_uppercase()));
    }
    line(&format!(
        "ALTER FUNCTION {}.__glowplug_journal_refuse() OWNER TO {keeper};",
        Ident(schema)
    ));
    if let Some((_, function)) = hardening {
        line(&format!("ALTER FUNCTION {function}() OWNER TO {keeper};"));
    }
    for it in powers.owned.iter().filter(|it| it.of == "extension") {
        if !powers.is_superuser(&it.owner) {
            line(&format!(
                "-- {} belongs to {}, which can drop it with CASCADE. There is no ALTER EXTENSION … OWNER TO: give everything that role owns to\n-- another one (REASSIGN OWNED), or move the ledger's columns off the extension.",
                it.label(),
                it.owner
            ));
        }
    }

    let owner = powers.owned.iter().find(|it| it.part == "database").map(|it| it.owner.as_str());
    if owner.is_none_or(|it| !powers.is_superuser(it)) {
        line("\n-- The owner of the database stands above its schemas.");
        let name = Ident(&powers.database);
        line(&format!("ALTER DATABASE {name} OWNER TO {database};"));
        for role in &migrators {
            line(&format!(
                "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {name} TO {};",
                Ident(role)
            ));
        }
    }

    line(
        "\n-- Reading and appending stay, everything else goes. Diesel's table loses a row when a migration is reverted.",
    );
    for role in &migrators {
        for schema in &schemas {
            line(&format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {};", Ident(role)));
        }
    }
    let mut tables: BTreeMap<String, &str> = moved()
        .filter(|it| it.of == "table" || it.of == "foreign table")
        .map(|it| (it.identity.clone(), it.part.as_str()))
        .collect();
    tables.extend([(journal, "journal"), (diesel, "diesel")]);
    for (table, part) in &tables {
        privileges(powers, table, kept(part), &migrators, &keeper, &mut line);
    }
    for it in powers.owned.iter().filter(|it| it.of == "sequence" && powers.moves(it)) {
        let on = format!("SEQUENCE {}", it.identity);
        let had: BTreeSet<&str> = powers
            .grants
            .iter()
            .filter(|grant| grant.of == "sequence" && grant.identity == it.identity)
            .map(|grant| grant.grantee.as_str())
            .chain([PUBLIC])
            .collect();
        for role in had.iter().filter(|it| **it != hands.keeper) {
            line(&format!("REVOKE ALL ON {on} FROM {} CASCADE;", grantee(role)));
        }
        line(&format!("GRANT ALL ON {on} TO {keeper};"));
        let all = had.iter().filter(|it| **it != PUBLIC && **it != hands.keeper);
        let all: BTreeSet<&str> =
            all.copied().chain(migrators.iter().map(String::as_str)).collect();
        for role in all {
            line(&format!("GRANT USAGE ON {on} TO {};", grantee(role)));
        }
    }
    for it in powers.later.iter().filter(|it| it.owner == hands.keeper) {
        let within = it.schema.as_ref().map(|it| format!(" IN SCHEMA {}", Ident(it)));
        line(&format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {keeper}{} REVOKE {} ON TABLES FROM {};",
            within.unwrap_or_default(),
            it.privilege,
            grantee(&it.grantee)
        ));
    }
    let definers = powers.definers.iter().filter(|it| {
        let is_moved = moved().any(|owned| owned.definer && owned.identity == it.function);
        is_moved || it.owner == hands.keeper || it.owner == hands.database
    });
    for it in definers {
        line(&format!(
            "-- {} is SECURITY DEFINER: whoever runs it acts as the ledger's role.",
            it.function
        ));
        for role in it.runs.iter().flatten() {
            line(&format!(
                "REVOKE EXECUTE ON FUNCTION {} FROM {} CASCADE;",
                it.function,
                grantee(role)
            ));
        }
    }
    line(&format!(
        "DO $glowplug$ BEGIN\n    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN\n        \
         EXECUTE pg_catalog.format('REVOKE %I, %I FROM %I', {0}, {1}, current_user);\n    END IF;\nEND $glowplug$;",
        Literal(&hands.keeper),
        Literal(&hands.database)
    ));
    line("\n-- Checks the result: anything that is not as it should be rolls everything back.");
    line(&check(hands, &tables));
    line("COMMIT;");
    sql
}

fn make_role(name: &str, options: &str) -> String {
    format!(
        "DO $glowplug$ BEGIN\n    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {}) THEN\n        CREATE ROLE {} {options};\n    END IF;\nEND $glowplug$;",
        Literal(name),
        Ident(name)
    )
}

/// Takes everything from everybody on a table, and gives back what is to stay.
fn privileges(
    powers: &Powers,
    table: &str,
    kept: &[&str],
    migrators: &BTreeSet<String>,
    keeper: &Ident<'_>,
    line: &mut dyn FnMut(&str),
) {
    let granted: Vec<&Grant> =
        powers.grants.iter().filter(|it| it.of == "table" && it.identity == table).collect();
    let others =
        granted.iter().map(|it| it.grantee.as_str()).chain(migrators.iter().map(String::as_str));
    let others: BTreeSet<&str> =
        others.chain([PUBLIC]).filter(|it| *it != keeper.0 && !powers.is_superuser(it)).collect();
    for role in &others {
        line(&format!("REVOKE ALL ON TABLE {table} FROM {} CASCADE;", grantee(role)));
    }
    // foreign keys are checked in the name of the owner
    line(&format!("GRANT ALL ON TABLE {table} TO {keeper};"));
    for role in &others {
        let had = |column: &Option<String>, privilege: &str| {
            granted.iter().any(|it| {
                it.grantee == *role && it.attribute == *column && it.privilege == privilege
            })
        };
        let is_migrator = migrators.contains(*role);
        let whole = kept.iter().filter(|it| is_migrator || had(&None, it));
        let mut kept_here: Vec<String> = whole.map(|it| (*it).to_owned()).collect();
        let columns = granted.iter().filter(|it| {
            it.grantee == *role
                && it.attribute.is_some()
                && kept.contains(&it.privilege.as_str())
                && !kept_here.contains(&it.privilege)
        });
        let columns: Vec<String> = columns.map(|it| it.shown()).collect();
        kept_here.extend(columns);
        if !kept_here.is_empty() {
            line(&format!("GRANT {} ON TABLE {table} TO {};", list(&kept_here), grantee(role)));
        }
    }
}

/// Refuses a result that is not sealed, naming who is the reason.
fn check(hands: &Hands, tables: &BTreeMap<String, &str>) -> String {
    let key = Literal(hands.key.as_deref().unwrap_or_default()).to_string();
    let too_much = |(table, part): (&String, &&str)| {
        let privileges = match *part {
            "ledger" | "journal" => "UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES",
            "diesel" => "UPDATE, TRUNCATE, TRIGGER, REFERENCES",
            _ => "REFERENCES",
        };
        format!("        ({}, {})", Literal(table), Literal(privileges))
    };
    let tables: Vec<String> = tables.iter().map(too_much).collect();
    format!(
        "DO $glowplug$\nDECLARE\n    it record;\nBEGIN\n    \
         FOR it IN SELECT r.rolname, k.role FROM pg_catalog.pg_roles r, (VALUES ({}), ({})) k (role)\n        \
         WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname NOT IN ({key}, current_user) AND pg_catalog.pg_has_role(r.rolname, k.role::name, 'MEMBER')\n    \
         LOOP\n        RAISE EXCEPTION 'not sealed: % can become %', it.rolname, it.role;\n    END LOOP;\n    \
         FOR it IN SELECT r.rolname, t.name, t.privileges FROM pg_catalog.pg_roles r, (VALUES\n{}\n        ) t (name, privileges)\n        \
         WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname NOT IN ({key}, current_user) AND pg_catalog.has_table_privilege(r.rolname, t.name, t.privileges)\n    \
         LOOP\n        RAISE EXCEPTION 'not sealed: % may do more with % than append (one of %)', it.rolname, it.name, it.privileges;\n    END LOOP;\n\
         END\n$glowplug$;",
        Literal(&hands.keeper),
        Literal(&hands.database),
        tables.join(",\n"),
    )
}
