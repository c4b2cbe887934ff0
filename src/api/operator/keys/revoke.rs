//! `DELETE /operator/keys/{id}`

use axum::extract::State;
use campanile_events::ids::KeyId;

use crate::api::{
    Api,
    http::{Answer, ApiError, Named, Parameters},
    keys::{By, revoke::end},
    operator::AtMachine,
};

/// Revokes a key, for ever: no request that starts after the answer gets in with it, on any node. Says how many scheduled
/// posts it made, and calls them off if asked to.
pub async fn revoke(
    State(api): State<Api>,
    operator: AtMachine,
    Named(id): Named<KeyId>,
    mut given: Parameters,
) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    let cancel = given.flag("cancel_scheduled");
    given.finish()?;
    end(&api, &By::operator(workspace, operator.metadata()), id, cancel).await
}
