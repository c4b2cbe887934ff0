//! Whether the servers are there.

use async_nats::jetstream::{self, ErrorCode, context::ConsumerInfoErrorKind};

use super::{
    connect::{self, ConnectError},
    layout::Layout,
    settings::Settings,
    state::SharedState,
};

/// Nobody has a consumer of that name: what counts is who says so.
const NOBODYS: &str = "reached";

/// Whether an engine of this name could have its bus on the servers now. One that starts would wait for them; this says
/// soon why not, and leaves nothing there.
///
/// # Errors
/// If no server is there, the one that is refuses us, or it has no JetStream.
pub async fn reach(settings: &Settings, name: &str) -> Result<(), ConnectError> {
    let client = connect::connect_once(settings, name, &SharedState::new(&settings.platforms)).await?;
    let no_jetstream = || ConnectError::NoJetStream { servers: settings.servers() };
    let Ok(stream) = jetstream::new(client).get_stream_no_info(Layout::new(settings, name).stream()).await else {
        return Err(no_jetstream());
    };
    match stream.consumer_info(NOBODYS).await.map_err(|error| error.kind()) {
        // Nobody listens where JetStream would.
        Err(ConsumerInfoErrorKind::NoResponders) => Err(no_jetstream()),
        Err(ConsumerInfoErrorKind::JetStream(error))
            if [ErrorCode::JETSTREAM_NOT_ENABLED, ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT]
                .contains(&error.error_code()) =>
        {
            Err(no_jetstream())
        }
        _ => Ok(()),
    }
}
