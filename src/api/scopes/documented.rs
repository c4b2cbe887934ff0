//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::shown;

#[derive(Debug, OpenApi)]
#[openapi(paths(super::list::list), components(schemas(shown::ScopeList)))]
pub(in crate::api) struct Documented;
