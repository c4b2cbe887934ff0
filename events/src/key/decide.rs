//! What follows from a command to a key, and how events change it.

use super::{Key, KeyAction, KeyCommand, KeyCreated, KeyError, KeyEvent, KeyRevoked};

impl Key {
    /// What follows from a command. Pure.
    ///
    /// # Errors
    /// If the key's state forbids it. Then nothing follows.
    pub fn decide(&self, command: KeyCommand) -> Result<Vec<KeyEvent>, KeyError> {
        let KeyCommand { now, action } = command;
        match action {
            KeyAction::Create { .. } if self.exists => Err(KeyError::Exists),
            KeyAction::Create {
                workspace_id,
                name,
                description,
                prefix,
                scopes,
                maker,
                mode,
                expires_at,
                rate_limit,
            } => {
                if scopes.is_empty() {
                    return Err(KeyError::NoScopes);
                }
                if !maker.includes(&scopes) {
                    return Err(KeyError::BeyondMaker);
                }
                if expires_at.is_some_and(|at| at <= now) {
                    return Err(KeyError::ExpiryInThePast);
                }
                Ok(vec![KeyEvent::Created(KeyCreated {
                    workspace_id,
                    name,
                    description,
                    prefix,
                    scopes,
                    mode,
                    expires_at,
                    rate_limit,
                    at: now,
                })])
            }
            KeyAction::Revoke if !self.exists => Err(KeyError::NotFound),
            KeyAction::Revoke if self.revoked_at.is_some() => Ok(Vec::new()),
            KeyAction::Revoke => Ok(vec![KeyEvent::Revoked(KeyRevoked { at: now })]),
        }
    }

    pub(super) fn fold(&mut self, event: KeyEvent) {
        self.revision += 1;
        match event {
            KeyEvent::Created(event) => {
                self.exists = true;
                self.workspace_id = event.workspace_id;
                self.name = event.name;
                self.description = event.description;
                self.prefix = event.prefix;
                self.scopes = event.scopes;
                self.mode = event.mode;
                self.expires_at = event.expires_at;
                self.rate_limit = event.rate_limit;
                self.created_at = Some(event.at);
            }
            KeyEvent::Revoked(event) => self.revoked_at = Some(event.at),
        }
    }
}
