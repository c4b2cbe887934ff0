//! What a post says: its text, the parts of a thread, a first comment, and what differs per account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::MediaFacts;
use crate::{
    ids::{AccountId, MediaId},
    seal::{Open, Sealed},
};

/// A post's content, in the open (`T = Open`, in memory) or sealed (`T = Sealed`, in events).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Content<T> {
    /// The post's own text.
    pub body: T,
    /// The parts that follow it as a thread.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub thread: Vec<T>,
    /// A comment that is put under the post at once.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub first_comment: Option<T>,
    /// Pictures and films of the post itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_ids: Vec<MediaId>,
    /// What differs on some accounts.
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<AccountId, Override<T>>,
}

/// What one account's post says instead; what is absent is as for all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Override<T> {
    /// Another text.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub body: Option<T>,
    /// Another thread; empty for none.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub thread: Option<Vec<T>>,
    /// Another first comment.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub first_comment: Option<T>,
}

/// What is sent to one account: the post, the parts of its thread, its first comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts<'a, T> {
    /// The post itself, then the thread's parts.
    pub texts: Vec<&'a T>,
    /// The first comment.
    pub first_comment: Option<&'a T>,
    /// Pictures and films of the post itself.
    pub media_ids: &'a [MediaId],
}

impl<T> Content<T> {
    /// What this account gets.
    pub fn for_account(&self, account: AccountId) -> Parts<'_, T> {
        let own = self.overrides.get(&account);
        let body = own.and_then(|own| own.body.as_ref()).unwrap_or(&self.body);
        let thread = own.and_then(|own| own.thread.as_ref()).unwrap_or(&self.thread);
        let first_comment = own.and_then(|own| own.first_comment.as_ref()).or(self.first_comment.as_ref());
        Parts { texts: std::iter::once(body).chain(thread).collect(), first_comment, media_ids: &self.media_ids }
    }

    /// The same content with each text turned into another form; `field` names it (`body`, `thread[0].body`, …).
    ///
    /// # Errors
    /// The first error of `turn`.
    pub fn try_map<U, E>(&self, mut turn: impl FnMut(&str, &T) -> Result<U, E>) -> Result<Content<U>, E> {
        let mut overrides = BTreeMap::new();
        for (account, own) in &self.overrides {
            let at = format!("overrides.{account}");
            overrides.insert(
                *account,
                Override {
                    body: own.body.as_ref().map(|text| turn(&format!("{at}.body"), text)).transpose()?,
                    thread: own
                        .thread
                        .as_ref()
                        .map(|thread| turn_all(&format!("{at}.thread"), thread, &mut turn))
                        .transpose()?,
                    first_comment: own
                        .first_comment
                        .as_ref()
                        .map(|text| turn(&format!("{at}.first_comment"), text))
                        .transpose()?,
                },
            );
        }
        Ok(Content {
            body: turn("body", &self.body)?,
            thread: turn_all("thread", &self.thread, &mut turn)?,
            first_comment: self.first_comment.as_ref().map(|text| turn("first_comment", text)).transpose()?,
            media_ids: self.media_ids.clone(),
            overrides,
        })
    }
}

impl<T> Parts<'_, T> {
    /// The steps that show something, in order.
    pub fn steps(&self) -> Vec<Step> {
        let parts = (0..self.texts.len()).map(|index| Step::Part(u16::try_from(index).unwrap_or(u16::MAX)));
        parts.chain(self.first_comment.map(|_| Step::Comment)).collect()
    }

    /// The text of a step.
    pub fn text(&self, step: Step) -> Option<&T> {
        match step {
            Step::Part(index) => self.texts.get(usize::from(index)).copied(),
            Step::Comment => self.first_comment,
        }
    }
}

fn turn_all<T, U, E>(at: &str, texts: &[T], turn: &mut impl FnMut(&str, &T) -> Result<U, E>) -> Result<Vec<U>, E> {
    texts.iter().enumerate().map(|(index, text)| turn(&format!("{at}[{index}].body"), text)).collect()
}

/// Content as a command carries it: sealed for the event, open for the platform's rules, with the keyed digest of what
/// each account gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentInHand {
    /// What the event stores.
    pub sealed: Content<Sealed>,
    /// The same, to check it.
    pub open: Content<Open>,
    /// For each account the keyed digest of what it gets: what the events store to recognise a duplicate.
    pub digests: BTreeMap<AccountId, String>,
    /// What is known of each of its media, in their order.
    pub media: Vec<MediaFacts>,
}

/// One step of a publication that shows something on the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The post itself (0), or a part of its thread.
    Part(u16),
    /// The first comment.
    Comment,
}

impl Step {
    /// What it hangs under.
    pub const fn parent(self) -> Option<Self> {
        match self {
            Self::Part(0) => None,
            Self::Part(index) => Some(Self::Part(index - 1)),
            Self::Comment => Some(Self::Part(0)),
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Part(index) => write!(f, "part-{index}"),
            Self::Comment => f.write_str("comment"),
        }
    }
}

impl std::str::FromStr for Step {
    type Err = UnknownStep;

    fn from_str(text: &str) -> Result<Self, UnknownStep> {
        if text == "comment" {
            return Ok(Self::Comment);
        }
        let index = text.strip_prefix("part-").and_then(|index| index.parse().ok());
        index.map(Self::Part).ok_or_else(|| UnknownStep(text.to_owned()))
    }
}

/// A step's name that this build doesn't know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown step `{0}`")]
pub struct UnknownStep(pub String);

impl Serialize for Step {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
