//! How a target's doubt is settled: by a repeat under the same key, by asking the platform, or by a person.

use chrono::{DateTime, Utc};

use super::command::Completion;
use super::decide_restored::RESTORED;
use super::decide_target::{Case, Decision, millis, whole};
use super::state::PROVING_ABSENCES;
use super::{
    Attempt, Delivery, Evidence, Failure, FailureClass, Intent, LookUp, Phase, PostError, PostEvent, Settling, Step,
    TargetFailed, TargetLookedUp, TargetRequeued, TargetUncertain, TargetUnknown,
};
use crate::{
    sabotage::{Mutant, mutated},
    seal::Sealed,
};

impl Case<'_> {
    /// What can be done about a step that may be live depends on what the server offers.
    pub(super) fn uncertain(&self, attempt: &Attempt, step: Step, failure: Failure) -> PostEvent {
        let (account_id, number, at) = (self.target.account_id, attempt.number, self.now);
        let next_at = match attempt.delivery {
            Delivery::Blind => {
                return PostEvent::TargetUnknown(TargetUnknown { account_id, number, failure, at });
            }
            Delivery::Keyed { searchable: false, .. } if failure.class == FailureClass::Rejected => {
                return PostEvent::TargetUnknown(TargetUnknown { account_id, number, failure, at });
            }
            Delivery::Keyed { .. } if mutated(Mutant::RepeatAtOnce) => at,
            Delivery::Keyed { quiet_ms, .. } => {
                let clear = if failure.class == FailureClass::Lapsed { self.air_clear_at() } else { at };
                // The quiet time runs from the last byte that may have left, whenever that is noticed.
                (clear + millis(quiet_ms)).max(self.next_try(failure.retry_after))
            }
            // Worth a look at once: most lost answers belong to posts that are there.
            Delivery::Searchable => at + whole(self.timing.lookup_gap / 60),
        };
        PostEvent::TargetUncertain(TargetUncertain { account_id, number, step, failure, next_at, at })
    }

    pub(super) fn looked_up(
        &self,
        number: u32,
        step: Step,
        asked_at: DateTime<Utc>,
        look_up: &LookUp,
        claimed: bool,
    ) -> Decision {
        let Phase::Settling(settling) = &self.target.phase else { return Err(PostError::Fenced) };
        let newest = self.target.newest().filter(|attempt| attempt.number == number);
        let attempt = newest.filter(|_| settling.step == step).ok_or(PostError::Fenced)?;
        let account_id = self.target.account_id;
        let recorded = |absences, next_at| {
            let look_up = look_up.clone();
            let event = TargetLookedUp { account_id, number, step, look_up, absences, next_at, at: asked_at };
            PostEvent::TargetLookedUp(event)
        };
        match look_up {
            LookUp::Present { remote_id, url } => {
                let (remote_id, url, evidence) = (remote_id.clone(), url.clone(), Evidence::LookedUp);
                let number = self.intender(step).unwrap_or(number);
                let done = Completion { number, step, remote_id, url, evidence, claimed };
                let mut events = vec![recorded(settling.absences, None)];
                events.extend(self.complete(done)?);
                Ok(events)
            }
            LookUp::Absent => {
                let settled = self.air_clear_at() + whole(self.timing.settle);
                let gap = whole(self.timing.lookup_gap);
                let apart = settling.last_absence.is_none_or(|last| asked_at >= last + gap);
                if asked_at < settled || !apart {
                    let next = settling.last_absence.map_or(settled, |last| last + gap);
                    return Ok(vec![recorded(settling.absences, Some(next.max(settled)))]);
                }
                let absences = settling.absences + 1;
                if absences < PROVING_ABSENCES {
                    return Ok(vec![recorded(absences, Some(asked_at + gap))]);
                }
                let failure = attempt.end.as_ref().and_then(|end| end.failure.clone());
                let failure = failure.unwrap_or_else(|| Failure::of(FailureClass::Uncertain, "absent"));
                let follows = if self.is_given_up(self.now) {
                    self.end_without_success(number, failure, true)
                } else {
                    self.retry_at(number, Some(failure), self.now, true)
                };
                Ok(vec![recorded(absences, None), follows])
            }
            LookUp::Unavailable { failure } => {
                if self.is_too_late(self.now) {
                    let (failure, at) = (failure.clone(), self.now);
                    let unknown = TargetUnknown { account_id, number, failure, at };
                    return Ok(vec![recorded(settling.absences, None), PostEvent::TargetUnknown(unknown)]);
                }
                let next = self.next_try(failure.retry_after).max(self.now + whole(self.timing.lookup_gap / 6));
                Ok(vec![recorded(settling.absences, Some(next))])
            }
        }
    }

    pub(super) fn leave_unknown(&self, number: u32, account_gone: bool) -> Decision {
        let Phase::Settling(settling) = &self.target.phase else { return Err(PostError::Fenced) };
        let attempt = self.target.newest().filter(|attempt| attempt.number == number).ok_or(PostError::Fenced)?;
        let hopeless = match attempt.delivery {
            _ if account_gone => true,
            Delivery::Blind => true,
            Delivery::Searchable | Delivery::Keyed { searchable: true, .. } => false,
            Delivery::Keyed { window_ms, searchable: false, .. } => {
                let last = self.last_send();
                self.is_given_up(self.now) || window_ms.is_some_and(|it| !self.is_within(it, settling.step, last))
            }
        };
        if !hopeless {
            return Err(PostError::Unsettled);
        }
        let failure = attempt.end.as_ref().and_then(|end| end.failure.clone());
        let failure = failure.unwrap_or_else(|| Failure::of(FailureClass::Uncertain, "not_settled"));
        let (account_id, at) = (self.target.account_id, self.now);
        Ok(vec![PostEvent::TargetUnknown(TargetUnknown { account_id, number, failure, at })])
    }

    /// What a person found on the platform, and what follows. A word about what stood in doubt when the log was restored
    /// is about the whole: nobody knows how much was sent.
    pub(super) fn found(&self, number: u32, url: Option<&Sealed>) -> (Option<Step>, Vec<PostEvent>) {
        let evidence = Evidence::Resolved;
        let code = self.target.failure.as_ref().and_then(|failure| failure.code.as_deref());
        let Some(step) = self.post.next_step(self.target).filter(|_| code != Some(RESTORED)) else {
            return (None, vec![self.published(number, url.cloned(), evidence, None)]);
        };
        let post_url = url.filter(|_| step == Step::Part(0)).cloned();
        let is_left = |it: &Step| *it != step && !self.target.done.contains_key(it);
        let Some(next) = self.post.steps(self.target.account_id).into_iter().find(is_left) else {
            return (Some(step), vec![self.published(number, post_url, evidence, None)]);
        };
        let parent = next.parent().filter(|parent| *parent != step).and_then(|parent| self.target.done.get(&parent));
        if parent.is_some_and(|done| done.remote_id.is_some()) {
            return (Some(step), self.go_on());
        }
        let (account_id, at, failure) =
            (self.target.account_id, self.now, Failure::of(FailureClass::Rejected, "parent_not_named"));
        let follows = if next == Step::Comment {
            self.published(number, post_url, evidence, Some(failure))
        } else {
            PostEvent::TargetFailed(TargetFailed { account_id, number, failure, gave_up: false, at })
        };
        (Some(step), vec![follows])
    }

    /// What is still to be sent is sent at once, and its limits count from now.
    pub(super) fn go_on(&self) -> Vec<PostEvent> {
        let number = self.target.newest().map_or(0, |attempt| attempt.number);
        vec![self.requeued(), self.retry_at(number, None, self.now, false)]
    }

    pub(super) fn requeued(&self) -> PostEvent {
        self.requeued_to(self.now)
    }

    /// The same, but for what was held by a restore before its time had come: it keeps that.
    pub(super) fn requeued_at_its_time(&self) -> PostEvent {
        let code = self.target.failure.as_ref().and_then(|failure| failure.code.as_deref());
        let due = self.target.due.filter(|_| code == Some(RESTORED));
        self.requeued_to(due.map_or(self.now, |due| due.max(self.now)))
    }

    fn requeued_to(&self, due: DateTime<Utc>) -> PostEvent {
        let (account_id, at) = (self.target.account_id, self.now);
        PostEvent::TargetRequeued(TargetRequeued { account_id, due, at })
    }

    /// A repeat is safe only under the same key: one at a time, not before the server has surely stored the first, and
    /// not after it may have forgotten it.
    pub(super) fn may_repeat(&self, settling: &Settling, delivery: &Delivery) -> Result<(), PostError> {
        let Delivery::Keyed { window_ms, quiet_ms, .. } = delivery else { return Err(PostError::Unsettled) };
        if !matches!(self.last_delivery(), Some(Delivery::Keyed { .. })) || self.is_given_up(self.now) {
            return Err(PostError::Unsettled);
        }
        let waits = self.now < self.air_clear_at() + millis(*quiet_ms) || self.now < settling.next_at;
        if waits && !mutated(Mutant::RepeatAtOnce) {
            return Err(PostError::TooEarly);
        }
        if window_ms.is_some_and(|window| !self.is_within(window, settling.step, self.last_send())) {
            return Err(PostError::Unsettled);
        }
        Ok(())
    }

    /// Preparation takes time: what held when the repeat began must hold for its last byte too. And only the key of the
    /// send that is in doubt makes it a repeat, not that of an older revision.
    pub(super) fn fits_repeat(&self, attempt: &Attempt, intent: &Intent) -> Result<(), PostError> {
        let Delivery::Keyed { window_ms, .. } = attempt.delivery else { return Err(PostError::Unsettled) };
        let doubtful = self.target.last_intent();
        if doubtful.is_none_or(|it| it.step != intent.step || it.marker != intent.marker) {
            return Err(PostError::UnfitIntent("a repeat must have the first one's marker"));
        }
        if window_ms.is_some_and(|window| !self.is_within(window, intent.step, intent.not_after)) {
            return Err(PostError::UnfitIntent("the server may have forgotten the key by then"));
        }
        Ok(())
    }

    /// When a request that is intended now leaves at the latest.
    fn last_send(&self) -> DateTime<Utc> {
        self.now + whole(self.timing.send_window())
    }

    /// Whether the server still knows the doubtful send's key when a request leaves at `last`.
    fn is_within(&self, window_ms: u64, step: Step, last: DateTime<Utc>) -> bool {
        let marker = self.target.last_intent().map(|intent| intent.marker.as_str()).unwrap_or_default();
        let first = self.target.first_intent(step, marker);
        first.is_some_and(|first| last < first + millis(window_ms))
    }

    /// From when no request of ours can be on its way any more: a worker that reported has stopped; one that fell silent
    /// may begin to send until its intent's last moment.
    fn air_clear_at(&self) -> DateTime<Utc> {
        let doubtful = self.target.attempts.iter().filter_map(|attempt| {
            let intent = attempt.open_intent()?;
            let reported = attempt
                .end
                .as_ref()
                .filter(|end| end.failure.as_ref().is_some_and(|failure| failure.class != FailureClass::Lapsed));
            Some(reported.map_or(intent.not_after, |end| end.at))
        });
        doubtful.max().unwrap_or(self.now)
    }

    /// The newest attempt that intended a step.
    fn intender(&self, step: Step) -> Option<u32> {
        let intended = |attempt: &&Attempt| attempt.intents.iter().any(|intent| intent.step == step);
        self.target.attempts.iter().rev().find(intended).map(|attempt| attempt.number)
    }

    fn last_delivery(&self) -> Option<Delivery> {
        let intended = self.target.attempts.iter().rev().find(|attempt| attempt.open_intent().is_some());
        intended.map(|attempt| attempt.delivery)
    }
}
