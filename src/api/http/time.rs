//! Times as they come in and go out.

use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, de::Error};

/// An instant in RFC 3339, whose zone is said: without one it could be any of two dozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At(pub DateTime<Utc>);

/// A text that is no instant of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTime {
    /// It doesn't read.
    #[error("must be a time with its zone, such as `2026-12-01T09:00:00Z` or `2026-12-01T10:00:00+01:00`")]
    Form,
    /// It is too far from now.
    #[error("must be in a year from 1970 to 9998")]
    TooFar,
}

impl FromStr for At {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTime::Form)?.to_utc();
        let time = without_leap(time).ok_or(InvalidTime::TooFar)?;
        // What the log and its databases can hold.
        let usual = (1970..=9998).contains(&chrono::Datelike::year(&time));
        usual.then_some(Self(time)).ok_or(InvalidTime::TooFar)
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// A leap second, `23:59:60`, as the second after it, which most programs take it for: many can't read it.
pub fn without_leap(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(time.timestamp_micros())
}

/// In UTC, to the millisecond.
pub fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The same, or nothing.
pub fn optional_instant(time: Option<DateTime<Utc>>) -> Option<String> {
    time.map(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_its_zone() {
        let at: At = "2026-12-01T10:00:00+01:00".parse().expect("a time");
        assert_eq!(instant(at.0), "2026-12-01T09:00:00.000Z");
        let leap: At = "2026-12-31T23:59:60.5Z".parse().expect("a time");
        assert_eq!(instant(leap.0), "2027-01-01T00:00:00.500Z");
        for text in ["2026-12-01T10:00:00", "2026-12-01", "now", "", "+12026-12-01T10:00:00Z"] {
            assert_eq!(text.parse::<At>(), Err(InvalidTime::Form), "{text}");
        }
        for text in ["9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"] {
            assert_eq!(text.parse::<At>(), Err(InvalidTime::TooFar), "{text}");
        }
    }
}
