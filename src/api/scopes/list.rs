//! `GET /v1/scopes`

use campanile_events::key::{ALIASES, PRESETS, Scope};
use serde_json::json;

use crate::api::{http::Answer, openapi::Told};

/// Every scope there is; with sets of them that people ask for by one word, and the names that clients of other services
/// hold. `*` is all of them, those to come too.
#[utoipa::path(get, path = "/v1/scopes", responses(Told<super::shown::ScopeList>))]
pub async fn list() -> Answer {
    let scopes = Scope::ALL.iter().map(|it| json!({ "name": it.as_str(), "description": it.description() }));
    let presets =
        PRESETS.iter().map(|it| json!({ "name": it.name, "description": it.description, "scopes": it.scopes }));
    let aliases = ALIASES.iter().map(|(alias, ours)| {
        let ours: Vec<_> = ours.iter().map(|scope| scope.as_str()).collect();
        json!({ "name": alias, "scopes": ours })
    });
    Answer::ok(json!({
        "data": scopes.collect::<Vec<_>>(),
        "next_cursor": null,
        "presets": presets.collect::<Vec<_>>(),
        "aliases": aliases.collect::<Vec<_>>(),
    }))
}
