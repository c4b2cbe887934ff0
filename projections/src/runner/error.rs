//! Why a runner doesn't start, or stops.

use campanile_events::{db::DbError, journal::ReadError};

use super::checkpoint::Checkpoint;
use crate::projection::ApplyError;

/// Why a runner doesn't start.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// Two projections have one name.
    #[error("two projections are called `{name}`")]
    Duplicate {
        /// The name.
        name: &'static str,
    },
    /// A newer build made the tables.
    #[error("the tables of `{name}` have version {found} and this build knows {known}: run a newer one")]
    NewerTables {
        /// The projection.
        name: String,
        /// The version that is stored.
        found: u32,
        /// This build's.
        known: u32,
    },
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The log can't be read.
    #[error(transparent)]
    Journal(#[from] ReadError),
}

/// Why a batch was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RunnerError {
    /// This build doesn't know what a newer one wrote, and gives way to it.
    #[error("newer build needed: {reason}")]
    NewerBuildNeeded {
        /// What it doesn't know.
        reason: String,
    },
    /// The log has a hole, or a row of it doesn't read.
    #[error("the log is damaged: {reason}")]
    Damaged {
        /// Where and how.
        reason: String,
    },
    /// No projection has that name.
    #[error("there is no projection `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// A projection could not write its state. A defect of ours.
    #[error("`{name}` failed: {reason}")]
    Projection {
        /// The projection.
        name: &'static str,
        /// How.
        reason: String,
    },
    /// The log can't be read now.
    #[error("the journal is unavailable: {0}")]
    Journal(String),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl RunnerError {
    /// Whether going on would be wrong, now and later.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::NewerBuildNeeded { .. } | Self::Damaged { .. })
    }
}

impl RunnerError {
    /// A newer build has put its tables in the place of those that this one knows.
    pub(super) fn newer_tables(checkpoint: &Checkpoint) -> Self {
        let Checkpoint { projection, version, .. } = checkpoint;
        Self::NewerBuildNeeded { reason: format!("the tables of `{projection}` have version {version}") }
    }

    /// What a projection's error means to the runner; a single event's error is for the runner to park.
    pub(super) fn applying(name: &'static str, error: ApplyError) -> Self {
        match error {
            ApplyError::NewerBuild { .. } => Self::NewerBuildNeeded { reason: error.to_string() },
            ApplyError::Db(error) => Self::Db(error),
            ApplyError::Event { .. } | ApplyError::State { .. } => Self::Projection { name, reason: error.to_string() },
        }
    }
}

impl From<ReadError> for RunnerError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(reason) => Self::Journal(reason),
            newer @ ReadError::Newer { .. } => Self::NewerBuildNeeded { reason: newer.to_string() },
            damaged @ ReadError::Damaged { .. } => Self::Damaged { reason: damaged.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::ids::Position;

    use super::*;

    #[test]
    fn who_meets_a_newer_build_gives_way_and_reports_no_damage() {
        let newer = ReadError::Newer { position: Position(7), reason: "unknown stream kind `choir`".to_owned() };
        let error = RunnerError::from(newer);
        assert!(matches!(&error, RunnerError::NewerBuildNeeded { reason } if reason.contains("choir")), "{error}");
    }
}
