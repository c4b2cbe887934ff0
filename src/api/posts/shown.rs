//! What answers about posts hold: the shapes that `render`, `results` and `history` write, for the API's description.

use std::collections::BTreeMap;

use utoipa::{IntoParams, ToSchema};

use super::input::Part;
use crate::api::openapi::{
    AccountRef, AttemptOutcome, DeliveryClass, EventRef, FailureClassName, PlatformName, PostRef, PostStatusName,
    TargetStatusName,
};

/// A post.
#[derive(Debug, ToSchema)]
pub struct Post {
    /// Its id.
    #[schema(value_type = PostRef)]
    pub id: String,
    /// Where it stands, drawn from its targets.
    #[schema(value_type = PostStatusName)]
    pub status: String,
    /// Counts changes of content and schedule; the `ETag`.
    pub revision: u32,
    /// Its text.
    pub body: String,
    /// The accounts that it goes to.
    #[schema(value_type = Vec<AccountRef>)]
    pub account_ids: Vec<String>,
    /// Its pictures and films.
    pub media_ids: Vec<String>,
    /// Labels of the client's own.
    pub tags: Vec<String>,
    /// What follows it.
    pub thread: Vec<Part>,
    /// The first comment under it.
    #[schema(required = true)]
    pub first_comment: Option<String>,
    /// What an account's post says instead, by account.
    pub overrides: BTreeMap<String, OverrideShown>,
    /// One for each account.
    pub targets: Vec<TargetShown>,
    /// When it is due.
    #[schema(required = true, format = DateTime)]
    pub scheduled_at: Option<String>,
    /// The same on the clocks of `time_zone`, if that is how it was said.
    #[schema(required = true)]
    pub local_time: Option<String>,
    /// An IANA time zone.
    #[schema(required = true)]
    pub time_zone: Option<String>,
    /// How long after its due time it is still sent, if the engine was down.
    pub late_limit_seconds: u32,
    /// How long after its due time it is tried again.
    pub give_up_after_seconds: u32,
    /// The key or the person that wrote it, or `operator`.
    pub created_by: String,
    /// When it was written.
    #[schema(required = true, format = DateTime)]
    pub created_at: Option<String>,
    /// When it last changed.
    #[schema(required = true, format = DateTime)]
    pub updated_at: Option<String>,
}

/// What one account's post says instead; what is absent is as the post says.
#[derive(Debug, ToSchema)]
pub struct OverrideShown {
    /// Its text.
    #[schema(nullable = false)]
    pub body: Option<String>,
    /// What follows it.
    #[schema(value_type = Vec<Part>, required = false)]
    pub thread: Option<Vec<Part>>,
    /// The first comment under it.
    #[schema(nullable = false)]
    pub first_comment: Option<String>,
}

/// A post on one account.
#[derive(Debug, ToSchema)]
pub struct TargetShown {
    /// The account.
    #[schema(value_type = AccountRef)]
    pub account_id: String,
    /// Its platform.
    #[schema(value_type = PlatformName)]
    pub platform: String,
    /// Where it stands.
    #[schema(value_type = TargetStatusName)]
    pub status: String,
    /// How many attempts there were.
    pub attempts: u32,
    /// Where people see it.
    #[schema(required = true)]
    pub url: Option<String>,
    /// What of it stands on the platform, in the order in which it was sent: of a thread that stopped, the parts before.
    pub parts: Vec<StepShown>,
    /// Why it is not published.
    #[schema(required = true)]
    pub error: Option<FailureShown>,
    /// What went wrong beside it, such as the first comment.
    #[schema(required = true)]
    pub warning: Option<FailureShown>,
    /// When it was published.
    #[schema(required = true, format = DateTime)]
    pub published_at: Option<String>,
    /// When it is tried again.
    #[schema(required = true, format = DateTime)]
    pub next_attempt_at: Option<String>,
}

/// How something failed, with the platform's own words.
#[derive(Debug, ToSchema)]
pub struct FailureShown {
    /// What it means for the next step.
    #[schema(value_type = FailureClassName)]
    pub class: String,
    /// The platform's HTTP status.
    #[schema(required = true)]
    pub status: Option<u16>,
    /// The platform's own code.
    #[schema(required = true)]
    pub code: Option<String>,
    /// The platform's own message.
    #[schema(required = true)]
    pub message: Option<String>,
    /// When the platform takes requests again.
    #[schema(required = true, format = DateTime)]
    pub retry_after: Option<String>,
    /// Whether another attempt may succeed and, by what is known now, can make no second post: false while something
    /// that was sent may be live, and for an attempt whose post is.
    pub retry_safe: bool,
}

