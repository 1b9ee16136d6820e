//! What may have been renamed: asked for, and never guessed.
//!
//! From the outside to the inside: schemas, what is in them, and the parts of what is on both sides, be it under another name.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    autogenerate::rename::{is_taken, written},
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
};

/// What went and came, and looks alike: as `old=new`, what is most alike first. Parts are named by the old names of what they are in.
pub(super) fn candidates(from: &Catalog, to: &Catalog) -> Vec<String> {
    let mut all = Candidates {
        sides: [Side::of(from), Side::of(to)],
        schemas: BTreeMap::new(),
        alike: BTreeSet::new(),
    };
    let schemas = all.schemas();
    let types = [ObjectKind::Enum, ObjectKind::Domain, ObjectKind::Range, ObjectKind::Composite];
    let types = types.map(|kind| all.wholes(kind));
    let relations = all.wholes(ObjectKind::Relation);
    let sequences = all.wholes(ObjectKind::Sequence);
    let wholes = [relations].into_iter().chain(types).chain([sequences]);
    let (mut flags, mut pairs) = (schemas, Vec::new());
    for found in wholes {
        flags.extend(found.flags);
        pairs.extend(found.pairs);
    }
    for part in [ObjectKind::Column, ObjectKind::CompositeAttribute] {
        pairs.extend(all.unrenamed(part));
    }
    let enums = from.of_kind(ObjectKind::Enum);
    let enums = enums.filter(|(key, _)| to.get(key).is_some());
    pairs.extend(enums.map(|(key, _)| (key.clone(), key.clone())));
    for (old, new) in &pairs {
        flags.extend(all.parts(old, new));
    }
    flags
}

/// Two catalogs, and what is the same in them under another name.
struct Candidates<'c> {
    sides: [Side<'c>; 2],
    /// Schemas that may have been renamed, each to the one that is most alike.
    schemas: BTreeMap<String, String>,
    /// Types that may be the same.
    alike: BTreeSet<(Key, Key)>,
}

struct Side<'c> {
    catalog: &'c Catalog,
    /// Columns that own a sequence: their default is its next value.
    serial: BTreeSet<Vec<String>>,
}

impl<'c> Side<'c> {
    fn of(catalog: &'c Catalog) -> Self {
        let sequences = catalog.of_kind(ObjectKind::Sequence);
        let owners = sequences.map(|(_, fact)| fact.list(Attribute::OwnedBy));
        Self { catalog, serial: owners.filter(|it| !it.is_empty()).collect() }
    }
}

/// What may be the same of one kind.
struct Wholes {
    flags: Vec<String>,
    /// Each with what is most alike.
    pairs: Pairs,
}

/// Old and new.
type Pairs = Vec<(Key, Key)>;

/// How much two things are alike: of a thousand.
type Likeness = usize;

