//! The schema of SARIF 2.1.0, and a validator for the keywords that it uses (JSON Schema, draft 4).
//!
//! The schema is that of OASIS (2.1.0-rtm.5), as Microsoft's package `@microsoft/jest-sarif` (MIT) ships it.

use std::collections::BTreeSet;

use serde_json::Value;

/// The schema.
const SCHEMA: &str = include_str!("../../fixtures/sarif/sarif-2.1.0-rtm.5.json");

/// Demands a valid log.
#[track_caller]
pub fn check(log: &Value) {
    if let Some(fault) = fault(log) {
        panic!("{fault}\n{log:#}");
    }
}

/// What is wrong with a log, if anything is.
pub fn fault(log: &Value) -> Option<String> {
    let root: Value = serde_json::from_str(SCHEMA).expect("a schema");
    Validator { root: &root }.fault(&root, log, "")
}

struct Validator<'s> {
    root: &'s Value,
}

/// The keywords that are checked or say nothing about validity. Another one would be a hole.
const KNOWN: &[&str] = &[
    "$ref",
    "$schema",
    "additionalProperties",
    "anyOf",
    "default",
    "definitions",
    "description",
    "enum",
    "format",
    "id",
    "items",
    "maximum",
    "minItems",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
];

impl Validator<'_> {
    fn fault(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        let rules = schema.as_object().expect("a schema is an object");
        if let Some(unknown) = rules.keys().find(|it| !KNOWN.contains(&it.as_str())) {
            return Some(format!("{at}: the validator does not know {unknown}"));
        }
        if let Some(name) = schema["$ref"].as_str() {
            let pointer = name.strip_prefix('#').expect("a reference within the schema");
            let target = self.root.pointer(pointer).expect("the reference leads somewhere");
            return self.fault(target, value, at);
        }
        let wrong = |what: &str| Some(format!("{at}: {what}: {value}"));
        if !schema["type"].is_null() && !is_of_type(&schema["type"], value) {
            return wrong(&format!("is not of type {}", schema["type"]));
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            return wrong("is not one of the values");
        }
        if let Some(number) = value.as_f64() {
            let (low, high) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
            if low.is_some_and(|it| number < it) || high.is_some_and(|it| number > it) {
                return wrong("is out of range");
            }
        }
        if let Some(text) = value.as_str()
            && let Some(fault) = of_text(schema, text)
        {
            return wrong(&fault);
        }
        let alternatives = |name: &str| {
            let all = schema[name].as_array()?;
            Some(all.iter().filter(|it| self.fault(it, value, at).is_none()).count())
        };
        if alternatives("anyOf") == Some(0) || alternatives("oneOf").is_some_and(|it| it != 1) {
            return wrong("fits none of the alternatives, or more than one");
        }
        self.of_list(schema, value, at).or_else(|| self.of_object(schema, value, at))
    }

    fn of_list(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        let list = value.as_array()?;
        if schema["minItems"].as_u64().is_some_and(|it| (list.len() as u64) < it) {
            return Some(format!("{at}: has too few items"));
        }
        let distinct: BTreeSet<String> = list.iter().map(ToString::to_string).collect();
        if schema["uniqueItems"] == true && distinct.len() < list.len() {
            return Some(format!("{at}: has an item twice"));
        }
        let items = schema.get("items")?;
        let mut numbered = list.iter().enumerate();
        numbered.find_map(|(index, item)| self.fault(items, item, &format!("{at}/{index}")))
    }

    fn of_object(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        let object = value.as_object()?;
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !object.contains_key(name) {
                return Some(format!("{at}: {name} is missing"));
            }
        }
        for (name, item) in object {
            let place = format!("{at}/{name}");
            let fault = match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(known), _) => self.fault(known, item, &place),
                (None, Value::Bool(false)) => Some(format!("{place}: is not allowed")),
                (None, Value::Object(rules)) => {
                    self.fault(&Value::Object(rules.clone()), item, &place)
                }
                (None, _) => None,
            };
            if fault.is_some() {
                return fault;
            }
        }
        None
    }
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the validator does not know the type {other}"),
    };
    match wanted {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => false,
    }
}

fn of_text(schema: &Value, text: &str) -> Option<String> {
    if let Some(pattern) = schema["pattern"].as_str()
        && !regex::Regex::new(pattern).expect("a pattern").is_match(text)
    {
        return Some(format!("does not match {pattern}"));
    }
    let reserved = "-._~:/?#[]@!$&'()*+,;=%";
    let is_uri = text.chars().all(|c| c.is_ascii_alphanumeric() || reserved.contains(c));
    match schema["format"].as_str() {
        Some("uri" | "uri-reference") if !is_uri => Some("is no URI".to_owned()),
        Some("uri") if !text.contains(':') => Some("is a URI without a scheme".to_owned()),
        _ => None,
    }
}
