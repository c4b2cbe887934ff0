//! Which moments matter.

use campanile_events::post::{Delivery, Phase};
use chrono::{DateTime, Duration, Utc};

use super::state::{Hands, State};

/// Right before, or right after.
const MOMENT: Duration = Duration::milliseconds(1);
/// How long after its intent a request may leave.
const SEND_WINDOW: Duration = Duration::seconds(30);

impl State {
    /// The next moment that matters. Who is heard is prompt, and a request has its effect in time: else nothing waits.
    pub fn wait(&self) -> Option<Self> {
        let busy = self.slots.iter().any(|slot| !slot.silent && !slot.is_idle());
        let next = self.moments().into_iter().filter(|at| *at > self.now).min()?;
        if busy || self.in_the_air().any(|at| next > at) {
            return None;
        }
        Some(Self { now: next, ..self.clone() })
    }

    /// By when requests that are on their way have their effect.
    fn in_the_air(&self) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        self.platform.flights.iter().map(|flight| flight.effect_at).filter(|at| *at > self.now)
    }

    fn moments(&self) -> Vec<DateTime<Utc>> {
        let target = self.target();
        let mut moments: Vec<_> = self.in_the_air().collect();
        moments.extend(target.next_at());
        for slot in &self.slots {
            if let Hands::Intended { intent, .. } = &slot.hands {
                moments.extend([intent.not_after - MOMENT, intent.not_after]);
            }
        }
        let intents = target.attempts.iter().flat_map(|attempt| &attempt.intents);
        if target.phase == Phase::Publishing {
            moments.extend(intents.clone().map(|intent| intent.not_after));
        }
        match &target.phase {
            Phase::Scheduled => moments.extend(self.post.missed_at(target).map(|at| at + MOMENT)),
            Phase::Retrying { .. } | Phase::Settling(_) => {
                moments.extend(self.post.give_up_at(target).map(|at| at + MOMENT));
            }
            _ => {}
        }
        if let (Phase::Settling(_), Delivery::Keyed { window_ms: Some(window), .. }) =
            (&target.phase, self.platform.delivery)
        {
            // From then on a repeat could leave after the window.
            let first = intents.map(|intent| intent.at).min();
            moments.extend(first.map(|at| at + Duration::milliseconds(window as i64) - SEND_WINDOW));
        }
        moments
    }
}
