//! What a node remembers of keys, and whether it may go by it.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use campanile_events::{
    commands::Loaded,
    ids::{KeyId, Position, Version, WorkspaceId},
    journal::Moved,
    key::Key,
};
use lru::LruCache;

use super::FRESH;

const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");
/// A node that its table of nodes has not heard of for so long goes by its cache no more. The table forgets a node much
/// later ([`super::nodes`]), by another clock.
const LISTED: Duration = Duration::from_secs(30);

/// Keys as of a position of the log. Everything in it holds at least what stands up to there.
#[derive(Debug)]
pub(super) struct Cache(Mutex<State>);

#[derive(Debug)]
struct State {
    keys: LruCache<KeyId, Cached>,
    /// Up to here the log was followed.
    applied: Position,
    /// The last event of any key up to there.
    last_change: Position,
    /// When the look began up to whose end everything is in.
    looked: Option<Instant>,
    /// When the table of nodes last heard of this one.
    listed: Option<Instant>,
}

#[derive(Debug)]
struct Cached {
    key: Arc<Key>,
    workspace: WorkspaceId,
    version: Version,
}

/// When a key began to be read from the database.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since(Position);

impl Cache {
    /// Nothing, as of a position: nothing is missing from it.
    pub(super) fn empty_at(position: Position) -> Self {
        Self(Mutex::new(State {
            keys: LruCache::new(REMEMBERED),
            applied: position,
            last_change: position,
            looked: None,
            listed: None,
        }))
    }

    /// A key, if this node may go by what it remembers of it.
    pub(super) fn get(&self, workspace: WorkspaceId, id: KeyId) -> Option<Arc<Key>> {
        let mut state = self.state();
        if !state.is_fresh() {
            return None;
        }
        let cached = state.keys.get(&id).filter(|cached| cached.workspace == workspace);
        cached.map(|cached| Arc::clone(&cached.key))
    }

    /// To be asked before a key is read from the database.
    pub(super) fn since(&self) -> Since {
        Since(self.state().applied)
    }

    /// Remembers a key that was read, unless some key changed meanwhile: then the reader may not have seen it.
    pub(super) fn put(&self, id: KeyId, loaded: &Loaded<Key>, key: &Arc<Key>, since: Since) {
        let Some(workspace) = loaded.workspace else { return };
        let mut state = self.state();
        if state.last_change <= since.0 {
            state.keys.put(id, Cached { key: Arc::clone(key), workspace, version: loaded.version });
        }
    }

    /// Up to where the log was followed.
    pub(super) fn applied(&self) -> Position {
        self.state().applied
    }

    /// The last event of any key up to there.
    pub(super) fn last_change(&self) -> Position {
        self.state().last_change
    }

    /// The keys that moved in the next part of the log, and where it ends: who changed is forgotten, and read again by who
    /// asks next.
    pub(super) fn apply(&self, keys: &[Moved], to: Position) {
        let mut state = self.state();
        for moved in keys {
            let id = KeyId::from(moved.stream.id);
            if state.keys.peek(&id).is_some_and(|cached| cached.version < moved.version) {
                state.keys.pop(&id);
            }
            state.last_change = moved.position;
        }
        state.applied = to;
    }

    /// Forgets everything, which is true at every position.
    pub(super) fn start_anew_at(&self, position: Position) {
        let mut state = self.state();
        state.keys.clear();
        state.applied = position;
        // Who reads a key meanwhile began before.
        state.last_change = position;
        state.looked = None;
    }

    /// Everything is in up to the end that was seen by a look that began then.
    pub(super) fn looked(&self, began: Instant) {
        self.state().looked = Some(began);
    }

    /// The table of nodes knows of this one since then. A node that it may have forgotten has to look anew: nobody
    /// waited for it.
    pub(super) fn listed(&self, began: Instant) {
        let mut state = self.state();
        if !state.is_listed() {
            state.looked = None;
        }
        state.listed = Some(began);
    }

    /// The table of nodes doesn't know of this one any more.
    pub(super) fn unlisted(&self) {
        self.state().listed = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_listed(&self) -> bool {
        self.listed.is_some_and(|at| at.elapsed() < LISTED)
    }

    fn is_fresh(&self) -> bool {
        self.is_listed() && self.looked.is_some_and(|began| began.elapsed() < FRESH)
    }
}
