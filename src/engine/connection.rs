//! One connection of a client: requests one after the other, each answered to its end.
//!
//! Who stops in the middle of a request's head is cut off after a while, and at once when the process stops: a request
//! that is half there is not in hand.

use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody},
    http::{Request, Response},
};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt;

use crate::access::Peer;

/// How long a request's head may take, from the moment that one could come.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// How long a head may still take when the process stops.
const LAST_CALL: Duration = Duration::from_millis(500);

/// Requests whose answers aren't written yet.
#[derive(Debug, Clone, Default)]
struct InHand(Arc<AtomicUsize>);

/// One of them, for as long as this lives.
#[derive(Debug)]
struct Held(InHand);

impl InHand {
    fn hold(&self) -> Held {
        self.0.fetch_add(1, Ordering::AcqRel);
        Held(self.clone())
    }

    fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Answers what comes on `io` from `peer`, one request or, if it is to be kept, several, until the client is gone, or
/// until `end` is there and nothing is in hand.
pub(super) async fn converse<I>(io: I, peer: Option<Peer>, router: Router, keep: bool, end: impl Future<Output = ()>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let in_hand = InHand::default();
    let requests = in_hand.clone();
    let service = service_fn(move |request| answer(router.clone(), peer, request, requests.hold()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(keep)
        .header_read_timeout(HEAD_WITHIN)
        // Who closes its end after a request has still asked it.
        .half_close(true)
        .serve_connection(TokioIo::new(io), service);
    let mut connection = pin!(connection);
    // How it ended is the client's affair: what was asked is carried out either way.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = end => connection.as_mut().graceful_shutdown(),
    }
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = tokio::time::sleep(LAST_CALL) => if in_hand.is_empty() { return },
        }
    }
}

fn answer(
    router: Router,
    peer: Option<Peer>,
    mut request: Request<Incoming>,
    held: Held,
) -> impl Future<Output = Result<Response<impl HttpBody<Data = axum::body::Bytes, Error = axum::Error>>, Infallible>> {
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    let answered = router.oneshot(request.map(Body::new));
    async move {
        let response = answered.await?;
        // In hand until the last byte of the body is taken.
        Ok(response.map(|body| {
            body.map_err(move |error| {
                let _ = &held;
                error
            })
        }))
    }
}
