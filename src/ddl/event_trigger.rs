//! Event triggers.

use crate::{
    catalog::Attribute,
    ddl::rules::{Alter, Change, KindRules, Object, Statement, Steps},
    words::ident::{Ident, Literal},
};

/// Event triggers.
pub(crate) struct EventTrigger;

impl KindRules for EventTrigger {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        comment(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let event = object.get(Attribute::Event).unwrap_or_default();
        let function = object.get(Attribute::Function).unwrap_or_default();
        let tags: Vec<String> =
            object.list(Attribute::Tags).iter().map(|it| Literal(it).to_string()).collect();
        let when = if tags.is_empty() {
            String::new()
        } else {
            format!(" WHEN TAG IN ({})", tags.join(", "))
        };
        let words = words(object);
        let sql = format!("CREATE {words} ON {event}{when} EXECUTE FUNCTION {function}()");
        let mut statements = vec![Statement::new(sql)];
        if object.is(Attribute::Enabled) {
            statements.push(state(object));
        }
        statements
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        if change.differs_only_in(&[Attribute::Enabled]) {
            Alter::By(Steps::late([state(&change.to)]))
        } else {
            Alter::Replace
        }
    }
}

/// Names it in COMMENT ON and ALTER … OWNER TO.
fn comment(object: &Object<'_>) -> Option<String> {
    Some(words(object))
}

/// Sets when it fires.
fn state(object: &Object<'_>) -> Statement {
    let verb = match object.get(Attribute::Enabled) {
        Some("disabled") => "DISABLE",
        Some("replica") => "ENABLE REPLICA",
        Some("always") => "ENABLE ALWAYS",
        _ => "ENABLE",
    };
    Statement::new(format!("ALTER {} {verb}", words(object)))
}

/// The words that name it after COMMENT ON, CREATE, ALTER and DROP.
fn words(object: &Object<'_>) -> String {
    format!("EVENT TRIGGER {}", Ident(object.key.name()))
}
