//! What happened to the wish that a deleted post goes from its platforms, too.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ids::AccountId, post::Failure};

/// See [`super::PostEvent::RemovalRequested`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalRequested {
    /// The targets of which something stands on the platform, or may.
    pub account_ids: Vec<AccountId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::TargetRemoved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRemoved {
    /// The target's account.
    pub account_id: AccountId,
    /// The platform's names of what was removed, in that order; what an earlier try removed stands in its event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::TargetRemovalFailed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRemovalFailed {
    /// The target's account.
    pub account_id: AccountId,
    /// The platform's names of what this try removed all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// Why.
    pub failure: Failure,
    /// When it is tried again; absent when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
    /// When.
    pub at: DateTime<Utc>,
}
