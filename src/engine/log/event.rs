//! One event of the log, whole, as JSON.

use campanile_events::{
    ids::{Epoch, EventId, LogPosition, Position, Version, WorkspaceId},
    journal::{Claim, Hash, Metadata, Recorded, StreamId},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// An event with everything that its leaf is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    position: Position,
    id: EventId,
    workspace_id: WorkspaceId,
    workspace_number: u64,
    stream_kind: String,
    stream_id: Uuid,
    version: Version,
    #[serde(rename = "type")]
    event_type: String,
    schema: u16,
    /// The exact text that is stored.
    payload: String,
    metadata: Metadata,
    claims: Vec<Claim>,
    recorded_at: DateTime<Utc>,
    leaf_hash: String,
}

/// A line that is no event of the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("position {position}: the {field} doesn't read")]
pub struct UnreadableLogEvent {
    /// Where.
    pub position: Position,
    /// What.
    pub field: &'static str,
}

impl LogEvent {
    /// The event as it was read from the journal.
    pub fn of(event: &Recorded) -> Self {
        Self {
            position: event.position,
            id: event.id,
            workspace_id: event.workspace,
            workspace_number: event.workspace_number,
            stream_kind: event.stream.kind.as_str().to_owned(),
            stream_id: event.stream.id,
            version: event.version,
            event_type: event.event_type.clone(),
            schema: event.schema,
            payload: event.payload.clone(),
            metadata: event.metadata.clone(),
            claims: event.claims.clone(),
            recorded_at: event.recorded_at,
            leaf_hash: event.leaf_hash.to_string(),
        }
    }

    /// The event as the journal gives it.
    ///
    /// # Errors
    /// If its stream or hash doesn't read.
    pub fn recorded(self) -> Result<Recorded, UnreadableLogEvent> {
        let unreadable = |field| UnreadableLogEvent { position: self.position, field };
        let kind = self.stream_kind.parse().map_err(|_| unreadable("stream kind"))?;
        let leaf_hash = hash(&self.leaf_hash).ok_or_else(|| unreadable("leaf hash"))?;
        Ok(Recorded {
            position: self.position,
            id: self.id,
            workspace: self.workspace_id,
            workspace_number: self.workspace_number,
            stream: StreamId::new(kind, self.stream_id),
            version: self.version,
            event_type: self.event_type,
            schema: self.schema,
            payload: self.payload,
            metadata: self.metadata,
            claims: self.claims,
            recorded_at: self.recorded_at,
            leaf_hash,
        })
    }

    /// As a person follows it: the payload as what it says.
    pub fn line(event: &Recorded, epoch: Epoch) -> Value {
        let data = serde_json::from_str::<Value>(&event.payload).unwrap_or(Value::Null);
        let mut line = json!({
            "position": LogPosition { epoch, position: event.position }.to_string(),
            "recorded_at": event.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "type": event.event_type,
            "schema": event.schema,
            "stream": event.stream.to_string(),
            "version": event.version,
            "workspace_id": event.workspace,
            "workspace_number": event.workspace_number,
            "id": event.id,
            "actor": event.metadata.actor,
            "request_id": event.metadata.request_id,
            "claims": event.claims,
            "leaf_hash": event.leaf_hash.to_string(),
            "data": data,
        });
        if let Some(counted) = &event.metadata.counted {
            line["counted"] = json!(counted);
        }
        line
    }
}

/// A hash from its 64 hexadecimal characters.
pub(super) fn hash(text: &str) -> Option<Hash> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, digits) in hash.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Hash(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_read_as_they_are_written() {
        let some = Hash(std::array::from_fn(|at| at as u8 * 7));
        assert_eq!(hash(&some.to_string()), Some(some));
        for text in ["", "0g", &"a".repeat(63), &"+".repeat(64)] {
            assert_eq!(hash(text), None, "{text}");
        }
    }
}
