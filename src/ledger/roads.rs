//! The roads by which a role could become the owner of a ledger, or step around its protection.
//!
//! Roles are a graph: memberships with their options, CREATEROLE before PostgreSQL 16, functions that are SECURITY DEFINER, the owner
//! of the database. Who owns something that a ledger rests on, or has been granted more than appending, is where a road ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    ledger::powers::{Loose, Owned, PUBLIC, Powers},
    report::ledger::Road,
};

/// Roles of PostgreSQL's own that can do harm without owning anything.
const PREDEFINED: [(&str, &str); 4] = [
    ("pg_write_all_data", "updates and deletes in every table"),
    ("pg_maintain", "maintains every table"),
    ("pg_write_server_files", "writes the server's files"),
    ("pg_execute_server_program", "runs programs as the server"),
];

impl Powers {
    /// Whether a role can act as another one, be it over others.
    #[must_use]
    pub(crate) fn may_become(&self, role: &str, other: &str) -> bool {
        role == other
            || self.is_superuser(role)
            || self.reached(role).iter().any(|(it, _)| it == other || self.is_superuser(it))
    }

    /// All roads by which somebody could become the owner of what a ledger rests on, or do more than append. `key` is the role that
    /// holds the second key: it is meant to.
    #[must_use]
    pub(crate) fn roads(&self, ledger: usize, key: Option<&str>) -> Vec<Road> {
        let mut roads = Vec::new();
        if self.is_superuser(&self.session) {
            roads.push(Road {
                role: self.session.clone(),
                path: Vec::new(),
                to: vec![
                    "is a superuser, and the role that migrates: the server refuses it nothing"
                        .into(),
                ],
            });
        }
        let logins = self.roles.values().filter(|it| it.login || it.name == self.session);
        let starts = logins.filter(|it| !it.superuser && Some(it.name.as_str()) != key);
        for start in starts.map(|it| it.name.as_str()).chain([PUBLIC]) {
            for (role, path) in self.reached(start) {
                let to = self.ends(&role, ledger);
                if !to.is_empty() {
                    roads.push(Road { role: start.to_owned(), path, to });
                }
            }
        }
        // from PostgreSQL 17 on these run with a search_path of PostgreSQL's own
        let is_open = |it: &&Loose| self.major < 17 && it.ledger.is_none_or(|it| it == ledger);
        for it in self.loose.iter().filter(is_open) {
            roads.push(Road {
                role: PUBLIC.to_owned(),
                path: Vec::new(),
                to: vec![format!(
                    "{} sets no search_path, and an index of {} calls it: VACUUM and REINDEX run it as the owner, and an unqualified name that it calls may be somebody else's (ALTER FUNCTION {0} SET search_path = pg_catalog, pg_temp)",
                    it.function, it.table
                )],
            });
        }
        roads
    }

    /// Every role that a role can act as, itself first, each with the shortest way there.
    fn reached(&self, start: &str) -> Vec<(String, Vec<String>)> {
        let mut found = vec![(start.to_owned(), Vec::new())];
        let mut seen = BTreeSet::from([start.to_owned()]);
        let mut open = VecDeque::from([(start.to_owned(), Vec::new())]);
        while let Some((role, path)) = open.pop_front() {
            // where there is nothing left to gain
            if self.is_superuser(&role) {
                continue;
            }
            for (next, step) in self.steps(&role) {
                if seen.insert(next.clone()) {
                    let path: Vec<String> = path.iter().cloned().chain([step]).collect();
                    found.push((next.clone(), path.clone()));
                    open.push_back((next, path));
                }
            }
        }
        found
    }

