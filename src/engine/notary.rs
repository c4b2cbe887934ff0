//! Signs what the log is, every so often.

use std::{sync::Arc, time::Duration};

use campanile_events::{
    clock::SharedClock,
    db::DbError,
    ids::Position,
    journal::{Journal, ReadError},
    merkle::checkpoint::{Checkpoint, NoteName, SigningKey, sign, workspaces_root},
};
use tokio::sync::watch;

use super::{Checkpoints, Store, log::SignedNumbers};

const PAUSE: Duration = Duration::from_secs(10);

/// Writes signed checkpoints.
#[derive(Debug, Clone)]
pub struct Notary {
    journal: Arc<dyn Journal>,
    key: Arc<SigningKey>,
    checkpoints: Checkpoints,
    clock: SharedClock,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    /// The log can't be read.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// The checkpoint can't be kept.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The log moves too fast.
    #[error("the log moved between every two looks at it")]
    Moving,
}

impl Notary {
    /// The notary of an opened folder.
    pub fn of(store: &Store) -> Self {
        Self {
            journal: Arc::clone(&store.journal),
            key: Arc::clone(&store.signing_key),
            checkpoints: store.checkpoints.clone(),
            clock: store.clock.clone(),
        }
    }

    /// Signs every ten seconds, if the log has moved, until told to stop; then once more.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut signed = Position(0);
        loop {
            let stopped = tokio::select! {
                () = tokio::time::sleep(PAUSE) => false,
                _ = stop.wait_for(|stop| *stop) => true,
            };
            match self.sign_after(signed).await {
                Ok(position) => signed = position,
                Err(error) => tracing::warn!(%error, "no checkpoint was signed"),
            }
            if stopped {
                return;
            }
        }
    }

    /// Signs the head if it lies after `signed`; answers up to where all is signed.
    pub async fn sign_after(&self, signed: Position) -> Result<Position, NotaryError> {
        if self.journal.head().await?.position <= signed {
            return Ok(signed);
        }
        let look = SignedNumbers::read(self.journal.as_ref()).await?;
        if !look.add_up() {
            return Err(NotaryError::Moving);
        }
        let SignedNumbers { head, workspaces } = look;
        let Some(recorded_at) = head.recorded_at else { return Ok(signed) };
        let log = self.key.verifying_key().name().clone();
        let origin: NoteName =
            format!("{log}/epoch-{}", head.epoch).parse().expect("a name with a number after it is a name");
        let checkpoint = Checkpoint {
            origin,
            size: head.position.0,
            root: head.root,
            workspaces_root: workspaces_root(&workspaces),
            recorded_at,
        };
        let note = sign(&checkpoint, &self.key);
        self.checkpoints.keep(head.epoch, head.position, &note, self.clock.now()).await?;
        Ok(head.position)
    }
}
