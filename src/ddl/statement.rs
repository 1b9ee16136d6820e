//! A statement as a value: what it changes, what it locks and reads, where a transaction has to end, what is lost. SQL is made of
//! it last.

use std::fmt;

use crate::{
    catalog::Key,
    ddl::{
        hazard::Hazard,
        lock::{LockMode, Touch, Work},
    },
    words::ident::{Ident, Qualified},
};

pub(crate) use crate::migration::source::FILL;

/// One SQL statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it changes. None for SQL that a person has asked for.
    pub target: Option<Key>,
    /// What is rendered.
    form: Form,
    /// The relations that it locks, and how long it works on them.
    pub touches: Vec<Touch>,
    /// How it stands to transactions.
    pub boundary: Boundary,
    /// What is lost with it. Empty for nearly all.
    pub loses: Vec<Loss>,
    /// What the author of the migration must look at before it runs.
    pub remark: Option<String>,
    /// Whether the rows of a database may make it fail as they are, so that the remark is told of a way back, too.
    pub is_doubtful: bool,
    /// How others feel it: set by the planner, who knows which relations stand before it.
    pub hazard: Option<Hazard>,
    /// What its author has to see to in columns.
    pub fills: Vec<Fill>,
}

/// What a statement is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// SQL that a rule has written.
    Raw(String),
    /// `ALTER TABLE … action, action`.
    AlterTable {
        /// What ALTER calls it: TABLE, FOREIGN TABLE.
        word: &'static str,
        relation: Key,
        /// Whether children are left alone.
        only: bool,
        actions: Vec<Action>,
    },
    /// `ALTER … OWNER TO role`. None for the role that runs it.
    Owner {
        /// What ALTER calls the object: `TABLE "public"."t"`.
        object: String,
        role: Option<String>,
    },
}

/// One action of ALTER TABLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    text: String,
    /// The lock that it takes on the relation.
    lock: LockMode,
    /// What it does to it.
    work: Work,
}

/// What is lost with a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// The rows of a table.
    Rows(Key),
    /// The values of a column.
    Values(Key),
    /// Where a sequence had counted to.
    Counter(Key),
    /// The values of an attribute of a composite type: in one table, or wherever they are kept.
    AttributeValues {
        /// The attribute.
        attribute: Key,
        /// The table.
        table: Option<Key>,
    },
    /// The connection of a subscription, and its progress.
    Subscription(Key),
}

impl Loss {
    /// The relation whose rows are not what they were.
    #[must_use]
    pub fn relation(&self) -> Option<Key> {
        match self {
            Self::Rows(key) | Self::Values(key) => Some(relation(key)),
            Self::AttributeValues { table, .. } => table.clone(),
            Self::Counter(_) | Self::Subscription(_) => None,
        }
    }
}

/// For people: `the rows of "public"."t"`.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Rows(key)
        | Self::Values(key)
        | Self::Counter(key)
        | Self::AttributeValues { attribute: key, .. }
        | Self::Subscription(key)) = self;
        let (of, name) = (qualified(key), Ident(key.name()));
        match self {
            Self::Rows(_) => write!(f, "the rows of {of}"),
            Self::Values(_) => write!(f, "the values of {of}.{name}"),
            Self::Counter(_) => write!(f, "the counter of sequence {of}"),
            Self::Subscription(_) => {
                write!(f, "the connection of the subscription {name}, and its progress")
            }
            Self::AttributeValues { table, .. } => {
                write!(f, "the values of the attribute {name} of {of} in ")?;
                match table {
                    Some(table) => write!(f, "{}", qualified(table)),
                    None => f.write_str("every column of that type"),
                }
            }
        }
    }
}

/// What the author of a migration has to see to in a column, before a statement runs or by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fill {
    /// The statement fills it, with a value that the author has to write: [`FILL`] stands in its place.
    Column {
        /// The column.
        column: Key,
    },
    /// No row may hold one of these labels of an enum any more when the statement runs.
    Labels {
        /// The column; its values may be arrays, or hold the enum within other types.
        column: Key,
        /// The labels.
        labels: Vec<String>,
    },
    /// The statement gives it another type, by an expression that the author has to write: [`FILL`] stands in its place.
    Using {
        /// The column.
        column: Key,
        /// What is sent in a proof instead of the statement.
        stand_in: String,
    },
}

impl Fill {
    /// The column.
    #[must_use]
    pub fn column(&self) -> &Key {
        match self {
            Self::Column { column } | Self::Labels { column, .. } | Self::Using { column, .. } => {
                column
            }
        }
    }
}

/// How a statement stands to transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// It runs in one with its neighbours.
    None,
    /// What stands before it must have been committed: a VALIDATE, so that the lock of the ADD is gone.
    Before,
    /// It must have been committed before anything that follows: ALTER TYPE … ADD VALUE.
    After,
    /// It cannot run in a transaction: CREATE INDEX CONCURRENTLY.
    Alone,
}

impl Action {
    /// One that writes the system catalogs under the strongest lock: most of them.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), lock: LockMode::AccessExclusive, work: Work::Catalog }
    }

    /// The same under a weaker lock.
    pub(crate) fn under(mut self, lock: LockMode) -> Self {
        self.lock = lock;
        self
    }

    /// The same, with what its time grows with.
    pub(crate) fn doing(mut self, work: Work) -> Self {
        self.work = work;
        self
    }
}

