//! Why an organization refuses a command.

/// Why an organization refuses a command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrganizationError {
    /// It exists already.
    #[error("the organization exists already")]
    Exists,
}
