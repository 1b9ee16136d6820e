//! Which tool a database and a directory belong to.

use std::cmp::Reverse;

use crate::tools::{Tool, ToolError, listing::Place, table::Found};

/// What was recognized.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Recognized {
    /// The tool, if there is one.
    pub tool: Option<Tool>,
    /// Its table.
    pub table: Option<Found>,
    /// Its directory, with the number of migrations in it.
    pub place: Option<Place>,
}

/// What a tool's files look like: some tools name them in the same way.
fn shape(tool: Tool) -> u32 {
    match tool {
        Tool::Flyway | Tool::Refinery => 1,
        Tool::Sqlx | Tool::GolangMigrate | Tool::Dbmate => 2,
        other => 10 + other as u32,
    }
}

/// Decides for one tool: the one that was asked for, else that of the table, else that of the files.
///
/// # Errors
/// When there are several.
pub(crate) fn recognize(
    tables: &[Found],
    places: &[Place],
    asked: Option<Tool>,
) -> Result<Recognized, ToolError> {
    // of the tables of one tool the first is its own
    let one = |tools: Vec<Tool>| -> Result<Option<Tool>, ToolError> {
        let mut tools = tools;
        tools.sort();
        tools.dedup();
        match tools[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => {
                let tools = tools.iter().map(|it| it.id().to_owned()).collect();
                Err(ToolError::Ambiguous { tools })
            }
        }
    };
    let tool = match asked {
        Some(tool) => Some(tool),
        None => match one(tables.iter().map(|it| it.tool).collect())? {
            Some(tool) => Some(tool),
            None => one(places.iter().map(|it| it.tool).collect())?,
        },
    };
    let Some(tool) = tool else {
        return Ok(Recognized::default());
    };
    let table = tables.iter().find(|it| it.tool == tool).cloned();
    let mut fitting: Vec<&Place> = places.iter().filter(|it| it.tool == tool).collect();
    if fitting.is_empty() {
        fitting = places.iter().filter(|it| shape(it.tool) == shape(tool)).collect();
    }
    let place = together(tool, &fitting);
    Ok(Recognized { tool: Some(tool), table, place })
}

/// One directory of several. Where a tool also looks below its directory, that is the one above all of them; else the largest is the
/// project's own, and the others are examples and tests.
fn together(tool: Tool, places: &[&Place]) -> Option<Place> {
    let largest = places.iter().max_by_key(|it| (it.count, Reverse(it.dir.len())))?;
    let mut place = Place { tool, ..(*largest).clone() };
    if matches!(tool, Tool::Flyway | Tool::Refinery) {
        let is_above = |dir: &&str| {
            places.iter().all(|it| it.dir == *dir || it.dir.starts_with(&format!("{dir}/")))
        };
        fn parent<'d>(dir: &&'d str) -> Option<&'d str> {
            dir.rsplit_once('/').map(|it| it.0)
        }
        let mut above = std::iter::successors(Some(largest.dir.as_str()), parent);
        if let Some(dir) = above.find(is_above) {
            place.dir = dir.to_owned();
            place.count = places.iter().map(|it| it.count).sum();
        }
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_decides_and_then_the_files() {
        let table = |tool| Found { tool, schema: "public".into(), name: "x".into() };
        let place = |tool, dir: &str, count| Place { tool, dir: dir.into(), count };
        let of = |tables: &[Found], places: &[Place], asked| match recognize(tables, places, asked)
        {
            Ok(it) => format!(
                "{} {} {}",
                it.tool.map_or("nothing", Tool::id),
                it.table.map_or("-", |it| it.tool.id()),
                it.place.map_or("-".to_owned(), |it| it.dir)
            ),
            Err(error) => error.to_string(),
        };
        let (sqlx, golang) = (Tool::Sqlx, Tool::GolangMigrate);
        assert_eq!(of(&[], &[], None), "nothing - -");
        assert_eq!(
            of(&[table(golang)], &[place(sqlx, "m", 2)], None),
            "golang-migrate golang-migrate m"
        );
        assert_eq!(of(&[], &[place(sqlx, "m", 2), place(sqlx, "examples/m", 1)], None), "sqlx - m");
        assert_eq!(of(&[table(Tool::Prisma)], &[place(sqlx, "m", 2)], None), "prisma prisma -");
        let two = [place(sqlx, "m", 2), place(Tool::Prisma, "p", 1)];
        assert_eq!(of(&[], &two, None), "more than one migration tool was found: sqlx, prisma");
        assert_eq!(of(&[], &two, Some(Tool::Prisma)), "prisma - p");
        let flyway = |dir| place(Tool::Flyway, dir, 1);
        assert_eq!(of(&[], &[flyway("sql/a"), flyway("sql/b")], None), "flyway - sql");
        assert_eq!(of(&[], &[flyway("sql"), flyway("sql/b/c")], None), "flyway - sql");
        assert_eq!(of(&[], &[flyway("sqla"), flyway("sqlab")], None), "flyway - sqla");
    }
}
