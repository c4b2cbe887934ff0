//! A workspace as it was answered.

use campanile_events::journal::Receipt;

use super::stop::shown;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker},
};

/// The workspace at the receipt's position. What was told then is not told again: it may have been told otherwise since.
pub async fn replayed(api: &Api, asker: &Asker, receipt: &Receipt) -> Result<Answer, ApiError> {
    let id = receipt.receipt.resource.id;
    let then = api.0.workspaces.load_at(asker.caller.workspace, id, receipt.position).await?;
    let workspace = then.ok_or_else(|| ApiError::not_found("workspace"))?.state;
    Ok(Answer::ok(shown(id.into(), &workspace)))
}
