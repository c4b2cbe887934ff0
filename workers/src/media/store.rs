//! The bytes, in a folder.
//!
//! What is given for a medium lies under its name, and what is given later takes its place. What was confirmed lies beside it,
//! under a name that tells its content: nothing else is ever put there, by whichever process.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use campanile_events::{
    ids::{MediaId, WorkspaceId},
    random,
};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use hyper::body::Bytes;
use object_store::{Error, ObjectStore, ObjectStoreExt, WriteMultipart, local::LocalFileSystem, path};

use super::{Held, Incoming};

/// The longest medium, in bytes.
pub const LARGEST: u64 = 100 * 1024 * 1024;
/// Where bytes lie until they are whole.
const INCOMING: &str = "incoming";
const PART: usize = 5 * 1024 * 1024;
const HELD: &str = "held-";

/// Where the bytes of all media lie. Clones share it, and so may other processes.
#[derive(Debug, Clone)]
pub struct MediaStore {
    pub(super) objects: Arc<dyn ObjectStore>,
    incoming: PathBuf,
}

/// Where one medium's bytes lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Which.
    pub id: MediaId,
}

/// What bytes are in the store for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lying {
    /// They were given, and nobody has said yet whether they are right.
    Given,
    /// They are being looked at, under a name made for that.
    Held(String),
    /// They are the confirmed ones, if the log names this digest.
    Kept(String),
}

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
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
            error => Self::Store(error),
        }
    }
}

impl Lying {
    fn path(&self, place: Place) -> path::Path {
        let Place { workspace, id } = place;
        path::Path::from(match self {
            Self::Given => format!("{workspace}/{id}"),
            Self::Held(name) => format!("{workspace}/{id}.{HELD}{name}"),
            Self::Kept(digest) => format!("{workspace}/{id}.{digest}"),
        })
    }

    fn of(path: &path::Path) -> Option<(Place, Self)> {
        let (workspace, name) = path.as_ref().split_once('/')?;
        let (id, lying) = match name.split_once('.').map(|(id, rest)| (id, rest, rest.strip_prefix(HELD))) {
            None => (name, Self::Given),
            Some((id, _, Some(held))) => (id, Self::Held(held.to_owned())),
            Some((id, digest, None)) => (id, Self::Kept(digest.to_owned())),
        };
        Some((Place { workspace: workspace.parse().ok()?, id: id.parse().ok()? }, lying))
    }
}

impl MediaStore {
    /// The store in a folder, which is made if need be.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let incoming = folder.join(INCOMING);
        std::fs::create_dir_all(&incoming)?;
        // What was answered is durable here as in the journal.
        let objects = Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true));
        Ok(Self { objects, incoming })
    }

    /// Begins to take in `bytes` bytes.
    pub async fn begin(&self, place: Place, bytes: u64) -> Result<Incoming, StoreError> {
        let staged = path::Path::from(format!("{INCOMING}/{}", fresh_name()));
        let upload = self.objects.put_multipart(&staged).await?;
        let writer = WriteMultipart::new_with_chunk_size(upload, PART);
        Ok(Incoming::new(self.clone(), place, staged, writer, bytes))
    }

    /// Whether such bytes are there.
    pub async fn has(&self, place: Place, lying: &Lying) -> Result<bool, StoreError> {
        match self.objects.head(&lying.path(place)).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes hold of the bytes that were given: these, whatever is given from now on.
    pub async fn hold(&self, place: Place) -> Result<Held, StoreError> {
        let at = Lying::Held(fresh_name()).path(place);
        self.objects.copy(&Lying::Given.path(place), &at).await?;
        Ok(Held::new(self.clone(), place, at))
    }

    /// All the bytes that were confirmed under this digest. Whether they are still those is for the reader to see.
    pub async fn read(&self, place: Place, digest: &str) -> Result<Bytes, StoreError> {
        let kept = self.objects.get(&Lying::Kept(digest.to_owned()).path(place)).await;
        let found = match kept {
            // Earlier builds left confirmed bytes where they were given.
            Err(Error::NotFound { .. }) => self.objects.get(&Lying::Given.path(place)).await?,
            kept => kept?,
        };
        Ok(found.bytes().await?)
    }

    /// What lies here, whose it is, and when it was given.
    pub async fn list(&self) -> Result<Vec<(Place, Lying, DateTime<Utc>)>, StoreError> {
        let objects = self.objects.list(None).try_collect::<Vec<_>>().await?;
        let known = objects.into_iter().filter_map(|it| Some((Lying::of(&it.location)?, it.last_modified)));
        Ok(known.map(|((place, lying), given_at)| (place, lying, given_at)).collect())
    }

    /// Takes bytes away, if they are there.
    pub async fn remove(&self, place: Place, lying: &Lying) -> Result<(), StoreError> {
        self.delete(&lying.path(place)).await
    }

    /// Sweeps away what began to come and was not touched since `before`: its process is gone.
    pub async fn sweep_incoming(&self, before: DateTime<Utc>) -> Result<(), StoreError> {
        let folder = self.incoming.clone();
        let swept = tokio::task::spawn_blocking(move || sweep(&folder, before));
        Ok(swept.await.map_err(io::Error::other)??)
    }

    pub(super) async fn delete(&self, at: &path::Path) -> Result<(), StoreError> {
        match self.objects.delete(at).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn rename(&self, from: &path::Path, place: Place, to: &Lying) -> Result<(), StoreError> {
        self.objects.rename(from, &to.path(place)).await?;
        // Of two names of one file, renaming takes neither away.
        self.delete(from).await
    }
}

fn fresh_name() -> String {
    hex::encode(random::bytes::<16>())
}

fn sweep(folder: &Path, before: DateTime<Utc>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let swept = entry.metadata().and_then(|it| it.modified()).and_then(|touched| {
            if DateTime::<Utc>::from(touched) < before { std::fs::remove_file(entry.path()) } else { Ok(()) }
        });
        match swept {
            // It was whole by now, or another process sweeps as well.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
