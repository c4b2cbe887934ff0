//! An account as it was answered.

use campanile_events::journal::Receipt;

use super::rendered;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker},
};

/// The account at the receipt's position.
pub async fn replayed(api: &Api, asker: &Asker, receipt: &Receipt) -> Result<Answer, ApiError> {
    let id = receipt.receipt.resource.id;
    let then = api.0.accounts.load_at(asker.caller.workspace, id, receipt.position).await?;
    let account = then.ok_or_else(|| ApiError::not_found("account"))?.state;
    if !asker.caller.may_use(id.into()) {
        return Err(ApiError::account(id.into()));
    }
    let key = api.data_key(asker).await?;
    Ok(Answer::ok(rendered(&key, id.into(), &account)?).at_revision(account.revision))
}
