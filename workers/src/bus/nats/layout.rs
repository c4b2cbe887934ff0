//! Names, and the stream's and the consumers' configurations.

use std::time::Duration;

use async_nats::jetstream::{consumer, stream};

use super::{super::Job, settings::Settings, settings::is_token};

/// After this long a message leaves the stream, taken or not: the sweeper has put its target again long since, or nobody
/// works for that platform.
const MOST_AGE: Duration = Duration::from_secs(60 * 60);
/// How long the server knows a message's id. It keeps one that was sent again, because its answer was lost, from counting
/// twice; two puts never share an id.
const DUPLICATES: Duration = Duration::from_secs(10);
/// The last part of a canary's subject.
const CANARY: &str = "canary";

/// What all names begin with.
const ROOT: &str = "campanile";

/// Where everything is on the server: under a name that all nodes of one engine share and no other engine has.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// What the engine is called here.
    name: String,
    replicas: usize,
    in_flight: usize,
    ack_wait: Duration,
}

/// What a message of the stream is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A job; by this key its target is known.
    Job(&'a str),
    Canary,
}

impl Layout {
    pub fn new(settings: &Settings, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            replicas: settings.replicas,
            in_flight: settings.in_flight,
            ack_wait: settings.ack_wait,
        }
    }

    /// The stream of jobs.
    pub fn stream(&self) -> String {
        format!("{}_JOBS_{}", ROOT.to_uppercase(), self.name)
    }

    /// A platform's consumer.
    pub fn consumer(platform: &str) -> String {
        format!("publish_{platform}")
    }

    /// All jobs of a platform.
    pub fn platform(&self, platform: &str) -> String {
        format!("{}.>", self.publish(platform))
    }

    /// The subject of a job's target; `None` if its platform can't be named in one.
    pub fn job(&self, job: &Job) -> Option<String> {
        is_token(&job.platform).then(|| format!("{}.{}", self.publish(&job.platform), key(job)))
    }

    /// The subject of a platform's canary.
    pub fn canary(&self, platform: &str) -> String {
        format!("{}.{CANARY}", self.publish(platform))
    }

    fn publish(&self, platform: &str) -> String {
        format!("{ROOT}.jobs.publish.{platform}.{}", self.name)
    }

    /// What a message on this subject is.
    pub fn kind<'a>(&self, subject: &'a str) -> Option<Kind<'a>> {
        let (_, rest) = subject.strip_prefix(ROOT)?.strip_prefix(".jobs.publish.")?.split_once('.')?;
        let key = rest.strip_prefix(self.name.as_str())?.strip_prefix('.')?;
        Some(if key == CANARY { Kind::Canary } else { Kind::Job(key) })
    }

    /// Where it is told that a target was put while it waited or was in hand.
    pub fn again(&self) -> String {
        format!("{ROOT}.{}.again", self.name)
    }

    /// Where it is told that a platform's canary came round.
    pub fn heard(&self) -> String {
        format!("{ROOT}.{}.heard", self.name)
    }

    /// Where it is told that something moved.
    pub fn wake(&self, what: &str) -> String {
        format!("{ROOT}.{}.wake.{what}", self.name)
    }

    pub fn stream_config(&self) -> stream::Config {
        stream::Config {
            name: self.stream(),
            // `campanile.jobs.KIND.FOR.NAME.…`: kinds to come find their place.
            subjects: vec![format!("{ROOT}.jobs.*.*.{}.>", self.name)],
            retention: stream::RetentionPolicy::WorkQueue,
            storage: stream::StorageType::File,
            num_replicas: self.replicas,
            max_age: MOST_AGE,
            duplicate_window: DUPLICATES,
            // One message for a target, and a second is refused rather than put in its place: what waits keeps its turn.
            max_messages_per_subject: 1,
            discard: stream::DiscardPolicy::New,
            discard_new_per_subject: true,
            ..stream::Config::default()
        }
    }

    pub fn consumer_config(&self, platform: &str) -> consumer::pull::Config {
        consumer::pull::Config {
            durable_name: Some(Self::consumer(platform)),
            filter_subject: self.platform(platform),
            ack_policy: consumer::AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            max_ack_pending: i64::try_from(self.in_flight).unwrap_or(i64::MAX),
            ..consumer::pull::Config::default()
        }
    }
}

/// What a job's target is known by.
pub(super) fn key(job: &Job) -> String {
    format!("{}.{}", job.post_id, job.account_id)
}
