//! A post on one account.

use std::collections::BTreeMap;

use campanile_events::{
    ids::{AccountId, WorkerId},
    post::{Content, ContentInHand, MediaRules, Rules, TargetRef, TargetRules, TextCount},
    seal::{Open, Sealed},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// When the post is due, and the proofs begin.
pub fn start() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().expect("an instant")
}

pub fn account() -> AccountId {
    Uuid::from_u128(1).into()
}

pub fn worker(number: u32) -> WorkerId {
    Uuid::from_u128(number.into()).into()
}

/// A post, what follows it as a thread, and its first comment.
pub fn content(body: &str, thread: &[&str], comment: Option<&str>) -> Box<ContentInHand> {
    let open = Content {
        body: Open::new(body),
        thread: thread.iter().map(|part| Open::new(*part)).collect(),
        first_comment: comment.map(Open::new),
        ..Content::default()
    };
    let sealed = open.try_map(|_, text| Ok::<_, ()>(Sealed::from_stored(text.as_str()))).expect("nothing fails");
    Box::new(ContentInHand { sealed, open, digests: BTreeMap::new(), media: Vec::new() })
}

pub fn targets() -> Vec<TargetRules> {
    let rules = Rules {
        max_text: 500,
        max_bytes: None,
        count: TextCount::default(),
        max_parts: 3,
        first_comment: true,
        max_media: 0,
        media: MediaRules::default(),
    };
    vec![TargetRules { target: TargetRef { account_id: account(), platform: "mastodon".to_owned() }, rules }]
}
