//! `POST /v1/posts/{id}/cancel`

use axum::extract::State;
use campanile_events::{
    ids::{AccountId, PostId},
    post::PostAction,
};
use serde::Deserialize;

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, OptionalBody},
    openapi::Told,
};

/// Which targets.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// Their accounts; all that can be, if none is named.
    #[serde(default)]
    #[schema(value_type = Vec<crate::api::openapi::AccountRef>)]
    pub(super) account_ids: Vec<AccountId>,
}

/// Calls targets off; all that can be, if none is named.
#[utoipa::path(
    post, path = "/v1/posts/{id}/cancel",
    request_body = Option<Targets>,
    responses(Told<super::shown::Post>),
    extensions(("x-refusals" = json!(["conflict", "test_key_live_account"])))
)]
pub async fn cancel(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    OptionalBody(targets): OptionalBody<Targets>,
) -> Result<Answer, ApiError> {
    api.perform(&asker, id, PostAction::Cancel { account_ids: targets.account_ids }, "account_ids").await
}
