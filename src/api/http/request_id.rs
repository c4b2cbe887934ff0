//! The names of a request: ours, and the client's own if it gave one.

use axum::http::HeaderMap;
use campanile_events::ids::RequestId;
use chrono::{DateTime, Utc};

const LONGEST: usize = 128;

/// The header that carries it.
pub const X_REQUEST_ID: &str = "x-request-id";

/// A request's names.
#[derive(Debug, Clone)]
pub struct RequestIds {
    /// Ours: it stands in events.
    pub own: RequestId,
    /// What the client sees: its own if it gave a safe one.
    pub shown: String,
}

impl RequestIds {
    /// Names a request.
    pub fn of(headers: &HeaderMap, now: DateTime<Utc>) -> Self {
        let own = RequestId::fresh(now);
        let given = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|text| is_safe(text));
        Self { own, shown: given.map_or_else(|| own.to_string(), str::to_owned) }
    }
}

fn is_safe(text: &str) -> bool {
    let safe = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&letter);
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safe_name_is_kept_and_another_replaced() {
        let shown = |given: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, given.parse().expect("a header"));
            RequestIds::of(&headers, DateTime::UNIX_EPOCH).shown
        };
        assert_eq!(shown("trace-1.a:b"), "trace-1.a:b");
        for unsafe_one in ["", "a b", "<script>", &"a".repeat(129)] {
            assert!(shown(unsafe_one).starts_with("req_"), "{unsafe_one}");
        }
    }
}
