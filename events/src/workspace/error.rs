//! Why a workspace refuses a command.

/// Why a workspace refuses a command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkspaceError {
    /// There is no such workspace.
    #[error("there is no such workspace")]
    NotFound,
    /// It exists already.
    #[error("the workspace exists already")]
    Exists,
}
