//! An export becomes a log again.

use std::io::BufRead;

use campanile_events::{
    ids::Epoch,
    journal::{Head, Journal, Recorded, RestoreError, Restoring},
    merkle::checkpoint::VerifyingKey,
};

use super::{
    ExportError,
    export::{Header, ends_at, lines},
};

/// Events that are stored together.
const BATCH: usize = 1_000;

/// A log that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Where it ends.
    pub head: Head,
    /// The signed checkpoint that the export ended at.
    pub checkpoint: String,
}

/// Why no log came back. The journal is then as empty as it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The export doesn't read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// It is the end of a log.
    #[error("the export begins after position {0}, and a log begins at its first event: export it without --after")]
    Part(campanile_events::ids::Position),
    /// Its end is not what was signed.
    #[error("{0}")]
    End(String),
    /// The journal doesn't take it.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

/// What an export says before its first event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// What its checkpoint is checked with.
    pub verifying_key: String,
    /// The log's epoch.
    pub epoch: Epoch,
}

/// Reads no further than an export's first line.
pub fn announced(input: impl BufRead) -> Result<Announced, ImportError> {
    let (header, _) = lines(input)?;
    whole(&header)?;
    Ok(Announced { verifying_key: header.verifying_key, epoch: header.epoch })
}

/// Puts an export into an empty journal, in one transaction that ends once the events have led to the signed checkpoint.
/// `seen` is told of bytes as they are read.
pub async fn import(journal: &dyn Journal, input: impl BufRead, seen: impl Fn(u64)) -> Result<Imported, ImportError> {
    let (header, mut lines) = lines(input)?;
    whole(&header)?;
    let key: VerifyingKey =
        header.verifying_key.parse().map_err(|_| ImportError::End("the verifying key doesn't read".to_owned()))?;
    let mut restoring = journal.restore().await?;
    let (mut batch, mut size) = (Vec::with_capacity(BATCH), 0);
    while let Some((event, bytes)) = lines.next_event()? {
        batch.push(event);
        size += 1;
        seen(bytes);
        if batch.len() == BATCH {
            take(restoring.as_mut(), &mut batch).await?;
        }
    }
    take(restoring.as_mut(), &mut batch).await?;
    let checkpoint = lines.checkpoint()?;
    let signed = ends_at(&checkpoint, &key, header.epoch, size).map_err(ImportError::End)?;
    let head = restoring.finish(campanile_events::ids::Position(size), signed.root).await?;
    Ok(Imported { head, checkpoint })
}

fn whole(header: &Header) -> Result<(), ImportError> {
    if header.after.0 == 0 { Ok(()) } else { Err(ImportError::Part(header.after)) }
}

async fn take(restoring: &mut dyn Restoring, batch: &mut Vec<Recorded>) -> Result<(), RestoreError> {
    restoring.take(std::mem::replace(batch, Vec::with_capacity(BATCH))).await
}
