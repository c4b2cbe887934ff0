//! `DELETE /v1/posts/{id}`

use axum::extract::State;
use campanile_events::{ids::PostId, post::PostAction};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, IfMatch, Named, Parameters},
    openapi::Done,
};

/// Deletes it here, and calls off what was not sent. What stands on a platform stays there.
#[utoipa::path(
    delete, path = "/v1/posts/{id}",
    params(super::shown::Deleting),
    responses(Done),
    extensions(("x-refusals" = json!(["conflict"])))
)]
pub async fn delete(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    if_match: IfMatch,
    mut given: Parameters,
) -> Result<Answer, ApiError> {
    if given.flag("on_platforms")? {
        let message = "none of this post's platforms can delete what it shows";
        return Err(ApiError::invalid("on_platforms", "not_supported", message));
    }
    given.finish()?;
    let loaded = api.0.posts.load(asker.caller.workspace, id.uuid()).await?;
    let post = loaded.ok_or_else(|| ApiError::not_found("post"))?.state;
    let if_revision = if_match.checked(post.revision)?;
    let deleted = api.command(&asker, id, PostAction::Delete { if_revision }, "at").await?;
    Ok(api.placed(Answer::nothing(), deleted.position).await)
}
