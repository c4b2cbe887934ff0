//! What a post answers to its clients' commands.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::decide_target::Case;
use super::{
    ContentInHand, Failure, FailureClass, Limits, Phase, Post, PostAction, PostCanceled, PostCommand, PostDrafted,
    PostEdited, PostError, PostEvent, PostScheduled, PostServices, PostStatus, PostUnscheduled, Resolution, Step, Tag,
    Target, TargetRef, TargetResolved, TargetRules, TargetViolations, Then, When,
};
use crate::ids::AccountId;

type Decision = Result<Vec<PostEvent>, PostError>;

impl Post {
    /// What follows from a command. Pure: the same post, command and services give the same events.
    ///
    /// # Errors
    /// If the post's state or the content forbids it. Then nothing follows.
    pub fn decide(&self, command: PostCommand, services: &PostServices) -> Decision {
        let PostCommand { now, jitter, action } = command;
        if let PostAction::Draft { content, targets, tags, limits } = action {
            return self.draft(now, *content, targets, tags, limits);
        }
        if let PostAction::DraftScheduled { content, targets, tags, limits, when } = action {
            let mut events = self.draft(now, *content, targets, tags, limits)?;
            let mut drafted = self.clone();
            events.iter().cloned().for_each(|event| drafted.fold(event));
            events.extend(drafted.schedule(now, when, "scheduled")?);
            return Ok(events);
        }
        if !self.exists {
            return Err(PostError::NotFound);
        }
        match action {
            PostAction::CompleteStep { .. }
            | PostAction::FailAttempt { .. }
            | PostAction::LapseAttempt { .. }
            | PostAction::RecordLookUp { .. }
            | PostAction::LeaveUnknown { .. }
            | PostAction::StartAttempt { .. }
            | PostAction::IntendSend { .. } => self.decide_target(now, jitter, action, services),
            PostAction::CompleteRemoval { .. } | PostAction::FailRemoval { .. } => {
                self.decide_removal(now, jitter, action, services)
            }
            PostAction::Delete { if_revision, on_platforms: true } if self.deleted => {
                self.expect_revision(if_revision)?;
                self.ask_removal(now)
            }
            // Nothing of a deleted post is sent any more.
            PostAction::HoldRestored { .. } if self.deleted => Ok(Vec::new()),
            PostAction::HoldRestored { scheduled_too } => Ok(self.hold(now, scheduled_too)),
            _ if self.deleted => Err(PostError::Deleted),
            PostAction::Edit { if_revision, content, targets, tags, limits } => {
                self.expect_revision(if_revision)?;
                self.edit(now, *content, targets, tags, limits)
            }
            PostAction::Schedule { when } => self.schedule(now, when, "scheduled"),
            PostAction::Publish => self.schedule(now, When::instant(now), "published"),
            PostAction::Unschedule => self.unschedule(now),
            PostAction::Cancel { account_ids } => self.cancel(now, account_ids),
            PostAction::Retry { account_ids } => self.retry(now, account_ids, services),
            PostAction::Resolve { account_id, resolution } => self.resolve(now, account_id, resolution, services),
            PostAction::Delete { if_revision, on_platforms } => {
                self.expect_revision(if_revision)?;
                self.delete(now, on_platforms, services)
            }
            PostAction::Draft { .. } | PostAction::DraftScheduled { .. } => Err(PostError::Exists),
        }
    }

    fn draft(
        &self,
        now: DateTime<Utc>,
        content: ContentInHand,
        targets: Vec<TargetRules>,
        tags: Vec<Tag>,
        limits: Limits,
    ) -> Decision {
        if self.exists {
            return Err(PostError::Exists);
        }
        check(&content, &targets)?;
        Ok(vec![PostEvent::Drafted(PostDrafted {
            content: content.sealed,
            digests: content.digests,
            targets: targets.into_iter().map(|it| it.target).collect(),
            tags,
            limits,
            at: now,
        })])
    }

