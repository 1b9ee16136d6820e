//! Prisma: a directory with `migration.sql` for each migration. There are no ways down.

use crate::tools::{File, Raw, numbered::digits};

/// Reads the files, in the order of their directories.
pub(super) fn read(files: &[File]) -> Vec<Raw> {
    let raws = files.iter().filter_map(|file| {
        let directory = file.path.strip_suffix("/migration.sql")?;
        if directory.contains('/') {
            return None;
        }
        let (number, rest) = digits(directory).unwrap_or(("", directory));
        Some(Raw {
            id: directory.to_owned(),
            number: number.to_owned(),
            name: rest.trim_start_matches('_').to_owned(),
            path: file.path.clone(),
            up: file.text.clone(),
            ..Raw::default()
        })
    });
    let mut raws: Vec<Raw> = raws.collect();
    raws.sort_by(|one, other| one.id.cmp(&other.id));
    raws
}
