//! A log that is an older copy of itself: noticed at the start, and given a new epoch before anything is sent.
//!
//! Beside the data lies the newest signed checkpoint. A log that ends before it, or at it with another root, was put back
//! from a backup: what it holds as due may have been sent since. It promises: such a log is neither served nor changed by a
//! command before its new epoch has begun, and of nodes that start together one begins it. It can't notice a log that was
//! restored together with its checkpoint, nor one whose copy is younger than the checkpoint: there the operator says so.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use campanile_events::{ids::Epoch, journal::Head, random};
use campanile_workers::leases::{Asked, Leases};

use super::{
    OpenError, Store,
    log::{EpochError, KnownCheckpoints, NewEpoch, begin_epoch, signed},
};
use crate::configuration::{DueLater, OnRestored};

const LEASE: &str = "epoch";
/// A node that dies while it begins an epoch keeps the others from it for so long.
const HELD: Duration = Duration::from_secs(15);
/// How often a node says that it is at it still, and the others look whether it is.
const PAUSE: Duration = Duration::from_secs(1);
/// Nodes that were killed are taken for alive for some seconds, also those that a backup remembers.
const FORGOTTEN: Duration = Duration::from_secs(20);

impl Store {
    /// Sees to it that a log that was restored is in an epoch of its own.
    ///
    /// # Errors
    /// [`OpenError::Restored`] if it was, and nothing is to be done about it here.
    pub async fn settle_restored(&self, on: OnRestored) -> Result<(), OpenError> {
        let head = self.journal.head().await?;
        if !matches!(on, OnRestored::BeginAnyway(_)) && !self.was_restored(&head).await? {
            return Ok(());
        }
        let later = match on {
            OnRestored::Refuse => return Err(OpenError::Restored),
            OnRestored::Begin(later) | OnRestored::BeginAnyway(later) => later,
        };
        tracing::warn!(log.position = %head.log_position(), "the log was restored from a backup: a new epoch begins");
        self.marks.was_restored(head.epoch).await?;
        let Some(NewEpoch { epoch, unknown, .. }) = self.begin_in_turn(head.epoch, later).await? else { return Ok(()) };
        tracing::warn!(
            %epoch, unknown,
            "targets that may have been sent in what was lost are unknown until somebody settles them"
        );
        Ok(())
    }

    /// Whether the log's end lies before the checkpoint beside it, or that was seen before and not settled.
    async fn was_restored(&self, head: &Head) -> Result<bool, OpenError> {
        let is_ahead = self.checkpoints.kept().is_some_and(|note| {
            // Another log's, or none at all: it says nothing of this one.
            let Ok((epoch, checkpoint)) = signed(&note, &self.signing_key.verifying_key()) else { return false };
            let end = (head.epoch, head.position.0);
            (epoch, checkpoint.size) > end || ((epoch, checkpoint.size) == end && checkpoint.root != head.root)
        });
        Ok(is_ahead || self.marks.is_restored(head.epoch).await?)
    }

    /// Begins the epoch after this one, unless another node has by the time that it is this one's turn.
    async fn begin_in_turn(&self, after: Epoch, later: DueLater) -> Result<Option<NewEpoch>, OpenError> {
        let (leases, node) = (Leases::open(Arc::clone(&self.side)).await?, random::uuid_at(self.clock.now()));
        while !matches!(leases.take(LEASE, node, HELD).await?, Asked::Ours(_)) {
            tokio::time::sleep(PAUSE).await;
        }
        let begun = async {
            let since = Instant::now();
            loop {
                if self.journal.head().await?.epoch > after {
                    return Ok(None);
                }
                let known = KnownCheckpoints { given: Vec::new(), kept: self.checkpoints.kept().into_iter().collect() };
                match begin_epoch(self, &known, later == DueLater::Held, |_, _| {}).await {
                    Err(EpochError::Served) if since.elapsed() < FORGOTTEN => tokio::time::sleep(PAUSE).await,
                    begun => return Ok(Some(begun?)),
                }
            }
        };
        let holding = async {
            loop {
                tokio::time::sleep(PAUSE).await;
                if let Err(error) = leases.take(LEASE, node, HELD).await {
                    tracing::warn!(%error, "another node may begin the epoch, too");
                }
            }
        };
        let begun: Result<_, OpenError> = tokio::select! {
            begun = begun => begun,
            () = holding => unreachable!("it is held until the epoch has begun"),
        };
        if let Err(error) = leases.give_back(LEASE, node).await {
            tracing::warn!(%error, "other nodes wait until the lease is over");
        }
        begun
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::clock::SystemClock;

    use super::*;
    use crate::{
        configuration::Folder,
        engine::{Opening, Owner, initialize},
    };

    async fn made() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::embedded(dir.path().join("data"));
        let store = Store::open(&folder, Opening::New, SystemClock::shared()).await.expect("opened");
        let owner = Owner { email: "ada@example.com".to_owned(), password: None };
        initialize(&store, owner).await.expect("made");
        (dir, store)
    }

    async fn epoch_after(store: &Store, on: OnRestored) -> u64 {
        store.settle_restored(on).await.expect("settled");
        store.journal.head().await.expect("a head").epoch.0
    }

    #[tokio::test]
    async fn what_was_begun_and_broken_off_is_done_at_the_next_start() {
        let (_dir, store) = made().await;
        assert_eq!(epoch_after(&store, OnRestored::Begin(DueLater::Held)).await, 1, "nothing was restored");
        // The log may have grown past its checkpoint by then: the mark alone tells.
        store.marks.was_restored(Epoch(1)).await.expect("marked");
        let refused = store.settle_restored(OnRestored::Refuse).await.expect_err("refused");
        assert!(matches!(refused, OpenError::Restored) && refused.is_refusal(), "{refused}");
        assert_eq!(epoch_after(&store, OnRestored::Begin(DueLater::Held)).await, 2);
        assert_eq!(epoch_after(&store, OnRestored::Begin(DueLater::Held)).await, 2, "once");
        assert_eq!(
            epoch_after(&store, OnRestored::BeginAnyway(DueLater::Held)).await,
            3,
            "whoever says so is believed"
        );
    }

    #[tokio::test]
    async fn a_checkpoint_of_another_root_tells_it_too() {
        let (_dir, store) = made().await;
        let kept = store.checkpoints.kept().expect("one is signed when an engine is made");
        let (_, mut checkpoint) = signed(&kept, &store.signing_key.verifying_key()).expect("its own");
        checkpoint.root.0[0] ^= 1;
        let other = campanile_events::merkle::checkpoint::sign(&checkpoint, &store.signing_key);
        std::fs::write(store.folder.join("checkpoint"), other).expect("written");
        assert!(matches!(store.settle_restored(OnRestored::Refuse).await, Err(OpenError::Restored)));
        std::fs::write(store.folder.join("checkpoint"), kept.replace("epoch-1", "epoch-2")).expect("written");
        assert_eq!(epoch_after(&store, OnRestored::Begin(DueLater::Held)).await, 1, "nobody signed that");
    }
}
