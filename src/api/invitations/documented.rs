//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::shown;

#[derive(Debug, OpenApi)]
#[openapi(
    paths(super::list::list, super::make::make, super::withdraw::withdraw, super::accept::accept),
    components(schemas(shown::InvitationShown, shown::InvitationWithLink, shown::Joined))
)]
pub(in crate::api) struct Documented;
