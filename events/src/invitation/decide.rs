//! What follows from a command to an invitation, and how events change it.

use super::{
    Invitation, InvitationAccepted, InvitationAction, InvitationCommand, InvitationError, InvitationEvent,
    InvitationMade, InvitationStatus, InvitationWithdrawn, NewInvitation,
};

impl Invitation {
    /// What follows from a command. Pure.
    ///
    /// # Errors
    /// If the invitation's state forbids it. Then nothing follows.
    pub fn decide(&self, command: InvitationCommand) -> Result<Vec<InvitationEvent>, InvitationError> {
        let InvitationCommand { now: at, action } = command;
        let Some(status) = self.status(at) else {
            return match action {
                InvitationAction::Make(NewInvitation { email, email_index, role, expires_at }) => {
                    Ok(vec![InvitationEvent::Made(InvitationMade { email, email_index, role, expires_at, at })])
                }
                InvitationAction::Accept { .. } | InvitationAction::Withdraw => Err(InvitationError::NotFound),
            };
        };
        let email_index = self.email_index.clone();
        match (action, status) {
            (InvitationAction::Make(_), _) => Err(InvitationError::Exists),
            (InvitationAction::Accept { person_id }, InvitationStatus::Open) => {
                Ok(vec![InvitationEvent::Accepted(InvitationAccepted { person_id, email_index, at })])
            }
            (InvitationAction::Accept { person_id }, InvitationStatus::Accepted)
                if self.person_id == Some(person_id) =>
            {
                Ok(Vec::new())
            }
            (InvitationAction::Accept { .. }, InvitationStatus::Expired) => Err(InvitationError::Expired),
            (InvitationAction::Accept { .. }, InvitationStatus::Withdrawn) => Err(InvitationError::Withdrawn),
            (_, InvitationStatus::Accepted) => Err(InvitationError::Accepted),
            (InvitationAction::Withdraw, InvitationStatus::Withdrawn) => Ok(Vec::new()),
            (InvitationAction::Withdraw, InvitationStatus::Open | InvitationStatus::Expired) => {
                Ok(vec![InvitationEvent::Withdrawn(InvitationWithdrawn { email_index, at })])
            }
        }
    }

    pub(super) fn fold(&mut self, event: InvitationEvent) {
        self.revision += 1;
        match event {
            InvitationEvent::Made(event) => {
                self.email = event.email;
                self.email_index = event.email_index;
                self.role = Some(event.role);
                self.expires_at = event.expires_at;
                self.made_at = Some(event.at);
            }
            InvitationEvent::Accepted(event) => {
                self.person_id = Some(event.person_id);
                self.accepted_at = Some(event.at);
            }
            InvitationEvent::Withdrawn(event) => self.withdrawn_at = Some(event.at),
        }
    }
}
