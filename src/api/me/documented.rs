//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::shown;

#[derive(Debug, OpenApi)]
#[openapi(paths(super::get::get), components(schemas(shown::Me)))]
pub(in crate::api) struct Documented;
