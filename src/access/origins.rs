//! Which origins any live key lists: what a browser asks before it sends a key, and what can't be told from a key that opens
//! nothing.
//!
//! Origins are sealed, each time anew, so no index finds one. What all keys list is kept in memory, in the open, and each
//! question first takes in the keys that have changed since the one before: one look at an index. Whoever asks for nothing
//! makes nothing slower for others.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use campanile_events::{
    db::Database,
    ids::{KeyId, Position},
    key::{Key, KeyStatus},
    seal::{DataKeys, SealError},
};
use campanile_projections::{
    keys::{ChangedKey, changed_after},
    page::QueryError,
};
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use super::opened;

/// Keys that are read at once.
const PAGE: usize = 500;
/// All is read anew so often: a key that its read model had passed over comes back with an old position.
const READ_ANEW: Duration = Duration::from_secs(60);

/// The origins of all workspaces' keys.
#[derive(Debug)]
pub struct Origins {
    read: Arc<dyn Database>,
    data_keys: Arc<DataKeys>,
    known: Mutex<Known>,
}

/// Why it could not be told.
#[derive(Debug, thiserror::Error)]
pub enum OriginsError {
    /// The keys' read model can't be read.
    #[error(transparent)]
    Keys(#[from] QueryError),
    /// What a key lists doesn't open.
    #[error(transparent)]
    Seal(#[from] SealError),
}

#[derive(Default)]
struct Known {
    /// Up to here every key's last event is in.
    upto: Position,
    /// When everything was last read from the beginning.
    read_anew: Option<Instant>,
    by_origin: HashMap<String, HashMap<KeyId, Option<DateTime<Utc>>>>,
    by_key: HashMap<KeyId, Vec<String>>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("upto", &self.upto).finish_non_exhaustive()
    }
}

impl Origins {
    /// Those of the keys that `read` shows.
    pub fn of(read: Arc<dyn Database>, data_keys: Arc<DataKeys>) -> Self {
        Self { read, data_keys, known: Mutex::default() }
    }

    /// Whether any key that holds at `now` lists this origin, letter by letter.
    ///
    /// # Errors
    /// If the keys can't be read now.
    pub async fn list(&self, origin: &str, now: DateTime<Utc>) -> Result<bool, OriginsError> {
        // Held over the reading: many who ask at once ask once.
        let mut known = self.known.lock().await;
        if known.read_anew.is_none_or(|at| at.elapsed() >= READ_ANEW) {
            *known = Known { read_anew: Some(Instant::now()), ..Known::default() };
        }
        loop {
            let changed = changed_after(self.read.as_ref(), known.upto, PAGE).await?;
            let is_last = changed.len() < PAGE;
            for key in changed {
                let listed = self.listed_by(&key).await?;
                known.take_in(key.id, listed, key.key.expires_at);
                known.upto = key.position;
            }
            if is_last {
                break;
            }
        }
        let keys = known.by_origin.get(origin);
        Ok(keys.is_some_and(|keys| keys.values().any(|end| KeyStatus::of(None, *end, now) == KeyStatus::Active)))
    }

    async fn listed_by(&self, changed: &ChangedKey) -> Result<Vec<String>, SealError> {
        let Key { revoked_at, allowed_origins, .. } = &changed.key;
        if revoked_at.is_some() || allowed_origins.is_empty() {
            return Ok(Vec::new());
        }
        let data_key = self.data_keys.get(changed.workspace.uuid()).await?;
        Ok(opened(&data_key, &changed.key)?.allowed_origins.into_iter().collect())
    }
}

impl Known {
    /// What a key lists now, in place of what it listed before.
    fn take_in(&mut self, id: KeyId, listed: Vec<String>, end: Option<DateTime<Utc>>) {
        for origin in self.by_key.remove(&id).unwrap_or_default() {
            if let Some(keys) = self.by_origin.get_mut(&origin) {
                keys.remove(&id);
                if keys.is_empty() {
                    self.by_origin.remove(&origin);
                }
            }
        }
        for origin in &listed {
            self.by_origin.entry(origin.clone()).or_default().insert(id, end);
        }
        if !listed.is_empty() {
            self.by_key.insert(id, listed);
        }
    }
}
