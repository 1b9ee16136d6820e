//! Functions, procedures, window functions and aggregates.
//!
//! All but aggregates come with a definition by PostgreSQL itself. What CREATE OR REPLACE refuses:
//! <https://www.postgresql.org/docs/current/sql-createfunction.html>.

use serde_json::Value;

use crate::{
    catalog::{Attribute, Key},
    ddl::{
        extension,
        rules::{Alter, Change, KindRules, Object, Statement},
        view::timely,
    },
    words::ident::{Literal, Qualified},
};

/// Routines.
pub(crate) struct Routine;

impl KindRules for Routine {
    fn name(&self, object: &Object<'_>) -> Option<String> {
        comment(object)
    }

    fn dropped_with(&self, object: &Object<'_>) -> Vec<Key> {
        extension::tied(object)
    }

    fn create(&self, object: &Object<'_>) -> Vec<Statement> {
        create(object)
    }

    // Replaces it in place, for whatever calls it stays: where PostgreSQL allows that.
    fn alter(&self, change: &Change<'_>) -> Alter {
        let is_other = change.differs(Attribute::Kind)
            || change.differs(Attribute::Result)
            || loses_defaults(change)
            || shape(&change.from) != shape(&change.to);
        if is_other {
            return Alter::Replace;
        }
        let mut statements = vec![made("CREATE OR REPLACE", &change.to)];
        statements.extend(extension::retie(change, &tie_words(&change.to)));
        Alter::By(timely(change, statements))
    }
}

/// The name and arguments of a routine as GRANT takes them, which knows no ORDER BY: `"s"."f"(integer)`.
pub(crate) fn granted(schema: &str, name: &str, arguments: &str) -> String {
    format!("{}({})", Qualified { schema, name }, plain(arguments))
}

/// Names it in COMMENT ON and ALTER … OWNER TO.
fn comment(object: &Object<'_>) -> Option<String> {
    Some(words(object))
}

/// Makes it.
fn create(object: &Object<'_>) -> Vec<Statement> {
    let mut statements = vec![made("CREATE", object)];
    statements.extend(extension::ties(object, &tie_words(object)));
    statements
}

/// The statement that makes it, behind a verb.
fn made(verb: &str, object: &Object<'_>) -> Statement {
    if is_aggregate(object) {
        return Statement::new(format!("{verb} {} (\n{}\n)", words(object), fields(object)));
    }
    let definition = object.get(Attribute::Definition).unwrap_or_default().trim_end();
    match definition.strip_prefix("CREATE OR REPLACE") {
        Some(rest) => Statement::new(format!("{verb}{rest}")),
        None => Statement::new(definition),
    }
}

/// Whether its body is text that PostgreSQL keeps as it is, so that it knows nothing of what stands in it.
pub(crate) fn is_text(object: &Object<'_>) -> bool {
    object.get(Attribute::Body).is_some() && !is_aggregate(object) && !is_parsed(object)
}

/// Whether its body is kept as a tree, whose needs PostgreSQL knows: `BEGIN ATOMIC` and `RETURN`.
pub(crate) fn is_parsed(object: &Object<'_>) -> bool {
    // a text stands between two tags, and no tree is printed with a sign at its end
    let definition = object.get(Attribute::Definition).unwrap_or_default().trim_end();
    object.get(Attribute::Language) == Some("sql") && !definition.ends_with('$')
}

/// How many arguments it can be called with.
pub(crate) fn takes(object: &Object<'_>, count: usize) -> bool {
    let signature = object.key.part(2);
    let most = match signature {
        "" => 0,
        _ => elements(signature).len(),
    };
    let defaults =
        outside(object.get(Attribute::Arguments).unwrap_or_default(), " DEFAULT ").count();
    let is_open = outside(signature, "VARIADIC ").next().is_some() || is_aggregate(object);
    (is_open || count <= most) && count + defaults + usize::from(is_open) >= most
}

/// It with a body that names nothing, so that others can be made that call it, and it after these. None where that needs more
/// than its result tells.
pub(crate) fn emptied(verb: &str, object: &Object<'_>) -> Option<Statement> {
    let result = object.get(Attribute::Result).unwrap_or("void");
    let has_out =
        |word: &str| outside(object.get(Attribute::Arguments).unwrap_or_default(), word).next();
    if object.get(Attribute::Language) != Some("sql") || has_out("OUT ").is_some() {
        return None;
    }
    let null = |of: &str| format!("NULL::{of}");
    let body = match (result.strip_prefix("TABLE("), result.strip_prefix("SETOF ")) {
        _ if result == "void" => String::new(),
        (Some(columns), _) => {
            let columns = elements(columns.strip_suffix(')')?);
            let types: Option<Vec<String>> =
                columns.into_iter().map(|it| typed(it).map(null)).collect();
            format!("SELECT {} WHERE false", types?.join(", "))
        }
        (_, Some(of)) => format!("SELECT {} WHERE false", null(of)),
        // without LIMIT it would stand for a constant, by which no table is partitioned
        _ => format!("SELECT {} LIMIT 1", null(result)),
    };
    Some(Statement::new(format!("{verb}{}\nAS {}", head(object)?.trim_end(), Literal(&body))))
}

