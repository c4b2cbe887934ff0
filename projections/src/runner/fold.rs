//! One build takes a batch: what can't be applied is tried again, then its stream is parked.

use std::{collections::BTreeSet, sync::Arc};

use campanile_events::{
    db::{Transaction, Write},
    journal::Recorded,
};

use super::{
    Runner, RunnerError,
    checkpoint::{Checkpoint, Place},
    parked::Parked,
};
use crate::{
    projection::{ApplyError, Projection},
    rows::{RowCache, Span},
};

impl Runner {
    /// Folds what of `batch` lies after the checkpoint and moves the checkpoint to the batch's end; the rows that it gives,
    /// and the checkpoint, are the caller's to write.
    pub(super) async fn fold(
        transaction: &mut dyn Transaction,
        projection: &dyn Projection,
        checkpoint: &mut Checkpoint,
        batch: &[Arc<Recorded>],
        parked: &[Parked],
    ) -> Result<Vec<Write>, RunnerError> {
        let to = batch.last().map_or(checkpoint.position, |last| last.position).max(checkpoint.position);
        let span = Span { build: checkpoint.build, after: checkpoint.position, to };
        let waiting: BTreeSet<_> =
            parked.iter().filter(|parked| parked.belongs_to(checkpoint)).map(|parked| parked.stream).collect();
        let is_due = |event: &&Recorded| event.position > span.after && !waiting.contains(&event.stream);
        let mut events: Vec<&Recorded> = batch.iter().map(AsRef::as_ref).filter(is_due).collect();
        let mut tried = BTreeSet::new();
        let writes = loop {
            let mut rows = RowCache::new(transaction, span, checkpoint.place == Place::Beside);
            match projection.apply(&events, &mut rows).await {
                Ok(()) => break rows.into_writes(),
                Err(ApplyError::Event { position, .. }) if tried.insert(position) => projection.forget(),
                Err(ApplyError::Event { position, stream, reason }) => {
                    projection.forget();
                    let before = events.len();
                    events.retain(|event| event.stream != stream || event.position < position);
                    if events.len() == before {
                        // It names an event that it was not given: parking would not help.
                        return Err(RunnerError::Projection { name: projection.name(), reason });
                    }
                    tracing::error!(
                        projection = projection.name(), log.position = position.0, %stream, %reason,
                        "an event can't be applied; its stream is parked"
                    );
                    let (name, build) = (projection.name().to_owned(), checkpoint.build);
                    Parked { projection: name, build, stream, position, error: reason }.store(transaction).await?;
                }
                Err(error) => return Err(RunnerError::applying(projection.name(), error)),
            }
        };
        checkpoint.position = to;
        Ok(writes)
    }
}
