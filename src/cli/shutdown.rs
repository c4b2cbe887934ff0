//! The word to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Done once the process is told to stop, by SIGTERM or by Ctrl-C.
///
/// # Errors
/// If signals can't be listened to.
pub(super) fn told() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
