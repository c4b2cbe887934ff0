//! What a target answers to its workers: the machine that publishes once.

use chrono::{DateTime, Duration, Utc};

use super::command::Completion;
use super::decide_removal::deleted;
use super::{
    Attempt, AttemptStarted, DuplicateObserved, Evidence, Failure, FailureClass, Intent, LateResultObserved, Phase,
    Post, PostAction, PostError, PostEvent, PostServices, SendIntended, Step, StepCompleted, Target, TargetFailed,
    TargetMissed, TargetPublished, TargetRetryScheduled, backoff,
};
use crate::{
    ids::AccountId,
    sabotage::{Mutant, mutated},
    seal::Sealed,
    timing::Timing,
};

pub(super) type Decision = Result<Vec<PostEvent>, PostError>;

/// What a decision about one target looks at.
pub(super) struct Case<'a> {
    pub(super) post: &'a Post,
    pub(super) target: &'a Target,
    pub(super) now: DateTime<Utc>,
    pub(super) jitter: f64,
    pub(super) timing: &'a Timing,
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
                let is_own = |it: &&Attempt| (it.number == number && it.worker == worker) || mutated(Mutant::NoFence);
                let newest = case.target.newest().filter(is_own);
                let attempt = newest.filter(|it| it.is_running()).ok_or(PostError::Fenced)?;
                case.intend(attempt, intent).map(|event| vec![event])
            }
            PostAction::CompleteStep { account_id, number, step, remote_id, url, claim } => {
                let evidence = Evidence::Answered;
                case(account_id)?.complete(Completion { number, step, remote_id, url, evidence, claimed: claim })
            }
            PostAction::FailAttempt { account_id, number, step, failure } => {
                case(account_id)?.fail(number, step, failure)
            }
            PostAction::LapseAttempt { account_id, number } => {
                let case = case(account_id)?;
                let newest = case.target.newest().filter(|it| it.number == number && it.is_running());
                newest.ok_or(PostError::Fenced)?;
                case.fail(number, None, Failure::of(FailureClass::Lapsed, "worker_lost"))
            }
            PostAction::RecordLookUp { account_id, number, step, asked_at, look_up, claim } => {
                case(account_id)?.looked_up(number, step, asked_at, &look_up, claim)
            }
            PostAction::LeaveUnknown { account_id, number, account_gone } => {
                case(account_id)?.leave_unknown(number, account_gone)
            }
            _ => Err(PostError::Fenced),
        }
    }
}

