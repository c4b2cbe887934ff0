//! The yardstick of everything that reads the log: its rows in order, as the database gives them.

use campanile_events::db::{Database, Value};
use tokio::time::Instant;

use super::{
    Telling,
    figures::{Measured, microseconds},
};

/// What it is called.
pub(super) const RAW: &str = "a range read of the same rows";
/// Events that are read at once.
pub(super) const PAGE: usize = 1_000;

/// What stands of an event in a row.
pub(super) const COLUMNS: &str = "position, id, workspace, workspace_number, stream_kind, stream_id, version, event_type, \
                                  schema, payload, metadata, claims, recorded_at, leaf_hash";

/// Reads all rows of the log, page by page.
pub(super) async fn raw(db: &dyn Database, events: usize, telling: &dyn Telling) -> anyhow::Result<Measured> {
    telling.begins("a range read", events as u64);
    let sql = format!("select {COLUMNS} from events where position > $1 order by position limit $2");
    let mut pages = Pages::begin();
    loop {
        let began = Instant::now();
        let rows = db.query(&sql, vec![Value::from(pages.events), Value::from(PAGE)]).await?;
        pages.read(began, rows.len())?;
        telling.at(pages.events as u64);
        if rows.len() < PAGE {
            return Ok(pages.measured());
        }
    }
}

/// Pages as they are read.
pub(super) struct Pages {
    began: Instant,
    ended: Instant,
    took: hdrhistogram::Histogram<u64>,
    pub(super) events: usize,
}

impl Pages {
    pub(super) fn begin() -> Self {
        let now = Instant::now();
        Self { began: now, ended: now, took: microseconds(), events: 0 }
    }

    /// So many events came in a page that was asked for at `began`.
    pub(super) fn read(&mut self, began: Instant, events: usize) -> anyhow::Result<()> {
        self.ended = Instant::now();
        self.events += events;
        if events > 0 {
            self.took.record((self.ended - began).as_micros() as u64)?;
        }
        Ok(())
    }

    /// Events a second, and what a page took.
    pub(super) fn measured(self) -> Measured {
        let seconds = (self.ended - self.began).as_secs_f64();
        let per_second = if seconds > 0.0 { self.events as f64 / seconds } else { 0.0 };
        Measured { per_second, took: self.took }
    }
}
