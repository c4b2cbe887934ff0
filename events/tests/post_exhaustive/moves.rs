//! What may happen next.

use campanile_events::post::{FailureClass, Phase, PostAction, PostEvent, Resolution, Then};
use chrono::{DateTime, Utc};

use super::{
    hands::Reply,
    state::{Bounds, Hands, Slot, State},
};
use crate::post_world::{Answer, Flight, account};

/// One small thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Until the next moment that matters.
    Wait,
    /// A request has its effect.
    Land(u8),
    /// A worker does the next thing.
    Work(u8, Work),
    /// A worker dies; the request that it had on its way arrives, or doesn't.
    Die(u8, bool),
    /// A worker is heard no more, and goes on all the same.
    FallSilent(u8),
    /// Whoever finds an attempt whose worker is gone.
    Lapse,
    /// A person looks at the platform, and says the truth.
    Resolve(Then),
    /// A client calls it off.
    Cancel,
    /// A client asks for what failed once more.
    Retry,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It looks at a target that may be begun, or repeated.
    Look,
    /// It begins the attempt.
    Start,
    /// Its platform can't be reached: it begins an attempt that can't be sent.
    StartUnready,
    /// It says so.
    GiveBack,
    /// It intends the next step of its attempt.
    Intend,
    /// It sends what it intended.
    Send(Reply),
    /// It was too late for that.
    Expire,
    /// It hears what its request came to, and puts that on record.
    Record,
    /// The same, and does not hear that it is: it will do it once more.
    RecordUnheard,
    /// It asks the platform for what is in doubt.
    Ask(bool),
    /// It puts the answer on record.
    RecordLookUp,
    /// Nothing can be asked or repeated: it leaves the target to a person.
    Leave,
}

const WORK: [Work; 17] = [
    Work::Look,
    Work::Start,
    Work::StartUnready,
    Work::GiveBack,
    Work::Intend,
    Work::Send(Reply::Live),
    Work::Send(Reply::Refused(FailureClass::Transient)),
    Work::Send(Reply::Refused(FailureClass::Rejected)),
    Work::Send(Reply::AnswerLost),
    Work::Send(Reply::RequestLost),
    Work::Expire,
    Work::Record,
    Work::RecordUnheard,
    Work::Ask(true),
    Work::Ask(false),
    Work::RecordLookUp,
    Work::Leave,
];

/// Everything that may be tried in any state.
pub fn all() -> Vec<Move> {
    let mut moves = vec![Move::Wait, Move::Lapse, Move::Resolve(Then::Resend), Move::Resolve(Then::GiveUp)];
    moves.extend([Move::Cancel, Move::Retry]);
    moves.extend((0..4).map(Move::Land));
    for slot in 0..2 {
        moves.extend(WORK.map(|work| Move::Work(slot, work)));
        moves.extend([Move::Die(slot, false), Move::Die(slot, true), Move::FallSilent(slot)]);
    }
    moves
}

/// What follows from a move; `None` where it isn't possible.
///
/// # Errors
/// If the aggregate refuses what it may not refuse.
pub fn make(state: &State, it: Move, bounds: Bounds) -> Result<Option<State>, String> {
    match it {
        Move::Wait => Ok(state.wait()),
        Move::Land(flight) => Ok(state.land(flight.into())),
        Move::Work(slot, work) => state.work(slot.into(), work, bounds),
        Move::Die(slot, lost) => Ok(state.die(slot.into(), lost, bounds)),
        Move::FallSilent(slot) => Ok(state.fall_silent(slot.into(), bounds)),
        Move::Lapse => state.lapse(),
        Move::Resolve(then) => Ok(state.resolve(then)),
        Move::Cancel => Ok(state.wish(PostAction::Cancel { account_ids: Vec::new() }, bounds)),
        Move::Retry => Ok(state.wish(PostAction::Retry { account_ids: Vec::new() }, bounds)),
    }
}

