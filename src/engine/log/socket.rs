//! The log of a folder that another process has, over its socket.

use std::path::Path;

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use campanile_events::{
    ids::Position,
    journal::{HeldClaim, ReadAhead, Recorded},
};
use http::{Method, Request};
use serde::{Deserialize, de::DeserializeOwned};

use super::{LogClaims, LogEvent, LogSource, LogState, SourceError};
use crate::engine::Socket;

/// Reads the log through the process that has it.
pub(super) struct SocketLog {
    process: Process,
    events: ReadAhead<SourceError>,
}

/// Who has the folder.
#[derive(Clone)]
struct Process(Socket);

#[derive(Deserialize)]
struct Events {
    data: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct Refusal {
    error: Words,
}

#[derive(Deserialize)]
struct Words {
    message: String,
}

impl SocketLog {
    pub(super) fn of(folder: &Path) -> Self {
        let process = Process(Socket::of(folder));
        let asked = process.clone();
        let events = ReadAhead::by(move |after, limit| {
            let asked = asked.clone();
            Box::pin(async move { asked.events(after, limit).await })
        });
        Self { process, events }
    }
}

impl Process {
    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, SourceError> {
        let bytes = self.bytes(method, path).await?;
        serde_json::from_slice(&bytes).map_err(|error| SourceError::Read(format!("the answer doesn't read: {error}")))
    }

    async fn bytes(&self, method: Method, path: &str) -> Result<Bytes, SourceError> {
        let failed = |error: &dyn std::fmt::Display| SourceError::Read(error.to_string());
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        let request = request.map_err(|error| failed(&error))?;
        let (status, bytes) = self.0.ask(request).await.map_err(|_| SourceError::Stopped)?;
        if !status.is_success() {
            let refusal: Option<Refusal> = serde_json::from_slice(&bytes).ok();
            let words = refusal.map_or_else(|| format!("it answered {status}"), |refusal| refusal.error.message);
            return Err(SourceError::Read(words));
        }
        Ok(bytes)
    }

    async fn events(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, SourceError> {
        let path = format!("/operator/log/events?after={after}&limit={limit}");
        let read: Events = self.ask(Method::GET, &path).await?;
        let events = read.data.into_iter().map(LogEvent::recorded);
        events.collect::<Result<_, _>>().map_err(|error| SourceError::Read(error.to_string()))
    }
}

#[async_trait]
impl LogSource for SocketLog {
    async fn state(&self) -> Result<LogState, SourceError> {
        self.process.ask(Method::GET, "/operator/log").await
    }

    async fn sign(&self) -> Result<LogState, SourceError> {
        self.process.ask(Method::POST, "/operator/log/checkpoint").await
    }

    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), SourceError> {
        let read: LogClaims = self.process.ask(Method::GET, "/operator/log/claims").await?;
        read.held().map_err(|error| SourceError::Read(error.to_string()))
    }

    async fn bundle(&self) -> Result<Vec<u8>, SourceError> {
        Ok(self.process.bytes(Method::GET, "/operator/bundle").await?.to_vec())
    }

    /// Who answers here serves.
    async fn moves(&self) -> Result<(), SourceError> {
        Err(SourceError::Served)
    }

    async fn events(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, SourceError> {
        self.events.read(after, limit).await
    }
}
