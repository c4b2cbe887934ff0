//! The way to a target's account: whether it can be used now, and with what.

use campanile_events::{
    account::{Account, AccountAction, AccountCommand, AccountStatus},
    commands::Request,
    ids::WorkerId,
    journal::{Actor, Metadata},
    post::FailureClass,
    seal::{DataKey, fields},
};
use chrono::{DateTime, Utc};

use super::{
    context::{Context, Trouble, not_sent},
    publisher::Look,
};
use crate::{
    bus::Job,
    platforms::{Access, SendFailure},
};

/// Whether a target's account can be used now.
pub(super) enum Way {
    /// It can.
    Open(Box<Access>),
    /// Not before this: its platform asked for rest, and the target has time.
    Resting(DateTime<Utc>),
    /// It can't; the attempt fails so.
    Shut(SendFailure),
}

impl Context {
    pub async fn way(&self, look: &Look<'_>) -> Result<Way, Trouble> {
        let Some(account) = look.account()? else {
            return Ok(Way::Shut(SendFailure::of(FailureClass::Rejected, "account_missing")));
        };
        match account.status {
            AccountStatus::Connected => {}
            AccountStatus::NeedsReconnect => {
                return Ok(Way::Shut(SendFailure::of(FailureClass::AuthExpired, "needs_reconnect")));
            }
            AccountStatus::Absent | AccountStatus::Disconnected => {
                return Ok(Way::Shut(SendFailure::of(FailureClass::Rejected, "account_disconnected")));
            }
        }
        if let Some(until) = account.rate_limited_until.filter(|until| *until > self.clock.now()) {
            let give_up = look.post.give_up_at(look.target);
            if give_up.is_none_or(|give_up| until <= give_up) {
                return Ok(Way::Resting(until));
            }
            let mut failure = SendFailure::of(FailureClass::RateLimited, "account_rate_limited");
            failure.retry_after = (until - self.clock.now()).to_std().ok();
            return Ok(Way::Shut(failure));
        }
        self.access(look.job, look.key, account).await
    }

    async fn access(&self, job: &Job, key: &DataKey, account: &Account) -> Result<Way, Trouble> {
        let Some(offer) = &account.offer else { return Ok(Way::Shut(not_sent("account_without_offer"))) };
        let stored = self.tokens.load(job.workspace_id, job.account_id).await;
        let stored = stored.map_err(|error| Trouble::Tokens(error.to_string()))?;
        let Some(credentials) = stored else {
            return Ok(Way::Shut(SendFailure::of(FailureClass::AuthExpired, "no_credentials")));
        };
        Ok(Way::Open(Box::new(Access {
            account_id: job.account_id,
            server: account.server.clone(),
            remote_id: key.open(fields::ACCOUNT_REMOTE_ID, &account.remote_id)?.as_str().to_owned(),
            credentials,
            keeper: self.tokens.keeper(job.workspace_id, job.account_id, self.clock.clone()),
            delivery: offer.delivery,
            timing: self.timing,
        })))
    }

    /// The platform asked for rest: all of the account's targets get it.
    pub async fn rest(&self, worker: WorkerId, job: &Job, until: DateTime<Utc>) -> Result<(), Trouble> {
        self.account_command(worker, job, AccountAction::RateLimit { until }).await
    }

    /// Credentials were refused. Once may be the platform's passing trouble: they are lost only if it says so again when
    /// asked on purpose.
    pub async fn credentials_refused(&self, worker: WorkerId, job: &Job, access: &Access) -> Result<(), Trouble> {
        let Some(platform) = self.platforms.get(&job.platform) else { return Ok(()) };
        let Err(again) = platform.observe(access).await else { return Ok(()) };
        if again.class != FailureClass::AuthExpired {
            return Ok(());
        }
        let code = again.code.unwrap_or_else(|| "credentials_refused".to_owned());
        tracing::warn!(account.id = %job.account_id, code, "the account needs to be connected again");
        self.account_command(worker, job, AccountAction::NeedReconnect { code }).await
    }

    async fn account_command(&self, worker: WorkerId, job: &Job, action: AccountAction) -> Result<(), Trouble> {
        let request = Request {
            workspace: job.workspace_id,
            id: job.account_id.uuid(),
            command: AccountCommand { now: self.clock.now(), action },
            metadata: Metadata::by(Actor::of(worker)),
            receipt: None,
        };
        self.accounts.execute(request).await?;
        Ok(())
    }
}
