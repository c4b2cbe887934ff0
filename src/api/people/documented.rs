//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::shown;

#[derive(Debug, OpenApi)]
#[openapi(
    paths(super::list::list, super::change::change, super::remove::remove),
    components(schemas(shown::PersonShown))
)]
pub(in crate::api) struct Documented;
