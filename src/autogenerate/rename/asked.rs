//! Renames that were asked for: what each flag means, in the light of the others.

use crate::{
    autogenerate::rename::{
        Renames,
        flag::Flag,
        object::{Thing, What, Words},
        order,
        places::{Places, Rename},
    },
    catalog::{Attribute, Catalog, ObjectKind},
    job::failure::{RenameError, RenameFault},
};

/// Renames that go together.
#[derive(Debug, Clone, Default)]
pub(in crate::autogenerate) struct Asked {
    renames: Vec<Rename>,
    steps: Vec<order::Step>,
}

/// What a flag without a schema is about.
const PUBLIC: &str = "public";

impl Asked {
    /// Resolves flags against each other and what is there. What is wanted tells which of several readings of a flag is right,
    /// where it is known beforehand.
    pub(in crate::autogenerate) fn resolve(
        flags: &[String],
        before: &Catalog,
        truth: Option<&Catalog>,
    ) -> Result<Self, RenameError> {
        let mut read = Vec::new();
        for text in flags {
            let flag = Flag::read(text);
            read.push(flag.ok_or_else(|| RenameError::new(text, RenameFault::Unread))?);
        }
        let mut readings: Vec<Readings> = read.iter().map(|_| Readings::default()).collect();
        let mut places = Places::default();
        // from the outside to the inside: each is named by its old or its new name in the next
        for read_one in [schemas, in_schemas, parts] {
            let mut found = Vec::new();
            for (flag, of_flag) in read.iter().zip(&mut readings) {
                let begin = of_flag.all.len();
                read_one(flag, &places, before, of_flag);
                found.extend(of_flag.all[begin..].iter().cloned());
            }
            let pairs = found.into_iter().map(|(old, new)| (old.path, new.path));
            places.renamed.extend(pairs);
        }
        let mut renames = Vec::new();
        for (text, readings) in flags.iter().zip(readings) {
            let chosen = readings.choose(truth, before);
            let (old, new) = chosen.map_err(|why| RenameError::new(text, why))?;
            renames.push(Rename { flag: text.clone(), words: Words::of(&old, before), old, new });
        }
        for (index, one) in renames.iter().enumerate() {
            one.fits(&renames[..index])?;
        }
        let steps = order::steps(&renames, before)?;
        Ok(Self { renames, steps })
    }

    /// Whether what is wanted has everything by its new name and nothing by its old one, and would not drop it after all.
    pub(in crate::autogenerate) fn check(
        &self,
        from: &Catalog,
        to: &Catalog,
    ) -> Result<(), RenameError> {
        let places = Places::of(&self.renames);
        for Rename { flag, old, new, .. } in &self.renames {
            let refuse = |why| Err(RenameError::new(flag, why));
            let (thing, fact) = (new.to_string(), new.fact(from));
            if !new.is_in(to) {
                let others = Thing::at(to, &new.path);
                let other = others.iter().find(|it| it.namespace() == new.namespace());
                return refuse(match other.and_then(kind) {
                    Some(other) => {
                        RenameFault::Another { thing, other: format!("a {}", other.label()) }
                    }
                    None => RenameFault::Absent { thing },
                });
            }
            let relation = |fact: Option<&crate::catalog::Fact>| {
                fact.and_then(|it| it.get(Attribute::Kind)).map(str::to_owned)
            };
            let wanted = new.fact(to);
            if let (Some(ObjectKind::Relation), Some(other)) = (kind(new), relation(wanted))
                && relation(fact).is_some_and(|it| it != other)
            {
                let other = format!("a {other}");
                return refuse(RenameFault::Another { thing, other });
            }
            let is_generated = |fact: Option<&crate::catalog::Fact>| {
                kind(new) == Some(ObjectKind::Column)
                    && fact.is_some_and(|it| it.is(Attribute::Generated))
            };
            if is_generated(wanted) && !is_generated(fact) {
                let other = "a generated column".to_owned();
                return refuse(RenameFault::Another { thing, other });
            }
            let stays = old.moved_to(places.now(&old.path));
            let is_same = stays.fact(to).map(|it| relation(Some(it))) == Some(relation(fact));
            let is_another = || {
                let mut all = self.renames.iter();
                all.any(|it| it.new == stays)
            };
            if stays.is_in(to) && is_same && !is_another() {
                let thing = stays.to_string();
                return refuse(RenameFault::StillThere { thing });
            }
        }
        Ok(())
    }

    /// The statements, each with its flag.
    pub(in crate::autogenerate) fn statements(&self) -> Renames {
        Renames {
            flags: self.steps.iter().map(|it| it.flag.clone()).collect(),
            ..Renames::of(&self.steps)
        }
    }

    /// Tables with their schemas, and columns, by the names that they had: what is given another name or place.
    pub(in crate::autogenerate) fn tables(&self) -> impl Iterator<Item = (&[String], String)> {
        let is_one = |it: &&Rename| {
            let kinds = [ObjectKind::Schema, ObjectKind::Relation, ObjectKind::Column];
            kind(&it.old).is_some_and(|it| kinds.contains(&it))
        };
        let all = self.renames.iter().filter(is_one);
        all.map(|it| (it.old.path.as_slice(), it.new.to_string()))
    }
}

fn kind(thing: &Thing) -> Option<ObjectKind> {
    match thing.what {
        What::Object(kind) => Some(kind),
        What::Value => None,
    }
}

