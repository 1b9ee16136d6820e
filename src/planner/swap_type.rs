//! A type that tables hold, and that PostgreSQL cannot alter: another one takes its place, and the columns move over with their rows.
//!
//! The old type, and every type that is made of it, steps aside under another name; new ones are made; the columns go straight
//! from one to the other. What stands on the columns or on the types is cleared away for that time, and made again by the planner.

mod survey;
mod values;

use self::{
    survey::{Survey, survey},
    values::Values,
};
use super::Planner;
use crate::{
    catalog::{Attribute, Catalog, Key, ObjectKind},
    ddl::{
        enumeration::qualified,
        range,
        rules::{Action, Change, Fill, Loss, Object, Statement, Steps, Swap, Work},
        stored::{relation, relation_kind, whole},
    },
    planner::kinds::rules,
    words::ident::{Ident, Literal, Qualified},
};

/// A type that is made anew: as it was, as it will be, and what the old one is called meanwhile.
struct Made<'c> {
    from: Object<'c>,
    to: Object<'c>,
    old: String,
}

impl Made<'_> {
    fn name(&self) -> Qualified<'_> {
        qualified(self.from.key)
    }

    fn old(&self) -> Qualified<'_> {
        Qualified { schema: self.from.key.part(0), name: &self.old }
    }

    /// What it is called in ALTER, DROP and COMMENT.
    fn word(&self) -> &'static str {
        match self.from.key.kind() {
            ObjectKind::Domain => "DOMAIN",
            _ => "TYPE",
        }
    }
}

impl<'c> Planner<'c> {
    /// The steps by which another type takes the place of one that tables hold.
    pub(super) fn swap(&self, change: &Change<'c>, swap: &Swap) -> Result<Steps, String> {
        let survey = survey(change)?;
        let mut made: Vec<Made<'c>> = Vec::new();
        for key in &survey.types {
            let objects = (self.object(self.from, key), self.object(self.to, key));
            if let (Some(from), Some(to)) = objects {
                let old = self.free_name(key.part(0), key.part(1));
                made.push(Made { from, to, old });
            }
        }
        let mut late = Vec::new();
        // the old ones name each other: who is made of others first
        for it in made.iter().rev() {
            late.extend(self.set_aside(it));
        }
        for it in &made {
            late.extend(self.remade(it, &survey));
        }
        let values = Values::new(&made, swap);
        late.extend(values.casts());
        late.extend(self.moves(&survey, &values, swap));
        late.extend(values.no_casts());
        for it in made.iter().rev() {
            late.push(Statement::new(format!("DROP {} {}", it.word(), it.old())));
        }
        late.extend(survey.restore);
        Ok(Steps {
            early: survey.early,
            late,
            clears: survey.clears.into_iter().collect(),
            absorbs: survey.absorbs.into_iter().collect(),
        })
    }

    /// The old type under another name, with what has come into being with it.
    fn set_aside(&self, made: &Made<'c>) -> Vec<Statement> {
        let mut all = Vec::new();
        if made.from.key.kind() == ObjectKind::Range {
            let multirange = made.from.get(Attribute::Multirange).unwrap_or_default();
            let (schema, name) = range::parts(multirange);
            let free = Qualified { schema: &schema, name: &self.free_name(&schema, &name) };
            all.extend(range::set_aside(&made.from, &made.old(), &free));
        }
        all.push(Statement::new(format!(
            "ALTER {} {} RENAME TO {}",
            made.word(),
            made.name(),
            Ident(&made.old)
        )));
        all
    }

    /// The new type, with its parts, its comment, its owner and its privileges.
    fn remade(&self, made: &Made<'c>, survey: &Survey<'c>) -> Vec<Statement> {
        let to = &made.to;
        let mut all = rules(to.key.kind()).create(to);
        let mut commented = vec![*to];
        for part in parts(self.to, to.key).filter(|it| survey.absorbs.contains(*it)) {
            let Some(part) = self.object(self.to, part) else {
                continue;
            };
            if part.key.kind() == ObjectKind::DomainConstraint {
                // nothing holds values of it yet
                let part = Object { online: false, ..part };
                all.extend(rules(ObjectKind::DomainConstraint).create(&part));
            }
            commented.push(part);
        }
        for object in &commented {
            let words = rules(object.key.kind()).name(object);
            if let (Some(text), Some(words)) = (object.get(Attribute::Comment), words) {
                let text = Literal(text);
                all.push(Statement::new(format!("COMMENT ON {words} IS {text}")));
            }
        }
        if let (Some(owner), Some(words)) =
            (to.get(Attribute::Owner), rules(to.key.kind()).owner(to))
            && owner != self.target.role
        {
            all.push(Statement::owner(words, owner));
        }
        let path = ["type", to.key.part(0), to.key.part(1)];
        let grants = self.to.below(ObjectKind::Grant, &path);
        let grants = grants.filter_map(|(key, _)| self.object(self.to, key));
        all.extend(grants.flat_map(|it| rules(ObjectKind::Grant).create(&it)));
        all
    }

