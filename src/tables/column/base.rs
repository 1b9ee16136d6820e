//! What a column holds below domains and arrays.

use crate::{
    catalog::{Attribute, Fact, Key, ObjectKind},
    ddl::rules::Object,
};

/// The type of a column below domains and arrays, as pg_type calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Base<'c> {
    pub(super) schema: &'c str,
    pub(super) name: &'c str,
    pub(super) is_array: bool,
}

impl<'c> Base<'c> {
    /// That of a column.
    pub(super) fn of(object: &Object<'c>) -> Self {
        const PLACES: [(Attribute, Attribute, bool); 4] = [
            (Attribute::BaseElementSchema, Attribute::BaseElementName, true),
            (Attribute::BaseSchema, Attribute::BaseName, false),
            (Attribute::ElementSchema, Attribute::ElementName, true),
            (Attribute::TypeSchema, Attribute::TypeName, false),
        ];
        let found = PLACES.iter().find_map(|(schema, name, is_array)| {
            Some(Self {
                schema: object.get(*schema)?,
                name: object.get(*name)?,
                is_array: *is_array,
            })
        });
        found.unwrap_or(Self { schema: "", name: "", is_array: false })
    }

    /// Whether it is one of these.
    pub(super) fn is_built_in(&self, names: &[&str]) -> bool {
        self.schema == "pg_catalog" && names.contains(&self.name)
    }
}

/// The domain that is the type of a column.
pub(super) fn domain_of<'c>(column: &Object<'c>) -> Option<(&'c Key, &'c Fact)> {
    let parts = [column.get(Attribute::TypeSchema)?, column.get(Attribute::TypeName)?];
    column.catalog.entry(&Key::new(ObjectKind::Domain, &parts))
}
