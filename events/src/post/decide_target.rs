//! What a target answers to its workers: the machine that publishes once.

use chrono::{DateTime, Duration, Utc};

use super::command::Completion;
use super::state::PROVING_ABSENCES;
use super::{
    Attempt, AttemptStarted, Delivery, DuplicateObserved, Evidence, Failure, FailureClass, Intent, LateResultObserved,
    LookUp, Phase, Post, PostAction, PostError, PostEvent, PostServices, SendIntended, Settling, Step, StepCompleted,
    Target, TargetFailed, TargetLookedUp, TargetMissed, TargetPublished, TargetRetryScheduled, TargetUncertain,
    TargetUnknown, backoff,
};
use crate::{ids::AccountId, seal::Sealed, timing::Timing};

type Decision = Result<Vec<PostEvent>, PostError>;

/// What a decision about one target looks at.
struct Case<'a> {
    post: &'a Post,
    target: &'a Target,
    now: DateTime<Utc>,
    jitter: f64,
    timing: &'a Timing,
}

impl Post {
    pub(super) fn decide_target(
        &self,
        now: DateTime<Utc>,
        jitter: f64,
        action: PostAction,
        services: &PostServices,
    ) -> Decision {
        let case = |account: AccountId| {
            let target = self.target(account).ok_or(PostError::UnknownTarget(account))?;
            Ok::<_, PostError>(Case { post: self, target, now, jitter, timing: &services.timing })
        };
        match action {
            PostAction::StartAttempt { account_id, number, worker, delivery, baseline, revision, intent } => {
                let started = AttemptStarted { account_id, number, worker, delivery, baseline, revision, at: now };
                case(account_id)?.start(started, intent)
            }
            PostAction::IntendSend { account_id, number, worker, intent } => {
                let case = case(account_id)?;
                let newest = case.target.newest().filter(|it| it.number == number && it.worker == worker);
                let attempt = newest.filter(|it| it.is_running()).ok_or(PostError::Fenced)?;
                case.intend(attempt, intent).map(|event| vec![event])
            }
            PostAction::CompleteStep { account_id, number, step, remote_id, url, claim } => {
                let evidence = Evidence::Answered;
                case(account_id)?.complete(Completion { number, step, remote_id, url, evidence, claimed: claim })
            }
            PostAction::FailAttempt { account_id, number, failure } => case(account_id)?.fail(number, failure),
            PostAction::LapseAttempt { account_id, number } => {
                let case = case(account_id)?;
                let newest = case.target.newest().filter(|it| it.number == number && it.is_running());
                newest.ok_or(PostError::Fenced)?;
                case.fail(number, Failure::of(FailureClass::Lapsed, "worker_lost"))
            }
            PostAction::RecordLookUp { account_id, number, step, asked_at, look_up, claim } => {
                case(account_id)?.looked_up(number, step, asked_at, &look_up, claim)
            }
            PostAction::LeaveUnknown { account_id, number } => case(account_id)?.leave_unknown(number),
            _ => Err(PostError::Fenced),
        }
    }
}

