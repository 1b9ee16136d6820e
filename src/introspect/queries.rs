//! Which query reads which kind, and what its columns mean.

use crate::catalog::{Attribute as A, ObjectKind};

/// A query of one kind. Its columns are called `address`, `key_1` and so on for the parts of a name, and as the attributes are.
#[derive(Debug, Clone, Copy)]
pub(super) struct KindQuery {
    pub(super) kind: ObjectKind,
    pub(super) sql: &'static str,
    pub(super) key: usize,
    pub(super) attributes: &'static [A],
}

impl KindQuery {
    /// The names of its columns, in the order in which they are taken.
    pub(super) fn columns(&self) -> impl Iterator<Item = String> {
        let key = (1..=self.key).map(|part| format!("key_{part}"));
        let attributes = self.attributes.iter().map(|it| it.name().to_owned());
        std::iter::once("address".to_owned()).chain(key).chain(attributes)
    }

    /// The statement that asks for these columns by their names: one that the query does not have is refused by the server.
    pub(super) fn text(&self, query: &str) -> String {
        let columns: Vec<String> = self.columns().map(|it| format!("q.\"{it}\"")).collect();
        let columns = columns.join(", ");
        format!("SELECT ARRAY[{columns}]::text[] AS \"row\" FROM (\n{query}\n) q")
    }
}

