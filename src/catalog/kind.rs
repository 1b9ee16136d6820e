//! The kinds of objects that a database is made of.

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A namespace.
    Schema,
    /// A table, partitioned table, view, materialized view or foreign table.
    Relation,
    /// That a table inherits from another one; partitions are not among them.
    Inheritance,
    /// A column of a relation.
    Column,
    /// A constraint of a table.
    Constraint,
    /// A constraint of a domain.
    DomainConstraint,
    /// An index, that of a constraint included.
    Index,
    /// A sequence, that of a serial or identity column included.
    Sequence,
    /// An enumerated type.
    Enum,
    /// A domain.
    Domain,
    /// A composite type that stands alone, not the row type of a relation.
    Composite,
    /// An attribute of a composite type.
    CompositeAttribute,
    /// A range type together with its multirange.
    Range,
    /// A type with input and output functions of its own, or the shell of one.
    BaseType,
    /// A function, procedure, window function or aggregate.
    Routine,
    /// A trigger that a user made.
    Trigger,
    /// A rewrite rule; that of a view is part of the view.
    Rule,
    /// A row security policy.
    Policy,
    /// An event trigger.
    EventTrigger,
    /// An extension.
    Extension,
    /// A collation.
    Collation,
    /// Extended statistics (CREATE STATISTICS).
    Statistics,
    /// A publication.
    Publication,
    /// A table that a publication names.
    PublicationTable,
    /// A schema that a publication names.
    PublicationSchema,
    /// A subscription.
    Subscription,
    /// A foreign data wrapper.
    ForeignDataWrapper,
    /// A foreign server.
    ForeignServer,
    /// A user mapping of a foreign server.
    UserMapping,
    /// A cast from one type to another.
    Cast,
    /// An operator, or the shell of one.
    Operator,
    /// An operator family and its loose members.
    OperatorFamily,
    /// An operator class.
    OperatorClass,
    /// A conversion between encodings.
    Conversion,
    /// A text search parser.
    TextSearchParser,
    /// A text search dictionary.
    TextSearchDictionary,
    /// A text search template.
    TextSearchTemplate,
    /// A text search configuration and its mappings.
    TextSearchConfiguration,
    /// An access method of tables or indexes.
    AccessMethod,
    /// A procedural language.
    Language,
    /// A transform of a type for a language.
    Transform,
    /// One privilege that objects made later get, or do without.
    DefaultPrivilege,
    /// A privilege on an object that is not there by default, or a default one that was revoked.
    Grant,
}

impl Kind {
    /// Every kind, in the order of their definition.
    pub const ALL: &[Self] = &[
        Self::Schema,
        Self::Relation,
        Self::Inheritance,
        Self::Column,
        Self::Constraint,
        Self::DomainConstraint,
        Self::Index,
        Self::Sequence,
        Self::Enum,
        Self::Domain,
        Self::Composite,
        Self::CompositeAttribute,
        Self::Range,
        Self::BaseType,
        Self::Routine,
        Self::Trigger,
        Self::Rule,
        Self::Policy,
        Self::EventTrigger,
        Self::Extension,
        Self::Collation,
        Self::Statistics,
        Self::Publication,
        Self::PublicationTable,
        Self::PublicationSchema,
        Self::Subscription,
        Self::ForeignDataWrapper,
        Self::ForeignServer,
        Self::UserMapping,
        Self::Cast,
        Self::Operator,
        Self::OperatorFamily,
        Self::OperatorClass,
        Self::Conversion,
        Self::TextSearchParser,
        Self::TextSearchDictionary,
        Self::TextSearchTemplate,
        Self::TextSearchConfiguration,
        Self::AccessMethod,
        Self::Language,
        Self::Transform,
        Self::DefaultPrivilege,
        Self::Grant,
    ];

    /// The words for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Relation => "relation",
            Self::Inheritance => "inheritance",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::DomainConstraint => "domain constraint",
            Self::Index => "index",
            Self::Sequence => "sequence",
            Self::Enum => "enum type",
            Self::Domain => "domain",
            Self::Composite => "composite type",
            Self::CompositeAttribute => "attribute of a composite type",
            Self::Range => "range type",
            Self::BaseType => "base type",
            Self::Routine => "routine",
            Self::Trigger => "trigger",
            Self::Rule => "rule",
            Self::Policy => "policy",
            Self::EventTrigger => "event trigger",
            Self::Extension => "extension",
            Self::Collation => "collation",
            Self::Statistics => "extended statistics",
            Self::Publication => "publication",
            Self::PublicationTable => "table of a publication",
            Self::PublicationSchema => "schema of a publication",
            Self::Subscription => "subscription",
            Self::ForeignDataWrapper => "foreign data wrapper",
            Self::ForeignServer => "foreign server",
            Self::UserMapping => "user mapping",
            Self::Cast => "cast",
            Self::Operator => "operator",
            Self::OperatorFamily => "operator family",
            Self::OperatorClass => "operator class",
            Self::Conversion => "conversion",
            Self::TextSearchParser => "text search parser",
            Self::TextSearchDictionary => "text search dictionary",
            Self::TextSearchTemplate => "text search template",
            Self::TextSearchConfiguration => "text search configuration",
            Self::AccessMethod => "access method",
            Self::Language => "language",
            Self::Transform => "transform",
            Self::DefaultPrivilege => "default privilege",
            Self::Grant => "grant",
        }
    }
}
