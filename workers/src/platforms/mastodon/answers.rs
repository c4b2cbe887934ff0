//! What the answers mean.

use campanile_events::{post::FailureClass, seal::Open};
use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    egress::Response,
    platforms::{SendFailure, rest_asked},
};

/// Words longer than this are a page, not a message.
const WORDS: usize = 500;

#[derive(Debug, Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

/// The form that a success should have; anything else by the table. `is_reply` says whether the request named another
/// post.
pub(super) fn read<T: DeserializeOwned>(
    answer: &Response,
    is_reply: bool,
    now: DateTime<Utc>,
) -> Result<T, SendFailure> {
    if !answer.is_success() {
        return Err(judge(answer, is_reply, now));
    }
    let unreadable = SendFailure::of(FailureClass::Uncertain, "unreadable_answer");
    answer.json().ok_or(SendFailure { status: Some(answer.status()), ..unreadable })
}

/// The table. What it doesn't name may have had its effect.
///
/// No 5xx is named. Mastodon's own 503 stands for a storage server or a lock that failed in mid-request, also after the
/// post was stored; and with `Retry-After` it is as often the page that a proxy shows when its upstream gave no answer in
/// time, which says nothing of what the upstream did. GoToSocial's 503 while it starts can't be told from those.
fn judge(answer: &Response, is_reply: bool, now: DateTime<Utc>) -> SendFailure {
    let words = words(answer);
    let class = match answer.status() {
        401 => FailureClass::AuthExpired,
        // Takahe's way to say 401.
        400 if words.as_deref().is_some_and(|words| words.contains("Invalid Bearer token")) => {
            FailureClass::AuthExpired
        }
        // GoToSocial and Takahe refuse a text that is too long so.
        400 | 403 | 413 | 422 => FailureClass::Rejected,
        // The post that was to be answered is gone; else the path is.
        404 if is_reply => FailureClass::Rejected,
        404 | 405 | 410 | 415 | 501 => FailureClass::OutdatedAdapter,
        // The server moved and did nothing itself: these ask for the same request elsewhere.
        301 | 307 | 308 => FailureClass::OutdatedAdapter,
        // Counted before the request is looked at, or in the transaction that it takes back.
        429 => FailureClass::RateLimited,
        _ => FailureClass::Uncertain,
    };
    SendFailure {
        class,
        status: Some(answer.status()),
        code: code(answer, class),
        message: words.map(Open::new),
        retry_after: rest_asked(answer, now),
    }
}

/// The platform's own words: JSON's `error`, or a line of plain text; never a page of HTML.
pub(super) fn words(answer: &Response) -> Option<String> {
    let words = match answer.json::<Refusal>() {
        Some(Refusal { error, error_description }) => error_description.unwrap_or(error),
        None => std::str::from_utf8(answer.body()).ok()?.trim().to_owned(),
    };
    let is_page = words.starts_with('<') || words.is_empty();
    (!is_page).then(|| words.chars().take(WORDS).collect())
}

/// OAuth's machine-readable codes are one word; Mastodon's other errors are sentences.
pub(super) fn error_code(answer: &Response) -> Option<String> {
    let given = answer.json::<Refusal>().map(|refusal| refusal.error);
    given.filter(|text| text.len() <= 40 && text.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

fn code(answer: &Response, class: FailureClass) -> Option<String> {
    error_code(answer).or_else(|| match class {
        FailureClass::AuthExpired => Some("invalid_token".to_owned()),
        FailureClass::RateLimited => Some("rate_limited".to_owned()),
        _ if (300..400).contains(&answer.status()) => Some("redirected".to_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&str, &str)], body: &str, is_reply: bool) -> SendFailure {
        let answer = Response::for_test(status, headers, body.as_bytes());
        let now = "2026-12-01T09:00:00Z".parse().unwrap();
        read::<serde_json::Value>(&answer, is_reply, now).unwrap_err()
    }

    #[test]
    fn answers_mean_what_the_servers_mean_by_them() {
        use FailureClass::{AuthExpired, OutdatedAdapter, RateLimited, Rejected, Uncertain};
        for (status, body, class) in [
            (401, r#"{"error":"The access token is invalid"}"#, AuthExpired),
            (401, r#"{"error":"invalid_token"}"#, AuthExpired),
            (401, r#"{"error":"Unauthorized: token not supplied"}"#, AuthExpired),
            (400, "Invalid Bearer token", AuthExpired),
            (400, r#"{"error": "Status is too long"}"#, Rejected),
            (400, r#"{"error":"Bad Request: text with spoiler exceed max chars (500)"}"#, Rejected),
            (403, r#"{"error":"This action is outside the authorized scopes"}"#, Rejected),
            (422, r#"{"error":"Validation failed: Text character limit of 500 exceeded"}"#, Rejected),
            (429, r#"{"error":"Too many requests"}"#, RateLimited),
            (404, r#"{"error":"Record not found"}"#, OutdatedAdapter),
            (405, "", OutdatedAdapter),
            (301, "", OutdatedAdapter),
            (302, "", Uncertain),
            (408, "", Uncertain),
            (409, "", Uncertain),
            (500, "", Uncertain),
            (502, "<html>Bad Gateway</html>", Uncertain),
            (503, r#"{"error":"There was a temporary problem serving your request"}"#, Uncertain),
            (504, "", Uncertain),
            (520, "", Uncertain),
            (200, "<html>", Uncertain),
            (200, "", Uncertain),
        ] {
            let failure = judged(status, &[], body, false);
            assert_eq!(failure.class, class, "{status} {body}");
            assert_eq!(failure.status, Some(status));
        }
        assert_eq!(judged(404, &[], r#"{"error":"Record not found"}"#, true).class, Rejected);
        assert_eq!(judged(503, &[("retry-after", "5")], "", false).class, Uncertain);
    }

    #[test]
    fn words_and_codes_are_the_platforms_own() {
        let failure = judged(401, &[], r#"{"error":"invalid_token","error_description":"It was revoked"}"#, false);
        assert_eq!(failure.code.as_deref(), Some("invalid_token"));
        assert_eq!(failure.message.unwrap().as_str(), "It was revoked");
        let failure = judged(422, &[], r#"{"error":"Text can't be blank"}"#, false);
        assert_eq!((failure.code, failure.message.unwrap().as_str()), (None, "Text can't be blank"));
        assert_eq!(judged(502, &[], "<html>Bad Gateway</html>", false).message, None);
        let limited = judged(429, &[("x-ratelimit-reset", "2026-12-01T09:05:00Z")], "", false);
        assert_eq!(limited.retry_after.unwrap().as_secs(), 300);
    }
}
