//! A person who is signed in, in one request beside any workspace; and from where a request comes that nobody is asked
//! who they are for.

use std::{convert::Infallible, net::IpAddr};

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use campanile_events::{
    journal::{Actor, Metadata, NewReceipt, StreamId},
    seal::Sealed,
};

use super::{ApiError, RequestIds, guard::address, idempotency::Keyed};
use crate::{access::SignedIn, api::Api};

/// How much of a program's own word is kept.
const CLIENT: usize = 200;

/// A person who is signed in.
#[derive(Debug, Clone)]
pub struct InSession {
    /// Who, and in which session.
    pub signed_in: SignedIn,
    request_id: Option<String>,
    keyed: Option<Keyed>,
}

impl<S: Sync> FromRequestParts<S> for InSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(parts)
    }
}

impl InSession {
    /// Who sent this request, once the guard has let it in.
    pub(super) fn of(parts: &Parts) -> Result<Self, ApiError> {
        let signed_in = parts.extensions.get::<SignedIn>().cloned();
        // The table has no such route; a route beside it would be a defect.
        let signed_in =
            signed_in.ok_or_else(|| ApiError::internal("a handler asked for a person on another's route"))?;
        let request_id = parts.extensions.get::<RequestIds>().map(|ids| ids.own.to_string());
        Ok(Self { signed_in, request_id, keyed: parts.extensions.get::<Keyed>().cloned() })
    }

    /// What their events say of where they come from.
    pub fn metadata(&self) -> Metadata {
        Metadata { request_id: self.request_id.clone(), ..Metadata::by(self.signed_in.actor()) }
    }

    /// What is kept of the request with its events, if it has an idempotency key.
    pub fn receipt(&self, status: u16, resource: StreamId, sealed: Option<&Sealed>) -> Option<NewReceipt> {
        self.keyed.as_ref().map(|keyed| NewReceipt {
            key: keyed.key.clone(),
            request_digest: keyed.request.clone(),
            status,
            resource,
            sealed: sealed.map(|sealed| sealed.as_str().to_owned()),
        })
    }
}

/// A request of nobody in particular.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// From where, where that can be told.
    pub address: Option<IpAddr>,
    /// The program, by its own word.
    pub client: Option<String>,
    request_id: Option<String>,
}

impl Arrival {
    /// What events say of where they come from, once it is known who asks.
    pub fn metadata(&self, actor: Actor) -> Metadata {
        Metadata { request_id: self.request_id.clone(), ..Metadata::by(actor) }
    }
}

impl FromRequestParts<Api> for Arrival {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        let client = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let client = client.map(|text| text.chars().take(CLIENT).collect()).filter(|text: &String| !text.is_empty());
        let request_id = parts.extensions.get::<RequestIds>().map(|ids| ids.own.to_string());
        let address = address(&api.0, &parts.extensions, &parts.headers);
        Ok(Self { address, client, request_id })
    }
}
