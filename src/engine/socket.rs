//! Requests over the folder's socket, to the process that has the folder.

use std::path::{Path, PathBuf};

use axum::body::{Body, Bytes};
use http::{Request, StatusCode, header::HOST};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::SOCKET;

/// The socket of a folder.
#[derive(Debug, Clone)]
pub struct Socket(PathBuf);

impl Socket {
    /// The socket of this folder, whether anybody listens or not.
    pub fn of(folder: &Path) -> Self {
        Self(folder.join(SOCKET))
    }

    /// Sends a request and reads the answer whole.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn ask(&self, mut request: Request<Body>) -> anyhow::Result<(StatusCode, Bytes)> {
        request.headers_mut().insert(HOST, http::HeaderValue::from_static("campanile"));
        let stream = UnixStream::connect(&self.0).await?;
        #[expect(clippy::disallowed_methods, reason = "the folder's own socket leaves no machine")]
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        drop(sender);
        connection.await??;
        Ok((status, bytes))
    }
}
