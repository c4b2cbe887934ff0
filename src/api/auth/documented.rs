//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::shown;

#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        super::login::login,
        super::logout::logout,
        super::password::password,
        super::reset::reset,
        super::sessions::list,
        super::sessions::end,
        super::sessions::end_all,
    ),
    components(schemas(shown::Begun, shown::SessionShown))
)]
pub(in crate::api) struct Documented;
