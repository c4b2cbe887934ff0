//! From bytes that were given to bytes that are confirmed.
//!
//! In one process a medium's bytes are given and confirmed in turns. Between processes on one folder nothing of the kind
//! holds, nor needs to: what is looked at is held under a name of its own, and stands under the name of its content before the
//! log names that content. Of two nodes that confirm different bytes the log takes one; the other's are thrown away.

use campanile_events::{commands::LoadError, ids::MediaId, media::Content, seal::DataKey};
use tokio::sync::OwnedMutexGuard;

use super::{InspectError, Library, Lying, Place, StoreError, Whole, inspect};

/// The right to give or confirm a medium's bytes, for as long as this lives.
#[derive(Debug)]
#[must_use]
pub struct Turn(#[expect(dead_code, reason = "held, not read")] OwnedMutexGuard<()>);

/// Bytes that were looked at and lie where confirmed ones do: the log may name them now.
#[derive(Debug)]
#[must_use]
pub struct Looked {
    /// What they are.
    pub content: Content,
    place: Place,
}

/// Why bytes were not put in their place.
#[derive(Debug, thiserror::Error)]
pub enum GiveError {
    /// The medium is confirmed, and doesn't change any more.
    #[error("the media was confirmed already")]
    Confirmed,
    /// What is known of the medium can't be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// They can't be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why bytes are not such as can be confirmed.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// They are no medium.
    #[error(transparent)]
    Unfit(#[from] InspectError),
    /// There are none, or they can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Library {
    /// Waits until nobody else in this process gives or confirms the medium's bytes.
    pub async fn turn(&self, id: MediaId) -> Turn {
        Turn(self.turns.take(id).await)
    }

    /// Puts what came in its place, instead of what was given before.
    ///
    /// # Errors
    /// [`GiveError::Confirmed`] if the medium was confirmed meanwhile. Then nothing of it stays.
    pub async fn give(&self, whole: Whole) -> Result<(), GiveError> {
        let place = whole.place();
        let _turn = self.turn(place.id).await;
        let refusal = match self.of(place.workspace, place.id).await {
            Ok(media) if media.as_ref().is_none_or(|media| media.confirmed.is_none()) => {
                return Ok(whole.give().await?);
            }
            Ok(_) => GiveError::Confirmed,
            Err(error) => error.into(),
        };
        whole.discard().await?;
        Err(refusal)
    }

    /// Looks at what was given, and keeps it under the name of its content if it is a medium. The turn says that nothing is
    /// given here meanwhile; what another node is given is not what was looked at.
    ///
    /// # Errors
    /// If it is none; then it stays what was given.
    pub async fn look(&self, _turn: &Turn, key: &DataKey, place: Place) -> Result<Looked, LookError> {
        let held = self.store.hold(place).await?;
        let found = match held.stream().await {
            Ok(bytes) => inspect(bytes).await.map_err(LookError::from),
            Err(error) => Err(error.into()),
        };
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                held.let_go().await?;
                return Err(error);
            }
        };
        let digest = Self::digest(key, &found);
        held.keep(&digest).await?;
        Ok(Looked { content: Content { kind: found.kind, bytes: found.bytes, digest, size: found.size }, place })
    }
}

impl Looked {
    /// The log names them: what was given is needed no more.
    pub async fn confirmed(self, library: &Library) -> Result<(), StoreError> {
        library.store.remove(self.place, &Lying::Given).await
    }

    /// The log won't name them.
    pub async fn refused(self, library: &Library) -> Result<(), StoreError> {
        library.store.remove(self.place, &Lying::Kept(self.content.digest)).await
    }
}
