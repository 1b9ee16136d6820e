//! Types that columns hold, and that PostgreSQL cannot alter: the columns move over to a new one, with their rows.
//!
//! Either the old type is renamed, and the columns go straight to the new one; or they are text in between. What stands on the
//! columns or on the type is cleared away for that time, and made again by the planner.

use super::{
    qualified,
    survey::{Survey, Way, stored_in, survey, table_word},
};
use crate::{
    catalog::{Attribute, Catalog, Key, Kind},
    ddl::rule::{Action, Alter, Change, Fill, Object, Statement, Steps, Work},
    words::ident::{Ident, Literal, Qualified},
};

/// A type that is made anew.
pub(in crate::ddl) struct Anew<'a, 'c> {
    /// What becomes of it.
    pub(in crate::ddl) change: &'a Change<'c>,
    /// What it is called in ALTER, DROP and COMMENT: TYPE or DOMAIN.
    pub(in crate::ddl) word: &'static str,
    /// What makes the new one.
    pub(in crate::ddl) create: Vec<Statement>,
    /// How a value becomes one of the new type.
    pub(in crate::ddl) cast: Cast,
    /// What the author must know of the values.
    pub(in crate::ddl) remark: Option<String>,
    /// Labels that no row may hold any more.
    pub(in crate::ddl) gone: Vec<String>,
}

/// How a value becomes one of another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ddl) enum Cast {
    /// Through its text.
    Text,
    /// By a cast that PostgreSQL has.
    Direct,
}

impl Anew<'_, '_> {
    /// The old type steps aside under another name.
    pub(in crate::ddl) fn aside(self) -> Alter {
        let (from, to) = (&self.change.from, &self.change.to);
        if stored_in(from.catalog, from.key).is_empty() {
            return Alter::Replace;
        }
        let survey = match survey(self.change, Way::Aside) {
            Ok(survey) => survey,
            Err(why) => return Alter::Impossible(why),
        };
        let (old, word) = (free_name(self.change), self.word);
        let mut late = vec![Statement::new(format!(
            "ALTER {word} {} RENAME TO {}",
            qualified(from.key),
            Ident(&old)
        ))];
        late.extend(self.create);
        late.extend(dressing(to, word));
        let mut moves = moves(from.catalog, &survey, |name, kind| {
            let text = text_like(kind);
            let value = match self.cast {
                Cast::Text => format!("{name}::{text}::{kind}"),
                Cast::Direct => format!("{name}::{kind}"),
            };
            (kind.to_owned(), value)
        });
        for (statement, columns) in moves.iter_mut().zip(survey.tables.values()) {
            warn_of_labels(statement, columns, &self.gone);
        }
        late.extend(moves);
        warn(&mut late, self.remark);
        late.extend(survey.restore);
        let old = Qualified {
            schema: from.key.part(0),
            name: &old,
        };
        late.push(Statement::new(format!("DROP {word} {old}")));
        Alter::By(Steps {
            early: survey.early,
            late,
            clears: survey.clears.into_iter().collect(),
        })
    }

    /// The columns are text while the type is dropped and made again.
    pub(in crate::ddl) fn detour(mut self) -> Alter {
        let (from, to) = (&self.change.from, &self.change.to);
        if stored_in(from.catalog, from.key).is_empty() {
            return Alter::Replace;
        }
        let (name, word) = (qualified(from.key), self.word);
        self.create
            .insert(0, Statement::new(format!("DROP {word} {name}")));
        self.create.extend(dressing(to, word));
        self.through_text(Way::Detour)
    }

    /// The columns are text while the type is altered by what `create` says.
    pub(in crate::ddl) fn altered(self) -> Alter {
        self.through_text(Way::Altered)
    }

    fn through_text(self, way: Way) -> Alter {
        let (from, to) = (&self.change.from, &self.change.to);
        let survey = match survey(self.change, way) {
            Ok(survey) => survey,
            Err(why) => return Alter::Impossible(why),
        };
        let mut late = Vec::new();
        if way == Way::Altered {
            // another attribute that was altered has given them back
            late.extend(survey.early.iter().cloned());
        }
        late.extend(moves(from.catalog, &survey, |name, kind| {
            let text = text_like(kind);
            (text.to_owned(), format!("{name}::{text}"))
        }));
        late.extend(self.create);
        let multiranges = from
            .get(Attribute::Multirange)
            .zip(to.get(Attribute::Multirange));
        late.extend(moves(from.catalog, &survey, |name, kind| {
            let kind = match multiranges {
                Some((old, new)) if kind.strip_suffix("[]").unwrap_or(kind) == old => {
                    kind.replacen(old, new, 1)
                }
                _ => kind.to_owned(),
            };
            let value = format!("{name}::{kind}");
            (kind, value)
        }));
        warn(&mut late, self.remark);
        late.extend(survey.restore);
        Alter::By(Steps {
            early: survey.early,
            late,
            clears: survey.clears.into_iter().collect(),
        })
    }
}

