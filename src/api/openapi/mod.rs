//! The API's own description: OpenAPI 3.1, made from the handlers and the table of routes.
//!
//! - Each noun's `documented` lists its operations; what it answers with is described in its `shown`.
//! - `answers`, `ids`, `words`, `error`, `paging`: what many operations share.
//! - `complete`: what the table of routes knows of an operation, and what holds for all: scopes, headers, refusals.
//! - `examples`: one of each thing, made up but possible.
//!
//! It promises: every route of the table stands in it, with the scope that the table asks for. It checks nothing of a
//! request: handlers do, and `tests/openapi` holds their answers against it.

mod answers;
mod complete;
mod document;
mod documented;
pub mod error;
mod examples;
mod get;
mod ids;
mod links;
mod paging;
mod refusals;
#[cfg(test)]
mod tests;
mod words;

pub use answers::{Done, Listed, Made, Told};
pub use document::{document, takes_parameters, text};
pub(in crate::api) use documented::Documented;
pub use get::get;
pub use ids::{
    AccountRef, EventRef, InvitationRef, KeyRef, MediaRef, PersonRef, PostRef, RequestRef, SessionRef, WorkspaceRef,
};
pub use paging::Paging;
pub use words::{
    AskedScope, AttemptOutcome, ConnectedStatus, DeliveryClass, FailureClassName, GrantedScope, InvitationStatusName,
    KeyModeName, KeyStatusName, MediaKindName, MediaStatusName, OnGapName, OnOverlapName, PlatformName, PostStatusName,
    PresetName, RoleName, ScopeName, TargetStatusName, ThenName,
};
