//! Where what is renamed was, and where it will be.

use crate::autogenerate::rename::object::{Thing, Words};

/// One rename.
#[derive(Debug, Clone)]
pub(super) struct Rename {
    /// The flag that asks for it.
    pub(super) flag: String,
    /// What it is before all renames.
    pub(super) old: Thing,
    /// What it is after them.
    pub(super) new: Thing,
    pub(super) words: Words,
}

/// Where things go: old places and new ones, schemas before what is in them.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) renamed: Vec<(Vec<String>, Vec<String>)>,
}

impl Places {
    /// Those of renames.
    pub(super) fn of(renames: &[Rename]) -> Self {
        let pairs = |it: &Rename| (it.old.path.clone(), it.new.path.clone());
        Self { renamed: renames.iter().map(pairs).collect() }
    }

    fn new_of(&self, old: &[String]) -> Option<&Vec<String>> {
        let found = self.renamed.iter().find(|it| it.0 == old);
        found.map(|it| &it.1)
    }

    /// Where something is once everything around it is renamed, and it itself is not.
    pub(super) fn now(&self, old: &[String]) -> Vec<String> {
        let (name, around) = old.split_last().expect("a place has a name");
        let mut now = match around {
            [] => Vec::new(),
            _ => self.after(around),
        };
        now.push(name.clone());
        now
    }

    /// Where something is after all renames.
    pub(super) fn after(&self, old: &[String]) -> Vec<String> {
        let new = self.new_of(old).cloned();
        new.unwrap_or_else(|| self.now(old))
    }

    /// What a place may have been before: itself, or what is renamed to it.
    pub(super) fn before(&self, path: &[String]) -> Vec<Vec<String>> {
        let mut all: Vec<Vec<String>> = match path.split_last() {
            Some((name, around)) if !around.is_empty() => {
                let around = self.before(around).into_iter();
                around
                    .map(|mut it| {
                        it.push(name.clone());
                        it
                    })
                    .collect()
            }
            _ => vec![path.to_vec()],
        };
        let now = self.now(path);
        let renamed = self.renamed.iter().filter(|it| it.1 == path || it.1 == now);
        all.extend(renamed.map(|it| it.0.clone()));
        all.sort();
        all.dedup();
        all
    }
}
