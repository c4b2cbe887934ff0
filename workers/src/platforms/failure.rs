//! How a request to a platform fails.

use std::time::Duration;

use campanile_events::{
    post::FailureClass,
    sabotage::{Mutant, mutated},
    seal::Open,
};

use super::NotKept;
use crate::egress::EgressError;

/// A request that did not do what it was to do, with its fate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}{}", self.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default())]
pub struct SendFailure {
    /// What it means for the next step.
    pub class: FailureClass,
    /// The platform's HTTP status.
    pub status: Option<u16>,
    /// The platform's own code, or ours where it gave none (`connect`, `timeout`, `reset`, `unreadable_answer` …).
    pub code: Option<String>,
    /// The platform's own words, which may repeat the text.
    pub message: Option<Open>,
    /// How long the platform asked to be left alone.
    pub retry_after: Option<Duration>,
}

impl SendFailure {
    /// A failure that no answer of the platform stands behind, with a code of ours.
    pub fn of(class: FailureClass, code: &str) -> Self {
        Self { class, status: None, code: Some(code.to_owned()), message: None, retry_after: None }
    }
}

impl SendFailure {
    /// The same as the end of a question: a question shows nothing, so however it ended, nothing was sent.
    #[must_use]
    pub fn of_question(self) -> Self {
        match self.class {
            FailureClass::Uncertain => Self { class: FailureClass::NotSent, ..self },
            _ => self,
        }
    }
}

impl From<EgressError> for SendFailure {
    fn from(error: EgressError) -> Self {
        let class = match error {
            EgressError::Timeout if mutated(Mutant::TimeoutIsTransient) => FailureClass::Transient,
            _ if error.may_have_been_sent() => FailureClass::Uncertain,
            _ => FailureClass::NotSent,
        };
        Self::of(class, error.code())
    }
}

/// Why an account was not connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The request itself is wrong.
    #[error("`{field}`: {message}")]
    Invalid {
        /// Which field.
        field: String,
        /// A stable name, such as `missing`.
        code: &'static str,
        /// What a person reads; never the field's value.
        message: String,
    },
    /// The platform doesn't take these credentials.
    #[error("the platform refused the credentials")]
    Refused {
        /// Its own words.
        message: String,
        /// Its HTTP status.
        status: Option<u16>,
    },
    /// The platform could not be asked; the same may work later.
    #[error("the platform could not be asked: {0}")]
    Unreachable(SendFailure),
    /// The address is one that outgoing requests may not reach here.
    #[error("the server's address is not one that outgoing requests may reach")]
    EgressForbidden,
    /// What is kept beside the journal can't be had now.
    #[error(transparent)]
    NotKept(#[from] NotKept),
}

impl From<EgressError> for ConnectError {
    fn from(error: EgressError) -> Self {
        match error {
            EgressError::Forbidden => Self::EgressForbidden,
            error => Self::Unreachable(SendFailure::from(error).of_question()),
        }
    }
}

impl ConnectError {
    /// A field that is wrong.
    pub fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), code, message: message.into() }
    }
}
