//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

#[derive(Debug, OpenApi)]
#[openapi(paths(super::join::join, super::reset::reset))]
pub(in crate::api) struct Documented;
