//! The operations of this noun, for the API's description.

use utoipa::OpenApi;

use super::{input, shown, when};

#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        super::list::list,
        super::create::create,
        super::validate::validate,
        super::get::get,
        super::edit::edit,
        super::delete::delete,
        super::schedule::schedule,
        super::unschedule::unschedule,
        super::publish::publish,
        super::cancel::cancel,
        super::retry::retry,
        super::resolve::resolve,
        super::results::results,
        super::history::history,
    ),
    components(schemas(
        shown::Post,
        shown::TargetResults,
        shown::HistoryEvent,
        shown::Verdict,
        input::NewPost,
        when::Schedule,
        crate::api::http::Nothing
    ))
)]
pub(in crate::api) struct Documented;
