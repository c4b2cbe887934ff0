//! The adapter to the sandbox, in this process or elsewhere.

mod answers;
mod connect;
mod delete;
mod description;
mod line;
mod look_up;
mod route;
mod upload;

use std::sync::Arc;

use async_trait::async_trait;
use campanile_events::{
    account::Offer,
    post::{Delivery, MediaRules, Rules, TextCount},
    timing::Timing,
};

use super::{AccountClass, Sandbox};
use crate::{
    egress::Egress,
    platforms::{
        Access, Adapter, ConnectError, ConnectRequest, Connected, Description, Found, Line, Media, Platform,
        RemoteMedia, Search, SendFailure,
    },
};

const MAX_TEXT: u32 = super::effect::MAX_TEXT as u32;
const MAX_PARTS: u16 = 25;
const MAX_MEDIA: u16 = 4;
const MAX_IMAGE_BYTES: u64 = 10 * 1024 * 1024;
const MAX_ALT_TEXT: u32 = 1500;
const WINDOW_SECONDS: u64 = super::effect::WINDOW.num_seconds() as u64;

/// The sandbox as a platform.
#[derive(Debug, Clone)]
pub struct SandboxPlatform {
    egress: Egress,
    sandbox: Arc<Sandbox>,
}

impl SandboxPlatform {
    /// Accounts without a server's address live in `sandbox`; others are reached through `egress`.
    pub fn new(egress: Egress, sandbox: Arc<Sandbox>) -> Self {
        Self { egress, sandbox }
    }
}

#[async_trait]
impl Platform for SandboxPlatform {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn describe(&self) -> Description {
        Self::description()
    }

    async fn connect(&self, request: ConnectRequest) -> Result<Connected, ConnectError> {
        self.connect_account(&request).await
    }

    async fn observe(&self, access: &Access) -> Result<Offer, SendFailure> {
        let (kept, route) = self.route(access)?;
        let account = self.verify(&route, &kept.handle, kept.delivery, &access.timing).await?;
        Ok(offer(account.delivery, &access.timing))
    }

    async fn baseline(&self, access: &Access) -> Result<Option<String>, SendFailure> {
        self.newest(access).await
    }

    async fn upload(&self, access: &Access, media: &Media) -> Result<RemoteMedia, SendFailure> {
        self.upload_media(access, media).await
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

fn offer(class: AccountClass, timing: &Timing) -> Offer {
    let rules = Rules {
        max_text: MAX_TEXT,
        max_bytes: None,
        count: TextCount::default(),
        max_parts: MAX_PARTS,
        first_comment: true,
        max_media: MAX_MEDIA,
        media: MediaRules {
            max_image_bytes: Some(MAX_IMAGE_BYTES),
            max_alt_text: Some(MAX_ALT_TEXT),
            ..MediaRules::default()
        },
    };
    let delivery = match class {
        AccountClass::Keyed => Delivery::Keyed {
            window_ms: Some(WINDOW_SECONDS * 1000),
            quiet_ms: u64::try_from(timing.quiet.as_millis()).unwrap_or(u64::MAX),
            searchable: true,
        },
        AccountClass::Searchable => Delivery::Searchable,
        AccountClass::Blind => Delivery::Blind,
    };
    Offer { rules, delivery }
}
