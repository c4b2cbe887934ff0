//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::shown;

#[derive(Debug, OpenApi)]
#[openapi(
    paths(super::list::list, super::create::create, super::pause::pause, super::resume::resume),
    components(schemas(shown::Pause, shown::Plan, shown::Quota, shown::Workspace))
)]
pub(in crate::api) struct Documented;
