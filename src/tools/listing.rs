//! The migrations directories of other tools, by the names of files.

use std::collections::BTreeMap;

use crate::tools::{Tool, numbered::digits};

/// A file of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The path below the project, with `/`.
    pub path: String,
    /// The first lines of a SQL file; of others nothing.
    pub head: String,
}

/// A directory with migrations of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The tool whose files these look like.
    pub tool: Tool,
    /// The directory below the project; empty for the project itself.
    pub dir: String,
    /// How many migrations there are.
    pub count: usize,
}

/// A directory, and the names of the files in it.
type Directory<'e> = (&'e str, Vec<(&'e str, &'e Entry)>);

/// The directories with migrations.
#[must_use]
pub(crate) fn places(files: &[Entry]) -> Vec<Place> {
    let mut directories: BTreeMap<&str, Vec<(&str, &Entry)>> = BTreeMap::new();
    for entry in files {
        let (dir, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        directories.entry(dir).or_default().push((name, entry));
    }
    let has = |names: &[&str]| files.iter().any(|it| names.contains(&last(&it.path)));
    let project = Project {
        is_flyway: has(&[
            "flyway.conf",
            "flyway.toml",
            "pom.xml",
            "build.gradle",
            "build.gradle.kts",
        ]),
        is_go: has(&["go.mod"]),
        is_alembic: has(&["alembic.ini"]),
    };
    let mut found: Vec<Place> = Vec::new();
    let mut add = |tool: Tool, dir: &str, count: usize| match found
        .iter_mut()
        .find(|it| (it.tool, it.dir.as_str()) == (tool, dir))
    {
        Some(place) => place.count += count,
        None if count > 0 => found.push(Place { tool, dir: dir.to_owned(), count }),
        None => {}
    };
    for (dir, names) in &directories {
        for (tool, dir, count) in project.read((*dir, names.clone()), &directories) {
            add(tool, &dir, count);
        }
    }
    found
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// What other files tell of a project.
struct Project {
    is_flyway: bool,
    is_go: bool,
    is_alembic: bool,
}

impl Project {
    /// What a directory holds: the tool, its directory, how many migrations.
    fn read(
        &self,
        (dir, names): Directory<'_>,
        all: &BTreeMap<&str, Vec<(&str, &Entry)>>,
    ) -> Vec<(Tool, String, usize)> {
        let count = |test: &dyn Fn(&str) -> bool| names.iter().filter(|it| test(it.0)).count();
        let has = |name: &str| names.iter().any(|it| it.0 == name);
        let own = |tool, count: usize| (tool, dir.to_owned(), count);
        let parent = dir.rsplit_once('/').map_or("", |it| it.0);
        let mut found = vec![
            own(self.versioned(dir), count(&is_versioned)),
            own(Tool::Flyway, if self.is_flyway { count(&is_beside) } else { 0 }),
            own(Tool::SeaOrm, count(&is_sea_orm)),
            own(Tool::Sqitch, usize::from(has("sqitch.plan"))),
            own(Tool::Atlas, if has("atlas.sum") { count(&|it| it.ends_with(".sql")) } else { 0 }),
            own(Tool::Liquibase, count(&is_changelog)),
        ];
        if last(dir) == "versions" || has("env.py") {
            let beside = all.get(parent).is_some_and(|it| it.iter().any(|it| it.0 == "env.py"));
            let is_python = |it: &str| it.ends_with(".py") && !it.starts_with("__");
            match has("env.py") {
                true if self.is_alembic
                    && !all.contains_key(format!("{dir}/versions").as_str()) =>
                {
                    found.push((Tool::Alembic, dir.to_owned(), 1));
                }
                false if beside => {
                    found.push((Tool::Alembic, parent.to_owned(), count(&is_python)))
                }
                _ => {}
            }
        }
        if has("migration.sql") && !dir.is_empty() {
            found.push((Tool::Prisma, parent.to_owned(), 1));
        }
        if last(dir) == "migrations" && all.values().flatten().any(|it| it.0 == "manage.py") {
            found.push((Tool::Django, String::new(), count(&is_django)));
        }
        if dir.ends_with("db/migrate") {
            found.push(own(Tool::Rails, count(&|it| it.ends_with(".rb") && digits(it).is_some())));
        }
        if all
            .get(dir_of_meta(dir).as_str())
            .is_some_and(|it| it.iter().any(|it| it.0 == "_journal.json"))
        {
            found.push(own(Tool::Drizzle, count(&|it| it.ends_with(".sql"))));
        } else if !has("atlas.sum") {
            found.extend(self.numbered(dir, &names));
        }
        found
    }

    /// Whose `V1__name.sql` are.
    fn versioned(&self, dir: &str) -> Tool {
        match self.is_flyway || dir.ends_with("db/migration") {
            true => Tool::Flyway,
            false => Tool::Refinery,
        }
    }

    /// Whose `1_name.sql` are.
    fn numbered(&self, dir: &str, names: &[(&str, &Entry)]) -> Option<(Tool, String, usize)> {
        let is_numbered = |name: &str| name.ends_with(".sql") && digits(name).is_some();
        let sql: Vec<_> = names.iter().filter(|it| is_numbered(it.0)).collect();
        let marked = |mark: &str| {
            // a mark stands before all SQL: what looks like one in the body of a function is none
            let is_head = |it: &&str| it.trim().is_empty() || it.starts_with("--");
            let is_marked = |text: &str| {
                let mut head = text.trim_start_matches('\u{feff}').lines().take_while(is_head);
                head.any(|it| it.replace(' ', "").to_lowercase().starts_with(mark))
            };
            sql.iter().filter(|it| is_marked(&it.1.head)).count()
        };
        let pairs = sql.iter().filter(|it| it.0.ends_with(".up.sql")).count();
        let downs = sql.iter().filter(|it| it.0.ends_with(".down.sql")).count();
        let place = |tool, count: usize| Some((tool, dir.to_owned(), count));
        if sql.is_empty() {
            return None;
        }
        match (marked("--migrate:up"), marked("--+gooseup")) {
            (0, 0) if pairs > 0 && self.is_go => place(Tool::GolangMigrate, pairs),
            (0, 0) => {
                let named = sql.iter().filter(|it| it.0.contains('_')).count();
                place(Tool::Sqlx, named.saturating_sub(downs))
            }
            (count, 0) => place(Tool::Dbmate, count),
            (_, count) => place(Tool::Goose, count),
        }
    }
}

fn dir_of_meta(dir: &str) -> String {
    if dir.is_empty() { "meta".to_owned() } else { format!("{dir}/meta") }
}

/// `V1.2__name.sql`.
fn is_versioned(name: &str) -> bool {
    let rest = name.strip_prefix('V').and_then(|it| it.split_once("__"));
    let is_version = |it: &str| {
        it.starts_with(|c: char| c.is_ascii_digit())
            && it.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '_')
    };
    rest.is_some_and(|(version, name)| {
        is_version(version) && (name.ends_with(".sql") || name.ends_with(".rs"))
    })
}

/// `R__name.sql` and `U1__name.sql`.
fn is_beside(name: &str) -> bool {
    let is_undo = name.strip_prefix('U').is_some_and(|it| digits(it).is_some());
    (is_undo || name.starts_with("R__")) && name.ends_with(".sql") && name.contains("__")
}

/// `m20220101_000001_name.rs`.
fn is_sea_orm(name: &str) -> bool {
    let groups: Vec<&str> =
        name.strip_prefix('m').map_or(Vec::new(), |it| it.splitn(3, '_').collect());
    let is_number = |at: usize, length: usize| {
        groups
            .get(at)
            .is_some_and(|it| it.len() == length && digits(it).is_some_and(|it| it.1.is_empty()))
    };
    name.ends_with(".rs") && is_number(0, 8) && is_number(1, 6)
}

/// `0001_name.py`.
fn is_django(name: &str) -> bool {
    name.ends_with(".py") && digits(name).is_some_and(|it| it.0.len() == 4)
}

fn is_changelog(name: &str) -> bool {
    let is_kind = [".xml", ".yaml", ".yml", ".json"].iter().any(|it| name.ends_with(it));
    is_kind && (name.starts_with("db.changelog") || name.starts_with("changelog"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_known_by_the_names_in_them() {
        let of = |paths: &[(&str, &str)]| {
            let entry = |(path, head): &(&str, &str)| Entry {
                path: (*path).to_owned(),
                head: (*head).to_owned(),
            };
            let entries: Vec<Entry> = paths.iter().map(entry).collect();
            let shown = places(&entries)
                .into_iter()
                .map(|it| format!("{} {} {}", it.tool.id(), it.dir, it.count));
            shown.collect::<Vec<_>>().join(", ")
        };
        for (paths, expected) in [
            (&[("migrations/1_a.sql", ""), ("migrations/2_b.sql", "")][..], "sqlx migrations 2"),
            (
                &[("migrations/1_a.up.sql", ""), ("migrations/1_a.down.sql", "")],
                "sqlx migrations 1",
            ),
            (&[("go.mod", ""), ("m/1_a.up.sql", ""), ("m/1_a.down.sql", "")], "golang-migrate m 1"),
            (&[("db/migrations/1_a.sql", "-- migrate:up\n")], "dbmate db/migrations 1"),
            (&[("m/1_a.sql", "\u{feff}-- of goose\n\n-- +goose Up\n")], "goose m 1"),
            (&[("m/1_a.sql", "DO $$ BEGIN\n-- +goose Up\n-- migrate:up\nEND $$;")], "sqlx m 1"),
            (&[("migrations/V1__a.sql", "")], "refinery migrations 1"),
            (&[("flyway.conf", ""), ("sql/V1.2__a.sql", "")], "flyway sql 1"),
            (
                &[("flyway.conf", ""), ("sql/1/V1__a.sql", ""), ("sql/R__b.sql", "")],
                "flyway sql 1, flyway sql/1 1",
            ),
            (
                &[("src/main/resources/db/migration/V1__a.sql", "")],
                "flyway src/main/resources/db/migration 1",
            ),
            (
                &[
                    ("prisma/migrations/1_a/migration.sql", ""),
                    ("prisma/migrations/2_b/migration.sql", ""),
                ],
                "prisma prisma/migrations 2",
            ),
            (
                &[
                    ("alembic.ini", ""),
                    ("al/env.py", ""),
                    ("al/versions/a1_x.py", ""),
                    ("al/versions/__init__.py", ""),
                ],
                "alembic al 1",
            ),
            (&[("migration/src/m20220101_000001_x.rs", "")], "sea-orm migration/src 1"),
            (
                &[
                    ("manage.py", ""),
                    ("a/migrations/0001_initial.py", ""),
                    ("b/migrations/0001_initial.py", ""),
                ],
                "django  2",
            ),
            (&[("db/migrate/20200101000000_x.rb", "")], "rails db/migrate 1"),
            (
                &[("drizzle/0000_x.sql", ""), ("drizzle/meta/_journal.json", "")],
                "drizzle drizzle 1",
            ),
            (&[("m/atlas.sum", ""), ("m/1_x.sql", "")], "atlas m 1"),
            (&[("sqitch.plan", "")], "sqitch  1"),
            (&[("migrations/2020_a/up.sql", ""), ("README.md", "")], ""),
        ] {
            assert_eq!(of(paths), expected, "{paths:?}");
        }
    }
}
