//! The parts of an attempt: what a delivery is worth, what was intended, how it failed.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::Step;
use crate::seal::Sealed;

/// What an account's server offers to tell one send from two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "class", rename_all = "snake_case")]
pub enum Delivery {
    /// The same request again under the same key makes no second post.
    Keyed {
        /// How long the server keeps a key, in milliseconds; `None` for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_ms: Option<u64>,
        /// How long the server may take to store a key, in milliseconds: a repeat sooner could make a second post.
        quiet_ms: u64,
        /// Whether it can be asked for a post once the key is no longer kept.
        searchable: bool,
    },
    /// It can be asked whether it has a post.
    Searchable,
    /// It can neither be asked nor told.
    Blind,
}

impl Delivery {
    /// The class's name.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Keyed { .. } => "keyed",
            Self::Searchable => "searchable",
            Self::Blind => "blind",
        }
    }

    /// Whether the server can be asked for a post.
    pub const fn can_look_up(&self) -> bool {
        match self {
            Self::Keyed { searchable, .. } => *searchable,
            Self::Searchable => true,
            Self::Blind => false,
        }
    }
}

/// The durable word that a request is about to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// What the request shows.
    pub step: Step,
    /// The name under which the platform is asked to take it once; the same for every attempt at this step of this
    /// revision.
    pub marker: String,
    /// A keyed digest of the request.
    pub request_digest: String,
    /// When it was intended.
    pub at: DateTime<Utc>,
    /// No byte may leave after this.
    pub not_after: DateTime<Utc>,
}

/// What an error means for the next step. Decided where the answer was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Nothing left this machine.
    NotSent,
    /// The platform named this answer as refused before any effect; it may work later.
    Transient,
    /// Refused before any effect, because of too many requests.
    RateLimited,
    /// The credentials no longer hold.
    AuthExpired,
    /// Refused for good.
    Rejected,
    /// The platform no longer speaks as the adapter does.
    OutdatedAdapter,
    /// It may have had its effect.
    Uncertain,
    /// The worker died or fell silent.
    Lapsed,
}

impl FailureClass {
    /// The class's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Transient => "transient",
            Self::RateLimited => "rate_limited",
            Self::AuthExpired => "auth_expired",
            Self::Rejected => "rejected",
            Self::OutdatedAdapter => "outdated_adapter",
            Self::Uncertain => "uncertain",
            Self::Lapsed => "lapsed",
        }
    }

    /// Whether the same may work later, with no risk of a second post.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::NotSent | Self::Transient | Self::RateLimited | Self::AuthExpired | Self::Lapsed)
    }
}

impl std::fmt::Display for FailureClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What it means.
    pub class: FailureClass,
    /// The platform's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The platform's own code, or ours where it gave none (`connect`, `timeout`, `reset`, `worker_lost` …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The platform's own message, which may repeat the text: sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Sealed>,
    /// Not to be tried before this, where the platform said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<DateTime<Utc>>,
}

impl Failure {
    /// A failure of the engine's own finding, with its code.
    pub fn of(class: FailureClass, code: &str) -> Self {
        Self { class, status: None, code: Some(code.to_owned()), message: None, retry_after: None }
    }
}

/// How it became known that a step is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The platform's answer.
    Answered,
    /// Found on the platform.
    LookedUp,
    /// A person or the client said so.
    Resolved,
}

/// What a look-up on the platform gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum LookUp {
    /// It is there.
    Present {
        /// The platform's name of it.
        remote_id: String,
        /// Where people see it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<Sealed>,
    },
    /// Everything back to the baseline was seen, and it isn't there.
    Absent,
    /// The platform could not be asked, or not completely.
    Unavailable {
        /// How the question failed.
        failure: Failure,
    },
}

/// One try at publishing a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counts from 1.
    pub number: u32,
    /// Whose it is.
    pub worker: crate::ids::WorkerId,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The content's revision that it sends.
    pub revision: u32,
    /// What the account's server offered then.
    pub delivery: Delivery,
    /// The newest thing that the account showed before, as the platform names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// What it was about to send.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intents: Vec<Intent>,
    /// The steps that it intended and that are live, whichever attempt's answer told so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<AttemptEnd>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEnd {
    /// When.
    pub at: DateTime<Utc>,
    /// `None` when it published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl Attempt {
    /// The intent whose step isn't known to be live.
    pub fn open_intent(&self) -> Option<&Intent> {
        self.intents.last().filter(|intent| !self.steps.contains(&intent.step))
    }

    /// Whether the last thing that it intended is live, whoever's answer told so.
    pub fn is_live(&self) -> bool {
        self.intents.last().is_some_and(|intent| self.steps.contains(&intent.step))
    }

    /// Whether what it intended may be live: it said so itself, or said nothing.
    pub fn is_in_doubt(&self) -> bool {
        let refused = self
            .end
            .as_ref()
            .and_then(|end| end.failure.as_ref())
            .is_some_and(|failure| !matches!(failure.class, FailureClass::Uncertain | FailureClass::Lapsed));
        self.open_intent().is_some() && !refused
    }

    /// Whether it may still do something.
    pub const fn is_running(&self) -> bool {
        self.end.is_none()
    }
}

/// The pause after the `failures`-th failure: doubling, with jitter, so that many don't come back at once.
pub fn backoff(first: Duration, most: Duration, failures: u32, jitter: f64) -> Duration {
    let doubled = first.num_milliseconds().saturating_mul(1_i64 << failures.saturating_sub(1).min(20));
    let bounded = doubled.clamp(1, most.num_milliseconds().max(1));
    let shaken = bounded as f64 * (0.8 + 0.4 * jitter.clamp(0.0, 1.0));
    Duration::milliseconds((shaken as i64).clamp(1, most.num_milliseconds().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pause = |failures| backoff(Duration::seconds(1), Duration::seconds(60), failures, 0.5).num_seconds();
        assert_eq!([pause(1), pause(2), pause(3), pause(6), pause(7), pause(4_000)], [1, 2, 4, 32, 60, 60]);
        let shortest = backoff(Duration::seconds(10), Duration::seconds(60), 1, 0.0);
        let longest = backoff(Duration::seconds(10), Duration::seconds(60), 1, 1.0);
        assert_eq!((shortest.num_seconds(), longest.num_seconds()), (8, 12));
    }
}
