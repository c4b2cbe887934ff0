//! How long a platform asks to be left alone.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::egress::Response;

/// The longest rest that is believed.
pub(super) const LONGEST: Duration = Duration::from_hours(24);

/// What `Retry-After` says (seconds, or an HTTP date), or else `X-RateLimit-Reset` (RFC 3339, or seconds since 1970).
///
/// An instant counts from the answer's own `Date`, so that two clocks needn't agree; `now` stands in where it has none.
pub fn rest_asked(answer: &Response, now: DateTime<Utc>) -> Option<Duration> {
    let sent_at = sent_at(answer).unwrap_or(now);
    let until = |instant: DateTime<Utc>| (instant - sent_at).to_std().unwrap_or_default();
    let after = answer.header("retry-after").map(str::trim).and_then(|text| match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => http_date(text).map(until),
    });
    let rest = after.or_else(|| answer.header("x-ratelimit-reset").and_then(|text| instant(text.trim())).map(until))?;
    Some(rest.min(LONGEST))
}

/// The server's own time, as its answer's `Date` says.
pub(super) fn sent_at(answer: &Response) -> Option<DateTime<Utc>> {
    answer.header("date").and_then(http_date)
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|time| time.to_utc())
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    match text.parse() {
        Ok(seconds) => DateTime::from_timestamp(seconds, 0),
        Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_are_read_in_every_form_and_bounded() {
        let now = "2026-12-01T09:00:00Z".parse().unwrap();
        let date = ("date", "Tue, 01 Dec 2026 08:00:00 GMT");
        for (headers, seconds) in [
            (vec![], None),
            (vec![("retry-after", "7")], Some(7)),
            (vec![("retry-after", "7"), ("x-ratelimit-reset", "2026-12-01T10:00:00Z")], Some(7)),
            (vec![("retry-after", "Tue, 01 Dec 2026 09:01:00 GMT")], Some(60)),
            (vec![("retry-after", "Tue, 01 Dec 2026 08:01:00 GMT"), date], Some(60)),
            (vec![("x-ratelimit-reset", "2026-12-01T09:05:00.000000Z")], Some(300)),
            (vec![("x-ratelimit-reset", "1796115660")], Some(60)),
            (vec![("x-ratelimit-reset", "2026-12-01T08:00:30Z"), date], Some(30)),
            (vec![("x-ratelimit-reset", "2026-12-01T07:00:00Z")], Some(0)),
            (vec![("retry-after", "99999999")], Some(86_400)),
            (vec![("retry-after", "soon")], None),
        ] {
            let answer = Response::for_test(429, &headers, b"");
            assert_eq!(rest_asked(&answer, now), seconds.map(Duration::from_secs), "{headers:?}");
        }
    }
}
