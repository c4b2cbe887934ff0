//! What a plan may lack.

use std::{fmt, str::FromStr};

/// Something that a plan may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Pictures and films.
    Media,
    /// What follows a post.
    Threads,
    /// The first comment under a post.
    FirstComments,
    /// A post that goes to several accounts.
    SeveralAccounts,
    /// A due time.
    Scheduling,
}

impl Feature {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Media, Self::Threads, Self::FirstComments, Self::SeveralAccounts, Self::Scheduling];

    /// The word that operators write and clients read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Media => "media",
            Self::Threads => "threads",
            Self::FirstComments => "first_comments",
            Self::SeveralAccounts => "several_accounts",
            Self::Scheduling => "scheduling",
        }
    }

    /// What a plan without it lacks, to a person.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Media => "pictures and films",
            Self::Threads => "threads",
            Self::FirstComments => "first comments",
            Self::SeveralAccounts => "posts to several accounts at once",
            Self::Scheduling => "scheduling",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Feature {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|feature| feature.as_str() == text).ok_or(())
    }
}
