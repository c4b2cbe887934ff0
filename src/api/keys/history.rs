//! `GET /v1/keys/{id}/history`

use axum::extract::State;
use campanile_events::{
    ids::{KeyId, Version},
    journal::{StreamId, StreamKind},
    seal::fields,
};

use super::By;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, Parameters},
    openapi::Listed,
    posts::history::entry,
};

const MOST: usize = 10_000;

/// What happened to the key, oldest first, as it stands in the log: who made, changed, rotated and revoked it, and from
/// what to what. No secret stands in any event. What it did stands in the history of what it did it to.
#[utoipa::path(
    get, path = "/v1/keys/{id}/history",
    responses(Listed<crate::api::posts::shown::HistoryEvent>)
)]
pub async fn history(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<KeyId>,
    given: Parameters,
) -> Result<Answer, ApiError> {
    given.finish()?;
    By::key(asker.clone()).load(&api, id).await?;
    let data_key = api.data_key(&asker).await?;
    let stream = StreamId::new(StreamKind::Key, id.uuid());
    let events = api.0.journal.read_stream(stream, Version(0), MOST).await?;
    let data = events.iter().map(|event| entry(&data_key, api.0.epoch, event, field));
    Ok(Answer::list(data.collect::<Result<_, _>>()?, None))
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
