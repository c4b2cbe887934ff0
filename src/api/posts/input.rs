//! What a client writes of a post.

use std::collections::BTreeMap;

use campanile_events::{
    ids::AccountId,
    post::{Content, Override},
    seal::Open,
};
use serde::{Deserialize, Deserializer};

use super::when::Schedule;
use crate::{
    access::plans::{Allowance, Feature},
    api::{
        http::{ApiError, Detail},
        openapi::{AccountRef, MediaRef},
    },
};

const MOST_ACCOUNTS: usize = 100;
const MOST_TAGS: usize = 50;
const LONGEST_TAG: usize = 100;
/// Thirty days.
const MOST_SECONDS: u32 = 30 * 24 * 3600;

/// A new post.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPost {
    /// Its text.
    #[schema(value_type = String)]
    pub(super) body: Text,
    /// The accounts that it goes to.
    #[schema(value_type = BTreeSet<AccountRef>, min_items = 1, max_items = 100)]
    pub(super) account_ids: Vec<AccountId>,
    /// Its pictures and films.
    #[serde(default)]
    #[schema(value_type = Vec<MediaRef>)]
    pub(super) media_ids: Vec<String>,
    /// Labels of your own, of up to 100 characters.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(super) tags: Vec<String>,
    /// What follows it.
    #[serde(default)]
    pub(super) thread: Vec<Part>,
    /// The first comment under it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) first_comment: Option<Text>,
    /// What an account's post says instead, by account.
    #[serde(default)]
    #[schema(value_type = BTreeMap<AccountRef, OwnContent>)]
    pub(super) overrides: BTreeMap<AccountId, OwnContent>,
    /// How long after its due time it is still sent, if the engine was down; 3600 if not said.
    #[schema(minimum = 1, maximum = 2_592_000)]
    pub(super) late_limit_seconds: Option<u32>,
    /// How long after its due time it is tried again; as long as the late limit if not said.
    #[schema(minimum = 1, maximum = 2_592_000)]
    pub(super) give_up_after_seconds: Option<u32>,
    /// Lets it through though another has the same content for the same account.
    #[serde(default)]
    pub(super) allow_duplicate: bool,
    /// When it is due; takes the scope `posts:publish` too.
    pub(super) schedule: Option<Schedule>,
    /// Whether it is due now; takes the scope `posts:publish` too.
    #[serde(default)]
    pub(super) publish: bool,
}

/// Changes of a post; what is absent stays. `null` takes away what may be absent.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostChanges {
    /// Its text.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    pub(super) body: Option<Text>,
    /// The accounts that it goes to.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = BTreeSet<AccountRef>, required = false, min_items = 1, max_items = 100)]
    pub(super) account_ids: Option<Vec<AccountId>>,
    /// Its pictures and films.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<MediaRef>, required = false)]
    pub(super) media_ids: Option<Vec<String>>,
    /// Labels of your own, of up to 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    pub(super) tags: Option<Vec<String>>,
    /// What follows it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Part>, required = false)]
    pub(super) thread: Option<Vec<Part>>,
    /// The first comment under it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) first_comment: Change<Text>,
    /// What an account's post says instead, by account.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = BTreeMap<AccountRef, OwnContent>, required = false)]
    pub(super) overrides: Option<BTreeMap<AccountId, OwnContent>>,
    /// How long after its due time it is still sent, if the engine was down.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 2_592_000)]
    pub(super) late_limit_seconds: Option<u32>,
    /// How long after its due time it is tried again.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 2_592_000)]
    pub(super) give_up_after_seconds: Option<u32>,
    /// Lets it through though another has the same content for the same account.
    #[serde(default)]
    pub(super) allow_duplicate: bool,
}

/// A part of a thread.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its text.
    #[schema(value_type = String)]
    pub(super) body: Text,
}

