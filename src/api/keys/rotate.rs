//! `POST /v1/keys/{id}/rotate`

use std::sync::Arc;

use axum::extract::State;
use campanile_events::{
    commands::{CommandError, Committed},
    ids::KeyId,
    key::{Grant, Key, KeyAction, KeyCommand, KeyError, NewKey, RotateKey},
    seal::DataKey,
};
use chrono::Duration;
use serde::Deserialize;

use super::{By, create::shown_once, refusal::refused, render};
use crate::{
    access::{Holder, KeySecret, opened},
    api::{
        Api,
        http::{Answer, ApiError, Asker, Named, OptionalBody, optional_instant},
        openapi::Made,
    },
};

const USUAL_OVERLAP: u32 = 86_400;
/// Thirty days.
const LONGEST_OVERLAP: u32 = 30 * 86_400;
const MOST_TRIES: usize = 5;

/// How a key is rotated.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// How long the old secret opens, too; 86,400 if not said, 0 to revoke it at once.
    #[schema(maximum = 2_592_000)]
    overlap_seconds: Option<u32>,
}

/// Makes a key with the same rights that follows this one; its secret stands in this answer only. The old one holds for
/// the overlap; is it still used near the end of it, its history says so.
#[utoipa::path(
    post, path = "/v1/keys/{id}/rotate",
    request_body = Option<Rotation>,
    responses(Made<super::shown::RotatedKey>),
    extensions(("x-refusals" = json!(["conflict", "invalid_request", "forbidden_scope", "test_key_live_account", "account_not_allowed"])))
)]
pub async fn rotate(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<KeyId>,
    OptionalBody(rotation): OptionalBody<Rotation>,
) -> Result<Answer, ApiError> {
    follow(&api, &By::key(asker.creating()), id, &rotation).await
}

/// Lets a new key follow another, within the rights of who asks: its secret is theirs.
pub(in crate::api) async fn follow(api: &Api, by: &By, id: KeyId, rotation: &Rotation) -> Result<Answer, ApiError> {
    let overlap = rotation.overlap_seconds.unwrap_or(USUAL_OVERLAP);
    if overlap > LONGEST_OVERLAP {
        let message = format!("must be from 0 to {LONGEST_OVERLAP}");
        return Err(ApiError::invalid("overlap_seconds", "out_of_range", message));
    }
    let overlap = Duration::seconds(i64::from(overlap));
    let data_key = api.0.data_keys.get(by.workspace.uuid()).await?;
    let mut tries = 0;
    loop {
        let old = by.load(api, id).await?;
        let grant = opened(&data_key, &old)?;
        tries += 1;
        let step = Step { api, by, data_key: &data_key, id, old: Arc::unwrap_or_clone(old), grant, overlap };
        match step.take().await {
            Err(CommandError::Refused(KeyError::Moved(_))) if tries < MOST_TRIES => {}
            Err(error) => return Err(refused(error)),
            Ok(answer) => return answer,
        }
    }
}

/// One try, on the key as it was just read.
struct Step<'a> {
    api: &'a Api,
    by: &'a By,
    data_key: &'a DataKey,
    id: KeyId,
    old: Key,
    grant: Grant,
    overlap: Duration,
}

impl Step<'_> {
    /// The successor comes first: a crash between the two leaves a key whose secret nobody ever saw, and the old one as it
    /// was; the request sent again then begins anew, since its receipt goes with the second.
    async fn take(self) -> Result<Result<Answer, ApiError>, CommandError<KeyError>> {
        let Self { api, by, data_key, id, old, grant, overlap } = self;
        let core = &api.0;
        let now = core.clock.now();
        let (secret, successor) = (KeySecret::generate(grant.mode), KeyId::fresh(now));
        let rotate =
            RotateKey { revision: old.revision, grant: grant.clone(), by: (*by.grant).clone(), successor, overlap };
        let rotate = KeyCommand { now, action: KeyAction::Rotate(Box::new(rotate)) };
        // Asked beforehand, so that a refusal leaves no successor behind.
        old.decide(rotate.clone()).map_err(CommandError::Refused)?;
        let new = NewKey {
            workspace_id: by.workspace,
            name: old.name,
            description: old.description,
            prefix: secret.prefix().to_owned(),
            maker: grant.clone(),
            grant,
            allowed_origins: old.allowed_origins,
            allowed_ips: old.allowed_ips,
            predecessor: Some(id),
        };
        if let Err(error) =
            core.access.verifiers().keep(&secret, Holder { key_id: successor, workspace: by.workspace }).await
        {
            return Ok(Err(error.into()));
        }
        let create = KeyCommand { now, action: KeyAction::Create(Box::new(new)) };
        let made = by.aside(api, successor, create).await?;
        let done = match by.execute(api, id, rotate, Some(shown_once(data_key, &secret))).await {
            Ok(done) => done,
            Err(error) => {
                // Somebody was faster: what nobody saw is taken back.
                let revoke = KeyCommand { now, action: KeyAction::Revoke };
                by.aside(api, successor, revoke).await?;
                return Err(error);
            }
        };
        Ok(answer(api, by, data_key, successor, &made, &done, &secret).await)
    }
}

async fn answer(
    api: &Api,
    by: &By,
    data_key: &DataKey,
    successor: KeyId,
    made: &Committed<Key>,
    done: &Committed<Key>,
    secret: &KeySecret,
) -> Result<Answer, ApiError> {
    let mut shown = render::key(data_key, successor, &made.state, by.actor(), None, api.0.clock.now())?;
    shown["old_key_valid_until"] = optional_instant(done.state.expires_at).into();
    shown["secret"] = secret.expose().into();
    Ok(api.placed(Answer::created(shown).at_revision(made.state.revision), done.position).await)
}
