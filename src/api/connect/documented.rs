//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::{request, shown};

#[derive(Debug, OpenApi)]
#[openapi(paths(super::begin::begin, super::direct::direct), components(schemas(request::Credentials, shown::SignIn)))]
pub(in crate::api) struct Documented;
