//! The kinds of objects that a database is made of.

/// Declares the kinds: one row for each, so that nothing about one can be forgotten.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $info:expr;)*) => {
        /// What an object is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum ObjectKind {
            $($(#[$doc])* $kind,)*
        }

        impl ObjectKind {
            /// Every kind, in the order of their definition.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// What is known of a kind.
            #[must_use]
            pub const fn info(self) -> KindInfo {
                match self {
                    $(Self::$kind => $info,)*
                }
            }

            /// Its name as queries tell it: `TextSearchParser`.
            #[must_use]
            pub const fn variant(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)*
                }
            }
        }
    };
}

/// What is known of a kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindInfo {
    /// The words for people: `enum type`.
    pub label: &'static str,
    /// What is made sooner where nothing else decides: the lower number.
    pub rank: u32,
    /// Where its name lives.
    pub home: Home,
    /// Whether it is a type: it shares its names with relations.
    pub is_type: bool,
    /// Whether it has an owner of its own.
    pub has_owner: bool,
    /// Whether COMMENT ON knows it.
    pub has_comment: bool,
    /// What ALTER DEFAULT PRIVILEGES calls such objects, where it knows them: `table`.
    pub default_privileges: Option<&'static str>,
}

/// Where the name of an object lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In the database: the first part of its name is its own.
    Database,
    /// In a schema: that is the first part of its name.
    Schema,
    /// In a relation: its schema and its name are the first two parts.
    Relation,
    /// In a schema, and it is about a relation there, which the attribute `table` names.
    BesideRelation,
}

const fn kind(label: &'static str, rank: u32, home: Home) -> KindInfo {
    KindInfo {
        label,
        rank,
        home,
        is_type: false,
        has_owner: false,
        has_comment: true,
        default_privileges: None,
    }
}

impl KindInfo {
    const fn a_type(mut self) -> Self {
        self.is_type = true;
        self
    }

    const fn owned(mut self) -> Self {
        self.has_owner = true;
        self
    }

    const fn without_comment(mut self) -> Self {
        self.has_comment = false;
        self
    }

    const fn with_default_privileges(mut self, of: &'static str) -> Self {
        self.default_privileges = Some(of);
        self
    }
}

kinds! {
    /// A namespace.
    Schema = kind("schema", 1, Home::Database).owned().with_default_privileges("schema");
    /// A table, partitioned table, view, materialized view or foreign table.
    Relation = kind("relation", 10, Home::Schema).owned().with_default_privileges("table");
    /// That a table inherits from another one; partitions are not among them.
    Inheritance = kind("inheritance", 12, Home::Relation).without_comment();
    /// A column of a relation.
    Column = kind("column", 11, Home::Relation);
    /// A constraint of a table.
    Constraint = kind("constraint", 13, Home::Relation);
    /// A constraint of a domain.
    DomainConstraint = kind("domain constraint", 5, Home::Schema);
    /// An index, that of a constraint included.
    Index = kind("index", 14, Home::BesideRelation);
    /// A sequence, that of a serial or identity column included.
    Sequence = kind("sequence", 8, Home::Schema).owned().with_default_privileges("sequence");
    /// An enumerated type.
    Enum = kind("enum type", 5, Home::Schema).owned().a_type().with_default_privileges("type");
    /// A domain.
    Domain = kind("domain", 5, Home::Schema).owned().a_type().with_default_privileges("type");
    /// A composite type that stands alone, not the row type of a relation.
    Composite = kind("composite type", 5, Home::Schema).owned().a_type().with_default_privileges("type");
    /// An attribute of a composite type.
    CompositeAttribute = kind("attribute of a composite type", 6, Home::Schema);
    /// A range type together with its multirange.
    Range = kind("range type", 6, Home::Schema).owned().a_type().with_default_privileges("type");
    /// A type with input and output functions of its own, or the shell of one.
    BaseType = kind("base type", 6, Home::Schema).owned().a_type().with_default_privileges("type");
    /// A function, procedure, window function or aggregate.
    Routine = kind("routine", 7, Home::Schema).owned().with_default_privileges("function");
    /// A trigger that a user made.
    Trigger = kind("trigger", 17, Home::Relation);
    /// A rewrite rule; that of a view is part of the view.
    Rule = kind("rule", 17, Home::Relation);
    /// A row security policy.
    Policy = kind("policy", 17, Home::Relation);
    /// An event trigger.
    EventTrigger = kind("event trigger", 22, Home::Database).owned();
    /// An extension.
    Extension = kind("extension", 2, Home::Database);
    /// A collation.
    Collation = kind("collation", 4, Home::Schema).owned();
    /// Extended statistics (CREATE STATISTICS).
    Statistics = kind("extended statistics", 15, Home::BesideRelation).owned();
    /// A publication.
    Publication = kind("publication", 18, Home::Database).owned();
    /// A table that a publication names.
    PublicationTable = kind("table of a publication", 18, Home::Database).without_comment();
    /// A schema that a publication names.
    PublicationSchema = kind("schema of a publication", 18, Home::Database).without_comment();
    /// A subscription.
    Subscription = kind("subscription", 19, Home::Database).owned();
    /// A foreign data wrapper.
    ForeignDataWrapper = kind("foreign data wrapper", 9, Home::Database).owned();
    /// A foreign server.
    ForeignServer = kind("foreign server", 9, Home::Database).owned();
    /// A user mapping of a foreign server.
    UserMapping = kind("user mapping", 9, Home::Database).without_comment();
    /// A cast from one type to another.
    Cast = kind("cast", 7, Home::Database);
    /// An operator, or the shell of one.
    Operator = kind("operator", 7, Home::Schema).owned();
    /// An operator family and its loose members.
    OperatorFamily = kind("operator family", 7, Home::Schema).owned();
    /// An operator class.
    OperatorClass = kind("operator class", 7, Home::Schema).owned();
    /// A conversion between encodings.
    Conversion = kind("conversion", 7, Home::Schema).owned();
    /// A text search parser.
    TextSearchParser = kind("text search parser", 7, Home::Schema);
    /// A text search dictionary.
    TextSearchDictionary = kind("text search dictionary", 7, Home::Schema).owned();
    /// A text search template.
    TextSearchTemplate = kind("text search template", 7, Home::Schema);
    /// A text search configuration and its mappings.
    TextSearchConfiguration = kind("text search configuration", 7, Home::Schema).owned();
    /// An access method of tables or indexes.
    AccessMethod = kind("access method", 3, Home::Database);
    /// A procedural language.
    Language = kind("language", 3, Home::Database).owned();
    /// A transform of a type for a language.
    Transform = kind("transform", 7, Home::Database);
    /// One privilege that objects made later get, or do without.
    DefaultPrivilege = kind("default privilege", 21, Home::Database).without_comment();
    /// A privilege on an object that is not there by default, or a default one that was revoked.
    Grant = kind("grant", 20, Home::Database).without_comment();
}

impl ObjectKind {
    /// The words for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.info().label
    }
}
