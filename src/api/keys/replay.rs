//! A key as it was answered, with the secret that only such an answer shows.

use campanile_events::{
    journal::Receipt,
    seal::{Sealed, fields},
};
use chrono::Duration;

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, mismatch},
};

/// How long a secret may be asked for again by who made it.
const SHOWN_FOR: Duration = Duration::hours(24);

/// The key at the receipt's position. Its secret is for the key that made it: another's request is another request.
pub async fn replayed(api: &Api, asker: &Asker, receipt: &Receipt) -> Result<Answer, ApiError> {
    let id = receipt.receipt.resource.id;
    let then = api.0.keys.load_at(asker.caller.workspace, id, receipt.position).await?;
    let key = then.ok_or_else(|| ApiError::not_found("key"))?.state;
    let maker = api.maker(id.into()).await?;
    let data_key = api.data_key(asker).await?;
    let mut shown = render::key(&data_key, id.into(), &key, &maker, None, receipt.recorded_at)?;
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
