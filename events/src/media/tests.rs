//! A medium's decisions.

use chrono::{DateTime, Utc};

use super::*;
use crate::seal::Sealed;

fn at(minute: u32) -> DateTime<Utc> {
    format!("2026-12-01T09:{minute:02}:00Z").parse().unwrap()
}

fn command(minute: u32, action: MediaAction) -> MediaCommand {
    MediaCommand { now: at(minute), action }
}

fn request() -> MediaAction {
    MediaAction::Request {
        file_name: Sealed::from_stored("s1.name"),
        kind: MediaKind::Png,
        bytes: 70,
        alt_text: None,
        expires_at: at(30),
    }
}

fn content(kind: MediaKind, bytes: u64, digest: &str) -> MediaAction {
    let size = Some(Size { width: 2, height: 1 });
    MediaAction::Confirm(Content { kind, bytes, digest: digest.to_owned(), size })
}

fn after(actions: impl IntoIterator<Item = MediaAction>) -> Media {
    actions.into_iter().fold(Media::default(), |mut media, action| {
        for event in media.decide(command(0, action)).unwrap() {
            media.fold(event);
        }
        media
    })
}

#[test]
fn what_is_announced_and_proves_true_is_ready() {
    let media = after([request()]);
    assert_eq!((media.ready(), media.revision), (None, 1));
    let media = after([request(), content(MediaKind::Png, 70, "d")]);
    let (announced, confirmed) = media.ready().unwrap();
    assert_eq!((announced.kind, announced.bytes, confirmed.digest.as_str()), (MediaKind::Png, 70, "d"));
    assert_eq!((confirmed.size, media.revision), (Some(Size { width: 2, height: 1 }), 2));
}

#[test]
fn content_that_is_not_what_was_announced_is_refused() {
    let media = after([request()]);
    let refused = |action| media.decide(command(1, action)).unwrap_err();
    assert_eq!(
        refused(content(MediaKind::Gif, 70, "d")),
        MediaError::OtherKind { declared: MediaKind::Png, actual: MediaKind::Gif }
    );
    assert_eq!(refused(content(MediaKind::Png, 71, "d")), MediaError::OtherLength { declared: 70, actual: 71 });
    assert_eq!(refused(request()), MediaError::Exists);
    assert_eq!(Media::default().decide(command(1, content(MediaKind::Png, 1, "d"))), Err(MediaError::NotFound));
}

#[test]
fn it_is_confirmed_once_and_never_changes() {
    let media = after([request(), content(MediaKind::Png, 70, "d")]);
    assert_eq!(media.decide(command(1, content(MediaKind::Png, 70, "d"))), Ok(Vec::new()));
    assert_eq!(media.decide(command(1, content(MediaKind::Png, 70, "e"))), Err(MediaError::Changed));
}

#[test]
fn kinds_read_as_they_are_written() {
    for kind in MediaKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
    for text in ["image/jpg", "image/svg+xml", "IMAGE/PNG", ""] {
        assert_eq!(text.parse::<MediaKind>(), Err(UnknownMediaKind), "{text}");
    }
}
