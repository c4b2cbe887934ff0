//! What an executor remembers of aggregates.

use std::{
    collections::{HashMap, hash_map::Entry},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard},
};

use lru::LruCache;
use uuid::Uuid;

use super::{Loaded, executor::lock};
use crate::ids::Version;

/// Aggregates as they were last committed. Clones share it.
///
/// Only who looks can remember ([`Look`]): he may come back with an older state than another has remembered meanwhile,
/// and that one stays, also if it isn't remembered any more by then.
#[derive(Debug)]
pub(super) struct Memory<A>(Arc<Mutex<Kept<A>>>);

#[derive(Debug)]
struct Kept<A> {
    states: LruCache<Uuid, Loaded<A>>,
    looked_at: HashMap<Uuid, Looked>,
}

#[derive(Debug)]
struct Looked {
    by: usize,
    /// The newest that was remembered since the first of them began.
    newest: Version,
}

/// Somebody looks at an aggregate, from before it is read until he has remembered what came of it, or found that nothing did.
#[derive(Debug)]
pub(super) struct Look<A> {
    memory: Memory<A>,
    id: Uuid,
}

impl<A> Clone for Memory<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Clone> Memory<A> {
    /// Remembers up to so many.
    pub(super) fn of(most: NonZeroUsize) -> Self {
        Self(Arc::new(Mutex::new(Kept { states: LruCache::new(most), looked_at: HashMap::new() })))
    }

    pub(super) fn get(&self, id: Uuid) -> Option<Loaded<A>> {
        self.kept().states.get(&id).cloned()
    }

    pub(super) fn look(&self, id: Uuid) -> Look<A> {
        self.kept().looked_at.entry(id).or_insert(Looked { by: 0, newest: Version(0) }).by += 1;
        Look { memory: self.clone(), id }
    }

    pub(super) fn forget(&self, id: Uuid) {
        self.kept().states.pop(&id);
    }

    pub(super) fn clear(&self) {
        self.kept().states.clear();
    }
}

impl<A> Memory<A> {
    fn kept(&self) -> MutexGuard<'_, Kept<A>> {
        lock(&self.0)
    }
}

impl<A: Clone> Look<A> {
    pub(super) fn remember(&self, loaded: &Loaded<A>) {
        let mut kept = self.memory.kept();
        let looked = kept.looked_at.get_mut(&self.id).expect("somebody looks at it");
        if loaded.version > Version(0) && loaded.version >= looked.newest {
            looked.newest = loaded.version;
            let newer = kept.states.peek(&self.id).is_some_and(|known| known.version > loaded.version);
            if !newer {
                kept.states.put(self.id, loaded.clone());
            }
        }
    }
}

impl<A> Drop for Look<A> {
    fn drop(&mut self) {
        if let Entry::Occupied(mut looked) = self.memory.kept().looked_at.entry(self.id) {
            looked.get_mut().by -= 1;
            if looked.get().by == 0 {
                looked.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    type Forget = fn(&Memory<Key>);

    const ID: Uuid = Uuid::from_u128(1);

    fn at(version: u64) -> Loaded<Key> {
        Loaded { version: Version(version), ..Loaded::default() }
    }

    fn memory() -> Memory<Key> {
        Memory::of(NonZeroUsize::new(2).expect("above 0"))
    }

    fn known(memory: &Memory<Key>) -> Option<u64> {
        memory.get(ID).map(|loaded| loaded.version.0)
    }

    #[test]
    fn who_comes_back_with_an_older_state_does_not_bring_it_back() {
        let forgets: [(&str, Forget); 4] = [
            ("nothing", |_| {}),
            ("at rest", Memory::clear),
            ("after a conflict", |memory| memory.forget(ID)),
            ("for others", |memory| {
                for other in 2..=3 {
                    memory.look(Uuid::from_u128(other)).remember(&at(1));
                }
            }),
        ];
        for (when, forget) in forgets {
            let memory = memory();
            let slow = memory.look(ID);
            memory.look(ID).remember(&at(2));
            assert_eq!(known(&memory), Some(2), "{when}");
            forget(&memory);
            slow.remember(&at(1));
            assert_ne!(known(&memory), Some(1), "{when}");
            // What is as new, or newer, is remembered.
            slow.remember(&at(2));
            assert_eq!(known(&memory), Some(2), "{when}");
            memory.look(ID).remember(&at(3));
            slow.remember(&at(2));
            assert_eq!(known(&memory), Some(3), "{when}");
        }
    }

    #[test]
    fn what_nobody_looks_at_leaves_nothing_and_no_stream_is_no_state() {
        let memory = memory();
        let looks = [memory.look(ID), memory.look(ID)];
        looks[0].remember(&at(0));
        assert_eq!(known(&memory), None);
        looks[1].remember(&at(1));
        drop(looks);
        assert!(memory.kept().looked_at.is_empty());
        assert_eq!(known(&memory), Some(1), "what was remembered stays");
    }
}
