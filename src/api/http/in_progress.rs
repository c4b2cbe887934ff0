//! The requests with an idempotency key that are being carried out here and now.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use campanile_events::ids::WorkspaceId;

type Place = (WorkspaceId, String);
type Held = Mutex<HashMap<Place, Vec<u8>>>;

/// Who holds which idempotency key, with the digest of what it asks. Lost with the process, and so is what it stood for.
#[derive(Debug, Default)]
pub struct InProgress(Arc<Held>);

/// A key, held until this is dropped.
#[derive(Debug)]
pub(super) struct Mark {
    held: Arc<Held>,
    place: Place,
}

/// Another request has the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Busy {
    /// The same one, sent twice.
    Same,
    /// One that asks for something else.
    Other,
}

impl InProgress {
    /// Takes a key for a request.
    pub(super) fn begin(&self, workspace: WorkspaceId, key: &str, digest: &[u8]) -> Result<Mark, Busy> {
        let place = (workspace, key.to_owned());
        match lock(&self.0).entry(place.clone()) {
            Entry::Occupied(first) if first.get() == digest => Err(Busy::Same),
            Entry::Occupied(_) => Err(Busy::Other),
            Entry::Vacant(free) => {
                free.insert(digest.to_owned());
                Ok(Mark { held: Arc::clone(&self.0), place })
            }
        }
    }
}

#[cfg(test)]
impl InProgress {
    /// Whether no request has a key.
    pub(in crate::api) fn is_idle(&self) -> bool {
        lock(&self.0).is_empty()
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        lock(&self.held).remove(&self.place);
    }
}

/// What a panicking holder left is whole: each critical section here is one call.
fn lock(held: &Held) -> MutexGuard<'_, HashMap<Place, Vec<u8>>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_key_is_held_by_one_request_of_its_workspace() {
        let (one, other) = (WorkspaceId::from(Uuid::from_u128(1)), WorkspaceId::from(Uuid::from_u128(2)));
        let all = InProgress::default();
        let first = all.begin(one, "k", b"a").expect("free");
        assert_eq!(all.begin(one, "k", b"a").expect_err("held"), Busy::Same);
        assert_eq!(all.begin(one, "k", b"b").expect_err("held"), Busy::Other);
        drop((all.begin(other, "k", b"a").expect("free there"), all.begin(one, "l", b"a").expect("free")));
        assert_eq!(all.begin(one, "k", b"a").expect_err("still held"), Busy::Same);
        drop(first);
        assert!(all.begin(one, "k", b"b").is_ok());
    }
}
