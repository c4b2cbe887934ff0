//! What is hashed of an event, byte for byte.
//!
//! A leaf's hash is `SHA256(0x00 || encoding)`. The encoding is this, in this order, with nothing between the parts:
//!
//! | part | bytes |
//! | --- | --- |
//! | domain tag | the 14 ASCII bytes `campanile.leaf` |
//! | version of this encoding | 1 byte: `0x01`, or `0x02` for an event that counts against a plan |
//! | position | number, 8 bytes |
//! | event id | 16 bytes, the UUID inside |
//! | workspace | 16 bytes, the UUID inside; all zero for the whole engine |
//! | number in the workspace | number, 8 bytes |
//! | stream kind | text |
//! | stream id | 16 bytes |
//! | version in the stream | number, 8 bytes |
//! | event type | text |
//! | schema | number, 2 bytes |
//! | recorded at | microseconds since 1970-01-01T00:00:00Z, signed (two's complement), 8 bytes |
//! | actor | text |
//! | request id | `0x00`, or `0x01` and text |
//! | causation | `0x00`, or `0x01` and 16 bytes |
//! | correlation | `0x00`, or `0x01` and 16 bytes |
//! | number of claims | number, 4 bytes |
//! | each claim | `0x01` for take or `0x02` for release, kind as text, value as text |
//! | payload | text: the exact bytes that are stored |
//! | what it counts | in version `0x02` alone: plan as text, quota as text, amount and most as numbers of 8 bytes |
//!
//! Numbers are big-endian. A text is its length in bytes (number, 8 bytes) and its UTF-8 bytes as they are: no
//! normalization, no JSON. So an event has one encoding, and no two events share one.
//!
//! `events/tests/vectors/leaves.json` holds events with their encodings and hashes.

use chrono::{DateTime, Utc};

use super::hashing::leaf_bytes_hash;
use crate::{
    ids::{EventId, Position, Version, WorkspaceId},
    journal::{Claim, ClaimAction, Hash, Metadata, Recorded, StreamId},
};

const TAG: &[u8] = b"campanile.leaf";
const ENCODING_VERSION: u8 = 1;
/// Of an event that counts.
const COUNTING_VERSION: u8 = 2;

/// An event, as much of it as the tree commits to: all but the leaf's own hash.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'a> {
    /// Its place in the log.
    pub position: Position,
    /// Its name.
    pub id: EventId,
    /// The workspace it belongs to; nil for the whole engine.
    pub workspace: WorkspaceId,
    /// Its place in that workspace.
    pub workspace_number: u64,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in that stream.
    pub version: Version,
    /// The stored name.
    pub event_type: &'a str,
    /// The version of the payload's shape.
    pub schema: u16,
    /// The exact stored text.
    pub payload: &'a str,
    /// Where it came from.
    pub metadata: &'a Metadata,
    /// Unique names that it takes or releases, in their order.
    pub claims: &'a [Claim],
    /// When it is committed; what is finer than a microsecond doesn't count.
    pub recorded_at: DateTime<Utc>,
}

impl<'a> Leaf<'a> {
    /// The leaf of an event that was read; its `leaf_hash` is what the answer is compared with, and plays no part.
    pub fn of(event: &'a Recorded) -> Self {
        Self {
            position: event.position,
            id: event.id,
            workspace: event.workspace,
            workspace_number: event.workspace_number,
            stream: event.stream,
            version: event.version,
            event_type: &event.event_type,
            schema: event.schema,
            payload: &event.payload,
            metadata: &event.metadata,
            claims: &event.claims,
            recorded_at: event.recorded_at,
        }
    }

    /// The bytes that are hashed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256 + self.payload.len());
        out.extend_from_slice(TAG);
        let counted = self.metadata.counted.as_deref();
        out.push(counted.map_or(ENCODING_VERSION, |_| COUNTING_VERSION));
        number(&mut out, self.position.0);
        out.extend_from_slice(self.id.uuid().as_bytes());
        out.extend_from_slice(self.workspace.uuid().as_bytes());
        number(&mut out, self.workspace_number);
        text(&mut out, self.stream.kind.as_str());
        out.extend_from_slice(self.stream.id.as_bytes());
        number(&mut out, self.version.0);
        text(&mut out, self.event_type);
        out.extend_from_slice(&self.schema.to_be_bytes());
        out.extend_from_slice(&self.recorded_at.timestamp_micros().to_be_bytes());
        metadata(&mut out, self.metadata);
        let claims = u32::try_from(self.claims.len()).expect("an event has fewer than 2^32 claims");
        out.extend_from_slice(&claims.to_be_bytes());
        for claim in self.claims {
            out.push(match claim.action {
                ClaimAction::Take => 1,
                ClaimAction::Release => 2,
            });
            text(&mut out, &claim.kind);
            text(&mut out, &claim.value);
        }
        text(&mut out, self.payload);
        if let Some(counted) = counted {
            text(&mut out, &counted.plan);
            text(&mut out, &counted.quota);
            number(&mut out, counted.amount);
            number(&mut out, counted.most);
        }
        out
    }
}

/// The hash that stands for the event in the tree.
pub fn leaf_hash(leaf: &Leaf<'_>) -> Hash {
    leaf_bytes_hash(&leaf.encode())
}

fn metadata(out: &mut Vec<u8>, metadata: &Metadata) {
    text(out, metadata.actor.as_str());
    optional(out, metadata.request_id.as_deref(), text);
    optional(out, metadata.causation, |out, id| out.extend_from_slice(id.uuid().as_bytes()));
    optional(out, metadata.correlation, |out, id| out.extend_from_slice(id.as_bytes()));
}

fn optional<T>(out: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        write(out, value);
    }
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_be_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}
