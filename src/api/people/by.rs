//! Who looks after people: an owner of the workspace, or an operator at the machine.

use campanile_events::{
    commands::{CommandError, Committed, Request},
    ids::{PersonId, WorkspaceId},
    journal::Metadata,
    person::{Person, PersonAction, PersonCommand, PersonError},
};

use crate::api::{
    Api,
    http::{ApiError, Asker},
};

/// Who gives a command, in which workspace.
#[derive(Debug, Clone)]
pub(in crate::api) struct By {
    /// The workspace whose people it is about.
    pub(in crate::api) workspace: WorkspaceId,
    metadata: Metadata,
    /// The owner's request; `None` for an operator.
    pub(in crate::api) asker: Option<Asker>,
}

impl By {
    /// The owner who asks.
    pub(in crate::api) fn owner(asker: Asker) -> Self {
        Self { workspace: asker.caller.workspace, metadata: asker.metadata(), asker: Some(asker) }
    }

    /// An operator, in one workspace.
    pub(in crate::api) const fn operator(workspace: WorkspaceId, metadata: Metadata) -> Self {
        Self { workspace, metadata, asker: None }
    }

    /// What events say of them.
    pub(in crate::api) fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    /// Gives a person's record a command.
    pub(in crate::api) async fn execute(
        &self,
        api: &Api,
        id: PersonId,
        action: PersonAction,
    ) -> Result<Committed<Person>, CommandError<PersonError>> {
        let people = &api.0.people;
        let home = people.home().await.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        let command = PersonCommand { now: api.0.clock.now(), action };
        let request =
            Request { workspace: home.workspace, id: id.uuid(), command, metadata: self.metadata(), receipt: None };
        people.persons().execute(request).await
    }
}

impl Api {
    /// A person who may enter this workspace. Others are as good as absent.
    pub(in crate::api) async fn person_in(
        &self,
        workspace: WorkspaceId,
        id: PersonId,
    ) -> Result<std::sync::Arc<Person>, ApiError> {
        let person = self.0.people.load(id).await?.filter(|person| person.roles.contains_key(&workspace));
        person.ok_or_else(|| ApiError::not_found("person"))
    }
}
