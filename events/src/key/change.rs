//! Changes of a key: narrowing is free, widening stops at the rights of who asks.

use chrono::{DateTime, Utc};

use super::{
    ChangeKey, Key, KeyBounds, KeyChanges, KeyError, KeyEvent, KeyNarrowed, KeyRenamed, KeyStatus, KeyWidened, Left,
};
use crate::seal::Sealed;

impl Key {
    pub(super) fn change(&self, change: ChangeKey, now: DateTime<Utc>) -> Result<Vec<KeyEvent>, KeyError> {
        self.check_revision(change.revision)?;
        // What is over may be given a new end; what was revoked never comes back.
        if self.revoked_at.is_some() {
            return Err(KeyError::Over { status: KeyStatus::Revoked, verb: "changed" });
        }
        let ChangeKey { before, asked, by, .. } = &change;
        if asked.scopes.is_empty() {
            return Err(KeyError::NoScopes);
        }
        let excess = asked.exceeds(before).and_then(|_| asked.exceeds(by));
        if let Some(excess) = excess {
            return Err(KeyError::Beyond(excess));
        }
        // What follows it holds already: the overlap was said when it was rotated, and an end of it is an end.
        let is_later = before.expires_at.is_some_and(|end| asked.expires_at.is_none_or(|at| at > end));
        if self.successor.is_some() && is_later {
            return Err(KeyError::Lengthened);
        }
        if asked.expires_at != before.expires_at && asked.expires_at.is_some_and(|at| at <= now) {
            return Err(KeyError::ExpiryInThePast);
        }
        Ok(steps(change, now))
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
        self.rename(name, description);
        let rate_limit = rate_limit.map(Some);
        self.bind(KeyBounds { scopes, expires_at, rate_limit, allowed_accounts, allowed_origins, allowed_ips });
    }

    #[expect(clippy::option_option, reason = "absent and nothing are two things")]
    pub(super) fn rename(&mut self, name: Option<Sealed>, description: Option<Option<Sealed>>) {
        set(&mut self.name, name);
        set(&mut self.description, description);
    }

    pub(super) fn bind(&mut self, bounds: KeyBounds) {
        let KeyBounds { scopes, expires_at, rate_limit, allowed_accounts, allowed_origins, allowed_ips } = bounds;
        if expires_at.is_some_and(|at| at != self.expires_at) {
            // Another end is put on record once more.
            self.expiry_noted = false;
        }
        set(&mut self.scopes, scopes);
        set(&mut self.expires_at, expires_at);
        set(&mut self.rate_limit, rate_limit);
        set(&mut self.allowed_accounts, allowed_accounts);
        set(&mut self.allowed_origins, allowed_origins);
        set(&mut self.allowed_ips, allowed_ips);
    }
}

/// What was asked, each kind of change by itself; nothing for what is as it was.
fn steps(change: ChangeKey, at: DateTime<Utc>) -> Vec<KeyEvent> {
    let ChangeKey { before, asked, name, description, left_addresses, addresses, .. } = change;
    let Left { grant: left, replaced } = before.left_within(&asked);
    let mut events = Vec::new();
    if name.is_some() || description.is_some() {
        events.push(KeyEvent::Renamed(KeyRenamed { name, description, at }));
    }
    let bounds = KeyBounds::between(&before, &left, &left_addresses);
    if bounds != KeyBounds::default() || !replaced.is_empty() {
        events.push(KeyEvent::Narrowed(KeyNarrowed { bounds, replaced, at }));
    }
    let bounds = KeyBounds::between(&left, &asked, &addresses);
    if bounds != KeyBounds::default() {
        events.push(KeyEvent::Widened(KeyWidened { bounds, at }));
    }
    events
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}
