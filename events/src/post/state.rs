//! A post's state, folded from its events.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Attempt, Content, Failure, Intent, Limits, PostCommand, PostError, PostEvent, PostServices, PostStatus, Removal,
    Step, Tag, TargetStatus, When,
};
use crate::{ids::AccountId, seal::Sealed};

/// A post. What is empty isn't written into the read models' copy of it: most of it is, most of the time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Post {
    /// Whether it was ever written.
    pub exists: bool,
    /// Whether it was deleted here.
    pub deleted: bool,
    /// Counts changes of content and schedule.
    pub revision: u32,
    /// What it says.
    pub content: Content<Sealed>,
    /// For each account a keyed digest of what it gets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digests: BTreeMap<AccountId, String>,
    /// The client's labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// How late it may be.
    pub limits: Limits,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Where it goes, in the client's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// When it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed, attempts included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
}

/// The post on one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The account.
    pub account_id: AccountId,
    /// Its platform.
    pub platform: String,
    /// Where it stands.
    pub phase: Phase,
    /// From when its limits count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DateTime<Utc>>,
    /// Every try, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// The step of an ended attempt that may be live, until that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertain: Option<Step>,
    /// What is live of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub done: BTreeMap<Step, StepDone>,
    /// Where people see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Sealed>,
    /// The last failure, until it is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What went wrong beside the post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Failure>,
    /// When it became known to be live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
    /// How many second posts were seen.
    pub duplicates: u32,
    /// The steps and the platform's names of those second posts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub second_posts: Vec<(Step, String)>,
    /// Its removal from the platform, where somebody asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
}

/// A step that is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDone {
    /// The attempt whose request made it.
    pub attempt: u32,
    /// The platform's name of it; `None` where only a person's word tells of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_id: Option<String>,
    /// Where people see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Sealed>,
}

/// Where a target stands, with what the next decision needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// Not scheduled.
    Pending,
    /// Waits for its due time.
    Scheduled,
    /// The newest attempt is running.
    Publishing,
    /// Waits for the next attempt.
    Retrying {
        /// When that may begin.
        at: DateTime<Utc>,
    },
    /// The newest attempt's fate is being settled.
    Settling(Settling),
    /// Live.
    Published,
    /// Over.
    Failed,
    /// Never sent.
    Missed,
    /// Only a person can settle it.
    Unknown,
    /// Called off.
    Canceled,
}

/// What is known while an attempt's fate is being settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// The step that may be live.
    pub step: Step,
    /// When it is worth asking or repeating.
    pub next_at: DateTime<Utc>,
    /// Complete look-ups in a row that did not find it and count.
    pub absences: u8,
    /// When the last one that counts was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_absence: Option<DateTime<Utc>>,
}

/// How many complete look-ups, a gap apart, prove an absence.
pub(super) const PROVING_ABSENCES: u8 = 2;

impl Target {
    /// The word that clients see.
    pub const fn status(&self) -> TargetStatus {
        match &self.phase {
            Phase::Pending => TargetStatus::Pending,
            Phase::Scheduled => TargetStatus::Scheduled,
            Phase::Publishing | Phase::Settling(_) => TargetStatus::Publishing,
            Phase::Retrying { .. } => TargetStatus::Retrying,
            Phase::Published => TargetStatus::Published,
            Phase::Failed => TargetStatus::Failed,
            Phase::Missed => TargetStatus::Missed,
            Phase::Unknown => TargetStatus::Unknown,
            Phase::Canceled => TargetStatus::Canceled,
        }
    }

    /// The newest attempt.
    pub fn newest(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// The steps that an attempt's own requests made live.
    pub fn made_by(&self, number: u32) -> impl Iterator<Item = Step> + '_ {
        self.done.iter().filter(move |(_, done)| done.attempt == number).map(|(step, _)| *step)
    }

    /// The number that the next attempt gets.
    pub fn next_number(&self) -> u32 {
        self.newest().map_or(1, |attempt| attempt.number + 1)
    }

    /// Whether something of it may be live that isn't known to be: what is sent anew now may be a second post.
    pub fn is_in_doubt(&self) -> bool {
        let intended = self.newest().is_some_and(|attempt| attempt.is_running() && attempt.open_intent().is_some());
        intended || self.uncertain.is_some() || self.phase == Phase::Unknown
    }

