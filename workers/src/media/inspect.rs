//! What bytes are.

use campanile_events::media::{MediaKind, Size};
use futures::{Stream, StreamExt};
use hyper::body::Bytes;
use sha2::{Digest, Sha256};

use super::{
    film::Film,
    whole::{film_size, is_sane, is_whole},
};

/// How much of a medium is looked at: a picture's size stands behind what a camera wrote before it.
const HEAD: usize = 4 * 1024 * 1024;
/// How much of its end.
const TAIL: usize = 64 * 1024;

/// What bytes turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What they are.
    pub kind: MediaKind,
    /// How many.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// Its width and height.
    pub size: Option<Size>,
}

/// Why bytes are no medium.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// They are nothing that is taken.
    #[error("the content is no picture or film of a known type")]
    Unknown,
    /// They begin like one, and don't go on so.
    #[error("the content is no whole {0}: it was cut, doesn't end where it should, or shows nothing")]
    Broken(MediaKind),
    /// Its sides are none that can be shown.
    #[error("the picture must have sides of at most 65535 pixels, and at most 100 megapixels")]
    TooLarge,
    /// They can't be read.
    #[error(transparent)]
    Store(#[from] object_store::Error),
}

/// Reads bytes to their end and says what they are.
pub async fn inspect(
    mut bytes: impl Stream<Item = Result<Bytes, object_store::Error>> + Unpin,
) -> Result<Inspected, InspectError> {
    let (mut head, mut digest, mut length) = (Vec::new(), Sha256::new(), 0);
    let (mut tail, mut film) = (Vec::new(), Film::default());
    while let Some(piece) = bytes.next().await {
        let piece = piece?;
        digest.update(&piece);
        length += piece.len() as u64;
        head.extend_from_slice(&piece[..piece.len().min(HEAD - head.len())]);
        tail.extend_from_slice(&piece[piece.len().saturating_sub(TAIL)..]);
        tail.drain(..tail.len().saturating_sub(TAIL));
        film.take(&piece);
    }
    let kind = infer::get(&head).and_then(|found| found.mime_type().parse::<MediaKind>().ok());
    let kind = kind.ok_or(InspectError::Unknown)?;
    let size = if kind.is_video() { film.end().and_then(|moov| film_size(&moov)) } else { size(&head) };
    let size = size.ok_or(InspectError::Broken(kind))?;
    if !is_sane(size) {
        return Err(InspectError::TooLarge);
    }
    if !kind.is_video() && !is_whole(kind, &head, &tail, length) {
        return Err(InspectError::Broken(kind));
    }
    Ok(Inspected { kind, bytes: length, sha256: digest.finalize().into(), size: Some(size) })
}

fn size(head: &[u8]) -> Option<Size> {
    let found = imagesize::blob_size(head).ok()?;
    let size = Size { width: found.width.try_into().ok()?, height: found.height.try_into().ok()? };
    (size.width > 0 && size.height > 0).then_some(size)
}
