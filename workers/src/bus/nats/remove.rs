//! A stream that is needed no more.

use async_nats::jetstream::{self, ErrorCode, context::DeleteStreamErrorKind};

use super::{connect, layout::Layout, settings::Settings, state::SharedState};

/// Why a stream stays.
#[derive(Debug, thiserror::Error)]
#[error("the stream {stream} stays: {reason}")]
pub struct RemoveError {
    /// Its name on the servers.
    pub stream: String,
    /// What the connection or the server says.
    pub reason: String,
}

/// Removes the stream of an engine's jobs from the servers, with its consumers and all jobs in it. For an engine that
/// doesn't run any more; one that does makes it anew. It is told by the name
/// that the engine has there.
///
/// # Errors
/// If the servers can't be reached now, or the stream stays.
pub async fn remove(settings: &Settings, name: &str) -> Result<(), RemoveError> {
    let stream = Layout::new(settings, name).stream();
    let client = match connect::connect_once(settings, name, &SharedState::new(&settings.platforms)).await {
        Ok(client) => client,
        Err(error) => return Err(RemoveError { stream, reason: error.to_string() }),
    };
    match jetstream::new(client).delete_stream(&stream).await {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            DeleteStreamErrorKind::JetStream(refusal) if refusal.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(()),
            _ => Err(RemoveError { stream, reason: format!("NATS doesn't remove it: {error}") }),
        },
    }
}
