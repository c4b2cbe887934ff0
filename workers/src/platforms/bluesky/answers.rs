//! What the answers mean.

use campanile_events::{post::FailureClass, seal::Open};
use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    egress::Response,
    platforms::{
        SendFailure,
        rest::{self, rest_asked},
    },
};

/// Words longer than this are a page, not a message.
const WORDS: usize = 500;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    message: Option<String>,
}

/// The form that a success should have; anything else by the table.
pub(super) fn read<T: DeserializeOwned>(answer: &Response, now: DateTime<Utc>) -> Result<T, SendFailure> {
    if !answer.is_success() {
        return Err(judge(answer, now));
    }
    answer.json().ok_or_else(|| unreadable(answer.status()))
}

/// A success that isn't one.
pub(super) fn unreadable(status: u16) -> SendFailure {
    SendFailure { status: Some(status), ..SendFailure::of(FailureClass::Uncertain, "unreadable_answer") }
}

/// Whether the server said that there is no such record. Older ones have no name for it.
pub(super) fn is_missing(failure: &SendFailure) -> bool {
    let says_so = |words: &Open| words.as_str().starts_with("Could not locate record");
    failure.status == Some(400)
        && (failure.code.as_deref() == Some("RecordNotFound") || failure.message.as_ref().is_some_and(says_so))
}

/// The table. What it doesn't name may have had its effect.
///
/// The server knows an expired or a wrong token by a 400; the 401s are its words for no token, a wrong password and a closed
/// account. A record that is refused is so before the repository is touched. `InvalidSwap` says that another record stands
/// under the key: perhaps ours, of a request that was still on its way.
fn judge(answer: &Response, now: DateTime<Utc>) -> SendFailure {
    let Refusal { error, message } = answer.json().unwrap_or_default();
    let class = match (answer.status(), error.as_str()) {
        (400, "ExpiredToken" | "InvalidToken") | (401, _) => FailureClass::AuthExpired,
        (400, "InvalidRequest") | (413, _) => FailureClass::Rejected,
        // Counted before the request is looked at.
        (429, _) => FailureClass::RateLimited,
        (404, "XRPCNotSupported") | (501, "MethodNotImplemented") => FailureClass::OutdatedAdapter,
        _ => FailureClass::Uncertain,
    };
    let is_name = !error.is_empty() && error.len() <= 40 && error.chars().all(|c| c.is_ascii_alphanumeric());
    SendFailure {
        class,
        status: Some(answer.status()),
        code: is_name.then_some(error),
        message: message.map(|words| Open::new(words.chars().take(WORDS).collect::<String>())),
        retry_after: rest_asked(answer, now).or_else(|| until_reset(answer, now, class)),
    }
}

/// `RateLimit-Reset` stands on every answer, in seconds since 1970; only on a refusal is it a wish.
fn until_reset(answer: &Response, now: DateTime<Utc>, class: FailureClass) -> Option<std::time::Duration> {
    let instant = answer.header("ratelimit-reset").filter(|_| class == FailureClass::RateLimited)?;
    let instant = DateTime::from_timestamp(instant.trim().parse().ok()?, 0)?;
    let pause = (instant - rest::sent_at(answer).unwrap_or(now)).to_std().unwrap_or_default();
    Some(pause.min(rest::LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&str, &str)], body: &str) -> SendFailure {
        let answer = Response::for_test(status, headers, body.as_bytes());
        read::<serde_json::Value>(&answer, "2026-12-01T09:00:00Z".parse().unwrap()).unwrap_err()
    }

    #[test]
    fn answers_mean_what_the_server_means_by_them() {
        use FailureClass::{AuthExpired, OutdatedAdapter, RateLimited, Rejected, Uncertain};
        for (status, body, class) in [
            (400, r#"{"error":"InvalidToken","message":"Token could not be verified"}"#, AuthExpired),
            (400, r#"{"error":"ExpiredToken","message":"Token has expired"}"#, AuthExpired),
            (401, r#"{"error":"AuthenticationRequired","message":"Invalid identifier or password"}"#, AuthExpired),
            (401, r#"{"error":"AccountTakedown","message":"Account has been taken down"}"#, AuthExpired),
            (401, r#"{"error":"AuthMissing","message":"Authentication Required"}"#, AuthExpired),
            (400, r#"{"error":"InvalidRequest","message":"grapheme too big (maximum 300, got 301)"}"#, Rejected),
            (413, r#"{"error":"PayloadTooLarge","message":"request entity too large"}"#, Rejected),
            (413, "", Rejected),
            (429, r#"{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}"#, RateLimited),
            (404, r#"{"error":"XRPCNotSupported","message":"XRPCNotSupported"}"#, OutdatedAdapter),
            (501, r#"{"error":"MethodNotImplemented","message":"Method Not Implemented"}"#, OutdatedAdapter),
            (400, r#"{"error":"InvalidSwap","message":"Record was at bafy"}"#, Uncertain),
            (400, r#"{"error":"UpstreamFailure"}"#, Uncertain),
            (400, "Bad Request", Uncertain),
            (403, "", Uncertain),
            (404, "", Uncertain),
            (408, "", Uncertain),
            (500, r#"{"error":"InternalServerError","message":"Internal Server Error"}"#, Uncertain),
            (502, "<html>", Uncertain),
            (503, "", Uncertain),
            (307, "", Uncertain),
            (200, "<html>", Uncertain),
        ] {
            let failure = judged(status, &[], body);
            assert_eq!((failure.class, failure.status), (class, Some(status)), "{status} {body}");
        }
    }

    #[test]
    fn words_names_and_rests_are_the_servers_own() {
        let failure = judged(400, &[], r#"{"error":"ExpiredToken","message":"Token has expired"}"#);
        assert_eq!(failure.code.as_deref(), Some("ExpiredToken"));
        assert_eq!(failure.message.unwrap().as_str(), "Token has expired");
        assert_eq!(judged(502, &[], "<html>").message, None);
        let refused = r#"{"error":"RateLimitExceeded"}"#;
        let rest = |headers: &[(&str, &str)]| judged(429, headers, refused).retry_after.map(|it| it.as_secs());
        assert_eq!(rest(&[("retry-after", "289"), ("ratelimit-reset", "1796115660")]), Some(289));
        assert_eq!(rest(&[("ratelimit-reset", "1796115660")]), Some(60));
        assert_eq!(rest(&[("ratelimit-reset", "9999999999")]), Some(86_400));
        assert_eq!(rest(&[]), None);
        assert_eq!(judged(500, &[("ratelimit-reset", "1796115660")], "").retry_after, None);
    }

    #[test]
    fn a_missing_record_is_told_from_a_missing_repository() {
        for (body, expected) in [
            (r#"{"error":"RecordNotFound","message":"Could not locate record: at://x"}"#, true),
            (r#"{"error":"InvalidRequest","message":"Could not locate record: at://x"}"#, true),
            (r#"{"error":"InvalidRequest","message":"Could not find repo: did:plc:x"}"#, false),
            (r#"{"error":"RepoNotFound"}"#, false),
        ] {
            assert_eq!(is_missing(&judged(400, &[], body)), expected, "{body}");
        }
        assert!(!is_missing(&judged(502, &[], r#"{"error":"RecordNotFound"}"#)));
    }
}
