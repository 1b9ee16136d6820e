//! Objects that nobody here looks after.

use regex::Regex;

use super::{Fact, Key, ObjectKind};

/// Patterns of objects that are neither compared nor touched: `schema.name`, or a name alone for what is called so in any schema, and
/// for all that is in a schema of that name. `*` stands for any text, `?` for one character.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ignored {
    names: Vec<(Regex, Option<Regex>)>,
}

impl Ignored {
    /// Reads patterns.
    #[must_use]
    pub(crate) fn new(patterns: &[String]) -> Self {
        let pattern = |text: &str| {
            let text = regex::escape(text).replace(r"\*", ".*").replace(r"\?", ".");
            Regex::new(&format!("^(?s:{text})$")).ok()
        };
        let names = patterns.iter().filter_map(|it| {
            let (schema, name) = match it.split_once('.') {
                Some((schema, name)) => (schema, Some(name)),
                None => (it.as_str(), None),
            };
            let name = match name {
                Some(name) => Some(pattern(name)?),
                None => None,
            };
            Some((pattern(schema)?, name))
        });
        Self { names: names.collect() }
    }

    /// Whether there are none.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether an object is one of them, or belongs to one.
    #[must_use]
    pub(crate) fn covers(&self, key: &Key, fact: &Fact) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let relation = key.relation(fact);
        let (schema, name) = match key.kind() {
            ObjectKind::Schema => (key.part(0), None),
            // a grant begins with the kind of what it is for
            ObjectKind::Grant if key.part(0) == "schema" => (key.part(1), None),
            ObjectKind::Grant => (key.part(1), Some(key.part(2))),
            ObjectKind::Index | ObjectKind::Statistics | ObjectKind::Sequence => match &relation {
                Some(relation) => (relation.part(0), Some(relation.part(1))),
                None => (key.part(0), Some(key.part(1))),
            },
            _ => (key.part(0), Some(key.part(1))),
        };
        self.names.iter().any(|(of, pattern)| match (pattern, name) {
            (None, name) => of.is_match(schema) || name.is_some_and(|name| of.is_match(name)),
            (Some(pattern), Some(name)) => of.is_match(schema) && pattern.is_match(name),
            (Some(_), None) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Attribute;

    #[test]
    fn patterns_cover_objects_and_what_belongs_to_them() {
        let ignored = Ignored::new(&["audit".into(), "public.tmp_*".into(), "a?.x".into()]);
        let none = Fact::default();
        let index = Fact::of([(Attribute::Table, Some("tmp_a".to_owned()))]);
        let sequence =
            Fact::of([(Attribute::OwnedBy, Some(r#"["public","tmp_a","id"]"#.to_owned()))]);
        for (kind, parts, fact, is_covered) in [
            (ObjectKind::Schema, &["audit"][..], &none, true),
            (ObjectKind::Schema, &["public"], &none, false),
            (ObjectKind::Relation, &["audit", "t"], &none, true),
            (ObjectKind::Relation, &["public", "audit"], &none, true),
            (ObjectKind::Column, &["public", "audit", "id"], &none, true),
            (ObjectKind::Column, &["public", "t", "audit"], &none, false),
            (ObjectKind::Relation, &["public", "tmp_"], &none, true),
            (ObjectKind::Column, &["public", "tmp_a", "id"], &none, true),
            (ObjectKind::Relation, &["public", "a_tmp_"], &none, false),
            (ObjectKind::Relation, &["ab", "x"], &none, true),
            (ObjectKind::Relation, &["abc", "x"], &none, false),
            (ObjectKind::Index, &["public", "i"], &index, true),
            (ObjectKind::Index, &["public", "i"], &none, false),
            (ObjectKind::Sequence, &["public", "s"], &sequence, true),
        ] {
            let key = Key::new(kind, parts);
            assert_eq!(ignored.covers(&key, fact), is_covered, "{key}");
        }
    }
}
