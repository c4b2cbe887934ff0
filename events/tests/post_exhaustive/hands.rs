//! What a worker does, as `workers/src/publishing` does it: look, begin with an intent, send, hear, put on record.

use campanile_events::post::{Failure, FailureClass, Intent, Phase, Post, PostAction, PostError, PostEvent};

use super::{
    moves::Work,
    state::{Bounds, Hands, State},
};
use crate::post_world::{Answer, Fate, account, ask, intended, intent, intent_to_send};

/// What becomes of a request, and what of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Live,
    Refused(FailureClass),
    /// It has its effect, soon or late, and nobody hears of it.
    AnswerLost,
    RequestLost,
}

type Done = Result<Option<State>, String>;

impl State {
    pub fn work(&self, slot: usize, work: Work, bounds: Bounds) -> Done {
        let account_id = account();
        match (work, &self.slots[slot].hands) {
            (Work::Look, Hands::Idle) => Ok(self.look(slot)),
            (Work::Start, Hands::Looked { .. }) => Ok(self.start(slot, bounds)),
            (Work::StartUnready, Hands::Looked { number, revision, .. }) => {
                Ok(self.start_unready(slot, *number, *revision, bounds))
            }
            (Work::GiveBack, Hands::Unready { number }) => {
                let failure = Failure::of(FailureClass::NotSent, "connect");
                let action = PostAction::FailAttempt { account_id, number: *number, step: None, failure };
                self.record(slot, action, None)
            }
            (Work::Intend, Hands::GoingOn { number }) => Ok(Some(self.intend(slot, *number))),
            (Work::Send(reply), Hands::Intended { number, intent }) => {
                Ok(self.send(slot, reply, *number, intent, bounds))
            }
            (Work::Expire, Hands::Intended { number, intent }) if self.now >= intent.not_after => {
                let failure = Failure::of(FailureClass::NotSent, "intent_expired");
                let step = Some(intent.step);
                self.record(slot, PostAction::FailAttempt { account_id, number: *number, step, failure }, None)
            }
            (Work::Record, Hands::Sent(flight)) => self.tell(slot, *flight),
            (Work::RecordUnheard, Hands::Sent(flight)) if self.faults < bounds.faults => {
                let told = self.tell(slot, *flight)?;
                Ok(told.map(|mut next| {
                    next.faults += 1;
                    next.slots[slot] = self.slots[slot].clone();
                    next
                }))
            }
            (Work::Ask(reachable), Hands::Idle) => Ok(self.look_up(slot, reachable, bounds)),
            (Work::RecordLookUp, Hands::Asked { number, asked_at, look_up, step }) => {
                let (number, step, asked_at, look_up) = (*number, *step, *asked_at, look_up.clone());
                let action = PostAction::RecordLookUp { account_id, number, step, asked_at, look_up, claim: true };
                let mut next = self.clone();
                // Who asked in vain, since another settled it meanwhile, looks again.
                let _ = next.ask(action);
                next.slots[slot].rest();
                Ok(Some(next))
            }
            (Work::Leave, Hands::Idle) => Ok(self.leave()),
            _ => Ok(None),
        }
    }

    fn change(&self, slot: usize, hands: Hands) -> Self {
        let mut next = self.clone();
        next.slots[slot].hands = hands;
        next
    }

    /// A worker lets go of what it has in hand: it is told to stop, or there is nothing left to do.
    fn stopped(&self, slot: usize) -> Self {
        let mut next = self.clone();
        next.slots[slot].rest();
        next
    }

    /// What the aggregate would say to an attempt now.
    fn begin(&self, slot: usize, number: u32, revision: u32, intent: Option<Intent>) -> PostAction {
        PostAction::StartAttempt {
            account_id: account(),
            number,
            worker: self.slots[slot].worker(),
            delivery: self.platform.delivery,
            baseline: None,
            revision,
            intent,
        }
    }

    fn look(&self, slot: usize) -> Option<Self> {
        if !matches!(self.target().phase, Phase::Scheduled | Phase::Retrying { .. } | Phase::Settling(_)) {
            return None;
        }
        // When it may begin is for the aggregate to say, not for the worker.
        let (number, revision) = (self.target().next_number(), self.post.revision);
        let Intent { step, marker, .. } = intent(&self.post, self.now)?;
        let in_doubt = matches!(self.target().phase, Phase::Settling(_));
        if in_doubt && !self.may_repeat(slot) {
            return None;
        }
        Some(self.change(slot, Hands::Looked { number, revision, step, marker }))
    }

    /// Whether what is in doubt may be repeated, now or soon.
    fn may_repeat(&self, slot: usize) -> bool {
        let Some(intent) = intent(&self.post, self.now) else { return false };
        let action = self.begin(slot, self.target().next_number(), self.post.revision, Some(intent));
        let mut post: Post = self.post.clone();
        matches!(ask(&mut post, self.now, action), Ok(_) | Err(PostError::TooEarly))
    }

