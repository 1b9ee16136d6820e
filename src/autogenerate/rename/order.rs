//! The order in which renames can run, so that each name is free when it is taken; circles go through a name that nobody has.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    autogenerate::rename::{
        object::{Thing, What, Words},
        places::{Places, Rename},
    },
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    job::failure::{RenameError, RenameFault},
    words::ident::Ident,
};

/// A statement, and the one that takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) up: String,
    pub(super) down: String,
    /// What it is for.
    pub(super) flag: String,
}

/// The statements of all renames: schemas, then what is in them, then its parts.
pub(super) fn steps(renames: &[Rename], before: &Catalog) -> Result<Vec<Step>, RenameError> {
    let places = Places::of(renames);
    let mut steps = Vec::new();
    for depth in 1..=3 {
        let of_depth = renames.iter().filter(|it| it.old.path.len() == depth);
        let open = of_depth.map(|it| Move {
            thing: it.old.moved_to(places.now(&it.old.path)),
            goal: it.new.path.clone(),
            flag: &it.flag,
            words: it.words,
            was_between: false,
            along: going_along(&it.old, before)
                .into_iter()
                .map(|it| it.moved_to(places.now(&it.path)))
                .collect(),
            put_aside: Vec::new(),
        });
        let mut open: Vec<Move<'_>> = open.filter(|it| it.thing.path != it.goal).collect();
        if open.is_empty() {
            continue;
        }
        let mut names = Names::of(renames, &places, before, depth);
        if depth == 2 {
            steps.extend(new_schemas(&open, &places, before));
        }
        names.refuse(&open)?;
        let mut done = Vec::new();
        while !open.is_empty() {
            let ready = open.iter().position(|it| names.is_free_for(it));
            let Some(index) = ready else {
                let stuck = open.iter_mut().find(|it| !it.was_between);
                let stuck = stuck.expect("what was between two names has a free way");
                stuck.was_between = true;
                let spare = names.spare();
                names.rename(stuck, &spare, &mut steps);
                continue;
            };
            let mut ready = open.remove(index);
            names.run(&mut ready, &mut steps);
            done.push(ready);
        }
        for one in &mut done {
            names.name_again(one, &mut steps);
        }
    }
    Ok(steps)
}

/// Something on its way.
struct Move<'r> {
    /// It, where it is now.
    thing: Thing,
    goal: Vec<String>,
    flag: &'r str,
    words: Words,
    was_between: bool,
    /// The indexes and sequences that go with it into another schema.
    along: Vec<Thing>,
    /// Those among them that have another name meanwhile, and the name that they had.
    put_aside: Vec<(usize, String)>,
}

/// The indexes of a table, and the sequences of its columns.
fn going_along(thing: &Thing, before: &Catalog) -> Vec<Thing> {
    let What::Object(ObjectKind::Relation) = thing.what else { return Vec::new() };
    let is_of_it = |key: &Key, fact: &Fact| {
        let column = [Attribute::OwnedBy, Attribute::IdentityOf].map(|it| fact.list(it));
        let table = column.iter().find_map(|it| it.get(..2));
        match key.kind() {
            ObjectKind::Index => {
                fact.get(Attribute::Table) == Some(thing.name()) && key.part(0) == thing.path[0]
            }
            _ => table == Some(thing.path.as_slice()),
        }
    };
    let all = before.of_kind(ObjectKind::Index).chain(before.of_kind(ObjectKind::Sequence));
    let all = all.filter(|(key, fact)| is_of_it(key, fact));
    all.map(|(key, _)| Thing {
        what: What::Object(key.kind()),
        path: key.parts().map(str::to_owned).collect(),
    })
    .collect()
}

/// Schemas that are not there yet.
fn new_schemas<'o>(
    open: &'o [Move<'_>],
    places: &Places,
    before: &Catalog,
) -> impl Iterator<Item = Step> + use<'o> {
    let all = before.of_kind(ObjectKind::Schema);
    let mut there: BTreeSet<String> =
        all.map(|(key, _)| places.after(&[key.name().to_owned()]).swap_remove(0)).collect();
    let moved = open.iter().filter(|it| it.goal[0] != it.thing.path[0]);
    moved.filter_map(move |it| {
        let schema = it.goal[0].clone();
        there.insert(schema.clone()).then(|| Step {
            up: format!("CREATE SCHEMA {}", Ident(&schema)),
            down: format!("DROP SCHEMA {}", Ident(&schema)),
            flag: it.flag.to_owned(),
        })
    })
}

/// Who has which name.
struct Names(BTreeMap<(What, Vec<String>), Thing>);

impl Names {
    /// The names that are taken around what is renamed, once everything around it is.
    fn of(renames: &[Rename], places: &Places, before: &Catalog, depth: usize) -> Self {
        let mut all = BTreeMap::new();
        let mut add = |old: Thing| {
            let now = old.moved_to(places.now(&old.path));
            all.insert((now.namespace(), now.path.clone()), now);
        };
        if depth < 3 {
            Thing::all(before, depth).for_each(add);
        } else {
            let of_parts = renames.iter().filter(|it| it.old.path.len() == depth);
            let around: BTreeSet<(What, &[String])> =
                of_parts.map(|it| (it.old.what, it.old.around())).collect();
            for (what, around) in around {
                let parts = Thing::inside(before, what, around).into_iter();
                parts.for_each(&mut add);
            }
        }
        Self(all)
    }

