//! How each projection stands: for `projections status`, `/readyz` and the metrics.

use std::{collections::HashMap, fmt};

use campanile_events::ids::Position;

use super::{
    Runner, RunnerError,
    checkpoint::{Checkpoint, Place},
    parked::{self, Parked},
};

/// What a projection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectionState {
    /// It follows the log.
    Live,
    /// It is built anew beside its live tables, and has come so far.
    Rebuilding {
        /// The last event in the tables beside.
        position: Position,
    },
    /// The runner of this process must not go on.
    Stopped {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for ProjectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("live"),
            Self::Rebuilding { position } => write!(f, "rebuilding: at position {position}"),
            Self::Stopped { reason } => write!(f, "stopped: {reason}"),
        }
    }
}

/// How one projection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: &'static str,
    /// The version of its live tables.
    pub version: u32,
    /// The last event in them.
    pub position: Position,
    /// How many events the log has after that.
    pub lag: u64,
    /// What it is doing.
    pub state: ProjectionState,
    /// How many of its streams are parked.
    pub parked: usize,
}

impl Runner {
    /// How every projection stands.
    ///
    /// # Errors
    /// If log or database don't answer.
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, RunnerError> {
        let head = self.journal.head().await?.position;
        let checkpoints = Checkpoint::all(self.db.as_ref()).await?;
        let mut waiting: HashMap<(String, u64), usize> = HashMap::new();
        for row in self.db.query(parked::ALL, vec![]).await? {
            let parked = Parked::read(&row)?;
            *waiting.entry((parked.projection, parked.build)).or_default() += 1;
        }
        let stopped = self.stop_reason();
        let mut all = Vec::with_capacity(self.projections.len());
        for projection in &self.projections {
            let name = projection.name();
            let at = |place| checkpoints.iter().find(move |it| it.projection == name && it.place == place);
            let Some(live) = at(Place::Live) else { continue };
            let state = match (&stopped, at(Place::Beside)) {
                (Some(reason), _) => ProjectionState::Stopped { reason: reason.to_string() },
                (None, Some(beside)) => ProjectionState::Rebuilding { position: beside.position },
                (None, None) => ProjectionState::Live,
            };
            all.push(ProjectionStatus {
                name,
                version: live.version,
                position: live.position,
                lag: head.0.saturating_sub(live.position.0),
                state,
                parked: waiting.get(&(name.to_owned(), live.build)).copied().unwrap_or(0),
            });
        }
        Ok(all)
    }
}
