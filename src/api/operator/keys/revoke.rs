//! `DELETE /operator/keys/{id}`

use axum::extract::State;
use campanile_events::{
    commands::Request,
    ids::KeyId,
    key::{KeyAction, KeyCommand},
};
use serde_json::json;

use crate::api::{
    Api,
    http::{Answer, ApiError, Named, Parameters, optional_instant},
    keys::revoke::{call_off, refused, scheduled_by},
    operator::AtMachine,
};

/// Revokes a key, for ever, from this process's next request on. Says how many scheduled posts it made, and calls them
/// off if asked to.
pub async fn revoke(
    State(api): State<Api>,
    operator: AtMachine,
    Named(id): Named<KeyId>,
    mut given: Parameters,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let workspace = api.workspace(&mut given).await?;
    let cancel = given.flag("cancel_scheduled")?;
    given.finish()?;
    let command = KeyCommand { now: core.clock.now(), action: KeyAction::Revoke };
    let request = Request { workspace, id: id.uuid(), command, metadata: operator.metadata(), receipt: None };
    let revoked = core.keys.execute(request).await.map_err(refused)?;
    core.projected(revoked.position).await;
    let scheduled = scheduled_by(&api, workspace, id).await?;
    let (mut position, mut canceled) = (revoked.position, 0_usize);
    for post in scheduled.iter().filter(|_| cancel) {
        if let Some(at) = call_off(&api, workspace, operator.metadata(), *post).await? {
            position = position.max(at);
            canceled += 1;
        }
    }
    let shown = json!({
        "id": id,
        "status": revoked.state.status(core.clock.now()),
        "revoked_at": optional_instant(revoked.state.revoked_at),
        "scheduled_posts": scheduled.len(),
        "canceled_posts": canceled,
    });
    Ok(api.placed(Answer::ok(shown), position).await)
}
