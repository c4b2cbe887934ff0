//! A server of the test's own whose connections can be reset under a request.

use axum::{Router, body::Body, http::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tower::ServiceExt;

/// With it a request ends its own connection.
#[derive(Debug, Clone)]
pub struct Resetter(mpsc::Sender<()>);

impl Resetter {
    /// Resets the connection; the request that asks for it never comes back.
    pub async fn reset(&self) -> Response<Body> {
        // A receiver that is gone belongs to a connection that is gone.
        let _ = self.0.send(()).await;
        std::future::pending().await
    }
}

/// Serves a router on a free port until the runtime ends, and gives its address.
pub async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, router.clone()));
        }
    });
    format!("http://{address}")
}

async fn converse(stream: TcpStream, router: Router) {
    let (sender, mut asked) = mpsc::channel(1);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Resetter(sender.clone()));
        router.clone().oneshot(request.map(Body::new))
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let reset = tokio::select! {
        _ = &mut connection => false,
        Some(()) = asked.recv() => true,
    };
    if reset {
        let stream = connection.into_parts().io.into_inner();
        // Dropped with nothing to linger for, the socket answers with RST.
        stream.set_zero_linger().expect("a socket that is still there");
    }
}
