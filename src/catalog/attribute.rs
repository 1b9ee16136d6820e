//! What can be known of an object.

use std::fmt;

/// Declares the attributes, in the order of their names.
macro_rules! attributes {
    ($($attribute:ident $name:literal,)*) => {
        /// An attribute of an object: one that differs from PostgreSQL's default is part of its [`Fact`](super::Fact).
        ///
        /// Each is documented by the query that reads it: a column of a query in `introspect` has this name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Attribute {
            $(#[doc = concat!("`", $name, "`")] $attribute,)*
        }

        impl Attribute {
            /// All of them, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$attribute,)*];

            /// Its name in queries, in reports and in differences.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$attribute => $name,)*
                }
            }
        }
    };
}

attributes! {
    AccessMethod "access_method",
    Aggregate "aggregate",
    Alignment "alignment",
    AllTables "all_tables",
    Analyze "analyze",
    Arguments "arguments",
    BaseElementName "base_element_name",
    BaseElementSchema "base_element_schema",
    BaseName "base_name",
    BaseSchema "base_schema",
    Binary "binary",
    Body "body",
    ByValue "by_value",
    Cache "cache",
    Canonical "canonical",
    Category "category",
    Check "check",
    Clustered "clustered",
    Collatable "collatable",
    Collate "collate",
    Collation "collation",
    Collations "collations",
    Columns "columns",
    Command "command",
    Comment "comment",
    Commutator "commutator",
    Compression "compression",
    Condition "condition",
    Configuration "configuration",
    Constraint "constraint",
    Constructor "constructor",
    Context "context",
    Cost "cost",
    Ctype "ctype",
    Cycle "cycle",
    Default "default",
    Deferrable "deferrable",
    Deferred "deferred",
    Definition "definition",
    Delimiter "delimiter",
    DetachPending "detach_pending",
    DisableOnError "disable_on_error",
    Disabled "disabled",
    DomainNotNull "domain_not_null",
    Element "element",
    ElementName "element_name",
    ElementSchema "element_schema",
    Enabled "enabled",
    Encoding "encoding",
    End "end",
    Event "event",
    Events "events",
    Extension "extension",
    Extensions "extensions",
    Failover "failover",
    Family "family",
    ForceRowSecurity "force_row_security",
    ForeignOptions "foreign_options",
    From "from",
    FromSql "from_sql",
    FromTable "from_table",
    Function "function",
    Functions "functions",
    Generated "generated",
    GeneratedColumns "generated_columns",
    Grantable "grantable",
    Handler "handler",
    Hashes "hashes",
    Headline "headline",
    Identity "identity",
    IdentityOf "identity_of",
    Include "include",
    Increment "increment",
    Index "index",
    InheritCount "inherit_count",
    Inherited "inherited",
    Init "init",
    Inline "inline",
    Input "input",
    Installed "installed",
    Instead "instead",
    Invalid "invalid",
    Join "join",
    Kind "kind",
    Kinds "kinds",
    Labels "labels",
    Language "language",
    Leakproof "leakproof",
    Length "length",
    Level "level",
    Lexize "lexize",
    Library "library",
    Locale "locale",
    Mappings "mappings",
    Match "match",
    MaxLength "max_length",
    Maximum "maximum",
    Merges "merges",
    Method "method",
    Minimum "minimum",
    Multirange "multirange",
    Negator "negator",
    NewTable "new_table",
    NoDelete "no_delete",
    NoInherit "no_inherit",
    NoInsert "no_insert",
    NoTruncate "no_truncate",
    NoUpdate "no_update",
    Nondeterministic "nondeterministic",
    NotEnforced "not_enforced",
    NotImmediate "not_immediate",
    NotNull "not_null",
    NotReady "not_ready",
    NotValid "not_valid",
    NullsNotDistinct "nulls_not_distinct",
    OfConstraint "of_constraint",
    OfPartitioned "of_partitioned",
    OfType "of_type",
    OldTable "old_table",
    OnDelete "on_delete",
    OnDeleteColumns "on_delete_columns",
    OnUpdate "on_update",
    Opclass "opclass",
    OpclassOptions "opclass_options",
    Opclasses "opclasses",
    Operators "operators",
    Options "options",
    Orders "orders",
    Origin "origin",
    Output "output",
    OwnedBy "owned_by",
    Owner "owner",
    Parallel "parallel",
    Parent "parent",
    Parser "parser",
    PartitionBound "partition_bound",
    PartitionKey "partition_key",
    PartitionOf "partition_of",
    PasswordNotRequired "password_not_required",
    Period "period",
    Position "position",
    Predicate "predicate",
    Preferred "preferred",
    Primary "primary",
    Provider "provider",
    Publications "publications",
    Receive "receive",
    ReferencesColumns "references_columns",
    ReferencesSchema "references_schema",
    ReferencesTable "references_table",
    ReplicaIdentity "replica_identity",
    ReplicaIdentityIndex "replica_identity_index",
    Restrict "restrict",
    Restrictive "restrictive",
    Result "result",
    Revoked "revoked",
    Roles "roles",
    RowSecurity "row_security",
    Rows "rows",
    Rules "rules",
    RunAsOwner "run_as_owner",
    Schema "schema",
    SecurityDefiner "security_definer",
    Send "send",
    Server "server",
    Shell "shell",
    Slot "slot",
    Start "start",
    Statistics "statistics",
    StatisticsTarget "statistics_target",
    Storage "storage",
    Streaming "streaming",
    Strict "strict",
    Subscript "subscript",
    Subtype "subtype",
    SubtypeDiff "subtype_diff",
    Support "support",
    SynchronousCommit "synchronous_commit",
    Table "table",
    Tablespace "tablespace",
    Tags "tags",
    Target "target",
    Template "template",
    Timing "timing",
    To "to",
    ToSql "to_sql",
    ToastOptions "toast_options",
    Token "token",
    Transforms "transforms",
    TriggerStates "trigger_states",
    TwoPhase "two_phase",
    Type "type",
    TypeName "type_name",
    TypeSchema "type_schema",
    Types "types",
    TypmodIn "typmod_in",
    TypmodOut "typmod_out",
    Unique "unique",
    Unlogged "unlogged",
    Unpopulated "unpopulated",
    Untrusted "untrusted",
    UpdateFrom "update_from",
    UpdateTo "update_to",
    Using "using",
    Validator "validator",
    Version "version",
    ViaRoot "via_root",
    Volatility "volatility",
    Wrapper "wrapper",
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Attribute {
    /// Whether it only tells what the server has that an object is on: that is no difference.
    #[must_use]
    pub const fn is_of_server(self) -> bool {
        matches!(self, Self::Installed | Self::UpdateFrom | Self::UpdateTo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_stand_in_the_order_of_their_names() {
        let names: Vec<&str> = Attribute::ALL.iter().map(|it| it.name()).collect();
        assert!(names.is_sorted(), "{names:?}");
    }
}
