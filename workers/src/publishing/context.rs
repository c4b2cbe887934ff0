//! What every part of publishing works with.

use std::{collections::HashSet, sync::Arc};

use campanile_events::{
    account::Account,
    clock::{ClockTrouble, SharedClock},
    commands::{CommandError, Committed, Executor, LoadError, Request},
    ids::{WorkerId, WorkspaceId},
    journal::{Actor, Metadata},
    post::{Failure, FailureClass, Post, PostAction, PostCommand, PostError, PostEvent},
    random,
    seal::{DataKey, DataKeys, SealError, fields},
    stored::UnreadableEvent,
    timing::Timing,
};

use super::pauses::Pauses;
use crate::{
    bus::Job,
    heartbeats::Heartbeats,
    media::Library,
    observed::Observer,
    platforms::{Platforms, SendFailure},
    tokens::Tokens,
};

/// What every part of publishing works with.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub posts: Executor<Post>,
    pub accounts: Executor<Account>,
    pub pauses: Pauses,
    pub data_keys: Arc<DataKeys>,
    pub tokens: Arc<Tokens>,
    pub platforms: Platforms,
    pub library: Library,
    pub heartbeats: Heartbeats,
    pub clock: SharedClock,
    pub timing: Timing,
    pub observer: Arc<dyn Observer>,
    /// The workers of this process. The bus gives a target to one of them at a time.
    pub own_workers: Arc<HashSet<WorkerId>>,
}

/// Why a job came to no end. It is taken up again by the sweeper.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Command(#[from] CommandError<PostError>),
    #[error(transparent)]
    Account(#[from] CommandError<campanile_events::account::AccountError>),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Database(#[from] campanile_events::db::DbError),
    #[error(transparent)]
    Query(#[from] campanile_projections::page::QueryError),
    #[error("the account's credentials can't be read: {0}")]
    Tokens(String),
    #[error(transparent)]
    Clock(#[from] ClockTrouble),
    #[error("the worker was not heard for too long to begin something")]
    Unheard,
    #[error("the worker is stopping")]
    Stopping,
}

impl Trouble {
    /// Whether a newer build can go on where this one can't: it wrote what this one doesn't know.
    pub fn is_a_newer_builds(&self) -> bool {
        let unreadable = match self {
            Self::Command(CommandError::Unreadable(error)) => error,
            Self::Account(CommandError::Unreadable(error)) => error,
            Self::Load(LoadError::Unreadable(error)) => error,
            _ => return false,
        };
        matches!(unreadable, UnreadableEvent::Unknown { .. })
    }
}

impl Context {
    /// Gives the post a command in the worker's name.
    pub async fn command(
        &self,
        worker: WorkerId,
        job: &Job,
        action: PostAction,
    ) -> Result<Committed<Post>, CommandError<PostError>> {
        // Before it is given: what the action says of how an attempt ended.
        let class = match &action {
            PostAction::FailAttempt { failure, .. } => Some(failure.class),
            PostAction::LapseAttempt { .. } => Some(FailureClass::Lapsed),
            _ => None,
        };
        let completes = matches!(action, PostAction::CompleteStep { .. });
        let command = PostCommand::new(self.clock.now(), random::unit(), action);
        let request = Request {
            workspace: job.workspace_id,
            id: job.post_id.uuid(),
            command,
            metadata: Metadata::by(Actor::of(worker)),
            receipt: None,
        };
        let committed = self.posts.execute(request).await?;
        let published = completes && committed.events.iter().any(|it| matches!(it, PostEvent::TargetPublished(_)));
        let ended = class.map(FailureClass::as_str).or(published.then_some("published"));
        if let Some(ended) = ended.filter(|_| !committed.events.is_empty()) {
            self.observer.attempt_ended(&job.platform, ended);
        }
        Ok(committed)
    }

    pub async fn data_key(&self, workspace: WorkspaceId) -> Result<Arc<DataKey>, SealError> {
        self.data_keys.get(workspace.uuid()).await
    }

    /// A failure as an event keeps it: the platform's words are sealed, its pause becomes an instant.
    pub fn failure(&self, key: &DataKey, failure: &SendFailure) -> Failure {
        let pause = failure.retry_after.and_then(|pause| chrono::Duration::from_std(pause).ok());
        Failure {
            class: failure.class,
            status: failure.status,
            code: failure.code.clone(),
            message: failure.message.as_ref().map(|message| key.seal(fields::FAILURE_MESSAGE, message)),
            retry_after: pause.and_then(|pause| self.clock.now().checked_add_signed(pause)),
        }
    }
}

/// A failure that says nothing but its code.
pub(super) fn not_sent(code: &str) -> SendFailure {
    SendFailure::of(FailureClass::NotSent, code)
}
