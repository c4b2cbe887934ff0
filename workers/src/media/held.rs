//! Bytes that somebody looks at.

use futures::stream::BoxStream;
use hyper::body::Bytes;
use object_store::{ObjectStoreExt, path};

use super::{Lying, MediaStore, Place, StoreError};

/// Bytes under a name of their own while they are looked at: what is given meanwhile doesn't touch them.
#[derive(Debug)]
#[must_use]
pub struct Held {
    store: MediaStore,
    place: Place,
    at: path::Path,
}

impl Held {
    pub(super) fn new(store: MediaStore, place: Place, at: path::Path) -> Self {
        Self { store, place, at }
    }

    /// The bytes, one piece after the other.
    pub async fn stream(&self) -> Result<BoxStream<'static, Result<Bytes, object_store::Error>>, StoreError> {
        Ok(self.store.objects.get(&self.at).await?.into_stream())
    }

    /// Puts them where confirmed bytes of this digest lie.
    pub async fn keep(self, digest: &str) -> Result<(), StoreError> {
        self.store.rename(&self.at, self.place, &Lying::Kept(digest.to_owned())).await
    }

    /// Lets go of them.
    pub async fn let_go(self) -> Result<(), StoreError> {
        self.store.delete(&self.at).await
    }
}
