//! Whether any node brings the read models forward, for those that only follow: without one they would wait for ever, and a
//! log on which nothing happens shows no lag.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use campanile_events::db::DbError;

use super::Runner;

/// How often nodes with the role say that they live; all of them together, not each.
const EVERY: Duration = Duration::from_secs(1);

const TELL: &str = "insert into projector_heard (at) values (clock_timestamp())
    on conflict (is_one) do update set at = excluded.at where projector_heard.at < excluded.at - interval '1 second'";

impl Runner {
    /// For how long nobody has been heard of who brings the read models forward, by the database's clock; `None` if
    /// nobody ever was. Nodes of many are heard of each second, a process that is alone at once.
    ///
    /// # Errors
    /// If the database doesn't answer.
    pub async fn projector_unheard(&self) -> Result<Option<Duration>, DbError> {
        if !self.is_shared() {
            return Ok(self.runs.load(Ordering::Acquire).then_some(Duration::ZERO));
        }
        let rows = self.db.query("select at, clock_timestamp() as now from projector_heard", vec![]).await?;
        let unheard =
            |row: &campanile_events::db::Row| Ok((row.time("now")? - row.time("at")?).to_std().unwrap_or_default());
        rows.first().map(unheard).transpose()
    }

    /// Says that this process does, unless it has just said so.
    pub(super) async fn tell_heard(&self, told: &mut Option<Instant>) {
        if !self.is_shared() || told.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        *told = Some(Instant::now());
        if let Err(error) = self.db.execute(TELL, vec![]).await {
            tracing::debug!(%error, "others don't hear that the read models are brought forward");
        }
    }
}
