//! How values of an old type become values of the new one.
//!
//! Through their text, which nests: an array of rows with labels in them is read again as it was written. Where a composite type gets
//! its attributes in another order, a function takes each row apart, and a cast makes it reach into arrays.

use super::Made;
use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    ddl::{
        composite,
        rules::{Statement, Swap},
        stored::{is_made_of, is_of},
    },
    words::ident::{Ident, Literal},
};

/// How values come to types that are made anew. The first of the types is the one that all the others are made of.
pub(super) struct Values<'m, 'c> {
    made: &'m [Made<'c>],
    /// Whether PostgreSQL has a cast for values of the first.
    is_cast: bool,
    /// Whether composite types are taken apart.
    is_taken_apart: bool,
}

impl<'m, 'c> Values<'m, 'c> {
    pub(super) fn new(made: &'m [Made<'c>], swap: &Swap) -> Self {
        let mut composites = made.iter().filter(|it| it.from.key.kind() == ObjectKind::Composite);
        let has_other_shape =
            |it: &Made<'_>| composite::shape(&it.from) != composite::shape(&it.to);
        Self { made, is_cast: swap.is_cast, is_taken_apart: composites.any(has_other_shape) }
    }

    /// The new value of a column.
    pub(super) fn of_column(
        &self,
        catalog: &Catalog,
        column: &Key,
        name: &str,
        kind: &str,
    ) -> String {
        let is_one = |fact: &Fact, it: &&Made<'_>| {
            is_of(fact, it.from.key, it.from.get(Attribute::Multirange))
        };
        let fact = catalog.get(column);
        let made = fact.and_then(|fact| self.made.iter().find(|it| is_one(fact, it)));
        self.value(made, name, kind)
    }

    fn value(&self, of: Option<&Made<'c>>, value: &str, kind: &str) -> String {
        if of.is_some_and(|it| self.is_direct(it)) {
            return format!("{value}::{kind}");
        }
        let text = if kind.ends_with("[]") { "text[]" } else { "text" };
        format!("{value}::{text}::{kind}")
    }

    /// Whether there is a cast from the old type to the new one.
    fn is_direct(&self, made: &Made<'c>) -> bool {
        let (key, catalog) = (made.from.key, made.from.catalog);
        let is_first = self.made.first().is_some_and(|it| it.from.key == key);
        match key.kind() {
            ObjectKind::Composite => self.is_taken_apart,
            ObjectKind::Domain if is_first => self.is_cast,
            ObjectKind::Domain => {
                let mut below = self.made.iter().filter(|it| is_made_of(catalog, key, it.from.key));
                below.all(|it| self.is_direct(it))
            }
            _ => false,
        }
    }

    fn composites(&self) -> impl Iterator<Item = &'m Made<'c>> {
        let composites = self.made.iter().filter(|it| it.from.key.kind() == ObjectKind::Composite);
        composites.filter(|_| self.is_taken_apart)
    }

    /// What takes rows apart, as casts.
    pub(super) fn casts(&self) -> Vec<Statement> {
        let casts = self.composites().flat_map(|made| {
            let (old, new) = (made.old(), made.name());
            let body = format!("SELECT ROW({})::{new}", self.fields(made).join(", "));
            [
                // a row that is NULL stays so; one of nothing but NULL is another thing
                format!(
                    "CREATE FUNCTION {old}({old}) RETURNS {new} LANGUAGE sql STRICT AS {}",
                    Literal(&body)
                ),
                format!("CREATE CAST ({old} AS {new}) WITH FUNCTION {old}({old})"),
            ]
        });
        casts.map(Statement::new).collect()
    }

    /// The end of these casts.
    pub(super) fn no_casts(&self) -> Vec<Statement> {
        let casts = self.composites().flat_map(|made| {
            let (old, new) = (made.old(), made.name());
            [format!("DROP CAST ({old} AS {new})"), format!("DROP FUNCTION {old}({old})")]
        });
        casts.map(Statement::new).collect()
    }

    /// The values of the attributes of a row.
    fn fields(&self, made: &Made<'c>) -> Vec<String> {
        let of = |attribute: &Key| {
            let catalog = made.from.catalog;
            let needs = |it: &&Made<'_>| catalog.dependencies.has(attribute, it.from.key);
            self.made.iter().filter(|it| it.from.key != made.from.key).find(needs)
        };
        let attributes = composite::attributes(&made.to);
        let field = |(key, fact): &(&Key, &Fact)| {
            let kind = fact.get(Attribute::Type).unwrap_or_default();
            let value = format!("($1).{}", Ident(key.part(2)));
            let Some(was) = made.from.catalog.get(key) else {
                return format!("NULL::{kind}");
            };
            let of = of(key);
            match of.is_none() && was.get(Attribute::Type) == fact.get(Attribute::Type) {
                true => value,
                false => self.value(of, &value, kind),
            }
        };
        attributes.iter().map(field).collect()
    }

    /// The attributes that rows lose that are taken apart.
    pub(super) fn lost(&self) -> Vec<&'c Key> {
        let lost = self.composites().flat_map(|made| {
            let attributes = composite::attributes(&made.from).into_iter();
            let gone = attributes.filter(|(key, _)| made.to.catalog.get(key).is_none());
            gone.map(|(key, _)| key)
        });
        lost.collect()
    }
}
