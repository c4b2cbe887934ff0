//! Why a person's record refuses a command.

/// Why a person's record refuses a command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// There is no such person.
    #[error("there is no such person")]
    NotFound,
    /// They are registered already.
    #[error("the person is registered already")]
    Exists,
    /// They are the last owner of the workspace: without one nobody could look after its people.
    #[error("this is the last owner of the workspace: give somebody else that role first")]
    LastOwner,
}
