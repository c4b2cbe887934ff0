//! Why an account refuses a command.

/// Why an account refuses a command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// It was disconnected.
    #[error("the account was disconnected")]
    Disconnected,
    /// The account that stands here is another one.
    #[error("the credentials belong to another account")]
    OtherAccount,
}
