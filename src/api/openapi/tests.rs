//! The description says what the table of routes says.

use std::collections::{BTreeMap, BTreeSet};

use campanile_events::{
    ids::AccountId,
    key::{Scope, Scopes},
};
use serde_json::{Map, Value};

use super::document;
use crate::api::{http::Needs, routes};

type Operations = BTreeMap<(String, String), Map<String, Value>>;

fn operations(document: &Value) -> Operations {
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().expect("methods").clone();
        let path = path.clone();
        methods.into_iter().map(move |(method, operation)| {
            ((method.to_ascii_uppercase(), path.clone()), operation.as_object().expect("an operation").clone())
        })
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn every_route_has_an_operation_and_every_operation_a_route_with_its_scope() {
    let document = document();
    let operations = operations(&document);
    let table: BTreeMap<_, _> = routes::all()
        .into_iter()
        .map(|route| ((route.method.to_string(), route.path.to_owned()), route.needs))
        .collect();
    let described: BTreeSet<_> = operations.keys().collect();
    assert_eq!(described, table.keys().collect::<BTreeSet<_>>());
    for (name, needs) in &table {
        let operation = &operations[name];
        let scope = operation.get("x-required-scope").and_then(Value::as_str);
        let expected = if let Needs::Scope(scope) = needs { Some(scope.as_str()) } else { None };
        assert_eq!(scope, expected, "{name:?}");
        let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
        assert_eq!(is_open, *needs == Needs::Nothing, "{name:?}");
        if let Some(scope) = expected {
            assert!(operation["description"].as_str().is_some_and(|text| text.contains(scope)), "{name:?}");
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_words_and_examples() {
    let document = document();
    let mut names = BTreeSet::new();
    for (place, operation) in operations(&document) {
        assert!(names.insert(operation["operationId"].to_string()), "{place:?} has another's name");
        assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{place:?}");
        let responses = operation["responses"].as_object().expect("answers");
        let bodies = responses.values().chain(operation.get("requestBody")).filter_map(|it| it["content"].as_object());
        for media in bodies.flat_map(Map::values) {
            let has_example = media.get("example").is_some() || media.get("examples").is_some();
            assert!(has_example || media["schema"]["type"] == "string", "{place:?}: {media}");
        }
        if let Some(request) = operation.get("requestBody") {
            let is_json =
                request["content"].as_object().is_some_and(|content| content.contains_key("application/json"))
                    || place.0 == "PUT";
            assert!(is_json, "{place:?}");
        }
    }
}

#[test]
fn request_bodies_take_no_unknown_fields() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let mut left: Vec<Value> =
        operations(&document).into_values().filter_map(|mut it| it.remove("requestBody")).collect();
    let mut seen = BTreeSet::new();
    while let Some(value) = left.pop() {
        if let Some(name) = value["$ref"].as_str().and_then(|it| it.strip_prefix("#/components/schemas/"))
            && seen.insert(name.to_owned())
        {
            let schema = &schemas[name];
            let is_object = schema["type"] == "object" && schema.get("properties").is_some();
            assert!(!is_object || schema["additionalProperties"] == false, "{name} takes unknown fields");
            left.push(schema.clone());
        }
        match value {
            Value::Object(fields) => left.extend(fields.into_iter().map(|(_, value)| value)),
            Value::Array(list) => left.extend(list),
            _ => {}
        }
    }
    assert!(seen.contains("NewPost") && seen.contains("OwnContent"), "{seen:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut left = vec![&document];
    let mut found = 0;
    while let Some(value) = left.pop() {
        if let Some(reference) = value["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
            found += 1;
        }
        match value {
            Value::Object(fields) => left.extend(fields.values()),
            Value::Array(list) => left.extend(list),
            _ => {}
        }
    }
    assert!(found > 100, "only {found}");
}

#[test]
fn the_words_are_those_of_the_code() {
    let document = document();
    let words = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    for asked in words("AskedScope").as_array().expect("words") {
        assert!(Scopes::read(asked.as_str()).is_ok(), "{asked} can't be asked for");
    }
    assert_eq!(words("ScopeName").as_array().map(Vec::len), Some(Scope::ALL.len()));
    assert_eq!(words("ConnectedStatus"), serde_json::json!(["connected", "needs_reconnect", "disconnected"]));
    assert_eq!(
        document["components"]["schemas"]["acct_id"]["pattern"],
        format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", AccountId::PREFIX)
    );
}
