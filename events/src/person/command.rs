//! What may be asked of a person's record.

use chrono::{DateTime, Utc};

use super::Role;
use crate::{
    ids::{OrganizationId, PersonId, WorkspaceId},
    seal::Sealed,
};

/// What is asked of a person, at `now`.
#[derive(Debug, Clone)]
pub struct PersonCommand {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// What is asked.
    pub action: PersonAction,
}

/// What is asked of a person.
#[derive(Debug, Clone)]
pub enum PersonAction {
    /// Register them.
    Register {
        /// The organization that they belong to.
        organization_id: OrganizationId,
        /// The address that they sign in with.
        email: Sealed,
        /// A keyed digest of that address: no two people share it.
        email_index: String,
    },
    /// Give them a role in a workspace, in place of the one that they had there; nothing follows for the same one.
    GiveRole {
        /// Where.
        workspace_id: WorkspaceId,
        /// Which.
        role: Role,
        /// Another owner of the workspace, who stays one: without one an owner stays what they are.
        other_owner: Option<PersonId>,
    },
    /// Take their role in a workspace away; nothing follows where they have none.
    TakeRole {
        /// Where.
        workspace_id: WorkspaceId,
        /// Another owner of the workspace, who stays one: without one an owner stays what they are.
        other_owner: Option<PersonId>,
    },
    /// Note that they have another password.
    ChangePassword,
    /// Note that whoever gets a link may set another password.
    OfferReset {
        /// Until when.
        expires_at: DateTime<Utc>,
    },
}