    /// What went wrong: while it is in doubt, what left it so, whatever a later try said.
    pub fn error(&self) -> Option<&Failure> {
        let left =
            self.attempts.iter().rev().find(|attempt| attempt.is_in_doubt()).and_then(|attempt| attempt.end.as_ref());
        let left = left.filter(|_| self.is_in_doubt()).and_then(|end| end.failure.as_ref());
        self.failure.as_ref().map(|newest| left.unwrap_or(newest))
    }

    /// Whether something of it may be live or about to be: its content can't change any more.
    pub fn is_frozen(&self) -> bool {
        self.is_in_doubt() || !self.done.is_empty() || self.phase == Phase::Published
    }

    /// When this step was first intended under this marker.
    pub fn first_intent(&self, step: Step, marker: &str) -> Option<DateTime<Utc>> {
        let intents = self.attempts.iter().flat_map(|attempt| &attempt.intents);
        intents.filter(|intent| intent.step == step && intent.marker == marker).map(|intent| intent.at).min()
    }

    /// The newest intent of any attempt.
    pub fn last_intent(&self) -> Option<&Intent> {
        self.attempts.iter().rev().find_map(|attempt| attempt.intents.last())
    }

    /// When an attempt at it may begin, or its fate be asked for; `None` where nothing is waited for.
    pub const fn next_at(&self) -> Option<DateTime<Utc>> {
        match &self.phase {
            Phase::Scheduled => self.due,
            Phase::Retrying { at } => Some(*at),
            Phase::Settling(settling) => Some(settling.next_at),
            _ => None,
        }
    }
}

impl Post {
    /// The word that clients see.
    pub fn status(&self) -> PostStatus {
        PostStatus::of(self.targets.iter().map(Target::status))
    }

    /// Whether nothing happened to it but what its revision counts.
    pub fn is_untouched(&self) -> bool {
        let due = self.when.as_ref().map(|when| when.at);
        self.targets.iter().all(|target| match target.phase {
            Phase::Pending => target.attempts.is_empty(),
            Phase::Scheduled => target.attempts.is_empty() && target.due == due,
            _ => false,
        })
    }

    /// One of its targets.
    pub fn target(&self, account: AccountId) -> Option<&Target> {
        self.targets.iter().find(|target| target.account_id == account)
    }

    /// The steps that a target takes, in order.
    pub fn steps(&self, account: AccountId) -> Vec<Step> {
        self.content.for_account(account).steps()
    }

    /// The first step of a target that isn't live.
    pub fn next_step(&self, target: &Target) -> Option<Step> {
        self.steps(target.account_id).into_iter().find(|step| !target.done.contains_key(step))
    }

    /// Whether a target's next step is known to hang under something that nobody can name: it can't be sent.
    pub fn lacks_parent(&self, target: &Target) -> bool {
        let parent = self.next_step(target).and_then(Step::parent);
        parent.and_then(|step| target.done.get(&step)).is_some_and(|done| done.remote_id.is_none())
    }

    /// Until when tries at a target go on.
    pub fn give_up_at(&self, target: &Target) -> Option<DateTime<Utc>> {
        target.due.map(|due| due + Duration::seconds(i64::from(self.limits.give_up_after_seconds)))
    }

    /// From when a target that was not begun is missed.
    pub fn missed_at(&self, target: &Target) -> Option<DateTime<Utc>> {
        target.due.map(|due| due + Duration::seconds(i64::from(self.limits.late_limit_seconds)))
    }

    pub(super) fn target_mut(&mut self, account: AccountId) -> Option<&mut Target> {
        self.targets.iter_mut().find(|target| target.account_id == account)
    }
}

impl cqrs_es::Aggregate for Post {
    const TYPE: &'static str = "post";
    type Command = PostCommand;
    type Event = PostEvent;
    type Error = PostError;
    type Services = PostServices;

    async fn handle(
        &mut self,
        command: PostCommand,
        services: &PostServices,
        sink: &cqrs_es::event_sink::EventSink<Self>,
    ) -> Result<(), PostError> {
        for event in self.decide(command, services)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: PostEvent) {
        self.fold(event);
    }
}
