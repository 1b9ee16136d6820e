//! What is known of an object.

use std::sync::Arc;

use crate::catalog::Attribute;

/// The attributes of an object that differ from PostgreSQL's default, by name.
///
/// Copies share what they hold, so that a catalog that was read again, or copied, costs no more than what is different in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fact(Arc<Vec<(Attribute, Box<str>)>>);

impl Fact {
    /// Takes names and values; those without a value are left out.
    pub fn of(attributes: impl IntoIterator<Item = (Attribute, Option<String>)>) -> Self {
        let given = attributes.into_iter();
        let mut list: Vec<_> =
            given.filter_map(|(name, value)| Some((name, value?.into_boxed_str()))).collect();
        list.sort_unstable_by_key(|(name, _)| *name);
        list.shrink_to_fit();
        Self(Arc::new(list))
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, name: Attribute) -> Option<&str> {
        let at = self.0.binary_search_by_key(&name, |(name, _)| *name).ok()?;
        Some(&self.0[at].1)
    }

    /// Whether an attribute is set that knows only yes and no.
    #[must_use]
    pub fn is(&self, name: Attribute) -> bool {
        self.get(name).is_some()
    }

    /// A list of names: how keys, options and labels are written down.
    #[must_use]
    pub fn list(&self, name: Attribute) -> Vec<String> {
        let text = self.get(name).unwrap_or("[]");
        // the lists are written by the server itself; anything else has no names in it
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Sets one more attribute.
    pub fn set(&mut self, name: Attribute, value: String) {
        let list = Arc::make_mut(&mut self.0);
        match list.binary_search_by_key(&name, |(name, _)| *name) {
            Ok(at) => list[at].1 = value.into(),
            Err(at) => list.insert(at, (name, value.into())),
        }
    }

    /// Takes an attribute away.
    pub(crate) fn unset(&mut self, name: Attribute) {
        if self.is(name) {
            Arc::make_mut(&mut self.0).retain(|(it, _)| *it != name);
        }
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (Attribute, &str)> {
        self.0.iter().map(|(name, value)| (*name, &**value))
    }
}
