//! `DELETE /v1/posts/{id}`

use axum::extract::State;
use campanile_events::{
    ids::PostId,
    post::{Post, PostAction},
};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, IfMatch, Named, Parameters},
    openapi::Done,
};

/// Deletes it here, and calls off what was not sent. What stands on a platform stays there, unless `on_platforms` is `true`:
/// then it is removed there, too, once this has answered. What that came to stands in the post's history:
/// `post.target_removed`, or `post.target_removal_failed` with the platform's words and, while it is tried again, when.
/// A post that is deleted already can be given for removal still, or again after a removal that failed.
#[utoipa::path(
    delete, path = "/v1/posts/{id}",
    params(super::shown::Deleting),
    responses(Done),
    extensions(("x-refusals" = json!(["conflict", "test_key_live_account"])))
)]
pub async fn delete(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    if_match: IfMatch,
    mut given: Parameters,
) -> Result<Answer, ApiError> {
    let on_platforms = given.flag("on_platforms");
    given.finish()?;
    let loaded = api.0.posts.load(asker.caller.workspace, id.uuid()).await?;
    let post = loaded.ok_or_else(|| ApiError::not_found("post"))?.state;
    asker.caller.reaches_post(&post)?;
    if on_platforms {
        check_platforms(&api, &post)?;
    }
    let if_revision = if_match.checked(post.revision)?;
    let deleted = api.command(&asker, id, PostAction::Delete { if_revision, on_platforms }, "at").await?;
    Ok(api.placed(Answer::nothing(), deleted.position).await)
}

/// Refuses where there is no platform that could do it; of several, each says for itself what it came to.
fn check_platforms(api: &Api, post: &Post) -> Result<(), ApiError> {
    let can_delete = |platform: &str| api.0.platforms.get(platform).is_some_and(|it| it.describe().can_delete);
    if post.targets.iter().any(|target| can_delete(&target.platform)) {
        return Ok(());
    }
    let message = "none of this post's platforms can delete what it shows";
    Err(ApiError::invalid("on_platforms", "not_supported", message))
}
