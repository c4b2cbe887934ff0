//! The operations of the description itself.

use utoipa::OpenApi;

use super::error::Refusal;

/// What many operations share, and the description's own operation.
#[derive(Debug, OpenApi)]
#[openapi(paths(super::get::get), components(schemas(Refusal)))]
pub(in crate::api) struct Documented;
