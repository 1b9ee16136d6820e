//! A key that becomes another one of the same name: the new index is built before the old one goes, and one statement exchanges them.

use super::{designation, key::timing, kind, on_table};
use crate::{
    catalog::{Attribute, ConstraintKind, Key, ObjectKind},
    ddl::rules::{Change, Object, Statement},
    tables::index::{self, exchange::index_of, text, ties},
    words::ident::{Ident, Literal},
};

/// Builds the new index beside the old one, and exchanges them.
pub(super) fn exchange(change: &Change<'_>) -> Vec<Statement> {
    let to = &change.to;
    let (Some(old), Some(new)) = (index_of(&change.from), index_of(to)) else {
        return Vec::new();
    };
    let beside = ties::beside(&Change { from: old, to: new });
    let key = Key::new(ObjectKind::Index, &[to.key.part(0), &beside]);
    let built = Object { key: &key, ..new };
    let built = index::concurrently(&built);
    let what = match kind(to) {
        ConstraintKind::PrimaryKey => "PRIMARY KEY",
        _ => "UNIQUE",
    };
    let (name, beside, when) = (Ident(to.key.name()), Ident(&beside), timing(to));
    let exchanged = on_table(
        to,
        format!("DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {what} USING INDEX {beside}{when}"),
    );
    let mut all = vec![built, exchanged];
    // what was said of the old one is true of the new one
    let said = |object: &Object<'_>, before: &Object<'_>, words: Option<String>| {
        let text = object
            .get(Attribute::Comment)
            .filter(|it| before.get(Attribute::Comment) == Some(*it))?;
        Some(Statement::new(format!("COMMENT ON {} IS {}", words?, Literal(text))))
    };
    all.extend(said(to, &change.from, designation(to)));
    all.extend(said(&new, &old, Some(text::Designation(new.key).to_string())));
    all.extend(index::finish(&new));
    all
}
