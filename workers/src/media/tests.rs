//! The store's promises, and what bytes are.

use std::{path::Path, time::Duration};

use campanile_events::{
    ids::{MediaId, WorkspaceId},
    media::{MediaKind, Size},
};
use futures::{FutureExt, TryStreamExt};
use hyper::body::Bytes;
use uuid::Uuid;

use super::*;

const GOOD: [(MediaKind, &[u8]); 5] = [
    (MediaKind::Png, PNG),
    (MediaKind::Gif, GIF),
    (MediaKind::Jpeg, JPEG),
    (MediaKind::Webp, WEBP),
    (MediaKind::Mp4, MP4),
];
const PNG: &[u8] =
    b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00\x12\x16\xf1M\
\x00\x00\x00\x0bIDATx\x9cc`\xc0\x04\x00\x00\x14\x00\x01}\xfe\x1e\xee\x00\x00\x00\x00IEND\xaeB`\x82";
const GIF: &[u8] = b"GIF89a\x03\0\x02\0\x80\0\0\0\0\0\xff\xff\xff;";
const JPEG: &[u8] =
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x0b\x08\0\x02\0\x03\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0\x00\xff\xd9";
const WEBP: &[u8] = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\x02\x40\0\0\x07\x10\x11\x11\x88\x88\xfe\x07\0";
const MP4: &[u8] = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2\x00\x00\x00\x09mdatx\x00\x00\x00\x95moov\x00\x00\x00\x8dtrak\x00\x00\x00\x5ctkhd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x02\x00\x00\x00\x00\x00)mdia\x00\x00\x00!hdlr\x00\x00\x00\x00\x00\x00\x00\x00vide\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

fn place(number: u128) -> Place {
    Place { workspace: WorkspaceId::from(Uuid::from_u128(1)), id: MediaId::from(Uuid::from_u128(number)) }
}

async fn put(store: &MediaStore, place: Place, announced: u64, pieces: &[&'static [u8]]) -> Result<(), StoreError> {
    let mut incoming = store.begin(place, announced).await?;
    for piece in pieces {
        incoming.write(Bytes::from_static(piece)).await?;
    }
    incoming.whole().await?.give().await
}

/// What is given for a medium.
async fn given(store: &MediaStore, place: Place) -> Result<Vec<u8>, StoreError> {
    let held = store.hold(place).await?;
    let pieces: Vec<_> = held.stream().await?.try_collect().await.unwrap();
    held.let_go().await?;
    Ok(pieces.concat())
}

fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

/// Waits until nothing lies there: what was dropped is taken away beside the test.
async fn emptied(folder: &Path) {
    while files(folder) > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn told(bytes: &[u8]) -> Result<Inspected, InspectError> {
    inspect(futures::stream::iter(bytes.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))))).await
}

#[tokio::test]
async fn what_is_given_last_is_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = MediaStore::open(folder.path()).unwrap();
    assert!(matches!(given(&store, place(1)).await, Err(StoreError::Absent)));
    put(&store, place(1), 5, &[b"he", b"", b"llo"]).await.unwrap();
    assert_eq!(given(&store, place(1)).await.unwrap(), b"hello");
    put(&store, place(1), 5, &[b"other"]).await.unwrap();
    assert_eq!(given(&store, place(1)).await.unwrap(), b"other");
    assert!(!store.has(place(2), &Lying::Given).await.unwrap());
    store.remove(place(1), &Lying::Given).await.unwrap();
    store.remove(place(1), &Lying::Given).await.unwrap();
    assert!(!store.has(place(1), &Lying::Given).await.unwrap());
    assert_eq!(files(folder.path()), 0);
}

#[tokio::test]
async fn of_two_at_once_the_later_is_there_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (store, elsewhere) = (MediaStore::open(folder.path()).unwrap(), MediaStore::open(folder.path()).unwrap());
    let mut one = store.begin(place(1), 3).await.unwrap();
    let mut other = elsewhere.begin(place(1), 3).await.unwrap();
    one.write(Bytes::from_static(b"one")).await.unwrap();
    other.write(Bytes::from_static(b"two")).await.unwrap();
    other.whole().await.unwrap().give().await.unwrap();
    one.whole().await.unwrap().give().await.unwrap();
    assert_eq!(given(&store, place(1)).await.unwrap(), b"one");
    assert_eq!(files(folder.path()), 1);
}