impl Case<'_> {
    fn start(&self, started: AttemptStarted, intent: Option<Intent>) -> Decision {
        if self.post.deleted || started.number != self.target.next_number() {
            return Err(PostError::Fenced);
        }
        if started.revision != self.post.revision {
            return Err(PostError::RevisionMismatch { expected: started.revision, actual: self.post.revision });
        }
        match &self.target.phase {
            Phase::Scheduled => {
                let due = self.target.due.ok_or(PostError::Fenced)?;
                if self.now < due {
                    return Err(PostError::TooEarly);
                }
                if self.post.missed_at(self.target).is_some_and(|at| self.now > at) {
                    let account_id = self.target.account_id;
                    return Ok(vec![PostEvent::TargetMissed(TargetMissed { account_id, due, at: self.now })]);
                }
            }
            Phase::Retrying { at } => {
                if self.now < *at {
                    return Err(PostError::TooEarly);
                }
                if self.is_given_up(self.now) {
                    let failure = self.target.failure.clone();
                    let failure = failure.unwrap_or_else(|| Failure::of(FailureClass::NotSent, "gave_up"));
                    return Ok(vec![self.end_without_success(started.number - 1, failure, true)]);
                }
            }
            Phase::Settling(settling) => self.may_repeat(settling, &started.delivery)?,
            _ => return Err(PostError::Fenced),
        }
        let Some(intent) = intent else { return Ok(vec![PostEvent::AttemptStarted(started)]) };
        let attempt = Attempt {
            number: started.number,
            worker: started.worker,
            started_at: self.now,
            revision: started.revision,
            delivery: started.delivery,
            baseline: None,
            intents: Vec::new(),
            steps: Vec::new(),
            end: None,
        };
        let intended = self.intend(&attempt, intent)?;
        Ok(vec![PostEvent::AttemptStarted(started), intended])
    }

    fn intend(&self, attempt: &Attempt, intent: Intent) -> Result<PostEvent, PostError> {
        if self.post.deleted {
            return Err(PostError::Fenced);
        }
        if attempt.open_intent().is_some() {
            return Err(PostError::UnfitIntent("the one before has no answer yet"));
        }
        if attempt.revision != self.post.revision && !self.target.is_frozen() {
            return Err(PostError::UnfitIntent("the content changed"));
        }
        if Some(intent.step) != self.post.next_step(self.target) {
            return Err(PostError::UnfitIntent("it is not the next step"));
        }
        if self.target.uncertain == Some(intent.step) && self.target.first_intent(intent.step, &intent.marker).is_none()
        {
            return Err(PostError::UnfitIntent("a repeat must have the first one's marker"));
        }
        if intent.not_after <= self.now {
            return Err(PostError::UnfitIntent("its time is over"));
        }
        let (account_id, number) = (self.target.account_id, attempt.number);
        Ok(PostEvent::SendIntended(SendIntended { account_id, number, intent }))
    }

    /// A repeat is safe only under the same key: one at a time, not before the server has surely stored the first, and
    /// not after it may have forgotten it.
    fn may_repeat(&self, settling: &Settling, delivery: &Delivery) -> Result<(), PostError> {
        let Delivery::Keyed { window_ms, quiet_ms, .. } = delivery else { return Err(PostError::Unsettled) };
        if !matches!(self.last_delivery(), Some(Delivery::Keyed { .. })) || self.is_given_up(self.now) {
            return Err(PostError::Unsettled);
        }
        if self.now < self.air_clear_at() + millis(*quiet_ms) || self.now < settling.next_at {
            return Err(PostError::TooEarly);
        }
        if window_ms.is_some_and(|window| !self.is_within(window, settling.step)) {
            return Err(PostError::Unsettled);
        }
        Ok(())
    }

    fn is_within(&self, window_ms: u64, step: Step) -> bool {
        let marker = self.target.last_intent().map(|intent| intent.marker.as_str()).unwrap_or_default();
        let first = self.target.first_intent(step, marker);
        first.is_some_and(|first| self.now + whole(self.timing.send_window()) < first + millis(window_ms))
    }

    fn complete(&self, done: Completion) -> Decision {
        let account_id = self.target.account_id;
        let attempt = self.target.attempts.iter().find(|attempt| attempt.number == done.number);
        let attempt = attempt.ok_or(PostError::Fenced)?;
        if !attempt.intents.iter().any(|intent| intent.step == done.step) {
            return Err(PostError::UnfitIntent("the step was not intended"));
        }
        let Completion { number, step, remote_id, url, evidence, claimed } = done;
        if let Some(before) = self.target.done.get(&step) {
            if before.remote_id == remote_id {
                return Ok(Vec::new());
            }
            let seen = DuplicateObserved { account_id, number, step, remote_id, url, at: self.now };
            return Ok(vec![PostEvent::DuplicateObserved(seen)]);
        }
        let post_url = if step == Step::Part(0) { url.clone() } else { None };
        let completed = StepCompleted { account_id, number, step, remote_id, url, evidence, claimed, at: self.now };
        let mut events = vec![PostEvent::StepCompleted(completed)];
        let more = self.post.steps(account_id).iter().any(|it| *it != step && !self.target.done.contains_key(it));
        if !more && self.target.phase != Phase::Published {
            events.push(self.published(number, post_url, evidence, None));
        } else if more && matches!(self.target.phase, Phase::Settling(_) | Phase::Unknown) {
            events.push(self.retry_at(number, None, self.now, false));
        }
        Ok(events)
    }

    fn fail(&self, number: u32, failure: Failure) -> Decision {
        let attempt = self.target.attempts.iter().find(|attempt| attempt.number == number).ok_or(PostError::Fenced)?;
        let is_newest = self.target.newest().is_some_and(|newest| newest.number == number);
        if !is_newest || !attempt.is_running() || self.target.phase != Phase::Publishing {
            return Ok(self.fail_late(attempt, is_newest, failure));
        }
        let open = attempt.open_intent().map(|intent| intent.step);
        let in_doubt = match failure.class {
            FailureClass::Uncertain | FailureClass::Lapsed => open.or(self.target.uncertain),
            _ => self.target.uncertain,
        };
        if let Some(step) = in_doubt {
            return Ok(vec![self.uncertain(attempt, step, failure)]);
        }
        Ok(vec![match failure.class {
            FailureClass::Rejected | FailureClass::OutdatedAdapter => self.end_without_success(number, failure, false),
            FailureClass::Lapsed => self.retry_or_give_up(number, failure, self.now),
            _ => {
                let at = self.next_try(failure.retry_after);
                self.retry_or_give_up(number, failure, at)
            }
        }])
    }

    /// A failure that comes after the attempt was given up. Where it says that nothing was done, and that attempt's fate
    /// is what is being settled, it settles it; else it is kept for the record.
    fn fail_late(&self, attempt: &Attempt, is_newest: bool, failure: Failure) -> Vec<PostEvent> {
        let number = attempt.number;
        let refused = failure.class != FailureClass::Uncertain && failure.class != FailureClass::Lapsed;
        let only_doubt = self.target.attempts.iter().filter(|it| it.open_intent().is_some()).count() == 1;
        let settles = is_newest
            && refused
            && only_doubt
            && attempt.open_intent().is_some()
            && matches!(self.target.phase, Phase::Settling(_) | Phase::Unknown);
        let at = self.now;
        let seen = LateResultObserved { account_id: self.target.account_id, number, failure: failure.clone(), at };
        let mut events = vec![PostEvent::LateResultObserved(seen)];
        if settles {
            events.push(if failure.class.is_retryable() && !self.is_given_up(self.now) {
                self.retry_at(number, Some(failure), self.now, true)
            } else {
                self.end_without_success(number, failure, false)
            });
        }
        events
    }

    /// What can be done about a step that may be live depends on what the server offers.
    fn uncertain(&self, attempt: &Attempt, step: Step, failure: Failure) -> PostEvent {
        let (account_id, number, at) = (self.target.account_id, attempt.number, self.now);
        let next_at = match attempt.delivery {
            Delivery::Blind => {
                return PostEvent::TargetUnknown(TargetUnknown { account_id, number, failure, at });
            }
            Delivery::Keyed { searchable: false, .. } if failure.class == FailureClass::Rejected => {
                return PostEvent::TargetUnknown(TargetUnknown { account_id, number, failure, at });
            }
            Delivery::Keyed { quiet_ms, .. } => {
                let clear = if failure.class == FailureClass::Lapsed { self.air_clear_at() } else { at };
                clear.max(self.next_try(failure.retry_after)) + millis(quiet_ms)
            }
            // Worth a look at once: most lost answers belong to posts that are there.
            Delivery::Searchable => at + whole(self.timing.lookup_gap / 60),
        };
        PostEvent::TargetUncertain(TargetUncertain { account_id, number, step, failure, next_at, at })
    }

    fn looked_up(&self, number: u32, step: Step, asked_at: DateTime<Utc>, look_up: &LookUp, claimed: bool) -> Decision {
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
                if self.is_given_up(self.now) {
                    let (failure, at) = (failure.clone(), self.now);
                    let unknown = TargetUnknown { account_id, number, failure, at };
                    return Ok(vec![recorded(settling.absences, None), PostEvent::TargetUnknown(unknown)]);
                }
                let next = self.next_try(failure.retry_after).max(self.now + whole(self.timing.lookup_gap / 6));
                Ok(vec![recorded(settling.absences, Some(next))])
            }
        }
    }

    fn leave_unknown(&self, number: u32) -> Decision {
        let Phase::Settling(settling) = &self.target.phase else { return Err(PostError::Fenced) };
        let attempt = self.target.newest().filter(|attempt| attempt.number == number).ok_or(PostError::Fenced)?;
        let hopeless = match attempt.delivery {
            Delivery::Blind => true,
            Delivery::Searchable | Delivery::Keyed { searchable: true, .. } => false,
            Delivery::Keyed { window_ms, searchable: false, .. } => {
                self.is_given_up(self.now) || window_ms.is_some_and(|window| !self.is_within(window, settling.step))
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

    fn is_given_up(&self, at: DateTime<Utc>) -> bool {
        self.post.give_up_at(self.target).is_some_and(|give_up| at > give_up)
    }

    /// When to try again: the pause doubles; what the platform asked for is obeyed within bounds.
    fn next_try(&self, retry_after: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let failures = u32::try_from(self.target.attempts.len()).unwrap_or(u32::MAX);
        let (first, most) = (whole(self.timing.retry_first), whole(self.timing.retry_most));
        let own = self.now + backoff(first, most, failures, self.jitter);
        let asked = retry_after.unwrap_or(own).min(self.now + Duration::days(1));
        own.max(asked)
    }

    fn retry_or_give_up(&self, number: u32, failure: Failure, at: DateTime<Utc>) -> PostEvent {
        if self.is_given_up(at) {
            return self.end_without_success(number, failure, true);
        }
        self.retry_at(number, Some(failure), at, false)
    }

    fn retry_at(
        &self,
        number: u32,
        failure: Option<Failure>,
        retry_at: DateTime<Utc>,
        absence_proved: bool,
    ) -> PostEvent {
        let (account_id, at) = (self.target.account_id, self.now);
        PostEvent::TargetRetryScheduled(TargetRetryScheduled {
            account_id,
            number,
            failure,
            absence_proved,
            retry_at,
            at,
        })
    }

    /// A post whose first comment alone could not be made is published all the same.
    fn end_without_success(&self, number: u32, failure: Failure, gave_up: bool) -> PostEvent {
        if self.post.next_step(self.target) == Some(Step::Comment) {
            return self.published(number, None, Evidence::Answered, Some(failure));
        }
        let (account_id, at) = (self.target.account_id, self.now);
        PostEvent::TargetFailed(TargetFailed { account_id, number, failure, gave_up, at })
    }

    fn published(&self, number: u32, url: Option<Sealed>, evidence: Evidence, warning: Option<Failure>) -> PostEvent {
        let url = url.or_else(|| self.target.url.clone());
        let (account_id, at) = (self.target.account_id, self.now);
        PostEvent::TargetPublished(TargetPublished { account_id, number, url, warning, evidence, at })
    }
}

const fn millis(millis: u64) -> Duration {
    Duration::milliseconds(millis as i64)
}

fn whole(duration: std::time::Duration) -> Duration {
    Duration::from_std(duration).unwrap_or(Duration::MAX)
}
