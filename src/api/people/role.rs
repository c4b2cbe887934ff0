//! Giving and taking roles. A workspace keeps an owner, whatever comes at once: who takes an owner's role relies on
//! another owner's record, and the append goes in only while that is as it was read.
//!
//! The organization has no roles of its own. Its first workspace keeps an owner, so it always has one, too.

use std::sync::Arc;

use campanile_events::{
    commands::{CommandError, Joint, Loaded, Tries},
    ids::{PersonId, Position, WorkspaceId},
    person::{Person, PersonAction, PersonCommand, Role},
};
use campanile_projections::people;

use super::{By, refused};
use crate::api::{Api, http::ApiError};

impl By {
    /// Makes a person something else in the workspace, or nothing: their record then, and its place in the log.
    ///
    /// # Errors
    /// `conflict` for the last owner.
    pub(in crate::api) async fn set_role(
        &self,
        api: &Api,
        id: PersonId,
        role: Option<Role>,
    ) -> Result<(Arc<Person>, Position), ApiError> {
        let (core, workspace_id) = (&api.0, self.workspace);
        let (people, home) = (&core.people, core.people.home().await?.workspace);
        let mut tries = Tries::default();
        loop {
            let mut joint = Joint::new(home, self.metadata(), None);
            let other_owner = api.rely_on_another_owner(&mut joint, workspace_id, id, role).await?;
            let action = match role {
                Some(role) => PersonAction::GiveRole { workspace_id, role, other_owner },
                None => PersonAction::TakeRole { workspace_id, other_owner },
            };
            let command = PersonCommand { now: core.clock.now(), action };
            let asked = joint.ask(people.persons(), home, id.uuid(), [command]).await;
            let person = asked.map_err(refused)?;
            match joint.append().await {
                Ok(position) => return Ok((person, position)),
                Err(error) => tries.again(error).await.map_err(|error| refused(CommandError::from(error)))?,
            }
        }
    }
}

impl Api {
    /// Who else owns the workspace in which a person is to be `role`: what is joint goes in only while they do. `None` where
    /// there is nobody else, or nobody is needed.
    pub(in crate::api) async fn rely_on_another_owner(
        &self,
        joint: &mut Joint,
        workspace: WorkspaceId,
        id: PersonId,
        role: Option<Role>,
    ) -> Result<Option<PersonId>, ApiError> {
        if role == Some(Role::Owner) {
            return Ok(None);
        }
        let Some((other, read)) = self.other_owner(workspace, id).await? else { return Ok(None) };
        joint.relies_on(self.0.people.persons(), other.uuid(), &read);
        Ok(Some(other))
    }

    /// An owner of the workspace besides this person, as their record says. The read model names who may be; before it is
    /// taken at its word that there is nobody, it has to show everything.
    async fn other_owner(
        &self,
        workspace: WorkspaceId,
        but: PersonId,
    ) -> Result<Option<(PersonId, Loaded<Person>)>, ApiError> {
        let core = &self.0;
        let home = core.people.home().await?.workspace;
        for is_last_look in [false, true] {
            if is_last_look {
                let head = core.journal.head().await?.position;
                if !core.projected(head).await {
                    return Err(ApiError::unavailable("the read model of people is behind"));
                }
            }
            for id in people::with_role(&core.read, workspace, Role::Owner).await? {
                if id == but {
                    continue;
                }
                let loaded = core.people.persons().load(home, id.uuid()).await?;
                if let Some(loaded) = loaded.filter(|it| it.state.roles.get(&workspace) == Some(&Role::Owner)) {
                    return Ok(Some((id, loaded)));
                }
            }
        }
        Ok(None)
    }
}

/// Takes a person's role away, and ends their sessions if it was their last.
pub(in crate::api) async fn taken_away(api: &Api, by: &By, id: PersonId) -> Result<Position, ApiError> {
    let (person, position) = by.set_role(api, id, None).await?;
    if person.roles.is_empty() {
        api.0.people.sessions().end_all(id, None).await?;
    }
    Ok(position)
}
