//! Which epoch the log is in follows from its events alone: the head's is what the last event of the log's own stream
//! began. The only payload that the journal reads.

use super::{StreamId, StreamKind};
use crate::{
    ids::Epoch,
    log::{EPOCH_STARTED, LogEvent},
    stored::StoredEvent,
};

/// The epoch after an event; an epoch follows the one before it.
pub(super) fn after(
    before: Epoch,
    stream: StreamId,
    event_type: &str,
    schema: u16,
    payload: &str,
) -> Result<Epoch, String> {
    if stream.kind != StreamKind::Log || event_type != EPOCH_STARTED {
        return Ok(before);
    }
    let LogEvent::EpochStarted(began) =
        LogEvent::read(event_type, schema, payload).map_err(|error| error.to_string())?;
    if began.epoch.0 != before.0 + 1 {
        return Err(format!("epoch {} can't follow epoch {before}", began.epoch));
    }
    Ok(began.epoch)
}
