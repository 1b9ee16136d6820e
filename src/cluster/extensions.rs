//! Which extensions a server of our own can have, and in which versions: what lies in its directory of extensions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::binaries::Binaries;

impl Binaries {
    /// The versions in which each extension can be made here: those that a script makes, and those that updates lead to from there.
    /// Empty where nobody knows where the scripts are.
    ///
    /// Source: <https://www.postgresql.org/docs/17/extend-extensions.html>, "Extension Updates"
    #[must_use]
    pub fn extensions(&self) -> BTreeMap<String, BTreeSet<String>> {
        let Some(entries) = self.shared().and_then(|it| fs::read_dir(it).ok()) else {
            return BTreeMap::new();
        };
        let names = entries.flatten().map(|it| it.file_name().to_string_lossy().into_owned());
        versions(names)
    }

    /// The directory of the extensions.
    fn shared(&self) -> Option<PathBuf> {
        let (dir, major) = (self.dir(), self.major());
        let beside = dir.parent()?;
        let places = [
            beside.join("share/postgresql"),
            beside.join("share"),
            // Debian
            PathBuf::from(format!("/usr/share/postgresql/{major}")),
            PathBuf::from("/usr/share/postgresql"),
        ];
        let places = places.into_iter().map(|it| it.join("extension"));
        places.into_iter().find(|it| it.join("plpgsql.control").is_file())
    }
}

/// Reads names of scripts: `name--version.sql` makes, `name--from--to.sql` updates.
fn versions(files: impl Iterator<Item = String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut made: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut updates = Vec::new();
    for file in files {
        let Some(stem) = file.strip_suffix(".sql") else { continue };
        match stem.split("--").collect::<Vec<_>>()[..] {
            [name, version] => {
                made.entry(name.to_owned()).or_default().insert(version.to_owned());
            }
            [name, from, to] => updates.push([name, from, to].map(str::to_owned)),
            _ => {}
        }
    }
    loop {
        let mut grows = false;
        for [name, from, to] in &updates {
            if let Some(all) = made.get_mut(name)
                && all.contains(from)
            {
                grows |= all.insert(to.clone());
            }
        }
        if !grows {
            return made;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_has_the_versions_that_scripts_and_updates_lead_to() {
        let files = [
            "a--1.0.sql",
            "a--1.1--1.2.sql",
            "a--1.0--1.1.sql",
            "a--0.9--1.0.sql",
            "a.control",
            "a-b--2.sql",
            "plain.sql",
        ];
        let found = versions(files.into_iter().map(str::to_owned));
        let of = |name: &str| found[name].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(of("a"), ["1.0", "1.1", "1.2"]);
        assert_eq!(of("a-b"), ["2"]);
        assert_eq!(found.len(), 2);
    }
}
