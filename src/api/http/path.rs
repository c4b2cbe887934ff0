//! The name of one thing in a path. What is no such name names nothing: `not_found`, not `invalid_request`.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};

use super::ApiError;

/// The thing that a path names with its only parameter.
#[derive(Debug, Clone, Copy)]
pub struct Named<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = RawPathParams::from_request_parts(parts, state).await;
        let named = named.ok().and_then(|named| named.iter().next().and_then(|(_, text)| text.parse().ok()));
        named.map(Self).ok_or_else(|| ApiError::not_found("thing"))
    }
}