impl State {
    fn land(&self, flight: usize) -> Option<Self> {
        let found = self.platform.flights.get(flight).filter(|flight| flight.effect_at > self.now)?;
        // While its worker is heard it makes no difference whether it lands before its answer is put on record.
        let held = |slot: &Slot| !slot.silent && matches!(slot.hands, Hands::Sent(it) if it == flight);
        if found.answer == Answer::Live && self.slots.iter().any(held) {
            return None;
        }
        let mut next = self.clone();
        next.platform.flights[flight].land(self.now);
        Some(next)
    }

    /// Who only looked, or asked, can as well be thought not to have.
    fn die(&self, slot: usize, lost: bool, bounds: Bounds) -> Option<Self> {
        let has = &self.slots[slot];
        let has_no_more = matches!(has.hands, Hands::Idle | Hands::Looked { .. } | Hands::Asked { .. });
        if self.crashes >= bounds.crashes || has_no_more || has.silent {
            return None;
        }
        let in_the_air = match has.hands {
            Hands::Sent(flight) if self.platform.flights[flight].effect_at > self.now => Some(flight),
            _ => None,
        };
        let mut next = self.clone();
        match in_the_air {
            Some(flight) if lost => next.platform.flights[flight].lose(self.now),
            None if lost => return None,
            _ => {}
        }
        next.crashes += 1;
        next.slots[slot].rest();
        next.slots[slot].id += 2;
        Some(next)
    }

    fn fall_silent(&self, slot: usize, bounds: Bounds) -> Option<Self> {
        let has = &self.slots[slot];
        if self.crashes >= bounds.crashes || has.is_idle() || has.silent {
            return None;
        }
        let mut next = self.clone();
        next.crashes += 1;
        next.slots[slot].silent = true;
        Some(next)
    }

    /// Who fell silent keeps its attempt until its lease is over, which is after its intent's last moment.
    fn lapse(&self) -> Result<Option<Self>, String> {
        let Some(attempt) = self.target().newest().filter(|it| it.is_running()) else { return Ok(None) };
        let owner = self.slots.iter().find(|slot| slot.worker() == attempt.worker);
        let lease_is_over = attempt.intents.last().is_none_or(|intent| self.now >= intent.not_after);
        if owner.is_some_and(|owner| !owner.silent || !lease_is_over) {
            return Ok(None);
        }
        let mut next = self.clone();
        let (account_id, number) = (account(), attempt.number);
        let lapsed = next.ask(PostAction::LapseAttempt { account_id, number });
        lapsed.map_err(|error| format!("a dead worker's attempt can't lapse: {error}"))?;
        Ok(Some(next))
    }

    /// Looks once nothing is on its way any more: who looks sooner may be wrong.
    fn resolve(&self, then: Then) -> Option<Self> {
        let in_the_air = self.platform.flights.iter().any(|flight| flight.effect_at > self.now);
        if self.target().phase != Phase::Unknown || in_the_air {
            return None;
        }
        let mut next = self.clone();
        let resolution = match self.post.next_step(self.target()) {
            Some(step) if self.platform.made(step) == 0 => Resolution::NotPublished { then },
            _ if then == Then::Resend => return None,
            _ => Resolution::Published { url: None },
        };
        next.ask(PostAction::Resolve { account_id: account(), resolution }).ok()?;
        Some(next)
    }

    fn wish(&self, action: PostAction, bounds: Bounds) -> Option<Self> {
        if self.wishes >= bounds.wishes {
            return None;
        }
        let mut next = self.clone();
        next.wishes += 1;
        next.ask(action).ok().filter(|events: &Vec<PostEvent>| !events.is_empty())?;
        Some(next)
    }
}

impl Flight {
    /// It has its effect now, sooner than it might have.
    pub fn land(&mut self, now: DateTime<Utc>) {
        (self.effect_at, self.shown_at) = (now, now);
    }

    /// It never arrives.
    pub fn lose(&mut self, now: DateTime<Utc>) {
        (self.made, self.told) = (None, None);
        self.land(now);
    }
}
