//! The whole description, from the nouns' own and the table of routes.

use std::sync::LazyLock;

use axum::http::Method;
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::{Documented, complete::complete};
use crate::api::{accounts, connect, health, keys, me, media, platforms, posts, routes, scopes, workspaces};

const ABOUT: &str = "Campanile publishes posts to social platforms: at the right moment, once, with proof.\n\n\
    Times are RFC 3339 in UTC with milliseconds. Unknown fields in a request's body are refused. Every refusal has one \
    envelope, whatever its status. `posts:write` makes and edits drafts; scheduling and publishing take \
    `posts:publish`.\n\n\
    Pages in browsers may use it (CORS) with a key that lists their origin in `allowed_origins`, and read all answers and \
    their headers, refusals too; for every other origin CORS is off. Cookies are never taken.";

/// The description as JSON.
pub fn document() -> Value {
    let nouns = [
        health::Documented::openapi(),
        me::Documented::openapi(),
        scopes::Documented::openapi(),
        platforms::Documented::openapi(),
        keys::Documented::openapi(),
        accounts::Documented::openapi(),
        connect::Documented::openapi(),
        posts::Documented::openapi(),
        media::Documented::openapi(),
        workspaces::Documented::openapi(),
    ];
    let whole = nouns.into_iter().fold(Documented::openapi(), utoipa::openapi::OpenApi::merge_from);
    let mut document = json!(whole);
    document["info"] = json!({
        "title": "Campanile",
        "version": env!("CARGO_PKG_VERSION"),
        "description": ABOUT,
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    document["servers"] = json!([{ "url": "/", "description": "The engine that serves this document." }]);
    complete(&mut document, &routes::all());
    document
}

/// Whether an operation takes anything after the question mark; `None` for one that is not described.
pub fn takes_parameters(method: &Method, path: &str) -> Option<bool> {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
    let operation = DOCUMENT["paths"][path].get(method.as_str().to_ascii_lowercase())?;
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    Some(parameters.any(|parameter| parameter["in"] == "query"))
}

/// The same as it is served, printed and committed: one text for one build.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));
    &TEXT
}