impl<'c> Candidates<'c> {
    fn from(&self) -> &'c Catalog {
        self.sides[0].catalog
    }

    fn to(&self) -> &'c Catalog {
        self.sides[1].catalog
    }

    fn schemas(&mut self) -> Vec<String> {
        let names = |catalog: &'c Catalog, schema: &Key| -> BTreeSet<(ObjectKind, &'c str)> {
            let kinds =
                [ObjectKind::Relation, ObjectKind::Enum, ObjectKind::Domain, ObjectKind::Routine];
            let all = kinds.iter().flat_map(|kind| {
                let all = catalog.below(*kind, &[schema.name()]);
                all.map(|(key, _)| (key.kind(), key.part(1)))
            });
            all.collect()
        };
        let (gone, new) = self.only(ObjectKind::Schema);
        let likeness = |old: &Key, new: &Key| {
            let (was, is) = (names(self.from(), old), names(self.to(), new));
            let common = was.intersection(&is).count();
            let most = was.len().max(is.len());
            (common > 0 && common * 2 >= most).then(|| common * 1000 / most)
        };
        let (first, others) = ranked(&gone, &new, likeness);
        let pair = |(old, new): &(Key, Key)| (old.name().to_owned(), new.name().to_owned());
        self.schemas = first.iter().map(pair).collect();
        let all = first.iter().chain(&others);
        all.map(|(old, new)| written(&[old.name()], &[new.name()])).collect()
    }

    /// The objects of a kind that only one of two catalogs has.
    fn only(&self, kind: ObjectKind) -> (Vec<&'c Key>, Vec<&'c Key>) {
        let only = |one: &'c Catalog, other: &'c Catalog| {
            let all = one.of_kind(kind).map(|(key, _)| key);
            all.filter(|key| other.get(key).is_none()).collect()
        };
        (only(self.from(), self.to()), only(self.to(), self.from()))
    }

    /// The schema that another one may have become.
    fn schema<'s>(&'s self, old: &'s str) -> &'s str {
        self.schemas.get(old).map_or(old, String::as_str)
    }

    /// Objects of one kind that stand in a schema.
    fn wholes(&mut self, kind: ObjectKind) -> Wholes {
        let (mut gone, mut new) = self.only(kind);
        // what goes along with its schema
        let mut along = Vec::new();
        gone.retain(|old| {
            let now = Key::new(kind, &[self.schema(old.part(0)), old.part(1)]);
            let stays = new.iter().any(|it| **it == now);
            if stays {
                along.push(((*old).clone(), now));
            }
            !stays
        });
        new.retain(|new| !along.iter().any(|it| it.1 == **new));
        let likeness = |old: &Key, new: &Key| {
            let is_free = !is_taken(self.from(), new.part(0), new.part(1));
            let likeness = self.likeness(old, new).filter(|_| is_free)?;
            let stays = self.schema(old.part(0)) == new.part(0);
            match (stays, old.part(1) == new.part(1)) {
                // neither the name nor the schema speaks for it
                (false, false) if likeness < 750 => None,
                (stays, same_name) => {
                    Some(likeness + 100 * usize::from(same_name) + 50 * usize::from(stays))
                }
            }
        };
        let (first, others) = ranked(&gone, &new, likeness);
        let flag = |(old, new): &(Key, Key)| {
            let places = [new.part(0), new.part(1)];
            let stays = self.schema(old.part(0)) == new.part(0);
            let places = &places[usize::from(stays)..];
            written(&[old.part(0), old.part(1)], places)
        };
        let flags = first.iter().chain(&others).map(flag).collect();
        let pairs: Pairs = along.into_iter().chain(first).collect();
        self.alike.extend(pairs.iter().chain(&others).cloned());
        Wholes { flags, pairs }
    }

    fn likeness(&self, old: &Key, new: &Key) -> Option<Likeness> {
        let (was, is) = (self.from().get(old)?, self.to().get(new)?);
        match old.kind() {
            ObjectKind::Enum => {
                let (was, is) = (was.list(Attribute::Labels), is.list(Attribute::Labels));
                let common = was.iter().filter(|it| is.contains(it)).count();
                let is_near = was.len() == is.len() && common * 2 >= was.len();
                let is_one = was == is;
                (is_one || common > 0 && is_near).then(|| match is_one {
                    true => 1000,
                    false => common * 999 / was.len(),
                })
            }
            ObjectKind::Relation => {
                let same = [Attribute::Kind, Attribute::PartitionBound];
                let is_one = same.iter().all(|it| was.get(*it) == is.get(*it));
                self.shapes(ObjectKind::Column, old, new).filter(|_| is_one)
            }
            ObjectKind::Composite => self.shapes(ObjectKind::CompositeAttribute, old, new),
            ObjectKind::Sequence => {
                let is_alone =
                    |it: &Fact| !it.is(Attribute::OwnedBy) && !it.is(Attribute::IdentityOf);
                let is_near = old.part(1) == new.part(1) || old.part(0) == new.part(0);
                let is_one = is_alone(was) && is_alone(is) && attributes(was) == attributes(is);
                (is_one && is_near).then_some(1000)
            }
            _ => (attributes(was) == attributes(is)).then_some(1000),
        }
    }

    /// How much two are alike in their columns: most have one name and one type; of the others, the types are the same.
    fn shapes(&self, parts: ObjectKind, old: &Key, new: &Key) -> Option<Likeness> {
        let of = |catalog: &'c Catalog, key: &Key| -> Vec<(&'c Key, &'c Fact)> {
            catalog.below(parts, &[key.part(0), key.part(1)]).collect()
        };
        let (mut was, mut is) = (of(self.from(), old), of(self.to(), new));
        let most = was.len().max(is.len());
        let mut take = |is_same: &dyn Fn(&Key, &Key) -> bool| {
            let mut count = 0;
            was.retain(|(old, was)| {
                let same = |it: &(&Key, &Fact)| is_same(old, it.0) && self.same_type(was, it.1);
                let found = is.iter().position(same);
                if let Some(index) = found {
                    is.remove(index);
                    count += 1;
                }
                found.is_none()
            });
            count
        };
        let common: usize = take(&|old, new| old.name() == new.name());
        let others: usize = take(&|_, _| true);
        let is_near = common * 2 >= most && (common + others) * 4 >= most * 3;
        (common > 0 && is_near).then(|| (common * 1000 + others * 500) / most)
    }

    /// Whether a type is the same, or one that may be the same under another name.
    fn same_type(&self, was: &Fact, is: &Fact) -> bool {
        let of = |fact: &Fact, names: [Attribute; 2]| {
            let [schema, name] = names.map(|it| fact.get(it));
            Some([schema?.to_owned(), name?.to_owned()])
        };
        let named = [
            [Attribute::ElementSchema, Attribute::ElementName],
            [Attribute::TypeSchema, Attribute::TypeName],
        ];
        was.get(Attribute::Type) == is.get(Attribute::Type)
            || named.iter().any(|names| {
                let (Some(was), Some(is)) = (of(was, *names), of(is, *names)) else {
                    return false;
                };
                self.alike.iter().any(|(old, new)| {
                    let is_it =
                        |key: &Key, it: &[String; 2]| key.part(0) == it[0] && key.part(1) == it[1];
                    is_it(old, &was) && is_it(new, &is)
                })
            })
    }

    /// Those that have a part that only one of two catalogs has, and are themselves in both.
    fn unrenamed(&self, parts: ObjectKind) -> BTreeSet<(Key, Key)> {
        let whole = match parts {
            ObjectKind::Column => ObjectKind::Relation,
            _ => ObjectKind::Composite,
        };
        let (gone, _) = self.only(parts);
        let all = gone.iter().map(|it| Key::new(whole, &[it.part(0), it.part(1)]));
        let both = all.filter(|it| self.from().get(it).is_some() && self.to().get(it).is_some());
        both.map(|it| (it.clone(), it)).collect()
    }

    /// The parts of something that may have been renamed in it.
    fn parts(&self, old: &Key, new: &Key) -> Vec<String> {
        let pairs: Vec<(String, String)> = match old.kind() {
            ObjectKind::Enum => self.labels(old, new),
            ObjectKind::Relation => self.columns(ObjectKind::Column, old, new),
            ObjectKind::Composite => self.columns(ObjectKind::CompositeAttribute, old, new),
            _ => Vec::new(),
        };
        let flag = |(was, is): (String, String)| written(&[old.part(0), old.part(1), &was], &[&is]);
        pairs.into_iter().map(flag).collect()
    }

    fn columns(&self, kind: ObjectKind, old: &Key, new: &Key) -> Vec<(String, String)> {
        // nothing is lost with those of a view
        let is_table = |catalog: &Catalog, key: &Key| {
            let kind = catalog.relation_kind(key);
            kind.is_none_or(|it| !it.is_view())
        };
        if !is_table(self.from(), old) || !is_table(self.to(), new) {
            return Vec::new();
        }
        // what is inherited follows
        let own = |fact: &Fact| !fact.is(Attribute::InheritCount) && !fact.is(Attribute::Generated);
        let only = |one: &'c Catalog, key: &Key, other: &'c Catalog, there: &Key| {
            let all = one.below(kind, &[key.part(0), key.part(1)]);
            let all = all.filter(|(key, fact)| {
                let same = Key::new(kind, &[there.part(0), there.part(1), key.name()]);
                other.get(&same).is_none() && own(fact)
            });
            let mut all: Vec<(usize, &'c Key, &'c Fact)> = all
                .map(|(key, fact)| {
                    let position = fact.get(Attribute::Position).and_then(|it| it.parse().ok());
                    (position.unwrap_or_default(), key, fact)
                })
                .collect();
            all.sort_unstable_by_key(|it| it.0);
            all
        };
        let mut found = Vec::new();
        let news = only(self.to(), new, self.from(), old);
        for (position, old, was) in only(self.from(), old, self.to(), new) {
            let mut near: Vec<_> = news.iter().collect();
            near.sort_by_key(|it| it.0.abs_diff(position));
            let alike = near.iter().filter(|(_, new, is)| {
                [Attribute::NotNull, Attribute::Identity].iter().all(|it| was.is(*it) == is.is(*it))
                    && self.same_type(was, is)
                    && self.same_default((old, was), (new, is))
            });
            found.extend(alike.map(|it| (old.name().to_owned(), it.1.name().to_owned())));
        }
        found
    }

    fn same_default(&self, (old, was): (&Key, &Fact), (new, is): (&Key, &Fact)) -> bool {
        let is_serial = |side: &Side<'_>, key: &Key| {
            let place: Vec<String> = key.parts().map(str::to_owned).collect();
            side.serial.contains(&place)
        };
        let both = [was, is].map(|it| it.get(Attribute::Default));
        let names_its_type = was.get(Attribute::Type) != is.get(Attribute::Type);
        both[0] == both[1]
            || names_its_type && both.iter().all(Option::is_some)
            || is_serial(&self.sides[0], old) && is_serial(&self.sides[1], new)
    }

    /// Values of enum types that stand in the place of others.
    fn labels(&self, old: &Key, new: &Key) -> Vec<(String, String)> {
        let labels = |catalog: &Catalog, key: &Key| {
            catalog.get(key).map(|it| it.list(Attribute::Labels)).unwrap_or_default()
        };
        let (was, is) = (labels(self.from(), old), labels(self.to(), new));
        if was.len() != is.len() {
            return Vec::new();
        }
        let pairs = was.iter().zip(&is);
        let another = pairs.filter(|(old, new)| !is.contains(old) && !was.contains(new));
        another.map(|(old, new)| (old.clone(), new.clone())).collect()
    }
}

