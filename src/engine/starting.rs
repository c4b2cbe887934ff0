//! A node whose database isn't there yet: it waits for it, and says so to who asks how it is.
//!
//! Nodes are often started together with their database, or by a supervisor while it is away. One that ended would only be
//! started again.

use std::{convert::Infallible, future::Future, pin::pin, time::Duration};

use axum::{Router, extract::State, http::StatusCode, middleware, routing::get, serve::Listener};
use campanile_events::clock::{SharedClock, SystemClock};
use tokio::{net::TcpListener, sync::watch};

use super::{Engine, OpenError, connection::converse, enveloped::Enveloped, lingering::Lingering};
use crate::{
    access::Peer,
    api::{
        health::healthz,
        http::{ApiError, envelope, to_the_end},
    },
    configuration::Configuration,
};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

impl Engine {
    /// Opens the engine as [`Engine::open`] does, again and again for as long as its database is away, which `away` has just
    /// said. Meanwhile who comes to `listener` is told that it isn't ready. `None` if `shutdown` is done first.
    ///
    /// # Errors
    /// As [`Engine::open`], for what doesn't pass.
    pub async fn open_when_it_can_be(
        configuration: &Configuration,
        listener: &mut TcpListener,
        away: OpenError,
        shutdown: impl Future<Output = ()>,
    ) -> Result<Option<Self>, OpenError> {
        let why = watch::Sender::new(String::new());
        let answering = answer(listener, why.subscribe());
        tokio::select! {
            opened = again(configuration, away, &why) => opened.map(Some),
            never = answering => match never {},
            () = shutdown => Ok(None),
        }
    }
}

async fn again(
    configuration: &Configuration,
    mut away: OpenError,
    why: &watch::Sender<String>,
) -> Result<Engine, OpenError> {
    let mut pause = FIRST_PAUSE;
    loop {
        why.send_replace(away.to_string());
        tracing::warn!(error = %away, again_in_ms = pause.as_millis(), "the database is away: waiting for it");
        tokio::time::sleep(pause).await;
        pause = LAST_PAUSE.min(pause * 2);
        match Engine::open(configuration).await {
            Err(error) if error.is_passing() => away = error,
            done => return done,
        }
    }
}

/// Answers each connection once: the next is the engine's.
async fn answer(listener: &mut TcpListener, why: watch::Receiver<String>) -> Infallible {
    let clock = SystemClock::shared();
    let router = router(why, &clock);
    loop {
        let (io, address) = Listener::accept(listener).await;
        let (io, peer) = (Enveloped::new(Lingering::new(io), clock.clone()), Some(Peer(address.ip())));
        let router = router.clone();
        tokio::spawn(async move { converse(io, peer, router, false, pin!(std::future::pending())).await });
    }
}

fn router(why: watch::Receiver<String>, clock: &SharedClock) -> Router {
    let enveloped = middleware::from_fn_with_state(clock.clone(), envelope);
    let health = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz));
    let refused = async || ApiError::unavailable("the engine waits for its database");
    health.fallback(refused).with_state(why).layer(enveloped).layer(middleware::from_fn(to_the_end))
}

async fn readyz(State(why): State<watch::Receiver<String>>) -> (StatusCode, String) {
    let why = why.borrow().clone();
    let text = format!("process: failing waiting for its database\njournal: failing {why}\n");
    (StatusCode::SERVICE_UNAVAILABLE, text)
}
