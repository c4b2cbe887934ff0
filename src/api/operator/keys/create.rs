//! `POST /operator/keys`

use axum::extract::State;
use campanile_events::{
    commands::Request,
    ids::KeyId,
    journal::Actor,
    key::{KeyAction, KeyCommand, Scopes},
    seal::{Open, fields},
};
use chrono::Duration;

use crate::{
    access::{Holder, KeySecret},
    api::{
        Api,
        http::{Answer, ApiError, Body, Parameters},
        keys::{
            create::{NewKey, check, refused},
            render,
        },
        operator::AtMachine,
    },
};

/// Makes a key; its secret stands in this answer only.
pub async fn create(
    State(api): State<Api>,
    operator: AtMachine,
    mut given: Parameters,
    Body(new): Body<NewKey>,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let workspace = api.workspace(&mut given).await?;
    given.finish()?;
    let scopes = check(&new)?;
    let now = core.clock.now();
    let data_key = core.data_keys.get(workspace.uuid()).await?;
    let (secret, id) = (KeySecret::generate(new.mode), KeyId::fresh(now));
    let rate_limit = Some(new.rate_limit());
    let action = KeyAction::Create {
        workspace_id: workspace,
        name: data_key.seal(fields::KEY_NAME, &Open::new(new.name.trim())),
        description: new.description.map(|text| data_key.seal(fields::KEY_DESCRIPTION, &Open::new(text))),
        prefix: secret.prefix().to_owned(),
        scopes: scopes.clone(),
        maker: Scopes::all(),
        mode: new.mode,
        expires_at: new.expires_in_days.map(|days| now + Duration::days(i64::from(days))),
        rate_limit,
    };
    // First, as where a key makes one: a key in the journal can be used.
    core.access.verifiers().keep(&secret, Holder { key_id: id, workspace }).await?;
    let (command, metadata) = (KeyCommand { now, action }, operator.metadata());
    let request = Request { workspace, id: id.uuid(), command, metadata, receipt: None };
    let made = match core.keys.execute(request).await {
        Ok(made) => made,
        Err(error) => {
            core.access.verifiers().drop_key(id).await?;
            return Err(refused(error, &Scopes::all(), &scopes));
        }
    };
    let mut shown = render::key(&data_key, id, &made.state, &Actor::operator(), None, now)?;
    shown["secret"] = secret.expose().into();
    Ok(api.placed(Answer::created(shown), made.position).await)
}
