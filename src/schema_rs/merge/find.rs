//! Where things are in a catalog that schema.rs names.

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    schema_rs::{
        merge::{
            ApplyError, Place,
            text::{PG_CATALOG, format_type, qualified, quoted},
        },
        names::rust_name,
        parse::{TableName, Type},
        tables::PUBLIC,
    },
};

impl Place {
    /// Where a relation is.
    pub(super) fn of(relation: &Key) -> Self {
        Self { schema: relation.part(0).to_owned(), name: relation.part(1).to_owned() }
    }

    /// The relation.
    pub(super) fn key(&self) -> Key {
        Key::new(ObjectKind::Relation, &[&self.schema, &self.name])
    }

    /// A column, constraint or another part of it.
    pub(super) fn part(&self, kind: ObjectKind, name: &str) -> Key {
        Key::new(kind, &[&self.schema, &self.name, name])
    }

    /// All of its parts of one kind.
    pub(super) fn parts<'c>(
        &self,
        catalog: &'c Catalog,
        kind: ObjectKind,
    ) -> impl Iterator<Item = (&'c Key, &'c Fact)> + use<'c> {
        catalog.below(kind, &[&self.schema, &self.name])
    }

    /// Its indexes.
    pub(super) fn indexes<'c>(
        &self,
        catalog: &'c Catalog,
    ) -> impl Iterator<Item = (&'c Key, &'c Fact)> + use<'c> {
        let name = self.name.clone();
        catalog
            .below(ObjectKind::Index, &[&self.schema])
            .filter(move |(_, fact)| fact.get(Attribute::Table) == Some(name.as_str()))
    }

    /// How PostgreSQL writes it.
    pub(super) fn text(&self) -> String {
        qualified(&self.schema, &self.name)
    }
}

/// Where a table is, or would be.
pub(super) fn place(catalog: &Catalog, table: &TableName) -> Place {
    let given = table.schema.as_deref().unwrap_or(PUBLIC);
    let exists = catalog.get(&Key::new(ObjectKind::Schema, &[given])).is_some();
    // `table!` takes the name of a schema as an identifier only
    let mut schemas = catalog.of_kind(ObjectKind::Schema).map(|(key, _)| key.name());
    let meant = match exists {
        true => None,
        false => schemas.find(|it| rust_name(it, None) == given),
    };
    Place { schema: meant.unwrap_or(given).to_owned(), name: table.name.clone() }
}

/// A relation that is there.
pub(super) fn relation<'c>(
    catalog: &'c Catalog,
    table: &TableName,
) -> Result<(Place, &'c Fact), ApplyError> {
    let place = place(catalog, table);
    match catalog.get(&place.key()) {
        Some(fact) => Ok((place, fact)),
        None => Err(ApplyError::NotThere { what: format!("table {table}") }),
    }
}

/// A table that is there, and no view.
pub(super) fn table(catalog: &Catalog, table: &TableName) -> Result<Place, ApplyError> {
    let (place, fact) = relation(catalog, table)?;
    match fact.get(Attribute::Kind) {
        Some(kind @ ("view" | "materialized view")) => {
            Err(ApplyError::NotATable { name: table.clone(), kind: kind.to_owned() })
        }
        _ => Ok(place),
    }
}

/// A column that is there.
pub(super) fn column<'c>(
    catalog: &'c Catalog,
    place: &Place,
    table: &TableName,
    column: &str,
) -> Result<&'c Fact, ApplyError> {
    let fact = catalog.get(&place.part(ObjectKind::Column, column));
    fact.ok_or_else(|| ApplyError::NotThere { what: format!("column {column} of table {table}") })
}

/// The type of a column whose type is no domain.
pub(super) fn type_of(
    catalog: &Catalog,
    place: &Place,
    table: &TableName,
    name: &str,
) -> Result<Type, ApplyError> {
    let fact = column(catalog, place, table, name)?;
    if fact.is(Attribute::BaseName) {
        return Err(domain(fact, table, name));
    }
    let text = |name: Attribute| fact.get(name).unwrap_or_default().to_owned();
    let element = fact.is(Attribute::ElementName);
    Ok(Type {
        schema: text(Attribute::TypeSchema),
        name: text(Attribute::TypeName),
        element: element.then(|| (text(Attribute::ElementSchema), text(Attribute::ElementName))),
    })
}

