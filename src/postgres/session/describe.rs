//! What the server says of the columns of a statement that it has prepared.

use tokio_postgres::types::{Kind, Type};

use crate::postgres::session::Row;

/// A column of a result: its name, the schema and the name of its type, and those of the elements of an array.
pub(super) fn described(name: &str, found: &Type) -> Row {
    let element = match found.kind() {
        Kind::Array(element) => Some(without_domains(element)),
        _ => None,
    };
    let found = without_domains(found);
    let texts = [name, found.schema(), found.name()].map(|it| Some(it.to_owned()));
    let elements = [element.map(Type::schema), element.map(Type::name)];
    texts.into_iter().chain(elements.map(|it| it.map(str::to_owned))).collect()
}

/// What the values of a type are on the wire: those of a domain are of its base type.
fn without_domains(mut found: &Type) -> &Type {
    while let Kind::Domain(base) = found.kind() {
        found = base;
    }
    found
}
