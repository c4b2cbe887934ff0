//! `POST /v1/posts/{id}/unschedule`

use axum::extract::State;
use campanile_events::{ids::PostId, post::PostAction};

use super::publish::Nothing;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, OptionalBody},
};

/// Takes the due time away: the post is a draft again.
pub async fn unschedule(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Answer, ApiError> {
    api.perform(&asker, id, PostAction::Unschedule, "at").await
}
