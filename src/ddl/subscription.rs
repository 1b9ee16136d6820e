//! Subscriptions.
//!
//! Where they connect to is a secret and not in the catalog. So none is ever dropped and made again when it has a slot, and who
//! makes one has to fill the connection in.

use crate::{
    catalog::{Attribute, Key},
    ddl::rules::{Alter, Boundary, Change, KindRules, Loss, Object, Statement, Steps},
    words::ident::{Ident, Literal},
};

/// Subscriptions.
pub(crate) struct Subscription;

impl KindRules for Subscription {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(subscription(object.key))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let name = subscription(object.key);
        // the default of `streaming` is another from 18 on
        let given = OPTIONS.iter().chain(OF_SLOT);
        let given = given
            .filter(|(_, attribute)| *attribute == Attribute::Streaming || object.is(*attribute));
        let options: Vec<String> = std::iter::once("connect = false".to_owned())
            .chain(given.map(|(word, attribute)| option(object, word, *attribute)))
            .collect();
        let slot = match object.get(Attribute::Slot) {
            Some("none") => String::new(),
            slot => format!(
                " It does not create the slot {} on the publisher: do that before enabling it.",
                Literal(slot.unwrap_or(object.key.part(0)))
            ),
        };
        let made = Statement::new(format!(
            "CREATE {name} CONNECTION '' PUBLICATION {} WITH ({})",
            publications(object),
            options.join(", ")
        ))
        .remarking(format!(
            "Fill in the connection: it is a secret and not known here.{slot} Then ALTER {name} REFRESH PUBLICATION gets the tables."
        ));
        let mut statements = vec![made];
        if !object.is(Attribute::Disabled) && has_slot(object) {
            statements.push(Statement::new(format!("ALTER {name} ENABLE")));
        }
        statements
    }

    // Without its slot, so that it can be dropped in a transaction and without the publisher.
    fn drop(&self, object: &Object<'_>) -> Vec<Statement> {
        let name = subscription(object.key);
        let mut statements = Vec::new();
        if !object.is(Attribute::Disabled) {
            statements.push(Statement::new(format!("ALTER {name} DISABLE")));
        }
        let mut last =
            Statement::new(format!("DROP {name}")).losing(Loss::Subscription(object.key.clone()));
        if has_slot(object) {
            statements.push(Statement::new(format!("ALTER {name} SET (slot_name = NONE)")));
            last = last.remarking(format!(
                "the slot {} stays on the publisher and retains WAL there: drop it, too",
                Literal(object.get(Attribute::Slot).unwrap_or(object.key.part(0)))
            ));
        }
        statements.push(last);
        statements
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        let (from, to) = (&change.from, &change.to);
        let of_slot: Vec<&(&str, Attribute)> =
            OF_SLOT.iter().filter(|(_, attribute)| change.differs(*attribute)).collect();
        if !to.is(Attribute::Disabled) && !has_slot(to) && from.is(Attribute::Disabled) {
            return Alter::Impossible(
                "it has no slot, and PostgreSQL enables no subscription without one".to_owned(),
            );
        }
        // two_phase can be given without a slot
        let is_free = |attribute: Attribute| attribute == Attribute::TwoPhase && to.is(attribute);
        let is_alterable =
            |attribute: Attribute| attribute != Attribute::TwoPhase || to.major >= 18;
        for (word, attribute) in &of_slot {
            let needs_slot = !is_free(*attribute) && !has_slot(to);
            if !is_alterable(*attribute) || needs_slot {
                if has_slot(from) || has_slot(to) {
                    return Alter::Impossible(format!(
                        "PostgreSQL cannot change {word} of it: drop it and create another one"
                    ));
                }
                return Alter::Replace;
            }
        }
        let must_rest = !of_slot.is_empty() || change.differs(Attribute::Slot);
        let is_enabled = !from.is(Attribute::Disabled);
        let rests = is_enabled && (to.is(Attribute::Disabled) || must_rest);
        let mut late = Vec::new();
        let name = subscription(to.key);
        if rests {
            late.push(Statement::new(format!("ALTER {name} DISABLE")));
        }
        late.extend(settings(change));
        for (word, attribute) in of_slot {
            let sql = format!("ALTER {name} SET ({})", option(to, word, *attribute));
            late.push(if is_free(*attribute) {
                Statement::new(sql)
            } else {
                Statement::new(sql)
                    .at(Boundary::Alone)
                    .remarking("it connects to the publisher and alters the slot there")
            });
        }
        if !to.is(Attribute::Disabled) && (rests || !is_enabled) {
            late.push(Statement::new(format!("ALTER {name} ENABLE")));
        }
        Alter::By(Steps::late(late))
    }
}

fn subscription(key: &Key) -> String {
    format!("SUBSCRIPTION {}", Ident(key.part(0)))
}

fn has_slot(object: &Object<'_>) -> bool {
    object.get(Attribute::Slot) != Some("none")
}

/// Options that need no connection: their names here and in the catalog.
const OPTIONS: &[(&str, Attribute)] = &[
    ("slot_name", Attribute::Slot),
    ("binary", Attribute::Binary),
    ("streaming", Attribute::Streaming),
    ("synchronous_commit", Attribute::SynchronousCommit),
    ("disable_on_error", Attribute::DisableOnError),
    ("password_required", Attribute::PasswordNotRequired),
    ("run_as_owner", Attribute::RunAsOwner),
    ("origin", Attribute::Origin),
];

/// Options that are those of the slot, too.
const OF_SLOT: &[(&str, Attribute)] =
    &[("two_phase", Attribute::TwoPhase), ("failover", Attribute::Failover)];

/// An option with its value.
fn option(object: &Object<'_>, option: &str, attribute: Attribute) -> String {
    let value = object.get(attribute);
    let value = match attribute {
        Attribute::Slot => match value {
            Some("none") => "NONE".to_owned(),
            other => Literal(other.unwrap_or(object.key.part(0))).to_string(),
        },
        Attribute::Streaming => value.unwrap_or("off").to_owned(),
        Attribute::SynchronousCommit => Literal(value.unwrap_or("off")).to_string(),
        Attribute::Origin => Literal(value.unwrap_or("any")).to_string(),
        Attribute::PasswordNotRequired => value.is_none().to_string(),
        _ => value.is_some().to_string(),
    };
    format!("{option} = {value}")
}

fn publications(object: &Object<'_>) -> String {
    let names = object.list(Attribute::Publications);
    let names: Vec<String> = names.iter().map(|it| Ident(it).to_string()).collect();
    names.join(", ")
}

/// What is altered without a connection.
fn settings(change: &Change<'_>) -> Vec<Statement> {
    let (to, name) = (&change.to, subscription(change.to.key));
    let options: Vec<String> = OPTIONS
        .iter()
        .filter(|(_, attribute)| change.differs(*attribute))
        .map(|(word, attribute)| option(to, word, *attribute))
        .collect();
    let mut statements = Vec::new();
    if !options.is_empty() {
        statements.push(Statement::new(format!("ALTER {name} SET ({})", options.join(", "))));
    }
    if change.differs(Attribute::Publications) {
        let sql =
            format!("ALTER {name} SET PUBLICATION {} WITH (refresh = false)", publications(to));
        statements.push(Statement::new(sql).remarking(format!(
            "ALTER {name} REFRESH PUBLICATION gets the tables afterwards: it connects to the publisher"
        )));
    }
    statements
}
