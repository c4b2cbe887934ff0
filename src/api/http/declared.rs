//! A request's JSON against its declared shape: every field that is unknown, missing or of the wrong type, at once.
//!
//! serde stops at the first. Only a request that is refused anyway is held against its shape, so what this doesn't look
//! at (patterns, ranges) is still refused where it is read.

use std::collections::HashMap;

use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Detail, tree::Tree};

/// How many wrong fields are told.
const TOLD: usize = 100;
/// How deep declared shapes go; what is deeper is none of them.
const DEEPEST: usize = 16;

/// What of `tree` is not as `T` declares it.
pub(super) fn differences<T: ToSchema>(tree: &Tree) -> Vec<Detail> {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let json = |schema: &_| serde_json::to_value(schema).unwrap_or_default();
    let named = named.iter().map(|(name, schema)| (name.clone(), json(schema))).collect();
    let mut shape = Shape { named, found: Vec::new() };
    shape.compare("", tree, &json(&T::schema()), 0);
    shape.found
}

/// The place of a field within an object.
pub(super) fn inside(path: &str, name: &str) -> String {
    let name = name.replace('\0', "\\u0000");
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

struct Shape {
    named: HashMap<String, Value>,
    found: Vec<Detail>,
}

impl Shape {
    fn compare(&mut self, path: &str, tree: &Tree, schema: &Value, depth: usize) {
        let Some(schema) = self.meant(schema, tree).filter(|_| depth < DEEPEST && self.found.len() < TOLD) else {
            return;
        };
        if let Some(range) = passed(tree, &schema) {
            return self.note(path, "out_of_range", &range);
        }
        if !fits(tree, &schema["type"]) {
            return self.note(path, "invalid", &format!("must be {}", kind(&schema)));
        }
        match tree {
            Tree::Text(text) => {
                let names: Vec<_> = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if !names.is_empty() && !names.contains(&text.as_str()) {
                    self.note(path, "invalid", &format!("must be one of `{}`", names.join("`, `")));
                }
            }
            Tree::List(list) => {
                for (at, value) in list.iter().enumerate() {
                    self.compare(&format!("{path}[{at}]"), value, &schema["items"], depth + 1);
                }
            }
            Tree::Object(fields) => self.fields(path, fields, &schema, depth),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => {}
        }
    }

    fn fields(&mut self, path: &str, fields: &[(String, Tree)], schema: &Value, depth: usize) {
        let nothing = Map::new();
        let known = schema["properties"].as_object().unwrap_or(&nothing);
        for (name, value) in fields {
            let place = inside(path, name);
            match (known.get(name), &schema["additionalProperties"]) {
                (Some(schema), _) => self.compare(&place, value, schema, depth + 1),
                (None, Value::Bool(false)) => self.note(&place, "unknown_field", "is not a field of this request"),
                (None, others) => self.compare(&place, value, others, depth + 1),
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.iter().any(|(given, _)| given == name) {
                self.note(&inside(path, name), "missing", "is required");
            }
        }
    }

    /// The shape itself, where a schema names one or lets it be absent. `None` where nothing is declared, or several
    /// shapes are.
    fn meant(&self, schema: &Value, tree: &Tree) -> Option<Value> {
        if let Some(name) = schema["$ref"].as_str() {
            return self.named.get(name.rsplit('/').next()?).cloned();
        }
        let Some(either) = schema["oneOf"].as_array() else { return schema.is_object().then(|| schema.clone()) };
        let (nothing, other): (Vec<_>, Vec<_>) = either.iter().partition(|it| it["type"] == "null");
        match (tree, &nothing[..], &other[..]) {
            (Tree::Null, [_, ..], _) => None,
            (_, _, [only]) => self.meant(only, tree),
            _ => None,
        }
    }

    fn note(&mut self, path: &str, code: &str, message: &str) {
        if self.found.len() < TOLD {
            self.found.push(Detail::new(path, code, message));
        }
    }
}

/// Which range a number passes, if one is declared.
fn passed(tree: &Tree, schema: &Value) -> Option<String> {
    let Tree::Number(number) = tree else { return None };
    let (least, most) = (&schema["minimum"], &schema["maximum"]);
    let given = number.as_f64()?;
    let is_less = least.as_f64().is_some_and(|least| given < least);
    let is_more = most.as_f64().is_some_and(|most| given > most);
    (is_less || is_more).then(|| match (least.is_null(), most.is_null()) {
        (false, false) => format!("must be from {least} to {most}"),
        (false, true) => format!("must be at least {least}"),
        _ => format!("must be at most {most}"),
    })
}

fn fits(tree: &Tree, declared: &Value) -> bool {
    let is = |name: &str| match tree {
        Tree::Null => name == "null",
        Tree::Bool(_) => name == "boolean",
        Tree::Number(number) => name == "number" || (name == "integer" && !number.is_f64()),
        Tree::Text(_) => name == "string",
        Tree::List(_) => name == "array",
        Tree::Object(_) => name == "object",
    };
    match declared {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}

/// What a person calls the type.
fn kind(schema: &Value) -> String {
    let word = |name: &str| match name {
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a text",
        "array" => "a list",
        "object" => "an object",
        _ => "null",
    };
    let names: Vec<_> = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(word).collect(),
        name => name.as_str().map(word).into_iter().collect(),
    };
    names.join(" or ")
}