/// Text, or texts where a type is an array.
fn text_like(kind: &str) -> &'static str {
    if kind.ends_with("[]") {
        "text[]"
    } else {
        "text"
    }
}

/// Comment, owner and privileges of a type that the planner does not know to be another one.
pub(in crate::ddl) fn dressing(object: &Object<'_>, word: &str) -> Vec<Statement> {
    let name = qualified(object.key);
    let comment = object
        .get(Attribute::Comment)
        .map(|it| format!("COMMENT ON {word} {name} IS {}", Literal(it)));
    let owner = object
        .get(Attribute::Owner)
        .map(|it| format!("ALTER {word} {name} OWNER TO {}", Ident(it)));
    let path = ["type", object.key.part(0), object.key.part(1)];
    let grants = object.catalog.below(Kind::Grant, &path);
    let grants = grants.map(|(key, fact)| {
        let grantee = match key.part(3) {
            "PUBLIC" => "PUBLIC".to_owned(),
            role => Ident(role).to_string(),
        };
        let privilege = key.part(4);
        if fact.is(Attribute::Revoked) {
            return format!("REVOKE {privilege} ON TYPE {name} FROM {grantee}");
        }
        let option = if fact.is(Attribute::Grantable) {
            " WITH GRANT OPTION"
        } else {
            ""
        };
        format!("GRANT {privilege} ON TYPE {name} TO {grantee}{option}")
    });
    comment
        .into_iter()
        .chain(owner)
        .chain(grants)
        .map(Statement::new)
        .collect()
}

/// One ALTER for each table, so that its rows are written once. `target` gives a column's next type and its value.
fn moves(
    catalog: &Catalog,
    survey: &Survey<'_>,
    target: impl Fn(&str, &str) -> (String, String),
) -> Vec<Statement> {
    let mut statements = Vec::new();
    for columns in survey.tables.values() {
        let Some(first) = columns.first().copied() else {
            continue;
        };
        let word = table_word(catalog, first);
        let mut actions = Vec::new();
        for column in columns {
            let kind = catalog.get(column).and_then(|it| it.get(Attribute::Type));
            let name = Ident(column.part(2)).to_string();
            let (kind, value) = target(&name, kind.unwrap_or_default());
            // a foreign table has no rows to write
            let using = match word {
                "TABLE" => format!(" USING {value}"),
                _ => String::new(),
            };
            let action = Action::new(format!("ALTER COLUMN {name} TYPE {kind}{using}"));
            actions.push(action.doing(Work::Rewrite));
        }
        let table = Key::new(Kind::Relation, &[first.part(0), first.part(1)]);
        statements.push(Statement::alter_table(word, &table, false, actions));
    }
    statements
}

/// Says of each column that labels which are gone must not be in it.
fn warn_of_labels(statement: &mut Statement, columns: &[&Key], gone: &[String]) {
    if gone.is_empty() {
        return;
    }
    let labels: Vec<String> = gone.iter().map(|it| Literal(it).to_string()).collect();
    let names: Vec<String> = columns
        .iter()
        .map(|it| format!("{}.{}", qualified(it), Ident(it.part(2))))
        .collect();
    statement.remark = Some(format!(
        "it fails where {} still holds a label that is gone: {}. Give those rows another one before",
        names.join(" or "),
        labels.join(", ")
    ));
    statement.fills = columns
        .iter()
        .map(|column| Fill::Labels {
            column: (*column).clone(),
            labels: gone.to_vec(),
        })
        .collect();
}

/// Puts the remark where the rows are written.
fn warn(statements: &mut [Statement], remark: Option<String>) {
    let rewriting = statements.iter_mut().rfind(|it| !it.touches.is_empty());
    if let Some(statement) = rewriting
        && remark.is_some()
    {
        statement.remark = remark;
    }
}

/// A name for the old type that nothing has, before and after.
fn free_name(change: &Change<'_>) -> String {
    let (schema, name) = (change.from.key.part(0), change.from.key.part(1));
    let kinds = [
        Kind::Enum,
        Kind::Domain,
        Kind::Composite,
        Kind::Range,
        Kind::BaseType,
        Kind::Relation,
        Kind::Sequence,
        Kind::Index,
    ];
    let is_taken = |name: &str| {
        kinds.iter().any(|kind| {
            let key = Key::new(*kind, &[schema, name]);
            let catalogs = [change.from.catalog, change.to.catalog];
            catalogs.iter().any(|it| it.get(&key).is_some())
        })
    };
    let mut number = 1_u32;
    loop {
        let suffix = match number {
            1 => "__old".to_owned(),
            _ => format!("__old{number}"),
        };
        let candidate = format!("{}{suffix}", shortened(name, 63 - suffix.len()));
        if !is_taken(&candidate) {
            return candidate;
        }
        number += 1;
    }
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
