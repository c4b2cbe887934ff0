//! `POST /v1/posts/{id}/publish`

use axum::extract::State;
use campanile_events::{ids::PostId, post::PostAction};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, Nothing, OptionalBody},
    openapi::Told,
};

/// Makes the post due now.
#[utoipa::path(
    post, path = "/v1/posts/{id}/publish",
    request_body = Option<Nothing>,
    responses(Told<super::shown::Post>),
    extensions(("x-refusals" = json!(["conflict", "invalid_request", "unprocessable_post", "test_key_live_account"])))
)]
pub async fn publish(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Answer, ApiError> {
    api.perform(&asker, id, PostAction::Publish, "at").await
}
