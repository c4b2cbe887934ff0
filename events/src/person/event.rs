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
        /// Their role in a workspace was taken away.
        RoleTaken(PersonRoleTaken) = "person.role_taken" @ 1,
        /// They have another password.
        PasswordChanged(PersonPasswordChanged) = "person.password_changed" @ 1,
        /// A link was made by which they may set another password.
        ResetOffered(PersonResetOffered) = "person.reset_offered" @ 1,
    }
    claims = |event| match event {
        PersonEvent::Registered(event) => vec![Claim::take(EMAIL_CLAIM, &*event.email_index)],
        _ => Vec::new(),
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

/// See [`PersonEvent::RoleTaken`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRoleTaken {
    /// Where.
    pub workspace_id: WorkspaceId,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PersonEvent::PasswordChanged`]. The password is no part of it, nor its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonPasswordChanged {
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PersonEvent::ResetOffered`]. The link is no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonResetOffered {
    /// Until when the link holds.
    pub expires_at: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}
