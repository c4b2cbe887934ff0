//! The way of a post out of the house: prepare, connect, wait for the moment, intend, write, record.

use std::sync::Arc;

use campanile_events::{
    clock::Moment,
    commands::CommandError,
    post::{Content, Delivery, FailureClass, Intent, Phase, Post, PostAction, PostError, PostEvent, Step, Target},
    sabotage::{CrashPoint, Mutant, crash_at, crash_unanswered, mutated},
    seal::{Open, fields},
};
use chrono::{DateTime, Duration, Utc};

use super::{
    account::Way,
    context::{Trouble, not_sent},
    marker::marker,
    pauses::Pass,
    publisher::{Look, Next, Publisher, refused},
};
use crate::{
    platforms::{Access, Line, Message, Platform, RemoteRef, SendFailure, Sent},
    waiting::until,
};

/// How long before its due time a target may be made ready.
pub(super) const LEAD: Duration = Duration::seconds(1);

/// What an attempt begins with.
struct Ready {
    platform: Arc<dyn Platform>,
    access: Box<Access>,
    content: Content<Open>,
    baseline: Option<String>,
    line: Box<dyn Line>,
    message: Message,
}

/// Why an attempt can't begin.
struct Unready {
    access: Box<Access>,
    failure: SendFailure,
}

impl Publisher {
    /// A target that waits for its first attempt or the next.
    pub(super) async fn send(&self, look: &Look<'_>) -> Result<Next, Trouble> {
        let now = self.context.clock.now();
        let Some(at) = look.target.next_at() else { return Ok(Next::Done) };
        if at - now > LEAD + LEAD {
            return Ok(Next::Done);
        }
        // Too late to be sent: the aggregate says so, and nobody needs to be called.
        let limit = match look.target.phase {
            Phase::Scheduled => look.post.missed_at(look.target),
            _ => look.post.give_up_at(look.target),
        };
        if limit.is_some_and(|limit| now > limit) {
            return self.start_without_line(look, None).await;
        }
        self.attempt(look, at).await
    }

    /// Makes ready, waits until `at`, and sends.
    pub(super) async fn attempt(&self, look: &Look<'_>, at: DateTime<Utc>) -> Result<Next, Trouble> {
        let access = match self.context.way(look).await? {
            Way::Open(access) => access,
            Way::Resting(until) => return Ok(Next::Later(until)),
            Way::Shut(failure) => {
                self.wait_until(at).await?;
                return self.start_without_line(look, Some(failure)).await;
            }
        };
        let mut ready = match self.make_ready(look, access).await? {
            Ok(ready) => ready,
            Err(Unready { access, failure }) => {
                self.wait_until(at).await?;
                return self.start_unready(look, &access, failure).await;
            }
        };
        self.wait_until(at).await?;
        if !ready.line.is_open() {
            match ready.platform.open(&ready.access).await {
                Ok(line) => ready.line = line,
                Err(failure) => return self.start_unready(look, &ready.access, before_any_effect(failure)).await,
            }
        }
        let end = self.may_begin()?;
        let pass = self.context.pauses.pass_after(look.job.workspace_id, look.at).await?;
        let Some(pass) = pass else { return Ok(Next::Done) };
        let intent = self.intent(look, ready.line.as_ref(), &mut ready.message);
        let number = look.target.next_number();
        let action = PostAction::StartAttempt {
            account_id: look.job.account_id,
            number,
            worker: self.worker,
            delivery: ready.access.delivery,
            baseline: ready.baseline.take(),
            revision: look.post.revision,
            intent: Some(intent.clone()).filter(|_| !mutated(Mutant::NoIntent)),
        };
        let begun = match self.context.command(self.worker, look.job, action).await {
            Ok(begun) => begun,
            Err(CommandError::Refused(PostError::TooEarly)) => {
                // The clock that decides is a moment behind the one that woke us.
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                return Ok(Next::Look);
            }
            Err(error) => return refused(error),
        };
        if !begun.events.iter().any(may_send) {
            return Ok(Next::Look);
        }
        let late = (intent.at - at).to_std().unwrap_or_default();
        self.context.observer.send_intended(&look.job.platform, late);
        self.send_parts(look, ready, number, intent, end, pass).await
    }

