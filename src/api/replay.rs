//! The answer that a request got before, rendered again from the resource as it stood then.

use axum::http::HeaderMap;
use campanile_events::journal::{Receipt, StreamKind};

use super::{
    Api, accounts,
    http::{Answer, ApiError, Asker, InSession},
    invitations, keys, media, posts, workspaces,
};

impl Api {
    /// The answer to the request that left the receipt. Its route's scope was checked before.
    pub(in crate::api) async fn replayed(
        &self,
        asker: &Asker,
        headers: &HeaderMap,
        receipt: &Receipt,
    ) -> Result<Answer, ApiError> {
        let answer = match receipt.receipt.resource.kind {
            StreamKind::Post => posts::replayed(self, asker, receipt).await?,
            StreamKind::Key => keys::replayed(self, asker, receipt).await?,
            StreamKind::Account => accounts::replayed(self, asker, receipt).await?,
            StreamKind::Media => media::replayed(self, asker, receipt).await?,
            StreamKind::Workspace => workspaces::replayed(self, asker, receipt).await?,
            StreamKind::Invitation => invitations::replayed(self, asker, headers, receipt).await?,
            kind => return Err(ApiError::internal(format!("no request leaves a receipt on a stream of {kind:?}"))),
        };
        Ok(self.placed(answer.replayed(receipt.receipt.status), receipt.position).await)
    }

    /// The same for a person's request beside any workspace.
    pub(in crate::api) async fn replayed_to(&self, person: &InSession, receipt: &Receipt) -> Result<Answer, ApiError> {
        let answer = match receipt.receipt.resource.kind {
            StreamKind::Workspace => workspaces::made_before(self, person, receipt).await?,
            kind => return Err(ApiError::internal(format!("no session leaves a receipt on a stream of {kind:?}"))),
        };
        Ok(self.placed(answer.replayed(receipt.receipt.status), receipt.position).await)
    }
}
