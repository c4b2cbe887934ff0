//! When two states are the same: if they agree on everything that a later move can turn on.
//!
//! Every field is named here, so that one that the aggregate gains has to be thought of before this compiles. The workers
//! have no names: which of them is which makes no difference.

use std::hash::{Hash, Hasher};

use campanile_events::{
    ids::WorkerId,
    post::{Attempt, AttemptEnd, Delivery, Failure, Intent, LookUp, Phase, Post, Target},
};

use super::state::{Hands, Slot, State};
use crate::post_world::{Flight, Platform};

impl State {
    /// 128 bits of what makes a state.
    pub fn digest(&self) -> u128 {
        let of_slot = |slot| {
            let mut hasher = Print::default();
            self.feed_slot(slot, &mut hasher);
            hasher.0
        };
        let swapped = of_slot(&self.slots[0]) > of_slot(&self.slots[1]);
        let mut hasher = Print::default();
        self.feed(if swapped { [1, 0] } else { [0, 1] }, &mut hasher);
        hasher.0
    }

    fn feed(&self, order: [usize; 2], hasher: &mut Print) {
        let Self { post, now, platform, slots, crashes, faults, wishes, unknowns, unintended } = self;
        (now, crashes, faults, wishes, unknowns, unintended).hash(hasher);
        for at in order {
            self.feed_slot(&slots[at], hasher);
        }
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
        for target in targets {
            feed_target(target, place, hasher);
        }
    }

    fn feed_slot(&self, slot: &Slot, hasher: &mut Print) {
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
                (self.platform.flights[*flight].number, self.platform.flights[*flight].step).hash(hasher);
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

    fn feed_flight(&self, flight: &Flight, held: bool, hasher: &mut Print) {
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

/// A hash of 128 bits, where the standard library's has 64, and quick where nothing is optimized.
#[derive(Default)]
struct Print(u128);

impl Print {
    fn mix(&mut self, word: u128) {
        let mixed = (self.0 ^ word).wrapping_add(1).wrapping_mul(0xda94_2042_e4dd_58b5_9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 67);
    }
}

impl Hasher for Print {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(16) {
            let mut word = [0; 16];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u128::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, it: u8) {
        self.mix(it.into());
    }

    fn write_u32(&mut self, it: u32) {
        self.mix(it.into());
    }

    fn write_u64(&mut self, it: u64) {
        self.mix(it.into());
    }

    fn write_usize(&mut self, it: usize) {
        self.mix(it as u128);
    }

    fn write_i32(&mut self, it: i32) {
        self.mix(it.cast_unsigned().into());
    }

    fn finish(&self) -> u64 {
        self.0 as u64
    }
}

fn feed_target(target: &Target, place: impl Fn(WorkerId) -> Option<usize>, hasher: &mut Print) {
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
        for intent in intents {
            feed_intent(intent, hasher);
        }
        if let Some(AttemptEnd { at, failure }) = end {
            (at, failure.is_some()).hash(hasher);
            if let Some(failure) = failure {
                feed_failure(failure, hasher);
            }
        }
    }
}

fn feed_intent(intent: &Intent, hasher: &mut Print) {
    let Intent { step, marker, request_digest: _, at, not_after } = intent;
    (step, marker, at, not_after).hash(hasher);
}

fn feed_failure(failure: &Failure, hasher: &mut Print) {
    let Failure { class, status: _, code: _, message: _, retry_after } = failure;
    (class, retry_after).hash(hasher);
}