/// What a type or a sequence is, but for what follows from its name.
fn attributes(fact: &Fact) -> Vec<(Attribute, String)> {
    let own = [Attribute::Multirange, Attribute::Constructor, Attribute::Comment];
    let all = fact.iter().filter(|(name, _)| !own.contains(name));
    all.map(|(name, value)| (name, value.to_owned())).collect()
}

/// All pairs that are alike: each with what is most alike and not yet taken, and the others.
fn ranked(
    gone: &[&Key],
    new: &[&Key],
    likeness: impl Fn(&Key, &Key) -> Option<Likeness>,
) -> (Pairs, Pairs) {
    let mut all = Vec::new();
    for old in gone {
        let alike = new.iter().filter_map(|new| Some((likeness(old, new)?, *old, *new)));
        all.extend(alike);
    }
    all.sort_by_key(|it| std::cmp::Reverse(it.0));
    let (mut olds, mut news) = (BTreeSet::new(), BTreeSet::new());
    let (first, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, old, new)| {
        let is_open = !olds.contains(old) && !news.contains(new);
        if is_open {
            olds.insert(*old);
            news.insert(*new);
        }
        is_open
    });
    let keys = |all: Vec<(Likeness, &Key, &Key)>| {
        let mut all: Pairs =
            all.into_iter().map(|(_, old, new)| (old.clone(), new.clone())).collect();
        all.sort();
        all
    };
    (keys(first), keys(others))
}