/// What one account's post says instead.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnContent {
    /// Its text.
    #[schema(value_type = Option<String>)]
    pub(super) body: Option<Text>,
    /// What follows it.
    pub(super) thread: Option<Vec<Part>>,
    /// The first comment under it.
    #[schema(value_type = Option<String>)]
    pub(super) first_comment: Option<Text>,
}

/// Text that never shows in `Debug`.
#[derive(Debug, Clone)]
pub struct Text(Open);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Open::new(text)))
    }
}

/// What may be absent, but isn't `null`: that would be passed over.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Tells `null` from what is absent.
#[derive(Debug, Default)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Absent,
    /// It goes.
    Nothing,
    /// It is this now.
    To(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Nothing, Self::To))
    }
}

impl NewPost {
    /// What it says.
    pub fn content(&self) -> Content<Open> {
        Content {
            body: self.body.0.clone(),
            thread: texts(&self.thread),
            first_comment: self.first_comment.as_ref().map(|text| text.0.clone()),
            media_ids: Vec::new(),
            overrides: overrides(&self.overrides),
        }
    }

    /// Refuses what the form doesn't allow.
    pub fn check(&self) -> Result<(), ApiError> {
        let mut wrong = Vec::new();
        check_accounts(&self.account_ids, &mut wrong);
        check_tags(&self.tags, &mut wrong);
        check_overrides(&self.overrides, &self.account_ids, &mut wrong);
        check_seconds(self.late_limit_seconds, self.give_up_after_seconds, &mut wrong);
        if self.publish && self.schedule.is_some() {
            wrong.push(detail("publish", "conflicting", "can't stand beside `schedule`"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(ApiError::invalid_all(wrong)) }
    }
}

impl NewPost {
    /// Refuses what the workspace's plan lacks.
    pub fn check_plan(&self, allowance: &Allowance) -> Result<(), ApiError> {
        allowance.check(Feature::SeveralAccounts, self.account_ids.len() > 1, "account_ids")?;
        allowance.check(Feature::Media, !self.media_ids.is_empty(), "media_ids")?;
        allowance.check(Feature::Scheduling, self.schedule.is_some(), "schedule")?;
        allowance.check(Feature::Threads, !self.thread.is_empty(), "thread")?;
        allowance.check(Feature::FirstComments, self.first_comment.is_some(), "first_comment")?;
        check_plan_of_overrides(&self.overrides, allowance)
    }
}

impl PostChanges {
    /// Refuses what the workspace's plan lacks, of what they bring: what the post has already, it keeps.
    pub fn check_plan(&self, allowance: &Allowance) -> Result<(), ApiError> {
        let several = self.account_ids.as_ref().is_some_and(|it| it.len() > 1);
        allowance.check(Feature::SeveralAccounts, several, "account_ids")?;
        let media = self.media_ids.as_ref().is_some_and(|it| !it.is_empty());
        allowance.check(Feature::Media, media, "media_ids")?;
        let thread = self.thread.as_ref().is_some_and(|it| !it.is_empty());
        allowance.check(Feature::Threads, thread, "thread")?;
        allowance.check(Feature::FirstComments, matches!(self.first_comment, Change::To(_)), "first_comment")?;
        self.overrides.as_ref().map_or(Ok(()), |it| check_plan_of_overrides(it, allowance))
    }

    /// What the post says with these changes.
    pub fn content(&self, before: &Content<Open>) -> Content<Open> {
        Content {
            body: self.body.as_ref().map_or_else(|| before.body.clone(), |text| text.0.clone()),
            thread: self.thread.as_deref().map_or_else(|| before.thread.clone(), texts),
            first_comment: match &self.first_comment {
                Change::To(text) => Some(text.0.clone()),
                Change::Nothing => None,
                Change::Absent => before.first_comment.clone(),
            },
            media_ids: before.media_ids.clone(),
            overrides: self.overrides.as_ref().map_or_else(|| before.overrides.clone(), overrides),
        }
    }

    /// Refuses what the form doesn't allow; `accounts` are those that the post goes to with these changes.
    pub fn check(&self, accounts: &[AccountId]) -> Result<(), ApiError> {
        let mut wrong = Vec::new();
        check_accounts(accounts, &mut wrong);
        check_tags(self.tags.as_deref().unwrap_or_default(), &mut wrong);
        if let Some(overrides) = &self.overrides {
            check_overrides(overrides, accounts, &mut wrong);
        }
        check_seconds(self.late_limit_seconds, self.give_up_after_seconds, &mut wrong);
        if wrong.is_empty() { Ok(()) } else { Err(ApiError::invalid_all(wrong)) }
    }
}

fn check_plan_of_overrides(all: &BTreeMap<AccountId, OwnContent>, allowance: &Allowance) -> Result<(), ApiError> {
    all.iter().try_for_each(|(account, own)| {
        let thread = own.thread.as_ref().is_some_and(|it| !it.is_empty());
        allowance.check(Feature::Threads, thread, &format!("overrides.{account}.thread"))?;
        let field = format!("overrides.{account}.first_comment");
        allowance.check(Feature::FirstComments, own.first_comment.is_some(), &field)
    })
}

fn texts(parts: &[Part]) -> Vec<Open> {
    parts.iter().map(|part| part.body.0.clone()).collect()
}

fn overrides(given: &BTreeMap<AccountId, OwnContent>) -> BTreeMap<AccountId, Override<Open>> {
    let own = |own: &OwnContent| Override {
        body: own.body.as_ref().map(|text| text.0.clone()),
        thread: own.thread.as_deref().map(texts),
        first_comment: own.first_comment.as_ref().map(|text| text.0.clone()),
    };
    given.iter().map(|(account, given)| (*account, own(given))).collect()
}

fn check_accounts(accounts: &[AccountId], wrong: &mut Vec<Detail>) {
    if accounts.is_empty() {
        wrong.push(detail("account_ids", "empty", "must name at least one account"));
    }
    if accounts.len() > MOST_ACCOUNTS {
        wrong.push(detail("account_ids", "too_many", &format!("may name at most {MOST_ACCOUNTS} accounts")));
    }
    for (at, account) in accounts.iter().enumerate() {
        if accounts[..at].contains(account) {
            wrong.push(detail(&format!("account_ids[{at}]"), "repeated", "is named twice"));
        }
    }
}

fn check_tags(tags: &[String], wrong: &mut Vec<Detail>) {
    if tags.len() > MOST_TAGS {
        wrong.push(detail("tags", "too_many", &format!("may be at most {MOST_TAGS}")));
    }
    for (at, tag) in tags.iter().enumerate() {
        if tag.trim().is_empty() || tag.chars().count() > LONGEST_TAG {
            let message = format!("must have from 1 to {LONGEST_TAG} characters");
            wrong.push(detail(&format!("tags[{at}]"), "invalid", &message));
        }
    }
}

fn check_overrides(given: &BTreeMap<AccountId, OwnContent>, accounts: &[AccountId], wrong: &mut Vec<Detail>) {
    for account in given.keys().filter(|account| !accounts.contains(account)) {
        let message = "is not one of the post's accounts";
        wrong.push(detail(&format!("overrides.{account}"), "unknown_account", message));
    }
}

fn check_seconds(late: Option<u32>, give_up: Option<u32>, wrong: &mut Vec<Detail>) {
    for (field, seconds) in [("late_limit_seconds", late), ("give_up_after_seconds", give_up)] {
        if seconds.is_some_and(|seconds| seconds == 0 || seconds > MOST_SECONDS) {
            wrong.push(detail(field, "out_of_range", &format!("must be from 1 to {MOST_SECONDS}")));
        }
    }
}

fn detail(field: &str, code: &str, message: &str) -> Detail {
    let text = str::to_owned;
    Detail { field: text(field), code: text(code), message: text(message), account_id: None, platform: None }
}
