//! `Idempotency-Key`: the same request again is answered, not done again.
//!
//! The proof that a request was carried out, its receipt, goes into the journal with the events of its command, in one
//! append: both are there or neither is. A request that finds one is answered as the first was, from the resource as it
//! stood at the receipt's position; what was refused, or changed nothing, left none and is tried again.
//!
//! Two that come at once are told apart by a mark in this process, held until the first has ended; on two nodes both
//! begin, one gets its receipt in, and the other finds it. Connecting an account
//! calls out before it appends: there the mark alone says "in progress". It can't outlive its process, and needn't: what
//! a crash interrupts has only asked the platform who somebody is, and may be asked again.
//!
//! The key is a client's own text: only its keyed digest is kept.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use campanile_events::{ids::WorkspaceId, journal::Receipt, seal::DataKey};

use super::{ApiError, Asker, Code, InSession, body::receive, in_progress::Busy};
use crate::api::Api;

const HEADER: &str = "idempotency-key";
/// How the header is called to clients.
const NAME: &str = "Idempotency-Key";
const LONGEST: usize = 255;
/// What is digested; for as long as receipts are kept.
pub(super) const KEY: &str = "idempotency.key";
pub(super) const REQUEST: &str = "idempotency.request";

/// A request's idempotency key, and what the request says of itself.
#[derive(Debug, Clone)]
pub(super) struct Keyed {
    /// The key's digest, under which the receipt is kept.
    pub(super) key: String,
    /// The digest of method, path and body.
    pub(super) request: Vec<u8>,
}

impl Keyed {
    fn of(data_key: &DataKey, key: &str, parts: &Parts, body: &Bytes) -> Self {
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        // Neither a method nor a path can hold the byte between them.
        let said = [parts.method.as_str().as_bytes(), b"\n", target.as_bytes(), b"\n", body].concat();
        let request = data_key.digest(REQUEST, &said).into_bytes();
        Self { key: data_key.digest(KEY, key.as_bytes()), request }
    }

    fn check(&self, receipt: &Receipt) -> Result<(), ApiError> {
        if receipt.receipt.request_digest == self.request { Ok(()) } else { Err(mismatch()) }
    }
}

/// The key that a request gives, if it gives one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut given = headers.get_all(HEADER).iter();
    let Some(value) = given.next() else { return Ok(None) };
    let invalid = |message: &str| ApiError::invalid(NAME, "invalid", message);
    if given.next().is_some() {
        return Err(invalid("stands there twice"));
    }
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| invalid("is not UTF-8"))?;
    if !(1..=LONGEST).contains(&text.chars().count()) {
        return Err(invalid("must have from 1 to 255 characters"));
    }
    Ok(Some(text.to_owned()))
}

/// Carries a request out unless it was before.
pub(super) async fn once(api: &Api, key: String, request: Request, next: Next) -> Response {
    carry_out(api, &key, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn carry_out(api: &Api, key: &str, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let sender = Sender::of(api, &parts).await?;
    let body = receive(&parts.headers, body).await?;
    let keyed = Keyed::of(&*sender.data_key(api).await?, key, &parts, &body);
    let headers = parts.headers.clone();
    // Before the look for a receipt: two that come at once must not both find none.
    let mark = api.0.in_progress.begin(sender.workspace(), &keyed.key, &keyed.request);
    let _mark = mark.map_err(busy)?;
    if let Some(answer) = before(api, &sender, &headers, &keyed).await? {
        return Ok(answer);
    }
    parts.extensions.insert(keyed.clone());
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    // Another node may have been faster, between the look and the refusal: whatever it says (that the receipt is there, or
    // the post, or that the revision is another now), it speaks of what this very request did.
    if response.extensions().get::<ApiError>().is_some()
        && let Some(answer) = before(api, &sender, &headers, &keyed).await?
    {
        return Ok(answer);
    }
    Ok(response)
}

/// The answer that the request got before.
async fn before(api: &Api, sender: &Sender, headers: &HeaderMap, keyed: &Keyed) -> Result<Option<Response>, ApiError> {
    let Some(receipt) = api.0.journal.receipt(sender.workspace(), &keyed.key).await? else { return Ok(None) };
    keyed.check(&receipt)?;
    let answer = match sender {
        Sender::Asker(asker) => api.replayed(asker, headers, &receipt).await?,
        Sender::Person(person, _) => api.replayed_to(person, &receipt).await?,
    };
    Ok(Some(answer.into_response()))
}

/// Who sends it, and whose receipts it is looked for among.
enum Sender {
    /// Within a workspace.
    Asker(Box<Asker>),
    /// A person, beside any: where people's records are.
    Person(Box<InSession>, WorkspaceId),
}

impl Sender {
    async fn of(api: &Api, parts: &Parts) -> Result<Self, ApiError> {
        if let Ok(asker) = Asker::of(parts) {
            return Ok(Self::Asker(Box::new(asker)));
        }
        let person = InSession::of(parts)?;
        Ok(Self::Person(Box::new(person), api.0.people.home().await?.workspace))
    }

    /// What the key's text is digested with.
    async fn data_key(&self, api: &Api) -> Result<Arc<DataKey>, ApiError> {
        match self {
            Self::Asker(asker) => api.data_key(asker).await,
            Self::Person(..) => Ok(api.0.people.key().await?),
        }
    }

    const fn workspace(&self) -> WorkspaceId {
        match self {
            Self::Asker(asker) => asker.caller.workspace,
            Self::Person(_, home) => *home,
        }
    }
}

/// Another request holds the key.
pub(super) fn busy(busy: Busy) -> ApiError {
    match busy {
        Busy::Same => in_progress(),
        Busy::Other => mismatch(),
    }
}

/// The request is under way.
pub(super) fn in_progress() -> ApiError {
    let message = "the first request with this idempotency key is under way: send it again soon";
    ApiError::new(Code::IdempotencyInProgress, message)
}

/// The key belongs to another request.
pub(in crate::api) fn mismatch() -> ApiError {
    let message = "this idempotency key was used for another request: every request needs its own";
    ApiError::new(Code::IdempotencyMismatch, message)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_has_from_1_to_255_characters() {
        let read = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, HeaderValue::from_bytes(value).expect("a header's value"));
            }
            key(&headers).map_err(|error| error.details[0].field.clone())
        };
        assert_eq!(read(&[]), Ok(None));
        let longest = "ü".repeat(255);
        for good in ["k", "a b", longest.as_str()] {
            assert_eq!(read(&[good.as_bytes()]), Ok(Some(good.to_owned())));
        }
        let too_long = "ü".repeat(256);
        let bad: [&[&[u8]]; 4] = [&[b""], &[too_long.as_bytes()], &[b"a", b"a"], &[b"\xff"]];
        for bad in bad {
            assert_eq!(read(bad), Err(NAME.to_owned()), "{bad:?}");
        }
    }
}