    /// A name that something has that does not go is not free.
    fn refuse(&self, open: &[Move<'_>]) -> Result<(), RenameError> {
        for one in open {
            let Some(there) = self.0.get(&(one.thing.namespace(), one.goal.clone())) else {
                continue;
            };
            if !open.iter().any(|it| it.thing == *there) {
                let thing = there.to_string();
                return Err(RenameError::new(one.flag, RenameFault::Taken { thing }));
            }
        }
        Ok(())
    }

    fn is_free(&self, thing: &Thing, path: &[String]) -> bool {
        !self.0.contains_key(&(thing.namespace(), path.to_vec()))
    }

    /// Whether something can go where it is to be, in one statement or in two.
    fn is_free_for(&self, one: &Move<'_>) -> bool {
        let mut ways = [false, true].into_iter();
        self.is_free(&one.thing, &one.goal) && ways.any(|first| self.is_open(one, first))
    }

    /// Whether what is between the two statements is free, the new name or the new schema being first.
    fn is_open(&self, one: &Move<'_>, name_first: bool) -> bool {
        let (here, goal) = (&one.thing.path, &one.goal);
        if here.len() != 2 || here[0] == goal[0] || here[1] == goal[1] {
            return true;
        }
        let between = match name_first {
            true => [here[0].clone(), goal[1].clone()],
            false => [goal[0].clone(), here[1].clone()],
        };
        self.is_free(&one.thing, &between)
    }

    fn run(&mut self, one: &mut Move<'_>, steps: &mut Vec<Step>) {
        let goal = one.goal.clone();
        let name = goal.last().expect("a place has a name");
        let is_elsewhere = one.thing.path.len() == 2 && one.thing.path[0] != goal[0];
        let name_first = !self.is_open(one, false);
        if name_first && one.thing.name() != name {
            self.rename(one, name, steps);
        }
        if is_elsewhere {
            self.put_into(one, &goal[0], steps);
        }
        if one.thing.name() != name {
            self.rename(one, name, steps);
        }
    }

    fn rename(&mut self, one: &mut Move<'_>, to: &str, steps: &mut Vec<Step>) {
        let mut path = one.thing.around().to_vec();
        path.push(to.to_owned());
        let now = one.thing.moved_to(path);
        steps.push(Step {
            up: one.thing.renamed(&one.words, to),
            down: now.renamed(&one.words, one.thing.name()),
            flag: one.flag.to_owned(),
        });
        self.go(one, now);
    }

    fn put_into(&mut self, one: &mut Move<'_>, schema: &str, steps: &mut Vec<Step>) {
        for index in 0..one.along.len() {
            let name = one.along[index].name().clone();
            if !self.is_free(&one.along[index], &[schema.to_owned(), name.clone()]) {
                let spare = self.spare();
                self.rename_along(one, index, &spare, steps);
                one.put_aside.push((index, name));
            }
        }
        let now = one.thing.moved_to(vec![schema.to_owned(), one.thing.name().clone()]);
        steps.push(Step {
            up: one.thing.put_into(&one.words, schema),
            down: now.put_into(&one.words, &one.thing.path[0]),
            flag: one.flag.to_owned(),
        });
        self.go(one, now);
        for it in &mut one.along {
            let now = it.moved_to(vec![schema.to_owned(), it.name().clone()]);
            self.replace(it, now);
        }
    }

    /// Gives what was put aside its name again, if nobody has it by now.
    fn name_again(&mut self, one: &mut Move<'_>, steps: &mut Vec<Step>) {
        for (index, name) in std::mem::take(&mut one.put_aside) {
            let it = &one.along[index];
            if self.is_free(it, &[it.path[0].clone(), name.clone()]) {
                self.rename_along(one, index, &name, steps);
            }
        }
    }

    fn rename_along(&mut self, one: &mut Move<'_>, index: usize, to: &str, steps: &mut Vec<Step>) {
        let it = &mut one.along[index];
        let words = Words::of(it, &Catalog::default());
        let now = it.moved_to(vec![it.path[0].clone(), to.to_owned()]);
        steps.push(Step {
            up: it.renamed(&words, to),
            down: now.renamed(&words, it.name()),
            flag: one.flag.to_owned(),
        });
        self.replace(it, now);
    }

    fn go(&mut self, one: &mut Move<'_>, now: Thing) {
        self.replace(&mut one.thing, now);
    }

    fn replace(&mut self, was: &mut Thing, now: Thing) {
        self.0.remove(&(was.namespace(), was.path.clone()));
        self.0.insert((now.namespace(), now.path.clone()), now.clone());
        *was = now;
    }

    /// A name that nobody has.
    fn spare(&self) -> String {
        let is_free = |name: &String| self.0.keys().all(|(_, path)| path.last() != Some(name));
        let names = (1..).map(|number| format!("glowplug_between_{number}"));
        let mut free = names.filter(is_free);
        free.next().expect("there are more numbers than names")
    }
}
