//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::{announce, shown};

#[derive(Debug, OpenApi)]
#[openapi(
    paths(super::announce::announce, super::receive::receive, super::confirm::confirm, super::get::get),
    components(schemas(shown::Media, shown::UploadAddress, announce::NewMedia))
)]
pub(in crate::api) struct Documented;
