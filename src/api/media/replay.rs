//! A medium as a request was answered with it before.

use campanile_events::{
    journal::Receipt,
    seal::{Sealed, fields},
};
use campanile_workers::media::Place;

use super::{MediaStatus, announce, render};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker},
};

/// The medium at the receipt's position: as it was announced, with the address that was given then, or as it was confirmed.
pub async fn replayed(api: &Api, asker: &Asker, receipt: &Receipt) -> Result<Answer, ApiError> {
    let id = receipt.receipt.resource.id;
    let then = api.0.library.media.load_at(asker.caller.workspace, id, receipt.position).await?;
    let media = then.ok_or_else(|| ApiError::not_found("media"))?.state;
    let key = api.data_key(asker).await?;
    if let (Some(url), Some(announced)) = (&receipt.receipt.sealed, &media.announced) {
        let url = key.open(fields::MEDIA_UPLOAD_URL, &Sealed::from_stored(url.as_str()))?;
        return Ok(Answer::ok(announce::shown(id.into(), announced.kind, announced.expires_at, url.as_str())));
    }
    let place = Place { workspace: asker.caller.workspace, id: id.into() };
    let status = MediaStatus::of(&api.0, place, &media).await?;
    Ok(Answer::ok(render::media(&key, id.into(), &media, status)?).at_revision(media.revision))
}