#[tokio::test]
async fn what_is_held_is_kept_whatever_another_process_gives_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let (store, elsewhere) = (MediaStore::open(folder.path()).unwrap(), MediaStore::open(folder.path()).unwrap());
    put(&store, place(1), 3, &[b"one"]).await.unwrap();
    let held = store.hold(place(1)).await.unwrap();
    put(&elsewhere, place(1), 3, &[b"two"]).await.unwrap();
    held.keep("d1").await.unwrap();
    // As after a crash before the log named it.
    put(&store, place(1), 3, &[b"one"]).await.unwrap();
    for _ in 0..2 {
        store.hold(place(1)).await.unwrap().keep("d1").await.unwrap();
    }
    put(&elsewhere, place(1), 3, &[b"two"]).await.unwrap();
    assert_eq!(store.read(place(1), "d1").await.unwrap(), "one");
    assert_eq!(store.read(place(1), "d2").await.unwrap(), "two", "as earlier builds left it");
    let mut lying: Vec<_> = store.list().await.unwrap().into_iter().map(|(_, lying, _)| lying).collect();
    lying.sort_by_key(|lying| *lying != Lying::Given);
    assert_eq!(lying, [Lying::Given, Lying::Kept("d1".to_owned())], "nothing is held any more");
}

#[tokio::test]
async fn what_is_not_whole_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = MediaStore::open(folder.path()).unwrap();
    assert!(matches!(put(&store, place(1), 5, &[b"hel"]).await, Err(StoreError::TooShort)));
    assert!(matches!(put(&store, place(1), 5, &[b"hel", b"lo!"]).await, Err(StoreError::TooLong)));
    assert!(!store.has(place(1), &Lying::Given).await.unwrap());
    let mut cut = store.begin(place(1), 5).await.unwrap();
    cut.write(Bytes::from_static(b"hel")).await.unwrap();
    drop(cut);
    let taken_away = tokio::time::timeout(Duration::from_secs(60), emptied(folder.path())).await;
    assert!(taken_away.is_ok(), "{} files stay", files(folder.path()));
    put(&store, place(1), 5, &[b"hello"]).await.unwrap();
}

#[tokio::test]
async fn what_a_dead_process_left_is_swept_and_what_another_takes_in_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = MediaStore::open(folder.path()).unwrap();
    let mut coming = store.begin(place(1), 5).await.unwrap();
    let left = folder.path().join("incoming/left#1");
    std::fs::write(&left, "by a process that died").unwrap();
    let touched = |path| chrono::DateTime::<chrono::Utc>::from(std::fs::metadata(path).unwrap().modified().unwrap());
    let now = touched(&left);
    std::fs::File::options()
        .write(true)
        .open(&left)
        .unwrap()
        .set_modified((now - chrono::Duration::hours(2)).into())
        .unwrap();
    let other = MediaStore::open(folder.path()).unwrap();
    other.sweep_incoming(now - chrono::Duration::hours(1)).await.unwrap();
    assert!(!left.exists());
    coming.write(Bytes::from_static(b"hello")).await.unwrap();
    coming.whole().await.unwrap().give().await.unwrap();
    assert_eq!(given(&store, place(1)).await.unwrap(), b"hello");
}

#[tokio::test]
async fn bytes_tell_what_they_are() {
    for (kind, bytes) in GOOD {
        let found = told(bytes).await.unwrap();
        assert_eq!((found.kind, found.size), (kind, Some(Size { width: 3, height: 2 })), "{kind}");
        assert_eq!(found.bytes, bytes.len() as u64);
    }
    for nothing in [&b""[..], b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"BM\x1e\0\0\0"] {
        assert!(matches!(told(nothing).await, Err(InspectError::Unknown)), "{nothing:?}");
    }
    assert!(matches!(told(&PNG[..16]).await, Err(InspectError::Broken(MediaKind::Png))));
    assert!(matches!(told(&JPEG[..8]).await, Err(InspectError::Broken(MediaKind::Jpeg))));
}

#[tokio::test]
async fn what_was_cut_or_only_claims_to_be_a_picture_is_broken() {
    for (kind, bytes) in GOOD {
        for length in 12..bytes.len() {
            let found = told(&bytes[..length]).await;
            assert!(found.is_err(), "{kind}, {length} of {} bytes: {found:?}", bytes.len());
        }
    }
    let mut huge = PNG.to_vec();
    huge[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
    assert!(matches!(told(&huge).await, Err(InspectError::TooLarge)));
    let empty = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2\0\0\0\x08mdat";
    assert!(matches!(told(empty).await, Err(InspectError::Broken(MediaKind::Mp4))));
}

proptest::proptest! {
    #[test]
    fn no_bytes_are_too_odd_to_be_looked_at(
        which in 0..GOOD.len(),
        at in 0..200_usize,
        noise in proptest::collection::vec(proptest::num::u8::ANY, 0..64),
    ) {
        let good = GOOD[which].1;
        let odd = [&good[..at.min(good.len())], &noise, &good[(at + noise.len()).min(good.len())..]].concat();
        let _ = told(&odd).now_or_never().expect("nothing to wait for");
        let _ = told(&noise).now_or_never().expect("nothing to wait for");
    }
}
