//! What the engines' own tests stand on.

use std::fmt::Debug;

use uuid::Uuid;

use super::{Actor, Append, Expected, Metadata, NewEvent, ReadError, StreamId, StreamKind};
use crate::ids::{EventId, Position, Version, WorkspaceId};

/// So many first events of a stream, of workspace 1.
pub(super) fn append(stream: u128, payload: &str, count: u128) -> Append {
    let stream = StreamId::new(StreamKind::Post, Uuid::from_u128(stream));
    let event = |number: u128| NewEvent {
        id: EventId::from(Uuid::from_u128(stream.id.as_u128() << 64 | number)),
        workspace: None,
        stream,
        event_type: "post.scheduled".to_owned(),
        schema: 1,
        payload: payload.to_owned(),
        metadata: Metadata::by(Actor::engine()),
        claims: vec![],
    };
    Append {
        workspace: WorkspaceId::from(Uuid::from_u128(1)),
        expected: vec![Expected { stream, version: Version(0) }],
        events: (0..count).map(event).collect(),
        receipts: vec![],
        begins: false,
    }
}

pub(super) fn damaged_at<T: Debug>(answer: Result<T, ReadError>) -> Position {
    match answer {
        Err(ReadError::Damaged { position, .. }) => position,
        other => panic!("not damaged: {other:?}"),
    }
}
