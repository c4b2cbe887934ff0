//! Why a post refuses a command.

use super::{PostStatus, TargetStatus, Violation};
use crate::ids::AccountId;

/// Why a post refuses a command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// There is no such post.
    #[error("there is no such post")]
    NotFound,
    /// It was deleted.
    #[error("the post was deleted")]
    Deleted,
    /// It exists already.
    #[error("the post exists already")]
    Exists,
    /// It goes to no account.
    #[error("the post goes to no account")]
    NoTargets,
    /// The same account stands in it twice.
    #[error("account {0} is named twice")]
    TargetTwice(AccountId),
    /// It doesn't go to this account.
    #[error("the post does not go to account {0}")]
    UnknownTarget(AccountId),
    /// It was changed since the client read it.
    #[error("the post is at revision {actual}, not {expected}")]
    RevisionMismatch {
        /// What the client knows.
        expected: u32,
        /// What it is.
        actual: u32,
    },
    /// Its state forbids it.
    #[error("the post is {status}: it can't be {verb}{}", again(.status.as_str(), .verb))]
    Status {
        /// Where it stands.
        status: PostStatus,
        /// What was asked: `edited`, `scheduled`, ….
        verb: &'static str,
    },
    /// A target's state forbids it.
    #[error("the target {account_id} is {status}: it can't be {verb}{}", again(.status.as_str(), .verb))]
    TargetStatus {
        /// Which.
        account_id: AccountId,
        /// Where it stands.
        status: TargetStatus,
        /// What was asked.
        verb: &'static str,
    },
    /// The content breaks rules of platforms.
    #[error("the content breaks a platform's rules")]
    Unprocessable(Vec<TargetViolations>),
    /// The due time has passed by more than the post may be late.
    #[error("the due time is in the past")]
    InThePast,
    /// The attempt is another's, or over.
    #[error("the attempt is not the target's newest")]
    Fenced,
    /// It isn't time yet.
    #[error("the target is not due yet")]
    TooEarly,
    /// A second send could make a second post.
    #[error("the last attempt's fate is not settled")]
    Unsettled,
    /// The intent is not one that may be sent.
    #[error("the intent does not fit the target: {0}")]
    UnfitIntent(&'static str),
}

/// Nobody is told that what is published can't be published.
fn again(status: &str, verb: &str) -> &'static str {
    if status == verb { " again" } else { "" }
}

/// What one account's platform would not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetViolations {
    /// The account.
    pub account_id: AccountId,
    /// Its platform.
    pub platform: String,
    /// The rules that are broken.
    pub violations: Vec<Violation>,
}
