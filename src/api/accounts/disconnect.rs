//! `DELETE /v1/accounts/{id}`

use axum::extract::State;
use campanile_events::{
    account::{AccountAction, AccountCommand, AccountError},
    ids::AccountId,
};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, IfMatch, Named, refused_anyway},
    openapi::Done,
};

/// Disconnects it here, and forgets its credentials.
#[utoipa::path(
    delete, path = "/v1/accounts/{id}",
    responses(Done),
    extensions(("x-refusals" = json!(["test_key_live_account"])))
)]
pub async fn disconnect(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<AccountId>,
    if_match: IfMatch,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let account = api.account(&asker, id).await?;
    asker.caller.reaches_account(id, &account.platform)?;
    if_match.check(account.revision)?;
    let command = AccountCommand { now: core.clock.now(), action: AccountAction::Disconnect };
    let done = asker.execute(&core.accounts, id.uuid(), command).await;
    let done = done.map_err(|error| {
        refused_anyway(error, "account", |error| match error {
            AccountError::NotFound | AccountError::Disconnected => ApiError::not_found("account"),
            AccountError::OtherAccount => ApiError::internal(error),
        })
    })?;
    core.tokens.delete(id).await?;
    Ok(api.placed(Answer::nothing(), done.position).await)
}
