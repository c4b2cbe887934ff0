//! Why an invitation refuses a command.

/// Why an invitation refuses a command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// There is no such invitation.
    #[error("there is no such invitation")]
    NotFound,
    /// It was made already.
    #[error("the invitation exists already")]
    Exists,
    /// Its time is over.
    #[error("the invitation has expired")]
    Expired,
    /// It was withdrawn.
    #[error("the invitation was withdrawn")]
    Withdrawn,
    /// Somebody came by it.
    #[error("the invitation was accepted")]
    Accepted,
}
