//! What may be asked of an invitation.

use chrono::{DateTime, Utc};

use crate::{ids::PersonId, person::Role, seal::Sealed};

/// What is asked of an invitation, at `now`.
#[derive(Debug, Clone)]
pub struct InvitationCommand {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// What is asked.
    pub action: InvitationAction,
}

/// What is asked of an invitation.
#[derive(Debug, Clone)]
pub enum InvitationAction {
    /// Make it.
    Make(NewInvitation),
    /// Note who came by it; nothing follows for who did already.
    Accept {
        /// Who.
        person_id: PersonId,
    },
    /// Let nobody come by it any more; nothing follows where that holds already.
    Withdraw,
}

/// An invitation to be made.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// Whom it is for.
    pub email: Sealed,
    /// A keyed digest of that address.
    pub email_index: String,
    /// What they will be.
    pub role: Role,
    /// Until when they may come.
    pub expires_at: DateTime<Utc>,
}
