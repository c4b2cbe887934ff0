//! Where the log ends, and what was signed of it.

use campanile_events::{
    ids::{Epoch, Position, WorkspaceId},
    journal::{Head, Journal},
    merkle::checkpoint::VerifyingKey,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::SourceError;
use crate::engine::Checkpoints;

/// How often head and workspaces are read until they belong together.
const MOST_READS: u32 = 50;

/// Head and workspaces of one moment.
#[derive(Debug, Clone)]
pub struct SignedNumbers {
    /// The head.
    pub head: Head,
    /// Each workspace's last number.
    pub workspaces: Vec<(WorkspaceId, u64)>,
}

impl SignedNumbers {
    /// Reads both until they belong together: every event has a number in its workspace, so the last numbers add up to
    /// the position. A log whose numbers never add up is damaged; the last look is given, for who checks it.
    pub async fn read(journal: &dyn Journal) -> Result<Self, campanile_events::journal::ReadError> {
        let mut look = Self::look(journal).await?;
        for _ in 0..MOST_READS {
            if look.add_up() {
                break;
            }
            look = Self::look(journal).await?;
        }
        Ok(look)
    }

    /// Whether the workspaces' numbers add up to the position.
    pub fn add_up(&self) -> bool {
        self.workspaces.iter().map(|(_, last)| last).sum::<u64>() == self.head.position.0
    }

    async fn look(journal: &dyn Journal) -> Result<Self, campanile_events::journal::ReadError> {
        let head = journal.head().await?;
        Ok(Self { head, workspaces: journal.workspace_numbers().await? })
    }
}

/// What the log says of itself, to be checked against its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogState {
    /// The log's epoch.
    pub epoch: Epoch,
    /// The last event's place.
    pub position: Position,
    /// When the last event was recorded, by the head's own word.
    pub recorded_at: Option<DateTime<Utc>>,
    /// The root over all events.
    pub root: String,
    /// Each workspace's last number.
    pub workspaces: Vec<(WorkspaceId, u64)>,
    /// What signed checkpoints are checked with.
    pub verifying_key: String,
    /// The signed checkpoints, oldest first.
    pub checkpoints: Vec<String>,
}

impl LogState {
    /// Reads it from an open journal.
    pub async fn read(
        journal: &dyn Journal,
        checkpoints: &Checkpoints,
        verifying_key: &VerifyingKey,
    ) -> Result<Self, SourceError> {
        // Before the head: what was signed by then must be in the log.
        let checkpoints = checkpoints.all().await.map_err(|error| SourceError::Read(error.to_string()))?;
        let read = SignedNumbers::read(journal).await;
        let SignedNumbers { head, workspaces } = read.map_err(|error| SourceError::Read(error.to_string()))?;
        Ok(Self {
            epoch: head.epoch,
            position: head.position,
            recorded_at: head.recorded_at,
            root: head.root.to_string(),
            workspaces,
            verifying_key: verifying_key.to_string(),
            checkpoints,
        })
    }
}
