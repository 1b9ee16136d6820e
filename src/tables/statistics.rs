//! Extended statistics.

use crate::{
    catalog::{Attribute, Key},
    ddl::rules::{Alter, Change, KindRules, LockMode, Object, Statement, Steps, Work},
    tables::index::ties,
    words::ident::Qualified,
};

/// What is known of extended statistics.
pub(crate) struct Statistics;

impl KindRules for Statistics {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        designation(object)
    }

    // They go with their table, and with any column that they are about.
    fn dropped_with(&self, statistics: &Object<'_>) -> Vec<Key> {
        ties::automatic(statistics)
    }

    fn create(&self, statistics: &Object<'_>) -> Vec<Statement> {
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

    fn alter(&self, change: &Change<'_>) -> Alter {
        if change.differs_only_in(&[Attribute::Target]) {
            return Alter::By(Steps::late([target(&change.to)]));
        }
        Alter::Replace
    }
}

/// The words for them.
fn designation(statistics: &Object<'_>) -> Option<String> {
    Some(words(statistics))
}

/// `STATISTICS "schema"."name"`.
fn words(statistics: &Object<'_>) -> String {
    let name = Qualified { schema: statistics.key.part(0), name: statistics.key.part(1) };
    format!("STATISTICS {name}")
}

/// Sets the target; -1 is the server's usual one.
fn target(statistics: &Object<'_>) -> Statement {
    let (words, target) = (words(statistics), statistics.get(Attribute::Target).unwrap_or("-1"));
    Statement::new(format!("ALTER {words} SET STATISTICS {target}"))
}