    async fn wait_until(&self, at: DateTime<Utc>) -> Result<(), Trouble> {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = until(self.context.clock.as_ref(), at) => Ok(()),
            () = stop.wait() => Err(Trouble::Stopping),
        }
    }

    /// Everything that shows nothing: opened texts, media on the platform, the baseline, what the
    /// message needs, a fresh connection.
    async fn make_ready(&self, look: &Look<'_>, access: Box<Access>) -> Result<Result<Ready, Unready>, Trouble> {
        let unready = |access, failure| Ok(Err(Unready { access, failure }));
        let Some(platform) = self.context.platforms.get(&look.job.platform).cloned() else {
            return unready(access, SendFailure::of(FailureClass::OutdatedAdapter, "unknown_platform"));
        };
        let content = look.content()?;
        let step = look.post.next_step(look.target);
        let message = step.and_then(|step| self.message_for(look, look.post, look.target, &content, step));
        let Some(mut message) = message else { return unready(access, not_sent("nothing_left")) };
        match self.bring_media(look, platform.as_ref(), &access, message.step).await? {
            Ok(media) => message.media = media,
            Err(failure) => return unready(access, failure),
        }
        // Under a key a repeat settles what is in doubt; only where asking does, what was there before must be known.
        let baseline = if access.delivery == Delivery::Searchable {
            match platform.baseline(&access).await {
                Ok(baseline) => baseline,
                Err(failure) => return unready(access, before_any_effect(failure)),
            }
        } else {
            None
        };
        let line = match prepare_and_open(platform.as_ref(), &access, &mut message).await {
            Ok(line) => line,
            Err(failure) => return unready(access, failure),
        };
        Ok(Ok(Ready { platform, access, content, baseline, line, message }))
    }

    /// Sends the step that was intended, then each that follows: connect, intend, write.
    async fn send_parts(
        &self,
        look: &Look<'_>,
        ready: Ready,
        number: u32,
        mut intent: Intent,
        mut end: Moment,
        mut pass: Pass,
    ) -> Result<Next, Trouble> {
        let Ready { platform, access, content, mut line, mut message, .. } = ready;
        loop {
            let step = intent.step;
            // Stored, the intent is the target's newest event: had another taken it over, it would have been refused.
            if let Some(code) = self.holds_back(look, &intent, end).await {
                return self.fail(look, &access, number, Some(step), &not_sent(code)).await;
            }
            crash_at(CrashPoint::BeforeSend);
            let answer = crash_unanswered(CrashPoint::AfterSend, line.send(message)).await;
            crash_at(CrashPoint::AfterAnswer);
            drop(pass);
            self.intend_late(look, number, &intent).await;
            let sent = match answer {
                Ok(sent) => sent,
                Err(failure) => return self.fail(look, &access, number, Some(step), &failure).await,
            };
            let Some(post) = self.complete(look, number, step, sent).await? else { return Ok(Next::Look) };
            let Some(target) = post.target(look.job.account_id) else { return Ok(Next::Done) };
            match &target.phase {
                Phase::Publishing => {}
                // Live, and nobody wants it gone: there is nothing more to look for.
                Phase::Published if target.removal_at().is_none() => return Ok(Next::Done),
                _ => return Ok(Next::Look),
            }
            let Some(step) = post.next_step(target) else { return Ok(Next::Look) };
            crash_at(CrashPoint::AfterStep);
            let next = self.message_for(look, &post, target, &content, step);
            let Some(mut next) = next else { return Ok(Next::Look) };
            line = match prepare_and_open(platform.as_ref(), &access, &mut next).await {
                Ok(line) => line,
                Err(failure) => return self.fail(look, &access, number, None, &failure).await,
            };
            end = match self.may_begin() {
                Ok(end) => end,
                Err(_) => return self.fail(look, &access, number, None, &not_sent("worker_unheard")).await,
            };
            pass = match self.context.pauses.pass(look.job.workspace_id).await? {
                Some(pass) => pass,
                None => return self.fail(look, &access, number, None, &not_sent("paused")).await,
            };
            intent = self.intent(look, line.as_ref(), &mut next);
            message = next;
            if let Err(error) = self.intend(look, number, &intent).await {
                return refused(error);
            }
        }
    }

    /// Records that a step is live. The remote name may be another target's already (the platform knows the text from
    /// there): then it is recorded without the claim.
    async fn complete(
        &self,
        look: &Look<'_>,
        number: u32,
        step: Step,
        sent: Sent,
    ) -> Result<Option<Arc<Post>>, Trouble> {
        let url = sent.url.map(|url| look.key.seal(fields::TARGET_URL, &Open::new(url)));
        for claim in [true, false] {
            let (account_id, remote_id) = (look.job.account_id, sent.remote_id.clone());
            let action = PostAction::CompleteStep { account_id, number, step, remote_id, url: url.clone(), claim };
            match self.command_until_stored(look, action).await {
                Ok(committed) => return Ok(Some(committed)),
                Err(CommandError::ClaimTaken { .. }) if claim => {
                    tracing::warn!(
                        post.id = %look.job.post_id, account.id = %look.job.account_id,
                        "the platform answered with something that another target made"
                    );
                }
                Err(error) => return refused(error).map(|_| None),
            }
        }
        Ok(None)
    }

    /// What happened on the platform has to reach the journal: while it can't take it, this worker keeps trying. Should it
    /// die over that, recovery asks the platform.
    async fn command_until_stored(
        &self,
        look: &Look<'_>,
        action: PostAction,
    ) -> Result<Arc<Post>, CommandError<PostError>> {
        let mut pause = std::time::Duration::from_millis(50);
        loop {
            match self.context.command(self.worker, look.job, action.clone()).await {
                Ok(committed) => {
                    crash_at(CrashPoint::AfterOutcome);
                    return Ok(committed.state);
                }
                Err(CommandError::Contended) if mutated(Mutant::DropOnConflict) => return Err(CommandError::Contended),
                Err(CommandError::Unavailable(_) | CommandError::Contended) if !self.stop.given() => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(std::time::Duration::from_secs(1));
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn fail(
        &self,
        look: &Look<'_>,
        access: &Access,
        number: u32,
        step: Option<Step>,
        failure: &SendFailure,
    ) -> Result<Next, Trouble> {
        let kept = self.context.failure(look.key, failure);
        tracing::info!(
            post.id = %look.job.post_id, account.id = %look.job.account_id, attempt = number,
            class = %kept.class, code = kept.code.as_deref(), status = kept.status, "the attempt failed"
        );
        let (class, retry_after) = (kept.class, kept.retry_after);
        let action = PostAction::FailAttempt { account_id: look.job.account_id, number, step, failure: kept };
        let recorded = self.command_until_stored(look, action).await;
        self.after_failure(look, access, class, retry_after).await?;
        match recorded {
            Ok(_) => Ok(Next::Done),
            Err(error) => refused(error),
        }
    }

    /// Some failures are the account's more than the target's.
    async fn after_failure(
        &self,
        look: &Look<'_>,
        access: &Access,
        class: FailureClass,
        retry_after: Option<DateTime<Utc>>,
    ) -> Result<(), Trouble> {
        match (class, retry_after) {
            (FailureClass::RateLimited, Some(until)) => self.context.rest(self.worker, look.job, until).await,
            (FailureClass::AuthExpired, _) => self.context.credentials_refused(self.worker, look.job, access).await,
            _ => Ok(()),
        }
    }

    /// An attempt that its account's platform kept from sending.
    async fn start_unready(&self, look: &Look<'_>, access: &Access, failure: SendFailure) -> Result<Next, Trouble> {
        let (class, retry_after) = (failure.class, self.context.failure(look.key, &failure).retry_after);
        let next = self.start_without_line(look, Some(failure)).await?;
        self.after_failure(look, access, class, retry_after).await?;
        Ok(next)
    }

    /// What is sent for a step: its text, its marker, and what it hangs under.
    fn message_for(
        &self,
        look: &Look<'_>,
        post: &Post,
        target: &Target,
        content: &Content<Open>,
        step: Step,
    ) -> Option<Message> {
        let remote = |step: Step| {
            let done = target.done.get(&step)?;
            let url = done.url.as_ref().and_then(|url| look.key.open(fields::TARGET_URL, url).ok());
            Some(RemoteRef { remote_id: done.remote_id.clone()?, url: url.map(|url| url.as_str().to_owned()) })
        };
        // Without a name of what it hangs under it would stand alone.
        let reply_to = match step.parent() {
            Some(parent) => Some(remote(parent)?),
            None => None,
        };
        let marker = marker(look.job.post_id, target, step, post.revision);
        let first_intended = target.first_intent(step, &marker);
        Some(Message {
            step,
            text: content.for_account(target.account_id).text(step)?.clone(),
            marker,
            intended_at: first_intended.unwrap_or_else(|| self.context.clock.now()),
            is_repeat: first_intended.is_some(),
            reply_to,
            root: if step == Step::Part(0) { None } else { remote(Step::Part(0)) },
            prepared: None,
            media: Vec::new(),
        })
    }

    /// An attempt that ends before it could send, kept for the record; or none, where the target is missed or given up.
    async fn start_without_line(&self, look: &Look<'_>, failure: Option<SendFailure>) -> Result<Next, Trouble> {
        let Some(_pass) = self.context.pauses.pass(look.job.workspace_id).await? else { return Ok(Next::Done) };
        let number = look.target.next_number();
        let delivery = look.target.newest().map_or(Delivery::Blind, |it| it.delivery);
        let action = PostAction::StartAttempt {
            account_id: look.job.account_id,
            number,
            worker: self.worker,
            delivery,
            baseline: None,
            revision: look.post.revision,
            intent: None,
        };
        let begun = match self.context.command(self.worker, look.job, action).await {
            Ok(begun) => begun,
            Err(error) => return refused(error),
        };
        if !begun.events.iter().any(|event| matches!(event, PostEvent::AttemptStarted(_))) {
            return Ok(Next::Look);
        }
        let failure = self.context.failure(look.key, &failure.unwrap_or_else(|| not_sent("too_late")));
        let account_id = look.job.account_id;
        self.moved(look.job, PostAction::FailAttempt { account_id, number, step: None, failure }).await?;
        Ok(Next::Done)
    }
}

/// Whether the attempt has begun and may send its first step.
fn may_send(event: &PostEvent) -> bool {
    let begun = |event| mutated(Mutant::NoIntent) && matches!(event, &PostEvent::AttemptStarted(_));
    matches!(event, PostEvent::SendIntended(_)) || begun(event)
}

/// Makes a message ready and opens the line that carries it.
async fn prepare_and_open(
    platform: &dyn Platform,
    access: &Access,
    message: &mut Message,
) -> Result<Box<dyn Line>, SendFailure> {
    message.prepared = platform.prepare(access, message).await.map_err(before_any_effect)?;
    platform.open(access).await.map_err(before_any_effect)
}

/// What fails before the intent was not sent, whatever the platform's answer to the question was; what it says of the
/// account still counts.
fn before_any_effect(mut failure: SendFailure) -> SendFailure {
    if !matches!(failure.class, FailureClass::RateLimited | FailureClass::AuthExpired | FailureClass::Transient) {
        failure.class = FailureClass::NotSent;
    }
    failure
}