/// Every attempt at one target.
#[derive(Debug, ToSchema)]
pub struct TargetResults {
    /// The account.
    #[schema(value_type = AccountRef)]
    pub account_id: String,
    /// Its platform.
    #[schema(value_type = PlatformName)]
    pub platform: String,
    /// Where it stands.
    #[schema(value_type = TargetStatusName)]
    pub status: String,
    /// Where people see it.
    #[schema(required = true)]
    pub url: Option<String>,
    /// What of it stands on the platform, in the order in which it was sent: of a thread that stopped, the parts before.
    pub parts: Vec<StepShown>,
    /// When it was published.
    #[schema(required = true, format = DateTime)]
    pub published_at: Option<String>,
    /// How many second posts were seen on the platform; 0 unless somebody else sent one.
    pub duplicates_observed: u32,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptShown>,
}

/// One attempt.
#[derive(Debug, ToSchema)]
pub struct AttemptShown {
    /// Counts from 1.
    pub number: u32,
    /// When it began.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When it ended; `null` while it goes on.
    #[schema(required = true, format = DateTime)]
    pub ended_at: Option<String>,
    /// How it ended; `null` while it goes on.
    #[schema(value_type = Option<AttemptOutcome>, required = true)]
    pub outcome: Option<String>,
    /// What the account's server offered against doubles.
    #[schema(value_type = DeliveryClass)]
    pub delivery: String,
    /// Why it failed.
    #[schema(required = true)]
    pub error: Option<FailureShown>,
    /// What it showed, or meant to.
    pub steps: Vec<StepShown>,
}

/// One thing that an attempt shows on the platform.
#[derive(Debug, ToSchema)]
pub struct StepShown {
    /// `part-0` is the post, `part-1` what follows it, `comment` the first comment.
    #[schema(pattern = "^(part-[0-9]+|comment)$")]
    pub step: String,
    /// The platform's id of it; `null` where only `resolve` told of it.
    #[schema(required = true)]
    pub remote_id: Option<String>,
    /// Where people see it.
    #[schema(required = true)]
    pub url: Option<String>,
}

/// One event of a post's stream.
#[derive(Debug, ToSchema)]
pub struct HistoryEvent {
    /// Its id.
    #[schema(value_type = EventRef)]
    pub id: String,
    /// Its type, such as `post.scheduled`.
    #[schema(rename = "type", pattern = "^[a-z_]+[.][a-z_]+$")]
    pub event_type: String,
    /// The version of its payload's shape.
    pub schema: u32,
    /// Its place in the post's stream.
    pub version: u64,
    /// Its place in the log.
    #[schema(pattern = "^[0-9]+-[0-9]+$", example = "1-104277")]
    pub position: String,
    /// When it was recorded.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who did it: a key, a person, a worker, `engine` or `operator`.
    pub actor: String,
    /// The request that it came from.
    #[schema(required = true)]
    pub request_id: Option<String>,
    /// The hash of its leaf in the Merkle tree.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub leaf_hash: String,
    /// What it says; its shape goes by `type` and `schema`.
    #[schema(value_type = Object, additional_properties)]
    pub data: serde_json::Value,
}

/// Whether an account's platform would take a post.
#[derive(Debug, ToSchema)]
pub struct Verdict {
    /// The account.
    #[schema(value_type = AccountRef)]
    pub account_id: String,
    /// Its platform.
    #[schema(value_type = PlatformName)]
    pub platform: String,
    /// Whether it would.
    pub ok: bool,
    /// Which of its rules the post breaks.
    pub violations: Vec<Violation>,
}

/// A platform's rule that a post breaks.
#[derive(Debug, ToSchema)]
pub struct Violation {
    /// Where, such as `thread[0].body`, or `overrides.acct_….body` for what this account gets instead.
    pub field: String,
    /// A stable name, such as `too_long`.
    pub code: String,
    /// What a person reads.
    pub message: String,
}

/// Which posts.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PostFilters {
    /// That stand here.
    #[param(value_type = Option<PostStatusName>)]
    pub status: Option<String>,
    /// That have a target that stands here: with `unknown`, all that wait for somebody to settle them.
    #[param(value_type = Option<TargetStatusName>)]
    pub target_status: Option<String>,
    /// That go to this account.
    #[param(value_type = Option<AccountRef>)]
    pub account_id: Option<String>,
    /// That go to an account of this platform.
    pub platform: Option<String>,
    /// That have this label.
    pub tag: Option<String>,
    /// That this key, or this person, wrote.
    #[param(pattern = "^(key|user)_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub created_by: Option<String>,
    /// That are due at this time or later.
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// That are due before this time.
    #[param(format = DateTime)]
    pub to: Option<String>,
}

/// What a request to delete a post may say.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Deleting {
    /// Remove it from its platforms, too. `GET /v1/platforms` says which can (`can_delete`).
    #[param(default = false)]
    pub on_platforms: Option<bool>,
}
