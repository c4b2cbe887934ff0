//! A medium as clients see it; its bytes are no part of it.

use campanile_events::{
    ids::MediaId,
    media::Media,
    seal::{DataKey, Open, fields},
};
use serde_json::{Value, json};

use super::MediaStatus;
use crate::api::http::{ApiError, instant};

/// A medium that stands here.
pub(super) fn media(key: &DataKey, id: MediaId, media: &Media, status: MediaStatus) -> Result<Value, ApiError> {
    let announced = media.announced.as_ref().ok_or_else(|| ApiError::not_found("media"))?;
    let alt_text = announced.alt_text.as_ref();
    let alt_text = alt_text.map(|text| key.open(fields::MEDIA_ALT_TEXT, text)).transpose()?;
    let confirmed = media.confirmed.as_ref();
    let size = confirmed.and_then(|it| it.size);
    Ok(json!({
        "id": id,
        "status": status,
        "revision": media.revision,
        "file_name": key.open(fields::MEDIA_FILE_NAME, &announced.file_name)?.as_str(),
        "content_type": announced.kind,
        "bytes": announced.bytes,
        "width": size.map(|size| size.width),
        "height": size.map(|size| size.height),
        "alt_text": alt_text.as_ref().map(Open::as_str),
        "upload_expires_at": instant(announced.expires_at),
        "created_at": instant(announced.at),
        "confirmed_at": confirmed.map(|it| instant(it.at)),
    }))
}
