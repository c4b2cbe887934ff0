//! Bytes on their way in.

use hyper::body::Bytes;
use object_store::{WriteMultipart, path};

use super::{Lying, MediaStore, Place, StoreError};

/// Bytes on their way in. Dropped before [`Incoming::whole`], nothing of them stays.
#[derive(Debug)]
pub struct Incoming {
    store: MediaStore,
    place: Place,
    staged: path::Path,
    writer: WriteMultipart,
    missing: u64,
}

/// Bytes that are all there, and not yet in their place.
#[derive(Debug)]
#[must_use]
pub struct Whole {
    store: MediaStore,
    place: Place,
    staged: path::Path,
}

impl Incoming {
    pub(super) fn new(
        store: MediaStore,
        place: Place,
        staged: path::Path,
        writer: WriteMultipart,
        missing: u64,
    ) -> Self {
        Self { store, place, staged, writer, missing }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] if they are more than were announced.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.missing = self.missing.checked_sub(bytes.len() as u64).ok_or(StoreError::TooLong)?;
        self.writer.wait_for_capacity(1).await?;
        self.writer.put(bytes);
        Ok(())
    }

    /// Makes what came durable.
    ///
    /// # Errors
    /// [`StoreError::TooShort`] if bytes are missing.
    pub async fn whole(self) -> Result<Whole, StoreError> {
        let Self { store, place, staged, writer, missing } = self;
        if missing > 0 {
            writer.abort().await?;
            return Err(StoreError::TooShort);
        }
        writer.finish().await?;
        Ok(Whole { store, place, staged })
    }
}

impl Whole {
    /// Where they are to lie.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Puts them in their place, instead of what was given before.
    pub async fn give(self) -> Result<(), StoreError> {
        self.store.rename(&self.staged, self.place, &Lying::Given).await
    }

    /// Throws them away.
    pub async fn discard(self) -> Result<(), StoreError> {
        self.store.delete(&self.staged).await
    }
}
