//! Sequences. That of an identity column is the column's: it makes it, with all options, and takes it away.

mod options;

use crate::{
    catalog::{Attribute, Catalog, Fact, Key, ObjectKind},
    ddl::rules::{Alter, Change, KindRules, Loss, Object, Statement, Steps},
    tables::{index::ties, names},
    words::ident::{Ident, Literal, Qualified},
};

/// What is known of sequences.
pub(crate) struct Sequence;

impl KindRules for Sequence {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        comment(object)
    }

    // The words for it; that of an identity column has the table's owner, always.
    fn owner(&self, sequence: &Object<'_>) -> Option<String> {
        (!sequence.is(Attribute::IdentityOf)).then(|| designation(sequence))
    }

    fn created_with(&self, sequence: &Object<'_>) -> Option<Key> {
        named(sequence.fact, Attribute::IdentityOf)
    }

    // It goes with the column that uses it as an identity, or owns it.
    fn dropped_with(&self, sequence: &Object<'_>) -> Vec<Key> {
        let mut all = ties::automatic(sequence);
        for name in [Attribute::IdentityOf, Attribute::OwnedBy] {
            if let Some(column) = named(sequence.fact, name) {
                let table = [column.part(0), column.part(1)];
                ties::add(&mut all, Key::new(ObjectKind::Relation, &table));
                ties::add(&mut all, column);
            }
        }
        all
    }

    // Makes it. What ties it to a column that owns it stands last: the column can be there only afterwards, if it takes its
    // numbers from here.
    fn create(&self, sequence: &Object<'_>) -> Vec<Statement> {
        let table = table(sequence, sequence.catalog);
        if sequence.is(Attribute::IdentityOf) {
            let usual = table.is_some_and(|it| it.is(Attribute::Unlogged));
            let is_other = sequence.is(Attribute::Unlogged) != usual;
            let mut all: Vec<Statement> = is_other.then(|| logged(sequence)).into_iter().collect();
            // it is made with the type of its column
            let column = named(sequence.fact, Attribute::IdentityOf)
                .and_then(|it| sequence.catalog.get(&it));
            if column.is_some_and(|it| it.get(Attribute::Type) != sequence.get(Attribute::Type)) {
                let (words, options) = (designation(sequence), options::given(sequence));
                // which goes without saying where one is created
                let big = match sequence.get(Attribute::Type) {
                    None | Some("bigint") => " AS bigint",
                    Some(_) => "",
                };
                all.push(Statement::new(format!("ALTER {words}{big}{options}")));
            }
            return all;
        }
        let unlogged = if sequence.is(Attribute::Unlogged) { "UNLOGGED " } else { "" };
        let (words, options) = (designation(sequence), options::given(sequence));
        let mut all = vec![Statement::new(format!("CREATE {unlogged}{words}{options}"))];
        all.extend(owned(sequence));
        all
    }

    // Takes it away, with what it has counted. That of an identity column goes with DROP IDENTITY.
    fn drop(&self, sequence: &Object<'_>) -> Vec<Statement> {
        if sequence.is(Attribute::IdentityOf) {
            return Vec::new();
        }
        let words = designation(sequence);
        let lost = counter(sequence);
        vec![Statement::new(format!("DROP {words}")).losing(lost)]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        alter(change)
    }
}

/// The words for a sequence.
fn comment(sequence: &Object<'_>) -> Option<String> {
    Some(designation(sequence))
}

/// `SEQUENCE "schema"."name"`.
fn designation(sequence: &Object<'_>) -> String {
    let name = Qualified { schema: sequence.key.part(0), name: sequence.key.part(1) };
    format!("SEQUENCE {name}")
}

/// The table that it belongs to, as one of the catalogs has it.
fn table<'c>(sequence: &Object<'_>, catalog: &'c Catalog) -> Option<&'c Fact> {
    let column = named(sequence.fact, Attribute::IdentityOf)
        .or_else(|| named(sequence.fact, Attribute::OwnedBy))?;
    catalog.get(&column.table())
}

