//! A key as clients see it; its secret is no part of it.

use campanile_events::{
    ids::KeyId,
    journal::Actor,
    key::Key,
    seal::{DataKey, Open, fields},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    access::{Used, opened},
    api::http::{ApiError, optional_instant},
};

/// A key, as of `now`.
pub(super) fn key(
    data_key: &DataKey,
    id: KeyId,
    key: &Key,
    created_by: &Actor,
    used: Option<Used>,
    now: DateTime<Utc>,
) -> Result<Value, ApiError> {
    let description = key.description.as_ref();
    let description = description.map(|text| data_key.open(fields::KEY_DESCRIPTION, text)).transpose()?;
    let grant = opened(data_key, key)?;
    Ok(json!({
        "id": id,
        "name": data_key.open(fields::KEY_NAME, &key.name)?.as_str(),
        "description": description.as_ref().map(Open::as_str),
        "prefix": key.prefix,
        "scopes": key.scopes,
        "mode": key.mode,
        "status": key.status(now),
        "rate_limit": key.rate_limit,
        "allowed_origins": grant.allowed_origins,
        "allowed_ips": grant.allowed_ips.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "allowed_accounts": key.allowed_accounts,
        "predecessor": key.predecessor,
        "successor": key.successor,
        "revision": key.revision,
        "created_by": created_by,
        "created_at": optional_instant(key.created_at),
        "expires_at": optional_instant(key.expires_at),
        "rotated_at": optional_instant(key.rotated_at),
        "revoked_at": optional_instant(key.revoked_at),
        "last_used_at": optional_instant(used.map(|used| used.at)),
        "last_used_from": used.and_then(|used| used.from),
    }))
}
