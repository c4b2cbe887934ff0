//! The bytes, in a folder.

use std::{io, path::Path, sync::Arc};

use campanile_events::{
    ids::{MediaId, WorkspaceId},
    random,
};
use chrono::{DateTime, Utc};
use futures::{TryStreamExt, stream::BoxStream};
use hyper::body::Bytes;
use object_store::{Error, ObjectStore, ObjectStoreExt, WriteMultipart, local::LocalFileSystem, path};

/// The longest medium, in bytes.
pub const LARGEST: u64 = 100 * 1024 * 1024;
/// Where bytes lie until they are whole.
const INCOMING: &str = "incoming";
const PART: usize = 5 * 1024 * 1024;

/// Where the bytes of all media lie. Clones share it.
#[derive(Debug, Clone)]
pub struct MediaStore(Arc<dyn ObjectStore>);

/// Where one medium's bytes lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Which.
    pub id: MediaId,
}

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The bytes are there already.
    #[error("the bytes are there already")]
    Exists,
    /// There are no bytes.
    #[error("there are no bytes")]
    Absent,
    /// More bytes came than were announced.
    #[error("more bytes came than were announced")]
    TooLong,
    /// Fewer bytes came than were announced.
    #[error("fewer bytes came than were announced")]
    TooShort,
    /// The folder can't be made or swept.
    #[error("the folder of media: {0}")]
    Folder(#[from] io::Error),
    /// The store failed.
    #[error("the store of media: {0}")]
    Store(Error),
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { .. } => Self::Absent,
            Error::AlreadyExists { .. } => Self::Exists,
            error => Self::Store(error),
        }
    }
}

impl Place {
    fn of(path: &path::Path) -> Option<Self> {
        let (workspace, id) = path.as_ref().split_once('/')?;
        Some(Self { workspace: workspace.parse().ok()?, id: id.parse().ok()? })
    }

    fn path(&self) -> path::Path {
        path::Path::from(format!("{}/{}", self.workspace, self.id))
    }
}

impl MediaStore {
    /// The store in a folder, which is made if need be. What an earlier process did not finish is swept away.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        match std::fs::remove_dir_all(folder.join(INCOMING)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        std::fs::create_dir_all(folder.join(INCOMING))?;
        // What was answered is durable here as in the journal.
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))))
    }

    /// Begins to take in `bytes` bytes.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if they are there already.
    pub async fn begin(&self, place: Place, bytes: u64) -> Result<Incoming, StoreError> {
        if self.holds(place).await? {
            return Err(StoreError::Exists);
        }
        let staged = path::Path::from(format!("{INCOMING}/{}", hex::encode(random::bytes::<16>())));
        let upload = self.0.put_multipart(&staged).await?;
        let writer = WriteMultipart::new_with_chunk_size(upload, PART);
        Ok(Incoming { store: self.clone(), place, staged, writer, missing: bytes })
    }

    /// Whether the bytes are there.
    pub async fn holds(&self, place: Place) -> Result<bool, StoreError> {
        match self.0.head(&place.path()).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes, one piece after the other.
    pub async fn stream(
        &self,
        place: Place,
    ) -> Result<BoxStream<'static, Result<Bytes, object_store::Error>>, StoreError> {
        Ok(self.0.get(&place.path()).await?.into_stream())
    }

    /// All the bytes.
    pub async fn read(&self, place: Place) -> Result<Bytes, StoreError> {
        Ok(self.0.get(&place.path()).await?.bytes().await?)
    }

    /// Whose bytes are there, and when they were given.
    pub async fn list(&self) -> Result<Vec<(Place, DateTime<Utc>)>, StoreError> {
        let objects = self.0.list(None).try_collect::<Vec<_>>().await?;
        Ok(objects.into_iter().filter_map(|it| Some((Place::of(&it.location)?, it.last_modified))).collect())
    }

    /// Takes the bytes away, if they are there.
    pub async fn remove(&self, place: Place) -> Result<(), StoreError> {
        match self.0.delete(&place.path()).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Bytes on their way in. Dropped before [`Incoming::finish`], nothing of them stays.
#[derive(Debug)]
pub struct Incoming {
    store: MediaStore,
    place: Place,
    staged: path::Path,
    writer: WriteMultipart,
    missing: u64,
}

impl Incoming {
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

    /// Puts the whole in its place.
    ///
    /// # Errors
    /// [`StoreError::TooShort`] if bytes are missing; [`StoreError::Exists`] if another was faster.
    pub async fn finish(self) -> Result<(), StoreError> {
        let Self { store, place, staged, writer, missing } = self;
        if missing > 0 {
            writer.abort().await?;
            return Err(StoreError::TooShort);
        }
        writer.finish().await?;
        let placed = store.0.copy_if_not_exists(&staged, &place.path()).await;
        store.0.delete(&staged).await?;
        Ok(placed?)
    }
}
