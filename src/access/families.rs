//! Which keys count as one: a key and those that follow it, by rotation, share their limits. Else each rotation would begin
//! fresh windows, and the overlap would double them.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use campanile_events::{
    commands::{Executor, LoadError},
    ids::{KeyId, WorkspaceId},
    key::Key,
};
use lru::LruCache;

const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// The first key of each line, by those that follow it: what a key follows never changes.
#[derive(Debug)]
pub(super) struct Families(Mutex<LruCache<KeyId, KeyId>>);

impl Default for Families {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }
}

impl Families {
    /// The first key of this one's line: the one itself, if it follows none.
    ///
    /// # Errors
    /// If a key of the line can't be read.
    pub(super) async fn first(
        &self,
        keys: &Executor<Key>,
        workspace: WorkspaceId,
        id: KeyId,
        key: &Key,
    ) -> Result<KeyId, LoadError> {
        let Some(mut before) = key.predecessor else { return Ok(id) };
        if let Some(first) = self.known(id) {
            return Ok(first);
        }
        let mut line = vec![id];
        let first = loop {
            if let Some(first) = self.known(before) {
                break first;
            }
            let predecessor = keys.load(workspace, before.uuid()).await?.and_then(|it| it.state.predecessor);
            match predecessor.filter(|it| *it != before && !line.contains(it)) {
                Some(predecessor) => line.push(std::mem::replace(&mut before, predecessor)),
                None => break before,
            }
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for follower in line {
            known.put(follower, first);
        }
        Ok(first)
    }

    fn known(&self, id: KeyId) -> Option<KeyId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }
}
