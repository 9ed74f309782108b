//! As much of JSON Schema (draft 4) as the schema of SARIF uses.
//!
//! `sarif-2.1.0.schema.json` beside this file is the OASIS schema without its descriptions.

use serde_json::{Map, Value};

/// What is wrong with a document, one line each; a keyword that is not known here is wrong as well.
pub fn errors(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, document, "", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else { return };
    if let Some(to) = keywords.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(to.trim_start_matches('#')).unwrap_or_else(|| panic!("no {to} in the schema"));
        return check(root, target, value, at, found);
    }
    for (keyword, wanted) in keywords {
        let holds = match keyword.as_str() {
            "type" => is_of(value, wanted),
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|n| n >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|n| n <= wanted.as_f64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
            "uniqueItems" => {
                value.as_array().is_none_or(|all| all.iter().enumerate().all(|(n, item)| !all[..n].contains(item)))
            }
            "required" => value.as_object().is_none_or(|object| {
                wanted.as_array().unwrap().iter().all(|name| object.contains_key(name.as_str().unwrap()))
            }),
            "anyOf" | "oneOf" => {
                let fits = |one: &&Value| {
                    let mut inner = Vec::new();
                    check(root, one, value, at, &mut inner);
                    inner.is_empty()
                };
                let fitting = wanted.as_array().unwrap().iter().filter(fits).count();
                if keyword == "oneOf" { fitting == 1 } else { fitting > 0 }
            }
            "properties" | "additionalProperties" => {
                if let (Some(object), "properties") = (value.as_object(), keyword.as_str()) {
                    properties(root, keywords, object, at, found);
                }
                true
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}/{n}"), found);
                }
                true
            }
            // Texts that none of our documents could get wrong in another way than the tests look for.
            "format" | "pattern" | "default" | "title" | "description" | "$schema" | "id" | "$id" | "definitions" => {
                true
            }
            other => panic!("the keyword {other} is not known"),
        };
        if !holds {
            found.push(format!("{at}: {keyword}"));
        }
    }
}

fn properties(
    root: &Value,
    keywords: &Map<String, Value>,
    object: &Map<String, Value>,
    at: &str,
    found: &mut Vec<String>,
) {
    let known = keywords["properties"].as_object().unwrap();
    for (name, value) in object {
        let here = format!("{at}/{name}");
        match (known.get(name), keywords.get("additionalProperties")) {
            (Some(schema), _) => check(root, schema, value, &here, found),
            (None, Some(Value::Bool(false))) => found.push(format!("{here}: not a property")),
            (None, Some(schema)) => check(root, schema, value, &here, found),
            (None, None) => {}
        }
    }
}

fn is_of(value: &Value, wanted: &Value) -> bool {
    let one = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known"),
    };
    match wanted {
        Value::Array(all) => all.iter().any(one),
        name => one(name),
    }
}
