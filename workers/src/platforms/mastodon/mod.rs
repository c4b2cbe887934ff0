//! Mastodon, and what speaks its API.
//!
//! The API is one, what a send is worth is not: Mastodon and Hollo keep an `Idempotency-Key` for an hour, others take it
//! and pay it no heed. So the delivery is decided for each server, and where that isn't sure it is `searchable`.

mod answers;
mod connect;
mod delete;
mod description;
mod instance;
mod line;
mod look_up;
mod media;
mod sign_in;
#[cfg(test)]
mod tests;
mod text;

use async_trait::async_trait;
use campanile_events::{account::Offer, clock::SharedClock, post::FailureClass};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Access, Adapter, ConnectError, ConnectRequest, Connected, Description, Found, Line, Media, Platform, RemoteMedia,
    Search, SendFailure, SignIn,
};
use crate::egress::{Egress, Request};

/// What a server without an answer to it is taken to allow: Mastodon's own defaults.
const MAX_TEXT: u32 = 500;
const URL_COUNTS_AS: u32 = 23;
const MAX_MEDIA: u16 = 4;
const MAX_IMAGE_BYTES: u64 = 16 * 1024 * 1024;
const MAX_VIDEO_BYTES: u64 = 99 * 1024 * 1024;
const MAX_ALT_TEXT: u32 = 1500;
/// Mastodon has no limit; a longer thread is a mistake.
const MAX_PARTS: u16 = 100;
const WINDOW_SECONDS: u64 = 3600;

/// Mastodon and its like as a platform.
#[derive(Debug, Clone)]
pub struct Mastodon {
    egress: Egress,
    clock: SharedClock,
}

/// What is kept of an account.
#[derive(Serialize, Deserialize)]
struct Kept {
    instance_url: Url,
    access_token: String,
}

impl Mastodon {
    /// Reaches its servers through `egress`.
    pub fn new(egress: Egress, clock: SharedClock) -> Self {
        Self { egress, clock }
    }
}

impl Kept {
    fn of(access: &Access) -> Result<Self, SendFailure> {
        access.credentials.read().map_err(|_| SendFailure::of(FailureClass::NotSent, "unreadable_credentials"))
    }

    /// The address of one of the API's paths.
    fn at(&self, path: &str) -> Url {
        at(&self.instance_url, path)
    }

    /// A question in the account's name.
    fn question(&self, url: Url) -> Result<Request, SendFailure> {
        Ok(Request::get(url).bearer(&self.access_token)?)
    }
}

fn at(instance: &Url, path: &str) -> Url {
    let mut url = instance.clone();
    url.set_path(path);
    url
}

#[async_trait]
impl Platform for Mastodon {
    fn name(&self) -> &'static str {
        "mastodon"
    }

    fn describe(&self) -> Description {
        Self::description()
    }

    async fn connect(&self, request: ConnectRequest) -> Result<Connected, ConnectError> {
        self.connect_account(&request).await
    }

    fn sign_in(&self) -> Option<&dyn SignIn> {
        Some(self)
    }

    async fn observe(&self, access: &Access) -> Result<Offer, SendFailure> {
        let kept = Kept::of(access)?;
        self.check_token(&kept).await?;
        Ok(self.instance(&kept.instance_url).await?.offer(&access.timing))
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
