//! The credentials of connected accounts: kept beside the journal, sealed.
//!
//! Each account's are sealed with a key of their own, which the master key wraps; both are bound to workspace, account and
//! field. It promises: a row that was changed or copied to another account doesn't open; no secret shows in `Debug` or in
//! an error; what [`Tokens::store`] answered for is durable; nobody renews credentials while another does
//! ([`Tokens::keeper`]), in this process or in another that shares the database.
//!
//! It doesn't refresh tokens itself, nor reach copies: a deleted row may live on in a backup, for who also holds the master key.

mod keeper;
mod store;
#[cfg(test)]
mod tests;

pub use store::Tokens;
