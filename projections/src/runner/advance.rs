//! One step: a batch of the log into rows, with its checkpoints, in one transaction.

use std::{cmp::Ordering, sync::Arc};

use campanile_events::{
    db::Transaction,
    ids::Position,
    journal::Recorded,
    sabotage::{CrashPoint, crash_at},
};

use super::{
    Progress, Runner, RunnerError,
    checkpoint::{Checkpoint, Place},
    tables,
};
use crate::projection::Projection;

/// The most events of one transaction.
pub(super) const BATCH: usize = 2_000;
/// The most of one into tables that nobody reads yet: meanwhile those that are read wait.
const BATCH_BESIDE: usize = 1_000;

impl Runner {
    /// Takes one batch into the live tables, or into those beside them.
    pub(super) async fn advance(&self, place: Place) -> Result<Progress, RunnerError> {
        let Some(after) = self.smallest(place) else { return Ok(Progress::Idle) };
        let most = if place == Place::Live { BATCH } else { BATCH_BESIDE };
        let batch = self.journal.tail(after, most).await?;
        check_dense(after, &batch)?;
        if batch.is_empty() && place == Place::Live {
            return Ok(Progress::Idle);
        }
        let mut transaction = self.db.begin().await?;
        let (mut checkpoints, parked) = Checkpoint::lock_with_parked(transaction.as_mut(), self.db.engine()).await?;
        if checkpoints.is_empty() {
            drop(transaction);
            return self.refresh().await.map(|()| Progress::Elsewhere);
        }
        let (mut moved, mut writes) = (Vec::new(), Vec::new());
        for checkpoint in checkpoints.iter_mut().filter(|checkpoint| checkpoint.place == place) {
            let Some(projection) = self.takes(checkpoint)? else { continue };
            // Another node may have begun it anew since this batch was read.
            if checkpoint.position >= after && batch.last().is_some_and(|last| last.position > checkpoint.position) {
                writes.extend(Self::fold(transaction.as_mut(), projection, checkpoint, &batch, &parked).await?);
                moved.push(&*checkpoint);
            }
        }
        let folded = moved.len();
        writes.extend(Checkpoint::writing(moved));
        transaction.write_all(writes).await?;
        // Once for each, though they are written together.
        (0..folded).for_each(|_| crash_at(CrashPoint::AfterProjectionRows));
        if place == Place::Beside && batch.len() < most {
            self.swap_finished(transaction.as_mut(), &mut checkpoints).await?;
        }
        transaction.commit().await?;
        self.see(checkpoints);
        Ok(if self.smallest(place) == Some(after) { Progress::Idle } else { Progress::Moved })
    }

    /// The projection that writes a build, if this build of the program does.
    ///
    /// # Errors
    /// If a newer one made the live tables.
    fn takes(&self, checkpoint: &Checkpoint) -> Result<Option<&dyn Projection>, RunnerError> {
        let Some(projection) = self.projection(&checkpoint.projection) else { return Ok(None) };
        match (checkpoint.version.cmp(&projection.version()), checkpoint.place) {
            (Ordering::Equal, _) => Ok(Some(projection)),
            (Ordering::Greater, Place::Live) => Err(RunnerError::newer_tables(checkpoint)),
            _ => Ok(None),
        }
    }

    /// Puts builds that have come as far as the live ones in their place.
    async fn swap_finished(
        &self,
        transaction: &mut dyn Transaction,
        checkpoints: &mut Vec<Checkpoint>,
    ) -> Result<(), RunnerError> {
        let mut replaced = Vec::new();
        for at in 0..checkpoints.len() {
            let finished = &checkpoints[at];
            if finished.place != Place::Beside {
                continue;
            }
            let Some(projection) = self.takes(finished)? else { continue };
            let is_live = |other: &Checkpoint| other.place == Place::Live && other.projection == finished.projection;
            let Some(live) = checkpoints.iter().position(is_live) else { continue };
            // What was announced stays true.
            if finished.position < checkpoints[live].position {
                continue;
            }
            tables::swap(transaction, self.db.engine(), projection).await?;
            checkpoints[live].delete(transaction).await?;
            checkpoints[at].place = Place::Live;
            checkpoints[at].store(transaction).await?;
            tracing::info!(projection = projection.name(), version = projection.version(), "rebuilt");
            replaced.push(live);
        }
        replaced.sort_unstable();
        for live in replaced.iter().rev() {
            checkpoints.remove(*live);
        }
        Ok(())
    }

    /// Where the build furthest behind stands, of those that this runner writes.
    pub(super) fn smallest(&self, place: Place) -> Option<Position> {
        let seen = self.seen();
        let own = |checkpoint: &&Checkpoint| {
            checkpoint.place == place
                && self.projection(&checkpoint.projection).is_some_and(|it| it.version() == checkpoint.version)
        };
        seen.iter().filter(own).map(|checkpoint| checkpoint.position).min()
    }
}

/// The journal promises it; a tail that went on over a hole would never know.
fn check_dense(after: Position, batch: &[Arc<Recorded>]) -> Result<(), RunnerError> {
    let mut expected = after;
    for event in batch {
        expected = expected.next();
        if event.position != expected {
            let reason = format!("position {} where {expected} should be", event.position);
            return Err(RunnerError::Damaged { reason });
        }
    }
    Ok(())
}
