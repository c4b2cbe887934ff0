//! The words that clients see for where a post and its targets stand.

use serde::{Deserialize, Serialize};

/// Where one target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetStatus {
    /// Not scheduled.
    Pending,
    /// Waits for its due time.
    Scheduled,
    /// An attempt is under way, or its outcome is being settled.
    Publishing,
    /// An attempt failed; another follows.
    Retrying,
    /// Live on the platform.
    Published,
    /// Refused for good, or given up.
    Failed,
    /// Not sent: the engine was down past its late limit.
    Missed,
    /// The platform may or may not have it, and asking could not settle that.
    Unknown,
    /// Called off before anything was sent.
    Canceled,
}

/// Where a post stands, drawn from its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostStatus {
    /// Not scheduled.
    Draft,
    /// Waits for an approver.
    AwaitingApproval,
    /// Waits for its due time.
    Scheduled,
    /// At least one target is under way.
    Publishing,
    /// Live on every account.
    Published,
    /// Live on some accounts; the others ended otherwise.
    PartiallyPublished,
    /// On no account.
    Failed,
    /// On no account: the engine was down past the late limit.
    Missed,
    /// At least one target can't be settled without a person.
    Unknown,
    /// Called off.
    Canceled,
}

macro_rules! names {
    ($type:ident { $($variant:ident => $name:literal),* $(,)? }) => {
        impl $type {
            /// Every status there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word that clients see.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = UnknownStatus;

            fn from_str(text: &str) -> Result<Self, UnknownStatus> {
                Self::ALL.iter().copied().find(|it| it.as_str() == text).ok_or_else(|| UnknownStatus(text.to_owned()))
            }
        }
    };
}
names!(TargetStatus {
    Pending => "pending", Scheduled => "scheduled", Publishing => "publishing", Retrying => "retrying",
    Published => "published", Failed => "failed", Missed => "missed", Unknown => "unknown", Canceled => "canceled",
});
names!(PostStatus {
    Draft => "draft", AwaitingApproval => "awaiting_approval", Scheduled => "scheduled", Publishing => "publishing",
    Published => "published", PartiallyPublished => "partially_published", Failed => "failed", Missed => "missed",
    Unknown => "unknown", Canceled => "canceled",
});

/// A word that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown status `{0}`")]
pub struct UnknownStatus(pub String);

impl PostStatus {
    /// Draws a post's status from its targets'.
    pub fn of(targets: impl IntoIterator<Item = TargetStatus>) -> Self {
        let all: Vec<_> = targets.into_iter().collect();
        let any = |status| all.contains(&status);
        let every = |statuses: &[TargetStatus]| all.iter().all(|status| statuses.contains(status));
        if any(TargetStatus::Publishing) || any(TargetStatus::Retrying) {
            return Self::Publishing;
        }
        if any(TargetStatus::Scheduled) {
            return if every(&[TargetStatus::Scheduled, TargetStatus::Canceled, TargetStatus::Pending]) {
                Self::Scheduled
            } else {
                Self::Publishing
            };
        }
        if any(TargetStatus::Unknown) {
            return Self::Unknown;
        }
        if any(TargetStatus::Published) {
            return if every(&[TargetStatus::Published]) { Self::Published } else { Self::PartiallyPublished };
        }
        if any(TargetStatus::Pending) || all.is_empty() {
            return Self::Draft;
        }
        if any(TargetStatus::Failed) {
            return Self::Failed;
        }
        if any(TargetStatus::Missed) { Self::Missed } else { Self::Canceled }
    }
}

#[cfg(test)]
mod tests {
    use super::{PostStatus as Post, TargetStatus as Target};

    #[test]
    fn a_post_stands_where_its_targets_do() {
        for (targets, expected) in [
            (&[][..], Post::Draft),
            (&[Target::Pending], Post::Draft),
            (&[Target::Scheduled, Target::Canceled], Post::Scheduled),
            (&[Target::Scheduled, Target::Published], Post::Publishing),
            (&[Target::Retrying, Target::Failed], Post::Publishing),
            (&[Target::Published, Target::Published], Post::Published),
            (&[Target::Published, Target::Failed], Post::PartiallyPublished),
            (&[Target::Published, Target::Unknown], Post::Unknown),
            (&[Target::Failed, Target::Missed], Post::Failed),
            (&[Target::Missed, Target::Canceled], Post::Missed),
            (&[Target::Canceled], Post::Canceled),
        ] {
            assert_eq!(Post::of(targets.iter().copied()), expected, "{targets:?}");
        }
    }

    #[test]
    fn words_read_as_they_are_written() {
        for status in Target::ALL {
            assert_eq!(serde_json::to_value(status).expect("json"), status.as_str());
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        for status in Post::ALL {
            assert_eq!(serde_json::to_value(status).expect("json"), status.as_str());
        }
    }
}
