//! `POST /v1/media/upload-url`

use axum::{extract::State, http::HeaderMap};
use campanile_events::{
    ids::MediaId,
    media::{MediaAction, MediaCommand, MediaKind},
    seal::{Open, fields},
};
use campanile_workers::media::LARGEST;
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{confirm::refused, link::Upload};
use crate::{
    access::plans::{Feature, Quota},
    api::{
        Api,
        http::{Answer, ApiError, Asker, Body, Detail, instant},
        openapi::{Made, MediaKindName},
    },
};

/// How long the address is good for.
const GOOD_FOR: Duration = Duration::hours(1);
const LONGEST_NAME: usize = 255;
const LONGEST_ALT_TEXT: usize = 5_000;

/// A medium that is to come.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMedia {
    /// What the file is called.
    #[schema(min_length = 1, max_length = 255, pattern = "\\S")]
    file_name: String,
    /// What it is.
    #[schema(value_type = MediaKindName)]
    content_type: String,
    /// How long it is; at most 100 MiB.
    #[schema(minimum = 1, maximum = 104_857_600)]
    bytes: u64,
    /// What it shows, for who can't see it; up to 5000 characters.
    alt_text: Option<String>,
}

/// Says where the bytes go.
#[utoipa::path(
    post, path = "/v1/media/upload-url",
    request_body = NewMedia,
    responses(Made<super::shown::UploadAddress>),
    extensions(("x-refusals" = json!(["payment_required", "quota_exceeded"])))
)]
pub async fn announce(
    State(api): State<Api>,
    asker: Asker,
    headers: HeaderMap,
    Body(new): Body<NewMedia>,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let kind = new.check()?;
    let allowance = core.plans.of(asker.caller.workspace).await?;
    allowance.check(Feature::Media, true, "content_type")?;
    let base = core.upload_links.base(&headers)?;
    let now = core.clock.now();
    // In whole seconds, as it stands in the address.
    let expires_at = chrono::SubsecRound::trunc_subsecs(now + GOOD_FOR, 0);
    let id = MediaId::fresh(now);
    let key = api.data_key(&asker).await?;
    let seal = |field, text: &str| key.seal(field, &Open::new(text));
    let action = MediaAction::Request {
        file_name: seal(fields::MEDIA_FILE_NAME, &new.file_name),
        kind,
        bytes: new.bytes,
        alt_text: new.alt_text().map(|text| seal(fields::MEDIA_ALT_TEXT, text)),
        expires_at,
    };
    let session = asker.caller.session();
    let url = core.upload_links.url(&base, &Upload { id, bytes: new.bytes, expires_at, session });
    // The same request again is answered with the same address, whichever way it comes.
    let asker = asker
        .counting(allowance.counting(Quota::MediaBytes, new.bytes))
        .creating()
        .showing_once(seal(fields::MEDIA_UPLOAD_URL, &url));
    let made = asker.execute(&core.library.media, id.uuid(), MediaCommand { now, action }).await.map_err(refused)?;
    let answer = Answer::created(shown(id, kind, expires_at, &url));
    Ok(api.placed(answer, made.position).await)
}

/// Where the bytes go, and how.
pub(super) fn shown(id: MediaId, kind: MediaKind, expires_at: DateTime<Utc>, url: &str) -> Value {
    json!({
        "id": id,
        "upload_url": url,
        "expires_at": instant(expires_at),
        "method": "PUT",
        "headers": { "Content-Type": kind },
    })
}

impl NewMedia {
    fn alt_text(&self) -> Option<&str> {
        self.alt_text.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    fn check(&self) -> Result<MediaKind, ApiError> {
        let mut wrong = Vec::new();
        let mut detail = |field: &str, code: &str, message: String| {
            let (field, code) = (field.to_owned(), code.to_owned());
            wrong.push(Detail { field, code, message, account_id: None, platform: None });
        };
        if !(1..=LONGEST_NAME).contains(&self.file_name.trim().chars().count()) {
            detail("file_name", "invalid", format!("must have from 1 to {LONGEST_NAME} characters"));
        }
        if !(1..=LARGEST).contains(&self.bytes) {
            detail("bytes", "out_of_range", format!("must be from 1 to {LARGEST}"));
        }
        if self.alt_text().is_some_and(|text| text.chars().count() > LONGEST_ALT_TEXT) {
            detail("alt_text", "too_long", format!("may have at most {LONGEST_ALT_TEXT} characters"));
        }
        let kind = self.content_type.parse::<MediaKind>();
        if let Err(unknown) = &kind {
            detail("content_type", "not_supported", unknown.to_string());
        }
        match kind {
            Ok(kind) if wrong.is_empty() => Ok(kind),
            _ => Err(ApiError::invalid_all(wrong)),
        }
    }
}
