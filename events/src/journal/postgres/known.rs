//! What this process remembers of the log from its own last batch. It may be out of date by now: whoever builds on it has
//! the database check, under the lock, that the head is still as it was left. Where it is, nobody has appended since, and
//! all of this holds.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    clock::Moment,
    ids::{Epoch, Position, WorkspaceId},
    journal::ledger::Ledger,
    merkle::Frontier,
};

/// Workspaces whose last numbers are remembered.
const WORKSPACES: usize = 10_000;
/// A reading of the clock gives way to the next one after so long: one that was quick is worth more than a newer one.
const KEPT: Duration = Duration::from_millis(100);
/// A reading of the clock says nothing after so long: clocks may be set.
const HOLDS: Duration = Duration::from_secs(1);

/// The log as this process left it, and the database's clock.
#[derive(Debug, Default)]
pub(super) struct Known {
    log: Option<Log>,
    /// Others append, too: the last batch found the head elsewhere than the one before had left it.
    shared: bool,
    pub(super) clock: Clock,
}

/// Where a batch left the log.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) epoch: Epoch,
    pub(super) position: Position,
    pub(super) recorded_at: Option<DateTime<Utc>>,
    pub(super) frontier: Frontier,
    /// The last numbers of the workspaces of late.
    pub(super) numbers: HashMap<WorkspaceId, u64>,
}

impl Known {
    /// The log as it was left, if that is worth a try: nobody else seems to append. `heard` is the last position that
    /// anybody told of.
    pub(super) fn log(&self, heard: Position) -> Option<&Log> {
        self.log.as_ref().filter(|log| !self.shared && heard <= log.position)
    }

    /// A batch found the log to be `found`, under the lock, and left it like this. As many events may be others: those of
    /// an older copy that somebody else went on from.
    pub(super) fn left(&mut self, found: &Frontier, ledger: Ledger) {
        let Ledger { epoch, position, recorded_at, frontier, mut numbers, .. } = ledger;
        let before = self.log.take();
        self.shared = before.as_ref().is_some_and(|log| log.frontier != *found);
        if let Some(log) = before.filter(|log| log.frontier == *found && log.numbers.len() < WORKSPACES) {
            let mut kept = log.numbers;
            kept.extend(numbers);
            numbers = kept;
        }
        self.log = Some(Log { epoch, position, recorded_at, frontier, numbers });
    }
}

/// The database's clock, as far as it is known without asking: the latest that it can show.
///
/// What was read came after the question had left: the clock can't have shown it before. So the time that has gone by
/// since then, added to what was read, is never behind the clock; it is ahead by what the quickest question took to
/// arrive. The next batch takes as long to arrive, and the database refuses one whose time has not come.
#[derive(Debug, Default)]
pub(super) struct Clock(Option<Reading>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    asked: Moment,
    read: DateTime<Utc>,
}

impl Reading {
    fn at(self, moment: Moment) -> DateTime<Utc> {
        self.read + TimeDelta::from_std(moment.since(self.asked)).unwrap_or_default()
    }
}

impl Clock {
    /// The clock was read by a question that left at `asked`.
    pub(super) fn heard(&mut self, asked: Moment, read: DateTime<Utc>) {
        let quicker = |kept: &Reading| asked.since(kept.asked) < KEPT && kept.at(asked) <= read;
        if !self.0.as_ref().is_some_and(quicker) {
            self.0 = Some(Reading { asked, read });
        }
    }

    /// The latest that it can show now; `None` if it was not read of late.
    pub(super) fn latest(&self) -> Option<DateTime<Utc>> {
        let now = Moment::now();
        self.0.filter(|reading| now.since(reading.asked) < HOLDS).map(|reading| reading.at(now))
    }

    /// What it showed can't have been right.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Hash;

    fn second(number: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(number, 0).expect("a time")
    }

    #[test]
    fn of_two_readings_the_one_that_arrived_sooner_counts() {
        let mut clock = Clock::default();
        assert_eq!(clock.latest(), None);
        let asked = Moment::now();
        clock.heard(asked, second(100));
        assert!(clock.latest().is_some_and(|latest| (second(100)..second(101)).contains(&latest)));
        // It took two seconds longer to arrive.
        clock.heard(asked.after(Duration::from_millis(1)), second(102));
        assert!(clock.latest().is_some_and(|latest| latest < second(101)));
        clock.heard(asked.after(Duration::from_millis(2)), second(99));
        assert!(clock.latest().is_some_and(|latest| latest < second(100)));
        // It is old by then.
        clock.heard(asked.after(Duration::from_millis(2) + KEPT), second(103));
        assert!(clock.latest().is_some_and(|latest| latest >= second(103)));
        clock.forget();
        assert_eq!(clock.latest(), None);
    }

    #[test]
    fn where_others_append_nothing_is_built_on_what_was_left() {
        let workspace = |number| WorkspaceId::from_uuid(uuid::Uuid::from_u128(number));
        let tree = |size: u8, seed: u8| {
            let mut tree = Frontier::default();
            (0..size).for_each(|leaf| tree.push(Hash([leaf + seed; 32])));
            tree
        };
        let after = |frontier: Frontier, numbers: &[(u128, u64)]| Ledger {
            position: Position(frontier.size()),
            frontier,
            numbers: numbers.iter().map(|(number, last)| (workspace(*number), *last)).collect(),
            ..Ledger::default()
        };
        let left = |size, numbers: &[(u128, u64)]| after(tree(size, 0), numbers);
        let mut known = Known::default();
        assert!(known.log(Position(0)).is_none());
        known.left(&tree(0, 0), left(5, &[(1, 5)]));
        assert!(known.log(Position(6)).is_none(), "somebody told of more");
        assert!(known.log(Position(5)).is_some());
        known.left(&tree(5, 0), left(7, &[(2, 2)]));
        let numbers = &known.log(Position(7)).expect("nobody else appends").numbers;
        assert_eq!((numbers[&workspace(1)], numbers[&workspace(2)]), (5, 2));
        known.left(&tree(8, 0), left(9, &[(2, 3)]));
        assert!(known.log(Position(9)).is_none(), "another one's stood there");
        known.left(&tree(9, 0), left(10, &[(2, 4)]));
        let numbers = &known.log(Position(10)).expect("nobody came between").numbers;
        assert_eq!((numbers.get(&workspace(1)), numbers[&workspace(2)]), (None, 4));
        // As many, and others.
        known.left(&tree(10, 100), after(tree(11, 100), &[(1, 2)]));
        assert!(known.log(Position(11)).is_none(), "another log stood there");
        known.left(&tree(11, 100), after(tree(12, 100), &[(1, 3)]));
        let numbers = &known.log(Position(12)).expect("nobody came between").numbers;
        assert_eq!((numbers[&workspace(1)], numbers.get(&workspace(2))), (3, None));
    }
}
