//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::{create, shown};

#[derive(Debug, OpenApi)]
#[openapi(
    paths(super::list::list, super::create::create, super::get::get, super::revoke::revoke),
    components(schemas(shown::Key, shown::KeyWithSecret, shown::RevokedKey, create::NewKey))
)]
pub(in crate::api) struct Documented;
