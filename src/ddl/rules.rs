//! What the planner asks of each kind of object.

use crate::catalog::{Attribute, Catalog, Dependency, Fact, Home, Key};

pub(crate) use crate::ddl::{
    lock::{LockMode, Work},
    statement::{Action, Boundary, FILL, Fill, Loss, Statement},
};

/// An object of one of the two catalogs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'c> {
    /// The catalog that it stands in: the whole structure at that time.
    pub(crate) catalog: &'c Catalog,
    /// What was there before, for an object of the second catalog.
    pub(crate) before: Option<&'c Catalog>,
    /// Its name.
    pub(crate) key: &'c Key,
    /// Its attributes.
    pub(crate) fact: &'c Fact,
    /// The major version of the server that the statements are for.
    pub(crate) major: u32,
    /// Whether a relation that it is part of was there before and stays: then its rows and its readers are there, too.
    pub(crate) stays: bool,
    /// Whether forms are wanted that do not stop these readers.
    pub(crate) online: bool,
    /// Whether a block that commits now and then is wanted there.
    pub(crate) batches: bool,
    /// Whether all statements share one transaction.
    pub(crate) in_one: bool,
    /// Whether forms that older servers know are preferred.
    pub(crate) portable: bool,
    /// The role that runs the statements.
    pub(crate) role: &'c str,
    /// Whether what it is born with is being made in the same plan.
    pub(crate) with_parent: bool,
}

/// An object that is in both catalogs, and differs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'c> {
    /// As it was.
    pub(crate) from: Object<'c>,
    /// As it will be.
    pub(crate) to: Object<'c>,
}

/// How an object is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alter {
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
pub(crate) struct Swap {
    /// Whether PostgreSQL has a cast from the old values to the new ones; else their text is read again.
    pub(crate) is_cast: bool,
    /// Labels of an enum that no row may hold any more.
    pub(crate) gone: Vec<String>,
    /// What the author must know of the values.
    pub(crate) remark: Option<String>,
}

/// The statements of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    /// What gives up a tie (drops a default, detaches a partition): before what it was tied to is dropped.
    pub(crate) early: Vec<Statement>,
    /// The change itself: after what it needs has been made.
    pub(crate) late: Vec<Statement>,
    /// Objects of the first catalog that are in the way: they are dropped before, and made again after.
    pub(crate) clears: Vec<Key>,
    /// Objects that come to be what they will be by these statements: nothing else happens to them.
    pub(crate) absorbs: Vec<Key>,
}

/// When something happens to an object. What a plan does at once for several of them is one statement of the one that they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It gives up a tie.
    Early,
    /// It is dropped.
    Drop,
    /// It is made.
    Create,
    /// It is changed.
    Late,
    /// It gets its owner and its comment.
    Finish,
}

/// A moment of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A stage that an object has statements of its own for.
    At(Stage, Key),
    /// The statement that makes it: its own, or that of what it is created with.
    Made(Key),
    /// The statement that takes it away: its own, or that of what it is dropped with.
    Gone(Key),
}

/// A moment, and another one that comes after it.
pub(crate) type Before = (Moment, Moment);

/// What the planner asks of one kind; the defaults are what most kinds do. Comment, owner and grants are the planner's.
pub(crate) trait KindRules: Sync {
    /// The words that name an object after DROP, ALTER and COMMENT ON: `TABLE "public"."t"`. None where nothing names it alone.
    fn name(&self, _: &Object<'_>) -> Option<String> {
        None
    }

    /// The words that name it in `ALTER … OWNER TO`. None where it has no owner of its own.
    fn owner(&self, object: &Object<'_>) -> Option<String> {
        let has_owner = object.key.kind().info().has_owner;
        has_owner.then(|| self.name(object)).flatten()
    }

    /// What makes it, too, when it is made: the table for a column.
    fn created_with(&self, _: &Object<'_>) -> Option<Key> {
        None
    }

    /// What takes it away, too, when it is dropped: the table for an index, the view for its rules.
    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        match object.key.kind().info().home {
            Home::Relation => vec![object.relation()],
            _ => Vec::new(),
        }
    }

    /// What has to happen before what, where pg_depend does not say so: asked of what is dropped, in the first catalog, and of
    /// what is made or changed, in the second.
    fn order(&self, _: &Object<'_>) -> Vec<Before> {
        Vec::new()
    }

    /// The statements that make it. When `with_parent` is set, only what the statement of its parent leaves to do.
    fn create(&self, object: &Object<'_>) -> Vec<Statement>;

    /// The statements that take it away.
    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        let sql = self.name(object).map(|name| format!("DROP {name}"));
        let statement = |sql| match object.key.kind().info().home {
            Home::Relation => object.alone_on_relation(sql),
            _ => Statement::new(sql),
        };
        sql.map(statement).into_iter().collect()
    }

    /// How one becomes the other. Comment and owner are never the only difference here.
    fn alter(&self, _: &Change<'_>) -> Alter {
        Alter::Replace
    }
}

impl Steps {
    /// Statements that run when everything they need is there.
    pub(crate) fn late(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self { late: statements.into_iter().collect(), ..Self::default() }
    }
}

impl<'c> Object<'c> {
    /// An attribute.
    pub(crate) fn get(&self, name: Attribute) -> Option<&'c str> {
        self.fact.get(name)
    }

    /// Whether an attribute is set that knows only yes and no.
    pub(crate) fn is(&self, name: Attribute) -> bool {
        self.fact.is(name)
    }

    /// A list of names.
    pub(crate) fn list(&self, name: Attribute) -> Vec<String> {
        self.fact.list(name)
    }

    /// The relation that its name begins with.
    pub(crate) fn relation(&self) -> Key {
        self.key.table()
    }

    /// A statement that nobody reads or writes its relation beside.
    pub(crate) fn alone_on_relation(&self, sql: String) -> Statement {
        let relation = self.relation();
        Statement::new(sql).touching(&relation, LockMode::AccessExclusive, Work::Catalog)
    }

    /// Another object of the same catalog.
    pub(crate) fn other(&self, key: &'c Key) -> Option<Self> {
        let fact = self.catalog.get(key)?;
        Some(Self { key, fact, ..*self })
    }

    /// What depends on it directly, in its catalog.
    pub(crate) fn dependents(&self) -> impl Iterator<Item = &'c Key> {
        let all = self.catalog.dependencies.on(self.key);
        all.map(|it| &it.dependent)
    }
}

impl Change<'_> {
    /// Whether an attribute differs.
    pub(crate) fn differs(&self, name: Attribute) -> bool {
        self.from.get(name) != self.to.get(name)
    }

    /// Whether nothing but these attributes differs; comment and owner are never counted.
    pub(crate) fn differs_only_in(&self, names: &[Attribute]) -> bool {
        let all = self.from.fact.iter().chain(self.to.fact.iter());
        all.map(|(name, _)| name)
            .filter(|name| !matches!(name, Attribute::Comment | Attribute::Owner))
            .all(|name| names.contains(&name) || !self.differs(name))
    }
}

/// What an object needs, in its catalog.
pub(crate) fn needs<'c>(object: &Object<'c>) -> impl Iterator<Item = &'c Dependency> + use<'c> {
    needs_of(object.catalog, object.key)
}

/// What the object of a key needs in a catalog.
pub(crate) fn needs_of<'c, 'k>(
    catalog: &'c Catalog,
    key: &'k Key,
) -> impl Iterator<Item = &'c Dependency> + use<'c, 'k> {
    catalog.dependencies.of(key)
}
