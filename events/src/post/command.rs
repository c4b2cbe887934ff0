//! What may be asked of a post.

use chrono::{DateTime, Utc};

use super::{
    ContentInHand, Delivery, Evidence, Failure, Intent, Limits, LookUp, Resolution, Rules, Step, Tag, TargetRef, When,
};
use crate::{
    ids::{AccountId, WorkerId},
    seal::Sealed,
    timing::Timing,
};

/// A command with what a decision may know of the world besides the post itself.
#[derive(Debug, Clone)]
pub struct PostCommand {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// Chance for the pause before a retry, in `0.0..1.0`.
    pub jitter: f64,
    /// What is asked.
    pub action: PostAction,
}

impl PostCommand {
    /// A command at `now`.
    pub const fn new(now: DateTime<Utc>, jitter: f64, action: PostAction) -> Self {
        Self { now, jitter, action }
    }
}

/// The time constants that decisions go by.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostServices {
    /// How long things may take.
    pub timing: Timing,
}

/// The rules of one account's platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRules {
    /// The account, with its platform.
    pub target: TargetRef,
    /// What it takes.
    pub rules: Rules,
}

/// What is asked of a post.
#[derive(Debug, Clone)]
pub enum PostAction {
    /// Write it.
    Draft {
        /// What it says.
        content: Box<ContentInHand>,
        /// Where it goes, with the rules of each place.
        targets: Vec<TargetRules>,
        /// The client's labels.
        tags: Vec<Tag>,
        /// How late it may be.
        limits: Limits,
    },
    /// Write it with a due time at once: where either is refused, nothing follows.
    DraftScheduled {
        /// What it says.
        content: Box<ContentInHand>,
        /// Where it goes, with the rules of each place.
        targets: Vec<TargetRules>,
        /// The client's labels.
        tags: Vec<Tag>,
        /// How late it may be.
        limits: Limits,
        /// When.
        when: When,
    },
    /// Change it; what is absent stays.
    Edit {
        /// The revision that the client knows, if it cares.
        if_revision: Option<u32>,
        /// What it says, with what did not change: the whole is checked again.
        content: Box<ContentInHand>,
        /// Where it goes, with the rules of each place: all of them, changed or not.
        targets: Vec<TargetRules>,
        /// The client's labels.
        tags: Option<Vec<Tag>>,
        /// How late it may be.
        limits: Option<Limits>,
    },
    /// Give it a due time.
    Schedule {
        /// When.
        when: When,
    },
    /// Make it due now.
    Publish,
    /// Take its due time away.
    Unschedule,
    /// Call targets off; all of them if none is named.
    Cancel {
        /// Which.
        account_ids: Vec<AccountId>,
    },
    /// Send failed and missed targets again, and first comments that failed beside a post that is live; all of them if none
    /// is named.
    Retry {
        /// Which.
        account_ids: Vec<AccountId>,
    },
    /// Settle an unknown target: the step that is in doubt, after which the rest follows.
    Resolve {
        /// Which.
        account_id: AccountId,
        /// How.
        resolution: Resolution,
    },
    /// Delete it here.
    Delete {
        /// The revision that the client knows, if it cares.
        if_revision: Option<u32>,
        /// Whether what stands on its platforms is to go, too.
        on_platforms: bool,
    },
    /// A worker begins an attempt; a due target that is too late is missed or given up instead.
    StartAttempt {
        /// Which target.
        account_id: AccountId,
        /// The number that the worker expects: the fence.
        number: u32,
        /// Who.
        worker: WorkerId,
        /// What the account's server offers.
        delivery: Delivery,
        /// The newest thing that the account shows.
        baseline: Option<String>,
        /// The revision that the worker has read.
        revision: u32,
        /// The first intent, where nothing has to be prepared.
        intent: Option<Intent>,
    },
    /// The worker is about to send.
    IntendSend {
        /// Which target.
        account_id: AccountId,
        /// Its attempt.
        number: u32,
        /// Who.
        worker: WorkerId,
        /// What.
        intent: Intent,
    },
    /// A step is live, by the platform's answer.
    CompleteStep {
        /// Which target.
        account_id: AccountId,
        /// The attempt that intended it.
        number: u32,
        /// Which step.
        step: Step,
        /// The platform's name of it.
        remote_id: String,
        /// Where people see it.
        url: Option<Sealed>,
        /// Whether to take the remote name as this target's own.
        claim: bool,
    },
    /// An attempt failed.
    FailAttempt {
        /// Which target.
        account_id: AccountId,
        /// The attempt.
        number: u32,
        /// The step that the failure is about, where something was intended.
        step: Option<Step>,
        /// How.
        failure: Failure,
    },
    /// The attempt's worker is gone.
    LapseAttempt {
        /// Which target.
        account_id: AccountId,
        /// The attempt.
        number: u32,
    },
    /// The platform was asked for a step whose fate is uncertain.
    RecordLookUp {
        /// Which target.
        account_id: AccountId,
        /// The attempt.
        number: u32,
        /// Which step.
        step: Step,
        /// When the platform was asked.
        asked_at: DateTime<Utc>,
        /// What it said.
        look_up: LookUp,
        /// Whether to take the remote name as this target's own.
        claim: bool,
    },
    /// Nothing more can be asked or repeated: leave the target to a person.
    LeaveUnknown {
        /// Whether that is because its account was disconnected.
        account_gone: bool,
        /// Which target.
        account_id: AccountId,
        /// The attempt.
        number: u32,
    },
    /// The log was restored from a copy: what may have been sent since is not to be sent again.
    HoldRestored {
        /// Whether targets that are due later are held, too.
        scheduled_too: bool,
    },
    /// What stood on the platform is gone.
    CompleteRemoval {
        /// Which target.
        account_id: AccountId,
        /// The platform's names of it.
        removed: Vec<String>,
    },
    /// Not all of it could be removed.
    FailRemoval {
        /// Which target.
        account_id: AccountId,
        /// The platform's names of what was.
        removed: Vec<String>,
        /// How the rest failed.
        failure: Failure,
    },
}

/// How a step that an attempt intended became live.
pub(super) struct Completion {
    pub number: u32,
    pub step: Step,
    pub remote_id: String,
    pub url: Option<Sealed>,
    pub evidence: Evidence,
    pub claimed: bool,
}
