//! `GET /v1/keys/{id}/history`

use axum::extract::State;
use campanile_events::{
    ids::{KeyId, Version},
    journal::{StreamId, StreamKind},
    seal::fields,
};

use serde_json::{Value, json};

use super::By;
use crate::{
    access::{Holder, ShownRefusal},
    api::{
        Api,
        http::{Answer, ApiError, Asker, Named, Parameters, PartOf, instant},
        openapi::{Paging, Told},
        posts::history::entry,
    },
};

/// What happened to the key, oldest first, as it stands in the log, with who did it and in which request. Each kind is told
/// by itself: `key.created`, `key.renamed` (name, description), `key.narrowed` (what is left of what lost something),
/// `key.widened` (what gained something), `key.rotated`, `key.old_secret_used`, `key.expired`, `key.revoked`; `key.changed` of
/// earlier builds told any change. A change that takes and gives is told as narrowed and then widened; a list of which nothing
/// was left is named in `replaced`, and what took its place stands in the second. No secret stands in any event. What the key
/// did stands in the history of what it did it to. Beside each part of it, all writes that were refused to it in the last 90 days.
#[utoipa::path(
    get, path = "/v1/keys/{id}/history",
    params(Paging),
    responses(Told<super::shown::KeyHistory>)
)]
pub async fn history(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<KeyId>,
    given: Parameters,
) -> Result<Answer, ApiError> {
    told(&api, &By::key(asker), id, given).await
}

/// The history of a key that they may see.
pub(in crate::api) async fn told(api: &Api, by: &By, id: KeyId, mut given: Parameters) -> Result<Answer, ApiError> {
    let page = given.page();
    given.finish()?;
    by.load(api, id).await?;
    let list = PartOf(format!("history {id}"));
    let after = list.after(&page)?.and_then(|place| Some(u64::from_be_bytes(place.try_into().ok()?))).unwrap_or(0);
    let first = Version(after.saturating_add(page.offset as u64));
    let data_key = api.0.data_keys.get(by.workspace.uuid()).await?;
    let stream = StreamId::new(StreamKind::Key, id.uuid());
    let mut events = api.0.journal.read_stream(by.workspace, stream, first, page.limit + 1).await?;
    let is_last = events.len() <= page.limit;
    events.truncate(page.limit);
    let next_cursor = events.last().filter(|_| !is_last).map(|last| list.cursor(&last.version.0.to_be_bytes()));
    let data = events.iter().map(|event| entry(&data_key, api.0.epoch, event, field));
    let data = data.collect::<Result<Vec<_>, _>>()?;
    let holder = Holder { key_id: id, workspace: by.workspace };
    let refused: Vec<_> = api.0.access.refusals().of(holder).await?.iter().map(refusal).collect();
    Ok(Answer::ok(json!({"data": data, "next_cursor": next_cursor, "refused_writes": refused})))
}

fn refusal(shown: &ShownRefusal) -> Value {
    json!({
        "route": shown.route,
        "code": shown.code,
        "count": shown.count,
        "first_at": instant(shown.first_at),
        "last_at": instant(shown.last_at),
        "last_request_id": shown.request_id,
        "last_from": shown.address,
    })
}

/// Under which name the text at this place of a key's payload was sealed.
fn field(place: &str) -> String {
    let named = match place.split('[').next() {
        Some("name") => fields::KEY_NAME,
        Some("description") => fields::KEY_DESCRIPTION,
        Some("allowed_origins") => fields::KEY_ALLOWED_ORIGIN,
        _ => fields::KEY_ALLOWED_IP,
    };
    named.to_owned()
}
