//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::{input, revoke_by_secret, rotate, shown};

#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        super::list::list,
        super::create::create,
        super::get::get,
        super::edit::edit,
        super::rotate::rotate,
        super::revoke::revoke,
        super::history::history,
        super::revoke_by_secret::revoke_by_secret
    ),
    components(schemas(
        shown::Key,
        shown::KeyWithSecret,
        shown::RotatedKey,
        shown::RevokedKey,
        shown::DeadKey,
        shown::KeyHistory,
        shown::RefusedWrites,
        input::NewKey,
        input::KeyEdits,
        rotate::Rotation,
        revoke_by_secret::Leaked
    ))
)]
pub(in crate::api) struct Documented;
