//! When a post is due: an instant, or a local time in a zone with the instant that it resolves to.

use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// A due time as it is kept: what the client said, and the instant it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The local time that it was made from, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalTime>,
}

/// A time on the clocks of a place, and what to do on the two days a year when that isn't one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTime {
    /// The clock's reading.
    pub local_time: NaiveDateTime,
    /// The place's zone, by its IANA name.
    pub time_zone: Tz,
    /// What to do with a reading that clocks skip.
    #[serde(default)]
    pub on_gap: OnGap,
    /// What to do with a reading that clocks show twice.
    #[serde(default)]
    pub on_overlap: OnOverlap,
}

/// What to do with a local time that doesn't exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnGap {
    /// As long after the gap's start as the reading says: 02:30 becomes 03:30.
    #[default]
    Later,
    /// As long before the gap's end as the reading says: 02:30 becomes 01:30.
    Earlier,
    /// An error.
    Reject,
}

/// What to do with a local time that exists twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnOverlap {
    /// The first of the two.
    #[default]
    Earlier,
    /// The second of the two.
    Later,
    /// An error.
    Reject,
}

/// A local time that gives no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolvable {
    /// The clocks skip it, and the client would not have it moved.
    #[error("{local_time} does not exist in {time_zone}: clocks skip it")]
    Gap {
        /// The reading.
        local_time: NaiveDateTime,
        /// The zone.
        time_zone: Tz,
    },
    /// The clocks show it twice, and the client would not choose.
    #[error("{local_time} comes twice in {time_zone}")]
    Overlap {
        /// The reading.
        local_time: NaiveDateTime,
        /// The zone.
        time_zone: Tz,
    },
}

/// A due time may lie this far back: clocks differ, and requests take time.
const PAST_TOLERANCE: Duration = Duration::seconds(60);

impl When {
    /// Whether it is too late to ask for this.
    pub fn is_past(&self, now: DateTime<Utc>) -> bool {
        self.at < now - PAST_TOLERANCE
    }

    /// An instant that the client named itself.
    pub const fn instant(at: DateTime<Utc>) -> Self {
        Self { at, local: None }
    }

    /// The instant of a local time by today's rules of its zone.
    ///
    /// # Errors
    /// If the reading doesn't exist or exists twice, and the client asked to reject that.
    pub fn local(local: LocalTime) -> Result<Self, Unresolvable> {
        Ok(Self { at: local.resolve()?, local: Some(local) })
    }
}

impl LocalTime {
    fn resolve(&self) -> Result<DateTime<Utc>, Unresolvable> {
        match self.time_zone.from_local_datetime(&self.local_time) {
            LocalResult::Single(at) => Ok(at.to_utc()),
            LocalResult::Ambiguous(first, second) => match self.on_overlap {
                OnOverlap::Earlier => Ok(first.to_utc().min(second.to_utc())),
                OnOverlap::Later => Ok(first.to_utc().max(second.to_utc())),
                OnOverlap::Reject => Err(self.overlap()),
            },
            LocalResult::None => self.resolve_gap(),
        }
    }

    /// Clocks skip this reading: read with the offset before the gap it falls after it, and the other way round.
    fn resolve_gap(&self) -> Result<DateTime<Utc>, Unresolvable> {
        if self.on_gap == OnGap::Reject {
            return Err(self.gap());
        }
        // No zone has skipped more than a day: a day off, the offset on that side of the gap holds.
        let (day_off, back) = match self.on_gap {
            OnGap::Earlier => (Duration::days(1), Duration::days(-1)),
            _ => (Duration::days(-1), Duration::days(1)),
        };
        let beside = self.local_time.checked_add_signed(day_off).ok_or_else(|| self.gap())?;
        let beside = self.time_zone.from_local_datetime(&beside).earliest().ok_or_else(|| self.gap())?;
        beside.to_utc().checked_add_signed(back).ok_or_else(|| self.gap())
    }

    fn gap(&self) -> Unresolvable {
        Unresolvable::Gap { local_time: self.local_time, time_zone: self.time_zone }
    }

    fn overlap(&self) -> Unresolvable {
        Unresolvable::Overlap { local_time: self.local_time, time_zone: self.time_zone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(local: &str, zone: &str, on_gap: OnGap, on_overlap: OnOverlap) -> Result<String, Unresolvable> {
        let local_time = local.parse().expect("a local time");
        let time_zone = zone.parse().expect("a zone");
        When::local(LocalTime { local_time, time_zone, on_gap, on_overlap }).map(|when| when.at.to_rfc3339())
    }

    #[test]
    fn local_times_resolve_on_ordinary_and_on_odd_days() {
        let (later, earlier) = (OnGap::Later, OnGap::Earlier);
        let (first, second) = (OnOverlap::Earlier, OnOverlap::Later);
        for (local, zone, on_gap, on_overlap, expected) in [
            ("2026-12-01T09:00:00", "Europe/Berlin", later, first, "2026-12-01T08:00:00+00:00"),
            ("2026-07-01T09:00:00", "America/New_York", later, first, "2026-07-01T13:00:00+00:00"),
            ("2026-03-29T02:30:00", "Europe/Berlin", later, first, "2026-03-29T01:30:00+00:00"),
            ("2026-03-29T02:30:00", "Europe/Berlin", earlier, first, "2026-03-29T00:30:00+00:00"),
            ("2026-10-25T02:30:00", "Europe/Berlin", later, first, "2026-10-25T00:30:00+00:00"),
            ("2026-10-25T02:30:00", "Europe/Berlin", later, second, "2026-10-25T01:30:00+00:00"),
            // Samoa skipped a whole day.
            ("2011-12-30T12:00:00", "Pacific/Apia", later, first, "2011-12-30T22:00:00+00:00"),
        ] {
            assert_eq!(at(local, zone, on_gap, on_overlap).as_deref(), Ok(expected), "{local} {zone} {on_gap:?}");
        }
        assert!(at("2026-03-29T02:30:00", "Europe/Berlin", OnGap::Reject, first).is_err());
        assert!(at("2026-10-25T02:30:00", "Europe/Berlin", later, OnOverlap::Reject).is_err());
    }
}