    fn edit(
        &self,
        now: DateTime<Utc>,
        content: ContentInHand,
        targets: Vec<TargetRules>,
        tags: Option<Vec<Tag>>,
        limits: Option<Limits>,
    ) -> Decision {
        let running = |target: &Target| target.newest().is_some_and(super::Attempt::is_running);
        if self.targets.iter().any(|target| target.is_frozen() || running(target)) {
            return Err(self.forbids("edited"));
        }
        if self.status() == PostStatus::Canceled {
            return Err(self.forbids("edited"));
        }
        check(&content, &targets)?;
        let named: Vec<TargetRef> = targets.into_iter().map(|it| it.target).collect();
        let dropped = |target: &&Target| named.iter().all(|it| it.account_id != target.account_id);
        if let Some(tried) = self.targets.iter().filter(dropped).find(|target| !target.attempts.is_empty()) {
            return Err(tried.forbids("taken from the post"));
        }
        let accounts_changed = named.iter().map(|it| it.account_id).ne(self.targets.iter().map(|it| it.account_id));
        let tags = tags.filter(|tags| tags.iter().map(|it| &it.index).ne(self.tags.iter().map(|it| &it.index)));
        let limits = limits.filter(|limits| *limits != self.limits);
        let content_changed = content.sealed != self.content;
        if !content_changed && !accounts_changed && tags.is_none() && limits.is_none() {
            return Ok(Vec::new());
        }
        Ok(vec![PostEvent::Edited(PostEdited {
            revision: self.revision + 1,
            content: content_changed.then_some(content.sealed),
            digests: content.digests,
            targets: accounts_changed.then_some(named),
            tags,
            limits,
            at: now,
        })])
    }

    fn schedule(&self, now: DateTime<Utc>, when: When, verb: &'static str) -> Decision {
        let may = |target: &&Target| matches!(target.phase, Phase::Pending | Phase::Scheduled | Phase::Missed);
        let begun = |target: &Target| !matches!(target.phase, Phase::Canceled) && !may(&target);
        let account_ids: Vec<_> = self.targets.iter().filter(may).map(|target| target.account_id).collect();
        if account_ids.is_empty() || self.targets.iter().any(begun) {
            return Err(self.forbids(verb));
        }
        if when.is_past(now) {
            return Err(PostError::InThePast);
        }
        let event = PostScheduled { revision: self.revision + 1, when, account_ids, at: now };
        Ok(vec![PostEvent::Scheduled(event)])
    }

    fn unschedule(&self, now: DateTime<Utc>) -> Decision {
        if self.status() != PostStatus::Scheduled {
            return Err(self.forbids("unscheduled"));
        }
        Ok(vec![PostEvent::Unscheduled(PostUnscheduled { revision: self.revision + 1, at: now })])
    }

    fn cancel(&self, now: DateTime<Utc>, named: Vec<AccountId>) -> Decision {
        let account_ids = self.chosen(named, "canceled", Target::can_cancel)?;
        Ok(vec![PostEvent::Canceled(PostCanceled { account_ids, at: now })])
    }

    fn retry(&self, now: DateTime<Utc>, named: Vec<AccountId>, services: &PostServices) -> Decision {
        let may = |target: &Target| match target.phase {
            Phase::Failed | Phase::Missed => !self.lacks_parent(target),
            Phase::Published => self.lacks_comment_alone(target),
            _ => false,
        };
        let account_ids = self.chosen(named, "retried", may)?;
        let chosen = account_ids.iter().filter_map(|account| self.target(*account));
        let again = |target: &Target| {
            let case = Case { post: self, target, now, jitter: 0.5, timing: &services.timing };
            if target.phase == Phase::Published { case.go_on() } else { vec![case.requeued()] }
        };
        Ok(chosen.flat_map(again).collect())
    }

