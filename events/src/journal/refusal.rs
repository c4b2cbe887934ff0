//! What can never go in, told before it waits with others: it must not cost them their batch.

use std::collections::HashSet;

use super::{Append, AppendError, NewEvent, NewReceipt, holds_nul};

/// Refuses an append that no log could take. Says where, never what: the text may be personal.
pub(super) fn check(append: &Append) -> Result<(), AppendError> {
    let refused = |reason: &str| Err(AppendError::Refused(reason.to_owned()));
    if append.events.is_empty() {
        return refused("it holds no event");
    }
    let mut streams = HashSet::with_capacity(append.expected.len());
    if !append.expected.iter().all(|expected| streams.insert(expected.stream)) {
        return refused("a stream's expected version is named twice");
    }
    if !append.events.iter().all(|event| streams.contains(&event.stream)) {
        return refused("an event's stream has no expected version");
    }
    let mut ids = HashSet::with_capacity(append.events.len());
    if !append.events.iter().all(|event| ids.insert(event.id)) {
        return refused("two events have one id");
    }
    let mut keys = HashSet::with_capacity(append.receipts.len());
    if !append.receipts.iter().all(|receipt| keys.insert(&receipt.key)) {
        return refused("two receipts have one key");
    }
    if append.events.iter().any(event_holds_nul) || append.receipts.iter().any(receipt_holds_nul) {
        return refused("a text holds U+0000");
    }
    Ok(())
}

fn event_holds_nul(event: &NewEvent) -> bool {
    let metadata = &event.metadata;
    holds_nul(event)
        || event.event_type.contains('\0')
        || metadata.actor.as_str().contains('\0')
        || metadata.request_id.as_deref().is_some_and(|id| id.contains('\0'))
        || event.claims.iter().any(|claim| claim.kind.contains('\0') || claim.value.contains('\0'))
}

fn receipt_holds_nul(receipt: &NewReceipt) -> bool {
    receipt.key.contains('\0') || receipt.sealed.as_deref().is_some_and(|sealed| sealed.contains('\0'))
}
