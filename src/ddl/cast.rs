//! Casts.

use crate::{
    catalog::Attribute,
    ddl::rule::{Object, Rule, Statement, no_parent, nobody, nothing, replace},
};

/// Casts.
pub(super) const RULE: Rule = Rule {
    comment: |object| Some(designation(object)),
    owner: nothing,
    born_with: no_parent,
    dies_with: nobody,
    create,
    drop: |object| vec![Statement::new(format!("DROP {}", designation(object)))],
    alter: replace,
};

/// The types are printed as SQL already.
fn designation(object: &Object<'_>) -> String {
    let (source, target) = (object.key.part(0), object.key.part(1));
    format!("CAST ({source} AS {target})")
}

fn create(object: &Object<'_>) -> Vec<Statement> {
    let how = match (
        object.get(Attribute::Method),
        object.get(Attribute::Function),
    ) {
        (None, Some(function)) => format!("WITH FUNCTION {function}"),
        (Some("inout"), _) => "WITH INOUT".to_owned(),
        _ => "WITHOUT FUNCTION".to_owned(),
    };
    let context = match object.get(Attribute::Context) {
        Some("implicit") => " AS IMPLICIT",
        Some("assignment") => " AS ASSIGNMENT",
        _ => "",
    };
    vec![Statement::new(format!(
        "CREATE {} {how}{context}",
        designation(object)
    ))]
}
