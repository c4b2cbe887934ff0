//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::shown;

#[derive(Debug, OpenApi)]
#[openapi(paths(super::pause::pause, super::resume::resume), components(schemas(shown::Pause)))]
pub(in crate::api) struct Documented;
