//! What answers about invitations hold, for the API's description.

use utoipa::ToSchema;

use crate::api::{
    auth::shown::OwnPerson,
    openapi::{InvitationRef, InvitationStatusName, PersonRef, RoleName, WorkspaceRef},
};

/// An invitation; its link is no part of it.
#[derive(Debug, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationShown {
    /// Its id.
    #[schema(value_type = InvitationRef)]
    pub id: String,
    /// Whom it is for.
    pub email: String,
    /// What they will be.
    #[schema(value_type = RoleName)]
    pub role: String,
    /// Whether somebody can come by it.
    #[schema(value_type = InvitationStatusName)]
    pub status: String,
    /// Who came by it.
    #[schema(required = true, value_type = Option<PersonRef>)]
    pub person_id: Option<String>,
    /// Counts its changes; the `ETag`.
    pub revision: u32,
    /// Who made it: a person, or `operator`.
    pub created_by: String,
    /// When it was made.
    #[schema(required = true, format = DateTime)]
    pub created_at: Option<String>,
    /// Until when they may come.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// When they came.
    #[schema(required = true, format = DateTime)]
    pub accepted_at: Option<String>,
    /// When it was withdrawn.
    #[schema(required = true, format = DateTime)]
    pub withdrawn_at: Option<String>,
}

/// An invitation as it was made, with its link: nothing shows it again.
#[derive(Debug, ToSchema)]
pub struct InvitationWithLink {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: InvitationShown,
    /// What it is accepted with. The same request again, by its `Idempotency-Key`, shows it for a day to who made it; then
    /// it is `null`. Who lost it invites the same address anew: the new link takes this one's place.
    #[schema(required = true, pattern = "^lt_[0-9A-Za-z]{49}$")]
    pub token: Option<String>,
    /// The page that takes it, as long as `token` is shown and the engine knows its own address: `--public-url`, or the
    /// `Host` of a request that came over this machine's loopback. Else `null`: the page is `/join`, and the token goes
    /// behind a `#`.
    #[schema(required = true)]
    pub url: Option<String>,
}

/// Who came by an invitation.
#[derive(Debug, ToSchema)]
pub struct Joined {
    /// Who.
    pub person: OwnPerson,
    /// The workspace that is open to them.
    #[schema(value_type = WorkspaceRef)]
    pub workspace_id: String,
    /// What they are there.
    #[schema(value_type = RoleName)]
    pub role: String,
}
