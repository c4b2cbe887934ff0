//! Removing what a deleted post shows, where that was asked for.
//!
//! Removing is safe to repeat, so there is no intent before it and no doubt after: what is not known to be gone is removed
//! again. It shows nothing, so a pause of the workspace doesn't hold it back.

use campanile_events::{
    commands::CommandError,
    post::{Failure, FailureClass, PostAction, PostError},
};

use super::{
    account::Way,
    context::Trouble,
    publisher::{Look, Next, Publisher, refused},
};
use crate::platforms::{Access, Platform, SendFailure};

impl Publisher {
    /// A target whose removal is open and that nothing more is sent for.
    pub(super) async fn remove(&self, look: &Look<'_>) -> Result<Next, Trouble> {
        if look.target.removal_at().is_none_or(|at| self.context.clock.now() < at) {
            return Ok(Next::Done);
        }
        let standing = look.target.standing();
        if standing.is_empty() {
            return self.came_to(look, Vec::new(), None).await;
        }
        let Some(platform) = self.context.platforms.get(&look.job.platform).cloned() else {
            let failure = SendFailure::of(FailureClass::OutdatedAdapter, "unknown_platform");
            return self.came_to(look, Vec::new(), Some(&failure)).await;
        };
        let access = match self.context.way(look).await? {
            Way::Open(access) => access,
            Way::Resting(until) => return Ok(Next::Later(until)),
            Way::Shut(failure) => return self.came_to(look, Vec::new(), Some(&failure)).await,
        };
        let (removed, failure) = remove_each(platform.as_ref(), &access, &standing).await;
        let next = self.came_to(look, removed, failure.as_ref()).await?;
        // A platform that wants rest from deletions may take posts all the same: the account goes on.
        if failure.is_some_and(|failure| failure.class == FailureClass::AuthExpired) {
            self.context.credentials_refused(self.worker, look.job, &access).await?;
        }
        Ok(next)
    }

    /// Records what a try came to.
    async fn came_to(
        &self,
        look: &Look<'_>,
        removed: Vec<String>,
        failure: Option<&SendFailure>,
    ) -> Result<Next, Trouble> {
        let account_id = look.job.account_id;
        let action = match failure.map(|failure| self.context.failure(look.key, failure)) {
            None => PostAction::CompleteRemoval { account_id, removed },
            Some(failure) => {
                let Failure { class, status, code, .. } = &failure;
                tracing::info!(
                    post.id = %look.job.post_id, account.id = %account_id, %class, code = code.as_deref(), status,
                    "the platform did not remove the post"
                );
                PostAction::FailRemoval { account_id, removed, failure }
            }
        };
        match self.context.command(self.worker, look.job, action).await {
            Ok(_) => Ok(Next::Look),
            // The clock that decides is a moment behind ours: the sweeper comes again.
            Err(CommandError::Refused(PostError::TooEarly)) => Ok(Next::Done),
            Err(error) => refused(error),
        }
    }
}

/// Removes one after the other, up to the first that fails; gives what is gone.
async fn remove_each(
    platform: &dyn Platform,
    access: &Access,
    standing: &[&str],
) -> (Vec<String>, Option<SendFailure>) {
    let mut removed = Vec::with_capacity(standing.len());
    for remote_id in standing {
        match platform.remove(access, remote_id).await {
            Ok(()) => removed.push((*remote_id).to_owned()),
            Err(failure) => return (removed, Some(failure)),
        }
    }
    (removed, None)
}
