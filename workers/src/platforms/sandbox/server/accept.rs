//! Connections that a request can end.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use tower::Service;

use super::routes;
use crate::platforms::sandbox::{Answer, Handling, Outcome, Sandbox};

/// How long nothing is accepted after it failed.
const PAUSE: Duration = Duration::from_millis(50);

/// How a connection is ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Close,
    Reset,
}

/// What a request ends its own connection with.
#[derive(Debug, Clone)]
pub(super) struct Ender(mpsc::Sender<Ending>);

/// Serves the sandbox on this listener until `shutdown` is done. Requests in hand are dropped then.
pub async fn serve(listener: TcpListener, sandbox: Arc<Sandbox>, shutdown: impl Future<Output = ()> + Send) {
    let router = routes::router(sandbox);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, router.clone()));
                }
                // Too many open files, mostly: room comes back as others end.
                Err(error) => {
                    tracing::warn!(%error, "the sandbox can't accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn converse(stream: TcpStream, router: axum::Router) {
    let (sender, mut endings) = mpsc::channel(1);
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(Ender(sender.clone()));
        router.clone().call(request)
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ending = tokio::select! {
        _ = &mut connection => None,
        ending = endings.recv() => ending,
    };
    if let Some(ending) = ending {
        let stream = connection.into_parts().io.into_inner();
        if ending == Ending::Reset {
            // Dropped with bytes to linger for none, the socket answers with RST.
            let _ = stream.set_zero_linger();
        }
    }
}

impl Ender {
    /// Does with the connection what the sandbox decided.
    pub(super) async fn conclude(self, handling: Handling) -> Response {
        tokio::time::sleep(handling.wait).await;
        let ending = match handling.outcome {
            Outcome::Answer(answer) => return respond(answer),
            Outcome::Close => Ending::Close,
            Outcome::Reset => Ending::Reset,
        };
        // The connection is dropped by who owns it, and this request with it.
        let _ = self.0.send(ending).await;
        std::future::pending().await
    }
}

fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status.try_into().expect("the sandbox answers with HTTP's statuses");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = answer.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}
