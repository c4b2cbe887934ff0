//! From what was made to what can be done with it.

use serde_json::{Map, Value, json};

/// What is made, and the path that leads to it.
const MADE: &[(&str, &str)] = &[
    ("UploadAddress", "/v1/media/{id}"),
    ("Post", "/v1/posts/{id}"),
    ("KeyWithSecret", "/v1/keys/{id}"),
    ("RotatedKey", "/v1/keys/{id}"),
    ("Account", "/v1/accounts/{id}"),
    ("InvitationWithLink", "/v1/invitations/{id}"),
    ("Workspace", "/v1/workspaces/{id}"),
];

/// Links each answer that shows something new to the operations on it.
pub(super) fn add(document: &mut Value) {
    for (schema, path) in MADE {
        let links: Map<_, _> = operations(document, path)
            .into_iter()
            .map(|name| (name.clone(), json!({ "operationId": name, "parameters": { "id": "$response.body#/id" } })))
            .collect();
        let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
        for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
            let Some(made) = operation.pointer_mut("/responses/201") else { continue };
            let shown = made.pointer("/content/application~1json/schema/$ref").and_then(Value::as_str);
            if shown.is_some_and(|shown| shown.rsplit('/').next() == Some(schema)) {
                made["links"] = links.clone().into();
            }
        }
    }
}

/// The names of the operations at this path and below it.
fn operations(document: &Value, path: &str) -> Vec<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let below = paths.filter(|(name, _)| name.starts_with(path)).filter_map(|(_, methods)| methods.as_object());
    below.flat_map(Map::values).filter_map(|it| it["operationId"].as_str().map(str::to_owned)).collect()
}
