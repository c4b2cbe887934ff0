//! One target, from the look at it to the point where there is nothing to do now.

use std::{sync::Arc, time::Duration};

use campanile_events::{
    account::{Account, AccountStatus},
    clock::Moment,
    commands::{CommandError, LoadError},
    ids::WorkerId,
    post::{Content, Phase, Post, PostAction, PostError, Target},
    sabotage::{Mutant, mutated},
    seal::{DataKey, Open, SealError},
};
use chrono::{DateTime, Utc};

use super::context::{Context, Trouble};
use crate::{bus::Job, waiting::Stop};

/// How often a target is looked at again because it moved while it was looked at.
const MOST_LOOKS: u32 = 64;

/// What a step of the work came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The target moved: look again.
    Look,
    /// Nothing to do now; its next time is in the table of due targets.
    Done,
    /// It is its turn, but not before this.
    Later(DateTime<Utc>),
}

/// One worker's hands.
#[derive(Debug)]
pub(super) struct Publisher {
    pub context: Context,
    pub worker: WorkerId,
    pub stop: Stop,
}

/// A target as it was looked at.
pub(super) struct Look<'a> {
    pub job: &'a Job,
    pub post: &'a Post,
    pub target: &'a Target,
    account: Result<Option<Arc<Account>>, LoadError>,
    is_paused: Result<bool, LoadError>,
    /// When it began.
    pub at: Moment,
    pub key: &'a DataKey,
}

impl Look<'_> {
    /// The account that it is for; `None` where there is none.
    pub fn account(&self) -> Result<Option<&Account>, LoadError> {
        self.account.as_ref().map(Option::as_deref).map_err(Clone::clone)
    }

    /// Whether its workspace is paused: so that no platform is called in vain. What decides is the pass, right before the
    /// intent.
    pub fn is_paused(&self) -> Result<bool, LoadError> {
        self.is_paused.clone()
    }

    /// Whether the account was disconnected.
    pub fn is_account_gone(&self) -> Result<bool, LoadError> {
        Ok(self.account()?.is_none_or(|account| account.status == AccountStatus::Disconnected))
    }

    /// What is said on this account, opened.
    pub fn content(&self) -> Result<Content<Open>, SealError> {
        self.post.content.try_map(|field, sealed| self.key.open(field, sealed))
    }
}

impl Publisher {
    /// Does for a target what may be done now. Answers how long the job is to wait, where its turn comes before the next
    /// sweep does: a job that waits takes a place on the bus.
    pub async fn work(&self, job: &Job) -> Result<Option<Duration>, Trouble> {
        for _ in 0..MOST_LOOKS {
            match self.look(job).await? {
                Next::Look => {}
                Next::Done => return Ok(None),
                Next::Later(at) => {
                    let pause = (at - self.context.clock.now()).to_std().unwrap_or_default();
                    return Ok(Some(pause).filter(|pause| *pause <= self.context.timing.sweep));
                }
            }
        }
        tracing::warn!(post.id = %job.post_id, account.id = %job.account_id, "the target kept moving");
        Ok(None)
    }

    async fn look(&self, job: &Job) -> Result<Next, Trouble> {
        let at = Moment::now();
        // Asked together, so that they can be read in one round. Only what a step needs keeps it from being done.
        let (post, account, is_paused) = tokio::join!(
            self.context.posts.load(job.workspace_id, job.post_id.uuid()),
            self.context.accounts.load(job.workspace_id, job.account_id.uuid()),
            self.context.pauses.paused(job.workspace_id),
        );
        let Some(post) = post?.map(|loaded| loaded.state) else { return Ok(Next::Done) };
        let Some(target) = post.target(job.account_id) else { return Ok(Next::Done) };
        let account = account.map(|loaded| loaded.map(|loaded| loaded.state));
        let key = self.context.data_key(job.workspace_id).await?;
        let look = Look { job, post: &post, target, account, is_paused, at, key: &key };
        if matches!(target.phase, Phase::Scheduled | Phase::Retrying { .. }) && look.is_paused()? {
            return Ok(Next::Done);
        }
        match &target.phase {
            Phase::Scheduled | Phase::Retrying { .. } if !post.deleted => self.send(&look).await,
            Phase::Settling(settling) => self.settle(&look, settling).await,
            Phase::Publishing => self.lapse(&look).await,
            _ if target.removal_at().is_some() => self.remove(&look).await,
            _ => Ok(Next::Done),
        }
    }

    /// An attempt that is running: another's, or one that was left behind.
    async fn lapse(&self, look: &Look<'_>) -> Result<Next, Trouble> {
        let Some(attempt) = look.target.newest() else { return Ok(Next::Done) };
        // The bus gives a target to one worker of this process at a time, and this one is not in an attempt: what runs in
        // the name of any of them was left behind.
        let own = self.context.own_workers.contains(&attempt.worker);
        if !own && self.context.heartbeats.lives(attempt.worker).await? {
            return Ok(Next::Done);
        }
        tracing::info!(
            post.id = %look.job.post_id, account.id = %look.job.account_id, attempt = attempt.number,
            "an attempt lapsed with its worker"
        );
        let (account_id, number) = (look.job.account_id, attempt.number);
        self.moved(look.job, PostAction::LapseAttempt { account_id, number }).await
    }

    /// Gives a command after which the target is looked at again, whether it was carried out or had moved meanwhile.
    pub(super) async fn moved(&self, job: &Job, action: PostAction) -> Result<Next, Trouble> {
        match self.context.command(self.worker, job, action).await {
            Ok(_) => Ok(Next::Look),
            Err(error) => refused(error),
        }
    }
}

/// What a refusal means to a worker: the target moved, or it isn't its turn.
pub(super) fn refused(error: CommandError<PostError>) -> Result<Next, Trouble> {
    match error {
        CommandError::Refused(PostError::Fenced | PostError::RevisionMismatch { .. } | PostError::UnfitIntent(_)) => {
            Ok(Next::Look)
        }
        CommandError::Refused(_) | CommandError::NotFound => Ok(Next::Done),
        CommandError::Contended if mutated(Mutant::DropOnConflict) => Ok(Next::Done),
        error => Err(error.into()),
    }
}
