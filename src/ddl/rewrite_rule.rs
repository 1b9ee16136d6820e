//! Rewrite rules; that of a view is part of the view.

use crate::{
    catalog::Attribute,
    ddl::{
        rules::{Action, Alter, Change, KindRules, Object, Statement},
        view::timely,
    },
    words::ident::{Ident, Qualified},
};

/// Rules.
pub(crate) struct RewriteRule;

impl KindRules for RewriteRule {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(words(object))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let mut statements = vec![object.alone_on_relation(definition(object).to_owned())];
        if object.is(Attribute::Enabled) {
            statements.push(state(object));
        }
        statements
    }

    // Replaces it, which leaves its state as it was, and sets that.
    fn alter(&self, change: &Change<'_>) -> Alter {
        let mut statements = Vec::new();
        if change.differs(Attribute::Definition) {
            let made = definition(&change.to).replacen("CREATE ", "CREATE OR REPLACE ", 1);
            statements.push(change.to.alone_on_relation(made));
        }
        if change.differs(Attribute::Enabled) {
            statements.push(state(&change.to));
        }
        Alter::By(timely(change, statements))
    }
}

/// The statement that PostgreSQL prints for it.
fn definition<'c>(object: &Object<'c>) -> &'c str {
    let text = object.get(Attribute::Definition).unwrap_or_default().trim_end();
    text.strip_suffix(';').unwrap_or(text)
}

/// Sets when it applies.
fn state(object: &Object<'_>) -> Statement {
    let verb = match object.get(Attribute::Enabled) {
        Some("disabled") => "DISABLE",
        Some("replica") => "ENABLE REPLICA",
        Some("always") => "ENABLE ALWAYS",
        _ => "ENABLE",
    };
    let action = Action::new(format!("{verb} RULE {}", Ident(object.key.part(2))));
    Statement::alter_table("TABLE", &object.relation(), false, vec![action])
}

/// The words that name it after COMMENT ON and DROP.
fn words(object: &Object<'_>) -> String {
    format!("RULE {} ON {}", Ident(object.key.part(2)), table(object))
}

/// The relation that it is on.
fn table<'c>(object: &Object<'c>) -> Qualified<'c> {
    Qualified { schema: object.key.part(0), name: object.key.part(1) }
}
