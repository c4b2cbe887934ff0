//! A key as it was answered, with the secret that only such an answer shows.

use std::sync::Arc;

use campanile_events::{
    ids::KeyId,
    journal::Receipt,
    key::Key,
    seal::{Sealed, fields},
};
use chrono::Duration;

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, mismatch, optional_instant},
};

/// How long a secret may be asked for again by who made it.
const SHOWN_FOR: Duration = Duration::hours(24);

/// The key at the receipt's position; the one that follows it, where it was rotated there. Its secret is for the key that
/// made it: another's request is another request.
pub async fn replayed(api: &Api, asker: &Asker, receipt: &Receipt) -> Result<Answer, ApiError> {
    let then = async |id: KeyId| -> Result<Arc<Key>, ApiError> {
        let loaded = api.0.keys.load_at(asker.caller.workspace, id.uuid(), receipt.position).await?;
        Ok(loaded.ok_or_else(|| ApiError::not_found("key"))?.state)
    };
    let named: KeyId = receipt.receipt.resource.id.into();
    let rotated = then(named).await?;
    let (id, key) = match rotated.successor {
        Some(successor) => (successor, then(successor).await?),
        None => (named, Arc::clone(&rotated)),
    };
    // The first answer may never have come: what it stood for is waited for here as well.
    api.0.access.settled(receipt.position).await;
    let maker = api.maker(asker.caller.workspace, id).await?;
    let data_key = api.data_key(asker).await?;
    let mut shown = render::key(&data_key, id, &key, &maker, None, receipt.recorded_at)?;
    if rotated.successor.is_some() {
        shown["old_key_valid_until"] = optional_instant(rotated.expires_at).into();
    }
    if let Some(sealed) = &receipt.receipt.sealed {
        if maker != asker.caller.actor() {
            return Err(mismatch());
        }
        let sealed = Sealed::from_stored(sealed.as_str());
        let fresh = api.0.clock.now() - receipt.recorded_at < SHOWN_FOR;
        let secret = fresh.then(|| data_key.open(fields::RECEIPT_SECRET, &sealed)).transpose()?;
        shown["secret"] = secret.as_ref().map(campanile_events::seal::Open::as_str).into();
    }
    Ok(Answer::ok(shown).at_revision(key.revision))
}
