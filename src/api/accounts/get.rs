//! `GET /v1/accounts/{id}`

use std::sync::Arc;

use axum::extract::State;
use campanile_events::{
    account::{Account, AccountStatus},
    ids::AccountId,
};

use super::rendered;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named},
    openapi::Told,
};

/// One account, from its aggregate.
#[utoipa::path(get, path = "/v1/accounts/{id}", responses(Told<super::shown::Account>))]
pub async fn get(State(api): State<Api>, asker: Asker, Named(id): Named<AccountId>) -> Result<Answer, ApiError> {
    let account = api.account(&asker, id).await?;
    let key = api.data_key(&asker).await?;
    Ok(Answer::ok(rendered(&key, id, &account)?).at_revision(account.revision))
}

impl Api {
    /// An account that wasn't disconnected.
    pub(super) async fn account(&self, asker: &Asker, id: AccountId) -> Result<Arc<Account>, ApiError> {
        let loaded = self.0.accounts.load(asker.caller.workspace, id.uuid()).await?;
        let account = loaded.map(|loaded| loaded.state).filter(|it| it.status != AccountStatus::Disconnected);
        let account = account.ok_or_else(|| ApiError::not_found("account"))?;
        if asker.caller.may_use(id) { Ok(account) } else { Err(ApiError::account(id)) }
    }
}
