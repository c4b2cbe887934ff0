//! What happened to an invitation. Stored names and shapes are for ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ids::PersonId, journal::Claim, person::Role, seal::Sealed, stored_events};

/// The kind of claim that an open invitation has on its address.
pub const INVITATION_CLAIM: &str = "invitation";

stored_events! {
    /// What happened to an invitation.
    pub enum InvitationEvent {
        /// It was made.
        Made(InvitationMade) = "invitation.made" @ 1,
        /// Somebody came by it.
        Accepted(InvitationAccepted) = "invitation.accepted" @ 1,
        /// It was withdrawn.
        Withdrawn(InvitationWithdrawn) = "invitation.withdrawn" @ 1,
    }
    claims = |event| match event {
        InvitationEvent::Made(event) => vec![Claim::take(INVITATION_CLAIM, &*event.email_index)],
        InvitationEvent::Accepted(event) => vec![Claim::release(INVITATION_CLAIM, &*event.email_index)],
        InvitationEvent::Withdrawn(event) => vec![Claim::release(INVITATION_CLAIM, &*event.email_index)],
    };
}

/// See [`InvitationEvent::Made`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationMade {
    /// Whom it is for.
    pub email: Sealed,
    /// A keyed digest of that address.
    pub email_index: String,
    /// What they will be.
    pub role: Role,
    /// Until when they may come.
    pub expires_at: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`InvitationEvent::Accepted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationAccepted {
    /// Who came.
    pub person_id: PersonId,
    /// The digest whose claim is given back.
    pub email_index: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`InvitationEvent::Withdrawn`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationWithdrawn {
    /// The digest whose claim is given back.
    pub email_index: String,
    /// When.
    pub at: DateTime<Utc>,
}
