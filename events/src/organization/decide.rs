//! What follows from a command to an organization, and how events change it.

use super::{
    Organization, OrganizationAction, OrganizationCommand, OrganizationCreated, OrganizationError, OrganizationEvent,
};

impl Organization {
    /// What follows from a command. Pure.
    ///
    /// # Errors
    /// If the organization's state forbids it. Then nothing follows.
    pub fn decide(&self, command: OrganizationCommand) -> Result<Vec<OrganizationEvent>, OrganizationError> {
        let OrganizationCommand { now: at, action } = command;
        match action {
            OrganizationAction::Create { .. } if self.exists => Err(OrganizationError::Exists),
            OrganizationAction::Create { name } => {
                Ok(vec![OrganizationEvent::Created(OrganizationCreated { name, at })])
            }
        }
    }

    pub(super) fn fold(&mut self, event: OrganizationEvent) {
        self.revision += 1;
        match event {
            OrganizationEvent::Created(event) => {
                self.exists = true;
                self.name = event.name;
                self.created_at = Some(event.at);
            }
        }
    }
}
