//! `Idempotency-Key` of requests that show a password or a link's token: their handlers keep the receipts themselves.
//!
//! What other requests are told apart by is a fast digest, and whoever had it and the master key could try passwords out
//! on it. This one is as slow as a password's own hash. Who has no session is known by what they show: the keys that they
//! choose collide with nobody else's.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use campanile_events::{
    ids::WorkspaceId,
    journal::{NewReceipt, Receipt, StreamId},
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    ApiError,
    idempotency::{KEY, REQUEST, busy, key, mismatch},
    in_progress::Mark,
};
use crate::{access::Passwords, api::Api};

/// The key that a request gives, if it gives one.
#[derive(Debug)]
pub struct OnceKey(Result<Option<String>, ApiError>);

impl FromRequestParts<Api> for OnceKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Infallible> {
        Ok(Self(key(&parts.headers)))
    }
}

/// A request that is carried out once; every time, if it has no key.
#[derive(Debug)]
pub struct Once(Option<Held>);

#[derive(Debug)]
struct Held {
    /// Where its receipt is.
    home: WorkspaceId,
    key: String,
    salt: String,
    said: SecretString,
    _mark: Mark,
}

impl OnceKey {
    /// Holds the key while the request is under way. A key is among those of `whose`; among the keys of all sessions where
    /// that isn't said. What the request says is all of `said`.
    ///
    /// # Errors
    /// If the key is none, or another request holds it.
    pub async fn hold(self, api: &Api, whose: Option<&str>, said: &[&str]) -> Result<Once, ApiError> {
        let Some(text) = self.0? else { return Ok(Once(None)) };
        let (home, data_key) = (api.0.people.home().await?.workspace, api.0.people.key().await?);
        let own = whose.map_or_else(|| text.clone(), |whose| format!("{whose}\n{text}"));
        let key = data_key.digest(KEY, own.as_bytes());
        // No text of one can be taken for the end of it and the beginning of the next.
        let said: String =
            said.iter().map(|text| [text.len().to_string().as_str(), "\n", text, "\n"].concat()).collect();
        let request = data_key.digest(REQUEST, said.as_bytes());
        let mark = api.0.in_progress.begin(home, &key, request.as_bytes()).map_err(busy)?;
        let salt = data_key.digest(REQUEST, key.as_bytes());
        Ok(Once(Some(Held { home, key, salt, said: said.into(), _mark: mark })))
    }
}

impl Once {
    /// The digest of the key, if there is one.
    pub fn key(&self) -> Option<&str> {
        self.0.as_ref().map(|held| held.key.as_str())
    }

    /// The receipt of this request, if it was carried out before.
    ///
    /// # Errors
    /// If another request was, with its key.
    pub async fn before(&self, api: &Api) -> Result<Option<Receipt>, ApiError> {
        let Some(held) = &self.0 else { return Ok(None) };
        let Some(receipt) = api.0.journal.receipt(held.home, &held.key).await? else { return Ok(None) };
        if held.digest().await? == receipt.receipt.request_digest { Ok(Some(receipt)) } else { Err(mismatch()) }
    }

    /// What is kept of it with its events.
    pub async fn receipt(&self, status: u16, resource: StreamId) -> Result<Option<NewReceipt>, ApiError> {
        let Some(held) = &self.0 else { return Ok(None) };
        let request_digest = held.digest().await?;
        Ok(Some(NewReceipt { key: held.key.clone(), request_digest, status, resource, sealed: None }))
    }
}

impl Held {
    async fn digest(&self) -> Result<Vec<u8>, ApiError> {
        Ok(Passwords::slow_digest(self.said.expose_secret().into(), self.salt.clone()).await?)
    }
}