    /// The roles that a role can act as at once, each with how.
    fn steps(&self, role: &str) -> Vec<(String, String)> {
        let mut steps = Vec::new();
        for it in self.members.iter().filter(|it| it.member == role) {
            let set = self.major >= 16 && it.set;
            let inherit = self.major >= 16 && it.inherit;
            let options = [(it.admin, "ADMIN"), (inherit, "INHERIT"), (set, "SET")];
            let options: Vec<&str> =
                options.iter().filter(|(is_set, _)| *is_set).map(|(_, word)| *word).collect();
            if it.admin || it.inherit || it.set {
                let options = match options.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", options.join(", ")),
                };
                steps.push((it.role.clone(), format!("member of {}{options}", it.role)));
            }
        }
        let database = self.owned.iter().find(|it| it.part == "database");
        if database.is_some_and(|it| it.owner == role) {
            let step = "pg_database_owner (as the owner of the database)";
            steps.push(("pg_database_owner".to_owned(), step.to_owned()));
        }
        for it in self.definers.iter().filter(|it| it.owner != role) {
            if it.runs.as_ref().is_some_and(|runs| runs.contains(role)) {
                let step =
                    format!("runs {}, which is SECURITY DEFINER of {}", it.function, it.owner);
                steps.push((it.owner.clone(), step));
            }
        }
        if self.major < 16 && self.roles.get(role).is_some_and(|it| it.creates) {
            let others = self.roles.values().filter(|it| !it.superuser);
            let others = others.filter(|it| !it.name.starts_with("pg_") && it.name != role);
            steps
                .extend(others.map(|it| {
                    (it.name.clone(), format!("grants itself {} (CREATEROLE)", it.name))
                }));
        }
        steps
    }

    /// What a role could do to a ledger without becoming another one.
    fn ends(&self, role: &str, ledger: usize) -> Vec<String> {
        if self.is_superuser(role) {
            return vec![format!("{role} is a superuser")];
        }
        let mut ends = Vec::new();
        let owned: BTreeSet<String> = self
            .owned
            .iter()
            .filter(|it| it.concerns(ledger) && it.owner == role && !it.linked)
            .map(Owned::label)
            .collect();
        if !owned.is_empty() {
            let owned: Vec<String> = owned.into_iter().collect();
            ends.push(format!("{role} owns {}", owned.join(", ")));
        }
        let mut granted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for it in &self.grants {
            let concerns = it.ledger.is_none_or(|it| it == ledger);
            if concerns && it.grantee == role && it.is_too_much() {
                granted.entry(&it.identity).or_default().insert(it.shown());
            }
        }
        for (on, privileges) in granted {
            let privileges: Vec<String> = privileges.into_iter().collect();
            ends.push(format!("{role} has been granted {} on {on}", privileges.join(", ")));
        }
        let owners = self.owners(ledger);
        let harmful = ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "MAINTAIN", "REFERENCES"];
        for it in &self.later {
            let is_harmful = harmful.contains(&it.privilege.as_str());
            if is_harmful && it.grantee == role && owners.contains(it.owner.as_str()) {
                let within = it.schema.as_ref().map(|it| format!(" in {it}")).unwrap_or_default();
                ends.push(format!(
                    "{role} is granted {} on every table that {} makes later{within} (ALTER DEFAULT PRIVILEGES)",
                    it.privilege, it.owner
                ));
            }
        }
        let predefined = PREDEFINED.iter().filter(|(name, _)| *name == role);
        ends.extend(predefined.map(|(name, what)| format!("{name} {what}")));
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_function_of_an_index_needs_a_search_path_of_its_own_before_17() {
        let value = json!({ "function": "public.norm(text)", "table": "public.events" });
        let facts = [("loose", "0", value)];
        assert_eq!(powers(16, &facts).roads(0, None).len(), 1);
        assert!(powers(16, &facts).roads(1, None).is_empty());
        assert!(powers(17, &facts).roads(0, None).is_empty());
    }

    fn powers(major: u32, facts: &[(&str, &str, serde_json::Value)]) -> Powers {
        let here = json!({ "session": "app", "database": "d", "major": major });
        let mut rows = vec![("here", "", here)];
        rows.extend_from_slice(facts);
        let row = |(kind, n, value): (&str, &str, serde_json::Value)| {
            vec![Some(kind.to_owned()), Some(n.to_owned()), Some(value.to_string())]
        };
        Powers::read(rows.into_iter().map(row).collect())
    }

    fn role(
        name: &str,
        login: bool,
        creates: bool,
    ) -> (&'static str, &'static str, serde_json::Value) {
        let value = json!({ "name": name, "superuser": false, "login": login, "creates": creates });
        ("role", "", value)
    }

    fn table(owner: &str) -> (&'static str, &'static str, serde_json::Value) {
        let value = json!({ "part": "ledger", "type": "table", "identity": "public.events", "owner": owner,
            "definer": false, "linked": false, "member": false });
        ("owned", "0", value)
    }

    fn member(
        role: &str,
        member: &str,
        options: [bool; 3],
    ) -> (&'static str, &'static str, serde_json::Value) {
        let [admin, inherit, set] = options;
        let value = json!({ "role": role, "member": member, "admin": admin, "inherit": inherit, "set": set });
        ("member", "", value)
    }

    fn told(powers: &Powers) -> Vec<String> {
        powers.roads(0, None).iter().map(Road::to_string).collect()
    }

    #[test]
    fn a_path_over_others_is_named() {
        let facts = [
            role("app", true, false),
            role("ops", false, false),
            role("keeper", false, false),
            table("keeper"),
            member("ops", "app", [true, false, false]),
            member("keeper", "ops", [false, false, true]),
        ];
        assert_eq!(
            told(&powers(16, &facts)),
            [
                "app -> member of ops (ADMIN) -> member of keeper (SET): keeper owns the table public.events"
            ]
        );
    }

    #[test]
    fn a_membership_without_options_leads_nowhere() {
        let facts = [
            role("app", true, false),
            role("keeper", false, false),
            table("keeper"),
            member("keeper", "app", [false, false, false]),
        ];
        assert!(told(&powers(16, &facts)).is_empty());
    }

    #[test]
    fn createrole_leads_everywhere_before_16() {
        let facts = [role("app", true, true), role("keeper", false, false), table("keeper")];
        assert_eq!(
            told(&powers(15, &facts)),
            ["app -> grants itself keeper (CREATEROLE): keeper owns the table public.events"]
        );
        assert!(told(&powers(16, &facts)).is_empty());
    }
}
