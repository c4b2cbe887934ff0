//! `POST /v1/connect/{platform}`

use axum::extract::State;
use campanile_events::{
    account::{ACCOUNT_CLAIM, Account, AccountAction, AccountCommand, AccountError},
    commands::{CommandError, Committed},
    ids::AccountId,
    seal::{DataKey, Open, fields},
};
use campanile_workers::platforms::{ConnectRequest, Connected, Platform};
use serde_json::Value;

use super::refusal;
use crate::api::{
    Api, accounts,
    http::{Answer, ApiError, Asker, Body, Code, Named, refused_anyway},
    openapi::Made,
};

/// Two that connect one account at once: the second finds the first's.
const MOST_TRIES: usize = 3;

/// Connects an account, or gives the one that is connected new credentials: it keeps its id. With the fields that
/// `GET /v1/platforms` names, or, after `GET /v1/connect/{platform}`, with the `code` and `state` that the platform's page gave.
/// Whatever comes of it, a state is used then: one that this key never got, or that was used, is refused with `unknown_state`,
/// one that is older than ten minutes with `expired_state`.
#[utoipa::path(
    post, path = "/v1/connect/{platform}",
    request_body = super::request::Credentials,
    responses(Made<accounts::shown::Account>),
    extensions(("x-refusals" = json!(["connection_refused", "conflict", "account_not_allowed", "test_key_live_account"])))
)]
pub async fn direct(
    State(api): State<Api>,
    asker: Asker,
    Named(name): Named<String>,
    Body(body): Body<Value>,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let asker = asker.creating();
    let platform = core.platforms.get(&name).ok_or_else(|| ApiError::not_found("platform"))?;
    asker.caller.reaches_platform(&name)?;
    let connected = checked(&api, &asker, platform.as_ref(), body).await?;
    let key = api.data_key(&asker).await?;
    let (id, done) = connect(&api, &asker, &key, &name, &connected).await?;
    let shown = accounts::rendered(&key, id, &done.state)?;
    Ok(api.placed(Answer::created(shown).at_revision(done.state.revision), done.position).await)
}

/// Asks the platform, by whichever way it was given.
async fn checked(api: &Api, asker: &Asker, platform: &dyn Platform, body: Value) -> Result<Connected, ApiError> {
    let (core, about) = (&api.0, platform.describe());
    let comes_back = ["code", "state"].iter().any(|name| body.get(name).is_some());
    if about.sign_in.is_some() && comes_back {
        let (timing, now) = (&core.timing, core.clock.now());
        let finished = core.sign_ins.finish(platform, asker.beginner(), &body, timing, now).await;
        return finished.map_err(|error| refusal::of_sign_in(&about, error));
    }
    let request = ConnectRequest { body, timing: core.timing };
    platform.connect(request).await.map_err(|error| refusal::refused(&about, error))
}

async fn connect(
    api: &Api,
    asker: &Asker,
    key: &DataKey,
    platform: &str,
    connected: &Connected,
) -> Result<(AccountId, Committed<Account>), ApiError> {
    let core = &api.0;
    let workspace = asker.caller.workspace;
    let by_server = core.platforms.get(platform).is_none_or(|it| it.names_by_server());
    let server = if by_server { &*connected.server } else { "" };
    let name = [platform, server, &connected.remote_id].join("\0");
    let remote_index = key.digest(fields::ACCOUNT_REMOTE_ID, name.as_bytes());
    let mut tries = 0;
    loop {
        let now = core.clock.now();
        let holder = core.journal.holder(workspace, ACCOUNT_CLAIM, &remote_index).await?;
        let id = holder.map_or_else(|| AccountId::fresh(now), |holder| holder.id.into());
        // A key that is bound to accounts may renew theirs, and bring in no other.
        if !asker.caller.may_use(id) {
            return Err(ApiError::new(Code::AccountNotAllowed, "this key is bound to other accounts"));
        }
        // Before the account can be used: a worker may take it up as soon as it is in the log.
        core.tokens
            .store(workspace, id, &connected.credentials, core.clock.now())
            .await
            .map_err(ApiError::unavailable)?;
        let action = action(key, platform, connected, remote_index.clone());
        let done = asker.execute(&core.accounts, id.uuid(), AccountCommand { now, action }).await;
        tries += 1;
        match done {
            Ok(done) => return Ok((id, done)),
            Err(CommandError::ClaimTaken { .. }) if tries < MOST_TRIES => core.tokens.delete(id).await?,
            Err(CommandError::Refused(AccountError::Disconnected)) if tries < MOST_TRIES => {}
            Err(error) => return Err(refused_anyway(error, "account", ApiError::internal)),
        }
    }
}

fn action(key: &DataKey, platform: &str, connected: &Connected, remote_index: String) -> AccountAction {
    let seal = |field, text: &str| key.seal(field, &Open::new(text));
    AccountAction::Connect {
        platform: platform.to_owned(),
        server: connected.server.clone(),
        remote_id: seal(fields::ACCOUNT_REMOTE_ID, &connected.remote_id),
        remote_index,
        handle: seal(fields::ACCOUNT_HANDLE, &connected.handle),
        display_name: connected.display_name.as_deref().map(|text| seal(fields::ACCOUNT_DISPLAY_NAME, text)),
        offer: connected.offer.clone(),
    }
}
