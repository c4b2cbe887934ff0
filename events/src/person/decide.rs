//! What follows from a command to a person's record, and how events change it.

use super::{
    Person, PersonAction, PersonCommand, PersonError, PersonEvent, PersonPasswordChanged, PersonRegistered,
    PersonResetOffered, PersonRoleGiven, PersonRoleTaken, Role,
};

impl Person {
    /// What follows from a command. Pure.
    ///
    /// # Errors
    /// If the person's state forbids it. Then nothing follows.
    pub fn decide(&self, command: PersonCommand) -> Result<Vec<PersonEvent>, PersonError> {
        let PersonCommand { now: at, action } = command;
        match action {
            PersonAction::Register { .. } if self.exists => Err(PersonError::Exists),
            PersonAction::Register { organization_id, email, email_index } => {
                Ok(vec![PersonEvent::Registered(PersonRegistered { organization_id, email, email_index, at })])
            }
            _ if !self.exists => Err(PersonError::NotFound),
            PersonAction::GiveRole { workspace_id, role, .. } if self.roles.get(&workspace_id) == Some(&role) => {
                Ok(Vec::new())
            }
            PersonAction::GiveRole { workspace_id, other_owner: None, .. }
            | PersonAction::TakeRole { workspace_id, other_owner: None }
                if self.roles.get(&workspace_id) == Some(&Role::Owner) =>
            {
                Err(PersonError::LastOwner)
            }
            PersonAction::GiveRole { workspace_id, role, .. } => {
                Ok(vec![PersonEvent::RoleGiven(PersonRoleGiven { workspace_id, role, at })])
            }
            PersonAction::TakeRole { workspace_id, .. } if !self.roles.contains_key(&workspace_id) => Ok(Vec::new()),
            PersonAction::TakeRole { workspace_id, .. } => {
                Ok(vec![PersonEvent::RoleTaken(PersonRoleTaken { workspace_id, at })])
            }
            PersonAction::ChangePassword => Ok(vec![PersonEvent::PasswordChanged(PersonPasswordChanged { at })]),
            PersonAction::OfferReset { expires_at } => {
                Ok(vec![PersonEvent::ResetOffered(PersonResetOffered { expires_at, at })])
            }
        }
    }

    pub(super) fn fold(&mut self, event: PersonEvent) {
        self.revision += 1;
        match event {
            PersonEvent::Registered(event) => {
                self.exists = true;
                self.organization_id = event.organization_id;
                self.email = event.email;
                self.email_index = event.email_index;
                self.registered_at = Some(event.at);
            }
            PersonEvent::RoleGiven(event) => {
                self.roles.insert(event.workspace_id, event.role);
            }
            PersonEvent::RoleTaken(event) => drop(self.roles.remove(&event.workspace_id)),
            PersonEvent::PasswordChanged(event) => self.password_changed_at = Some(event.at),
            PersonEvent::ResetOffered(_) => {}
        }
    }
}
