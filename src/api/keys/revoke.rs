//! `DELETE /v1/keys/{id}`

use axum::extract::State;
use campanile_events::{
    commands::{CommandError, Request},
    ids::{KeyId, Position, PostId, WorkspaceId},
    journal::Actor,
    key::{KeyAction, KeyCommand, Scope},
    post::{PostAction, PostCommand, PostStatus},
    random,
};
use campanile_projections::{
    page::Page,
    posts::{self, PostFilter},
};

use super::{By, refusal::refused, render};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, IfMatch, Named, Parameters, refused_anyway},
    openapi::Told,
};

const PAGE: usize = 50;

/// Revokes a key, for ever. No request that starts after the answer gets in with it, on any node. Says how many scheduled posts it made, and calls them off if asked to.
#[utoipa::path(
    delete, path = "/v1/keys/{id}",
    params(super::shown::Revoking),
    responses(Told<super::shown::RevokedKey>),
    extensions(("x-refusals" = json!(["forbidden_scope", "account_not_allowed", "test_key_live_account"])))
)]
pub async fn revoke(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<KeyId>,
    if_match: IfMatch,
    mut given: Parameters,
) -> Result<Answer, ApiError> {
    let cancel = given.flag("cancel_scheduled");
    given.finish()?;
    let by = By::key(asker);
    if_match.check(by.load(&api, id).await?.revision)?;
    end(&api, &by, id, cancel).await
}

/// Ends a key, and calls off what it scheduled if asked to.
pub(in crate::api) async fn end(api: &Api, by: &By, id: KeyId, cancel: bool) -> Result<Answer, ApiError> {
    let core = &api.0;
    if cancel {
        by.require(Scope::PostsPublish)?;
    }
    let command = KeyCommand { now: core.clock.now(), action: KeyAction::Revoke };
    let revoked = by.execute(api, id, command, None).await.map_err(refused)?;

    core.projected(revoked.position).await;
    let scheduled = scheduled_by(api, by.workspace, id).await?;
    let mut position = revoked.position;
    let mut canceled = 0;
    if cancel {
        for post in &scheduled {
            if let Some(at) = call_off(api, by, *post).await? {
                position = position.max(at);
                canceled += 1;
            }
        }
    }
    let data_key = core.data_keys.get(by.workspace.uuid()).await?;
    let used = core.access.usage().of(by.workspace, &[id]).await?;
    let (maker, used) = (api.maker(by.workspace, id).await?, used.get(&id).copied());
    let mut shown = render::key(&data_key, id, &revoked.state, &maker, used, core.clock.now())?;
    shown["scheduled_posts"] = scheduled.len().into();
    shown["canceled_posts"] = canceled.into();
    Ok(api.placed(Answer::ok(shown).at_revision(revoked.state.revision), position).await)
}

/// The scheduled posts that a key made.
async fn scheduled_by(api: &Api, workspace: WorkspaceId, key: KeyId) -> Result<Vec<PostId>, ApiError> {
    let created_by = Some(Actor::of(key));
    let filter = PostFilter { status: Some(PostStatus::Scheduled), created_by, ..PostFilter::default() };
    let mut page = Page::first(PAGE);
    let mut found = Vec::new();
    loop {
        let part = posts::list(&api.0.read, workspace, &filter, &page).await?;
        found.extend(part.rows.iter().map(|row| row.id));
        match part.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(found),
        }
    }
}

/// Calls a post off; one that has begun meanwhile goes on, and so does one that is beyond the reach of who asks.
async fn call_off(api: &Api, by: &By, post: PostId) -> Result<Option<Position>, ApiError> {
    let (workspace, metadata) = (by.workspace, by.metadata());
    let loaded = api.0.posts.load(workspace, post.uuid()).await?;
    if !loaded.is_some_and(|loaded| by.reaches_post(&loaded.state)) {
        return Ok(None);
    }
    let action = PostAction::Cancel { account_ids: Vec::new() };
    let command = PostCommand::new(api.0.clock.now(), random::unit(), action);
    let request = Request { workspace, id: post.uuid(), command, metadata, receipt: None };
    match api.0.posts.execute(request).await {
        Ok(canceled) => Ok(Some(canceled.position)),
        Err(CommandError::Refused(_)) => Ok(None),
        Err(error) => Err(refused_anyway(error, "post", ApiError::internal)),
    }
}
