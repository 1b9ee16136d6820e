//! Who owns what ledgers rest on, who may do what with it, and who may become whom: facts, as the server told them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::words::ident::Ident;

/// Who owns what ledgers rest on, who may do what with it, and who may become whom: as the server told it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Powers {
    /// The role that is logged in.
    pub session: String,
    /// The database.
    pub database: String,
    /// The server's major version.
    pub major: u32,
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) members: Vec<Member>,
    pub(super) owned: Vec<Owned>,
    pub(super) definers: Vec<Definer>,
    pub(super) grants: Vec<Grant>,
    pub(super) later: Vec<Later>,
    pub(super) loose: Vec<Loose>,
}

/// A function that an index calls, and whose text means something else under another search_path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Loose {
    #[serde(skip)]
    pub(super) ledger: Option<usize>,
    pub(super) function: String,
    pub(super) table: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) superuser: bool,
    pub(super) login: bool,
    pub(super) creates: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Member {
    pub(super) role: String,
    pub(super) member: String,
    pub(super) admin: bool,
    pub(super) inherit: bool,
    pub(super) set: bool,
}

/// Something that a ledger rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Owned {
    /// The ledger; none for what concerns all.
    #[serde(skip)]
    pub(super) ledger: Option<usize>,
    /// `ledger`, `journal`, `diesel`, `database` or `needed`.
    pub(super) part: String,
    /// What it is, as SQL calls it.
    #[serde(rename = "type")]
    pub(super) of: String,
    /// Its name for SQL.
    pub(super) identity: String,
    pub(super) owner: String,
    /// Whether it is a SECURITY DEFINER function.
    pub(super) definer: bool,
    /// Whether it is a sequence that goes with a column.
    pub(super) linked: bool,
    /// Whether it belongs to an extension.
    pub(super) member: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Definer {
    pub(super) function: String,
    pub(super) owner: String,
    pub(super) runs: Option<BTreeSet<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Grant {
    #[serde(skip)]
    pub(super) ledger: Option<usize>,
    pub(super) part: String,
    #[serde(rename = "type")]
    pub(super) of: String,
    pub(super) identity: String,
    pub(super) attribute: Option<String>,
    pub(super) privilege: String,
    pub(super) grantee: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Later {
    pub(super) owner: String,
    pub(super) schema: Option<String>,
    pub(super) privilege: String,
    pub(super) grantee: String,
}

#[derive(Deserialize)]
struct Here {
    session: String,
    database: String,
    major: u32,
}

/// Everybody.
pub(super) const PUBLIC: &str = "public";

impl Grant {
    /// Whether it allows more than to append, and on Diesel's table to revert.
    ///
    /// A foreign key is checked in the name of the owner of the table that it refers to, and with it the casts of the type of its
    /// column: who may make one runs code in that name.
    pub(super) fn is_too_much(&self) -> bool {
        let privilege = self.privilege.as_str();
        let changes = matches!(privilege, "UPDATE" | "TRUNCATE" | "TRIGGER" | "MAINTAIN");
        match self.part.as_str() {
            "parameter" => {
                privilege == "ALTER SYSTEM" || self.identity.ends_with("_preload_libraries")
            }
            _ if self.of == "sequence" => privilege == "UPDATE",
            _ if privilege == "REFERENCES" => true,
            "diesel" => changes,
            "ledger" | "journal" => changes || privilege == "DELETE",
            _ => false,
        }
    }

    /// The privilege for SQL and for people: `UPDATE ("id")`.
    pub(super) fn shown(&self) -> String {
        match &self.attribute {
            Some(column) => format!("{} ({})", self.privilege, Ident(column)),
            None => self.privilege.clone(),
        }
    }
}

impl Owned {
    pub(super) fn label(&self) -> String {
        format!("the {} {}", self.of, self.identity)
    }

    pub(super) fn concerns(&self, ledger: usize) -> bool {
        self.ledger.is_none_or(|it| it == ledger)
    }
}

impl Powers {
    /// Reads what the server told: kind, ledger and fact of each row.
    #[must_use]
    pub(crate) fn read(rows: Vec<Vec<Option<String>>>) -> Self {
        let mut read = Self::default();
        for row in rows {
            let Ok([Some(kind), ledger, Some(value)]) = <[_; 3]>::try_from(row) else {
                continue;
            };
            let ledger = ledger.and_then(|it| it.parse().ok());
            let text = value.as_str();
            match kind.as_str() {
                "here" => {
                    if let Ok(Here { session, database, major }) = serde_json::from_str(text) {
                        (read.session, read.database, read.major) = (session, database, major);
                    }
                }
                "role" => {
                    if let Ok(role) = serde_json::from_str::<Role>(text) {
                        read.roles.insert(role.name.clone(), role);
                    }
                }
                "member" => read.members.extend(serde_json::from_str::<Member>(text)),
                "owned" => {
                    let owned = serde_json::from_str::<Owned>(text);
                    read.owned.extend(owned.map(|it| Owned { ledger, ..it }));
                }
                "definer" => read.definers.extend(serde_json::from_str::<Definer>(text)),
                "grant" => {
                    let grant = serde_json::from_str::<Grant>(text);
                    read.grants.extend(grant.map(|it| Grant { ledger, ..it }));
                }
                "loose" => {
                    let loose = serde_json::from_str::<Loose>(text);
                    read.loose.extend(loose.map(|it| Loose { ledger, ..it }));
                }
                "later" => read.later.extend(serde_json::from_str::<Later>(text)),
                _ => {}
            }
        }
        read.owned.sort();
        read.owned.dedup();
        read.grants.sort();
        read
    }

    /// The same as an administrator sees it, who is not the role that migrates.
    #[must_use]
    pub(crate) fn of_others(&self) -> Self {
        let mut others = self.clone();
        if self.is_superuser(&self.session) {
            others.session.clear();
        }
        others
    }

    pub(super) fn is_superuser(&self, role: &str) -> bool {
        self.roles.get(role).is_some_and(|it| it.superuser)
    }

    /// Who owns the tables of a ledger.
    pub(crate) fn owners(&self, ledger: usize) -> BTreeSet<&str> {
        let tables = self.owned.iter();
        tables
            .filter(|it| it.ledger == Some(ledger) && it.part == "ledger")
            .map(|it| it.owner.as_str())
            .collect()
    }
}
