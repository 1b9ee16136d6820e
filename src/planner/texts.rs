//! The statements of a stage.

use super::{Node, Planner, Stage, shell};
use crate::{
    catalog::{Attribute, Fact, Key, ObjectKind},
    ddl::{Statement, default_privilege, grant::without_option, routine, rules::Object},
    planner::kinds::rules,
    tables::{column::predecessor, sequence},
    words::ident::Literal,
};

impl<'c> Planner<'c> {
    /// The statements of a stage.
    pub(super) fn statements(&self, node: &Node) -> Vec<Statement> {
        let before = self.renamed.get(&node.key).copied().unwrap_or(&node.key);
        let (from, to) = (
            self.from.entry(before).and_then(|(key, _)| self.object(self.from, key)),
            self.to.entry(&node.key).and_then(|(key, _)| self.object(self.to, key)),
        );
        let rules = rules(node.key.kind());
        match node.stage {
            Stage::Drop => {
                let mut statements = from.map(|it| rules.drop(&it)).unwrap_or_default();
                if self.goes_on(&node.key) {
                    statements.iter_mut().for_each(|it| it.loses.clear());
                }
                statements
            }
            Stage::Create => {
                let create = |it: Object<'_>| match self.hollow.contains(&node.key) {
                    true => routine::filled(&it),
                    false => rules.create(&it),
                };
                let mut statements = to.map(create).unwrap_or_default();
                if let Some(owned) = to.and_then(|it| self.owned(&it)) {
                    statements.retain(|it| *it != owned);
                }
                statements
            }
            Stage::Early => match self.changed.get(&node.key) {
                Some(steps) => steps.early.clone(),
                None if self.hollow.contains(&node.key) => {
                    let emptied = match self.created.contains(&node.key) {
                        true => to.and_then(|it| routine::emptied("CREATE", &it)),
                        false => from.and_then(|it| routine::emptied("CREATE OR REPLACE", &it)),
                    };
                    emptied.into_iter().collect()
                }
                None => to.and_then(|it| shell(&it)).into_iter().collect(),
            },
            Stage::Late => {
                let steps = self.changed.get(&node.key);
                let mut statements = steps.map(|it| it.late.clone()).unwrap_or_default();
                if let Some(owned) = to.and_then(|it| self.owned(&it)) {
                    statements.retain(|it| *it != owned);
                }
                statements
            }
            Stage::Finish => to.map(|it| self.finish(&it, from)).unwrap_or_default(),
        }
    }

    /// Whether another sequence counts on from where this one was.
    fn goes_on(&self, key: &Key) -> bool {
        let column = self.from.get(key).and_then(sequence::owner);
        let both = column.and_then(|it| {
            let objects = [self.from, self.to].map(|catalog| {
                let (key, _) = catalog.entry(&it)?;
                self.object(catalog, key)
            });
            Some((objects[0]?, objects[1]?))
        });
        let old = both.and_then(|(from, to)| predecessor(&from, &to));
        old.as_ref() == Some(key)
    }

    /// The tie of a sequence to its column, which comes last.
    fn owned(&self, object: &Object<'c>) -> Option<Statement> {
        if object.key.kind() != ObjectKind::Sequence {
            return None;
        }
        let tie = sequence::owned(object)?;
        let steps = self.changed.get(object.key);
        let is_new = steps.is_some_and(|it| it.late.contains(&tie));
        (is_new || self.created.contains(object.key)).then_some(tie)
    }

    /// Owner, privileges that came by default, tie and comment.
    fn finish(&self, to: &Object<'c>, from: Option<Object<'c>>) -> Vec<Statement> {
        let rules = rules(to.key.kind());
        let mut statements = Vec::new();
        let is_new = self.created.contains(to.key);
        let was = |name: Attribute| from.filter(|_| !is_new).and_then(|it| it.get(name));
        let had = match is_new {
            true => Some(self.target.role),
            false => was(Attribute::Owner),
        };
        if let (Some(owner), Some(words)) = (to.get(Attribute::Owner), rules.owner(to))
            && had != Some(owner)
        {
            statements.push(Statement::owner(words, owner));
        }
        if is_new {
            statements.extend(self.by_default(to));
        }
        statements.extend(self.owned(to));
        let comment = to.get(Attribute::Comment);
        if comment != was(Attribute::Comment)
            && let Some(words) = rules.name(to).filter(|_| to.key.kind().info().has_comment)
        {
            let text = comment.map_or_else(|| "NULL".to_owned(), |text| Literal(text).to_string());
            statements.push(Statement::new(format!("COMMENT ON {words} IS {text}")));
        }
        statements
    }

    /// What a new object got by default privileges, and is not to have.
    fn by_default(&self, to: &Object<'c>) -> Vec<Statement> {
        let (word, granted) = match to.key.kind() {
            ObjectKind::Relation => ("table", "table"),
            ObjectKind::Sequence => ("sequence", "sequence"),
            ObjectKind::Routine if to.get(Attribute::Kind) == Some("procedure") => {
                ("function", "procedure")
            }
            ObjectKind::Routine => ("function", "function"),
            ObjectKind::Schema => ("schema", "schema"),
            ObjectKind::Enum
            | ObjectKind::Domain
            | ObjectKind::Composite
            | ObjectKind::Range
            | ObjectKind::BaseType => ("type", "type"),
            _ => return Vec::new(),
        };
        let schema = match to.key.kind() {
            ObjectKind::Schema => "",
            _ => to.key.part(0),
        };
        let grant = |grantee: &str, privilege: &str| {
            let mut parts = vec![granted];
            parts.extend(to.key.parts());
            parts.extend([grantee, privilege]);
            Key::new(ObjectKind::Grant, &parts)
        };
        // the way to take away is the way to drop what was given
        let without = |key: &Key, fact: &Fact| {
            let object = Object { key, fact, catalog: self.to, ..*to };
            rules(ObjectKind::Grant).drop(&object)
        };
        let role = self.target.role;
        let mut statements = Vec::new();
        for (grantee, privilege, grantable) in
            default_privilege::given(self.from, schema, role, word)
        {
            let key = grant(&grantee, &privilege);
            match self.to.get(&key) {
                None => statements.extend(without(&key, &Fact::default())),
                Some(fact) if grantable && !fact.is(Attribute::Grantable) => {
                    let object = Object { key: &key, fact, catalog: self.to, ..*to };
                    statements.extend(without_option(&object));
                }
                Some(_) => {}
            }
        }
        for (grantee, privilege) in default_privilege::withheld(self.from, schema, role, word) {
            let key = grant(&grantee, &privilege);
            if self.to.get(&key).is_none() {
                let revoked = Fact::of([(Attribute::Revoked, Some("true".to_owned()))]);
                statements.extend(without(&key, &revoked));
            }
        }
        statements
    }
}
