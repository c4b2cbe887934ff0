//! What happened to a person's record. Stored names and shapes are for ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Role;
use crate::{
    ids::{OrganizationId, WorkspaceId},
    journal::Claim,
    seal::Sealed,
    stored_events,
};

/// The kind of claim that a person takes on their e-mail address.
pub const EMAIL_CLAIM: &str = "email";

stored_events! {
    /// What happened to a person's record.
    pub enum PersonEvent {
        /// They were registered.
        Registered(PersonRegistered) = "person.registered" @ 1,
        /// They got a role in a workspace.
        RoleGiven(PersonRoleGiven) = "person.role_given" @ 1,
    }
    claims = |event| match event {
        PersonEvent::Registered(event) => vec![Claim::take(EMAIL_CLAIM, &*event.email_index)],
        PersonEvent::RoleGiven(_) => Vec::new(),
    };
}

/// See [`PersonEvent::Registered`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRegistered {
    /// The organization that they belong to.
    pub organization_id: OrganizationId,
    /// The address that they sign in with.
    pub email: Sealed,
    /// A keyed digest of that address.
    pub email_index: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PersonEvent::RoleGiven`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRoleGiven {
    /// Where.
    pub workspace_id: WorkspaceId,
    /// Which.
    pub role: Role,
    /// When.
    pub at: DateTime<Utc>,
}
