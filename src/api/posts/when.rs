//! When a client wants a post to be due.

use campanile_events::post::{LocalTime, OnGap, OnOverlap, When};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use serde::Deserialize;

use crate::api::http::{ApiError, At, without_leap};

/// An instant, or a time on the clocks of a place.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// An instant, with its zone. Nothing stands beside it.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<At>,
    /// A time on the clocks of `time_zone`, without a zone: `2026-12-01T09:00:00`.
    local_time: Option<String>,
    /// An IANA time zone, such as `Europe/Berlin`.
    time_zone: Option<String>,
    /// What to do if clocks skip that time; `later` if not said.
    #[schema(value_type = Option<crate::api::openapi::OnGapName>)]
    on_gap: Option<OnGap>,
    /// Which one to take if that time comes twice; `earlier` if not said.
    #[schema(value_type = Option<crate::api::openapi::OnOverlapName>)]
    on_overlap: Option<OnOverlap>,
}

impl Schedule {
    /// The field that tells the time.
    pub(super) const fn told(&self) -> &'static str {
        if self.at.is_some() { "at" } else { "local_time" }
    }

    /// The due time; `at` is where this stands in the request, with its dot.
    pub(super) fn when(&self, place: &str) -> Result<When, ApiError> {
        let field = |name: &str| format!("{place}{name}");
        let local = [
            ("local_time", self.local_time.is_some()),
            ("time_zone", self.time_zone.is_some()),
            ("on_gap", self.on_gap.is_some()),
            ("on_overlap", self.on_overlap.is_some()),
        ];
        if let Some(at) = self.at {
            return match local.iter().find(|(_, given)| *given) {
                Some((name, _)) => Err(ApiError::invalid(field(name), "conflicting", "can't stand beside `at`")),
                None => Ok(When::instant(at.0)),
            };
        }
        let missing = |name: &str, message: &str| ApiError::invalid(field(name), "missing", message);
        let text = self.local_time.as_deref();
        let text = text.ok_or_else(|| missing("at", "say `at`, or `local_time` with `time_zone`"))?;
        let zone = self.time_zone.as_deref().ok_or_else(|| missing("time_zone", "is required with `local_time`"))?;
        let time_zone: Tz =
            zone.parse().map_err(|_| ApiError::invalid(field("time_zone"), "invalid", "is not an IANA time zone"))?;
        let local_time = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .and_then(|time| without_leap(time.and_utc()))
            .map(|time| time.naive_utc())
            .filter(|time| (1970..=9998).contains(&chrono::Datelike::year(time)));
        let form = "must be a time without a zone, such as `2026-12-01T09:00:00`";
        let local_time = local_time.ok_or_else(|| ApiError::invalid(field("local_time"), "invalid", form))?;
        let (on_gap, on_overlap) = (self.on_gap.unwrap_or_default(), self.on_overlap.unwrap_or_default());
        When::local(LocalTime { local_time, time_zone, on_gap, on_overlap })
            .map_err(|error| ApiError::invalid(field("local_time"), "unresolvable", error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: Value) -> Result<String, String> {
        let schedule: Schedule = serde_json::from_value(body).map_err(|error| error.to_string())?;
        let when = schedule.when("schedule.").map_err(|error| error.details[0].field.clone())?;
        Ok(when.at.to_rfc3339())
    }

    #[test]
    fn a_due_time_is_an_instant_or_a_local_time_with_its_zone() {
        let berlin = json!({"local_time": "2026-12-01T09:00:00", "time_zone": "Europe/Berlin"});
        assert_eq!(read(berlin), Ok("2026-12-01T08:00:00+00:00".into()));
        assert_eq!(read(json!({"at": "2026-12-01T09:00:00Z"})), Ok("2026-12-01T09:00:00+00:00".into()));
        let leap = json!({"local_time": "2026-12-31T23:59:60", "time_zone": "UTC"});
        assert_eq!(read(leap), Ok("2027-01-01T00:00:00+00:00".into()), "as the second after it");
        for (body, field) in [
            (json!({}), "schedule.at"),
            (json!({"local_time": "2026-12-01T09:00:00"}), "schedule.time_zone"),
            (json!({"local_time": "2026-12-01T09:00:00Z", "time_zone": "UTC"}), "schedule.local_time"),
            (json!({"local_time": "2026-12-01T09:00:00", "time_zone": "Mars"}), "schedule.time_zone"),
            (json!({"at": "2026-12-01T09:00:00Z", "time_zone": "UTC"}), "schedule.time_zone"),
            (
                json!({"local_time": "2026-03-29T02:30:00", "time_zone": "Europe/Berlin", "on_gap": "reject"}),
                "schedule.local_time",
            ),
        ] {
            assert_eq!(read(body), Err(field.into()));
        }
        assert!(read(json!({"at": "2026-12-01T09:00:00"})).is_err(), "no zone");
    }
}
