//! A post as clients see it.

use campanile_events::{
    ids::PostId,
    journal::Actor,
    post::{Content, Failure, Post, Step, StepDone, Target},
    seal::{DataKey, Open, Sealed, fields},
};
use serde_json::{Map, Value, json};

use super::seal;
use crate::api::http::{ApiError, instant, optional_instant};

/// Everything of a post but its attempts.
pub(super) fn post(key: &DataKey, id: PostId, post: &Post, created_by: &Actor) -> Result<Value, ApiError> {
    let content = seal::open(key, &post.content)?;
    let accounts: Vec<_> = post.targets.iter().map(|target| target.account_id).collect();
    let targets: Vec<_> = post.targets.iter().map(|it| target(key, it)).collect::<Result<_, _>>()?;
    let tags: Vec<_> = post.tags.iter().map(|tag| text(key, fields::POST_TAG, &tag.text)).collect::<Result<_, _>>()?;
    let local = post.when.as_ref().and_then(|when| when.local.as_ref());
    Ok(json!({
        "id": id,
        "status": post.status(),
        "revision": post.revision,
        "body": content.body.as_str(),
        "account_ids": accounts,
        "media_ids": content.media_ids,
        "tags": tags,
        "thread": parts(&content.thread),
        "first_comment": content.first_comment.as_ref().map(Open::as_str),
        "overrides": overrides(&content),
        "targets": targets,
        "scheduled_at": post.when.as_ref().map(|when| instant(when.at)),
        "local_time": local.map(|local| local.local_time.format("%Y-%m-%dT%H:%M:%S").to_string()),
        "time_zone": local.map(|local| local.time_zone.name()),
        "late_limit_seconds": post.limits.late_limit_seconds,
        "give_up_after_seconds": post.limits.give_up_after_seconds,
        "created_by": created_by,
        "created_at": optional_instant(post.created_at),
        "updated_at": optional_instant(post.updated_at),
    }))
}

fn target(key: &DataKey, target: &Target) -> Result<Value, ApiError> {
    let safe = !target.is_in_doubt();
    Ok(json!({
        "account_id": target.account_id,
        "platform": target.platform,
        "status": target.status(),
        "attempts": target.attempts.len(),
        "url": url(key, target.url.as_ref())?,
        "parts": standing(key, target)?,
        "error": target.error().map(|it| failure(key, it, safe)).transpose()?,
        "warning": target.warning.as_ref().map(|it| failure(key, it, safe)).transpose()?,
        "published_at": optional_instant(target.published_at),
        "next_attempt_at": optional_instant(target.next_at()),
    }))
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

fn parts(thread: &[Open]) -> Vec<Value> {
    thread.iter().map(|part| json!({ "body": part.as_str() })).collect()
}

fn overrides(content: &Content<Open>) -> Value {
    let all = content.overrides.iter().map(|(account, own)| {
        let mut fields = Map::new();
        if let Some(body) = &own.body {
            fields.insert("body".to_owned(), body.as_str().into());
        }
        if let Some(thread) = &own.thread {
            fields.insert("thread".to_owned(), parts(thread).into());
        }
        if let Some(comment) = &own.first_comment {
            fields.insert("first_comment".to_owned(), comment.as_str().into());
        }
        (account.to_string(), Value::Object(fields))
    });
    Value::Object(all.collect())
}
