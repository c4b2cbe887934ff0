//! What is in the log, counted.

use std::collections::{BTreeMap, HashSet};

use campanile_events::{
    ids::{Epoch, Position, WorkspaceId},
    journal::{Recorded, StreamId},
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{LogSource, SourceError};

const PAGE: usize = 1_000;

/// What is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Stats {
    /// The log's epoch.
    pub epoch: Epoch,
    /// How many events.
    pub events: u64,
    /// How many of each type.
    pub by_type: BTreeMap<String, u64>,
    /// How many streams of each kind.
    pub streams: BTreeMap<String, u64>,
    /// How many workspaces.
    pub workspaces: u64,
    /// The events' payloads, in bytes.
    pub payload_bytes: u64,
    /// When the first was recorded.
    pub first_at: Option<DateTime<Utc>>,
    /// When the last was recorded.
    pub last_at: Option<DateTime<Utc>>,
}

/// Counts the whole log. `seen` is told how many events were read, of how many.
///
/// # Errors
/// If the log can't be read to its end.
pub async fn stats(log: &dyn LogSource, seen: impl Fn(u64, u64)) -> Result<Stats, SourceError> {
    let state = log.state().await?;
    let mut counted = Stats { epoch: state.epoch, ..Stats::default() };
    let (mut streams, mut workspaces) = (HashSet::new(), HashSet::new());
    let mut after = Position(0);
    while after < state.position {
        let left = usize::try_from(state.position.0 - after.0).unwrap_or(PAGE);
        let events = log.events(after, left.min(PAGE)).await?;
        let Some(last) = events.last() else { break };
        after = last.position;
        for event in &events {
            counted.count(event, &mut streams, &mut workspaces);
        }
        seen(after.0, state.position.0);
    }
    Ok(counted)
}

impl Stats {
    fn count(&mut self, event: &Recorded, streams: &mut HashSet<StreamId>, workspaces: &mut HashSet<WorkspaceId>) {
        self.events += 1;
        *self.by_type.entry(event.event_type.clone()).or_default() += 1;
        if streams.insert(event.stream) {
            *self.streams.entry(event.stream.kind.as_str().to_owned()).or_default() += 1;
        }
        if event.workspace != WorkspaceId::default() && workspaces.insert(event.workspace) {
            self.workspaces += 1;
        }
        self.payload_bytes += event.payload.len() as u64;
        self.first_at = self.first_at.or(Some(event.recorded_at));
        self.last_at = Some(event.recorded_at);
    }
}
