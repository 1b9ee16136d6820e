//! Rows within the bounds of a partition: a table that is attached as one holds nothing else.

use crate::{
    catalog::{Attribute, Catalog, Key, ObjectKind},
    lint::case::Said,
    postgres::session::{Failure, Message, Session},
    words::{
        ident::{Ident, Qualified},
        sql::{Piece, pieces},
    },
};

/// The statements that put the rows of tables which a script attaches within their bounds.
pub(super) fn updates(statements: &[Said<'_>], before: &Catalog) -> Vec<String> {
    statements.iter().filter_map(|it| update(&it.pieces, before)).collect()
}

fn update(said: &[Piece<'_>], before: &Catalog) -> Option<String> {
    let at = said.windows(2).position(|it| it[0].is("attach") && it[1].is("partition"))?;
    let (parent, _) = relation(said, at.checked_sub(1)?, before)?;
    let values = (at..said.len()).find(|it| said[*it].is("values"))?;
    let (table, child) = relation(said, values.checked_sub(2)?, before)?;
    let (low, after) = listed(said, values + 2)?;
    let high = listed(said, after + 1).map(|it| it.0);
    let partitioned = pieces(before.get(&parent)?.get(Attribute::PartitionKey)?).ok()?;
    let (columns, _) = listed(&partitioned, 1)?;
    let is_list = said.get(values + 1)?.is("in");
    let mut set = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        let value = low.get(if is_list { 0 } else { place })?;
        let value = match value.as_str() {
            "minvalue" => below(before, &table, column, high.as_ref()?.get(place)?)?,
            value => value.to_owned(),
        };
        set.push(format!("{} = {value}", Ident(column)));
    }
    Some(format!("UPDATE {child} SET {}", set.join(", ")))
}

/// A value below one that is not in a partition any more.
fn below(before: &Catalog, table: &Key, column: &str, value: &str) -> Option<String> {
    let column = Key::new(ObjectKind::Column, &[table.part(0), table.part(1), column]);
    let tpe = before.get(&column)?.get(Attribute::Type)?;
    match tpe {
        "smallint" | "integer" | "bigint" | "numeric" | "date" => {
            Some(format!("{value}::{tpe} - 1"))
        }
        _ if tpe.starts_with("timestamp") => Some(format!("{value}::{tpe} - interval '1 day'")),
        _ => None,
    }
}

/// The relation whose name ends at a place, with the name as SQL.
fn relation(said: &[Piece<'_>], end: usize, before: &Catalog) -> Option<(Key, String)> {
    let name = name(&said[end])?;
    let is_qualified = end > 1 && matches!(said[end - 1], Piece::Sign("."));
    let schema = is_qualified.then(|| self::name(&said[end - 2])).flatten();
    let mut all = before.of_kind(ObjectKind::Relation);
    let (key, _) = all.find(|(key, _)| {
        key.name() == name && schema.as_ref().is_none_or(|it| it == key.part(0))
    })?;
    let qualified = Qualified { schema: key.part(0), name: key.name() };
    Some((key.clone(), qualified.to_string()))
}

/// The parts of a list in parentheses that begins at a place, and where it ends. None if one of them is an expression.
fn listed(said: &[Piece<'_>], at: usize) -> Option<(Vec<String>, usize)> {
    let (mut parts, mut at) = (vec![String::new()], at);
    said.get(at).filter(|it| matches!(it, Piece::Sign("(")))?;
    loop {
        at += 1;
        match said.get(at)? {
            Piece::Sign(")") => return Some((parts, at + 1)),
            Piece::Sign("(") => return None,
            Piece::Sign(",") => parts.push(String::new()),
            Piece::Sign(text) | Piece::Text(text) => parts.last_mut()?.push_str(text),
            // behind a name: how it is sorted
            Piece::Word(text) | Piece::Name(text) if parts.last()?.is_empty() => {
                parts.last_mut()?.push_str(text);
            }
            Piece::Word(_) | Piece::Name(_) => {}
        }
    }
}

fn name(piece: &Piece<'_>) -> Option<String> {
    match piece {
        Piece::Word(name) | Piece::Name(name) => Some(name.clone()),
        _ => None,
    }
}

/// Runs them, as far as constraints let that happen.
pub(super) async fn put(session: &mut Session<'_>, updates: &[String]) -> Result<(), Failure> {
    for update in updates {
        let messages = [
            Message::Batch("BEGIN"),
            Message::Batch("SET LOCAL session_replication_role = replica"),
            Message::Batch(update),
            Message::Batch("COMMIT"),
        ];
        for reply in session.exchange(&messages, &mut |_| {}).await {
            match reply {
                Ok(_) | Err(Failure::Server(_)) => {}
                Err(lost) => return Err(lost),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog::Fact, words::sql::split};

    #[test]
    fn rows_are_put_at_the_lower_bound() {
        let mut catalog = Catalog::default();
        for (name, key) in [("e", "RANGE (day)"), ("k", "LIST (kind)"), ("f", "RANGE (lower(n))")] {
            let mut fact = Fact::default();
            fact.set(Attribute::PartitionKey, key.into());
            catalog.insert(Key::new(ObjectKind::Relation, &["public", name]), fact);
        }
        catalog.insert(Key::new(ObjectKind::Relation, &["old", "t"]), Fact::default());
        let mut day = Fact::default();
        day.set(Attribute::Type, "date".into());
        catalog.insert(Key::new(ObjectKind::Column, &["old", "t", "day"]), day);
        for (script, update) in [
            (
                "ALTER TABLE e ATTACH PARTITION old.t FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
                "UPDATE \"old\".\"t\" SET \"day\" = '2023-01-01'",
            ),
            (
                "ALTER TABLE public.e ATTACH PARTITION t FOR VALUES FROM (MINVALUE) TO ('2024-01-01')",
                "UPDATE \"old\".\"t\" SET \"day\" = '2024-01-01'::date - 1",
            ),
            (
                "ALTER TABLE k ATTACH PARTITION t FOR VALUES IN ('a', 'b')",
                "UPDATE \"old\".\"t\" SET \"kind\" = 'a'",
            ),
            ("ALTER TABLE f ATTACH PARTITION t FOR VALUES FROM ('a') TO ('b')", ""),
            ("ALTER TABLE e ATTACH PARTITION t DEFAULT", ""),
        ] {
            let said = Said::all(script, &split(script).expect("statements"));
            assert_eq!(updates(&said, &catalog).concat(), update, "{script}");
        }
    }
}
