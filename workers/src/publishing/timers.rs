//! What falls due next, first.

use std::{cmp::Reverse, collections::BinaryHeap};

use chrono::{DateTime, Utc};

use crate::bus::Job;

/// Jobs by their moment: the earliest first, and of one moment those that were set first.
#[derive(Debug, Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<Timer>>,
    order: u64,
}

#[derive(Debug)]
struct Timer {
    at: DateTime<Utc>,
    order: u64,
    job: Job,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Timer {}
impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl Timers {
    /// Sets one more.
    pub fn set(&mut self, at: DateTime<Utc>, job: Job) {
        self.order += 1;
        self.heap.push(Reverse(Timer { at, order: self.order, job }));
    }

    /// The moment of the next one.
    pub fn next_at(&self) -> Option<DateTime<Utc>> {
        self.heap.peek().map(|Reverse(timer)| timer.at)
    }

    /// Takes the next one whose moment has come.
    pub fn take_due(&mut self, now: DateTime<Utc>) -> Option<Job> {
        self.next_at().filter(|at| *at <= now)?;
        self.heap.pop().map(|Reverse(timer)| timer.job)
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.heap.clear();
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::ids::{AccountId, PostId, WorkspaceId};
    use uuid::Uuid;

    use super::*;

    fn job(number: u128) -> Job {
        let id = Uuid::from_u128(number);
        Job {
            workspace_id: WorkspaceId::from_uuid(id),
            post_id: PostId::from_uuid(id),
            account_id: AccountId::from_uuid(id),
            platform: "sandbox".to_owned(),
        }
    }

    #[test]
    fn the_earliest_comes_first_none_before_its_moment_and_equals_as_they_were_set() {
        let at = |second| DateTime::from_timestamp(second, 0).expect("a time");
        let mut timers = Timers::default();
        assert_eq!((timers.next_at(), timers.take_due(at(100))), (None, None));
        for (second, number) in [(5, 1), (3, 2), (5, 3), (4, 4)] {
            timers.set(at(second), job(number));
        }
        assert_eq!((timers.next_at(), timers.take_due(at(2))), (Some(at(3)), None));
        let due: Vec<_> = std::iter::from_fn(|| timers.take_due(at(5))).collect();
        assert_eq!(due, [2, 4, 1, 3].map(job));
        timers.set(at(9), job(5));
        timers.clear();
        assert_eq!(timers.take_due(at(9)), None);
    }
}
