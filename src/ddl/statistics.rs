//! Extended statistics.

use crate::{
    catalog::{Attribute, Key},
    ddl::{
        index::ties,
        rule::{Alter, Change, LockMode, Object, Rule, Statement, Steps, Work, no_parent},
    },
    words::ident::Qualified,
};

/// What is known of extended statistics.
pub(super) const RULE: Rule = Rule {
    comment: designation,
    owner: designation,
    born_with: no_parent,
    dies_with,
    create,
    drop,
    alter,
};

/// The words for them.
fn designation(statistics: &Object<'_>) -> Option<String> {
    Some(words(statistics))
}

/// `STATISTICS "schema"."name"`.
fn words(statistics: &Object<'_>) -> String {
    let name = Qualified {
        schema: statistics.key.part(0),
        name: statistics.key.part(1),
    };
    format!("STATISTICS {name}")
}

/// They go with their table, and with any column that they are about.
fn dies_with(statistics: &Object<'_>) -> Vec<Key> {
    ties::automatic(statistics)
}

/// Makes them; the target has no place in that statement.
fn create(statistics: &Object<'_>) -> Vec<Statement> {
    let definition = statistics.get(Attribute::Definition).unwrap_or_default();
    let mut made = Statement::new(definition);
    if let Some(relation) = statistics.key.relation(statistics.fact) {
        made = made.touching(&relation, LockMode::ShareUpdateExclusive, Work::Catalog);
    }
    let mut all = vec![made];
    if statistics.is(Attribute::Target) {
        all.push(target(statistics));
    }
    all
}

/// Sets the target; -1 is the server's usual one.
fn target(statistics: &Object<'_>) -> Statement {
    let (words, target) = (
        words(statistics),
        statistics.get(Attribute::Target).unwrap_or("-1"),
    );
    Statement::new(format!("ALTER {words} SET STATISTICS {target}"))
}

/// Takes them away.
fn drop(statistics: &Object<'_>) -> Vec<Statement> {
    vec![Statement::new(format!("DROP {}", words(statistics)))]
}

/// Only the target can change.
fn alter(change: &Change<'_>) -> Alter {
    if change.differs_only_in(&[Attribute::Target]) {
        return Alter::By(Steps::late([target(&change.to)]));
    }
    Alter::Replace
}
