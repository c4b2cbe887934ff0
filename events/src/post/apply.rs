//! How events change a post. Nothing is decided here, and nothing can fail: an event that names what isn't there changes
//! nothing.

use chrono::{DateTime, Utc};

use super::decide_restored::RESTORED;
use super::{
    Attempt, AttemptEnd, AttemptStarted, Failure, FailureClass, LookUp, Phase, Post, PostDrafted, PostEdited,
    PostEvent, Removal, RemovalStage, Resolution, Settling, Step, StepCompleted, StepDone, Target, TargetLookedUp,
    TargetPublished, TargetRef, TargetResolved, When,
};
use crate::ids::AccountId;

impl Post {
    pub(super) fn fold(&mut self, event: PostEvent) {
        self.updated_at = Some(at(&event));
        match event {
            PostEvent::Drafted(event) => self.drafted(event),
            PostEvent::Edited(event) => self.edited(event),
            PostEvent::Scheduled(event) => {
                self.revision = event.revision;
                for account in &event.account_ids {
                    self.due(*account, event.when.at);
                }
                self.when = Some(event.when);
            }
            PostEvent::Unscheduled(event) => {
                self.revision = event.revision;
                self.when = None;
                for target in self.targets.iter_mut().filter(|target| target.phase == Phase::Scheduled) {
                    target.phase = Phase::Pending;
                    target.due = None;
                }
            }
            PostEvent::Canceled(event) => {
                for account in &event.account_ids {
                    self.with(*account, |target| {
                        let newest = target.newest().map_or(0, |attempt| attempt.number);
                        let canceled = Failure::of(FailureClass::NotSent, "canceled");
                        target.end(newest, event.at, Some(canceled));
                        target.phase = Phase::Canceled;
                    });
                }
            }
            PostEvent::Deleted(_) => self.deleted = true,
            PostEvent::AttemptStarted(event) => {
                self.with(event.account_id, |target| target.attempt_started(event));
            }
            PostEvent::SendIntended(event) => self.with(event.account_id, |target| {
                if let Some(attempt) = target.attempt_mut(event.number) {
                    attempt.intents.push(event.intent);
                }
            }),
            PostEvent::StepCompleted(event) => self.with(event.account_id, |target| target.step_completed(event)),
            PostEvent::TargetPublished(event) => self.with(event.account_id, |target| target.published(event)),
            PostEvent::TargetRetryScheduled(event) => self.with(event.account_id, |target| {
                target.end(event.number, event.at, event.failure.clone());
                if event.absence_proved {
                    target.uncertain = None;
                }
                target.failure = match event.failure {
                    Some(failure) => Some(target.with_known_words(failure)),
                    None => target.failure.take(),
                };
                target.phase = Phase::Retrying { at: event.retry_at };
            }),
            PostEvent::TargetFailed(event) => self.with(event.account_id, |target| {
                target.end(event.number, event.at, Some(event.failure.clone()));
                target.uncertain = None;
                target.failure = Some(target.with_known_words(event.failure));
                target.phase = Phase::Failed;
            }),
            PostEvent::TargetUncertain(event) => self.with(event.account_id, |target| {
                target.end(event.number, event.at, Some(event.failure.clone()));
                target.uncertain = Some(event.step);
                target.failure = Some(event.failure);
                target.phase = Phase::Settling(Settling {
                    step: event.step,
                    next_at: event.next_at,
                    absences: 0,
                    last_absence: None,
                });
            }),
            PostEvent::TargetLookedUp(event) => self.with(event.account_id, |target| target.looked_up(&event)),
            PostEvent::TargetUnknown(event) => self.with(event.account_id, |target| {
                target.end(event.number, event.at, Some(event.failure.clone()));
                target.failure = Some(event.failure);
                target.phase = Phase::Unknown;
            }),
            PostEvent::TargetMissed(event) => self.with(event.account_id, |target| target.phase = Phase::Missed),
            PostEvent::TargetResolved(event) => self.with(event.account_id, |target| target.resolved(event)),
            PostEvent::TargetRequeued(event) => self.due(event.account_id, event.due),
            PostEvent::DuplicateObserved(event) => self.with(event.account_id, |target| {
                target.duplicates += 1;
                target.second_posts.push((event.step, event.remote_id));
                target.seen(event.at);
            }),
            PostEvent::LateResultObserved(_) => {}
            PostEvent::RemovalRequested(event) => {
                for account in &event.account_ids {
                    self.with(*account, |target| {
                        target.removal = Some(Removal::asked(event.at, target.removal.as_ref()));
                    });
                }
            }
            PostEvent::TargetRemoved(event) => self.with(event.account_id, |target| {
                target.gone(event.removed, RemovalStage::Removed, None);
            }),
            PostEvent::TargetRemovalFailed(event) => self.with(event.account_id, |target| {
                let stage = event.retry_at.map_or(RemovalStage::Failed, |next_at| RemovalStage::Open { next_at });
                target.gone(event.removed, stage, Some(event.failure));
            }),
        }
    }

