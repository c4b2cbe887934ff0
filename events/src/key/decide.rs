//! What follows from a command to a key, and how events change it.

use chrono::{DateTime, Duration, Utc};

use super::{
    Grant, Key, KeyAction, KeyCommand, KeyCreated, KeyError, KeyEvent, KeyExpired, KeyOldSecretUsed, KeyRevoked,
    KeyRotated, KeyStatus, NewKey, RotateKey,
};

impl Key {
    /// What follows from a command. Pure.
    ///
    /// # Errors
    /// If the key's state forbids it, or who asks may not. Then nothing follows.
    pub fn decide(&self, command: KeyCommand) -> Result<Vec<KeyEvent>, KeyError> {
        let KeyCommand { now, action } = command;
        match action {
            KeyAction::Create(_) if self.exists => Err(KeyError::Exists),
            KeyAction::Create(new) => create(*new, now),
            _ if !self.exists => Err(KeyError::NotFound),
            KeyAction::Change(change) => self.change(*change, now),
            KeyAction::Rotate(rotate) => self.rotate(&rotate, now),
            KeyAction::NoteOldSecret => Ok(self.note_old_secret(now)),
            KeyAction::NoteExpiry => Ok(self.note_expiry(now)),
            KeyAction::Revoke if self.revoked_at.is_some() => Ok(Vec::new()),
            KeyAction::Revoke => Ok(vec![KeyEvent::Revoked(KeyRevoked { at: now })]),
        }
    }

    fn rotate(&self, rotate: &RotateKey, now: DateTime<Utc>) -> Result<Vec<KeyEvent>, KeyError> {
        self.check_revision(rotate.revision)?;
        match self.status(now) {
            KeyStatus::Active => {}
            status => return Err(KeyError::Over { status, verb: "rotated" }),
        }
        if self.successor.is_some() {
            return Err(KeyError::Rotated);
        }
        check_grant(&rotate.grant, &rotate.by)?;
        let overlap = rotate.overlap.max(Duration::zero());
        let valid_until = now.checked_add_signed(overlap).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let valid_until = self.expires_at.map_or(valid_until, |expires_at| expires_at.min(valid_until));
        let mut events = vec![KeyEvent::Rotated(KeyRotated { successor: rotate.successor, valid_until, at: now })];
        if overlap.is_zero() {
            events.push(KeyEvent::Revoked(KeyRevoked { at: now }));
        }
        Ok(events)
    }

    fn note_old_secret(&self, now: DateTime<Utc>) -> Vec<KeyEvent> {
        match (self.successor, self.expires_at) {
            (Some(successor), Some(valid_until)) if self.is_used_late(now) => {
                vec![KeyEvent::OldSecretUsed(KeyOldSecretUsed { successor, valid_until, at: now })]
            }
            _ => Vec::new(),
        }
    }

    fn note_expiry(&self, now: DateTime<Utc>) -> Vec<KeyEvent> {
        match self.expires_at {
            Some(expired_at) if !self.expiry_noted && self.status(now) == KeyStatus::Expired => {
                vec![KeyEvent::Expired(KeyExpired { expired_at, at: now })]
            }
            _ => Vec::new(),
        }
    }

    /// What was decided on in the open must be what is stored.
    pub(super) fn check_revision(&self, revision: u32) -> Result<(), KeyError> {
        if revision == self.revision { Ok(()) } else { Err(KeyError::Moved(self.revision)) }
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
                self.allowed_accounts = event.allowed_accounts;
                self.allowed_origins = event.allowed_origins;
                self.allowed_ips = event.allowed_ips;
                self.predecessor = event.predecessor;
                self.created_at = Some(event.at);
            }
            KeyEvent::Changed(event) => self.take(event.changes),
            KeyEvent::Renamed(event) => self.rename(event.name, event.description),
            KeyEvent::Narrowed(event) => self.bind(event.bounds),
            KeyEvent::Widened(event) => self.bind(event.bounds),
            KeyEvent::Rotated(event) => {
                self.successor = Some(event.successor);
                self.expires_at = Some(event.valid_until);
                self.expiry_noted = false;
                self.rotated_at = Some(event.at);
            }
            KeyEvent::OldSecretUsed(_) => self.old_secret_noted = true,
            KeyEvent::Expired(_) => self.expiry_noted = true,
            KeyEvent::Revoked(event) => self.revoked_at = Some(event.at),
        }
    }
}

fn create(new: NewKey, now: DateTime<Utc>) -> Result<Vec<KeyEvent>, KeyError> {
    let NewKey { grant, .. } = new;
    if grant.scopes.is_empty() {
        return Err(KeyError::NoScopes);
    }
    check_grant(&grant, &new.maker)?;
    if grant.expires_at.is_some_and(|at| at <= now) {
        return Err(KeyError::ExpiryInThePast);
    }
    Ok(vec![KeyEvent::Created(KeyCreated {
        workspace_id: new.workspace_id,
        name: new.name,
        description: new.description,
        prefix: new.prefix,
        scopes: grant.scopes,
        mode: grant.mode,
        expires_at: grant.expires_at,
        rate_limit: grant.rate_limit,
        allowed_accounts: grant.allowed_accounts,
        allowed_origins: new.allowed_origins,
        allowed_ips: new.allowed_ips,
        predecessor: new.predecessor,
        at: now,
    })])
}

fn check_grant(asked: &Grant, by: &Grant) -> Result<(), KeyError> {
    asked.exceeds(by).map_or(Ok(()), |excess| Err(KeyError::Beyond(excess)))
}
