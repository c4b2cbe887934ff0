//! What is written in batches rather than with each request.

use std::time::Duration;

use tokio::sync::watch;

use crate::access::Access;

const PAUSE: Duration = Duration::from_secs(10);

/// Writes when keys were last used, until told to stop; then once more.
pub(super) async fn write_usage(access: Access, mut stop: watch::Receiver<bool>) {
    loop {
        let stopped = tokio::select! {
            () = tokio::time::sleep(PAUSE) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if let Err(error) = access.usage().write().await {
            tracing::warn!(%error, "the keys' last uses were not written");
        }
        if stopped {
            return;
        }
    }
}
