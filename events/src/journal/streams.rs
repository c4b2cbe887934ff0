//! What is asked of streams, gathered: while many targets fall due, many streams are read at the same time.

use super::{ReadError, Recorded, StreamId};
use crate::{db::Batcher, ids::Version};

/// The events of a stream after a version, at most so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) stream: StreamId,
    pub(super) after: Version,
    pub(super) limit: usize,
}

/// The answer to one question.
pub(super) type Streamed = Result<Vec<Recorded>, ReadError>;

/// Asks them together.
pub(super) type Streams = Batcher<Asked, Streamed>;
