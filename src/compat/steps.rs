//! What to do where no order of migrating and deploying works: the steps of expand and contract, written out.

use crate::compat::{
    breaks::{Break, Effect},
    finding::Teller,
    state::{ColumnFacts, TableFacts},
    verdict::Step,
};
use crate::{migration::source::FILL, report::compat::Recipe, words::ident::Ident};

/// The recipes for the changes of one migration with which no order works.
#[must_use]
pub(crate) fn recipes(step: &Step, running: &Teller<'_>, new: &Teller<'_>) -> Vec<Recipe> {
    let certain = step.breaks.iter().filter(|it| it.effect.is_certain());
    let mut all: Vec<Recipe> = certain.map(|it| recipe(it, running, new)).collect();
    all.sort();
    all.dedup();
    all
}

fn recipe(it: &Break, running: &Teller<'_>, new: &Teller<'_>) -> Recipe {
    let table = &running.program.tables[it.table];
    let name = table.name.to_string();
    let (before, after) =
        (running.working.tables.get(&it.table), running.broken.tables.get(&it.table));
    let column = it.column.map(|it| table.columns[it].name.as_str());
    let other = running.other_name(it);
    match (&it.effect, column, before, after) {
        (Effect::NoTable, _, Some(before), _) => match other {
            Some(other) => renamed_table(&name, before, &other),
            None => later(&format!("{name} is dropped"), format!("DROP TABLE {name};")),
        },
        (Effect::NoColumn, Some(column), Some(before), Some(after)) => match other {
            Some(other) => {
                let own = before.columns.get(column).zip(after.columns.get(&other));
                own.map_or_else(
                    || by_hand(&name),
                    |(from, to)| {
                        both(&Both {
                            table: &name,
                            names: (column, &other),
                            from,
                            to,
                            is_retype: false,
                        })
                    },
                )
            }
            None => dropped(&name, column, before.columns.get(column), is_missed(it, running, new)),
        },
        (Effect::Type { .. } | Effect::Attributes, Some(column), Some(before), Some(after)) => {
            let own = before.columns.get(column).zip(after.columns.get(column));
            let to_name = format!("{column}_new");
            own.map_or_else(
                || by_hand(&name),
                |(from, to)| {
                    both(&Both {
                        table: &name,
                        names: (column, &to_name),
                        from,
                        to,
                        is_retype: true,
                    })
                },
            )
        }
        (Effect::Required { column, .. }, _, before, Some(after)) => {
            let is_new = before.is_none_or(|it| !it.columns.contains_key(column));
            match after.columns.get(column) {
                Some(facts) => required(&name, column, facts, is_new),
                None => by_hand(&name),
            }
        }
        _ => by_hand(&name),
    }
}

/// Whether the new program cannot insert as long as a column is there that is dropped.
fn is_missed(it: &Break, running: &Teller<'_>, new: &Teller<'_>) -> bool {
    let table = &running.program.tables[it.table];
    let name = it.column.map(|it| &table.columns[it].name);
    let of_new = new.program.find(&table.name).and_then(|it| new.broken.tables.get(&it));
    let facts = name.and_then(|name| of_new?.columns.get(name));
    facts.is_some_and(|it| it.not_null && !it.has_default && !it.is_generated)
}

fn by_hand(table: &str) -> Recipe {
    Recipe {
        change: format!("{table} is changed so that the running program fails"),
        expand: vec!["-- the statements of this migration that the new program needs".into()],
        program: None,
        contract: vec!["-- its other statements".into()],
    }
}

/// Something that only has to wait.
fn later(change: &str, statement: String) -> Recipe {
    Recipe {
        change: change.to_owned(),
        expand: Vec::new(),
        program: None,
        contract: vec![statement],
    }
}

/// A view takes the place of the table: the server writes through it.
fn renamed_table(name: &str, before: &TableFacts, other: &str) -> Recipe {
    Recipe {
        change: format!("{} becomes {other}", before.name),
        expand: vec![
            "-- in one transaction, after the statements of this migration".into(),
            format!("CREATE VIEW {name} AS SELECT * FROM {other};"),
        ],
        program: None,
        contract: vec![format!("DROP VIEW {name};")],
    }
}

