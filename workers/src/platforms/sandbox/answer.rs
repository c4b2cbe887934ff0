//! What the sandbox does with a connection after a request.

use std::time::Duration;

use serde_json::json;

use super::FaultKind;

/// The code that says of an error that it came before any effect.
pub(super) const BEFORE_EFFECT: &str = "before_effect";

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// Its body.
    pub body: String,
}

/// How a request ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Answer(Answer),
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
}

/// How a request ends, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handling {
    /// After so long.
    pub wait: Duration,
    /// This happens.
    pub outcome: Outcome,
}

impl Answer {
    /// A success.
    pub(super) fn ok(body: &serde_json::Value) -> Self {
        Self { status: 200, retry_after: None, body: body.to_string() }
    }

    /// A refusal, in the platform's own words.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({"error": {"code": code, "message": message}}).to_string();
        Self { status, retry_after: None, body }
    }
}

impl Handling {
    /// Ends at once.
    pub(super) const fn now(outcome: Outcome) -> Self {
        Self { wait: Duration::ZERO, outcome }
    }

    /// The status that it answers.
    pub(super) fn status(&self) -> Option<u16> {
        match &self.outcome {
            Outcome::Answer(answer) => Some(answer.status),
            Outcome::Close | Outcome::Reset => None,
        }
    }
}

/// What becomes of a request that meets a fault; `usual` does what it asks for and gives the answer.
pub(super) fn handle(fault: Option<FaultKind>, usual: impl FnOnce() -> Answer) -> Handling {
    if let Some(handling) = fault.and_then(without_effect) {
        return handling;
    }
    let answer = usual();
    // What the platform refuses by itself, it refuses whatever was to go wrong after the effect.
    let (Some(fault), 200) = (fault, answer.status) else { return Handling::now(Outcome::Answer(answer)) };
    match fault {
        FaultKind::LoseAnswer => Handling::now(Outcome::Close),
        FaultKind::ResetAfter => Handling::now(Outcome::Reset),
        FaultKind::ErrorAfter { status } => {
            Handling::now(Outcome::Answer(Answer::error(status, "error", "the sandbox was told to fail")))
        }
        FaultKind::Nonsense => Handling::now(Outcome::Answer(Answer { body: "<html>It works!".to_owned(), ..answer })),
        FaultKind::AnswerLate { seconds } => after(seconds, Outcome::Answer(answer)),
        _ => Handling::now(Outcome::Answer(answer)),
    }
}

fn without_effect(fault: FaultKind) -> Option<Handling> {
    let refuse = |status, code, message| Handling::now(Outcome::Answer(Answer::error(status, code, message)));
    Some(match fault {
        FaultKind::Refuse => refuse(422, "refused", "the sandbox was told to refuse"),
        FaultKind::TokenExpired => refuse(401, "token_expired", "the token has expired"),
        FaultKind::RateLimit { retry_after } => {
            let answer = Answer::error(429, "rate_limited", "too many requests");
            Handling::now(Outcome::Answer(Answer { retry_after: Some(retry_after), ..answer }))
        }
        FaultKind::ErrorBefore { status } => {
            let code = if status == 503 { BEFORE_EFFECT } else { "error" };
            refuse(status, code, "the sandbox was told to fail")
        }
        FaultKind::Reset => Handling::now(Outcome::Reset),
        FaultKind::Hang { seconds } => after(seconds, Outcome::Close),
        FaultKind::EffectLate { .. } => Handling::now(Outcome::Close),
        _ => return None,
    })
}

fn after(seconds: f64, outcome: Outcome) -> Handling {
    Handling { wait: Duration::from_secs_f64(seconds), outcome }
}
