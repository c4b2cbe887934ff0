//! What is left of a key's limits, in the headers of every answer that it gets: `X-RateLimit-*` for the minute, and both
//! windows in those of the IETF's draft. A key without limits has none. Requests that nobody answers for are limited by
//! their address.

use std::net::IpAddr;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use chrono::{DateTime, Utc};

use super::{ApiError, Code};
use crate::{
    access::limits::{Counted, Window},
    engine::Core,
};

/// Refuses a request that was not let in.
pub(super) fn check(counted: &Counted) -> Result<(), ApiError> {
    let Some(window) = counted.refused_by else { return Ok(()) };
    let most = window.of(counted.limit);
    let message = format!("the {most} requests of this {} (UTC) have been made", window.as_str());
    Err(ApiError::new(Code::RateLimited, message))
}

/// Refuses a request that nobody answers for, where too many came from its address.
pub(super) fn check_stranger(core: &Core, address: Option<IpAddr>) -> Result<(), ApiError> {
    let now = core.clock.now();
    core.access.strangers().count(address, now).map_err(|until| {
        too_many("too many requests came from this address without a key that opens anything", until, now)
    })
}

/// Refuses a report of a leaked secret, where too many came from its address.
pub(super) fn check_reporter(core: &Core, address: Option<IpAddr>) -> Result<(), ApiError> {
    let now = core.clock.now();
    let refused = |until| too_many("too many reports of leaked secrets came from this address", until, now);
    core.access.reporters().count(address, now).map_err(refused)
}

fn too_many(message: &str, until: DateTime<Utc>, now: DateTime<Utc>) -> ApiError {
    ApiError { retry_after: Some(seconds_until(until, now)), ..ApiError::new(Code::RateLimited, message) }
}

/// Says what is left, and when to come again where a request is refused for there is nothing.
pub(super) fn tell(response: &mut Response, counted: &Counted, now: DateTime<Utc>) {
    let Counted { limit, minute, day, .. } = counted;
    let is_refused = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let mut say = |name: &'static str, value: String| {
        let value = HeaderValue::from_str(&value).expect("numbers and names are a header's value");
        response.headers_mut().insert(HeaderName::from_static(name), value);
    };
    say("x-ratelimit-limit", limit.per_minute.to_string());
    say("x-ratelimit-remaining", minute.requests.to_string());
    say("x-ratelimit-reset", minute.until.timestamp().to_string());
    let policy = |window: Window, seconds| format!("\"{}\";q={};w={seconds}", window.as_str(), window.of(*limit));
    say(
        "ratelimit-policy",
        format!("{}, {}", policy(Window::Minute, minute.seconds), policy(Window::Day, day.seconds)),
    );
    let left = |window: Window, requests, until| {
        format!("\"{}\";r={requests};t={}", window.as_str(), seconds_until(until, now))
    };
    let minute = left(Window::Minute, minute.requests, minute.until);
    say("ratelimit", format!("{minute}, {}", left(Window::Day, day.requests, day.until)));
    if let Some(at) = counted.retry_at().filter(|_| is_refused) {
        say("retry-after", seconds_until(at, now).max(1).to_string());
    }
}

/// Whole seconds, so that who waits them comes after the instant.
fn seconds_until(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let left = (at - now).num_milliseconds().max(0);
    (left + 999) / 1_000
}
