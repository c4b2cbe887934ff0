//! What this process has just appended, for who follows the log's end.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Recorded;
use crate::ids::Position;

/// The most events that are kept, and the most bytes.
const EVENTS: usize = 8_192;
const BYTES: usize = 8 * 1024 * 1024;
/// What an event takes besides its payload, about.
const EVENT_BYTES: usize = 640;

/// The last events that this process appended one after the other, with none of others' between. Nothing is kept until
/// somebody asks.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Arc<Recorded>>,
    bytes: usize,
    wanted: bool,
}

impl Recent {
    /// Events that are in the log now, in its order. What others have appended before them ends what was kept.
    pub(super) fn keep<'a>(&self, committed: impl Iterator<Item = &'a Arc<Recorded>>) {
        let mut kept = self.kept();
        if !kept.wanted {
            return;
        }
        for event in committed {
            if kept.events.back().is_some_and(|last| last.position.next() != event.position) {
                kept.clear();
            }
            kept.bytes += bytes(event);
            kept.events.push_back(Arc::clone(event));
        }
        while kept.events.len() > EVENTS || kept.bytes > BYTES {
            let Some(oldest) = kept.events.pop_front() else { break };
            kept.bytes -= bytes(&oldest);
        }
    }

    /// The events after a position, at most so many; `None` if the first of them isn't kept. There may be newer ones in the
    /// log, of others.
    pub(super) fn after(&self, after: Position, limit: usize) -> Option<Vec<Arc<Recorded>>> {
        let mut kept = self.kept();
        kept.wanted = true;
        let first = kept.events.front()?.position;
        let from = usize::try_from(after.next().0.checked_sub(first.0)?).ok()?;
        let found: Vec<_> = kept.events.iter().skip(from).take(limit).cloned().collect();
        Some(found).filter(|found| !found.is_empty())
    }

    /// Gives it up; nothing is kept until somebody asks again.
    pub(super) fn forget(&self) {
        *self.kept() = Kept::default();
    }

    /// What a panicking holder left is whole.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes(event: &Recorded) -> usize {
    event.payload.len() + EVENT_BYTES
}

impl Kept {
    fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::{
        ids::{EventId, Version, WorkspaceId},
        journal::{Actor, Hash, Metadata, StreamId, StreamKind},
    };

    fn event(position: u64, bytes: usize) -> Recorded {
        Recorded {
            position: Position(position),
            id: EventId::from(Uuid::from_u128(position.into())),
            workspace: WorkspaceId::default(),
            workspace_number: position,
            stream: StreamId::new(StreamKind::Post, Uuid::nil()),
            version: Version(position),
            event_type: "post.scheduled".to_owned(),
            schema: 1,
            payload: "x".repeat(bytes),
            metadata: Metadata::by(Actor::engine()),
            claims: Vec::new(),
            recorded_at: DateTime::UNIX_EPOCH,
            leaf_hash: Hash::default(),
        }
    }

    fn keep(recent: &Recent, positions: impl IntoIterator<Item = u64>) {
        let events: Vec<_> = positions.into_iter().map(|position| Arc::new(event(position, 10))).collect();
        recent.keep(events.iter());
    }

    fn after(recent: &Recent, after: u64, limit: usize) -> Option<Vec<u64>> {
        let found = recent.after(Position(after), limit)?;
        Some(found.iter().map(|event| event.position.0).collect())
    }

    /// One that somebody asks.
    fn asked() -> Recent {
        let recent = Recent::default();
        assert_eq!(after(&recent, 0, 1), None);
        recent
    }

    #[test]
    fn what_follows_is_given_from_where_it_is_kept_and_nothing_else() {
        let recent = asked();
        keep(&recent, 5..8);
        keep(&recent, [8]);
        assert_eq!(after(&recent, 4, 9), Some(vec![5, 6, 7, 8]));
        assert_eq!(after(&recent, 5, 2), Some(vec![6, 7]));
        assert_eq!(after(&recent, 7, 9), Some(vec![8]));
        // Before the first, at the end, beyond it, and none of it.
        for (from, limit) in [(0, 9), (3, 9), (8, 9), (9, 9), (u64::MAX - 1, 9), (4, 0)] {
            assert_eq!(after(&recent, from, limit), None, "after {from}, at most {limit}");
        }
    }

    #[test]
    fn what_others_appended_between_is_never_passed_over() {
        let recent = asked();
        keep(&recent, 1..4);
        keep(&recent, [6]);
        assert_eq!(after(&recent, 0, 9), None);
        assert_eq!(after(&recent, 3, 9), None);
        assert_eq!(after(&recent, 5, 9), Some(vec![6]));
        // An older copy of the log went on.
        keep(&recent, [5]);
        assert_eq!(after(&recent, 4, 9), Some(vec![5]));
    }

    #[test]
    fn nothing_is_kept_that_nobody_asks_for() {
        let recent = Recent::default();
        keep(&recent, 1..4);
        assert_eq!(after(&recent, 0, 9), None);
        keep(&recent, 4..6);
        assert_eq!(after(&recent, 3, 9), Some(vec![4, 5]));
        recent.forget();
        keep(&recent, 6..8);
        assert!(recent.kept().events.is_empty());
        assert_eq!(after(&recent, 5, 9), None);
    }

    #[test]
    fn it_is_bounded_by_events_and_by_bytes() {
        let recent = asked();
        let most = EVENTS as u64;
        keep(&recent, 1..most + 101);
        assert_eq!(after(&recent, 99, 1), None);
        assert_eq!(after(&recent, 100, EVENTS + 1).expect("kept").len(), EVENTS);
        for position in 1..=9 {
            recent.keep([Arc::new(event(most + 100 + position, BYTES / 8 - EVENT_BYTES))].iter());
        }
        let kept = recent.kept();
        assert_eq!((kept.events.len(), kept.bytes), (8, BYTES));
    }
}
