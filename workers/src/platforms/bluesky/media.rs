//! Bringing a picture to the repository's server, before any record names it. One that no record names is forgotten there
//! after a while.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Bluesky;
use crate::{
    egress::Request,
    platforms::{Access, Attachment, Media, RemoteMedia, SendFailure},
};

#[derive(Deserialize)]
struct Brought {
    blob: Value,
}

/// What a record shows beside its text.
#[derive(Serialize)]
pub(super) struct Embed<'a> {
    #[serde(rename = "$type")]
    kind: &'static str,
    images: Vec<Embedded<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Embedded<'a> {
    alt: &'a str,
    image: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect_ratio: Option<Value>,
}

impl Bluesky {
    pub(super) async fn upload_blob(&self, access: &Access, media: &Media) -> Result<RemoteMedia, SendFailure> {
        let kept = self.session(access).await?;
        let url = kept.method("com.atproto.repo.uploadBlob");
        let request = Request::post_bytes(url, media.kind.as_str(), media.bytes.clone())?.bearer(&kept.access_jwt)?;
        let brought: Brought = self.ask(request).await?;
        // A record must hold all of it: the hash of the bytes, their type, their length.
        Ok(RemoteMedia { remote_id: brought.blob.to_string() })
    }
}

/// What shows these media; `None` for none.
pub(super) fn embed(media: &[Attachment]) -> Option<Embed<'_>> {
    let image = |it: &'_ Attachment| -> Value {
        // A name of ours, as it stands in a digest, is no blob.
        serde_json::from_str(&it.remote.remote_id).unwrap_or_else(|_| it.remote.remote_id.as_str().into())
    };
    let images: Vec<_> = media
        .iter()
        .map(|it| Embedded {
            alt: it.alt_text.as_ref().map_or("", |text| text.as_str()),
            image: image(it),
            aspect_ratio: it.size.map(|size| json!({"width": size.width, "height": size.height})),
        })
        .collect();
    (!images.is_empty()).then_some(Embed { kind: "app.bsky.embed.images", images })
}
