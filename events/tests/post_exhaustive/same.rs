//! When two states are the same: if they agree on everything that a later move can turn on.
//!
//! Every field is named here, so that one that the aggregate gains has to be thought of before this compiles. The workers
//! have no names: which of them is which makes no difference.

use std::hash::{DefaultHasher, Hash, Hasher};

use campanile_events::{
    ids::WorkerId,
    post::{Attempt, AttemptEnd, Delivery, Failure, Intent, LookUp, Phase, Post, Target},
};

use super::state::{Hands, Slot, State};
use crate::post_world::{Flight, Platform};

impl State {
    /// 128 bits of what makes a state.
    pub fn digest(&self) -> u128 {
        let mut order = [0, 1];
        order.sort_by_cached_key(|at| half(3, |hasher| self.feed_slot(&self.slots[*at], hasher)));
        let feed = |hasher: &mut DefaultHasher| self.feed(order, hasher);
        u128::from(half(1, feed)) << 64 | u128::from(half(2, feed))
    }

    fn feed(&self, order: [usize; 2], hasher: &mut DefaultHasher) {
        let Self { post, now, platform, slots, crashes, faults, wishes, unknowns, unintended } = self;
        (now, crashes, faults, wishes, unknowns, unintended).hash(hasher);
        order.iter().for_each(|at| self.feed_slot(&slots[*at], hasher));
        let Platform { delivery: _, flights } = platform;
        for (number, flight) in flights.iter().enumerate() {
            let held = slots.iter().any(|slot| matches!(slot.hands, Hands::Sent(it) if it == number));
            self.feed_flight(flight, held, hasher);
        }
        let Post {
            exists,
            deleted,
            revision,
            content: _,
            digests: _,
            tags: _,
            limits: _,
            when,
            targets,
            created_at: _,
            // Nothing is decided by it.
            updated_at: _,
        } = post;
        (exists, deleted, revision, when.as_ref().map(|when| when.at)).hash(hasher);
        let place = |worker: WorkerId| order.iter().position(|at| slots[*at].worker() == worker);
        targets.iter().for_each(|target| feed_target(target, place, hasher));
    }

    fn feed_slot(&self, slot: &Slot, hasher: &mut DefaultHasher) {
        let Slot { id: _, silent, hands } = slot;
        let owns = self.target().newest().is_some_and(|it| it.is_running() && it.worker == slot.worker());
        (silent, owns, std::mem::discriminant(hands)).hash(hasher);
        match hands {
            Hands::Idle => {}
            Hands::Looked { number, revision, step, marker } => (number, revision, step, marker).hash(hasher),
            Hands::Unready { number } | Hands::GoingOn { number } => number.hash(hasher),
            Hands::Intended { number, intent } => {
                number.hash(hasher);
                feed_intent(intent, hasher);
            }
            Hands::Sent(flight) => {
                (self.platform.flights[*flight].number, self.platform.flights[*flight].step).hash(hasher)
            }
            Hands::Asked { number, step, asked_at, look_up } => {
                (number, step, asked_at).hash(hasher);
                match look_up {
                    LookUp::Present { remote_id, url: _ } => remote_id.hash(hasher),
                    LookUp::Absent => 1.hash(hasher),
                    LookUp::Unavailable { failure } => feed_failure(failure, hasher),
                }
            }
        }
    }

    fn feed_flight(&self, flight: &Flight, held: bool, hasher: &mut DefaultHasher) {
        let Flight { number, step, marker, answer, leaves, effect_at, shown_at, made, told } = flight;
        // Nobody waits for it, and it made nothing.
        if !held && made.is_none() {
            return;
        }
        (number, step, marker, answer, made, told).hash(hasher);
        // When it came to pass matters while somebody waits for it, and for as long as its key is kept.
        let keeps = matches!(self.platform.delivery, Delivery::Keyed { window_ms: Some(_), .. });
        if keeps || *effect_at > self.now {
            (effect_at, shown_at).hash(hasher);
        }
        held.then_some(leaves).hash(hasher);
    }
}

fn half(seed: u64, feed: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    seed.hash(&mut hasher);
    feed(&mut hasher);
    hasher.finish()
}

fn feed_target(target: &Target, place: impl Fn(WorkerId) -> Option<usize>, hasher: &mut DefaultHasher) {
    let Target {
        account_id: _,
        platform: _,
        phase,
        due,
        attempts,
        uncertain,
        done,
        url: _,
        // It is passed on; what turns on it is whether the log was restored, which isn't moved here.
        failure: _,
        warning,
        published_at: _,
        duplicates,
        second_posts,
        removal: _,
    } = target;
    std::mem::discriminant(phase).hash(hasher);
    match phase {
        Phase::Retrying { at } => at.hash(hasher),
        Phase::Settling(it) => (it.step, it.next_at, it.absences, it.last_absence).hash(hasher),
        _ => {}
    }
    (due, uncertain, duplicates, second_posts, warning.is_some()).hash(hasher);
    for (step, done) in done {
        (step, done.attempt, &done.remote_id).hash(hasher);
    }
    for attempt in attempts {
        let Attempt { number, worker, started_at: _, revision, delivery, baseline: _, intents, steps, end } = attempt;
        // Whose it is matters to who may go on with it, and to whether that one is gone.
        let worker = end.is_none().then(|| place(*worker));
        (number, worker, revision, delivery.class(), steps, end.is_some(), intents.len()).hash(hasher);
        intents.iter().for_each(|intent| feed_intent(intent, hasher));
        if let Some(AttemptEnd { at, failure }) = end {
            (at, failure.is_some()).hash(hasher);
            failure.iter().for_each(|it| feed_failure(it, hasher));
        }
    }
}

fn feed_intent(intent: &Intent, hasher: &mut DefaultHasher) {
    let Intent { step, marker, request_digest: _, at, not_after } = intent;
    (step, marker, at, not_after).hash(hasher);
}

fn feed_failure(failure: &Failure, hasher: &mut DefaultHasher) {
    let Failure { class, status: _, code: _, message: _, retry_after } = failure;
    (class, retry_after).hash(hasher);
}
