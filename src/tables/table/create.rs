//! CREATE TABLE in its forms: plain, of a type, as a partition.

use crate::{
    catalog::{Attribute, ConstraintKind, Key, ObjectKind, RelationKind},
    ddl::rules::{Action, LockMode, Object, Statement, Work},
    tables::{
        column, inheritance,
        names::{self, columns_of},
        options,
        table::kind,
    },
    words::ident::{Ident, Qualified},
};

/// How a table gets its columns.
enum Form<'c> {
    /// They stand in the statement, but for those that are only inherited.
    Plain,
    /// They are those of a composite type.
    Typed(&'c str),
    /// They are exactly those of the partitioned table.
    Partition(&'c str),
    /// They stand in the statement, and the table is attached afterwards.
    Attached,
}

impl<'c> Form<'c> {
    /// The form that leads to what is there.
    fn of(object: &Object<'c>) -> Self {
        match (object.get(Attribute::PartitionOf), object.get(Attribute::OfType)) {
            (Some(whole), None) if is_like(object, whole) => Self::Partition(whole),
            (Some(_), None) => Self::Attached,
            (_, Some(name)) => Self::Typed(name),
            (None, None) => Self::Plain,
        }
    }
}

/// The statement that makes a table, and the one that attaches it where the first does not.
pub(super) fn statements(object: &Object<'_>) -> Vec<Statement> {
    let form = Form::of(object);
    let what = match kind(object) {
        RelationKind::ForeignTable => "FOREIGN TABLE",
        _ if object.is(Attribute::Unlogged) => "UNLOGGED TABLE",
        _ => "TABLE",
    };
    let bound = object.get(Attribute::PartitionBound).unwrap_or_default();
    let body = match form {
        Form::Plain => format!(" {}{}", list(&lines(object)), inherits(object)),
        Form::Attached => format!(" {}", list(&lines(object))),
        Form::Typed(name) => match typed(object) {
            lines if lines.is_empty() => format!(" OF {name}"),
            lines => format!(" OF {name} {}", list(&lines)),
        },
        Form::Partition(whole) => format!(" PARTITION OF {whole} {bound}"),
    };
    let (name, tail) = (names::relation(object), tail(object));
    let statement = Statement::new(format!("CREATE {what} {name}{body}{tail}"));
    if !matches!(form, Form::Partition(_)) {
        return std::iter::once(statement).chain(attach(object)).collect();
    }
    let whole = super::whole(object);
    vec![
        whole.iter().fold(statement, |it, whole| {
            it.touching(whole, LockMode::AccessExclusive, Work::Catalog)
        }),
    ]
}

/// The statement that makes a table a partition, if it is one.
pub(super) fn attach(object: &Object<'_>) -> Option<Statement> {
    let bound = object.get(Attribute::PartitionBound)?;
    let name = names::relation(object);
    let whole = super::whole(object)?;
    let attach = format!("ATTACH PARTITION {name} {bound}");
    let action = Action::new(attach).under(LockMode::ShareUpdateExclusive);
    let statement = Statement::alter_table("TABLE", &whole, false, vec![action]);
    Some(statement.touching(object.key, LockMode::AccessExclusive, Work::Scan))
}

/// Lines between brackets.
fn list(lines: &[String]) -> String {
    match lines {
        [] => "()".to_owned(),
        lines => format!("(\n    {}\n)", lines.join(",\n    ")),
    }
}

/// What stands after the columns.
fn tail(object: &Object<'_>) -> String {
    let mut text = String::new();
    if let Some(key) = object.get(Attribute::PartitionKey) {
        text += &format!(" PARTITION BY {key}");
    }
    if let Some(method) = object.get(Attribute::AccessMethod) {
        text += &format!(" USING {}", Ident(method));
    }
    let mut with = options::assignments(&object.list(Attribute::Options), "");
    with.extend(options::assignments(&object.list(Attribute::ToastOptions), "toast."));
    if !with.is_empty() {
        text += &format!(" WITH ({})", with.join(", "));
    }
    if let Some(space) = object.get(Attribute::Tablespace) {
        text += &format!(" TABLESPACE {}", Ident(space));
    }
    if let Some(server) = object.get(Attribute::Server) {
        text += &format!(" SERVER {}", Ident(server));
        text += &options::given(&object.list(Attribute::ForeignOptions));
    }
    text
}

/// The parents, where they are not a partitioned table.
fn inherits(object: &Object<'_>) -> String {
    let relation = names::relation(object);
    let parents = inheritance::parents(object.catalog, relation.schema, relation.name);
    let parents: Vec<String> =
        parents.iter().map(|(schema, name)| Qualified { schema, name }.to_string()).collect();
    match parents.as_slice() {
        [] => String::new(),
        all => format!(" INHERITS ({})", all.join(", ")),
    }
}

/// The columns that CREATE TABLE names. A partition names all of them, and the checks that it must have to be attached; an heir
/// only those that are its own, too, and NOT NULL under a name of its own.
fn lines(object: &Object<'_>) -> Vec<String> {
    let is_partition = object.is(Attribute::PartitionOf);
    let columns = columns_of(object, object.key.part(0), object.key.part(1));
    let is_here = |it: &&Object<'_>| is_partition || !it.is(Attribute::Inherited);
    let mut lines: Vec<String> = columns.iter().filter(is_here).map(column::definition).collect();
    let heirs = columns.iter().filter(|it| !is_here(it));
    lines.extend(heirs.filter_map(column::own_not_null));
    if is_partition {
        lines.extend(inherited_checks(object));
    }
    lines
}

/// The checks of the whole.
fn inherited_checks(object: &Object<'_>) -> Vec<String> {
    let (schema, name) = (object.key.part(0), object.key.part(1));
    let constraints = object.catalog.below(ObjectKind::Constraint, &[schema, name]);
    constraints
        .filter(|(_, fact)| {
            fact.is_constraint(ConstraintKind::Check) && fact.is(Attribute::Inherited)
        })
        .map(|(key, fact)| {
            let definition = fact.get(Attribute::Definition).unwrap_or_default();
            format!("CONSTRAINT {} {definition}", Ident(key.name()))
        })
        .collect()
}

/// What a table of a type says of the columns that it has from there.
fn typed(object: &Object<'_>) -> Vec<String> {
    let columns = columns_of(object, object.key.part(0), object.key.part(1));
    let lines = columns.iter().map(|it| (it, column::qualities(it)));
    lines
        .filter(|(_, qualities)| !qualities.is_empty())
        .map(|(it, qualities)| format!("{} WITH OPTIONS{qualities}", Ident(it.key.name())))
        .collect()
}

/// Whether a partition is what PARTITION OF makes of the whole.
fn is_like(object: &Object<'_>, whole: &str) -> bool {
    let Some((schema, table)) = names::split(whole) else {
        return false;
    };
    let key = Key::new(ObjectKind::Relation, &[&schema, &table]);
    let Some(fact) = object.catalog.get(&key) else {
        return false;
    };
    let is_same = |name: Attribute, usual: &str| {
        let of_whole = fact.get(name);
        let own = object.get(name);
        of_whole.is_none() || own.is_some() || of_whole == Some(usual)
    };
    let own = columns_of(object, object.key.part(0), object.key.part(1));
    let theirs = columns_of(object, &schema, &table);
    is_same(Attribute::AccessMethod, "heap")
        && is_same(Attribute::Tablespace, "")
        && own.len() == theirs.len()
        && own.iter().zip(&theirs).all(|(it, of)| is_same_column(it, of))
}

/// Whether a column of a partition is what comes from the whole. Statistics and options do not, and are set afterwards.
fn is_same_column(own: &Object<'_>, of_whole: &Object<'_>) -> bool {
    const APART: [Attribute; 7] = [
        Attribute::Position,
        Attribute::Comment,
        Attribute::StatisticsTarget,
        Attribute::Options,
        Attribute::Inherited,
        Attribute::InheritCount,
        Attribute::Identity,
    ];
    let both = own.fact.iter().chain(of_whole.fact.iter());
    let identity = match own.major {
        // a partition has its part in the identity of the whole
        17.. => of_whole.get(Attribute::Identity),
        _ => None,
    };
    own.key.name() == of_whole.key.name()
        && own.get(Attribute::Identity) == identity
        && not_null_name(own) == not_null_name(of_whole)
        && both
            .map(|(name, _)| name)
            .filter(|name| !APART.contains(name))
            .all(|name| own.get(name) == of_whole.get(name))
}

/// The name of its NOT NULL, from 18 on.
fn not_null_name<'c>(object: &Object<'c>) -> Option<&'c str> {
    column::not_null_constraint(object).map(|it| it.key.name())
}