    /// Whether its first comment failed beside a post that is live, and surely isn't there.
    fn lacks_comment_alone(&self, target: &Target) -> bool {
        let comment_is_next = self.next_step(target) == Some(Step::Comment);
        target.warning.is_some() && comment_is_next && target.uncertain.is_none() && !self.lacks_parent(target)
    }

    fn resolve(
        &self,
        now: DateTime<Utc>,
        account_id: AccountId,
        resolution: Resolution,
        services: &PostServices,
    ) -> Decision {
        let target = self.target(account_id).ok_or(PostError::UnknownTarget(account_id))?;
        if target.phase != Phase::Unknown {
            return Err(target.forbids("resolved"));
        }
        let number = target.newest().map_or(0, |attempt| attempt.number);
        let case = Case { post: self, target, now, jitter: 0.5, timing: &services.timing };
        let (step, follows) = match &resolution {
            Resolution::Published { url } => case.found(number, url.as_ref()),
            Resolution::NotPublished { then: Then::Resend } => (None, vec![case.requeued_at_its_time()]),
            Resolution::NotPublished { then: Then::GiveUp } => {
                let failure = target.failure.clone();
                let failure = failure.unwrap_or_else(|| Failure::of(FailureClass::Uncertain, "resolved"));
                (None, vec![case.end_without_success(number, failure, true)])
            }
        };
        let mut events =
            vec![PostEvent::TargetResolved(TargetResolved { account_id, number, step, resolution, at: now })];
        events.extend(follows);
        Ok(events)
    }

    /// The named targets, each of which must allow it; or all that do, at least one.
    fn chosen(
        &self,
        named: Vec<AccountId>,
        verb: &'static str,
        may: impl Fn(&Target) -> bool,
    ) -> Result<Vec<AccountId>, PostError> {
        if named.is_empty() {
            let all: Vec<_> = self.targets.iter().filter(|target| may(target)).map(|it| it.account_id).collect();
            return if all.is_empty() { Err(self.forbids(verb)) } else { Ok(all) };
        }
        for account in &named {
            let target = self.target(*account).ok_or(PostError::UnknownTarget(*account))?;
            if !may(target) {
                return Err(target.forbids(verb));
            }
        }
        Ok(named.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn expect_revision(&self, expected: Option<u32>) -> Result<(), PostError> {
        match expected {
            Some(expected) if expected != self.revision => {
                Err(PostError::RevisionMismatch { expected, actual: self.revision })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn forbids(&self, verb: &'static str) -> PostError {
        PostError::Status { status: self.status(), verb }
    }
}

impl Target {
    /// Whether it may still be called off: nothing of it is live, about to be, or in doubt.
    pub fn can_cancel(&self) -> bool {
        let waits =
            matches!(self.phase, Phase::Pending | Phase::Scheduled | Phase::Retrying { .. } | Phase::Publishing);
        waits && !self.is_frozen()
    }

    pub(super) fn is_under_way(&self) -> bool {
        match self.phase {
            Phase::Settling(_) => true,
            Phase::Scheduled | Phase::Retrying { .. } | Phase::Publishing => self.is_frozen(),
            _ => false,
        }
    }

    fn forbids(&self, verb: &'static str) -> PostError {
        PostError::TargetStatus { account_id: self.account_id, status: self.status(), verb }
    }
}

fn check(content: &ContentInHand, targets: &[TargetRules]) -> Result<(), PostError> {
    if targets.is_empty() {
        return Err(PostError::NoTargets);
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = targets.iter().find(|it| !seen.insert(it.target.account_id)) {
        return Err(PostError::TargetTwice(twice.target.account_id));
    }
    let broken: Vec<_> = targets
        .iter()
        .filter_map(|it| {
            let violations = it.rules.check_post(&content.open, it.target.account_id, &content.media);
            (!violations.is_empty()).then(|| TargetViolations {
                account_id: it.target.account_id,
                platform: it.target.platform.clone(),
                violations,
            })
        })
        .collect();
    if broken.is_empty() { Ok(()) } else { Err(PostError::Unprocessable(broken)) }
}
