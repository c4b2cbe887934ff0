//! `POST /v1/auth/logout`

use axum::extract::State;

use crate::api::{
    Api,
    http::{Answer, ApiError, InSession, Nothing, OptionalBody},
    openapi::Done,
};

/// Ends the session that asks. No request that starts after the answer gets in with its token, on any node.
#[utoipa::path(
    post, path = "/v1/auth/logout",
    request_body = Option<Nothing>,
    responses(Done)
)]
pub async fn logout(
    State(api): State<Api>,
    person: InSession,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Answer, ApiError> {
    let signed_in = &person.signed_in;
    api.0.people.sessions().end(signed_in.id, signed_in.session.id).await?;
    Ok(Answer::nothing())
}