/// That the domain of a column says what was to be changed.
pub(super) fn domain(fact: &Fact, table: &TableName, column: &str) -> ApplyError {
    ApplyError::Domain {
        column: column.to_owned(),
        table: table.clone(),
        domain: fact.get(Attribute::Type).unwrap_or_default().to_owned(),
    }
}

/// The name of the primary key of a table, and its columns.
pub(super) fn primary_key(catalog: &Catalog, place: &Place) -> Option<(String, Vec<String>)> {
    let mut constraints = place.parts(catalog, ObjectKind::Constraint);
    let found = constraints.find(|(_, fact)| fact.get(Attribute::Type) == Some("primary key"));
    found.map(|(key, fact)| (key.name().to_owned(), fact.list(Attribute::Columns)))
}

/// Whether a constraint is a foreign key of these columns.
pub(super) fn refers(fact: &Fact, columns: &[String], to: &Place, referenced: &[String]) -> bool {
    fact.get(Attribute::Type) == Some("foreign key")
        && fact.get(Attribute::ReferencesSchema) == Some(to.schema.as_str())
        && fact.get(Attribute::ReferencesTable) == Some(to.name.as_str())
        && fact.list(Attribute::Columns) == columns
        && fact.list(Attribute::ReferencesColumns) == referenced
}

/// A type of the database.
pub(super) struct Found {
    tpe: Type,
    max_length: Option<u32>,
    /// What it is, if it did not come with PostgreSQL.
    pub(super) key: Option<Key>,
}

const TYPE_KINDS: [ObjectKind; 6] = [
    ObjectKind::Enum,
    ObjectKind::Domain,
    ObjectKind::Composite,
    ObjectKind::Range,
    ObjectKind::BaseType,
    ObjectKind::Relation,
];

/// Finds a type, in another schema than `public` too where none was named.
pub(super) fn find_type(catalog: &Catalog, tpe: &Type, max_length: Option<u32>) -> Option<Found> {
    let (schema, name) = tpe.base();
    if is_any(tpe) {
        return None;
    }
    if schema == PG_CATALOG {
        // a bit without a length has one
        let max_length = max_length.or((name == "bit").then_some(1));
        return Some(Found { tpe: tpe.clone(), max_length, key: None });
    }
    let Some(key) = type_key(catalog, schema, name) else {
        let can_tell = catalog.coverage.has(ObjectKind::Enum);
        return (!can_tell).then(|| Found { tpe: tpe.clone(), max_length, key: None });
    };
    // a multirange type is part of its range type, and has its own name
    let is_itself = key.name() == name;
    let schema = if is_itself { key.part(0) } else { schema };
    let found = match &tpe.element {
        Some(_) => Type::array_of(schema.to_owned(), name.to_owned()),
        None => Type { schema: schema.to_owned(), name: name.to_owned(), element: None },
    };
    Some(Found { tpe: found, max_length, key: Some(key) })
}

/// Whether a type stands for any composite one: no column can have it.
pub(super) fn is_any(tpe: &Type) -> bool {
    tpe.base() == (PG_CATALOG, "record")
}

fn type_key(catalog: &Catalog, schema: &str, name: &str) -> Option<Key> {
    let keys = TYPE_KINDS.map(|kind| Key::new(kind, &[schema, name]));
    if let Some(key) = keys.into_iter().find(|it| catalog.get(it).is_some()) {
        return Some(key);
    }
    let full = qualified(schema, name);
    let mut ranges = catalog.of_kind(ObjectKind::Range);
    if let Some((key, _)) =
        ranges.find(|(_, fact)| fact.get(Attribute::Multirange) == Some(full.as_str()))
    {
        return Some(key.clone());
    }
    if schema != PUBLIC {
        return None;
    }
    // all but the row types of relations
    let all = TYPE_KINDS.into_iter().take(5);
    let mut named = all
        .flat_map(|kind| catalog.of_kind(kind))
        .map(|(key, _)| key)
        .filter(|key| key.name() == name);
    let only = named.next()?;
    named.next().is_none().then(|| only.clone())
}

