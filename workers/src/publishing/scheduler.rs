//! The scheduler: a heap of the next due targets, kept current from their table, and a job on the bus at the right moment.
//!
//! It may be lost, doubled or late without harm: it writes no event. A node that loses it loses liveness until the next.
//! It acts while its node leads, and begins anew each time that it comes to lead.

use std::sync::Arc;

use campanile_events::{
    clock::SharedClock,
    db::Database,
    ids::Position,
    sabotage::{CrashPoint, crash_at},
};
use campanile_projections::{
    due::{self, Action, DueTarget},
    page::QueryError,
    runner::Runner,
};
use chrono::{DateTime, Duration, Utc};
use futures::StreamExt;
use tokio::task::JoinHandle;

use super::{leader::Leading, send::LEAD, timers::Timers};
use crate::{
    bus::{Bus, Job},
    waiting::Stop,
};

/// How far ahead the heap reaches.
const LOOK_AHEAD: Duration = Duration::seconds(60);
/// How many rows are read at once: more than fall due in one instant, since pages are cut by it.
const PAGE: usize = 100_000;
/// How many jobs are on their way to the bus at once.
pub(super) const PUTS: usize = 64;

pub(super) struct Scheduler {
    read: Arc<dyn Database>,
    runner: Arc<Runner>,
    bus: Arc<dyn Bus>,
    clock: SharedClock,
    leading: Leading,
    timers: Timers,
    /// Rows up to this instant are in the heap.
    horizon: DateTime<Utc>,
    /// Rows changed up to this position are in the heap.
    seen: Position,
}

impl Scheduler {
    pub fn new(
        read: Arc<dyn Database>,
        runner: Arc<Runner>,
        bus: Arc<dyn Bus>,
        clock: SharedClock,
        leading: Leading,
    ) -> Self {
        let horizon = DateTime::UNIX_EPOCH;
        Self { read, runner, bus, clock, leading, timers: Timers::default(), horizon, seen: Position(0) }
    }

    pub fn start(mut self, mut stop: Stop) -> JoinHandle<()> {
        tokio::spawn(async move {
            tokio::select! {
                () = self.run() => {}
                () = stop.wait() => {}
            }
        })
    }

    async fn run(&mut self) {
        loop {
            self.leading.begins().await;
            self.lead().await;
            // What another does meanwhile isn't followed here.
            self.timers.clear();
            (self.horizon, self.seen) = (DateTime::UNIX_EPOCH, Position(0));
        }
    }

    /// Acts until this node leads no longer.
    async fn lead(&mut self) {
        let mut projected = self.runner.watch();
        while self.leading.leads() {
            // Marked as seen before the table is read: what comes in between wakes the wait below.
            projected.mark_unchanged();
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the table of due targets can't be read");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                continue;
            }
            self.fire().await;
            tokio::select! {
                changed = projected.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(self.pause()) => {}
            }
        }
    }

    /// Brings the heap up to date: rows that changed, and rows that came within reach.
    async fn refresh(&mut self) -> Result<(), QueryError> {
        let now = self.clock.now();
        if self.horizon - now < LOOK_AHEAD / 2 {
            // Taken before the rows are read: what changes meanwhile is read again as a change.
            let seen = self.runner.position();
            let reach = now + LOOK_AHEAD;
            let mut from = self.horizon;
            loop {
                let rows = due::between(self.read.as_ref(), from, reach, PAGE).await?;
                let full = rows.len() == PAGE;
                let last = rows.last().map(|row| row.next_at);
                self.push_all(rows);
                match last {
                    // Rows of one instant may be split over pages: that instant is read again.
                    Some(last) if full && last > from => from = last,
                    _ => break,
                }
            }
            if self.seen == Position(0) {
                self.seen = seen;
            }
            self.horizon = reach;
        }
        loop {
            // Taken before the rows are read, which then hold all up to there.
            let shown = self.runner.position();
            let rows = due::changed_since(self.read.as_ref(), self.seen, self.horizon, PAGE).await?;
            let full = rows.len() >= PAGE;
            let last = rows.iter().map(|row| row.changed_at).max().unwrap_or(self.seen);
            self.push_all(rows);
            self.seen = if full { last } else { last.max(shown) };
            if !full {
                return Ok(());
            }
        }
    }

    fn push_all(&mut self, rows: Vec<DueTarget>) {
        for row in rows {
            let at = match row.action {
                Action::Send => row.next_at - LEAD,
                Action::Settle | Action::Remove => row.next_at,
                Action::Watch => continue,
            };
            self.timers.set(at, job(row));
        }
    }

    /// Puts what is due on the bus. A job that is no longer right is dropped by who looks at its target.
    async fn fire(&mut self) {
        let now = self.clock.now();
        let timers = &mut self.timers;
        let due = std::iter::from_fn(|| timers.take_due(now));
        put_all(self.bus.as_ref(), due.take_while(|_| self.leading.leads())).await;
    }

    fn pause(&self) -> std::time::Duration {
        let next = self.timers.next_at().map_or(Duration::seconds(1), |at| at - self.clock.now());
        next.clamp(Duration::zero(), Duration::seconds(1)).to_std().unwrap_or_default()
    }
}

/// Puts jobs on the bus, many at a time. What it doesn't take, the sweeper finds overdue.
pub(super) async fn put_all(bus: &dyn Bus, jobs: impl Iterator<Item = Job> + Send) {
    let put = async |job| {
        crash_at(CrashPoint::BeforeDispatch);
        if let Err(error) = bus.put(job).await {
            tracing::warn!(%error, "a job could not be put on the bus");
        }
        crash_at(CrashPoint::AfterDispatch);
    };
    futures::stream::iter(jobs).for_each_concurrent(PUTS, put).await;
}

/// The job of looking at a target.
pub(super) fn job(row: DueTarget) -> Job {
    Job { workspace_id: row.workspace_id, post_id: row.post_id, account_id: row.account_id, platform: row.platform }
}
