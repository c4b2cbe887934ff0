//! What follows from events that are restored, the same for every engine: an engine gives each to [`Rebuilt::take`],
//! stores it, and at the end stores what came of them all.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, SubsecRound, Utc};

use super::{Hash, Head, Holders, Month, Recorded, RestoreError, StreamId, epochs, quota::SumKey};
use crate::{
    ids::{Epoch, Position, Version, WorkspaceId},
    merkle::{Frontier, Leaf, leaf_hash},
};

/// A log as far as its events were taken.
#[derive(Debug)]
pub(super) struct Rebuilt {
    pub(super) epoch: Epoch,
    pub(super) recorded_at: Option<DateTime<Utc>>,
    pub(super) frontier: Frontier,
    pub(super) numbers: BTreeMap<WorkspaceId, u64>,
    pub(super) holders: Holders,
    /// What was counted against plans.
    pub(super) sums: BTreeMap<SumKey, u64>,
    versions: HashMap<StreamId, Version>,
    /// An event didn't fit, or wasn't stored.
    broken: bool,
}

impl Rebuilt {
    /// A log without events, in the epoch that every log begins with.
    pub(super) fn empty() -> Self {
        Self {
            epoch: Epoch(1),
            recorded_at: None,
            frontier: Frontier::default(),
            numbers: BTreeMap::new(),
            holders: Holders::default(),
            sums: BTreeMap::new(),
            versions: HashMap::new(),
            broken: false,
        }
    }

    /// The last event's position.
    pub(super) const fn position(&self) -> Position {
        Position(self.frontier.size())
    }

    /// Takes the next events, or says why one doesn't follow. Until [`Self::stored`] nothing can be ended.
    pub(super) fn take(&mut self, events: &[Recorded]) -> Result<(), RestoreError> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(RestoreError::Unavailable("an event before was not restored".to_owned()));
        }
        events.iter().try_for_each(|event| {
            let unfit = |reason| RestoreError::Unfit { position: event.position, reason };
            self.follow(event).map_err(unfit)
        })
    }

    /// What was taken last is in the transaction.
    pub(super) const fn stored(&mut self) {
        self.broken = false;
    }

    /// The head, if this is where the log should end.
    pub(super) fn end(&self, size: Position, root: Hash) -> Result<Head, RestoreError> {
        if self.broken {
            return Err(RestoreError::Unavailable("an event before was not restored".to_owned()));
        }
        let position = self.position();
        if position != size {
            return Err(RestoreError::OtherEnd(format!("there are {position} events and there should be {size}")));
        }
        let own = self.frontier.root();
        if own != root {
            return Err(RestoreError::OtherEnd(format!("the root of the events is {own}, and {root} was signed")));
        }
        Ok(Head { epoch: self.epoch, position, recorded_at: self.recorded_at, root })
    }

    fn follow(&mut self, event: &Recorded) -> Result<(), String> {
        let expected = self.position().next();
        if event.position != expected {
            return Err(format!("position {expected} should stand here"));
        }
        if self.recorded_at.is_some_and(|before| event.recorded_at <= before) {
            return Err("it is not later than the event before".to_owned());
        }
        if event.recorded_at != event.recorded_at.trunc_subsecs(6) {
            return Err("its time is finer than a microsecond".to_owned());
        }
        let version = self.versions.entry(event.stream).or_default();
        if event.version != version.next() {
            return Err(format!("version {} of {} where {} should be", event.version, event.stream, version.next()));
        }
        *version = event.version;
        let number = self.numbers.entry(event.workspace).or_default();
        *number += 1;
        if event.workspace_number != *number {
            return Err(format!("number {} of its workspace where {number} should be", event.workspace_number));
        }
        if leaf_hash(&Leaf::of(event)) != event.leaf_hash {
            return Err("it is not what its leaf says".to_owned());
        }
        self.holders.fold(event).map_err(|kind| format!("it takes the {kind} of another"))?;
        self.epoch = epochs::after(self.epoch, event.stream, &event.event_type, event.schema, &event.payload)?;
        if let Some(counted) = &event.metadata.counted {
            let sum = self.sums.entry((event.workspace, counted.quota.clone(), Month::of(event.recorded_at)));
            let sum = sum.or_default();
            *sum = sum.saturating_add(counted.amount);
        }
        self.recorded_at = Some(event.recorded_at);
        self.frontier.push(event.leaf_hash);
        Ok(())
    }
}