    fn drafted(&mut self, event: PostDrafted) {
        self.exists = true;
        self.revision = 1;
        self.content = event.content;
        self.digests = event.digests;
        self.targets = event.targets.into_iter().map(Target::pending).collect();
        self.tags = event.tags;
        self.limits = event.limits;
        self.created_at = Some(event.at);
    }

    fn edited(&mut self, event: PostEdited) {
        self.revision = event.revision;
        self.digests = event.digests;
        if let Some(content) = event.content {
            self.content = content;
        }
        if let Some(tags) = event.tags {
            self.tags = tags;
        }
        if let Some(limits) = event.limits {
            self.limits = limits;
        }
        if let Some(targets) = event.targets {
            let mut before = std::mem::take(&mut self.targets);
            for named in targets {
                let kept = before.iter().position(|target| target.account_id == named.account_id);
                let target = kept.map_or_else(|| Target::joining(named, self.when.as_ref()), |at| before.remove(at));
                self.targets.push(target);
            }
        }
    }

    fn due(&mut self, account: AccountId, due: DateTime<Utc>) {
        self.with(account, |target| {
            target.phase = Phase::Scheduled;
            target.due = Some(due);
            // A doubt that a restore left is settled.
            target.failure.take_if(|failure| failure.code.as_deref() == Some(RESTORED));
        });
    }

    fn with(&mut self, account: AccountId, change: impl FnOnce(&mut Target)) {
        if let Some(target) = self.target_mut(account) {
            change(target);
        }
    }
}

impl Target {
    fn pending(named: TargetRef) -> Self {
        Self {
            account_id: named.account_id,
            platform: named.platform,
            phase: Phase::Pending,
            due: None,
            attempts: Vec::new(),
            uncertain: None,
            done: std::collections::BTreeMap::new(),
            url: None,
            failure: None,
            warning: None,
            published_at: None,
            duplicates: 0,
            second_posts: Vec::new(),
            removal: None,
        }
    }

    /// A target that was added to a post: due when the others are.
    fn joining(named: TargetRef, when: Option<&When>) -> Self {
        let mut target = Self::pending(named);
        if let Some(when) = when {
            target.phase = Phase::Scheduled;
            target.due = Some(when.at);
        }
        target
    }

    fn attempt_mut(&mut self, number: u32) -> Option<&mut Attempt> {
        self.attempts.iter_mut().find(|attempt| attempt.number == number)
    }

    fn attempt_started(&mut self, event: AttemptStarted) {
        self.phase = Phase::Publishing;
        self.attempts.push(Attempt {
            number: event.number,
            worker: event.worker,
            started_at: event.at,
            revision: event.revision,
            delivery: event.delivery,
            baseline: event.baseline,
            intents: Vec::new(),
            steps: Vec::new(),
            end: None,
        });
    }

    fn end(&mut self, number: u32, at: DateTime<Utc>, failure: Option<Failure>) {
        if let Some(attempt) = self.attempt_mut(number)
            && attempt.end.is_none()
        {
            attempt.end = Some(AttemptEnd { at, failure });
        }
    }

