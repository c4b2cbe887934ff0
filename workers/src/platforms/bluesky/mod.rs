//! Bluesky, and every other server of the AT Protocol that keeps accounts (a PDS).
//!
//! A post is a record under a key that we choose. Key and date come from the moment of the first intent, so a repeat is the
//! same record again, byte for byte, and the server takes it for what it is: nothing new. The request says besides that it
//! may not replace another record, so a repeat that differs after all is refused by the server.
//!
//! A remote id is `at://DID/app.bsky.feed.post/KEY#CID`: replies name a post by both its address and its content's hash.

mod answers;
mod connect;
mod delete;
mod description;
mod facets;
mod line;
mod look_up;
mod media;
mod prepare;
mod record;
mod session;
#[cfg(test)]
mod tests;
mod tid;

use async_trait::async_trait;
use campanile_events::{
    account::Offer,
    clock::SharedClock,
    media::MediaKind,
    post::{Delivery, MediaRules, Rules, TextCount, TextUnit},
    seal::Open,
};

use super::{
    Access, Adapter, ConnectError, ConnectRequest, Connected, Description, Found, Line, Media, Message, Platform,
    RemoteMedia, Search, SendFailure,
};
use crate::egress::Egress;

/// The lexicon's, in graphemes and in bytes.
const MAX_TEXT: u32 = 300;
const MAX_BYTES: u32 = 3000;
/// There is no limit; a longer thread is a mistake.
const MAX_PARTS: u16 = 100;
/// The lexicon's for pictures. Films go by way of a service of their own, and are not taken.
const MAX_MEDIA: u16 = 4;
const MAX_IMAGE_BYTES: u64 = 2_000_000;
const KINDS: [MediaKind; 4] = [MediaKind::Jpeg, MediaKind::Png, MediaKind::Gif, MediaKind::Webp];
const DELIVERY: Delivery = Delivery::Keyed { window_ms: None, quiet_ms: 0, searchable: true };

/// Bluesky and its like as a platform.
#[derive(Debug, Clone)]
pub struct Bluesky {
    egress: Egress,
    clock: SharedClock,
}

impl Bluesky {
    /// Reaches its servers through `egress`.
    pub fn new(egress: Egress, clock: SharedClock) -> Self {
        Self { egress, clock }
    }
}

fn offer() -> Offer {
    let rules = Rules {
        max_text: MAX_TEXT,
        max_bytes: Some(MAX_BYTES),
        count: TextCount { unit: TextUnit::Graphemes, ..TextCount::default() },
        max_parts: MAX_PARTS,
        first_comment: true,
        max_media: MAX_MEDIA,
        media: MediaRules { kinds: KINDS.to_vec(), max_image_bytes: Some(MAX_IMAGE_BYTES), ..MediaRules::default() },
    };
    Offer { rules, delivery: DELIVERY }
}

#[async_trait]
impl Platform for Bluesky {
    fn name(&self) -> &'static str {
        "bluesky"
    }

    fn describe(&self) -> Description {
        Self::description()
    }

    fn names_by_server(&self) -> bool {
        false
    }

    async fn connect(&self, request: ConnectRequest) -> Result<Connected, ConnectError> {
        self.connect_account(&request).await
    }

    async fn observe(&self, access: &Access) -> Result<Offer, SendFailure> {
        self.check_session(access).await?;
        Ok(offer())
    }

    async fn baseline(&self, _: &Access) -> Result<Option<String>, SendFailure> {
        // The record's key is ours: nothing has to be told apart by what came before.
        Ok(None)
    }

    async fn prepare(&self, access: &Access, message: &Message) -> Result<Option<Open>, SendFailure> {
        self.make_ready(access, message).await.map(Some)
    }

    async fn upload(&self, access: &Access, media: &Media) -> Result<RemoteMedia, SendFailure> {
        self.upload_blob(access, media).await
    }

    async fn open(&self, access: &Access) -> Result<Box<dyn Line>, SendFailure> {
        Ok(Box::new(self.open_line(access).await?))
    }

    async fn look_up(&self, access: &Access, search: &Search) -> Result<Found, SendFailure> {
        self.search(access, search).await
    }

    async fn remove(&self, access: &Access, remote_id: &str) -> Result<(), SendFailure> {
        self.delete(access, remote_id).await
    }
}
