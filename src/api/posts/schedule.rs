//! `POST /v1/posts/{id}/schedule`

use axum::extract::State;
use campanile_events::{ids::PostId, post::PostAction};

use super::when::Schedule;
use crate::{
    access::plans::Feature,
    api::{
        Api,
        http::{Answer, ApiError, Asker, Body, Named},
        openapi::Told,
    },
};

/// Gives the post a due time, or another one.
#[utoipa::path(
    post, path = "/v1/posts/{id}/schedule",
    request_body = Schedule,
    responses(Told<super::shown::Post>),
    extensions(("x-refusals" = json!(["payment_required", "conflict", "invalid_request", "unprocessable_post", "test_key_live_account"])))
)]
pub async fn schedule(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    Body(schedule): Body<Schedule>,
) -> Result<Answer, ApiError> {
    let when = schedule.when("")?;
    api.0.plans.of(asker.caller.workspace).await?.check(Feature::Scheduling, true, schedule.told())?;
    api.perform(&asker, id, PostAction::Schedule { when }, schedule.told()).await
}
