//! `POST /v1/posts/{id}/retry`

use axum::extract::State;
use campanile_events::{ids::PostId, post::PostAction};

use super::cancel::Targets;

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, OptionalBody},
    openapi::Told,
};

/// Sends failed and missed targets again; all of them, if none is named. What is live is never sent again: of a target that is
/// published with a `warning`, the first comment alone is.
#[utoipa::path(
    post, path = "/v1/posts/{id}/retry",
    request_body = Option<Targets>,
    responses(Told<super::shown::Post>),
    extensions(("x-refusals" = json!(["conflict", "invalid_request", "unprocessable_post", "test_key_live_account"])))
)]
pub async fn retry(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    OptionalBody(targets): OptionalBody<Targets>,
) -> Result<Answer, ApiError> {
    api.perform(&asker, id, PostAction::Retry { account_ids: targets.account_ids }, "account_ids").await
}