    /// A platform says once why it refuses credentials; while nobody asks it again, its words stay the reason.
    fn with_known_words(&mut self, failure: Failure) -> Failure {
        let says_nothing = failure.status.is_none() && failure.message.is_none();
        let is_refusal = |it: &Failure| it.class == FailureClass::AuthExpired;
        let before = self.failure.take().filter(|before| is_refusal(before) && is_refusal(&failure) && says_nothing);
        match before {
            Some(Failure { status, message, .. }) => Failure { status, message, ..failure },
            None => failure,
        }
    }

    fn step_completed(&mut self, event: StepCompleted) {
        if self.uncertain == Some(event.step) {
            self.uncertain = None;
        }
        // A person may have told where it is before the platform told its name.
        let told = self.done.get(&event.step).and_then(|before| before.url.clone());
        let (remote_id, url) = (Some(event.remote_id), event.url.or(told));
        self.stands(event.step, StepDone { attempt: event.number, remote_id, url }, event.at);
    }

    fn resolved(&mut self, event: TargetResolved) {
        self.uncertain = None;
        if let (Some(step), Resolution::Published { url }) = (event.step, event.resolution) {
            self.stands(step, StepDone { attempt: event.number, remote_id: None, url }, event.at);
        }
    }

    fn stands(&mut self, step: Step, done: StepDone, at: DateTime<Utc>) {
        // Whoever's answer tells it: no attempt at this step waits for one any more.
        for attempt in &mut self.attempts {
            if attempt.intents.iter().any(|intent| intent.step == step) {
                attempt.steps.push(step);
            }
        }
        if step == Step::Part(0) {
            self.url.clone_from(&done.url);
        }
        self.seen(at);
        self.done.insert(step, done);
    }

    fn published(&mut self, event: TargetPublished) {
        self.end(event.number, event.at, event.warning.clone());
        let newest = self.newest().map_or(0, |attempt| attempt.number);
        self.end(newest, event.at, None);
        self.uncertain = None;
        self.warning = event.warning.map(|warning| self.with_known_words(warning));
        self.failure = None;
        self.url = event.url.or(self.url.take());
        self.published_at.get_or_insert(event.at);
        self.phase = Phase::Published;
    }

    fn looked_up(&mut self, event: &TargetLookedUp) {
        let Phase::Settling(settling) = &mut self.phase else { return };
        if event.look_up == LookUp::Absent && event.absences > settling.absences {
            settling.last_absence = Some(event.at);
        }
        settling.absences = event.absences;
        if let Some(next_at) = event.next_at {
            settling.next_at = next_at;
        }
    }
}

fn at(event: &PostEvent) -> DateTime<Utc> {
    match event {
        PostEvent::Drafted(event) => event.at,
        PostEvent::Edited(event) => event.at,
        PostEvent::Scheduled(event) => event.at,
        PostEvent::Unscheduled(event) => event.at,
        PostEvent::Canceled(event) => event.at,
        PostEvent::Deleted(event) => event.at,
        PostEvent::AttemptStarted(event) => event.at,
        PostEvent::SendIntended(event) => event.intent.at,
        PostEvent::StepCompleted(event) => event.at,
        PostEvent::TargetPublished(event) => event.at,
        PostEvent::TargetRetryScheduled(event) => event.at,
        PostEvent::TargetFailed(event) => event.at,
        PostEvent::TargetUncertain(event) => event.at,
        PostEvent::TargetLookedUp(event) => event.at,
        PostEvent::TargetUnknown(event) => event.at,
        PostEvent::TargetMissed(event) => event.at,
        PostEvent::TargetResolved(event) => event.at,
        PostEvent::TargetRequeued(event) => event.at,
        PostEvent::DuplicateObserved(event) => event.at,
        PostEvent::LateResultObserved(event) => event.at,
        PostEvent::RemovalRequested(event) => event.at,
        PostEvent::TargetRemoved(event) => event.at,
        PostEvent::TargetRemovalFailed(event) => event.at,
    }
}
