//! What happened to the log itself. Stored names and shapes are for ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::Epoch,
    journal::{StreamId, StreamKind},
    stored_events,
};

/// The stream of what happens to the log itself.
pub const STREAM: StreamId = StreamId::new(StreamKind::Log, Uuid::nil());

/// The stored name of [`LogEvent::EpochStarted`].
pub const EPOCH_STARTED: &str = "log.epoch_started";

stored_events! {
    /// What happened to the log itself.
    pub enum LogEvent {
        /// It was opened from a copy: its positions from here on belong to a new epoch.
        EpochStarted(EpochStarted) = "log.epoch_started" @ 1,
    }
}

/// See [`LogEvent::EpochStarted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochStarted {
    /// The epoch that begins.
    pub epoch: Epoch,
    /// The last signed checkpoint that was known of the epoch before, as the note that was signed: what the copy lacks of
    /// it was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_checkpoint: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::StoredEvent;

    #[test]
    fn an_epoch_reads_as_it_is_written() {
        let at = "2026-03-01T12:00:00Z".parse().expect("an instant");
        for last_checkpoint in [None, Some("log.example\n7\nAAAA\n".to_owned())] {
            let event = LogEvent::EpochStarted(EpochStarted { epoch: Epoch(2), last_checkpoint, at });
            assert_eq!(event.name(), EPOCH_STARTED);
            let payload = event.payload().expect("json");
            assert_eq!(LogEvent::read(event.name(), event.schema(), &payload), Ok(event), "{payload}");
        }
    }
}