/// The query of each kind. Grants are read with what they are for.
pub(super) const fn of(kind: ObjectKind) -> Option<KindQuery> {
    let (sql, key, attributes): (_, _, &[A]) = match kind {
        ObjectKind::Schema => (include_str!("schemas.sql"), 1, &[A::Owner]),
        ObjectKind::Relation => (
            include_str!("relations.sql"),
            2,
            &[
                A::Kind,
                A::Unlogged,
                A::Owner,
                A::AccessMethod,
                A::Tablespace,
                A::Options,
                A::ToastOptions,
                A::ReplicaIdentity,
                A::ReplicaIdentityIndex,
                A::RowSecurity,
                A::ForceRowSecurity,
                A::OfType,
                A::PartitionKey,
                A::PartitionOf,
                A::PartitionBound,
                A::DetachPending,
                A::Definition,
                A::Unpopulated,
                A::Server,
                A::ForeignOptions,
            ],
        ),
        ObjectKind::Inheritance => (include_str!("inheritance.sql"), 4, &[A::Position]),
        ObjectKind::Column => (
            include_str!("columns.sql"),
            3,
            &[
                A::Position,
                A::Type,
                A::TypeSchema,
                A::TypeName,
                A::ElementSchema,
                A::ElementName,
                A::BaseSchema,
                A::BaseName,
                A::BaseElementSchema,
                A::BaseElementName,
                A::NotNull,
                A::DomainNotNull,
                A::MaxLength,
                A::Default,
                A::Generated,
                A::Identity,
                A::Collation,
                A::Storage,
                A::Compression,
                A::StatisticsTarget,
                A::Options,
                A::ForeignOptions,
                A::Inherited,
                A::InheritCount,
            ],
        ),
        ObjectKind::Constraint => (
            include_str!("constraints.sql"),
            3,
            &[
                A::Type,
                A::Definition,
                A::Columns,
                A::ReferencesSchema,
                A::ReferencesTable,
                A::ReferencesColumns,
                A::OnUpdate,
                A::OnDelete,
                A::OnDeleteColumns,
                A::Match,
                A::Deferrable,
                A::Deferred,
                A::NotValid,
                A::NotEnforced,
                A::NoInherit,
                A::Inherited,
                A::InheritCount,
                A::OfPartitioned,
                A::Index,
                A::Include,
                A::NullsNotDistinct,
                A::Period,
                A::Operators,
                A::TriggerStates,
            ],
        ),
        ObjectKind::DomainConstraint => {
            (include_str!("domain_constraints.sql"), 3, &[A::Type, A::Definition, A::NotValid])
        }
        ObjectKind::Index => (
            include_str!("indexes.sql"),
            2,
            &[
                A::Table,
                A::Definition,
                A::Method,
                A::Unique,
                A::Primary,
                A::Columns,
                A::Include,
                A::Opclasses,
                A::OpclassOptions,
                A::Collations,
                A::Orders,
                A::Predicate,
                A::NullsNotDistinct,
                A::Invalid,
                A::NotReady,
                A::NotImmediate,
                A::Clustered,
                A::ReplicaIdentity,
                A::Options,
                A::Tablespace,
                A::Statistics,
                A::OfConstraint,
                A::Parent,
            ],
        ),
        ObjectKind::Sequence => (
            include_str!("sequences.sql"),
            2,
            &[
                A::Type,
                A::Start,
                A::Minimum,
                A::Maximum,
                A::Increment,
                A::Cache,
                A::Cycle,
                A::Unlogged,
                A::Owner,
                A::OwnedBy,
                A::IdentityOf,
            ],
        ),
        ObjectKind::Enum => (include_str!("enums.sql"), 2, &[A::Owner, A::Labels]),
        ObjectKind::Domain => (
            include_str!("domains.sql"),
            2,
            &[A::Type, A::BaseSchema, A::BaseName, A::NotNull, A::Default, A::Collation, A::Owner],
        ),
        ObjectKind::Composite => (include_str!("composites.sql"), 2, &[A::Owner]),
        ObjectKind::CompositeAttribute => {
            (include_str!("composite_attributes.sql"), 3, &[A::Position, A::Type, A::Collation])
        }
        ObjectKind::Range => (
            include_str!("ranges.sql"),
            2,
            &[
                A::Subtype,
                A::Opclass,
                A::Collation,
                A::Canonical,
                A::SubtypeDiff,
                A::Multirange,
                A::Constructor,
                A::Owner,
            ],
        ),
        ObjectKind::BaseType => (
            include_str!("base_types.sql"),
            2,
            &[
                A::Shell,
                A::Input,
                A::Output,
                A::Receive,
                A::Send,
                A::TypmodIn,
                A::TypmodOut,
                A::Analyze,
                A::Subscript,
                A::Length,
                A::ByValue,
                A::Alignment,
                A::Storage,
                A::Category,
                A::Preferred,
                A::Delimiter,
                A::Element,
                A::Default,
                A::Collatable,
                A::Owner,
            ],
        ),
        ObjectKind::Routine => (
            include_str!("routines.sql"),
            3,
            &[
                A::Kind,
                A::Language,
                A::Definition,
                A::Result,
                A::Arguments,
                A::Body,
                A::Library,
                A::Volatility,
                A::Strict,
                A::SecurityDefiner,
                A::Leakproof,
                A::Parallel,
                A::Cost,
                A::Rows,
                A::Configuration,
                A::Support,
                A::Transforms,
                A::Aggregate,
                A::Owner,
            ],
        ),
        ObjectKind::Trigger => (
            include_str!("triggers.sql"),
            3,
            &[
                A::Definition,
                A::Enabled,
                A::Function,
                A::Arguments,
                A::Timing,
                A::Events,
                A::Level,
                A::Columns,
                A::Condition,
                A::Constraint,
                A::Deferrable,
                A::Deferred,
                A::FromTable,
                A::OldTable,
                A::NewTable,
                A::Parent,
            ],
        ),
        ObjectKind::Rule => {
            (include_str!("rules.sql"), 3, &[A::Definition, A::Event, A::Instead, A::Enabled])
        }
        ObjectKind::Policy => (
            include_str!("policies.sql"),
            3,
            &[A::Command, A::Restrictive, A::Roles, A::Using, A::Check],
        ),
        ObjectKind::EventTrigger => (
            include_str!("event_triggers.sql"),
            1,
            &[A::Event, A::Tags, A::Function, A::Enabled, A::Owner],
        ),
        ObjectKind::Extension => (
            include_str!("extensions.sql"),
            1,
            &[
                A::Schema,
                A::Version,
                A::Owner,
                A::Configuration,
                A::Installed,
                A::UpdateFrom,
                A::UpdateTo,
            ],
        ),
        ObjectKind::Collation => (
            include_str!("collations.sql"),
            2,
            &[
                A::Provider,
                A::Nondeterministic,
                A::Collate,
                A::Ctype,
                A::Locale,
                A::Rules,
                A::Encoding,
                A::Owner,
            ],
        ),
        ObjectKind::Statistics => (
            include_str!("statistics.sql"),
            2,
            &[A::Table, A::Definition, A::Columns, A::Kinds, A::Target, A::Owner],
        ),
        ObjectKind::Publication => (
            include_str!("publications.sql"),
            1,
            &[
                A::AllTables,
                A::NoInsert,
                A::NoUpdate,
                A::NoDelete,
                A::NoTruncate,
                A::ViaRoot,
                A::GeneratedColumns,
                A::Owner,
            ],
        ),
        ObjectKind::PublicationTable => {
            (include_str!("publication_tables.sql"), 3, &[A::Columns, A::Condition])
        }
        ObjectKind::PublicationSchema => (include_str!("publication_schemas.sql"), 2, &[]),
        ObjectKind::Subscription => (
            include_str!("subscriptions.sql"),
            1,
            &[
                A::Owner,
                A::Disabled,
                A::Publications,
                A::Slot,
                A::Binary,
                A::Streaming,
                A::TwoPhase,
                A::SynchronousCommit,
                A::DisableOnError,
                A::PasswordNotRequired,
                A::RunAsOwner,
                A::Origin,
                A::Failover,
            ],
        ),
        ObjectKind::ForeignDataWrapper => (
            include_str!("foreign_data_wrappers.sql"),
            1,
            &[A::Handler, A::Validator, A::Options, A::Owner],
        ),
        ObjectKind::ForeignServer => (
            include_str!("foreign_servers.sql"),
            1,
            &[A::Wrapper, A::Type, A::Version, A::Options, A::Owner],
        ),
        ObjectKind::UserMapping => (include_str!("user_mappings.sql"), 2, &[A::Options]),
        ObjectKind::Cast => (include_str!("casts.sql"), 2, &[A::Function, A::Context, A::Method]),
        ObjectKind::Operator => (
            include_str!("operators.sql"),
            4,
            &[
                A::Shell,
                A::Function,
                A::Result,
                A::Commutator,
                A::Negator,
                A::Restrict,
                A::Join,
                A::Hashes,
                A::Merges,
                A::Owner,
            ],
        ),
        ObjectKind::OperatorFamily => {
            (include_str!("operator_families.sql"), 3, &[A::Operators, A::Functions, A::Owner])
        }
        ObjectKind::OperatorClass => (
            include_str!("operator_classes.sql"),
            3,
            &[A::Family, A::Input, A::Default, A::Storage, A::Operators, A::Functions, A::Owner],
        ),
        ObjectKind::Conversion => (
            include_str!("conversions.sql"),
            2,
            &[A::From, A::To, A::Function, A::Default, A::Owner],
        ),
        ObjectKind::TextSearchParser => (
            include_str!("text_search_parsers.sql"),
            2,
            &[A::Start, A::Token, A::End, A::Headline, A::Types],
        ),
        ObjectKind::TextSearchDictionary => {
            (include_str!("text_search_dictionaries.sql"), 2, &[A::Template, A::Options, A::Owner])
        }
        ObjectKind::TextSearchTemplate => {
            (include_str!("text_search_templates.sql"), 2, &[A::Init, A::Lexize])
        }
        ObjectKind::TextSearchConfiguration => {
            (include_str!("text_search_configurations.sql"), 2, &[A::Parser, A::Mappings, A::Owner])
        }
        ObjectKind::AccessMethod => (include_str!("access_methods.sql"), 1, &[A::Type, A::Handler]),
        ObjectKind::Language => (
            include_str!("languages.sql"),
            1,
            &[A::Untrusted, A::Handler, A::Inline, A::Validator, A::Owner],
        ),
        ObjectKind::Transform => (include_str!("transforms.sql"), 2, &[A::FromSql, A::ToSql]),
        ObjectKind::DefaultPrivilege => {
            (include_str!("default_privileges.sql"), 5, &[A::Grantable, A::Revoked])
        }
        ObjectKind::Grant => return None,
    };
    Some(KindQuery { kind, sql, key, attributes })
}

/// Comments: address, text.
pub(super) const COMMENTS: &str = include_str!("comments.sql");
/// What belongs to extensions: address, extension.
pub(super) const MEMBERS: &str = include_str!("members.sql");
/// Grants: address, kind, grantee, privilege, grantable, revoked.
pub(super) const GRANTS: &str = include_str!("grants.sql");
/// What needs what: address, address of what it needs, deptype.
pub(super) const DEPENDENCIES: &str = include_str!("dependencies.sql");
/// Addresses that are part of something else: address, address of that.
pub(super) const ALIASES: &str = include_str!("aliases.sql");
/// What the other queries do not read: kind, name.
pub(super) const UNREAD: &str = include_str!("unread.sql");
