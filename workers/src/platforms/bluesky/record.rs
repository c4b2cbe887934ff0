//! A post as the record that it becomes.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::{
    facets::{Target, spans},
    media::{Embed, embed},
    tid,
};
use crate::platforms::{Message, RemoteRef, Sent};

pub(super) const COLLECTION: &str = "app.bsky.feed.post";

/// A record by its address and its content's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reference {
    pub uri: String,
    pub cid: String,
}

/// What a message needs beside its text, as [`Message::prepared`] carries it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Prepared {
    /// The record, if an earlier send has made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands: Option<Reference>,
    /// The accounts behind the handles that the text mentions; without those that lead nowhere.
    #[serde(default)]
    pub mentions: BTreeMap<String, String>,
}

/// The record. Equal ones have equal bytes, and so one content hash.
#[derive(Serialize)]
pub(super) struct Record<'a> {
    #[serde(rename = "$type")]
    kind: &'static str,
    text: &'a str,
    #[serde(rename = "createdAt")]
    created_at: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facets: Vec<Facet<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<Reply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embed: Option<Embed<'a>>,
}

#[derive(Serialize)]
struct Reply {
    root: Reference,
    parent: Reference,
}

#[derive(Serialize)]
struct Facet<'a> {
    index: Index,
    features: [Feature<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    byte_start: usize,
    byte_end: usize,
}

#[derive(Serialize)]
#[serde(tag = "$type")]
enum Feature<'a> {
    #[serde(rename = "app.bsky.richtext.facet#link")]
    Link { uri: &'a str },
    #[serde(rename = "app.bsky.richtext.facet#mention")]
    Mention { did: &'a str },
    #[serde(rename = "app.bsky.richtext.facet#tag")]
    Tag { tag: &'a str },
}

impl Reference {
    /// From the form that it is kept in.
    pub(super) fn of(remote: &RemoteRef) -> Option<Self> {
        let (uri, cid) = remote.remote_id.rsplit_once('#')?;
        let is_whole = uri.starts_with("at://") && !cid.is_empty();
        is_whole.then(|| Self { uri: uri.to_owned(), cid: cid.to_owned() })
    }

    /// As what was sent.
    pub(super) fn as_sent(&self, handle: &str) -> Sent {
        let mut parts = self.uri.trim_start_matches("at://").split('/');
        let (did, key) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
        // An account whose name leads nowhere is shown under its number.
        let who = if handle.is_empty() || handle == "handle.invalid" { did } else { handle };
        let url = format!("https://bsky.app/profile/{who}/post/{key}");
        Sent { remote_id: format!("{}#{}", self.uri, self.cid), url: Some(url) }
    }
}

/// The address of the record that a message becomes.
pub(super) fn uri(did: &str, intended_at: DateTime<Utc>, marker: &str) -> String {
    format!("at://{did}/{COLLECTION}/{}", tid::key(intended_at, marker))
}

/// The date that a record bears.
pub(super) fn date(intended_at: DateTime<Utc>) -> String {
    intended_at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The record that a message becomes; `None` where what it answers can't be named.
pub(super) fn record<'a>(message: &'a Message, prepared: &'a Prepared) -> Option<Record<'a>> {
    let reply = match (&message.reply_to, &message.root) {
        (None, _) => None,
        (Some(parent), root) => {
            let parent = Reference::of(parent)?;
            let root = root.as_ref().map_or(Some(parent.clone()), Reference::of)?;
            Some(Reply { root, parent })
        }
    };
    let text = message.text.as_str();
    Some(Record {
        kind: COLLECTION,
        text,
        created_at: date(message.intended_at),
        facets: facets(text, prepared),
        reply,
        embed: embed(&message.media),
    })
}

fn facets<'a>(text: &'a str, prepared: &'a Prepared) -> Vec<Facet<'a>> {
    let facet = |span: super::facets::Span<'a>| {
        let feature = match span.target {
            Target::Link(uri) => Feature::Link { uri },
            Target::Mention(handle) => Feature::Mention { did: prepared.mentions.get(&handle.to_ascii_lowercase())? },
            Target::Tag(tag) => Feature::Tag { tag },
        };
        Some(Facet { index: Index { byte_start: span.start, byte_end: span.end }, features: [feature] })
    };
    spans(text).into_iter().filter_map(facet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_kept_whole_or_not_at_all() {
        let kept = |remote_id: &str| Reference::of(&RemoteRef { remote_id: remote_id.to_owned(), url: None });
        let whole = kept("at://did:plc:a/app.bsky.feed.post/3k#bafy").unwrap();
        assert_eq!((whole.uri.as_str(), whole.cid.as_str()), ("at://did:plc:a/app.bsky.feed.post/3k", "bafy"));
        let sent = whole.as_sent("alice.example");
        assert_eq!(sent.remote_id, "at://did:plc:a/app.bsky.feed.post/3k#bafy");
        assert_eq!(sent.url.as_deref(), Some("https://bsky.app/profile/alice.example/post/3k"));
        let nameless = whole.as_sent("handle.invalid");
        assert_eq!(nameless.url.as_deref(), Some("https://bsky.app/profile/did:plc:a/post/3k"));
        for other in ["", "at://did:plc:a/app.bsky.feed.post/3k", "at://did:plc:a/x/3k#", "https://bsky.app/#x"] {
            assert_eq!(kept(other), None, "{other}");
        }
    }
}
