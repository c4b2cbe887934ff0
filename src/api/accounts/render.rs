//! An account as clients see it; its credentials are no part of it.

use campanile_events::{
    account::{Account, Offer},
    ids::AccountId,
    post::Delivery,
    seal::{DataKey, Open, fields},
};
use serde_json::{Value, json};

use crate::api::http::{ApiError, optional_instant};

/// An account.
pub fn account(key: &DataKey, id: AccountId, account: &Account) -> Result<Value, ApiError> {
    let display_name = account.display_name.as_ref();
    let display_name = display_name.map(|text| key.open(fields::ACCOUNT_DISPLAY_NAME, text)).transpose()?;
    Ok(json!({
        "id": id,
        "platform": account.platform,
        "server": Some(&account.server).filter(|server| !server.is_empty()),
        "remote_id": key.open(fields::ACCOUNT_REMOTE_ID, &account.remote_id)?.as_str(),
        "handle": key.open(fields::ACCOUNT_HANDLE, &account.handle)?.as_str(),
        "display_name": display_name.as_ref().map(Open::as_str),
        "status": account.status,
        "delivery": account.offer.as_ref().map(|offer| delivery(&offer.delivery)),
        "limits": account.offer.as_ref().map(limits),
        "rate_limited_until": optional_instant(account.rate_limited_until),
        "revision": account.revision,
        "connected_at": optional_instant(account.connected_at),
        "updated_at": optional_instant(account.updated_at),
    }))
}

fn delivery(delivery: &Delivery) -> Value {
    match delivery {
        Delivery::Keyed { window_ms, .. } => json!({
            "class": delivery.class(),
            "window_seconds": window_ms.map(|window| window / 1_000),
            "searchable": delivery.can_look_up(),
        }),
        Delivery::Searchable | Delivery::Blind => json!({ "class": delivery.class() }),
    }
}

fn limits(offer: &Offer) -> Value {
    json!({
        "max_length": offer.rules.max_text,
        "url_counts_as": offer.rules.count.url_as,
        "max_parts": offer.rules.max_parts,
        "first_comment": offer.rules.first_comment,
        "max_media": offer.rules.max_media,
        "media_types": offer.rules.media.kinds,
        "max_image_bytes": offer.rules.media.max_image_bytes,
        "max_video_bytes": offer.rules.media.max_video_bytes,
        "max_alt_text": offer.rules.media.max_alt_text,
    })
}
