//! What events count against their workspace's plan: a sum for each calendar month (UTC), checked and moved on in the
//! append's own transaction, under the head's lock. So no two of all that append, on whatever node, get the last unit, and
//! what isn't stored isn't counted.
//!
//! An event says what it counts in its own header, and its time says in which month: the sums come back with the log.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Database, DbError},
    ids::WorkspaceId,
};

/// What an event counts against the plan of its workspace. Stored in the event's header, in the open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The plan, by its name at the time.
    pub plan: String,
    /// What is counted, such as `posts_per_month`.
    pub quota: String,
    /// How much of it.
    pub amount: u64,
    /// How much the month may come to with it; stored with it, so that the log says what held then.
    pub most: u64,
}

/// A quota that doesn't hold as much any more. Nothing was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan `{}` has {} {} in a calendar month, and {used} are used", counted.plan, counted.most, counted.quota)]
pub struct Exceeded {
    /// What was to be counted.
    pub counted: Counted,
    /// What is used up.
    pub used: u64,
    /// When the next month begins.
    pub resets_at: DateTime<Utc>,
}

/// A calendar month (UTC), such as `2026-11`: in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(String);

impl Month {
    /// The month of an instant.
    pub fn of(at: DateTime<Utc>) -> Self {
        Self(at.format("%Y-%m").to_string())
    }

    /// When the month of an instant is over.
    pub fn ends(at: DateTime<Utc>) -> DateTime<Utc> {
        let (year, month) = if at.month() == 12 { (at.year() + 1, 1) } else { (at.year(), at.month() + 1) };
        let first = NaiveDate::from_ymd_opt(year, month, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
        first.map_or(at, |first| first.and_utc())
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) const fn stored(text: String) -> Self {
        Self(text)
    }
}

/// A sum: of whom, of what, in which month.
pub(super) type SumKey = (WorkspaceId, String, Month);

/// The sums that a batch concerns, as the log holds them, and as the batch leaves them.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) known: HashMap<SumKey, u64>,
    pub(super) changed: BTreeMap<SumKey, u64>,
}

impl Sums {
    /// The sums with these counts, each at its time, or the first that has no room. Changes nothing.
    pub(super) fn with<'a>(
        &self,
        counts: impl Iterator<Item = (WorkspaceId, DateTime<Utc>, &'a Counted)>,
    ) -> Result<BTreeMap<SumKey, u64>, Exceeded> {
        let mut changed = BTreeMap::new();
        for (workspace, at, counted) in counts {
            let key = (workspace, counted.quota.clone(), Month::of(at));
            let used = changed.get(&key).or_else(|| self.known.get(&key)).copied().unwrap_or_default();
            let sum = used.saturating_add(counted.amount);
            if sum > counted.most {
                return Err(Exceeded { counted: counted.clone(), used, resets_at: Month::ends(at) });
            }
            changed.insert(key, sum);
        }
        Ok(changed)
    }

    /// Goes on from there.
    pub(super) fn take(&mut self, changed: BTreeMap<SumKey, u64>) {
        self.known.extend(changed.iter().map(|(key, sum)| (key.clone(), *sum)));
        self.changed.extend(changed);
    }
}

/// How much of each quota the workspaces have used in a month; those of which nothing was counted are absent.
///
/// # Errors
/// If the journal's database doesn't answer.
pub async fn used(
    journal: &dyn Database,
    month: &Month,
    workspace: Option<WorkspaceId>,
) -> Result<Vec<(WorkspaceId, String, u64)>, DbError> {
    let sql = "select workspace, quota, used from counted where month = $1";
    let month = month.as_str().into();
    let rows = match workspace {
        Some(one) => journal.query(&format!("{sql} and workspace = $2"), vec![month, one.uuid().into()]).await?,
        None => journal.query(&format!("{sql} order by workspace, quota"), vec![month]).await?,
    };
    rows.iter().map(|row| Ok((row.uuid("workspace")?.into(), row.text("quota")?, row.number("used")?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn counted(amount: u64, most: u64) -> Counted {
        Counted { plan: "free".to_owned(), quota: "posts_per_month".to_owned(), amount, most }
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        for (within, month, ends) in [
            ("2026-11-21T21:00:00Z", "2026-11", "2026-12-01T00:00:00Z"),
            ("2026-12-31T23:59:59.999999Z", "2026-12", "2027-01-01T00:00:00Z"),
            ("2027-01-01T00:00:00Z", "2027-01", "2027-02-01T00:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-02", "2028-03-01T00:00:00Z"),
        ] {
            assert_eq!(Month::of(at(within)).as_str(), month);
            assert_eq!(Month::ends(at(within)), at(ends));
        }
    }

    #[test]
    fn a_sum_goes_up_to_its_most_and_a_month_begins_at_nothing() {
        let workspace = WorkspaceId::default();
        let (november, december) = (at("2026-11-30T23:59:59Z"), at("2026-12-01T00:00:00Z"));
        let mut sums = Sums::default();
        let (three, two) = (counted(3, 5), counted(2, 5));
        let both = sums.with([(workspace, november, &three), (workspace, november, &two)].into_iter());
        sums.take(both.expect("five of five"));
        let refused = sums.with(std::iter::once((workspace, november, &counted(1, 5)))).expect_err("the sixth");
        assert_eq!((refused.used, refused.resets_at), (5, december));
        let refused = sums.with(std::iter::once((workspace, november, &counted(u64::MAX, 5)))).expect_err("too many");
        assert_eq!(refused.used, 5);
        sums.with(std::iter::once((workspace, november, &counted(1, 6)))).expect("another plan");
        let next = sums.with(std::iter::once((workspace, december, &counted(5, 5)))).expect("the next month");
        assert_eq!(next.into_values().collect::<Vec<_>>(), [5]);
        let other = sums.with(std::iter::once((WorkspaceId::from_uuid(uuid::Uuid::max()), november, &three)));
        other.expect("another workspace");
    }
}
