//! `DELETE /v1/keys/{id}`

use axum::extract::State;
use campanile_events::{
    commands::{CommandError, Request},
    ids::{KeyId, Position, PostId, WorkspaceId},
    journal::{Actor, Metadata},
    key::{KeyAction, KeyCommand, KeyError, Scope},
    post::{PostAction, PostCommand, PostStatus},
    random,
};
use campanile_projections::{
    page::Page,
    posts::{self, PostFilter},
};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, IfMatch, Named, Parameters, refused_anyway},
    openapi::Told,
};

const PAGE: usize = 50;

/// Revokes a key, for ever. No request that starts after the answer gets in with it: its state is what each request is
/// checked against. Says how many scheduled posts it made, and calls them off if asked to.
#[utoipa::path(
    delete, path = "/v1/keys/{id}",
    params(super::shown::Revoking),
    responses(Told<super::shown::RevokedKey>),
    extensions(("x-refusals" = json!(["forbidden_scope"])))
)]
pub async fn revoke(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<KeyId>,
    if_match: IfMatch,
    mut given: Parameters,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let cancel = given.flag("cancel_scheduled")?;
    given.finish()?;
    if cancel {
        asker.require(Scope::PostsPublish)?;
    }
    let loaded = core.keys.load(asker.caller.workspace, id.uuid()).await?;
    let key = loaded.ok_or_else(|| ApiError::not_found("key"))?.state;
    if_match.check(key.revision)?;
    let command = KeyCommand { now: core.clock.now(), action: KeyAction::Revoke };
    let revoked = asker.execute(&core.keys, id.uuid(), command).await.map_err(refused)?;

    core.projected(revoked.position).await;
    let scheduled = scheduled_by(&api, asker.caller.workspace, id).await?;
    let mut position = revoked.position;
    let mut canceled = 0;
    if cancel {
        for post in &scheduled {
            if let Some(at) = call_off(&api, asker.caller.workspace, asker.metadata(), *post).await? {
                position = position.max(at);
                canceled += 1;
            }
        }
    }
    let mut shown = api.shown_key(&asker, id, &revoked.state).await?;
    shown["scheduled_posts"] = scheduled.len().into();
    shown["canceled_posts"] = canceled.into();
    Ok(api.placed(Answer::ok(shown).at_revision(revoked.state.revision), position).await)
}

/// The scheduled posts that a key made.
pub(in crate::api) async fn scheduled_by(
    api: &Api,
    workspace: WorkspaceId,
    key: KeyId,
) -> Result<Vec<PostId>, ApiError> {
    let created_by = Some(Actor::of(key));
    let filter = PostFilter { status: Some(PostStatus::Scheduled), created_by, ..PostFilter::default() };
    let mut page = Page::first(PAGE);
    let mut found = Vec::new();
    loop {
        let part = posts::list(api.0.read.as_ref(), workspace, &filter, &page).await?;
        found.extend(part.rows.iter().map(|row| row.id));
        match part.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(found),
        }
    }
}

/// Calls a post off; one that has begun meanwhile goes on.
pub(in crate::api) async fn call_off(
    api: &Api,
    workspace: WorkspaceId,
    metadata: Metadata,
    post: PostId,
) -> Result<Option<Position>, ApiError> {
    let action = PostAction::Cancel { account_ids: Vec::new() };
    let command = PostCommand::new(api.0.clock.now(), random::unit(), action);
    let request = Request { workspace, id: post.uuid(), command, metadata, receipt: None };
    match api.0.posts.execute(request).await {
        Ok(canceled) => Ok(Some(canceled.position)),
        Err(CommandError::Refused(_)) => Ok(None),
        Err(error) => Err(refused_anyway(error, "post", ApiError::internal)),
    }
}

/// What a refusal means.
pub(in crate::api) fn refused(error: CommandError<KeyError>) -> ApiError {
    refused_anyway(error, "key", |error| match error {
        KeyError::NotFound => ApiError::not_found("key"),
        error => ApiError::internal(error),
    })
}
