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

#[cfg(test)]
mod tests {
    use campanile_events::{
        ids::WorkerId,
        post::{
            Attempt, AttemptEnd, Delivery, FailureClass, Limits, LocalTime, OnGap, OnOverlap, Override, Phase,
            Settling, Tag, When,
        },
    };
    use chrono::{DateTime, Duration, Utc};
    use uuid::Uuid;

    use super::*;

    /// What JSON has signs of its own for, what browsers read otherwise, and what takes more than two bytes.
    const TEXT: &str =
        "\"a\" \\ / \u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}\u{85} \u{2028}\u{2029} </script> \u{feff}é日💥\u{10ffff}";

    fn key() -> DataKey {
        DataKey::new(Uuid::from_u128(1), [7; 32].into())
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_796_115_600 + seconds, 120_999_000).expect("a time")
    }

    fn account(number: u128) -> AccountId {
        AccountId::from(Uuid::from_u128(number))
    }

    fn target(number: u128, phase: Phase) -> Target {
        Target {
            account_id: account(number),
            platform: "mastodon".to_owned(),
            phase,
            due: Some(at(60)),
            attempts: Vec::new(),
            uncertain: None,
            done: BTreeMap::new(),
            url: None,
            failure: None,
            warning: None,
            published_at: None,
            duplicates: 0,
            second_posts: Vec::new(),
            removal: None,
        }
    }

    /// Its bytes, and what they say.
    fn rendered(post: &Post) -> (String, Value) {
        let raw =
            super::post(&key(), PostId::from(Uuid::from_u128(9)), post, &Actor::of("operator")).expect("it opens");
        let read = serde_json::from_str(raw.get()).expect("JSON");
        (raw.get().to_owned(), read)
    }

    #[test]
    fn a_bare_post_names_every_field() {
        let content = Content { body: key().seal("body", &Open::from("")), ..Content::default() };
        let expected = json!({
            "id": PostId::from(Uuid::from_u128(9)), "status": "draft", "revision": 0, "body": "",
            "account_ids": [], "media_ids": [], "tags": [], "thread": [], "first_comment": null, "overrides": {},
            "targets": [], "scheduled_at": null, "local_time": null, "time_zone": null,
            "late_limit_seconds": Limits::default().late_limit_seconds,
            "give_up_after_seconds": Limits::default().give_up_after_seconds,
            "created_by": "operator", "created_at": null, "updated_at": null,
        });
        assert_eq!(rendered(&Post { content, ..Post::default() }).0, expected.to_string());
    }

    /// With every text that there can be, and accounts with words of their own.
    fn full_content(key: &DataKey) -> Content<Sealed> {
        let own = |body: bool, thread: Option<usize>, comment: bool| Override {
            body: body.then(|| Open::from(TEXT)),
            thread: thread.map(|parts| vec![Open::from(TEXT); parts]),
            first_comment: comment.then(|| Open::from("")),
        };
        let content = Content {
            body: Open::from(TEXT),
            thread: vec![Open::from("two"), Open::from(TEXT)],
            first_comment: Some(Open::from(TEXT)),
            media_ids: vec![MediaId::from(Uuid::from_u128(4)), MediaId::from(Uuid::from_u128(3))],
            overrides: BTreeMap::from([
                (account(3), own(false, None, false)),
                (account(2), own(true, Some(2), true)),
                (account(1), own(false, Some(0), false)),
            ]),
        };
        content.try_map(|field, text| Ok::<_, ApiError>(key.seal(field, text))).expect("sealed")
    }

    #[test]
    fn a_full_post_goes_out_with_every_text_as_it_is() {
        let key = key();
        let seal = |field: &str| key.seal(field, &Open::from(TEXT));
        let content = full_content(&key);
        let failure = |class| Failure {
            class,
            status: Some(503),
            code: Some("a \"code\"".to_owned()),
            message: Some(seal(fields::FAILURE_MESSAGE)),
            retry_after: Some(at(5)),
        };
        let mut shown = target(2, Phase::Published);
        shown.attempts = vec![Attempt {
            number: 1,
            worker: WorkerId::from(Uuid::from_u128(5)),
            started_at: at(60),
            revision: 3,
            delivery: Delivery::Searchable,
            baseline: None,
            intents: Vec::new(),
            steps: Vec::new(),
            end: Some(AttemptEnd { at: at(61), failure: None }),
        }];
        shown.url = Some(seal(fields::TARGET_URL));
        let done = |remote_id: Option<&str>, url| StepDone { attempt: 1, remote_id: remote_id.map(str::to_owned), url };
        shown.done = BTreeMap::from([
            (Step::Comment, done(None, None)),
            (Step::Part(0), done(Some("\"1\""), Some(seal(fields::TARGET_URL)))),
        ]);
        shown.warning = Some(failure(FailureClass::Rejected));
        shown.published_at = Some(at(61));
        let mut waiting = target(1, Phase::Retrying { at: at(70) });
        waiting.failure = Some(failure(FailureClass::Transient));
        let post = Post {
            exists: true,
            revision: 3,
            content,
            tags: vec![Tag { text: seal(fields::POST_TAG), index: "i".to_owned() }],
            limits: Limits { late_limit_seconds: 0, give_up_after_seconds: u32::MAX },
            when: Some(When {
                at: at(60),
                local: Some(LocalTime {
                    local_time: "2026-12-01T10:01:00".parse().expect("a time"),
                    time_zone: "Europe/Berlin".parse().expect("a zone"),
                    on_gap: OnGap::Reject,
                    on_overlap: OnOverlap::default(),
                }),
            }),
            targets: vec![shown, waiting],
            created_at: Some(at(0)),
            updated_at: Some(at(61)),
            ..Post::default()
        };
        let told = |class: &str, retry_safe: bool| {
            json!({
                "class": class, "status": 503, "code": "a \"code\"", "message": TEXT,
                "retry_after": instant(at(5)), "retry_safe": retry_safe,
            })
        };
        let expected = json!({
            "id": PostId::from(Uuid::from_u128(9)), "status": "publishing", "revision": 3, "body": TEXT,
            "account_ids": [account(2), account(1)],
            "media_ids": [MediaId::from(Uuid::from_u128(4)), MediaId::from(Uuid::from_u128(3))],
            "tags": [TEXT], "thread": [{"body": "two"}, {"body": TEXT}], "first_comment": TEXT,
            "overrides": {
                account(1).to_string(): {"thread": []},
                account(2).to_string(): {"body": TEXT, "thread": [{"body": TEXT}, {"body": TEXT}], "first_comment": ""},
                account(3).to_string(): {},
            },
            "targets": [{
                "account_id": account(2), "platform": "mastodon", "status": "published", "attempts": 1, "url": TEXT,
                "parts": [
                    {"step": Step::Part(0), "remote_id": "\"1\"", "url": TEXT},
                    {"step": Step::Comment, "remote_id": null, "url": null},
                ],
                "error": null, "warning": told("rejected", false),
                "published_at": instant(at(61)), "next_attempt_at": null,
            }, {
                "account_id": account(1), "platform": "mastodon", "status": "retrying", "attempts": 0, "url": null,
                "parts": [], "error": told("transient", true), "warning": null,
                "published_at": null, "next_attempt_at": instant(at(70)),
            }],
            "scheduled_at": "2026-12-01T09:01:00.120Z", "local_time": "2026-12-01T10:01:00", "time_zone": "Europe/Berlin",
            "late_limit_seconds": 0, "give_up_after_seconds": u32::MAX,
            "created_by": "operator", "created_at": instant(at(0)), "updated_at": instant(at(61)),
        });
        let (raw, read) = rendered(&post);
        assert_eq!(raw, expected.to_string());
        assert_eq!((&read["body"], &read["targets"][0]["url"]), (&json!(TEXT), &json!(TEXT)), "as it was written");
        assert!(!raw.contains(|it: char| it < ' '), "{raw}");
    }

    #[test]
    fn a_target_says_where_it_stands_in_every_phase() {
        let settling = Settling { step: Step::Part(0), next_at: at(80), absences: 0, last_absence: None };
        let content = Content { body: key().seal("body", &Open::from("b")), ..Content::default() };
        for (phase, status, next) in [
            (Phase::Pending, "pending", None),
            (Phase::Scheduled, "scheduled", Some(at(60))),
            (Phase::Publishing, "publishing", None),
            (Phase::Retrying { at: at(60) + Duration::seconds(10) }, "retrying", Some(at(70))),
            (Phase::Settling(settling), "publishing", Some(at(80))),
            (Phase::Published, "published", None),
            (Phase::Failed, "failed", None),
            (Phase::Missed, "missed", None),
            (Phase::Unknown, "unknown", None),
            (Phase::Canceled, "canceled", None),
        ] {
            let post = Post { content: content.clone(), targets: vec![target(1, phase)], ..Post::default() };
            let shown = rendered(&post).1["targets"][0].clone();
            assert_eq!((&shown["status"], &shown["next_attempt_at"]), (&json!(status), &json!(next.map(instant))));
        }
    }
}
