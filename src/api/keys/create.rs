//! `POST /v1/keys`

use std::collections::BTreeSet;

use axum::extract::State;
use campanile_events::{
    account::AccountStatus,
    ids::{AccountId, KeyId, WorkspaceId},
    key::{self, KeyAction, KeyCommand},
    seal::{DataKey, Open, fields},
};

use super::{By, input::NewKey, refusal::refused, render};
use crate::{
    access::{Holder, KeySecret, sealed},
    api::{
        Api,
        http::{Answer, ApiError, Asker, Body, Detail},
        openapi::Made,
    },
};

/// Makes a key; its secret stands in this answer only. What is not said of its bounds (end, requests, accounts, origins,
/// networks) is as the key's that makes it.
#[utoipa::path(
    post, path = "/v1/keys",
    request_body = NewKey,
    responses(Made<super::shown::KeyWithSecret>),
    extensions(("x-refusals" = json!(["not_found", "forbidden_scope", "test_key_live_account", "account_not_allowed"])))
)]
pub async fn create(State(api): State<Api>, asker: Asker, Body(new): Body<NewKey>) -> Result<Answer, ApiError> {
    make(&api, &By::key(asker.creating()), new).await
}

/// Makes a key, within the rights of who asks.
pub(in crate::api) async fn make(api: &Api, by: &By, new: NewKey) -> Result<Answer, ApiError> {
    let core = &api.0;
    let now = core.clock.now();
    let planned = core.plans.requests(by.workspace).await?;
    let grant = new.grant(&by.grant, planned.unwrap_or_else(|| core.access.usual_limit()), now)?;
    check_accounts(api, by.workspace, &grant.allowed_accounts).await?;
    let data_key = core.data_keys.get(by.workspace.uuid()).await?;
    let (secret, id) = (KeySecret::generate(new.mode), KeyId::fresh(now));
    let new = key::NewKey {
        name: data_key.seal(fields::KEY_NAME, &Open::new(new.name.trim())),
        description: new.description.map(|text| data_key.seal(fields::KEY_DESCRIPTION, &Open::new(text))),
        workspace_id: by.workspace,
        prefix: secret.prefix().to_owned(),
        allowed_origins: sealed(&data_key, fields::KEY_ALLOWED_ORIGIN, &grant.allowed_origins),
        allowed_ips: sealed(&data_key, fields::KEY_ALLOWED_IP, &grant.allowed_ips),
        grant,
        maker: (*by.grant).clone(),
        predecessor: None,
    };
    // First, so that a key in the journal can be used; without one there, a verifier opens nothing.
    core.access.verifiers().keep(&secret, Holder { key_id: id, workspace: by.workspace }).await?;
    let command = KeyCommand { now, action: KeyAction::Create(Box::new(new)) };
    let made = match by.execute(api, id, command, Some(shown_once(&data_key, &secret))).await {
        Ok(made) => made,
        Err(error) => {
            core.access.verifiers().drop_key(id).await?;
            return Err(refused(error));
        }
    };
    let mut shown = render::key(&data_key, id, &made.state, by.actor(), None, now)?;
    shown["secret"] = secret.expose().into();
    Ok(api.placed(Answer::created(shown).at_revision(made.state.revision), made.position).await)
}

/// A secret as the receipt keeps it.
pub(super) fn shown_once(data_key: &DataKey, secret: &KeySecret) -> campanile_events::seal::Sealed {
    data_key.seal(fields::RECEIPT_SECRET, &Open::new(secret.expose()))
}

/// Names each account that isn't there.
pub(super) async fn check_accounts(
    api: &Api,
    workspace: WorkspaceId,
    all: &BTreeSet<AccountId>,
) -> Result<(), ApiError> {
    let mut wrong = Vec::new();
    for account in all {
        let loaded = api.0.accounts.load(workspace, account.uuid()).await?;
        if !loaded.is_some_and(|it| it.state.status != AccountStatus::Disconnected) {
            wrong.push(Detail {
                field: "allowed_accounts".to_owned(),
                code: "not_found".to_owned(),
                message: format!("there is no such account: {account}"),
                account_id: Some(account.to_string()),
                platform: None,
            });
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(ApiError::unnamed_all(wrong)) }
}
