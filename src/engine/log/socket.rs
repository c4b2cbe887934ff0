//! The log of a folder that another process has, over its socket.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use campanile_events::{ids::Position, journal::Recorded};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::net::UnixStream;

use super::{LogEvent, LogSource, LogState, SourceError};
use crate::engine::SOCKET;

/// Reads the log through the process that has it.
pub(super) struct SocketLog(PathBuf);

#[derive(Deserialize)]
struct Events {
    data: Vec<LogEvent>,
}

impl SocketLog {
    pub(super) fn of(folder: &Path) -> Self {
        Self(folder.join(SOCKET))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, SourceError> {
        let bytes = self.fetch(path).await.map_err(|error| SourceError::Read(error.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|error| SourceError::Read(format!("the answer doesn't read: {error}")))
    }

    async fn fetch(&self, path: &str) -> anyhow::Result<Bytes> {
        let stream = UnixStream::connect(&self.0).await?;
        #[expect(clippy::disallowed_methods, reason = "the folder's own socket leaves no machine")]
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = http::Request::get(path).header(http::header::HOST, "campanile").body(Body::empty())?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        drop(sender);
        connection.await??;
        anyhow::ensure!(status.is_success(), "it answered {status}");
        Ok(bytes)
    }
}

#[async_trait]
impl LogSource for SocketLog {
    async fn state(&self) -> Result<LogState, SourceError> {
        self.get("/operator/log").await
    }

    async fn events(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, SourceError> {
        let read: Events = self.get(&format!("/operator/log/events?after={after}&limit={limit}")).await?;
        let events = read.data.into_iter().map(LogEvent::recorded);
        events.collect::<Result<_, _>>().map_err(|error| SourceError::Read(error.to_string()))
    }
}
