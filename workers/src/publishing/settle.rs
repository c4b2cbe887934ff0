//! Settling what is in doubt, by what the account's server offers: repeat under the same key, ask, or leave it to a person.

use campanile_events::{
    commands::CommandError,
    post::{Attempt, Delivery, LookUp, PostAction, PostError, Settling},
    seal::{Open, fields},
};
use chrono::{DateTime, Duration, Utc};

use super::{
    account::Way,
    context::Trouble,
    publisher::{Look, Next, Publisher, refused},
};
use crate::platforms::{Access, Found, RemoteRef, Search};

/// How many posts of other targets a look-up may find before it gives up.
const MOST_OF_OTHERS: usize = 16;

impl Publisher {
    pub(super) async fn settle(&self, look: &Look<'_>, settling: &Settling) -> Result<Next, Trouble> {
        if self.context.clock.now() < settling.next_at {
            return Ok(Next::Done);
        }
        let doubtful = look.target.attempts.iter().rev().find(|attempt| attempt.is_in_doubt());
        let Some(delivery) = doubtful.map(|attempt| attempt.delivery) else { return Ok(Next::Done) };
        // Nobody can be asked in the name of an account that is gone, and nothing repeated.
        if look.is_account_gone()? {
            return self.leave_unknown(look, true).await;
        }
        if self.may_repeat(look, settling, delivery) {
            if look.is_paused()? {
                return Ok(Next::Done);
            }
            return self.attempt(look, settling.next_at).await;
        }
        if delivery.can_look_up() {
            return self.look_up(look, settling).await;
        }
        self.leave_unknown(look, false).await
    }

    /// Whether the aggregate would allow a repeat now: so that nobody is called in vain.
    fn may_repeat(&self, look: &Look<'_>, settling: &Settling, delivery: Delivery) -> bool {
        let Delivery::Keyed { window_ms, .. } = delivery else { return false };
        if look.post.deleted {
            return false;
        }
        let now = self.context.clock.now();
        if look.post.give_up_at(look.target).is_some_and(|at| now > at) {
            return false;
        }
        let Some(window) = window_ms else { return true };
        let marker = look.target.last_intent().map(|intent| intent.marker.clone()).unwrap_or_default();
        let send = Duration::from_std(self.context.timing.send_window()).unwrap_or(Duration::MAX);
        let first = look.target.first_intent(settling.step, &marker);
        first.is_some_and(|first| now + send < first + Duration::milliseconds(window.cast_signed()))
    }

    async fn leave_unknown(&self, look: &Look<'_>, account_gone: bool) -> Result<Next, Trouble> {
        let Some(newest) = look.target.newest() else { return Ok(Next::Done) };
        let (account_id, number) = (look.job.account_id, newest.number);
        self.moved(look.job, PostAction::LeaveUnknown { account_id, number, account_gone }).await
    }

    /// Asks the platform for the step, leaving out what belongs to other targets.
    async fn look_up(&self, look: &Look<'_>, settling: &Settling) -> Result<Next, Trouble> {
        let access = match self.context.way(look).await? {
            Way::Open(access) => access,
            Way::Resting(until) => return Ok(Next::Later(until)),
            Way::Shut(failure) => {
                let failure = self.context.failure(look.key, &failure);
                return self.record(look, settling, self.context.clock.now(), LookUp::Unavailable { failure }).await;
            }
        };
        let Some(mut search) = search(look, settling)? else { return Ok(Next::Done) };
        while search.exclude.len() <= MOST_OF_OTHERS {
            let asked_at = self.context.clock.now();
            let look_up = self.ask(look, &access, &search).await;
            let LookUp::Present { remote_id, .. } = &look_up else {
                return self.record(look, settling, asked_at, look_up).await;
            };
            let remote_id = remote_id.clone();
            match self.command_look_up(look, settling, asked_at, look_up).await {
                Err(CommandError::ClaimTaken { .. }) => search.exclude.push(remote_id),
                Err(error) => return refused(error),
                Ok(()) => return Ok(Next::Look),
            }
        }
        Ok(Next::Done)
    }

    async fn ask(&self, look: &Look<'_>, access: &Access, search: &Search) -> LookUp {
        let Some(platform) = self.context.platforms.get(&look.job.platform) else {
            let failure = super::context::not_sent("unknown_platform");
            return LookUp::Unavailable { failure: self.context.failure(look.key, &failure) };
        };
        match platform.look_up(access, search).await {
            Ok(Found::Present(sent)) => LookUp::Present {
                remote_id: sent.remote_id,
                url: sent.url.map(|url| look.key.seal(fields::TARGET_URL, &Open::new(url))),
            },
            Ok(Found::Absent) => LookUp::Absent,
            Ok(Found::Incomplete(failure)) | Err(failure) => {
                LookUp::Unavailable { failure: self.context.failure(look.key, &failure) }
            }
        }
    }

    async fn record(
        &self,
        look: &Look<'_>,
        settling: &Settling,
        asked_at: DateTime<Utc>,
        look_up: LookUp,
    ) -> Result<Next, Trouble> {
        match self.command_look_up(look, settling, asked_at, look_up).await {
            Ok(()) => Ok(Next::Look),
            Err(error) => refused(error),
        }
    }

    async fn command_look_up(
        &self,
        look: &Look<'_>,
        settling: &Settling,
        asked_at: DateTime<Utc>,
        look_up: LookUp,
    ) -> Result<(), CommandError<PostError>> {
        let number = look.target.newest().map_or(0, |newest| newest.number);
        let action = PostAction::RecordLookUp {
            account_id: look.job.account_id,
            number,
            step: settling.step,
            asked_at,
            look_up,
            claim: true,
        };
        self.context.command(self.worker, look.job, action).await.map(drop)
    }
}

/// What the platform is asked for.
fn search(look: &Look<'_>, settling: &Settling) -> Result<Option<Search>, Trouble> {
    let step = settling.step;
    let content = look.content()?;
    let Some(text) = content.for_account(look.job.account_id).text(step).cloned() else { return Ok(None) };
    // An attempt that was refused, or that sent an older revision, is not what is looked for.
    let marker = look.target.last_intent().map(|intent| &intent.marker);
    let doubtful = |attempt: &&Attempt| {
        let intent = attempt.open_intent().filter(|intent| intent.step == step && Some(&intent.marker) == marker);
        attempt.is_in_doubt() && intent.is_some()
    };
    let Some(first) = look.target.attempts.iter().find(doubtful) else { return Ok(None) };
    let Some(intent) = first.open_intent() else { return Ok(None) };
    let reply_to = step.parent().and_then(|step| look.target.done.get(&step)?.remote_id.clone());
    Ok(Some(Search {
        step,
        marker: intent.marker.clone(),
        intended_at: look.target.first_intent(step, &intent.marker).unwrap_or(intent.at),
        text,
        reply_to: reply_to.map(|remote_id| RemoteRef { remote_id, url: None }),
        baseline: first.baseline.clone(),
        since: intent.at,
        exclude: look.target.done.values().filter_map(|done| done.remote_id.clone()).collect(),
    }))
}