    fn start(&self, slot: usize, bounds: Bounds) -> Option<Self> {
        let Hands::Looked { number, revision, step, marker } = &self.slots[slot].hands else { return None };
        // The line is open and the moment has come: the intent is made now, of what was looked at then.
        let intent = intent_to_send(*step, marker.clone(), self.now);
        let mut next = self.clone();
        next.slots[slot].rest();
        let action = self.begin(slot, *number, *revision, Some(intent.clone()));
        if let Ok(events) = next.ask(action) {
            if next.target().attempts.len() > bounds.attempts as usize {
                return Some(self.stopped(slot));
            }
            if intended(&events) {
                next.slots[slot].hands = Hands::Intended { number: *number, intent };
                next.slots[slot].silent = self.slots[slot].silent;
            } else if events.iter().any(|event| matches!(event, PostEvent::AttemptStarted(_))) {
                // It was told that it may; that nothing durable says so is for `send` to find.
                next.slots[slot].hands = Hands::Intended { number: *number, intent };
            }
        }
        Some(next)
    }

    fn start_unready(&self, slot: usize, number: u32, revision: u32, bounds: Bounds) -> Option<Self> {
        if self.faults >= bounds.faults {
            return None;
        }
        let mut next = self.clone();
        next.faults += 1;
        next.slots[slot].rest();
        if let Ok(events) = next.ask(self.begin(slot, number, revision, None)) {
            if next.target().attempts.len() > bounds.attempts as usize {
                return Some(self.stopped(slot));
            }
            if events.iter().any(|event| matches!(event, PostEvent::AttemptStarted(_))) {
                next.slots[slot].hands = Hands::Unready { number };
                next.slots[slot].silent = self.slots[slot].silent;
            }
        }
        Some(next)
    }

    fn intend(&self, slot: usize, number: u32) -> Self {
        let Some(intent) = intent(&self.post, self.now) else { return self.stopped(slot) };
        let (account_id, worker) = (account(), self.slots[slot].worker());
        let mut next = self.clone();
        let action = PostAction::IntendSend { account_id, number, worker, intent: intent.clone() };
        if next.ask(action).is_ok() {
            next.slots[slot].hands = Hands::Intended { number, intent };
        } else {
            next.slots[slot].rest();
        }
        next
    }

    fn send(&self, slot: usize, reply: Reply, number: u32, intent: &Intent, bounds: Bounds) -> Option<Self> {
        if self.now >= intent.not_after {
            return None;
        }
        let (answer, effect) = match reply {
            Reply::Live => (Answer::Live, true),
            Reply::Refused(class) => (Answer::Refused(class), false),
            Reply::AnswerLost => (Answer::Nothing, true),
            Reply::RequestLost => (Answer::Nothing, false),
        };
        let faults = self.faults + u8::from(answer == Answer::Nothing);
        if faults > bounds.faults {
            return None;
        }
        let mut next = self.change(slot, Hands::Sent(self.platform.flights.len()));
        next.faults = faults;
        let newest = self.target().newest().filter(|it| it.number == number && it.worker == self.slots[slot].worker());
        next.unintended |= newest.is_none_or(|it| it.intents.last() != Some(intent));
        let fate = Fate { answer, effect, leaves: 0, takes: bounds.takes, hidden: 0 };
        next.platform.take(self.now, number, intent, &fate);
        let flight = next.platform.flights.last_mut()?;
        if flight.made.is_none() {
            flight.land(self.now);
        }
        Some(next)
    }

    /// Whose answer is heard has had its effect.
    fn tell(&self, slot: usize, flight: usize) -> Done {
        let mut landed = self.clone();
        let flight = &mut landed.platform.flights[flight];
        if flight.answer == Answer::Live && flight.effect_at > self.now {
            flight.land(self.now);
        }
        let number = flight.number;
        let Some(action) = flight.report(self.now) else { return Ok(None) };
        let lives = matches!(action, PostAction::CompleteStep { .. });
        landed.record(slot, action, lives.then_some(number))
    }

    /// Puts on record what may not be dropped. Who made a step live goes on with the next, if there is one.
    fn record(&self, slot: usize, action: PostAction, goes_on: Option<u32>) -> Done {
        let mut next = self.clone();
        next.ask(action).map_err(|error| format!("a result was dropped: {error}"))?;
        next.slots[slot].rest();
        if let Some(number) = goes_on
            && next.target().phase == Phase::Publishing
            && next.post.next_step(next.target()).is_some()
        {
            next.slots[slot].hands = Hands::GoingOn { number };
            next.slots[slot].silent = self.slots[slot].silent;
        }
        Ok(Some(next))
    }

    fn look_up(&self, slot: usize, reachable: bool, bounds: Bounds) -> Option<Self> {
        let Phase::Settling(settling) = &self.target().phase else { return None };
        if self.now < settling.next_at || !self.platform.delivery.can_look_up() || self.may_repeat(slot) {
            return None;
        }
        let faults = self.faults + u8::from(!reachable);
        if faults > bounds.faults {
            return None;
        }
        let (number, step) = (self.target().next_number() - 1, settling.step);
        let look_up = self.platform.look_up(self.now, step, reachable);
        let mut next = self.change(slot, Hands::Asked { number, step, asked_at: self.now, look_up });
        next.faults = faults;
        Some(next)
    }

    fn leave(&self) -> Option<Self> {
        let Phase::Settling(settling) = &self.target().phase else { return None };
        if self.now < settling.next_at {
            return None;
        }
        let mut next = self.clone();
        let number = self.target().next_number() - 1;
        next.ask(PostAction::LeaveUnknown { account_id: account(), number, account_gone: false }).ok()?;
        Some(next)
    }
}
