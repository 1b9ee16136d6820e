//! What attributes say, as types: the sorts of relations and constraints.

use crate::catalog::{Attribute, Catalog, Fact, Key, ObjectKind};

/// Declares a type whose values stand in an attribute as words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl $name {
            /// How the catalog writes it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)*
                }
            }

            fn read(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$value),)*
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// What a relation is.
    RelationKind {
        /// An ordinary or unlogged table, or a partition that has none itself.
        Table "table",
        /// A table whose rows are in its partitions.
        PartitionedTable "partitioned table",
        /// A view.
        View "view",
        /// A materialized view.
        MaterializedView "materialized view",
        /// A foreign table.
        ForeignTable "foreign table",
    }
}

words! {
    /// What a constraint is.
    ConstraintKind {
        /// A condition on a row.
        Check "check",
        /// A reference to another table.
        ForeignKey "foreign key",
        /// The primary key.
        PrimaryKey "primary key",
        /// A unique constraint.
        Unique "unique",
        /// An exclusion constraint.
        Exclusion "exclusion",
        /// A NOT NULL with a name: from 18 on, and of domains from 17 on.
        NotNull "not null",
        /// That of a constraint trigger.
        Trigger "trigger",
    }
}

impl RelationKind {
    /// What CREATE, ALTER and DROP call it.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Table | Self::PartitionedTable => "TABLE",
            Self::View => "VIEW",
            Self::MaterializedView => "MATERIALIZED VIEW",
            Self::ForeignTable => "FOREIGN TABLE",
        }
    }

    /// Whether it is a view of either kind.
    #[must_use]
    pub const fn is_view(self) -> bool {
        matches!(self, Self::View | Self::MaterializedView)
    }

    /// Whether it is a table with rows in this database: its own, or those of its partitions.
    #[must_use]
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Table | Self::PartitionedTable)
    }
}

impl Fact {
    /// What a relation is.
    #[must_use]
    pub fn relation_kind(&self) -> Option<RelationKind> {
        RelationKind::read(self.get(Attribute::Kind)?)
    }

    /// What a constraint of a table or domain is.
    #[must_use]
    pub fn constraint_kind(&self) -> Option<ConstraintKind> {
        ConstraintKind::read(self.get(Attribute::Type)?)
    }

    /// Whether it is a constraint of this sort.
    #[must_use]
    pub fn is_constraint(&self, kind: ConstraintKind) -> bool {
        self.constraint_kind() == Some(kind)
    }

    /// Whether it is a constraint with an index, whose name is its own, too.
    #[must_use]
    pub fn has_index(&self) -> bool {
        use ConstraintKind::{Exclusion, PrimaryKey, Unique};
        matches!(self.constraint_kind(), Some(PrimaryKey | Unique | Exclusion))
    }

    /// The table that a foreign key leads to.
    #[must_use]
    pub fn referenced_table(&self) -> Option<Key> {
        let (schema, table) = (Attribute::ReferencesSchema, Attribute::ReferencesTable);
        Some(Key::new(ObjectKind::Relation, &[self.get(schema)?, self.get(table)?]))
    }
}

impl Key {
    /// The relation that its name begins with: that of a relation, column, constraint, trigger, rule or policy.
    #[must_use]
    pub fn table(&self) -> Self {
        Self::new(ObjectKind::Relation, &[self.part(0), self.part(1)])
    }
}

impl Key {
    /// The constraint that an index is of, if it is one's.
    #[must_use]
    pub fn constraint_of_index(&self, index: &Fact) -> Option<Self> {
        let (table, name) = (index.get(Attribute::Table)?, index.get(Attribute::OfConstraint)?);
        (self.kind() == ObjectKind::Index)
            .then(|| Self::new(ObjectKind::Constraint, &[self.part(0), table, name]))
    }
}

impl Catalog {
    /// What the relation is that a name is, or begins with.
    #[must_use]
    pub fn relation_kind(&self, key: &Key) -> Option<RelationKind> {
        self.get(&key.table())?.relation_kind()
    }
}