    /// One ALTER for each table, so that its rows are written once.
    fn moves(&self, survey: &Survey<'c>, values: &Values<'_, 'c>, swap: &Swap) -> Vec<Statement> {
        let mut statements = Vec::new();
        for columns in survey.tables.values() {
            let Some(first) = columns.first().copied() else {
                continue;
            };
            let word = relation_kind(self.from, first).keyword();
            // a foreign table has no rows to write
            let has_rows = word == "TABLE";
            let action = |column: &&'c Key| {
                let kind = self.from.get(column).and_then(|it| it.get(Attribute::Type));
                let (name, kind) = (Ident(column.part(2)).to_string(), kind.unwrap_or_default());
                let using = match has_rows {
                    true => format!(" USING {}", values.of_column(self.from, column, &name, kind)),
                    false => String::new(),
                };
                let action = Action::new(format!("ALTER COLUMN {name} TYPE {kind}{using}"));
                action.doing(if has_rows { Work::Rewrite } else { Work::Catalog })
            };
            let table = relation(first);
            let actions = columns.iter().map(action).collect();
            let mut statement = Statement::alter_table(word, &table, false, actions);
            if has_rows {
                statement.remark = swap.remark.clone();
                warn_of_labels(&mut statement, columns, &swap.gone);
                for attribute in values.lost() {
                    statement = statement.losing(Loss::AttributeValues {
                        attribute: attribute.clone(),
                        table: Some(table.clone()),
                    });
                }
            }
            statements.push(statement);
        }
        statements
    }

    /// A name that nothing has, before and after.
    fn free_name(&self, schema: &str, name: &str) -> String {
        let kinds = [
            ObjectKind::Enum,
            ObjectKind::Domain,
            ObjectKind::Composite,
            ObjectKind::Range,
            ObjectKind::BaseType,
            ObjectKind::Relation,
            ObjectKind::Sequence,
            ObjectKind::Index,
        ];
        let is_taken = |name: &str| {
            kinds.iter().any(|kind| {
                let key = Key::new(*kind, &[schema, name]);
                [self.from, self.to].iter().any(|it| it.get(&key).is_some())
            })
        };
        let names = (1_u32..).map(|number| {
            let suffix = match number {
                1 => "__old".to_owned(),
                _ => format!("__old{number}"),
            };
            format!("{}{suffix}", shortened(name, 63 - suffix.len()))
        });
        names.into_iter().find(|it| !is_taken(it)).unwrap_or_default()
    }
}

/// The attributes or constraints of a type.
fn parts<'c>(catalog: &'c Catalog, key: &Key) -> impl Iterator<Item = &'c Key> + use<'c> {
    let path = [key.part(0), key.part(1)];
    let kinds = [ObjectKind::CompositeAttribute, ObjectKind::DomainConstraint].map(|kind| {
        let is_one = whole(&Key::new(kind, &path)) == *key;
        is_one.then(|| catalog.below(kind, &path))
    });
    kinds.into_iter().flatten().flatten().map(|(key, _)| key)
}

/// Says of each column that labels which are gone must not be in it.
fn warn_of_labels(statement: &mut Statement, columns: &[&Key], gone: &[String]) {
    if gone.is_empty() {
        return;
    }
    let labels: Vec<String> = gone.iter().map(|it| Literal(it).to_string()).collect();
    let names: Vec<String> =
        columns.iter().map(|it| format!("{}.{}", qualified(it), Ident(it.part(2)))).collect();
    statement.remark = Some(format!(
        "it fails where {} still has a removed label: {}. Change those rows first",
        names.join(" or "),
        labels.join(", ")
    ));
    statement.fills = columns
        .iter()
        .map(|column| Fill::Labels { column: (*column).clone(), labels: gone.to_vec() })
        .collect();
}

/// As much of a name as fits into so many bytes.
fn shortened(name: &str, bytes: usize) -> &str {
    let mut end = bytes.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_between_characters() {
        assert_eq!(shortened("abc", 5), "abc");
        assert_eq!(shortened("abü", 3), "ab");
        assert_eq!(shortened("abü", 4), "abü");
    }
}