impl Case<'_> {
    fn start(&self, started: AttemptStarted, intent: Option<Intent>) -> Decision {
        let is_next = started.number == self.target.next_number() || mutated(Mutant::NoFence);
        if self.post.deleted || !is_next {
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
                    if !self.target.done.is_empty() {
                        let failure = Failure::of(FailureClass::NotSent, "too_late");
                        return Ok(vec![self.end_without_success(started.number - 1, failure, true)]);
                    }
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
        if self.post.lacks_parent(self.target) {
            return Err(PostError::UnfitIntent("what it hangs under has no name"));
        }
        if intent.not_after <= self.now {
            return Err(PostError::UnfitIntent("its time is over"));
        }
        if self.target.uncertain == Some(intent.step) {
            self.fits_repeat(attempt, &intent)?;
        }
        let (account_id, number) = (self.target.account_id, attempt.number);
        Ok(PostEvent::SendIntended(SendIntended { account_id, number, intent }))
    }

    pub(super) fn complete(&self, done: Completion) -> Decision {
        let account_id = self.target.account_id;
        let attempt = self.target.attempts.iter().find(|attempt| attempt.number == done.number);
        let attempt = attempt.ok_or(PostError::Fenced)?;
        if !attempt.intents.iter().any(|intent| intent.step == done.step) {
            return Err(PostError::UnfitIntent("the step was not intended"));
        }
        let Completion { number, step, remote_id, url, evidence, claimed } = done;
        let told_before = self.target.done.get(&step);
        if let Some(before) = told_before {
            if before.remote_id.as_ref() == Some(&remote_id) {
                return Ok(Vec::new());
            }
            // Of what a person saw, this is the name.
            if before.remote_id.is_some() {
                let seen = DuplicateObserved { account_id, number, step, remote_id, url, at: self.now };
                return Ok(vec![PostEvent::DuplicateObserved(seen)]);
            }
        }
        let post_url = if step == Step::Part(0) { url.clone() } else { None };
        let completed = StepCompleted { account_id, number, step, remote_id, url, evidence, claimed, at: self.now };
        let mut events = vec![PostEvent::StepCompleted(completed)];
        let is_left = |it: &Step| *it != step && !self.target.done.contains_key(it);
        let left: Vec<_> = self.post.steps(account_id).into_iter().filter(is_left).collect();
        let more = !left.is_empty();
        if !more && self.target.phase != Phase::Published {
            events.push(self.published(number, post_url, evidence, None));
        } else if told_before.is_some() {
            // What is in doubt now is a later step: this name says nothing of it.
        } else if more && self.post.deleted && self.ends_with(number) {
            events.push(if left == [Step::Comment] {
                self.published(number, post_url, evidence, Some(deleted()))
            } else {
                let (failure, at) = (deleted(), self.now);
                PostEvent::TargetFailed(TargetFailed { account_id, number, failure, gave_up: true, at })
            });
        } else if more && !self.post.deleted && matches!(self.target.phase, Phase::Settling(_) | Phase::Unknown) {
            events.push(self.retry_at(number, None, self.now, false));
        }
        Ok(events)
    }

    /// Whether a deleted post's target comes to rest with a result of this attempt: none is under way besides.
    fn ends_with(&self, number: u32) -> bool {
        let is_newest = self.target.newest().is_some_and(|newest| newest.number == number);
        matches!(self.target.phase, Phase::Settling(_)) || (self.target.phase == Phase::Publishing && is_newest)
    }

    fn fail(&self, number: u32, step: Option<Step>, failure: Failure) -> Decision {
        let attempt = self.target.attempts.iter().find(|attempt| attempt.number == number).ok_or(PostError::Fenced)?;
        let is_newest = self.target.newest().is_some_and(|newest| newest.number == number);
        // What is known to be live meanwhile, by another attempt's answer, is not what the attempt is at.
        let at_hand = step.is_none() || attempt.open_intent().map(|intent| intent.step) == step;
        let runs = is_newest && attempt.is_running() && self.target.phase == Phase::Publishing;
        if runs && !at_hand && attempt.open_intent().is_none() {
            return Ok(self.fail_needlessly(number, failure));
        }
        if !runs || !at_hand {
            return Ok(self.fail_late(attempt, at_hand, failure));
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

    /// A failure of a repeat whose step another's late answer told to be live meanwhile. It says nothing of what is left,
    /// but its worker goes on with none of that: the next attempt does.
    fn fail_needlessly(&self, number: u32, failure: Failure) -> Vec<PostEvent> {
        let (account_id, at) = (self.target.account_id, self.now);
        let next = self.next_try(failure.retry_after);
        let seen = LateResultObserved { account_id, number, failure: failure.clone(), at };
        vec![PostEvent::LateResultObserved(seen), self.retry_or_give_up(number, failure, next)]
    }

    /// A failure that comes after the attempt was given up. Where it says that nothing was done, and that attempt's fate
    /// is what is being settled, it settles it; else it is kept for the record.
    fn fail_late(&self, attempt: &Attempt, at_hand: bool, failure: Failure) -> Vec<PostEvent> {
        let number = attempt.number;
        let refused = failure.class != FailureClass::Uncertain && failure.class != FailureClass::Lapsed;
        let only_doubt =
            attempt.is_in_doubt() && self.target.attempts.iter().filter(|it| it.is_in_doubt()).count() == 1;
        let settles =
            refused && at_hand && only_doubt && matches!(self.target.phase, Phase::Settling(_) | Phase::Unknown);
        let at = self.now;
        let seen = LateResultObserved { account_id: self.target.account_id, number, failure: failure.clone(), at };
        let mut events = vec![PostEvent::LateResultObserved(seen)];
        if settles {
            let (retryable, next) = (failure.class.is_retryable(), self.next_try(failure.retry_after));
            events.push(if retryable && !self.post.deleted && !self.is_given_up(next) {
                self.retry_at(number, Some(failure), next, true)
            } else {
                self.end_without_success(number, failure, retryable)
            });
        }
        events
    }

    /// Whether nothing more is sent at that time: it would be too late, or the post is deleted.
    pub(super) fn is_given_up(&self, at: DateTime<Utc>) -> bool {
        self.post.deleted || self.is_too_late(at)
    }

    pub(super) fn is_too_late(&self, at: DateTime<Utc>) -> bool {
        self.post.give_up_at(self.target).is_some_and(|give_up| at > give_up)
    }

    /// When to try again: the pause doubles; what the platform asked for is obeyed within bounds.
    pub(super) fn next_try(&self, retry_after: Option<DateTime<Utc>>) -> DateTime<Utc> {
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

    pub(super) fn retry_at(
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
    pub(super) fn end_without_success(&self, number: u32, failure: Failure, gave_up: bool) -> PostEvent {
        if self.post.next_step(self.target) == Some(Step::Comment) {
            return self.published(number, None, Evidence::Answered, Some(failure));
        }
        let (account_id, at) = (self.target.account_id, self.now);
        PostEvent::TargetFailed(TargetFailed { account_id, number, failure, gave_up, at })
    }

    pub(super) fn published(
        &self,
        number: u32,
        url: Option<Sealed>,
        evidence: Evidence,
        warning: Option<Failure>,
    ) -> PostEvent {
        let url = url.or_else(|| self.target.url.clone());
        let (account_id, at) = (self.target.account_id, self.now);
        PostEvent::TargetPublished(TargetPublished { account_id, number, url, warning, evidence, at })
    }
}

pub(super) const fn millis(millis: u64) -> Duration {
    Duration::milliseconds(millis as i64)
}

pub(super) fn whole(duration: std::time::Duration) -> Duration {
    Duration::from_std(duration).unwrap_or(Duration::MAX)
}