/// The statements that make it where it was made [without its body](emptied).
pub(crate) fn filled(object: &Object<'_>) -> Vec<Statement> {
    let mut statements = create(object);
    if let Some(first) = statements.first_mut() {
        *first = made("CREATE OR REPLACE", object);
    }
    statements
}

/// What stands in its definition between the verb and its body.
fn head<'c>(object: &Object<'c>) -> Option<&'c str> {
    let definition = object.get(Attribute::Definition)?.trim_end();
    let head = definition.strip_prefix("CREATE OR REPLACE")?;
    let body = object.get(Attribute::Body)?;
    if is_parsed(object) {
        return head.strip_suffix(body.trim_end());
    }
    let tag = &head[head.trim_end_matches('$').rfind('$')?..];
    let rest = head.strip_suffix(tag)?.strip_suffix(body)?;
    rest.strip_suffix(tag)?.strip_suffix("AS ")
}

/// The elements of a list that PostgreSQL printed.
fn elements(list: &str) -> Vec<&str> {
    let (mut all, mut depth, mut start, mut quote) = (Vec::new(), 0_u32, 0, None);
    for (at, c) in list.char_indices() {
        match (c, quote) {
            (_, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('(' | '[', None) => depth += 1,
            (')' | ']', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => {
                all.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    all.push(list[start..].trim());
    all
}

/// The type of a column, behind its name.
fn typed(column: &str) -> Option<&str> {
    let at = outside(column, " ").next()?;
    Some(&column[at + 1..])
}

/// Whether it is an aggregate.
fn is_aggregate(object: &Object<'_>) -> bool {
    object.get(Attribute::Kind) == Some("aggregate")
}

/// The words that name it after COMMENT ON, ALTER and DROP.
fn words(object: &Object<'_>) -> String {
    let (word, none) = match object.get(Attribute::Kind) {
        Some("aggregate") => ("AGGREGATE", "*"),
        Some("procedure") => ("PROCEDURE", ""),
        _ => ("FUNCTION", ""),
    };
    let name = name(object.key);
    match object.key.part(2) {
        "" => format!("{word} {name}({none})"),
        arguments => format!("{word} {name}({arguments})"),
    }
}

/// The words before DEPENDS ON EXTENSION, where an aggregate is a function.
fn tie_words(object: &Object<'_>) -> String {
    let key = object.key;
    if is_aggregate(object) {
        format!("FUNCTION {}", granted(key.part(0), key.part(1), key.part(2)))
    } else {
        words(object)
    }
}

/// Its name without arguments.
fn name(key: &Key) -> Qualified<'_> {
    Qualified { schema: key.part(0), name: key.part(1) }
}

/// Whether an argument loses its default, or one of any type gets another: no function can be replaced by such a one.
fn loses_defaults(change: &Change<'_>) -> bool {
    if !change.differs(Attribute::Arguments) {
        return false;
    }
    let before = change.from.get(Attribute::Arguments).unwrap_or_default();
    let after = change.to.get(Attribute::Arguments).unwrap_or_default();
    let defaults = |text: &str| outside(text, " DEFAULT ").count();
    let had = defaults(before);
    defaults(after) < had || had > 0 && before.contains("any")
}

/// What no aggregate can change: whether its input is ordered, and how many arguments stand before that.
fn shape(object: &Object<'_>) -> [Option<Value>; 2] {
    let aggregate = aggregate(object);
    ["kind", "direct_arguments"].map(|it| aggregate.get(it).cloned())
}

/// What an aggregate is made of.
fn aggregate(object: &Object<'_>) -> Value {
    object
        .get(Attribute::Aggregate)
        .and_then(|it| serde_json::from_str(it).ok())
        .unwrap_or_default()
}

/// The lines of CREATE AGGREGATE.
fn fields(object: &Object<'_>) -> String {
    let aggregate = aggregate(object);
    let text = |name: &str| aggregate.get(name).and_then(Value::as_str);
    let function = |name: &str| text(name).map(|it| called(it).to_owned());
    let number = |name: &str| Some(aggregate.get(name)?.as_i64()?.to_string());
    let literal = |name: &str| text(name).map(|it| Literal(it).to_string());
    // a word that stands alone has no value
    let flag = |is_set: bool| is_set.then(String::new);
    let is_true = |name: &str| aggregate.get(name).and_then(Value::as_bool) == Some(true);
    let usual = match text("kind") {
        Some(_) => "read write",
        None => "read only",
    };
    let modify = |name: &str| {
        let given = text(name).filter(|it| *it != usual)?;
        Some(given.replace(' ', "_").to_ascii_uppercase())
    };
    let all = [
        ("SFUNC", function("transition")),
        ("STYPE", text("state").map(str::to_owned)),
        ("SSPACE", number("state_size")),
        ("FINALFUNC", function("final")),
        ("FINALFUNC_EXTRA", flag(is_true("final_extra"))),
        ("FINALFUNC_MODIFY", modify("final_modify")),
        ("COMBINEFUNC", function("combine")),
        ("SERIALFUNC", function("serialize")),
        ("DESERIALFUNC", function("deserialize")),
        ("INITCOND", literal("initial")),
        ("MSFUNC", function("moving_transition")),
        ("MINVFUNC", function("moving_inverse")),
        ("MSTYPE", text("moving_state").map(str::to_owned)),
        ("MSSPACE", number("moving_state_size")),
        ("MFINALFUNC", function("moving_final")),
        ("MFINALFUNC_EXTRA", flag(is_true("moving_final_extra"))),
        ("MFINALFUNC_MODIFY", modify("moving_final_modify")),
        ("MINITCOND", literal("moving_initial")),
        ("SORTOP", text("sort_operator").map(operator)),
        ("PARALLEL", object.get(Attribute::Parallel).map(str::to_ascii_uppercase)),
        ("HYPOTHETICAL", flag(text("kind") == Some("hypothetical-set"))),
    ];
    let lines: Vec<String> = all
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| match value.as_str() {
            "" => format!("    {name}"),
            value => format!("    {name} = {value}"),
        })
        .collect();
    lines.join(",\n")
}

/// The name in `name(types)`.
fn called(signature: &str) -> &str {
    let end = outside(signature, "(").next();
    &signature[..end.unwrap_or(signature.len())]
}

/// An operator as an option takes it, from `schema.+(types)`.
fn operator(signature: &str) -> String {
    match called(signature) {
        name if name.contains('.') => format!("OPERATOR({name})"),
        name => format!("OPERATOR(pg_catalog.{name})"),
    }
}

/// The arguments of an aggregate as one list: `a ORDER BY b` is `a, b`.
fn plain(arguments: &str) -> String {
    const ORDER: &str = "ORDER BY ";
    let Some(at) = outside(arguments, ORDER).next() else {
        return arguments.to_owned();
    };
    let (direct, ordered) = (arguments[..at].trim_end(), &arguments[at + ORDER.len()..]);
    if direct.is_empty() {
        ordered.to_owned()
    } else if outside(direct, "VARIADIC ").next().is_some() {
        // one argument, printed on both sides
        direct.to_owned()
    } else {
        format!("{direct}, {ordered}")
    }
}

/// Where a word stands in SQL that PostgreSQL printed, quoted names and texts left out.
fn outside(text: &str, word: &str) -> impl Iterator<Item = usize> {
    let mut within: Option<char> = None;
    text.char_indices().filter_map(move |(at, c)| match within {
        Some(quote) => {
            if quote == c {
                within = None;
            }
            None
        }
        None => {
            if matches!(c, '"' | '\'') {
                within = Some(c);
            }
            text[at..].starts_with(word).then_some(at)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_of_an_ordered_set_become_one_list() {
        assert_eq!(plain("integer, text"), "integer, text");
        assert_eq!(plain("ORDER BY real"), "real");
        assert_eq!(plain("p real ORDER BY v real"), "p real, v real");
        assert_eq!(plain("\"a ORDER BY b\" real"), "\"a ORDER BY b\" real");
        assert_eq!(plain("VARIADIC \"any\" ORDER BY VARIADIC \"any\""), "VARIADIC \"any\"");
    }

    #[test]
    fn a_quoted_bracket_is_part_of_the_name() {
        assert_eq!(called("public.\"f(x\"(integer)"), "public.\"f(x\"");
        assert_eq!(operator(">(integer,integer)"), "OPERATOR(pg_catalog.>)");
        assert_eq!(operator("\"S\".<<(integer,integer)"), "OPERATOR(\"S\".<<)");
    }

    #[test]
    fn only_real_defaults_are_counted() {
        let text = "\"a DEFAULT b\" integer DEFAULT 1, c text DEFAULT 'x DEFAULT y'::text";
        assert_eq!(outside(text, " DEFAULT ").count(), 2);
    }
}
