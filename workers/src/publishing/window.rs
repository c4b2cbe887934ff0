//! Until when a step may leave, and what keeps it back until then.
//!
//! A worker that was stopped in mid-publication goes on later as if nothing had happened, when another has its target by
//! then. Two things keep it from sending: an intent that it appends is refused, since the target moved; and one that was
//! stored before is over, since its time ends before the worker's lease does.

use campanile_events::{clock::Moment, post::Intent};

use super::{
    context::Trouble,
    publisher::{Look, Publisher},
};

impl Publisher {
    /// Until when what this worker intends now may leave, whatever clocks are set to meanwhile. Only if it is sure of the
    /// time, and keeps its lease that long: nobody takes a target over before. Who was stopped for long is heard first.
    pub(super) fn may_begin(&self) -> Result<Moment, Trouble> {
        self.context.clock.check()?;
        let end = Moment::now().after(self.context.timing.send_window());
        let kept = self.context.heartbeats.kept_until(self.worker);
        if kept.is_some_and(|kept| end <= kept) { Ok(end) } else { Err(Trouble::Unheard) }
    }

    /// What keeps an intent that is stored from leaving, looked at right before its request.
    pub(super) async fn holds_back(&self, look: &Look<'_>, intent: &Intent, end: Moment) -> Option<&'static str> {
        let between = self.context.pauses.came_between(look.job.workspace_id).await;
        let paused = match between {
            Ok(false) => None,
            Ok(true) => Some("paused"),
            Err(_) => Some("pause_unknown"),
        };
        // Last of all: the look at the pause may have taken long.
        let is_over = self.context.clock.now() >= intent.not_after || end.is_over();
        paused.or(is_over.then_some("intent_expired"))
    }
}
