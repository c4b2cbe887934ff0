//! Changes of a key: narrowing is free, widening stops at the rights of who asks.

use chrono::{DateTime, Utc};

use super::{ChangeKey, Key, KeyChanged, KeyChanges, KeyError, KeyEvent, KeyStatus};

impl Key {
    pub(super) fn change(&self, change: ChangeKey, now: DateTime<Utc>) -> Result<Vec<KeyEvent>, KeyError> {
        self.check_revision(change.revision)?;
        // What is over may be given a new end; what was revoked never comes back.
        if self.revoked_at.is_some() {
            return Err(KeyError::Over { status: KeyStatus::Revoked, verb: "changed" });
        }
        let ChangeKey { before, asked, by, changes, .. } = change;
        if asked.scopes.is_empty() {
            return Err(KeyError::NoScopes);
        }
        let excess = asked.exceeds(&before).and_then(|_| asked.exceeds(&by));
        if let Some(excess) = excess {
            return Err(KeyError::Beyond(excess));
        }
        if changes.expires_at.flatten().is_some_and(|at| at <= now) {
            return Err(KeyError::ExpiryInThePast);
        }
        if changes == KeyChanges::default() {
            return Ok(Vec::new());
        }
        Ok(vec![KeyEvent::Changed(KeyChanged { changes, at: now })])
    }

    pub(super) fn take(&mut self, changes: KeyChanges) {
        let KeyChanges {
            name,
            description,
            scopes,
            expires_at,
            rate_limit,
            allowed_accounts,
            allowed_origins,
            allowed_ips,
        } = changes;
        set(&mut self.name, name);
        set(&mut self.description, description);
        set(&mut self.scopes, scopes);
        set(&mut self.expires_at, expires_at);
        set(&mut self.rate_limit, rate_limit.map(Some));
        set(&mut self.allowed_accounts, allowed_accounts);
        set(&mut self.allowed_origins, allowed_origins);
        set(&mut self.allowed_ips, allowed_ips);
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}
