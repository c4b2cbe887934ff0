//! An invitation as who looks after people sees it; its link is no part of it.

use campanile_events::{
    ids::InvitationId,
    invitation::Invitation,
    journal::Actor,
    seal::{DataKey, fields},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::api::http::{ApiError, instant, optional_instant};

/// An invitation, as of `now`.
pub(super) fn invitation(
    key: &DataKey,
    id: InvitationId,
    invitation: &Invitation,
    created_by: &Actor,
    now: DateTime<Utc>,
) -> Result<Value, ApiError> {
    Ok(json!({
        "id": id,
        "email": key.open(fields::INVITATION_EMAIL, &invitation.email)?.as_str(),
        "role": invitation.role,
        "status": invitation.status(now),
        "person_id": invitation.person_id,
        "revision": invitation.revision,
        "created_by": created_by,
        "created_at": optional_instant(invitation.made_at),
        "expires_at": instant(invitation.expires_at),
        "accepted_at": optional_instant(invitation.accepted_at),
        "withdrawn_at": optional_instant(invitation.withdrawn_at),
    }))
}