impl Rename {
    /// Whether it goes together with others.
    fn fits(&self, others: &[Self]) -> Result<(), RenameError> {
        let refuse = |why| Err(RenameError::new(&self.flag, why));
        if self.old.path == self.new.path {
            let thing = self.old.to_string();
            return refuse(RenameFault::Same { thing });
        }
        for other in others {
            let one_name =
                self.new.path == other.new.path && self.new.namespace() == other.new.namespace();
            let thing = match (self.old == other.old, one_name) {
                (true, _) => &self.old,
                (false, true) => &self.new,
                (false, false) => continue,
            };
            return refuse(RenameFault::Twice {
                thing: thing.to_string(),
                other: other.flag.clone(),
            });
        }
        Ok(())
    }
}

/// What a flag may mean: old and new, what is asked for most often first.
#[derive(Debug, Default)]
struct Readings {
    all: Vec<(Thing, Thing)>,
    /// What is wrong with others.
    fault: Option<RenameFault>,
}

impl Readings {
    fn choose(
        self,
        truth: Option<&Catalog>,
        before: &Catalog,
    ) -> Result<(Thing, Thing), RenameFault> {
        let score = |(old, new): &(Thing, Thing)| match truth {
            Some(truth) => (new.is_in(truth), !old.is_in(truth)),
            None => (false, false),
        };
        // tables before their parts, and schemas last
        let rank = |(old, _): &(Thing, Thing)| match old.path.len() {
            2 => 2,
            3 => 1,
            _ => 0,
        };
        let order = |it: &(Thing, Thing)| (score(it), rank(it));
        let Some(best) = self.all.iter().map(order).max() else {
            return Err(self.fault.unwrap_or(RenameFault::NothingThere));
        };
        let mut left = self.all.into_iter().filter(|it| order(it) == best);
        let (Some(first), rest) = (left.next(), left) else {
            return Err(RenameFault::NothingThere);
        };
        let mut things: Vec<String> = rest.map(|it| it.0.to_string()).collect();
        if things.is_empty() && first.0.count(before) == 1 {
            return Ok(first);
        }
        things.insert(0, first.0.to_string());
        Err(RenameFault::Several { things })
    }
}

fn schemas(flag: &Flag, _: &Places, before: &Catalog, to: &mut Readings) {
    if let ([_], [_]) = (flag.old.as_slice(), flag.new.as_slice()) {
        let all = Thing::at(before, &flag.old).into_iter();
        to.all.extend(all.map(|it| (it.clone(), it.moved_to(flag.new.clone()))));
    }
}

fn in_schemas(flag: &Flag, places: &Places, before: &Catalog, to: &mut Readings) {
    let path = match flag.old.as_slice() {
        [name] => vec![PUBLIC.to_owned(), name.clone()],
        [_, _] => flag.old.clone(),
        _ => return,
    };
    for old in places.before(&path) {
        for thing in Thing::at(before, &old) {
            let here = places.now(&old);
            let new = match flag.new.as_slice() {
                [name] => vec![here[0].clone(), name.clone()],
                [schema, name] => {
                    let is_new = places.renamed.iter().any(|it| it.1 == [schema.clone()]);
                    let schema = match is_new {
                        true => schema.clone(),
                        false => places.after(std::slice::from_ref(schema)).swap_remove(0),
                    };
                    vec![schema, name.clone()]
                }
                _ => continue,
            };
            if kind(&thing) == Some(ObjectKind::Index) && new[0] != here[0] {
                to.fault = Some(RenameFault::Elsewhere {
                    thing: thing.to_string(),
                    whole: "the schema of its table".to_owned(),
                });
                continue;
            }
            to.all.push((thing.clone(), thing.moved_to(new)));
        }
    }
}

fn parts(flag: &Flag, places: &Places, before: &Catalog, to: &mut Readings) {
    let joined = |names: &[String]| names.join(".");
    let mut paths = Vec::new();
    // the name of a part may hold dots
    if let [of, rest @ ..] = flag.old.as_slice()
        && !rest.is_empty()
    {
        paths.push(vec![PUBLIC.to_owned(), of.clone(), joined(rest)]);
    }
    if let [schema, of, rest @ ..] = flag.old.as_slice()
        && !rest.is_empty()
    {
        paths.push(vec![schema.clone(), of.clone(), joined(rest)]);
    }
    for path in paths {
        for around in places.before(&path[..2]) {
            let mut old = around.clone();
            old.push(path[2].clone());
            for thing in Thing::at(before, &old) {
                let mut new = places.after(&around);
                match inside(flag, &thing, &around, &new) {
                    Some(name) => new.push(name),
                    None => {
                        to.fault = Some(RenameFault::Elsewhere {
                            thing: thing.to_string(),
                            whole: joined(&around),
                        });
                        continue;
                    }
                }
                to.all.push((thing.clone(), thing.moved_to(new)));
            }
        }
    }
}

/// The new name of a part, if what stands before it is what it is in.
fn inside(flag: &Flag, thing: &Thing, before: &[String], after: &[String]) -> Option<String> {
    let (name, around) = flag.new.split_last()?;
    let is_around = match around {
        [] => true,
        [of] => *of == before[1] || *of == after[1],
        _ => around == before || around == after,
    };
    match thing.what {
        What::Value if around.is_empty() || !is_around => Some(flag.whole.clone()),
        _ => is_around.then(|| name.clone()),
    }
}
