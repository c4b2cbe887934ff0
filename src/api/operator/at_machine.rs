//! The operator who asks.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use campanile_events::{
    ids::WorkspaceId,
    journal::{Actor, Metadata},
};

use crate::api::{
    Api,
    http::{ApiError, Parameters, RequestIds},
};

/// An operator at the machine, in one request.
#[derive(Debug, Clone)]
pub struct AtMachine {
    request_id: Option<String>,
}

impl AtMachine {
    /// What its events say of where they come from.
    pub fn metadata(&self) -> Metadata {
        Metadata { request_id: self.request_id.clone(), ..Metadata::by(Actor::operator()) }
    }
}

impl<S: Sync> FromRequestParts<S> for AtMachine {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { request_id: parts.extensions.get::<RequestIds>().map(|ids| ids.own.to_string()) })
    }
}

impl Api {
    /// The workspace that an operator means: the one that is named, or the only one.
    pub(super) async fn workspace(&self, given: &mut Parameters) -> Result<WorkspaceId, ApiError> {
        let asked: Option<WorkspaceId> = given.read("workspace");
        let known = self.0.journal.everywhere().workspace_numbers().await?;
        let engine = WorkspaceId::default();
        let all: Vec<_> = known.into_iter().map(|(id, _)| id).filter(|id| *id != engine).collect();
        match (asked, &all[..]) {
            (Some(asked), all) if all.contains(&asked) => Ok(asked),
            (Some(_), _) => Err(ApiError::not_found("workspace")),
            (None, [only]) => Ok(*only),
            (None, all) => {
                let names = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                Err(ApiError::invalid("workspace", "ambiguous", format!("say which one: {names}")))
            }
        }
    }
}
