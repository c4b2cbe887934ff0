//! What the sandbox's answers mean.

use std::time::Duration;

use campanile_events::{
    post::FailureClass,
    sabotage::{Mutant, mutated},
    seal::Open,
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    egress::Response,
    platforms::{
        SendFailure,
        sandbox::{Answer, answer::BEFORE_EFFECT},
    },
};

#[derive(Debug, Deserialize)]
struct Refusal {
    error: Words,
}

#[derive(Debug, Deserialize)]
struct Words {
    code: String,
    message: String,
}

/// The form that a success should have; anything else by the table.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, SendFailure> {
    if !(200..300).contains(&answer.status) {
        return Err(judge(answer));
    }
    let unreadable =
        SendFailure { status: Some(answer.status), ..SendFailure::of(FailureClass::Uncertain, "unreadable_answer") };
    serde_json::from_str(&answer.body).map_err(|_| unreadable)
}

/// The table. What it doesn't name may have had its effect.
fn judge(answer: &Answer) -> SendFailure {
    let words = serde_json::from_str::<Refusal>(&answer.body).ok().map(|refusal| refusal.error);
    let code = words.as_ref().map(|words| words.code.clone());
    let class = match (answer.status, code.as_deref()) {
        (401, _) => FailureClass::AuthExpired,
        (403 | 422, _) => FailureClass::Rejected,
        (429, _) => FailureClass::RateLimited,
        (400 | 404 | 405 | 415, _) => FailureClass::OutdatedAdapter,
        // The sandbox gives this code only where it did nothing.
        (503, Some(BEFORE_EFFECT)) => FailureClass::Transient,
        (502, _) if mutated(Mutant::BadGatewayIsTransient) => FailureClass::Transient,
        _ => FailureClass::Uncertain,
    };
    SendFailure {
        class,
        status: Some(answer.status),
        code,
        message: words.map(|words| Open::new(words.message)),
        retry_after: answer.retry_after.map(Duration::from_secs),
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self {
            status: response.status(),
            retry_after: response.header("retry-after").and_then(|seconds| seconds.parse().ok()),
            body: String::from_utf8_lossy(response.body()).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_the_table_does_not_name_is_uncertain() {
        for (status, code, class) in [
            (401, "token_expired", FailureClass::AuthExpired),
            (403, "not_listed", FailureClass::Rejected),
            (422, "too_long", FailureClass::Rejected),
            (429, "rate_limited", FailureClass::RateLimited),
            (404, "not_found", FailureClass::OutdatedAdapter),
            (503, "before_effect", FailureClass::Transient),
            (503, "error", FailureClass::Uncertain),
            (500, "before_effect", FailureClass::Uncertain),
            (502, "error", FailureClass::Uncertain),
            (504, "error", FailureClass::Uncertain),
            (408, "timeout", FailureClass::Uncertain),
            (302, "found", FailureClass::Uncertain),
        ] {
            let answer = Answer { retry_after: Some(7), ..Answer::error(status, code, "words") };
            let failure = read::<serde_json::Value>(&answer).unwrap_err();
            assert_eq!(failure.class, class, "{status} {code}");
            assert_eq!((failure.status, failure.code.as_deref()), (Some(status), Some(code)));
            assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
            assert_eq!(failure.message.unwrap().as_str(), "words");
        }
        let nonsense = Answer { status: 200, retry_after: None, body: "<html>".into() };
        let failure = read::<serde_json::Value>(&nonsense).unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::Uncertain, Some("unreadable_answer")));
    }
}
