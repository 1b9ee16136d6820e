//! Casts.

use crate::{
    catalog::Attribute,
    ddl::rules::{KindRules, Object, Statement},
};

/// Casts.
pub(crate) struct Cast;

impl KindRules for Cast {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(designation(object))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let how = match (object.get(Attribute::Method), object.get(Attribute::Function)) {
            (None, Some(function)) => format!("WITH FUNCTION {function}"),
            (Some("inout"), _) => "WITH INOUT".to_owned(),
            _ => "WITHOUT FUNCTION".to_owned(),
        };
        let context = match object.get(Attribute::Context) {
            Some("implicit") => " AS IMPLICIT",
            Some("assignment") => " AS ASSIGNMENT",
            _ => "",
        };
        vec![Statement::new(format!("CREATE {} {how}{context}", designation(object)))]
    }
}

/// The types are printed as SQL already.
fn designation(object: &Object<'_>) -> String {
    let (source, target) = (object.key.part(0), object.key.part(1));
    format!("CAST ({source} AS {target})")
}