fn dropped(table: &str, column: &str, facts: Option<&ColumnFacts>, is_missed: bool) -> Recipe {
    let column = Ident(column);
    let drop = format!("ALTER TABLE {table} DROP COLUMN {column};");
    let mut recipe = later(&format!("{table}.{column} is dropped"), drop);
    if is_missed {
        let declared = facts.map(|it| it.declared.as_str()).unwrap_or_default();
        recipe.expand = vec![
            format!("-- a {declared} that the running program understands in rows of the new one"),
            format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {FILL};"),
        ];
    }
    recipe
}

fn required(table: &str, column: &str, facts: &ColumnFacts, is_new: bool) -> Recipe {
    let column = Ident(column);
    let expand = match is_new {
        true => format!(
            "ALTER TABLE {table} ADD COLUMN {column} {} NOT NULL DEFAULT {FILL};",
            facts.declared
        ),
        false => format!("-- leave the default of {table}.{column} as it is"),
    };
    Recipe {
        change: format!("{table}.{column} has to be given"),
        expand: vec![expand],
        program: None,
        contract: vec![format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT;")],
    }
}

/// Two columns that hold the same until the running program is gone.
struct Both<'b> {
    table: &'b str,
    names: (&'b str, &'b str),
    from: &'b ColumnFacts,
    to: &'b ColumnFacts,
    is_retype: bool,
}

fn both(it: &Both<'_>) -> Recipe {
    let table = it.table;
    let (from, to) = (Ident(it.names.0).to_string(), Ident(it.names.1).to_string());
    let bare = table.rsplit('.').next().unwrap_or(table).trim_matches('"');
    let function = Ident(&format!("{}_{}_alike", bare, it.names.1)).to_string();
    let add = format!("ALTER TABLE {table} ADD COLUMN {to} {};", it.to.declared);
    let mut expand = vec![add];
    if let Some(default) = &it.from.default {
        expand.push(format!("-- the default ({default}) is given by the trigger: the columns alone do not show which one a program wrote"));
        expand.push(format!("ALTER TABLE {table} ALTER COLUMN {from} DROP DEFAULT;"));
    }
    expand.push(trigger_function(it, &function, (&from, &to)));
    expand.push(format!(
        "CREATE TRIGGER {function} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();"
    ));
    expand.push("-- in batches, if the table is large".into());
    expand.push(format!(
        "UPDATE {table} SET {to} = {} WHERE {to} IS NULL AND {from} IS NOT NULL;",
        cast(&from, it, true)
    ));
    if it.to.not_null {
        expand.push(format!("ALTER TABLE {table} ALTER COLUMN {to} SET NOT NULL;"));
    }
    let mut contract = vec![
        format!("DROP TRIGGER {function} ON {table};"),
        format!("DROP FUNCTION {function}();"),
        format!("ALTER TABLE {table} DROP COLUMN {from};"),
    ];
    if let Some(default) = &it.to.default {
        contract.push(format!("ALTER TABLE {table} ALTER COLUMN {to} SET DEFAULT {default};"));
    }
    let change = match it.is_retype {
        true => format!("{table}.{from} becomes {}", it.to.declared),
        false => format!("{table}.{from} becomes {to}"),
    };
    let program = it.is_retype.then(|| {
        format!(
            "schema.rs names the new column: #[sql_name = {:?}] above {}",
            it.names.1, it.names.0
        )
    });
    Recipe { change, expand, program, contract }
}

/// A value of one of the two columns, as the other one takes it.
fn cast(value: &str, it: &Both<'_>, is_forward: bool) -> String {
    let wanted = if is_forward { it.to } else { it.from };
    match it.from.declared == it.to.declared {
        true => value.to_owned(),
        false => format!("{value}::{}", wanted.declared),
    }
}

/// The function of a trigger that sees which side was written, from the values alone: so it works with every pooler.
fn trigger_function(it: &Both<'_>, function: &str, (from, to): (&str, &str)) -> String {
    let default = it.from.default.as_ref().map(|it| format!(", {it}")).unwrap_or_default();
    include_str!("steps/alike.sql")
        .replace("{function}", function)
        .replace("{default}", &default)
        .replace("{from_as_to}", &cast(&format!("NEW.{from}"), it, true))
        .replace("{to_as_from}", &cast(&format!("NEW.{to}"), it, false))
        .replace("{from}", from)
        .replace("{to}", to)
        .trim_end()
        .to_owned()
}
