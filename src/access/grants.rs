//! What keys are allowed, in the open, remembered: opening what is sealed of a key costs more than all else that is done to
//! tell who asks.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use campanile_events::{
    ids::KeyId,
    key::{Grant, Key},
    seal::{DataKey, SealError},
};
use lru::LruCache;

use super::opened;

const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// The grants of keys, each as of a revision: whatever changes a key raises that.
#[derive(Debug)]
pub(super) struct Grants(Mutex<LruCache<KeyId, (u32, Arc<Grant>)>>);

impl Default for Grants {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }
}

impl Grants {
    /// What a key is allowed as it is now.
    ///
    /// # Errors
    /// If what is sealed doesn't open.
    pub(super) fn of(&self, data_key: &DataKey, id: KeyId, key: &Key) -> Result<Arc<Grant>, SealError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some((_, grant)) = known.filter(|(revision, _)| *revision == key.revision) {
            return Ok(grant);
        }
        let grant = Arc::new(opened(data_key, key)?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(id, (key.revision, Arc::clone(&grant)));
        Ok(grant)
    }
}
