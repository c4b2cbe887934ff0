//! What a key may do: one list, from which routes, documents and checks are made.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::ALIASES;

macro_rules! scopes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),* $(,)?) => {
        /// One thing that a key may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[doc = $doc])+ $variant),* }

        impl Scope {
            /// Every scope there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its stored name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it lets a key do, in a sentence.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii()),* }
            }
        }
    };
}

scopes! {
    /// Read posts and their results.
    PostsRead = "posts:read",
    /// Make and edit drafts.
    PostsWrite = "posts:write",
    /// Schedule, publish, cancel, retry and resolve posts.
    PostsPublish = "posts:publish",
    /// Delete posts.
    PostsDelete = "posts:delete",
    /// Approve or reject posts that wait for it.
    PostsApprove = "posts:approve",
    /// Upload pictures and films.
    MediaUpload = "media:upload",
    /// Read the queue.
    QueueRead = "queue:read",
    /// Reorder the queue.
    QueueWrite = "queue:write",
    /// Read the weekly posting windows.
    ScheduleRead = "schedule:read",
    /// Change the weekly posting windows.
    ScheduleWrite = "schedule:write",
    /// Read figures of posts and accounts.
    AnalyticsRead = "analytics:read",
    /// Read connected accounts.
    ConnectionsRead = "connections:read",
    /// Connect and disconnect accounts.
    ConnectionsWrite = "connections:write",
    /// Read feeds.
    FeedsRead = "feeds:read",
    /// Change feeds.
    FeedsWrite = "feeds:write",
    /// Read webhooks.
    WebhooksRead = "webhooks:read",
    /// Change webhooks.
    WebhooksWrite = "webhooks:write",
    /// Read keys and their history.
    KeysRead = "keys:read",
    /// Make, change and revoke keys.
    KeysWrite = "keys:write",
    /// Read the history of everything, and its proofs.
    AuditRead = "audit:read",
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a key may do: named scopes, or all there are and will be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes {
    all: bool,
    named: BTreeSet<Scope>,
}

/// A name that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope `{0}`")]
pub struct UnknownScope(pub String);

impl Scopes {
    /// Every scope, those to come too.
    pub const fn all() -> Self {
        Self { all: true, named: BTreeSet::new() }
    }

    /// Reads names, among them those that clients of other services hold.
    ///
    /// # Errors
    /// The first name that is no scope.
    pub fn read<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownScope> {
        let mut scopes = Self::default();
        for name in names {
            let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
            match (name, alias) {
                ("*", _) => scopes.all = true,
                (_, Some((_, ours))) => scopes.named.extend(ours.iter().copied()),
                (name, None) => scopes.named.extend([Scope::from_str(name)?]),
            }
        }
        Ok(scopes)
    }

    /// Whether this may be done.
    pub fn allows(&self, scope: Scope) -> bool {
        self.all || self.named.contains(&scope)
    }

    /// Whether everything that `other` may do is allowed here.
    pub fn includes(&self, other: &Self) -> bool {
        self.all || (!other.all && other.named.is_subset(&self.named))
    }

    /// What both allow.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        match (self.all, other.all) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            _ => Self { all: false, named: self.named.intersection(&other.named).copied().collect() },
        }
    }

    /// Whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        !self.all && self.named.is_empty()
    }

    /// Their names, as they are shown.
    pub fn names(&self) -> Vec<&'static str> {
        if self.all { vec!["*"] } else { self.named.iter().map(|scope| scope.as_str()).collect() }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == text).ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

impl Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.names().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Self::read(names.iter().map(String::as_str)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_those_of_other_services_are_read_and_shown_in_ours() {
        let scopes = Scopes::read(["insights:read", "media:write", "posts:read"]).expect("good names");
        assert_eq!(scopes.names(), ["posts:read", "media:upload", "analytics:read", "connections:read"]);
        assert_eq!(Scopes::read(["posts:fly"]), Err(UnknownScope("posts:fly".into())));
        assert_eq!(Scopes::read(["*", "posts:read"]).expect("good names").names(), ["*"]);
    }

    #[test]
    fn a_key_includes_what_it_may_hand_on() {
        let some = Scopes::read(["posts:read", "posts:write"]).expect("good names");
        let fewer = Scopes::read(["posts:read"]).expect("good names");
        assert!(some.includes(&fewer) && !fewer.includes(&some));
        assert!(Scopes::all().includes(&some) && !some.includes(&Scopes::all()));
        assert!(some.allows(Scope::PostsWrite) && !some.allows(Scope::PostsPublish));
        assert_eq!(Scope::PostsRead.description(), "Read posts and their results.");
    }
}
