//! `PATCH /v1/keys/{id}`

use axum::extract::State;
use campanile_events::{
    commands::CommandError,
    ids::KeyId,
    key::{Addresses, ChangeKey, Grant, Key, KeyAction, KeyCommand, KeyError},
    seal::{DataKey, Open, fields},
};

use super::{By, create::check_accounts, input::KeyEdits, refusal::refused};
use crate::{
    access::{opened, sealed},
    api::{
        Api,
        http::{Answer, ApiError, Asker, Body, IfMatch, Named},
        openapi::Told,
    },
};

/// How often a change is decided again because the key was changed meanwhile.
const MOST_TRIES: usize = 5;

/// Changes what is named. Its history tells by an event each what it is called (`key.renamed`), what was taken from it
/// (`key.narrowed`) and what it was given (`key.widened`). Narrowing is free; what would be widened has to be within the rights of the key that asks, all
/// of it. What was taken away is refused from the next request on.
#[utoipa::path(
    patch, path = "/v1/keys/{id}",
    request_body = KeyEdits,
    responses(Told<super::shown::Key>),
    extensions(("x-refusals" = json!(["conflict", "forbidden_scope", "account_not_allowed", "test_key_live_account"])))
)]
pub async fn edit(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<KeyId>,
    if_match: IfMatch,
    Body(edits): Body<KeyEdits>,
) -> Result<Answer, ApiError> {
    change(&api, &By::key(asker), id, &if_match, &edits).await
}

/// Changes a key, within the rights of who asks.
pub(in crate::api) async fn change(
    api: &Api,
    by: &By,
    id: KeyId,
    if_match: &IfMatch,
    edits: &KeyEdits,
) -> Result<Answer, ApiError> {
    let data_key = api.0.data_keys.get(by.workspace.uuid()).await?;
    let mut tries = 0;
    let changed = loop {
        let key = by.load(api, id).await?;
        if_match.check(key.revision)?;
        let now = api.0.clock.now();
        let before = opened(&data_key, &key)?;
        let after = edits.grant(&before, api.0.access.usual_limit(), now)?;
        if after.allowed_accounts != before.allowed_accounts {
            check_accounts(api, by.workspace, &after.allowed_accounts).await?;
        }
        let stored = |grant: &Grant| Addresses {
            origins: sealed(&data_key, fields::KEY_ALLOWED_ORIGIN, &grant.allowed_origins),
            ips: sealed(&data_key, fields::KEY_ALLOWED_IP, &grant.allowed_ips),
        };
        let change = ChangeKey::new(key.revision, before, after, (*by.grant).clone(), stored);
        let change = named(change, &data_key, &key, edits)?;
        let command = KeyCommand { now, action: KeyAction::Change(Box::new(change)) };
        tries += 1;
        match by.execute(api, id, command, None).await {
            Err(CommandError::Refused(KeyError::Moved(_))) if tries < MOST_TRIES => {}
            done => break done.map_err(refused)?,
        }
    };
    let shown = api.shown_key(by.workspace, id, &changed.state).await?;
    Ok(api.placed(Answer::ok(shown).at_revision(changed.state.revision), changed.position).await)
}

/// With what it is to be called and what is to be said of it; the same again is no change.
fn named(change: ChangeKey, data_key: &DataKey, key: &Key, edits: &KeyEdits) -> Result<ChangeKey, ApiError> {
    let name = edits.name.as_ref().map(|name| Open::new(name.trim()));
    let same_name = data_key.open(fields::KEY_NAME, &key.name)?;
    let old = key.description.as_ref().map(|text| data_key.open(fields::KEY_DESCRIPTION, text)).transpose()?;
    let description = edits.description.as_ref().map(|text| text.as_ref().map(|text| Open::new(text.as_str())));
    let description = description.filter(|text| *text != old);
    Ok(ChangeKey {
        name: name.filter(|name| *name != same_name).map(|name| data_key.seal(fields::KEY_NAME, &name)),
        description: description.map(|text| text.map(|text| data_key.seal(fields::KEY_DESCRIPTION, &text))),
        ..change
    })
}
