//! `GET /v1/workspaces`

use axum::extract::State;
use campanile_events::{ids::WorkspaceId, person::Role, seal::fields, workspace::Workspace};
use serde_json::{Value, json};

use crate::{
    access::SignedIn,
    api::{
        Api,
        http::{Answer, ApiError, InSession, Parameters, PartOf, optional_instant},
        openapi::{Listed, Paging},
    },
};

/// The workspaces that are open to who asks, the oldest first, and what they are there.
#[utoipa::path(get, path = "/v1/workspaces", params(Paging), responses(Listed<super::shown::Workspace>))]
pub async fn list(State(api): State<Api>, person: InSession, mut given: Parameters) -> Result<Answer, ApiError> {
    let page = given.page();
    given.finish()?;
    let signed_in = &person.signed_in;
    let list = PartOf(format!("workspaces {}", signed_in.id));
    let (part, next_cursor) = list.of(&signed_in.person.roles, &page, |(id, _)| id.uuid().as_bytes().to_vec())?;
    Ok(Answer::list(api.opened(part).await?, next_cursor))
}

impl Api {
    /// The workspaces that are open to a person, the oldest first.
    pub(in crate::api) async fn open_to(&self, signed_in: &SignedIn) -> Result<Vec<Value>, ApiError> {
        self.opened(&signed_in.person.roles).await
    }

    async fn opened(&self, roles: impl IntoIterator<Item = (&WorkspaceId, &Role)>) -> Result<Vec<Value>, ApiError> {
        let mut open = Vec::new();
        for (id, role) in roles {
            let loaded = self.0.workspaces.load(*id, id.uuid()).await?;
            if let Some(loaded) = loaded {
                open.push(self.open_workspace(*id, &loaded.state, *role).await?);
            }
        }
        Ok(open)
    }

    /// A workspace as a person sees it who may enter.
    pub(super) async fn open_workspace(
        &self,
        id: WorkspaceId,
        workspace: &Workspace,
        role: Role,
    ) -> Result<Value, ApiError> {
        let key = self.0.data_keys.get(id.uuid()).await?;
        Ok(json!({
            "id": id,
            "name": key.open(fields::WORKSPACE_NAME, &workspace.name)?.as_str(),
            "role": role,
            "paused_at": optional_instant(workspace.paused_at),
            "plan": workspace.plan,
            "created_at": optional_instant(workspace.created_at),
        }))
    }
}
