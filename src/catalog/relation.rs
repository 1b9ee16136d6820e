//! Relations, columns and keys, seen with the eyes of Rust: what a printer of tables needs to know.

use crate::catalog::{Attribute, Catalog, ConstraintKind, Fact, Key, ObjectKind, RelationKind};

/// A relation of a catalog.
#[derive(Debug, Clone, Copy)]
pub struct Relation<'c> {
    catalog: &'c Catalog,
    key: &'c Key,
    fact: &'c Fact,
}

/// A column of a relation.
#[derive(Debug, Clone, Copy)]
pub struct Column<'c> {
    key: &'c Key,
    fact: &'c Fact,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnType<'c> {
    /// The schema of the type.
    pub schema: &'c str,
    /// Its name in pg_type: `int4`, `_int4` for an array of them.
    pub name: &'c str,
    /// The type of the elements, if it is an array.
    pub element: Option<(&'c str, &'c str)>,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignKey<'c> {
    /// The schema and the name of the table that holds it.
    pub child: (&'c str, &'c str),
    /// Its columns, in the order of the key.
    pub columns: Vec<String>,
    /// The schema and the name of the table that it leads to.
    pub parent: (&'c str, &'c str),
    /// The columns there, in the same order.
    pub referenced: Vec<String>,
}

impl Catalog {
    /// The relations of a schema, in the order of their names.
    pub fn relations<'c>(&'c self, schema: &str) -> impl Iterator<Item = Relation<'c>> {
        self.below(ObjectKind::Relation, &[schema]).map(|(key, fact)| Relation {
            catalog: self,
            key,
            fact,
        })
    }

    /// The foreign keys between two tables of a schema.
    pub fn foreign_keys<'c>(&'c self, schema: &str) -> impl Iterator<Item = ForeignKey<'c>> {
        self.below(ObjectKind::Constraint, &[schema])
            .filter(|(_, fact)| fact.is_constraint(ConstraintKind::ForeignKey))
            .map(|(key, fact)| ForeignKey {
                child: (key.part(0), key.part(1)),
                columns: fact.list(Attribute::Columns),
                parent: (
                    fact.get(Attribute::ReferencesSchema).unwrap_or_default(),
                    fact.get(Attribute::ReferencesTable).unwrap_or_default(),
                ),
                referenced: fact.list(Attribute::ReferencesColumns),
            })
    }
}

impl<'c> Relation<'c> {
    /// Its schema.
    #[must_use]
    pub fn schema(&self) -> &'c str {
        self.key.part(0)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'c str {
        self.key.part(1)
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> RelationKind {
        self.fact.relation_kind().unwrap_or(RelationKind::Table)
    }

    /// Its comment.
    #[must_use]
    pub fn comment(&self) -> Option<&'c str> {
        self.fact.get(Attribute::Comment)
    }

    /// Its columns, in their order.
    #[must_use]
    pub fn columns(&self) -> Vec<Column<'c>> {
        let below = self.catalog.below(ObjectKind::Column, &[self.schema(), self.name()]);
        let mut columns: Vec<_> = below.map(|(key, fact)| Column { key, fact }).collect();
        columns.sort_by_key(Column::position);
        columns
    }

    /// The columns of its primary key, in the order of the key.
    #[must_use]
    pub fn primary_key(&self) -> Vec<String> {
        self.constraints()
            .find(|(_, fact)| fact.is_constraint(ConstraintKind::PrimaryKey))
            .map(|(_, fact)| fact.list(Attribute::Columns))
            .unwrap_or_default()
    }

    /// Its constraints: their names, and what is known of them.
    pub fn constraints(&self) -> impl Iterator<Item = (&'c str, &'c Fact)> + use<'c> {
        self.catalog
            .below(ObjectKind::Constraint, &[self.schema(), self.name()])
            .map(|(key, fact)| (key.name(), fact))
    }
}

impl<'c> Column<'c> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'c str {
        self.key.part(2)
    }

    /// Its place among the columns of the relation, from 1.
    #[must_use]
    pub fn position(&self) -> usize {
        let position = self.fact.get(Attribute::Position);
        position.and_then(|it| it.parse().ok()).unwrap_or_default()
    }

    /// Whether it, or the domain that is its type, refuses NULL.
    #[must_use]
    pub fn is_not_null(&self) -> bool {
        self.fact.is(Attribute::NotNull) || self.fact.is(Attribute::DomainNotNull)
    }

    /// How many characters or bits it holds at most, where its type says so.
    #[must_use]
    pub fn max_length(&self) -> Option<u64> {
        self.fact.get(Attribute::MaxLength)?.parse().ok()
    }

    /// Its comment.
    #[must_use]
    pub fn comment(&self) -> Option<&'c str> {
        self.fact.get(Attribute::Comment)
    }

    /// Its type as it is declared.
    #[must_use]
    pub fn declared_type(&self) -> ColumnType<'c> {
        self.type_at([
            Attribute::TypeSchema,
            Attribute::TypeName,
            Attribute::ElementSchema,
            Attribute::ElementName,
        ])
        .unwrap_or(ColumnType { schema: "", name: "", element: None })
    }

    /// The type below its domain, if its type is one.
    #[must_use]
    pub fn base_type(&self) -> Option<ColumnType<'c>> {
        self.type_at([
            Attribute::BaseSchema,
            Attribute::BaseName,
            Attribute::BaseElementSchema,
            Attribute::BaseElementName,
        ])
    }

    fn type_at(&self, names: [Attribute; 4]) -> Option<ColumnType<'c>> {
        let [schema, name, element_schema, element_name] = names.map(|it| self.fact.get(it));
        Some(ColumnType { schema: schema?, name: name?, element: element_schema.zip(element_name) })
    }
}
