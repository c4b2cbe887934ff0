//! Where a medium stands.

use campanile_events::media::Media;
use campanile_workers::media::{Library, Lying, Place};
use serde::Serialize;

use crate::{api::http::ApiError, engine::Core};

/// Where a medium stands: by the log, the clock, and what lies in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaStatus {
    /// Its address takes bytes, and none were given.
    AwaitingUpload,
    /// Bytes were given, and wait to be confirmed.
    Uploaded,
    /// Posts can show it.
    Ready,
    /// It was not given or not confirmed in time.
    Expired,
}

impl MediaStatus {
    /// The word for it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingUpload => "awaiting_upload",
            Self::Uploaded => "uploaded",
            Self::Ready => "ready",
            Self::Expired => "expired",
        }
    }

    /// Where this medium stands now.
    pub(super) async fn of(core: &Core, place: Place, media: &Media) -> Result<Self, ApiError> {
        if media.confirmed.is_some() {
            return Ok(Self::Ready);
        }
        let now = core.clock.now();
        let announced = media.announced.as_ref().ok_or_else(|| ApiError::not_found("media"))?;
        if now >= Library::forgotten_at(announced) {
            return Ok(Self::Expired);
        }
        let is_given = core.library.store.has(place, &Lying::Given).await.map_err(ApiError::unavailable)?;
        Ok(match is_given {
            true => Self::Uploaded,
            false if now < announced.expires_at => Self::AwaitingUpload,
            false => Self::Expired,
        })
    }
}
