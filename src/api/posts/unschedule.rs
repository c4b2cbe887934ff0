//! `POST /v1/posts/{id}/unschedule`

use axum::extract::State;
use campanile_events::{ids::PostId, post::PostAction};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, Nothing, OptionalBody},
    openapi::Told,
};

/// Takes the due time away: the post is a draft again.
#[utoipa::path(
    post, path = "/v1/posts/{id}/unschedule",
    request_body = Option<Nothing>,
    responses(Told<super::shown::Post>),
    extensions(("x-refusals" = json!(["conflict", "test_key_live_account"])))
)]
pub async fn unschedule(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Answer, ApiError> {
    api.perform(&asker, id, PostAction::Unschedule, "at").await
}
