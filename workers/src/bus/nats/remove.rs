//! A stream that is needed no more.

use async_nats::jetstream::{self, ErrorCode, context::DeleteStreamErrorKind};

use super::{
    connect::{self, ConnectError},
    layout::Layout,
    settings::Settings,
    state::SharedState,
};

/// Why a stream stays.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The server can't be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server doesn't remove it.
    #[error("NATS doesn't remove the stream {stream}: {reason}")]
    Stays {
        /// Its name.
        stream: String,
        /// What the server says.
        reason: String,
    },
}

/// Removes the stream of an engine's jobs from the servers, with its consumers and all jobs in it. For an engine that
/// doesn't run any more; one that does makes it anew. It is told by the name
/// that the engine has there.
///
/// # Errors
/// If the servers can't be reached, or the stream stays.
pub async fn remove(settings: &Settings, name: &str) -> Result<(), RemoveError> {
    let client = connect::connect(settings, name, &SharedState::new(&settings.platforms)).await?;
    let stream = Layout::new(settings, name).stream();
    match jetstream::new(client).delete_stream(&stream).await {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            DeleteStreamErrorKind::JetStream(refusal) if refusal.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(()),
            _ => Err(RemoveError::Stays { stream, reason: error.to_string() }),
        },
    }
}
