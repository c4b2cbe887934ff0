//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

#[derive(Debug, OpenApi)]
#[openapi(paths(super::healthz::healthz, super::readyz::readyz, super::metrics::metrics))]
pub(in crate::api) struct Documented;
