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
};

/// Which targets.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    #[serde(default)]
    pub(super) account_ids: Vec<AccountId>,
}

/// Calls targets off; all that can be, if none is named.
pub async fn cancel(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    OptionalBody(targets): OptionalBody<Targets>,
) -> Result<Answer, ApiError> {
    api.perform(&asker, id, PostAction::Cancel { account_ids: targets.account_ids }, "at").await
}
