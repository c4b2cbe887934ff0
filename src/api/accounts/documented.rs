//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::shown;

#[derive(Debug, OpenApi)]
#[openapi(
    paths(super::list::list, super::get::get, super::disconnect::disconnect),
    components(schemas(shown::Account))
)]
pub(in crate::api) struct Documented;