impl Found {
    /// The attributes that a column of the type has.
    pub(super) fn attributes(&self, catalog: &Catalog) -> Vec<(Attribute, Option<String>)> {
        let (schema, name) = self.tpe.base();
        let mut text = format_type(schema, name, self.max_length);
        let element = self.tpe.element.clone();
        let is_array = element.is_some();
        if is_array {
            text.push_str("[]");
        }
        let own_length = (!is_array && schema == PG_CATALOG).then_some(self.max_length);
        let mut length = own_length.flatten().map(|it| it.to_string());
        let (element_schema, element_name) = element.unzip();
        let domain = self.key.as_ref().filter(|it| it.kind() == ObjectKind::Domain);
        let domain = domain.filter(|_| !is_array).and_then(|it| catalog.get(it));
        let of_domain = |name: Attribute| domain.and_then(|it| it.get(name)).map(str::to_owned);
        let base = (of_domain(Attribute::BaseSchema), of_domain(Attribute::BaseName));
        if let Some("bit" | "bpchar" | "varbit" | "varchar") = base.1.as_deref() {
            length = of_domain(Attribute::Type).as_deref().and_then(length_in);
        }
        let base_element = base.1.as_deref().and_then(|it| it.strip_prefix('_'));
        let base_element = base_element.map(str::to_owned);
        vec![
            (Attribute::Type, Some(text)),
            (Attribute::TypeSchema, Some(self.tpe.schema.clone())),
            (Attribute::TypeName, Some(self.tpe.name.clone())),
            (Attribute::ElementSchema, element_schema),
            (Attribute::ElementName, element_name),
            (Attribute::BaseElementSchema, base_element.as_ref().and(base.0.clone())),
            (Attribute::BaseElementName, base_element),
            (Attribute::BaseSchema, base.0),
            (Attribute::BaseName, base.1),
            (Attribute::DomainNotNull, of_domain(Attribute::NotNull)),
            (Attribute::MaxLength, length),
        ]
    }
}

/// The number in `character varying(7)`.
fn length_in(text: &str) -> Option<String> {
    let (_, behind) = text.split_once('(')?;
    let (number, _) = behind.split_once(')')?;
    Some(number.to_owned())
}

/// The operator class that a B-tree gets for a column, if it is known.
pub(super) fn operator_class(catalog: &Catalog, column: &Fact) -> Option<String> {
    let names = match column.is(Attribute::BaseName) {
        true => [Attribute::BaseSchema, Attribute::BaseName, Attribute::BaseElementName],
        false => [Attribute::TypeSchema, Attribute::TypeName, Attribute::ElementName],
    };
    let [schema, name, element] = names.map(|it| column.get(it));
    let (schema, name) = schema.zip(name)?;
    let class = match element {
        Some(_) => "array",
        None if schema == PG_CATALOG => match name {
            "cidr" => "inet",
            "varchar" => "text",
            name if name.ends_with("multirange") => "multirange",
            name if name.ends_with("range") => "range",
            name => name,
        },
        None => match type_key(catalog, schema, name)?.kind() {
            ObjectKind::Enum => "enum",
            ObjectKind::Range
                if catalog.get(&Key::new(ObjectKind::Range, &[schema, name])).is_some() =>
            {
                "range"
            }
            ObjectKind::Range => "multirange",
            ObjectKind::Composite | ObjectKind::Relation => "record",
            _ => return own_class(catalog, &format_type(schema, name, None)),
        },
    };
    Some(format!("{PG_CATALOG}.{class}_ops"))
}

/// The operator class that comes with a base type.
fn own_class(catalog: &Catalog, input: &str) -> Option<String> {
    let mut classes = catalog.of_kind(ObjectKind::OperatorClass);
    let found = classes.find(|(key, fact)| {
        key.part(1) == "btree"
            && fact.is(Attribute::Default)
            && fact.get(Attribute::Input) == Some(input)
    });
    found.map(|(key, _)| format!("{}.{}", quoted(key.part(0)), quoted(key.name())))
}
