//! The store beside the aggregate that says what lies in it.

use std::sync::Arc;

use campanile_events::{
    commands::{Executor, LoadError},
    ids::{MediaId, WorkspaceId},
    media::Media,
    seal::{DataKey, Open, SealError, fields},
};
use hyper::body::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::{Inspected, MediaStore, Place, StoreError};

/// How much of all media may be held in memory at once, in MiB.
const HELD: u32 = 256;
const MIB: u64 = 1024 * 1024;
const CONTENT: &str = "media.content";
/// Few enough to cost nothing, many enough that different media seldom wait for each other.
const PLACES: usize = 256;

/// Every medium. Clones share it.
#[derive(Debug, Clone)]
pub struct Library {
    /// What is known of them.
    pub media: Executor<Media>,
    /// Their bytes.
    pub store: MediaStore,
    held: Arc<Semaphore>,
    pub(super) turns: Turns,
}

/// Whose bytes are given or confirmed here, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Turns(Arc<[Arc<Mutex<()>>]>);

/// A confirmed medium with its bytes, which count as held until this is dropped.
#[derive(Debug)]
pub struct Fetched {
    /// What is known of it.
    pub media: Arc<Media>,
    /// What somebody reads who can't see it.
    pub alt_text: Option<Open>,
    /// Its bytes.
    pub bytes: Bytes,
    _held: OwnedSemaphorePermit,
}

/// Why a medium can't be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is none, or nobody confirmed it.
    #[error("there is no such media")]
    Absent,
    /// Its bytes are not those that were confirmed.
    #[error("the bytes are not those that were confirmed")]
    Altered,
    /// The journal can't be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its texts don't open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Its bytes can't be read.
    #[error(transparent)]
    Store(StoreError),
}

impl Library {
    /// What is known of media, and where their bytes lie.
    pub fn new(media: Executor<Media>, store: MediaStore) -> Self {
        let turns = Turns((0..PLACES).map(|_| Arc::default()).collect());
        Self { media, store, held: Arc::new(Semaphore::new(HELD as usize)), turns }
    }

    /// The keyed digest under which content is confirmed.
    pub(super) fn digest(key: &DataKey, inspected: &Inspected) -> String {
        key.digest(CONTENT, &inspected.sha256)
    }

    /// A confirmed medium with its bytes.
    pub async fn fetch(&self, key: &DataKey, place: Place) -> Result<Fetched, FetchError> {
        let loaded = self.media.load(place.workspace, place.id.uuid()).await?;
        let media = loaded.ok_or(FetchError::Absent)?.state;
        let (announced, confirmed) = media.ready().ok_or(FetchError::Absent)?;
        let most = u32::try_from(announced.bytes.div_ceil(MIB)).unwrap_or(HELD).clamp(1, HELD);
        let held = Arc::clone(&self.held).acquire_many_owned(most).await.expect("nobody closes it");
        let bytes = self.store.read(place, &confirmed.digest).await.map_err(|error| match error {
            StoreError::Absent => FetchError::Absent,
            error => FetchError::Store(error),
        })?;
        if key.digest(CONTENT, &Sha256::digest(&bytes)) != confirmed.digest {
            return Err(FetchError::Altered);
        }
        let alt_text = announced.alt_text.as_ref();
        let alt_text = alt_text.map(|text| key.open(fields::MEDIA_ALT_TEXT, text)).transpose()?;
        Ok(Fetched { alt_text, bytes, _held: held, media })
    }

    /// The workspace's own medium, whether confirmed or not.
    pub async fn of(&self, workspace: WorkspaceId, id: MediaId) -> Result<Option<Arc<Media>>, LoadError> {
        let loaded = self.media.load(workspace, id.uuid()).await?;
        Ok(loaded.map(|loaded| loaded.state).filter(|media| media.announced.is_some()))
    }
}

impl Turns {
    pub(super) async fn take(&self, id: MediaId) -> OwnedMutexGuard<()> {
        // The last bits of an id are random.
        let place = id.uuid().as_u128() as usize % self.0.len();
        Arc::clone(&self.0[place]).lock_owned().await
    }
}
