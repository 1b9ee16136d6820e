//! What PostgreSQL prints of objects: the attributes that hold expressions.

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    planner::parent_table,
    words::sql::{Piece, pieces},
};

/// The texts of one object, in the order of their attributes.
pub(crate) type Printed = Vec<Option<String>>;

/// The attributes that PostgreSQL prints from what it has read.
fn attributes(kind: ObjectKind) -> &'static [Attribute] {
    use Attribute as A;
    match kind {
        ObjectKind::Relation => &[A::Definition, A::PartitionBound, A::PartitionKey],
        ObjectKind::Column | ObjectKind::Domain => &[A::Default],
        ObjectKind::Constraint | ObjectKind::DomainConstraint | ObjectKind::Rule => {
            &[A::Definition]
        }
        ObjectKind::Index => &[A::Definition, A::Columns, A::Predicate],
        ObjectKind::Trigger => &[A::Definition, A::Condition],
        ObjectKind::Policy => &[A::Using, A::Check],
        ObjectKind::Statistics => &[A::Definition, A::Columns],
        ObjectKind::Routine => &[A::Definition, A::Arguments, A::Body],
        ObjectKind::PublicationTable => &[A::Condition],
        _ => &[],
    }
}

/// The texts of an object.
pub(crate) fn printed(kind: ObjectKind, fact: &Fact) -> Printed {
    let texts = attributes(kind).iter();
    texts.map(|it| fact.get(*it).map(str::to_owned)).collect()
}

/// Gives an object other texts.
pub(crate) fn set(fact: &mut Fact, kind: ObjectKind, texts: &Printed) {
    for (name, text) in attributes(kind).iter().zip(texts) {
        match text {
            Some(text) => fact.set(*name, text.clone()),
            None => fact.unset(*name),
        }
    }
}

/// Whether texts may mean the same: they have the same constants, which are printed as they were read, and one of them is more than one
/// token. Without the server, so that what is plainly another costs nothing.
pub(crate) fn may_be_alike(one: &Printed, other: &Printed) -> bool {
    let mut pairs = one.iter().zip(other);
    pairs.all(|pair| match pair {
        (Some(one), Some(other)) => {
            let is_plain = |it: &str| pieces(it).is_ok_and(|it| it.len() == 1);
            one == other
                || constants(one) == constants(other) && !(is_plain(one) && is_plain(other))
        }
        (one, other) => one == other,
    })
}

/// The string constants of a text, but numbers, whose sign is read as an operator or as part of them; dates and times may have been
/// another moment's.
fn constants(text: &str) -> Vec<&str> {
    let pieces = pieces(text).unwrap_or_default();
    let texts = pieces.iter().enumerate().filter_map(|(at, piece)| {
        let Piece::Text(text) = piece else {
            return None;
        };
        let is_number = text.trim_matches('\'').parse::<f64>().is_ok();
        (!is_number && kind_of_time(&pieces[at + 1..]).is_none()).then_some(*text)
    });
    texts.collect()
}

/// What a constant is cast to by the tokens that follow, where that is a type of dates or times.
pub(crate) fn kind_of_time<'p>(after: &'p [Piece<'_>]) -> Option<&'p str> {
    let is_colon = |it: &&Piece<'_>| matches!(it, Piece::Sign(sign) if sign.starts_with(':'));
    let colons = after.iter().take_while(is_colon).count();
    let Some(Piece::Word(word)) = after.get(colons).filter(|_| colons > 0) else {
        return None;
    };
    let is_one = matches!(word.as_str(), "timestamp" | "date" | "time");
    is_one.then_some(word.as_str())
}

/// What an object is made together with: the uppermost of the tables that its table is a part or a child of, and itself where it is in
/// none.
pub(crate) fn top(catalog: &Catalog, key: &Key) -> Key {
    let table = match key.kind() {
        ObjectKind::Index | ObjectKind::Statistics => {
            let fact = catalog.get(key);
            fact.and_then(|it| it.get(Attribute::Table)).unwrap_or_default()
        }
        ObjectKind::Relation | ObjectKind::Column | ObjectKind::Constraint => key.part(1),
        _ => return key.clone(),
    };
    let mut at = Key::new(ObjectKind::Relation, &[key.part(0), table]);
    // it may be a circle where somebody wrote into the system catalogs
    for _ in 0..100 {
        let mut parents = catalog.below(ObjectKind::Inheritance, &[at.part(0), at.part(1)]);
        let parent = parents.next().map(|(tie, _)| [tie.part(2), tie.part(3)]);
        let parent = parent.map(|it| Key::new(ObjectKind::Relation, &it));
        match parent.or_else(|| catalog.get(&at).and_then(parent_table)) {
            Some(parent) => at = parent,
            None => break,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(one: &str, other: &str, may_be: bool) {
        let texts = [one, other].map(|it| vec![Some(it.to_owned())]);
        assert_eq!(may_be_alike(&texts[0], &texts[1]), may_be, "{one} / {other}");
    }

    #[test]
    fn texts_with_the_same_constants_may_mean_the_same() {
        check(
            "(a)::text = ANY ((ARRAY['x'::character varying])::text[])",
            "(a)::text = ANY (ARRAY[('x'::character varying)::text])",
            true,
        );
        check("(- 1)", "'-1'::integer", true);
        check("'2026-01-01'::date", "'2025-01-01'::date", true);
        check("'x'::text", "'y'::text", false);
        check("'x'::text", "a", false);
        check("1", "2", false);
        check("1", "1", true);
        check("$$ SELECT 1 $$", "$$ SELECT 2 $$", false);
    }
}
