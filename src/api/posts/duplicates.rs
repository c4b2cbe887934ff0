//! The same content on the same account within a day: found in the read models by the keyed digest of what the account
//! gets. A claim would hold for ever; a day passes.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use campanile_events::ids::{AccountId, PostId, WorkspaceId};
use campanile_projections::digests;
use chrono::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    api::http::{ApiError, Code},
    engine::Core,
};

const WITHIN: Duration = Duration::days(1);
/// Few enough to cost nothing, many enough that different posts seldom wait for each other.
const TURNS: usize = 1_024;

/// Lets equal posts of one process through one after the other, so that the second finds the first.
#[derive(Debug)]
pub struct Duplicates(Vec<Arc<Mutex<()>>>);

impl Default for Duplicates {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Arc::default()).collect())
    }
}

impl Duplicates {
    /// Waits until no equal post is being written. The turns are taken in one order, so that nobody waits in a circle.
    pub(super) async fn turn(&self, digests: &BTreeMap<AccountId, String>) -> Vec<OwnedMutexGuard<()>> {
        let places: BTreeSet<_> = digests
            .iter()
            .map(|pair| {
                let mut hasher = DefaultHasher::new();
                pair.hash(&mut hasher);
                hasher.finish() as usize % TURNS
            })
            .collect();
        let mut turns = Vec::with_capacity(places.len());
        for place in places {
            turns.push(Arc::clone(&self.0[place]).lock_owned().await);
        }
        turns
    }

    /// Refuses content that another post brings to the same account, or brought within a day.
    pub(super) async fn refuse(
        &self,
        core: &Core,
        workspace: WorkspaceId,
        digests: &BTreeMap<AccountId, String>,
        except: Option<PostId>,
    ) -> Result<(), ApiError> {
        let since = core.clock.now() - WITHIN;
        for (account, digest) in digests {
            let others = digests::posts(core.read.as_ref(), workspace, *account, digest, since).await?;
            let Some(other) = others.into_iter().find(|other| Some(*other) != except) else { continue };
            let message =
                format!("{other} has the same content for {account}; `allow_duplicate` lets this one through");
            let error = ApiError::new(Code::DuplicatePost, message);
            return Err(error.with("post_id", other.to_string()).with("account_id", account.to_string()));
        }
        Ok(())
    }
}
