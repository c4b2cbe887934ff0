//! A post as clients see it.

use std::collections::BTreeMap;

use campanile_events::{
    ids::{AccountId, MediaId, PostId},
    journal::Actor,
    post::{Content, Failure, Post, PostStatus, Step, StepDone, Target, TargetStatus},
    seal::{DataKey, Open, Sealed, fields},
};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use super::seal;
use crate::api::http::{ApiError, instant, optional_instant, written};

/// A post as it goes out. Its fields come in this order.
#[derive(Serialize)]
struct Shown<'a> {
    id: PostId,
    status: PostStatus,
    revision: u32,
    body: &'a str,
    account_ids: Vec<AccountId>,
    media_ids: &'a [MediaId],
    tags: Vec<String>,
    thread: Vec<Part<'a>>,
    first_comment: Option<&'a str>,
    overrides: BTreeMap<AccountId, Own<'a>>,
    targets: Vec<ShownTarget<'a>>,
    scheduled_at: Option<String>,
    local_time: Option<String>,
    time_zone: Option<&'static str>,
    late_limit_seconds: u32,
    give_up_after_seconds: u32,
    created_by: &'a Actor,
    created_at: Option<String>,
    updated_at: Option<String>,
}

#[derive(Serialize)]
struct Part<'a> {
    body: &'a str,
}

/// What one account's post says instead.
#[derive(Serialize)]
struct Own<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<Vec<Part<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_comment: Option<&'a str>,
}

#[derive(Serialize)]
struct ShownTarget<'a> {
    account_id: AccountId,
    platform: &'a str,
    status: TargetStatus,
    attempts: usize,
    url: Option<String>,
    parts: Vec<Value>,
    error: Option<Value>,
    warning: Option<Value>,
    published_at: Option<String>,
    next_attempt_at: Option<String>,
}

/// Everything of a post but its attempts.
pub(super) fn post(key: &DataKey, id: PostId, post: &Post, created_by: &Actor) -> Result<Box<RawValue>, ApiError> {
    let content = seal::open(key, &post.content)?;
    let local = post.when.as_ref().and_then(|when| when.local.as_ref());
    Ok(written(&Shown {
        id,
        status: post.status(),
        revision: post.revision,
        body: content.body.as_str(),
        account_ids: post.targets.iter().map(|target| target.account_id).collect(),
        media_ids: &content.media_ids,
        tags: post.tags.iter().map(|tag| text(key, fields::POST_TAG, &tag.text)).collect::<Result<_, _>>()?,
        thread: parts(&content.thread),
        first_comment: content.first_comment.as_ref().map(Open::as_str),
        overrides: overrides(&content),
        targets: post.targets.iter().map(|it| target(key, it)).collect::<Result<_, _>>()?,
        scheduled_at: post.when.as_ref().map(|when| instant(when.at)),
        local_time: local.map(|local| local.local_time.format("%Y-%m-%dT%H:%M:%S").to_string()),
        time_zone: local.map(|local| local.time_zone.name()),
        late_limit_seconds: post.limits.late_limit_seconds,
        give_up_after_seconds: post.limits.give_up_after_seconds,
        created_by,
        created_at: optional_instant(post.created_at),
        updated_at: optional_instant(post.updated_at),
    }))
}

fn target<'a>(key: &DataKey, target: &'a Target) -> Result<ShownTarget<'a>, ApiError> {
    let safe = !target.is_in_doubt();
    Ok(ShownTarget {
        account_id: target.account_id,
        platform: &target.platform,
        status: target.status(),
        attempts: target.attempts.len(),
        url: url(key, target.url.as_ref())?,
        parts: standing(key, target)?,
        error: target.error().map(|it| failure(key, it, safe)).transpose()?,
        warning: target.warning.as_ref().map(|it| failure(key, it, safe)).transpose()?,
        published_at: optional_instant(target.published_at),
        next_attempt_at: optional_instant(target.next_at()),
    })
}

/// What of it stands on the platform, in the order in which it was sent: of a thread that stopped, the parts before.
pub(super) fn standing(key: &DataKey, target: &Target) -> Result<Vec<Value>, ApiError> {
    let shown = |(step, done): (&Step, &StepDone)| {
        Ok(json!({"step": step, "remote_id": done.remote_id, "url": url(key, done.url.as_ref())?}))
    };
    target.done.iter().map(shown).collect()
}

/// How something failed, with the platform's own words; `safe` says that nothing of it is live or may be.
pub(super) fn failure(key: &DataKey, failure: &Failure, safe: bool) -> Result<Value, ApiError> {
    let message = failure.message.as_ref().map(|message| text(key, fields::FAILURE_MESSAGE, message)).transpose()?;
    Ok(json!({
        "class": failure.class,
        "status": failure.status,
        "code": failure.code,
        "message": message,
        "retry_after": optional_instant(failure.retry_after),
        "retry_safe": failure.class.is_retryable() && safe,
    }))
}

/// Where people see something.
pub(super) fn url(key: &DataKey, url: Option<&Sealed>) -> Result<Option<String>, ApiError> {
    url.map(|url| text(key, fields::TARGET_URL, url)).transpose()
}

fn text(key: &DataKey, field: &str, sealed: &Sealed) -> Result<String, ApiError> {
    Ok(key.open(field, sealed)?.as_str().to_owned())
}

fn parts(thread: &[Open]) -> Vec<Part<'_>> {
    thread.iter().map(|part| Part { body: part.as_str() }).collect()
}

fn overrides(content: &Content<Open>) -> BTreeMap<AccountId, Own<'_>> {
    content
        .overrides
        .iter()
        .map(|(account, own)| {
            let body = own.body.as_ref().map(Open::as_str);
            let thread = own.thread.as_ref().map(|thread| parts(thread));
            (*account, Own { body, thread, first_comment: own.first_comment.as_ref().map(Open::as_str) })
        })
        .collect()
}
