//! What a source of a catalog can speak about.

use std::collections::BTreeSet;

use crate::catalog::ObjectKind;

/// What stands beside the objects of a catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Comments on the objects that are covered.
    Comments,
    /// Which objects belong to an extension.
    Extensions,
    /// Who needs whom.
    Dependencies,
    /// That objects that are not read are named.
    Unread,
}

/// The kinds and aspects that a catalog's source can speak about.
///
/// It travels with the catalog: what one of two sources does not cover cannot differ between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    kinds: BTreeSet<ObjectKind>,
    aspects: BTreeSet<Aspect>,
}

impl Coverage {
    /// Everything that a server can tell.
    #[must_use]
    pub fn all() -> Self {
        Self {
            kinds: ObjectKind::ALL.iter().copied().collect(),
            aspects: [Aspect::Comments, Aspect::Extensions, Aspect::Dependencies, Aspect::Unread]
                .into(),
        }
    }

    /// Objects of some kinds, without what stands beside them.
    #[must_use]
    pub fn of(kinds: impl IntoIterator<Item = ObjectKind>) -> Self {
        Self { kinds: kinds.into_iter().collect(), aspects: BTreeSet::new() }
    }

    /// What schema.rs is printed from: relations, columns, keys and comments.
    #[must_use]
    pub fn printing() -> Self {
        Self {
            kinds: [ObjectKind::Relation, ObjectKind::Column, ObjectKind::Constraint].into(),
            aspects: [Aspect::Comments].into(),
        }
    }

    /// Whether objects of a kind are covered.
    #[must_use]
    pub fn has(&self, kind: ObjectKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether an aspect is covered.
    #[must_use]
    pub fn tells(&self, aspect: Aspect) -> bool {
        self.aspects.contains(&aspect)
    }
}