impl From<String> for Action {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Action {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl Statement {
    fn of(form: Form) -> Self {
        Self {
            target: None,
            form,
            touches: Vec::new(),
            boundary: Boundary::None,
            loses: Vec::new(),
            remark: None,
            is_doubtful: false,
            hazard: None,
            fills: Vec::new(),
        }
    }

    /// One of SQL that a person has asked for.
    #[must_use]
    pub fn plain(sql: &str) -> Self {
        Self::new(sql)
    }

    /// One that runs in a transaction with its neighbours, locks no relation, and loses nothing.
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self::of(Form::Raw(sql.into()))
    }

    /// `ALTER TABLE`, which locks the relation as the strongest of its actions does.
    pub(crate) fn alter_table(
        word: &'static str,
        relation: &Key,
        only: bool,
        actions: Vec<Action>,
    ) -> Self {
        let lock = actions.iter().map(|it| it.lock).max();
        let work = actions.iter().map(|it| it.work).max();
        let mut statement =
            Self::of(Form::AlterTable { word, relation: relation.clone(), only, actions });
        if let (Some(lock), Some(work)) = (lock, work) {
            statement = statement.touching(relation, lock, work);
        }
        statement
    }

    /// `ALTER … OWNER TO`.
    pub(crate) fn owner(object: impl Into<String>, role: &str) -> Self {
        Self::of(Form::Owner { object: object.into(), role: Some(role.to_owned()) })
    }

    /// The role that an object is given to.
    pub(crate) fn new_owner(&self) -> Option<&str> {
        match &self.form {
            Form::Owner { role, .. } => role.as_deref(),
            _ => None,
        }
    }

    /// The same for whoever runs it.
    pub(crate) fn for_current_role(mut self) -> Self {
        if let Form::Owner { role, .. } = &mut self.form {
            *role = None;
        }
        self
    }

    /// The same with another boundary.
    pub(crate) fn at(mut self, boundary: Boundary) -> Self {
        self.boundary = boundary;
        self
    }

    /// The same, with a relation that it locks.
    pub(crate) fn touching(mut self, relation: &Key, lock: LockMode, work: Work) -> Self {
        self.touches.push(Touch { relation: relation.clone(), lock, work });
        self
    }

    /// The same, with what is lost.
    pub(crate) fn losing(mut self, what: Loss) -> Self {
        self.loses.push(what);
        self
    }

    /// The same, with what the author must look at.
    pub(crate) fn remarking(mut self, what: impl Into<String>) -> Self {
        self.remark = Some(what.into());
        self
    }

    /// The same, with what may make it fail.
    pub(crate) fn doubting(mut self, what: impl Into<String>) -> Self {
        self.is_doubtful = true;
        self.remarking(what)
    }

    /// The tables that it speaks of: those that it locks, fills, or takes rows from.
    pub fn relations(&self) -> impl Iterator<Item = Key> {
        let touched = self.touches.iter().map(|it| it.relation.clone());
        let filled = self.fills.iter().map(|it| relation(it.column()));
        let lost = self.loses.iter().filter_map(Loss::relation);
        touched.chain(filled).chain(lost)
    }

    /// Its SQL, without the semicolon.
    #[must_use]
    pub fn sql(&self) -> String {
        match &self.form {
            Form::Raw(sql) => sql.clone(),
            Form::AlterTable { word, relation, only, actions } => {
                let only = if *only { "ONLY " } else { "" };
                let actions: Vec<&str> = actions.iter().map(|it| it.text.as_str()).collect();
                let (name, actions) = (qualified(relation), actions.join(", "));
                format!("ALTER {word} {only}{name} {actions}")
            }
            Form::Owner { object, role } => match role {
                Some(role) => format!("ALTER {object} OWNER TO {}", Ident(role)),
                None => format!("ALTER {object} OWNER TO CURRENT_ROLE"),
            },
        }
    }
}

/// The relation of an object whose name begins with one.
fn relation(key: &Key) -> Key {
    key.table()
}

fn qualified(key: &Key) -> Qualified<'_> {
    Qualified { schema: key.part(0), name: key.part(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ObjectKind;

    fn table() -> Key {
        Key::new(ObjectKind::Relation, &["public", "t"])
    }

    #[test]
    fn a_statement_locks_as_the_strongest_of_its_actions_does() {
        let shared = Action::new("VALIDATE CONSTRAINT c").under(LockMode::ShareUpdateExclusive);
        let actions = vec![shared.clone().doing(Work::Scan), "DROP COLUMN a".into()];
        let both = Statement::alter_table("TABLE", &table(), true, actions);
        assert_eq!(
            both.sql(),
            r#"ALTER TABLE ONLY "public"."t" VALIDATE CONSTRAINT c, DROP COLUMN a"#
        );
        assert_eq!(both.touches[0].lock, LockMode::AccessExclusive);
        assert_eq!(both.touches[0].work, Work::Scan);
        let one = Statement::alter_table("TABLE", &table(), false, vec![shared]);
        assert_eq!(one.touches[0].lock, LockMode::ShareUpdateExclusive);
    }

    #[test]
    fn what_is_lost_is_told_with_its_relation() {
        let column = Key::new(ObjectKind::Column, &["public", "t", "a"]);
        let loss = Loss::Values(column);
        assert_eq!(loss.to_string(), r#"the values of "public"."t"."a""#);
        assert_eq!(loss.relation(), Some(table()));
    }
}
