//! A platform that keeps to what its delivery promises, and to nothing more.

use campanile_events::post::{Delivery, Failure, FailureClass, Intent, LookUp, PostAction, Step};
use chrono::{DateTime, Duration, Utc};

use super::account;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub struct Fate {
    /// What the worker hears.
    pub answer: Answer,
    /// Whether a request without a clear answer had its effect.
    pub effect: bool,
    /// How many seconds after its intent it leaves.
    pub leaves: i64,
    /// How many seconds it then takes to have its effect.
    pub takes: i64,
    /// How many seconds after that the platform shows it to who asks.
    pub hidden: i64,
}

/// What a worker hears of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    Live,
    Refused(FailureClass),
    Nothing,
}

/// A request that left, or will.
#[derive(Debug, Clone)]
pub struct Flight {
    pub number: u32,
    pub step: Step,
    pub marker: String,
    pub answer: Answer,
    pub leaves: DateTime<Utc>,
    pub effect_at: DateTime<Utc>,
    pub shown_at: DateTime<Utc>,
    /// What it made live.
    pub made: Option<String>,
    /// The name that its answer tells, made by it or by an earlier one under the same key.
    pub told: Option<String>,
}

/// A platform, and every request that it got.
#[derive(Debug, Clone)]
pub struct Platform {
    pub delivery: Delivery,
    pub flights: Vec<Flight>,
}

impl Platform {
    pub const fn new(delivery: Delivery) -> Self {
        Self { delivery, flights: Vec::new() }
    }

    /// Makes one post of a request, unless it knows the key already.
    pub fn take(&mut self, now: DateTime<Utc>, number: u32, intent: &Intent, fate: &Fate) {
        let leaves = now + Duration::seconds(fate.leaves);
        let effect_at = leaves + Duration::seconds(fate.takes);
        let shown_at = effect_at + Duration::seconds(fate.hidden);
        let has_effect = match fate.answer {
            Answer::Live => true,
            Answer::Refused(_) => false,
            Answer::Nothing => fate.effect,
        };
        let known = self.flights.iter().find(|flight| {
            let Delivery::Keyed { window_ms, .. } = self.delivery else { return false };
            let kept = window_ms.is_none_or(|ms| leaves < flight.effect_at + Duration::milliseconds(ms as i64));
            flight.marker == intent.marker && flight.made.is_some() && flight.effect_at <= leaves && kept
        });
        let known = known.and_then(|flight| flight.made.clone());
        let made = (has_effect && known.is_none()).then(|| format!("remote-{}", self.flights.len()));
        let told = known.or_else(|| made.clone());
        let (step, marker, answer) = (intent.step, intent.marker.clone(), fate.answer);
        self.flights.push(Flight { number, step, marker, answer, leaves, effect_at, shown_at, made, told });
    }

    /// What it answers to who asks for a step.
    pub fn look_up(&self, now: DateTime<Utc>, step: Step, reachable: bool) -> LookUp {
        let shown = self.flights.iter().find(|it| it.step == step && it.made.is_some() && it.shown_at <= now);
        match shown.and_then(|flight| flight.made.clone()) {
            _ if !reachable => LookUp::Unavailable { failure: Failure::of(FailureClass::Transient, "503") },
            Some(remote_id) => LookUp::Present { remote_id, url: None },
            None => LookUp::Absent,
        }
    }

    /// How many posts of this step are live on it, or will be.
    pub fn made(&self, step: Step) -> usize {
        self.flights.iter().filter(|flight| flight.step == step && flight.made.is_some()).count()
    }
}

impl Flight {
    /// What a worker tells of it; `None` while there is nothing to tell.
    pub fn report(&self, now: DateTime<Utc>) -> Option<PostAction> {
        let (account_id, number, step) = (account(), self.number, self.step);
        let fail = |class| {
            let failure = Failure::of(class, "seen");
            PostAction::FailAttempt { account_id, number, step: Some(step), failure }
        };
        match (self.answer, self.told.clone()) {
            _ if now < self.leaves => None,
            (Answer::Live, Some(remote_id)) if self.effect_at <= now => {
                Some(PostAction::CompleteStep { account_id, number, step, remote_id, url: None, claim: true })
            }
            (Answer::Live, _) => None,
            (Answer::Refused(class), _) => Some(fail(class)),
            (Answer::Nothing, _) => Some(fail(FailureClass::Uncertain)),
        }
    }
}
