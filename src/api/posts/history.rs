//! `GET /v1/posts/{id}/history`

use axum::extract::State;
use campanile_events::{
    ids::{Epoch, LogPosition, PostId, Version},
    journal::{Recorded, StreamId, StreamKind},
    seal::{DataKey, Sealed, fields},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::targets::check_accounts;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, Parameters, instant},
    openapi::Listed,
};

const MOST: usize = 10_000;

/// What happened to the post, oldest first, as it stands in the log; sealed text is opened for the reader. A deleted
/// post still has its history.
#[utoipa::path(get, path = "/v1/posts/{id}/history", responses(Listed<super::shown::HistoryEvent>))]
pub async fn history(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    given: Parameters,
) -> Result<Answer, ApiError> {
    given.finish()?;
    let loaded = api.0.posts.load(asker.caller.workspace, id.uuid()).await?;
    check_accounts(&asker.caller, &loaded.ok_or_else(|| ApiError::not_found("post"))?.state)?;
    let key = api.data_key(&asker).await?;
    let stream = StreamId::new(StreamKind::Post, id.uuid());
    let events = api.0.journal.read_stream(asker.caller.workspace, stream, Version(0), MOST).await?;
    let data = events.iter().map(|event| entry(&key, api.0.epoch, event, field));
    Ok(Answer::list(data.collect::<Result<_, _>>()?, None))
}

/// Under which name the text at a place of a payload was sealed.
pub(in crate::api) type Field = fn(place: &str) -> String;

/// An event as its reader sees it, its sealed text opened.
pub(in crate::api) fn entry(key: &DataKey, epoch: Epoch, event: &Recorded, field: Field) -> Result<Value, ApiError> {
    let mut data: Value = serde_json::from_str(&event.payload).map_err(ApiError::internal)?;
    open(key, &mut data, "", field);
    Ok(json!({
        "id": event.id,
        "type": event.event_type,
        "schema": event.schema,
        "version": event.version,
        "position": LogPosition { epoch, position: event.position }.to_string(),
        "at": instant(event.recorded_at),
        "actor": event.metadata.actor,
        "request_id": event.metadata.request_id,
        "leaf_hash": event.leaf_hash.to_string(),
        "data": data,
    }))
}

/// Opens what is sealed, wherever it stands; what no longer opens is shown as absent.
fn open(key: &DataKey, value: &mut Value, place: &str, field: Field) {
    match value {
        Value::String(text) if text.starts_with("s1.") => {
            let opened = key.open(&field(place), &Sealed::from_stored(text.as_str()));
            *value = opened.map_or(Value::Null, |open| open.as_str().into());
        }
        Value::String(text) if is_time(place) => {
            if let Ok(at) = text.parse::<DateTime<Utc>>() {
                *value = instant(at).into();
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter_mut().enumerate() {
                open(key, value, &format!("{place}[{at}]"), field);
            }
        }
        Value::Object(named) => {
            for (name, value) in named.iter_mut() {
                let inside = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                open(key, value, &inside, field);
            }
        }
        _ => {}
    }
}

/// Whether a time stands at this place of a payload: answers show times in one form.
fn is_time(place: &str) -> bool {
    let name = place.rsplit('.').next().unwrap_or_default();
    matches!(name, "at" | "due" | "not_after" | "retry_after" | "until" | "valid_until") || name.ends_with("_at")
}

/// Under which name the text at this place of a payload was sealed.
fn field(place: &str) -> String {
    if let Some(content) = place.strip_prefix("content.") {
        // The parts of a thread are plain texts there, and objects to who writes them.
        return if content.ends_with(']') { format!("{content}.body") } else { content.to_owned() };
    }
    let named = match place.rsplit('.').next() {
        Some("message") => fields::FAILURE_MESSAGE,
        Some("text") => fields::POST_TAG,
        _ => fields::TARGET_URL,
    };
    named.to_owned()
}

#[cfg(test)]
mod tests {
    use campanile_events::{post::Content, seal::Open};
    use secrecy::zeroize::Zeroizing;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_sealed_text_of_a_payload_is_opened() {
        let key = DataKey::new(Uuid::from_u128(1), Zeroizing::new([7; 32]));
        let account = Uuid::from_u128(2).into();
        let own = campanile_events::post::Override { thread: Some(vec![Open::new("own part")]), ..Default::default() };
        let content = Content {
            body: Open::new("body"),
            thread: vec![Open::new("part")],
            first_comment: Some(Open::new("comment")),
            overrides: [(account, own)].into(),
            ..Content::default()
        };
        let content = content.try_map(|field, text| Ok::<_, std::convert::Infallible>(key.seal(field, text)));
        let Ok(content) = content;
        let mut payload = json!({
            "content": content,
            "tags": [{"text": key.seal(fields::POST_TAG, &"tag".into()), "index": "x"}],
            "url": key.seal(fields::TARGET_URL, &"https://a.example".into()),
            "failure": {"message": key.seal(fields::FAILURE_MESSAGE, &"no".into())},
            "gone": "s1.AAAA",
        });
        open(&key, &mut payload, "", field);
        let expected = json!({
            "content": {
                "body": "body", "thread": ["part"], "first_comment": "comment",
                "overrides": { account.to_string(): {"thread": ["own part"]} },
            },
            "tags": [{"text": "tag", "index": "x"}],
            "url": "https://a.example",
            "failure": {"message": "no"},
            "gone": null,
        });
        assert_eq!(payload, expected);
    }
}
