//! What the planner asks of each kind of object.

use crate::catalog::{Attribute, Catalog, Dependency, Fact, Key, Kind};

pub(super) use crate::ddl::{
    lock::{LockMode, Work},
    statement::{Action, Boundary, FILL, Fill, Loss, Statement},
};

/// An object of one of the two catalogs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'c> {
    /// The catalog that it stands in: the whole structure at that time.
    pub(super) catalog: &'c Catalog,
    /// What was there before, for an object of the second catalog.
    pub(super) before: Option<&'c Catalog>,
    /// Its name.
    pub(super) key: &'c Key,
    /// Its attributes.
    pub(super) fact: &'c Fact,
    /// The major version of the server that the statements are for.
    pub(super) major: u32,
    /// Whether a relation that it is part of was there before and stays: then its rows and its readers are there, too.
    pub(super) stays: bool,
    /// Whether forms are wanted that do not stop these readers.
    pub(super) online: bool,
    /// Whether a block that commits now and then is wanted there.
    pub(super) batches: bool,
    /// Whether all statements share one transaction.
    pub(super) in_one: bool,
    /// Whether what it is born with is being made in the same plan.
    pub(super) with_parent: bool,
}

/// An object that is in both catalogs, and differs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change<'c> {
    /// As it was.
    pub(super) from: Object<'c>,
    /// As it will be.
    pub(super) to: Object<'c>,
}

/// How an object is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Alter {
    /// By statements of its own.
    By(Steps),
    /// It is dropped and made again, and so is whatever depends on it.
    Replace,
    /// What it is part of is dropped and made again.
    ReplaceParent,
    /// A type: another one takes its place, and the columns that hold its values move over. Where none does, it is replaced.
    Swap(Swap),
    /// PostgreSQL has no way, and a replacement would lose rows: why, in plain words.
    Impossible(String),
}

/// How the columns of a type come to another one of the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Swap {
    /// Whether PostgreSQL has a cast from the old values to the new ones; else their text is read again.
    pub(super) is_cast: bool,
    /// Labels of an enum that no row may hold any more.
    pub(super) gone: Vec<String>,
    /// What the author must know of the values.
    pub(super) remark: Option<String>,
}

/// The statements of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// What gives up a tie (drops a default, detaches a partition): before what it was tied to is dropped.
    pub(super) early: Vec<Statement>,
    /// The change itself: after what it needs has been made.
    pub(super) late: Vec<Statement>,
    /// Objects of the first catalog that are in the way: they are dropped before, and made again after.
    pub(super) clears: Vec<Key>,
    /// Objects that come to be what they will be by these statements: nothing else happens to them.
    pub(super) absorbs: Vec<Key>,
}

/// What is known of one kind.
pub(super) struct Rule {
    /// The words that name an object in `COMMENT ON …`: `TABLE "public"."t"`. None where PostgreSQL has no comments on it.
    pub(super) comment: fn(&Object<'_>) -> Option<String>,
    /// The words that name it in `ALTER … OWNER TO`. None where it has no owner of its own.
    pub(super) owner: fn(&Object<'_>) -> Option<String>,
    /// What makes it, too, when it is made: the table for a column.
    pub(super) born_with: fn(&Object<'_>) -> Option<Key>,
    /// What takes it away, too, when it is dropped: the table for an index, the view for its rules.
    pub(super) dies_with: fn(&Object<'_>) -> Vec<Key>,
    /// The statements that make it. When `with_parent` is set, only what the statement of its parent leaves to do.
    /// Comment, owner and grants are the planner's.
    pub(super) create: fn(&Object<'_>) -> Vec<Statement>,
    /// The statements that take it away.
    pub(super) drop: fn(&Object<'_>) -> Vec<Statement>,
    /// How one becomes the other. Comment and owner are the planner's, and never the only difference here.
    pub(super) alter: fn(&Change<'_>) -> Alter,
}

impl Steps {
    /// Statements that run when everything they need is there.
    pub(super) fn late(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self {
            late: statements.into_iter().collect(),
            ..Self::default()
        }
    }
}

impl<'c> Object<'c> {
    /// An attribute.
    pub(super) fn get(&self, name: Attribute) -> Option<&'c str> {
        self.fact.get(name)
    }

    /// Whether an attribute is set that knows only yes and no.
    pub(super) fn is(&self, name: Attribute) -> bool {
        self.fact.is(name)
    }

    /// A list of names.
    pub(super) fn list(&self, name: Attribute) -> Vec<String> {
        self.fact.list(name)
    }

    /// The relation that its name begins with.
    pub(super) fn relation(&self) -> Key {
        Key::new(Kind::Relation, &[self.key.part(0), self.key.part(1)])
    }

    /// A statement that nobody reads or writes its relation beside.
    pub(super) fn alone_on_relation(&self, sql: String) -> Statement {
        let relation = self.relation();
        Statement::new(sql).touching(&relation, LockMode::AccessExclusive, Work::Catalog)
    }

    /// Another object of the same catalog.
    pub(super) fn other(&self, key: &'c Key) -> Option<Self> {
        let fact = self.catalog.get(key)?;
        Some(Self { key, fact, ..*self })
    }

    /// What depends on it directly, in its catalog.
    pub(super) fn dependents(&self) -> impl Iterator<Item = &'c Key> {
        let all = self.catalog.dependencies.on(self.key);
        all.map(|it| &it.dependent)
    }
}

impl Change<'_> {
    /// Whether an attribute differs.
    pub(super) fn differs(&self, name: Attribute) -> bool {
        self.from.get(name) != self.to.get(name)
    }

    /// Whether nothing but these attributes differs; comment and owner are never counted.
    pub(super) fn differs_only_in(&self, names: &[Attribute]) -> bool {
        let all = self.from.fact.iter().chain(self.to.fact.iter());
        all.map(|(name, _)| name)
            .filter(|name| !matches!(name, Attribute::Comment | Attribute::Owner))
            .all(|name| names.contains(&name) || !self.differs(name))
    }
}

/// For kinds that never are of one: no comment, no owner, no parent.
pub(super) fn nothing(_: &Object<'_>) -> Option<String> {
    None
}

/// For kinds that come into being by themselves.
pub(super) fn no_parent(_: &Object<'_>) -> Option<Key> {
    None
}

/// For kinds that nothing else takes away.
pub(super) fn nobody(_: &Object<'_>) -> Vec<Key> {
    Vec::new()
}

/// For kinds that PostgreSQL cannot alter.
pub(super) fn replace(_: &Change<'_>) -> Alter {
    Alter::Replace
}

/// What an object needs, in its catalog.
pub(super) fn needs<'c>(object: &Object<'c>) -> impl Iterator<Item = &'c Dependency> + use<'c> {
    needs_of(object.catalog, object.key)
}

/// What the object of a key needs in a catalog.
pub(super) fn needs_of<'c, 'k>(
    catalog: &'c Catalog,
    key: &'k Key,
) -> impl Iterator<Item = &'c Dependency> + use<'c, 'k> {
    catalog.dependencies.of(key)
}
