//! `PATCH /operator/keys/{id}`

use axum::extract::State;
use campanile_events::ids::KeyId;

use crate::api::{
    Api,
    http::{Answer, ApiError, Body, IfMatch, Named, Parameters},
    keys::{By, edit::change, input::KeyEdits},
    operator::AtMachine,
};

/// Changes what is named of a key.
pub async fn edit(
    State(api): State<Api>,
    operator: AtMachine,
    Named(id): Named<KeyId>,
    mut given: Parameters,
    if_match: IfMatch,
    Body(edits): Body<KeyEdits>,
) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    given.finish()?;
    change(&api, &By::operator(workspace, operator.metadata()), id, &if_match, &edits).await
}
