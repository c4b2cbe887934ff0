//! `GET /v1/accounts`

use axum::extract::State;
use campanile_events::account::AccountStatus;
use campanile_projections::accounts::{self, AccountFilter};

use super::rendered;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Parameters},
    openapi::{Listed, Paging},
};

/// The workspace's accounts, newest first.
#[utoipa::path(
    get, path = "/v1/accounts",
    params(Paging, super::shown::AccountFilters),
    responses(Listed<super::shown::Account>)
)]
pub async fn list(State(api): State<Api>, asker: Asker, mut given: Parameters) -> Result<Answer, ApiError> {
    let page = given.page();
    let status = given.read_as("status", status);
    let filter = AccountFilter { platform: api.platform(&mut given), status };
    given.finish()?;
    let found = accounts::list(&api.0.read, asker.caller.workspace, &filter, &page).await?;
    let key = api.data_key(&asker).await?;
    // A key that is bound to accounts knows of no others.
    let own = found.rows.iter().filter(|row| asker.caller.may_use(row.id));
    let data = own.map(|row| rendered(&key, row.id, &row.account));
    Ok(Answer::list(data.collect::<Result<_, _>>()?, found.next_cursor))
}

fn status(text: &str) -> Result<AccountStatus, &'static str> {
    let all = [AccountStatus::Connected, AccountStatus::NeedsReconnect, AccountStatus::Disconnected];
    let named = all.into_iter().find(|status| status.as_str() == text);
    named.ok_or("must be `connected`, `needs_reconnect` or `disconnected`")
}
