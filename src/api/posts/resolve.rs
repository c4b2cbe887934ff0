//! `POST /v1/posts/{id}/resolve`

use axum::extract::State;
use campanile_events::{
    ids::{AccountId, PostId},
    post::{PostAction, Resolution, Then},
    seal::{Open, fields},
};
use serde::Deserialize;
use url::Url;

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Body, Named},
    openapi::Told,
};

/// How a target of unknown fate is settled.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// The target's account.
    #[schema(value_type = crate::api::openapi::AccountRef)]
    account_id: AccountId,
    /// What became of it.
    outcome: Outcome,
    /// Where people see the part that was in doubt; with `published`.
    url: Option<String>,
    /// What to do now; with `not_published`.
    #[schema(value_type = Option<crate::api::openapi::ThenName>)]
    then: Option<Then>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Published,
    NotPublished,
}

/// Settles an unknown target, on the record. `published` says that the part in doubt is live, at this `url`: what is still to be
/// sent follows at once. A part that hangs under one whose id on the platform nobody knows can't be sent: then the target is
/// `failed` with the parts that stand (`parent_not_named`), or `published` with a warning if only the first comment is left.
/// `give_up` ends the target as `failed`; where the first comment alone is in doubt, as `published` with a warning.
#[utoipa::path(
    post, path = "/v1/posts/{id}/resolve",
    request_body = Settlement,
    responses(Told<super::shown::Post>),
    extensions(("x-refusals" = json!(["conflict", "invalid_request", "unprocessable_post", "test_key_live_account"])))
)]
pub async fn resolve(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    Body(given): Body<Settlement>,
) -> Result<Answer, ApiError> {
    let resolution = match (given.outcome, given.url, given.then) {
        (Outcome::Published, url, None) => {
            let key = api.data_key(&asker).await?;
            let seal = |url: String| key.seal(fields::TARGET_URL, &Open::new(url));
            Resolution::Published { url: url.map(check_url).transpose()?.map(seal) }
        }
        (Outcome::NotPublished, None, Some(then)) => Resolution::NotPublished { then },
        (Outcome::Published, _, Some(_)) => {
            return Err(ApiError::invalid("then", "conflicting", "goes with `not_published` only"));
        }
        (Outcome::NotPublished, Some(_), _) => {
            return Err(ApiError::invalid("url", "conflicting", "goes with `published` only"));
        }
        (Outcome::NotPublished, None, None) => {
            return Err(ApiError::invalid("then", "missing", "say `resend` or `give_up`"));
        }
    };
    let action = PostAction::Resolve { account_id: given.account_id, resolution };
    api.perform(&asker, id, action, "account_id").await
}

/// Others will click on it.
fn check_url(url: String) -> Result<String, ApiError> {
    let fits = Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if fits { Ok(url) } else { Err(ApiError::invalid("url", "invalid", "must be a web address")) }
}
