//! What the API answered.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// What the API answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null where there is none.
    pub fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: the answer is no JSON ({error}): {}", self.request, self.text))
    }

    /// The body, when the status is this.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        self.json()
    }

    /// The error, when it has this status and code and the form that all errors have.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let error = self.expect(status)["error"].clone();
        assert_eq!(error["code"], code, "{}: {}", self.request, self.text);
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{}: no message", self.request);
        assert_eq!(error["request_id"].as_str(), Some(self.header("x-request-id")), "{}", self.request);
        error
    }

    /// A header's text; empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("a header of text")).unwrap_or_default()
    }

    /// The place in the log that the command's events got.
    #[track_caller]
    pub fn position(&self) -> u64 {
        let position = self.header("campanile-position");
        let (epoch, place) = position.split_once('-').unwrap_or_else(|| panic!("{}: `{position}`", self.request));
        assert_eq!(epoch, "1", "{}: a new log has epoch 1", self.request);
        place.parse().expect("a position is a number")
    }
}
