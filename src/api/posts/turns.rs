//! Who writes what, one after the other: equal posts take turns, in this process and over all nodes.
//!
//! A process that is alone needs no more than its own memory. Many nodes take turns by rows of the database.

mod rows;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use campanile_events::{
    commands::Sharing,
    db::{Database, DbError},
    ids::AccountId,
};
use chrono::{DateTime, Utc};
use rows::{Held, Rows};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::api::http::ApiError;

/// Few enough to cost nothing, many enough that different posts seldom wait for each other.
const PLACES: usize = 1_024;

/// Hands out turns.
#[derive(Debug)]
pub(super) struct Turns {
    here: Vec<Arc<Mutex<()>>>,
    /// Where other nodes take theirs.
    everywhere: Option<Arc<Rows>>,
}

/// A turn. Dropped without [`Turn::end`], it ends at once in this process, and for other nodes when its rows lapse.
#[derive(Debug)]
pub(super) struct Turn {
    _here: Vec<OwnedMutexGuard<()>>,
    everywhere: Option<Held>,
}

impl Turns {
    /// Turns of this process, or of all that share `db`, whose table is made if need be.
    pub(super) async fn open(db: Arc<dyn Database>, sharing: Sharing) -> Result<Self, DbError> {
        let here = (0..PLACES).map(|_| Arc::default()).collect();
        if sharing == Sharing::Alone {
            return Ok(Self { here, everywhere: None });
        }
        Ok(Self { here, everywhere: Some(Rows::open(db).await?) })
    }

    /// Waits until nobody writes an equal post. Turns are taken in one order, so that nobody waits in a circle.
    pub(super) async fn take(
        &self,
        digests: &BTreeMap<AccountId, String>,
        now: DateTime<Utc>,
    ) -> Result<Turn, ApiError> {
        let places: BTreeSet<_> = digests
            .iter()
            .map(|pair| {
                let mut hasher = DefaultHasher::new();
                pair.hash(&mut hasher);
                hasher.finish() as usize % PLACES
            })
            .collect();
        let mut here = Vec::with_capacity(places.len());
        for place in places {
            here.push(Arc::clone(&self.here[place]).lock_owned().await);
        }
        let everywhere = match &self.everywhere {
            Some(rows) => {
                let contents = digests.iter().map(|(account, digest)| format!("{account} {digest}"));
                Some(rows.take(contents, now).await?)
            }
            None => None,
        };
        Ok(Turn { _here: here, everywhere })
    }
}

impl Turn {
    /// Ends it: who comes next finds what was written, or nothing was.
    pub(super) async fn end(self) {
        if let Some(held) = &self.everywhere {
            held.give_back().await;
        }
    }
}

#[cfg(test)]
mod tests;
