//! Text search: parsers, templates, dictionaries, configurations.

use std::collections::BTreeMap;

use crate::{
    catalog::Attribute,
    ddl::{
        enumeration::qualified,
        rules::{Alter, Change, KindRules, Object, Statement, Steps},
    },
    words::ident::Ident,
};

/// Parsers.
pub(crate) struct Parser;

impl KindRules for Parser {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(named("PARSER", object))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let options = [
            ("START", Attribute::Start),
            ("GETTOKEN", Attribute::Token),
            ("END", Attribute::End),
            ("HEADLINE", Attribute::Headline),
            ("LEXTYPES", Attribute::Types),
        ];
        vec![made("PARSER", object, &options)]
    }
}

/// Templates.
pub(crate) struct Template;

impl KindRules for Template {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(named("TEMPLATE", object))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        vec![made("TEMPLATE", object, &[("INIT", Attribute::Init), ("LEXIZE", Attribute::Lexize)])]
    }
}

/// Dictionaries.
pub(crate) struct Dictionary;

impl KindRules for Dictionary {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(named("DICTIONARY", object))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let template = object.get(Attribute::Template).unwrap_or_default();
        let options = object.get(Attribute::Options);
        let options = options.map_or(String::new(), |it| format!(", {it}"));
        vec![Statement::new(format!(
            "CREATE {} (TEMPLATE = {template}{options})",
            named("DICTIONARY", object)
        ))]
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        if change.differs(Attribute::Template) {
            return Alter::Replace;
        }
        let [from, to] = [&change.from, &change.to]
            .map(|it| options(it.get(Attribute::Options).unwrap_or_default()));
        let gone = from.keys().filter(|it| !to.contains_key(*it));
        let gone = gone.map(|it| (*it).to_owned());
        let new = to.iter().filter(|(name, value)| from.get(*name) != Some(*value));
        let new = new.map(|(name, value)| format!("{name} = {value}"));
        let settings: Vec<String> = gone.chain(new).collect();
        if settings.is_empty() {
            // the same ones in another order
            return Alter::Replace;
        }
        Alter::By(Steps::late([Statement::new(format!(
            "ALTER {} ({})",
            named("DICTIONARY", &change.to),
            settings.join(", ")
        ))]))
    }
}

/// Configurations.
pub(crate) struct Configuration;

impl KindRules for Configuration {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        Some(named("CONFIGURATION", object))
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        let mappings = mappings(object);
        let mut statements = vec![made("CONFIGURATION", object, &[("PARSER", Attribute::Parser)])];
        statements.extend(mapped(object, "ADD", mappings.iter()));
        statements
    }

    fn alter(&self, change: &Change<'_>) -> Alter {
        if change.differs(Attribute::Parser) {
            return Alter::Replace;
        }
        let to = &change.to;
        let (old, new) = (mappings(&change.from), mappings(to));
        let gone: Vec<&str> =
            old.keys().filter(|it| !new.contains_key(*it)).map(String::as_str).collect();
        let others = new
            .iter()
            .filter(|(token, dictionaries)| old.get(*token).is_some_and(|it| it != *dictionaries));
        let added = new.iter().filter(|(token, _)| !old.contains_key(*token));
        let mut late = mapped(to, "ALTER", others);
        late.extend(mapped(to, "ADD", added));
        let mut early = Vec::new();
        if !gone.is_empty() {
            early.push(Statement::new(format!(
                "ALTER {} DROP MAPPING FOR {}",
                named("CONFIGURATION", to),
                idents(&gone)
            )));
        }
        Alter::By(Steps { early, late, ..Steps::default() })
    }
}

fn named(word: &str, object: &Object<'_>) -> String {
    format!("TEXT SEARCH {word} {}", qualified(object.key))
}

/// A CREATE with these options, as far as they are set.
fn made(word: &str, object: &Object<'_>, options: &[(&str, Attribute)]) -> Statement {
    let options: Vec<String> = options
        .iter()
        .filter_map(|(word, name)| Some(format!("{word} = {}", object.get(*name)?)))
        .collect();
    Statement::new(format!("CREATE {} ({})", named(word, object), options.join(", ")))
}

/// Names and values of `a = 'x', b = 'y'`, as they are written there.
fn options(text: &str) -> BTreeMap<&str, &str> {
    let (mut quote, mut start) = (None, 0);
    let mut parts = Vec::new();
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, ',') => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    let pairs = parts.into_iter().filter_map(|it| it.split_once(" = "));
    pairs.map(|(name, value)| (name.trim(), value.trim())).collect()
}

/// The dictionaries for each kind of token.
fn mappings(object: &Object<'_>) -> BTreeMap<String, Vec<String>> {
    // written by the server itself; anything else has no mappings in it
    let text = object.get(Attribute::Mappings).unwrap_or("{}");
    serde_json::from_str(text).unwrap_or_default()
}

/// Tokens whose mappings are to be the same go into one statement.
fn mapped<'m>(
    object: &Object<'_>,
    verb: &str,
    mappings: impl Iterator<Item = (&'m String, &'m Vec<String>)>,
) -> Vec<Statement> {
    let mut groups: BTreeMap<&Vec<String>, Vec<&str>> = BTreeMap::new();
    for (token, dictionaries) in mappings {
        groups.entry(dictionaries).or_default().push(token);
    }
    let name = named("CONFIGURATION", object);
    let statement = |(dictionaries, tokens): (&Vec<String>, Vec<&str>)| {
        Statement::new(format!(
            "ALTER {name} {verb} MAPPING FOR {} WITH {}",
            idents(&tokens),
            dictionaries.join(", ")
        ))
    };
    groups.into_iter().map(statement).collect()
}

fn idents(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|it| Ident(it).to_string()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_end_at_commas_that_are_not_quoted() {
        let found = options("a = 'x, y = ''z''', \"B,b\" = E'\\\\', c = 5");
        let expected = [("\"B,b\"", "E'\\\\'"), ("a", "'x, y = ''z'''"), ("c", "5")];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        assert!(options("").is_empty());
    }
}