/// Ties it to the column that owns it, if there is one.
pub(crate) fn owned(sequence: &Object<'_>) -> Option<Statement> {
    let column = named(sequence.fact, Attribute::OwnedBy)?;
    let table = Qualified { schema: column.part(0), name: column.part(1) };
    let (words, column) = (designation(sequence), Ident(column.name()));
    Some(Statement::new(format!("ALTER {words} OWNED BY {table}.{column}")))
}

/// Whether it survives a crash.
fn logged(sequence: &Object<'_>) -> Statement {
    let to = if sequence.is(Attribute::Unlogged) { "UNLOGGED" } else { "LOGGED" };
    Statement::new(format!("ALTER {} SET {to}", designation(sequence)))
}

/// What is lost with it.
fn counter(sequence: &Object<'_>) -> Loss {
    Loss::Counter(sequence.key.clone())
}

/// Changes all that it can.
fn alter(change: &Change<'_>) -> Alter {
    match (change.from.is(Attribute::IdentityOf), change.to.is(Attribute::IdentityOf)) {
        // DROP IDENTITY takes the old one away, ADD GENERATED makes the new one with all options
        (true, false) | (false, true) => return Alter::Replace,
        (true, true) if change.differs(Attribute::IdentityOf) => {
            return Alter::By(Steps::late(again(change)));
        }
        _ => {}
    }
    let mut steps = Steps::default();
    if change.differs(Attribute::OwnedBy) {
        let words = designation(&change.from);
        if change.from.is(Attribute::OwnedBy) {
            let sql = format!("ALTER {words} OWNED BY NONE");
            steps.early.push(Statement::new(sql));
        }
        steps.late.extend(owned(&change.to));
    }
    steps.late.extend(options::changed(change));
    if change.differs(Attribute::Unlogged) && !follows_table(change) {
        steps.late.push(logged(&change.to));
    }
    Alter::By(steps)
}

/// The identity column that uses a sequence.
pub(crate) fn identity_of(sequence: &Fact) -> Option<Key> {
    named(sequence, Attribute::IdentityOf)
}

/// The column that owns a sequence.
pub(crate) fn owner(sequence: &Fact) -> Option<Key> {
    named(sequence, Attribute::OwnedBy)
}

/// The column that an attribute names.
fn named(sequence: &Fact, name: Attribute) -> Option<Key> {
    let parts = sequence.list(name);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    (parts.len() == 3).then(|| Key::new(ObjectKind::Column, &parts))
}

/// Gives that of an identity column another name, and changes what else differs. Where something else takes the old name, it is given
/// up early.
pub(crate) fn renamed(change: &Change<'_>, is_reused: bool) -> Steps {
    let schema = change.from.key.part(0);
    let rename = |from: &str, to: &str| {
        let from = Qualified { schema, name: from };
        Statement::new(format!("ALTER SEQUENCE {from} RENAME TO {}", Ident(to)))
    };
    let (old, new) = (change.from.key.part(1), change.to.key.part(1));
    let aside = names::made(old, new, "aside");
    let first = if is_reused { aside.as_str() } else { old };
    let mut steps = match alter(change) {
        Alter::By(steps) => steps,
        // one column in both catalogs
        _ => Steps::default(),
    };
    if is_reused {
        steps.early.push(rename(old, first));
    }
    steps.late.insert(0, rename(first, new));
    steps
}

/// What was said of the old sequence and is true of the new one that the column made.
fn again(change: &Change<'_>) -> Option<Statement> {
    let comment = change.to.get(Attribute::Comment)?;
    if change.from.get(Attribute::Comment) != Some(comment) {
        return None;
    }
    let (words, comment) = (designation(&change.to), Literal(comment));
    Some(Statement::new(format!("COMMENT ON {words} IS {comment}")))
}

/// Whether SET LOGGED or UNLOGGED of the table has changed it already.
fn follows_table(change: &Change<'_>) -> bool {
    let sequence = &change.to;
    let was = table(sequence, change.from.catalog).map(|it| it.is(Attribute::Unlogged));
    let is = table(sequence, change.to.catalog).map(|it| it.is(Attribute::Unlogged));
    let is_tied = !change.differs(Attribute::OwnedBy);
    is_tied && was.is_some() && was != is && is == Some(sequence.is(Attribute::Unlogged))
}
