//! What an answer is told with, whatever it comes to: what is left of the limits of who asks, and whether the page that
//! asks may read it.

use std::sync::Arc;

use axum::response::Response;
use campanile_events::{
    ids::{KeyId, WorkspaceId},
    key::{Key, RateLimit},
};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{ApiError, cors::Listed, rate_limit};
use crate::{
    access::{Caller, Denied, Holder, SignedIn, limits::Counted},
    engine::Core,
};

/// Of an answer to a key or a session.
#[derive(Default)]
pub(super) struct Told {
    /// What is left of its limits.
    counted: Option<Telling>,
    /// Whether it lists the page that sent it.
    pub(super) listed: Option<Listed>,
    /// Which key it is, also where it opens nothing.
    pub(super) key: Option<Holder>,
}

/// What is left of limits, and is looked at once more while the request is answered.
struct Telling {
    counted: Counted,
    looking: Option<JoinHandle<Counted>>,
}

impl Telling {
    async fn told(self) -> Counted {
        match self.looking {
            // A look that came to nothing leaves what is known anyway.
            Some(looking) => looking.await.unwrap_or(self.counted),
            None => self.counted,
        }
    }
}

impl Told {
    /// Counts a request of a key.
    pub(super) async fn count_key(
        &mut self,
        core: &Core,
        workspace: WorkspaceId,
        id: KeyId,
        key: &Key,
    ) -> Result<(), ApiError> {
        let Some(limit) = limit(core, workspace, key).await? else { return Ok(()) };
        let counted_as = core.access.counted_as(workspace, id, key).await?;
        self.count(core, counted_as.uuid(), limit).await
    }

    /// Counts a request of a person, who may have entered a workspace. All of their sessions count as one: signing in again
    /// gives nobody more.
    pub(super) async fn count_person(
        &mut self,
        core: &Core,
        signed_in: &SignedIn,
        entered: Option<&Caller>,
    ) -> Result<(), ApiError> {
        let planned = match entered {
            Some(caller) => core.plans.requests(caller.workspace).await?,
            None => None,
        };
        self.count(core, signed_in.id.uuid(), planned.unwrap_or_else(|| core.access.usual_limit())).await
    }

    /// Says of a key what it has left though it may not be used from there, and that no page may read that.
    pub(super) async fn show_denied(&mut self, core: &Core, secret: &str, denied: &Denied) {
        if *denied == Denied::Origin {
            self.listed = Some(Listed(false));
        }
        if matches!(denied, Denied::Origin | Denied::Ip)
            && let Ok(Some((holder, key))) = core.access.holder(secret).await
            && let Err(error) = self.show_key(core, holder, &key).await
        {
            tracing::debug!(error = error.message, "what is left of a key's limits is not known");
        }
    }

    /// Says what a key has left, and takes nothing of it: who may not use it from where they are could else use it up for
    /// those who may.
    async fn show_key(&mut self, core: &Core, holder: Holder, key: &Key) -> Result<(), ApiError> {
        let Some(limit) = limit(core, holder.workspace, key).await? else { return Ok(()) };
        let counted_as = core.access.counted_as(holder.workspace, holder.key_id, key).await?;
        let counted = core.access.limits().left(counted_as.uuid(), limit, core.clock.now()).await?;
        self.counted = Some(Telling { counted, looking: None });
        Ok(())
    }

    /// Counts a request.
    ///
    /// # Errors
    /// If its limits leave none.
    async fn count(&mut self, core: &Core, who: Uuid, limit: RateLimit) -> Result<(), ApiError> {
        let limits = core.access.limits();
        let counted = limits.count(who, limit, core.clock.now()).await?;
        let looking = limits.is_worth_a_look(&counted).then(|| {
            let limits = Arc::clone(limits);
            tokio::spawn(async move { limits.looked(who, counted).await })
        });
        self.counted = Some(Telling { counted, looking });
        rate_limit::check(&counted)
    }

    /// Writes it into the answer.
    pub(super) async fn tell(self, core: &Core, response: &mut Response) {
        if let Some(telling) = self.counted {
            rate_limit::tell(response, &telling.told().await, core.clock.now());
        }
        if let Some(listed) = self.listed {
            response.extensions_mut().insert(listed);
        }
    }
}

/// A key's limit. The plan's number is the most that its keys get, whatever they were made with.
async fn limit(core: &Core, workspace: WorkspaceId, key: &Key) -> Result<Option<RateLimit>, ApiError> {
    let most = core.plans.requests(workspace).await?;
    Ok(key.rate_limit.map_or(most, |own| Some(most.map_or(own, |most| own.or_less(most)))))
}
