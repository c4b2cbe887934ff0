//! Names of things: TypeIDs (`post_01k…`), a UUIDv7 inside, and the numbers of the log.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use type_safe_id::{StaticType, TypeSafeId};
use uuid::Uuid;

use crate::random;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id that begins with `{expected}_`")]
pub struct InvalidId {
    /// The prefix that the id should have had.
    pub expected: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $tag:ident, $prefix:literal) => {
        #[derive(Debug, Clone, Copy, Default)]
        struct $tag;
        impl StaticType for $tag {
            const TYPE: &'static str = $prefix;
        }

        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(Uuid);

        impl $name {
            /// The letters before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id whose time part is `now`.
            pub fn fresh(now: DateTime<Utc>) -> Self {
                Self(random::uuid_at(now))
            }

            /// The id with this UUID inside.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                TypeSafeId::<$tag>::from_uuid(self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if !text.is_ascii() {
                    return Err(InvalidId { expected: $prefix });
                }
                text.parse::<TypeSafeId<$tag>>()
                    .map(|id| Self(id.uuid()))
                    .map_err(|_| InvalidId { expected: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(/// An organization: people and their workspaces.
    OrganizationId, OrganizationTag, "org");
id!(/// A workspace: accounts, posts and keys that belong together. Nothing crosses workspaces.
    WorkspaceId, WorkspaceTag, "ws");
id!(/// A person who may sign in.
    PersonId, PersonTag, "user");
id!(/// A person who is signed in somewhere.
    SessionId, SessionTag, "sess");
id!(/// An invitation of a person into a workspace.
    InvitationId, InvitationTag, "inv");
id!(/// An API key.
    KeyId, KeyTag, "key");
id!(/// An account on a platform.
    AccountId, AccountTag, "acct");
id!(/// A post.
    PostId, PostTag, "post");
id!(/// A picture or film in the engine's store.
    MediaId, MediaTag, "media");
id!(/// One event of the log.
    EventId, EventTag, "evt");
id!(/// One request to the API.
    RequestId, RequestTag, "req");
id!(/// One worker: a loop that takes jobs, for as long as its process lives.
    WorkerId, WorkerTag, "worker");

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The number after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(/// An event's place in the whole log: dense, in commit order, the first is 1; 0 is "before everything".
    Position);
number!(/// An event's place in its stream: the first is 1; 0 is "no event yet".
    Version);
number!(/// How often the log was restored from a copy, plus one. Positions that leave the house carry it.
    Epoch);

/// A position with the epoch of its log: `1-104277`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    /// The log's epoch.
    pub epoch: Epoch,
    /// The place in it.
    pub position: Position,
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.position)
    }
}

impl FromStr for LogPosition {
    type Err = InvalidLogPosition;

    fn from_str(text: &str) -> Result<Self, InvalidLogPosition> {
        let (epoch, position) = text.split_once('-').ok_or(InvalidLogPosition)?;
        let number = |text: &str| text.parse().map_err(|_| InvalidLogPosition);
        Ok(Self { epoch: Epoch(number(epoch)?), position: Position(number(position)?) })
    }
}

/// A text that is not `epoch-position`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position of the form `1-104277`")]
pub struct InvalidLogPosition;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_refuse_other_kinds() {
        let id = PostId::from(Uuid::from_u128(0x0192_b4f0_1234_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string().parse::<PostId>(), Ok(id));
        assert!(id.to_string().starts_with("post_0"));
        assert_eq!(id.to_string().parse::<KeyId>(), Err(InvalidId { expected: "key" }));
        for text in ["", "post_", "post", "_", "post_ü", "post_0000000000000000000000000u", "💥_01"] {
            assert!(text.parse::<PostId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn log_positions_read_as_they_are_written() {
        let at = LogPosition { epoch: Epoch(1), position: Position(104_277) };
        assert_eq!(at.to_string(), "1-104277");
        assert_eq!("1-104277".parse(), Ok(at));
        for text in ["", "1", "1-", "-1", "a-1", "1-2-3", "1--2"] {
            assert!(text.parse::<LogPosition>().is_err(), "{text:?}");
        }
    }
}
