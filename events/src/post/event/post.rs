//! What happened to a post as a whole.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::AccountId,
    post::{Content, When},
    seal::Sealed,
};

/// An account that a post goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRef {
    /// The account.
    pub account_id: AccountId,
    /// Its platform.
    pub platform: String,
}

/// A label of the client's own: sealed, with a keyed digest to find posts by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The label.
    pub text: Sealed,
    /// The same for equal labels of one workspace.
    pub index: String,
}

/// How long after its due time a target may still be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// A target not begun this many seconds after its due time is missed.
    pub late_limit_seconds: u32,
    /// Tries go on until this many seconds after the due time.
    pub give_up_after_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { late_limit_seconds: 3600, give_up_after_seconds: 3600 }
    }
}

/// See [`super::PostEvent::Drafted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostDrafted {
    /// What it says.
    pub content: Content<Sealed>,
    /// For each account a keyed digest of what it gets.
    pub digests: BTreeMap<AccountId, String>,
    /// Where it goes.
    pub targets: Vec<TargetRef>,
    /// The client's labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// How late it may be.
    pub limits: Limits,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::Edited`]. What is absent did not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostEdited {
    /// The revision that it made.
    pub revision: u32,
    /// What it says now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content<Sealed>>,
    /// For each account a keyed digest of what it gets now.
    pub digests: BTreeMap<AccountId, String>,
    /// Where it goes now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<TargetRef>>,
    /// The client's labels now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    /// How late it may be now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::Scheduled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostScheduled {
    /// The revision that it made.
    pub revision: u32,
    /// When it is due.
    pub when: When,
    /// The targets that it concerns.
    pub account_ids: Vec<AccountId>,
    /// When this was decided.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::Unscheduled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostUnscheduled {
    /// The revision that it made.
    pub revision: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::Canceled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostCanceled {
    /// The targets that were called off.
    pub account_ids: Vec<AccountId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::Deleted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostDeleted {
    /// When.
    pub at: DateTime<Utc>,
}
